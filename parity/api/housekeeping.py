"""Owns the functions that keep house: environments of the frameworks, and the store. It refuses to build: the verbs do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.documents.table_results import Tabled
from parity.trials.options import words
from parity.verbs import clean as cleaning
from parity.verbs import environments


def env_build(frameworks: str | Sequence[str]) -> Tabled:
    """Builds the environment of each framework from its pins, unless it stands. One that fails is told, the rest goes on.

    Parameters:
        frameworks: their names; a framework takes 0.2 to 2 GB.

    Returns:
        A row a framework: its interpreter, or why it could not be built. `.exit_status` is 3 where one failed.

    Raises:
        UsageError: there is no such framework.

    Example:
        >>> import parity
        >>> parity.env_build("torch").table.column("state")
        ('there',)
    """
    return environments.built(words(frameworks))


def env_add(framework: str, packages: str | Sequence[str]) -> Tabled:
    """Installs packages of your own beside a framework, without moving its pins.

    Parameters:
        framework: its name; its environment must stand.
        packages: as pip takes them: `timm`, `timm==1.0.20`, `./mylib`.

    Returns:
        A row a package that was added, with its version. `.exit_status` is 3 where pip failed, and `.heading` says why.

    Raises:
        UsageError: there is no such framework, or a package is none.

    Example:
        >>> import parity
        >>> parity.env_add("torch", "tabulate").table.columns
        ('package', 'version')
    """
    return environments.added_to(framework, words(packages))


def env_measure(frameworks: str | Sequence[str], output: str | Path = Path("reports/data/installs.json")) -> Tabled:
    """Records what built environments take: size, packages, versions of Python, time of the import.

    Parameters:
        frameworks: their names.
        output: the file; what it says of other frameworks stays.

    Returns:
        A row a framework. `.exit_status` is 3 where one could not be asked.

    Raises:
        UsageError: there is no such framework.

    Example:
        >>> import parity, tempfile
        >>> parity.env_measure("torch", tempfile.mkdtemp() + "/installs.json").table.column("framework")
        ('torch',)
    """
    return environments.measured(words(frameworks), Path(output))


def env_list() -> Tabled:
    """The environments that were built, and where they lie.

    Returns:
        A row an environment: framework, variant, accelerator, folder, and packages of your own.

    Example:
        >>> import parity
        >>> parity.env_list().table.columns
        ('framework', 'variant', 'accelerator', 'folder', 'added')
    """
    return environments.listed()


def env_remove(framework: str) -> Tabled:
    """Removes every built environment of a framework.

    Parameters:
        framework: its name.

    Returns:
        A row a folder that was removed.

    Raises:
        UsageError: there is no such framework.

    Example:
        >>> import parity
        >>> len(parity.env_remove("onnx"))
        0
    """
    return environments.removed(framework)


def clean(store: str | Path | None = None, *, yes: bool = False) -> Tabled:
    """What lies in the store, and where; with `yes` it is removed, and the next run computes it again.

    Parameters:
        store: None is what you have set (PARITY_STORE, `store` of parity.toml), or `.parity`.
        yes: remove it.

    Returns:
        A row a folder of the store, with its files and bytes, as it was before.

    Raises:
        BlockingIOError: another parity writes there.

    Example:
        >>> import parity
        >>> parity.clean("no/such/store").table.columns
        ('folder', 'what', 'files', 'bytes')
    """
    return cleaning.emptied(store) if yes else cleaning.held(store)
