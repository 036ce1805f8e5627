"""Owns the environments of the frameworks: it finds or builds each interpreter, and lists and removes built environments.

PARITY_TORCH_PYTHON (PARITY_KERAS_JAX_PYTHON for keras[jax], and so on) names an interpreter of the user's own instead.
PARITY_ENVIRONMENTS is the directory of built ones (default ~/.cache/parity/environments). It refuses to import a framework.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import parity
from parity.execution.damaged_files import parsed, read_text
from parity.execution.frameworks import find
from parity.execution.launcher import isolation, supervisor_client
from parity.execution.launcher.supervisor_client import Lines, NoAnswer, Supervised, Surroundings
from parity.execution.outcomes import tail

MARKER = "complete.json"
"""File that a build writes last: a directory without it is a build that was cut off."""

QUIET_SECONDS = 1800.0
"""How long venv and pip may print nothing: a large wheel is unpacked within it."""
ASK_SECONDS, ASK_BYTES = 60.0, 1 << 22
"""What an interpreter may take to say what is installed in it, and how much it may say."""
KEPT_LINES = 200
RELEASE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]{0,20}")

LIST_VERSIONS = """
import importlib.metadata, json, platform
found = {str(item.metadata["Name"]).lower().replace("_", "-"): item.version for item in importlib.metadata.distributions()}
print(json.dumps({**found, "python": platform.python_version(), "machine": platform.machine()}))
"""
PYTHON = (3, 11)
"""The version of Python that all frameworks run on: mxnet 1.9.1 with numpy 1.23.5 has wheels for 3.8 to 3.11."""


class Unavailable(Exception):
    """There is no usable interpreter of a framework. The message says why, and names the command that helps."""


@dataclass(frozen=True)
class Environment:
    """An interpreter that has a framework. versions: of all its packages and of Python, and the kind of machine."""

    framework: str
    interpreter: Path
    versions: Mapping[str, str]


@dataclass(frozen=True)
class BuiltEnvironment:
    """An environment's directory, which `build` made or will make. pins: its requirements file."""

    framework: str
    variant: str
    accelerator: str
    python: str
    pins: str
    directory: Path

    @property
    def interpreter(self) -> Path:
        return self.directory / "bin" / "python"

    def complete(self) -> bool:
        return (self.directory / MARKER).is_file()


def installed(framework: str, accelerator: str = "cpu") -> Environment:
    """The environment of a framework: the one that an override names, or the built one. Raises Unavailable if there is none,
    and ValueError for a name that is no framework."""
    variable = override_variable(framework)
    if interpreter_path := os.environ.get(variable):
        interpreter = _found(interpreter_path)
        return Environment(framework, interpreter, _versions(interpreter, f"{variable}={interpreter_path}"))
    built = planned(framework, accelerator)
    if not built.complete():
        raise Unavailable(f"{framework} has no environment: run `parity env build {framework}`")
    return Environment(framework, built.interpreter, _versions(built.interpreter, str(built.directory)))


def stands(framework: str) -> bool:
    """Whether a framework has an interpreter, built from its pins or named by a variable."""
    try:
        return bool(os.environ.get(override_variable(framework))) or planned(framework).complete()
    except Unavailable:
        return False


def framework_version(framework: str) -> str:
    """The version of the package with the framework's name, in its environment; "" if there is none."""
    try:
        return installed(framework).versions.get(framework.partition("[")[0], "")
    except Unavailable:
        return ""


def override_variable(framework: str) -> str:
    """The variable that names a framework's interpreter: PARITY_TORCH_PYTHON for `torch`."""
    return f"PARITY_{framework.upper().replace('[', '_').replace(']', '').replace('-', '_')}_PYTHON"


def build(framework: str, accelerator: str = "cpu", on_line: Callable[[str], None] = lambda _: None) -> Environment:
    """Builds the environment from its pins with venv and pip, under a lock, unless it exists. Raises Unavailable with the
    reason.

    on_line gets every line that venv and pip print. If an override names an interpreter, nothing is built.
    """
    if os.environ.get(override_variable(framework)):
        return installed(framework, accelerator)
    built = planned(framework, accelerator)
    with only_builder(built.directory) as lock:
        if not built.complete():
            shutil.rmtree(built.directory, ignore_errors=True)
            with supervisor_client.kept(built.directory, MARKER, [_lock_of(built.directory)]):
                _make(built, lock, on_line)
    return Environment(framework, built.interpreter, _versions(built.interpreter, str(built.directory)))


def planned(framework: str, accelerator: str = "cpu") -> BuiltEnvironment:
    """The place of an environment, built or not. Its name ends in a hash of the pins and of Python's version."""
    name, entry, variant = find(framework)
    file = Path(parity.__file__).resolve().parent / entry.package.split(".")[-1] / "requirements"
    file /= f"{variant.name}-{accelerator}.txt"
    if not file.is_file():
        raise Unavailable(f"{framework} has no pins for {accelerator}: {file} is missing")
    python = _version(base_python())
    digest = hashlib.sha256(f"{python}\n{file.read_text()}".encode()).hexdigest()[:12]
    directory = root() / f"{name}-{variant.name}-{accelerator}-{digest}"
    return BuiltEnvironment(name, variant.name, accelerator, python, str(file), directory)


def standing() -> list[BuiltEnvironment]:
    """The complete environments, sorted by name."""
    return [built for marker in sorted(root().glob(f"*/{MARKER}")) if (built := _standing(marker)) is not None]


def _standing(marker: Path) -> BuiltEnvironment | None:
    """The environment to which a marker belongs; None if it is not one of parity's. The directory's name tells, so a damaged
    marker does no harm."""
    name, *variant, accelerator, digest = marker.parent.name.split("-") if marker.parent.name.count("-") > 2 else ("", "", "")
    if not digest or not variant:
        return None
    try:
        marked = parsed(read_text(marker.read_bytes()))
        python, pins = str(marked["python"]), str(marked["pins"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        python, pins = "unknown", "unknown"
    return BuiltEnvironment(name, "-".join(variant), accelerator, python, pins, marker.parent)


def remove(framework: str) -> list[Path]:
    """Removes every built environment of a framework's variant, with any pins. Gives the removed directories."""
    name, _, variant = find(framework)
    gone = [item.directory for item in standing() if (item.framework, item.variant) == (name, variant.name)]
    for directory in gone:
        with only_builder(directory):
            (directory / MARKER).unlink(missing_ok=True)
            shutil.rmtree(directory)
    return gone


def root() -> Path:
    """The directory of built environments."""
    folder = os.environ.get("PARITY_ENVIRONMENTS")
    return Path(folder).absolute() if folder else Path.home() / ".cache" / "parity" / "environments"


def base_python() -> Path:
    """The Python from which environments are built. The first of these that exists: PARITY_BASE_PYTHON, this Python if it is
    3.11, python3.11, this Python."""
    if python := os.environ.get("PARITY_BASE_PYTHON"):
        return _found(python)
    other = None if sys.version_info[:2] == PYTHON else shutil.which("python3.11")
    return Path(other or sys.executable)


def _found(interpreter: str) -> Path:
    """The path of an interpreter that is given by its path, or by its name on PATH."""
    return Path(shutil.which(interpreter) or interpreter)


def _make(built: BuiltEnvironment, lock: int, on_line: Callable[[str], None]) -> None:
    run_step([str(base_python()), "-m", "venv", str(built.directory)], built, lock, on_line)
    pip = [str(built.interpreter), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    run_step([*pip, "--requirement", built.pins], built, lock, on_line)
    aside = built.directory / f"{MARKER}.tmp"
    aside.write_text(json.dumps({**asdict(built), "directory": str(built.directory)}))
    aside.rename(built.directory / MARKER)


def run_step(command: Sequence[str], built: BuiltEnvironment, lock: int, on_line: Callable[[str], None]) -> None:
    """Runs a step of a build, which ends with this process, and holds the lock until it has. Raises Unavailable with the end
    of what it printed."""
    step, printed = " ".join(command[1:4]), deque[str](maxlen=KEPT_LINES)
    reading, writing = os.pipe()
    lines = Lines(reading)
    process = Supervised(command, Surroundings(isolation.of_installation(), Path.cwd(), None, lock), stdout=writing)
    try:
        while (line := lines.next(QUIET_SECONDS)) is not None:
            printed.append(line.decode(errors="replace"))
            on_line(printed[-1].rstrip())
        process.ended(QUIET_SECONDS)
    except NoAnswer as error:
        raise Unavailable(f"{built.framework}: {step} was stopped, {error}:\n{tail(chr(10).join(printed))}") from error
    finally:
        returncode = process.end()
        lines.close()
    if returncode:
        reason = tail("\n".join(printed))
        raise Unavailable(f"{built.framework}: {step} ended with status {returncode}:\n{reason}")


@contextlib.contextmanager
def only_builder(directory: Path) -> Iterator[int]:
    """Waits until nobody else builds or removes the directory. Gives the descriptor of the lock."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _lock_of(directory).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _lock_of(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.lock")


def answer(framework: str, program: str) -> Mapping[str, object]:
    """The table that a program of Python prints in the environment of a framework. Raises Unavailable."""
    environment = installed(framework)
    answered = _ask(environment.interpreter, program, framework)
    try:
        return supervisor_client.table(answered)
    except NoAnswer as error:
        raise Unavailable(f"{framework}: {environment.interpreter} answers {_shown(answered)}") from error


def _versions(interpreter: Path, origin: str) -> dict[str, str]:
    """Name -> version of every package that the interpreter sees, and of Python itself."""
    answered = _ask(interpreter, LIST_VERSIONS, origin)
    try:
        versions = supervisor_client.table(answered)
    except NoAnswer as error:
        raise Unavailable(f"{origin}: {interpreter} is no Python: it answers {_shown(answered)}") from error
    if strange := [name for name, version in versions.items() if not isinstance(version, str)]:
        raise Unavailable(f"{origin}: {interpreter} is no Python: its version of {strange[0][:40]!r} is no text")
    return versions


def _shown(output: bytes) -> str:
    """The end of an answer, short and printable."""
    return repr(tail(output[-2_000:].decode(errors="replace"))[:60])


def _version(interpreter: Path) -> str:
    answered = _ask(interpreter, "import platform; print(platform.python_version())", str(interpreter))
    if not RELEASE.fullmatch(release := answered[:60].decode(errors="replace")):
        raise Unavailable(f"{interpreter} is no Python: asked for its version it answers {_shown(answered)}")
    return release


def _ask(interpreter: Path, program: str, origin: str) -> bytes:
    """The output of a line of Python in this interpreter. Raises Unavailable if it fails or takes too long."""
    with supervisor_client.folder("parity-ask-") as place:
        surroundings = Surroundings(isolation.allowed(os.environ), place, place / "log", grace=0.0)
        command = [str(interpreter.absolute()), "-I", "-c", program]
        try:
            returncode, said = supervisor_client.ask(command, surroundings, ASK_SECONDS, ASK_BYTES)
        except NoAnswer as error:
            raise Unavailable(f"{origin}: {interpreter} {error}") from error
        printed = supervisor_client.tail_of(place / "log")
    if returncode:
        raise Unavailable(f"{origin}: {interpreter} fails: {tail(printed) or f'exit status {returncode}'}")
    return said.strip()
