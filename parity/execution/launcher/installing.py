"""Owns the installation of packages into an environment: the steps of uv where it is installed, of pip otherwise, each under a
lock and with its output told line by line.

PARITY_INSTALLER=pip (or uv) chooses. It refuses to decide which packages: `pins.py` does.
"""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parity.execution.launcher import isolation, pins
from parity.execution.launcher.supervisor_client import Lines, NoAnswer, Supervised, Surroundings
from parity.execution.outcomes import tail

QUIET_SECONDS = 1800.0
"""How long an installer may print nothing: a large wheel is unpacked within it."""
KEPT_LINES = 200
VARIABLE = "PARITY_INSTALLER"
UNMET = ("ResolutionImpossible", "No solution found", "conflicting dependencies", "No matching distribution")
"""What pip and uv print where no versions of the packages fit one another."""
OF_PIP = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX", "PIP_FIND_LINKS": "UV_FIND_LINKS"}
"""Settings of pip -> what uv calls them. A user who has set the one alone means both."""


class Failed(Exception):
    """A step has failed. The message says which, with the end of what it printed."""


@dataclass(frozen=True)
class Site:
    """Where packages are installed. lock: descriptor that a step holds until it ends; on_line: gets each line of its output."""

    directory: Path
    lock: int
    on_line: Callable[[str], None] = lambda _line: None

    @property
    def interpreter(self) -> Path:
        return self.directory / "bin" / "python"


def uv() -> str | None:
    """The program uv, if it is installed and the user does not ask for pip. Raises Failed for another word."""
    asked, found = os.environ.get(VARIABLE, ""), shutil.which("uv")
    if asked not in ("", "pip", "uv"):
        raise Failed(f"{VARIABLE}={asked[:40]}: there are pip and uv")
    if asked == "uv" and found is None:
        raise Failed(f"{VARIABLE}=uv, and no program uv is on PATH: install it, or unset {VARIABLE}")
    return None if asked == "pip" else found


def prepare(site: Site, base: Path) -> None:
    """Makes an environment that holds pip alone. base: the Python that it is made from."""
    program = uv()
    made = [program, "venv", "--seed", "--python", str(base)] if program else [str(base), "-m", "venv"]
    run_step([*made, str(site.directory)], site)


def install(site: Site, requirements: Path) -> None:
    """Installs a file of requirements, and writes `pins.txt`: what was installed, with hashes. A file with hashes is held to
    them. Raises Failed."""
    program, kept = uv(), site.directory / pins.FILE
    known = pins.hashed(requirements)
    strict = ["--require-hashes"] if known else []
    if program:
        python = ["--python", str(site.interpreter)]
        if not known:
            run_step([program, "pip", "compile", "--generate-hashes", "-o", str(kept), *python, str(requirements)], site)
        file = requirements if known else kept
        run_step([program, "pip", "install", "--require-hashes", *python, "--requirement", str(file)], site)
    else:
        report = site.directory / "report.json"
        told = ["--report", str(report), *strict, "--requirement", str(requirements)]
        run_step([*_pip(site), *told], site)
        try:
            kept.write_text(pins.written(report.read_bytes(), pins.options(requirements)))
        except (OSError, ValueError) as error:
            raise Failed(f"pip: {error}") from error
    if known and requirements != kept:
        shutil.copyfile(requirements, kept)


def add(site: Site, constraints: Path, packages: Sequence[str]) -> None:
    """Installs packages beside what is there, whose versions the constraints keep. Raises Failed."""
    program = uv()
    command = [program, "pip", "install", "--python", str(site.interpreter)] if program else _pip(site)
    run_step([*command, "--constraint", str(constraints), *packages], site)


def _pip(site: Site) -> list[str]:
    return [str(site.interpreter), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]


def run_step(command: Sequence[str], site: Site) -> None:
    """Runs a step, which ends with this process, and holds the lock until it has. Raises Failed with the end of its output."""
    step, printed = " ".join(command[1:4]), deque[str](maxlen=KEPT_LINES)
    reading, writing = os.pipe()
    lines = Lines(reading)
    process = Supervised(command, Surroundings(_variables(), Path.cwd(), None, site.lock), stdout=writing)
    try:
        while (line := lines.next(QUIET_SECONDS)) is not None:
            printed.append(line.decode(errors="replace"))
            site.on_line(printed[-1].rstrip())
        process.ended(QUIET_SECONDS)
    except NoAnswer as error:
        raise Failed(f"{step} was stopped, {error}:\n{tail(chr(10).join(printed))}") from error
    finally:
        returncode = process.end()
        lines.close()
    if returncode:
        raise Failed(f"{step} ended with status {returncode}:\n{tail(chr(10).join(printed))}")


def _variables() -> Mapping[str, str]:
    """The environment variables of a step; uv gets what pip is told."""
    found = isolation.of_installation()
    return {**{theirs: found[name] for name, theirs in OF_PIP.items() if name in found}, **found}
