"""Owns the packages that a user adds to a framework's environment: installed beside its pins, which none of them may move.

It refuses to touch an interpreter of the user's own, and a name that is an option of pip's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from parity.execution.damaged_files import parsed, read_text
from parity.execution.launcher import environments
from parity.execution.launcher.environments import BuiltEnvironment, Unavailable

FILE = "added.json"
"""In the environment's directory: package, as it was asked for -> what pip calls it, and its version."""


def add(framework: str, packages: Sequence[str], on_line: Callable[[str], None] = lambda _: None) -> dict[str, str]:
    """Installs packages (`timm`, `transformers==4.57.1`, `./mylib`) into a framework's environment, its pins as constraints.

    Gives the name and version of each. on_line gets every line that pip prints. Raises Unavailable with the reason, ValueError
    for what is no package.
    """
    if strange := [package for package in packages if not package.strip() or package.startswith("-")]:
        raise ValueError(f"`{strange[0]}` is no package: name one as for pip, such as timm or transformers==4.57.1")
    variable = environments.override_variable(framework)
    if interpreter := os.environ.get(variable):
        raise Unavailable(
            f"{variable} names an interpreter of yours, where parity installs nothing: {interpreter} -m pip install …"
        )
    built = environments.planned(framework)
    if not built.complete():
        raise Unavailable(f"{framework} has no environment: run `parity env build {framework}`, then add to it")
    before = environments.installed(framework).versions
    with environments.only_builder(built.directory) as lock:
        pip = [str(built.interpreter), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
        try:
            environments.run_step([*pip, "--constraint", built.pins, *packages], built, lock, on_line)
        except Unavailable as error:
            advice = (
                f"the pins of {framework} ({built.pins}) stay as they are; a package that needs others needs an interpreter of"
            )
            raise Unavailable(f"{error}\n{advice} yours: {variable}=/path/to/python") from error
        after = environments.installed(framework).versions
        added = {name: version for name, version in after.items() if name not in before}
        _write(built, {**recorded(built), **_asked(packages, added, after)})
    return recorded(built)


def recorded(built: BuiltEnvironment) -> dict[str, str]:
    """What was asked for so far -> its version. Empty where nothing was, or where the file cannot be read."""
    try:
        loaded = parsed(read_text((built.directory / FILE).read_bytes()))
    except (OSError, ValueError, RecursionError):
        return {}
    return {str(name): str(version) for name, version in loaded.items()} if isinstance(loaded, dict) else {}


def lost(framework: str) -> list[str]:
    """What was added to environments of a framework that were built from other pins, and is not in the one of today's."""
    try:
        built = environments.planned(framework)
    except Unavailable:
        return []
    mine = recorded(built)
    others = [
        built_environment
        for built_environment in environments.standing()
        if (built_environment.framework, built_environment.variant) == (built.framework, built.variant)
    ]
    older = [built_environment for built_environment in others if built_environment.directory != built.directory]
    return sorted({name for built_environment in older for name in recorded(built_environment) if name not in mine})


def _asked(packages: Sequence[str], fresh: Mapping[str, str], every: Mapping[str, str]) -> dict[str, str]:
    """Each package as it was asked for, with its version; that of a folder or an address is what pip brought anew."""
    requirements = {}
    for package in packages:
        name = _bare(package)
        brought = f"with {', '.join(f'{name} {version}' for name, version in sorted(fresh.items()))}" if fresh else ""
        requirements[package] = every.get(name, brought)
    return requirements


def _bare(package: str) -> str:
    """`Foo_Bar[extra]>=1.0` -> foo-bar."""
    for sign in "[<>=!~; @":
        package = package.partition(sign)[0]
    return package.strip().lower().replace("_", "-").replace(".", "-") if "/" not in package else ""


def _write(built: BuiltEnvironment, requirements: Mapping[str, str]) -> None:
    aside = Path(f"{built.directory / FILE}.tmp")
    aside.write_text(json.dumps(dict(requirements), indent=1) + "\n")
    aside.rename(built.directory / FILE)
