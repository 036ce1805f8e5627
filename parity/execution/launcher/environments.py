"""Owns the environments of the frameworks: it finds each interpreter, and lists and removes what `building.py` has built.

PARITY_TORCH_PYTHON (PARITY_KERAS_JAX_PYTHON for keras[jax], PARITY_TORCH_2_12_1_PYTHON for torch@2.12.1, and so on) names an
interpreter of the user's own instead.
PARITY_ENVIRONMENTS is the directory of built ones (default ~/.cache/parity/environments). It refuses to import a framework.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from parity.execution.damaged_files import parsed, read_text
from parity.execution.frameworks import distribution, find, split_release
from parity.execution.launcher import isolation, pins, supervisor_client
from parity.execution.launcher.supervisor_client import NoAnswer, Surroundings
from parity.execution.outcomes import tail

MARKER = "complete.json"
"""File that a build writes last: a directory without it is a build that was cut off."""

ASK_SECONDS, ASK_BYTES = 60.0, 1 << 22
"""What an interpreter may take to say what is installed in it, and how much it may say."""
PYTHON_RELEASE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]{0,20}")

LIST_VERSIONS = """
import importlib.metadata, json, platform
packages = reversed([*importlib.metadata.distributions()])  # of two with one name the first is imported, so it stands last
found = {str(item.metadata["Name"]).lower().replace("_", "-"): item.version for item in packages}
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
        versions = versions_of(interpreter, f"{variable}={interpreter_path}")
        return _of_the_release(Environment(framework, interpreter, versions), interpreter_path)
    built = planned(framework, accelerator)
    if not built.complete():
        raise Unavailable(f"{framework} has no environment: run `parity env build {framework}`")
    return Environment(framework, built.interpreter, versions_of(built.interpreter, str(built.directory)))


def _of_the_release(environment: Environment, given: str) -> Environment:
    """The environment, if it has the release that its name asks for. Raises Unavailable. given: the user's interpreter."""
    framework, release = environment.framework, split_release(environment.framework)[1]
    found = environment.versions.get(distribution(framework), "none")
    if release not in (None, found, found.partition("+")[0]):
        named = f"{override_variable(framework)}={given}"
        raise Unavailable(f"{named} has {distribution(framework)} {found}, where {framework} asks for {release}")
    return environment


def stands(framework: str) -> bool:
    """Whether a framework has an interpreter, built from its pins or named by a variable."""
    try:
        return bool(os.environ.get(override_variable(framework))) or planned(framework).complete()
    except Unavailable:
        return False


def framework_version(framework: str) -> str:
    """The version of the framework in its environment; "" if there is none."""
    try:
        return installed(framework).versions.get(distribution(framework), "")
    except Unavailable:
        return ""


def override_variable(framework: str) -> str:
    """The variable that names a framework's interpreter: PARITY_TORCH_PYTHON for `torch`."""
    return f"PARITY_{re.sub(r'[^A-Z0-9]+', '_', framework.upper().replace(']', ''))}_PYTHON"


def planned(framework: str, accelerator: str = "cpu") -> BuiltEnvironment:
    """The place of an environment, built or not. Its name ends in a hash of the pins and of Python's version.

    A release that the pins hold is the environment of the pins; another one has a place of its own."""
    name, _, variant = find(framework)
    file = pins.shipped(framework, accelerator)
    if not file.is_file():
        raise Unavailable(f"{framework} has no pins for {accelerator}: {file} is missing")
    release = pins.other_release(framework, file)
    named = f"{name}@{release}" if release else name
    python = _version(base_python())
    text = "\n".join([python, file.read_text(), *([release] if release else [])])
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    directory = root() / f"{named}-{variant.name}-{accelerator}-{digest}"
    return BuiltEnvironment(named, variant.name, accelerator, python, str(file), directory)


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
    """Removes every built environment of a framework's variant, with any pins; of another release, where one is named. Gives
    the removed directories."""
    name, _, variant = find(framework)
    release = pins.other_release(framework, file) if (file := pins.shipped(framework, "cpu")).is_file() else ""
    named = f"{name}@{release}" if release else name
    gone = [item.directory for item in standing() if (item.framework, item.variant) == (named, variant.name)]
    for directory in gone:
        with only_builder(directory):
            (directory / MARKER).unlink(missing_ok=True)
            shutil.rmtree(directory)
    return gone


def root() -> Path:
    """The directory of built environments: PARITY_ENVIRONMENTS, or in the cache of the system (XDG_CACHE_HOME, ~/.cache)."""
    if given := os.environ.get("PARITY_ENVIRONMENTS"):
        return Path(given).absolute()
    cache = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(cache) if os.path.isabs(cache) else Path.home() / ".cache") / "parity" / "environments"


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


@contextlib.contextmanager
def only_builder(directory: Path) -> Iterator[int]:
    """Waits until nobody else builds or removes the directory. Gives the descriptor of the lock."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with lock_of(directory).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def lock_of(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.lock")


def answer(framework: str, program: str) -> Mapping[str, object]:
    """The table that a program of Python prints in the environment of a framework. Raises Unavailable."""
    environment = installed(framework)
    answered = _ask(environment.interpreter, program, framework)
    try:
        return supervisor_client.table(answered)
    except NoAnswer as error:
        raise Unavailable(f"{framework}: {environment.interpreter} answers {_shown(answered)}") from error


def versions_of(interpreter: Path, origin: str) -> dict[str, str]:
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
    if not PYTHON_RELEASE.fullmatch(release := answered[:60].decode(errors="replace")):
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
