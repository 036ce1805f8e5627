"""Owns the functions that keep house: environments of the frameworks, and the store. It refuses to build: the verbs do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.documents.tabled import Tabled
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


def env_list() -> Tabled:
    """The environments that were built, and where they lie.

    Returns:
        A row an environment: framework, variant, accelerator, folder.

    Example:
        >>> import parity
        >>> parity.env_list().table.columns
        ('framework', 'variant', 'accelerator', 'folder')
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
