"""Owns `parity env`: build, list, measure and remove environments of frameworks, and add packages of the user's to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from parity.errors import UsageError
from parity.execution.launcher import added, environments
from parity.execution.launcher.environments import Unavailable
from parity.reporting import installs
from parity.trials import asked_frameworks
from parity.verbs import terminal
from parity.verbs.terminal import progress


def build(frameworks: Sequence[str]) -> int:
    """Builds the environment of each framework. A failure is printed with its reason, and the others go on. Gives 3 if any
    failed."""
    failed = False
    for name in asked_frameworks.asked(frameworks):
        try:
            with progress.bar(f"building {name}", None) as bar:
                environment = environments.build(name, on_line=bar.advance)
        except Unavailable as error:
            failed = True
            terminal.say(f"{name}: unavailable: {error}")
        else:
            terminal.say(f"{name}: {environment.interpreter}")
            if lost := added.lost(name):
                again = f"parity env add {name} {' '.join(map(quote, lost))}"
                terminal.say(f"{name}: an earlier environment had packages of yours that this one lacks: {again}")
    return 3 if failed else 0


def add(framework: str, packages: Sequence[str]) -> int:
    """Installs packages beside a framework. 3 if that cannot be done."""
    (name,) = asked_frameworks.asked([framework])
    try:
        with progress.bar(f"adding to {name}", None) as bar:
            found = added.add(name, packages, on_line=bar.advance)
    except Unavailable as error:
        terminal.say(f"{name}: {error}", error=True)
        return 3
    except ValueError as error:
        raise UsageError(str(error)) from error
    for package, version in found.items():
        terminal.say(f"{name}: {package} {version}")
    return 0


def show() -> int:
    """Prints the existing environments: framework, variant, accelerator, place."""
    for item in environments.standing():
        own = "".join(f" +{name}" for name in added.recorded(item))
        terminal.say(f"{item.framework}[{item.variant}] {item.accelerator} {item.directory}{own}")
    return 0


MEASURE = """
import importlib.metadata, json, pathlib, platform, subprocess, sys, sysconfig
name = {name!r}
place = pathlib.Path(sysconfig.get_paths()["purelib"])
tools = ("pip", "setuptools", "_distutils_hack", "pkg_resources")
kept = [path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        and not path.relative_to(place).parts[0].startswith(tools)]
timed = "import time; start = time.perf_counter(); import " + name + "; print(time.perf_counter() - start)"
for _ in range(2):
    printed = subprocess.run([sys.executable, "-I", "-c", timed], capture_output=True, text=True).stdout
package = importlib.metadata.distribution(name)
print(json.dumps({{
    "version": package.version, "python": platform.python_version(),
    "python_range": package.metadata.get("Requires-Python") or "",
    "megabytes": round(sum(path.stat().st_size for path in kept) / 1e6, 1), "import_seconds": round(float(printed), 2),
    "packages": len([one for one in importlib.metadata.distributions() if one.metadata["Name"] not in ("pip", "setuptools")]),
    "system": platform.system() + " " + platform.machine(),
}}))
"""
"""What an environment is asked. Python's own tools and compiled caches do not count, nor does the first import."""


def measure(frameworks: Sequence[str], output: Path) -> int:
    """Writes what each built environment takes; those of other frameworks in the file stay. 3 if any could not be asked."""
    kept = {one.framework: one for one in installs.read(output)} if output.is_file() else {}
    failed = False
    for name in asked_frameworks.asked(frameworks):
        try:
            told = environments.answer(name, MEASURE.format(name=name.partition("[")[0]))
            day = datetime.now(UTC).date().isoformat()
            record = installs.InstallRecord(framework=name, date=day, **told)  # type: ignore[arg-type]
        except (Unavailable, TypeError) as error:
            failed = True
            terminal.say(f"{name}: unavailable: {error}")
            continue
        kept[name] = record
        size = f"{record.megabytes:g} MB in {record.packages} packages"
        terminal.say(f"{name} {record.version}: {size}, import {record.import_seconds:g} s")
    installs.write(list(kept.values()), output)
    return 3 if failed else 0


def remove(framework: str) -> int:
    """Removes every built environment of one framework."""
    (name,) = asked_frameworks.asked([framework])
    gone = environments.remove(name)
    for directory in gone:
        terminal.say(f"removed {directory}")
    if not gone:
        terminal.say(f"{name} has no built environment")
    return 0
