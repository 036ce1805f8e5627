"""Owns interpreters of other releases of a framework: a folder with that one package, laid over the built environment.

Everything else is the environment's, so that what changes from release to release is the framework's own. It refuses to change
the environment below, and to import a framework.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from parity.execution.launcher import environments, isolation, supervisor_client
from parity.execution.launcher.environments import Unavailable
from parity.execution.launcher.supervisor_client import NoAnswer, Surroundings
from parity.execution.outcomes import tail

SECONDS, MOST = 1800.0, 1 << 24
"""What a step may take and print: a wheel is fetched and unpacked within it."""
MARKER = "complete"
BELOW = "zz_below.pth"
"""Read after the folder's own packages are on the path, so that these come first."""


def interpreter(framework: str, release: str) -> Path:
    """The interpreter of a release, built where it does not stand. Raises Unavailable with the reason."""
    below = environments.installed(framework)
    package = framework.partition("[")[0]
    if below.versions.get(package) == release:
        return below.interpreter
    directory = environments.root() / "releases" / f"{package}-{release}-over-{below.interpreter.parent.parent.name}"
    python = directory / "bin" / "python"
    with environments.only_builder(directory) as lock:
        if (directory / MARKER).is_file():
            return python
        shutil.rmtree(directory, ignore_errors=True)
        _step([str(below.interpreter), "-m", "venv", "--without-pip", str(directory)], lock)
        major = ".".join(below.versions["python"].split(".")[:2])
        site = directory / "lib" / f"python{major}" / "site-packages"
        pip = [str(below.interpreter), "-m", "pip", "install", "--no-input", "--quiet", "--no-deps"]
        _step([*pip, "--target", str(site), f"{package}=={release}"], lock)
        own = below.interpreter.parent.parent / "lib" / f"python{major}" / "site-packages"
        (site / BELOW).write_text(f"{own}\n", encoding="utf-8")
        (directory / MARKER).touch()
    return python


def _step(command: list[str], lock: int) -> None:
    with supervisor_client.folder("parity-overlay-") as place:
        surroundings = Surroundings(isolation.of_installation(), place, place / "log", lock)
        try:
            status, said = supervisor_client.ask(command, surroundings, SECONDS, MOST)
        except NoAnswer as error:
            raise Unavailable(f"{' '.join(command[-2:])}: {error}") from error
        if status:
            printed = said.decode(errors="replace") + supervisor_client.tail_of(place / "log")
            raise Unavailable(f"{' '.join(command[-2:])}: status {status}: {tail(printed)}")
