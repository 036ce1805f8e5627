"""Owns the building of an environment: from the pins that parity ships, from the user's, or for another release of a framework.

It refuses to choose a place: `environments.py` does.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from parity.execution.launcher import environments, installing, pins, supervisor_client
from parity.execution.launcher.environments import BuiltEnvironment, Environment, Unavailable


def build(
    framework: str, accelerator: str = "cpu", on_line: Callable[[str], None] = lambda _: None, keep: Path | None = None
) -> Environment:
    """Builds the environment from its pins with uv or pip, under a lock, unless it exists. Raises Unavailable with the reason.

    on_line gets every line that the installer prints. keep: a folder of pins with hashes: a file that is there is installed
    and held to; otherwise it is written. If an override names an interpreter, nothing is built.
    """
    if os.environ.get(environments.override_variable(framework)):
        return environments.installed(framework, accelerator)
    built = environments.planned(framework, accelerator)
    kept = keep / pins.file_name(built.framework, accelerator) if keep else None
    with environments.only_builder(built.directory) as lock:
        if not built.complete():
            shutil.rmtree(built.directory, ignore_errors=True)
            with supervisor_client.kept(built.directory, environments.MARKER, [environments.lock_of(built.directory)]):
                _make(built, lock, on_line, kept)
        if kept is not None:
            _keep(built, kept)
    return Environment(framework, built.interpreter, environments.versions_of(built.interpreter, str(built.directory)))


def _keep(built: BuiltEnvironment, kept: Path) -> None:
    """Writes the user's file of pins, unless it is there. Raises Unavailable where it holds others than the environment."""
    own, again = built.directory / pins.FILE, f"parity env remove {built.framework}"
    if not own.is_file():
        raise Unavailable(f"{built.framework}: the environment was built without hashes: {again}, then build it again")
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(own, kept)
    elif pins.read(kept) != pins.read(own):
        raise Unavailable(f"{built.framework}: the environment that stands has other packages than {kept}: {again} first")


def _make(built: BuiltEnvironment, lock: int, on_line: Callable[[str], None], kept: Path | None) -> None:
    """kept: a file of the user's that holds pins with hashes, or shall hold them."""
    site = installing.Site(built.directory, lock, on_line)
    try:
        installing.prepare(site, environments.base_python())
        if kept is not None and kept.is_file():
            installing.install(site, kept)
        else:
            _install_shipped(built, site)
    except installing.Failed as error:
        raise Unavailable(f"{built.framework}: {error}") from error
    aside = built.directory / f"{environments.MARKER}.tmp"
    aside.write_text(json.dumps({**asdict(built), "directory": str(built.directory)}))
    aside.rename(built.directory / environments.MARKER)


def _install_shipped(built: BuiltEnvironment, site: installing.Site) -> None:
    """Installs the pins that parity ships; for another release of the framework, that release and what fits it."""
    shipped, release = Path(built.pins), pins.other_release(built.framework, Path(built.pins))
    if not release:
        return installing.install(site, shipped)
    first, second = pins.wishes(built.framework, release, shipped)
    try:
        installing.install(site, _wish(built, first))
    except installing.Failed as error:
        if not any(word in str(error) for word in installing.UNMET):
            raise
        site.on_line(f"the other pins of {shipped.name} do not fit {built.framework}: versions that do are looked for")
        installing.install(site, _wish(built, second))
    return None


def _wish(built: BuiltEnvironment, text: str) -> Path:
    file = built.directory / "wish.txt"
    file.write_text(f"{text}\n")
    return file
