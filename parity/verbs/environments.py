"""Owns `parity env`: build, list, measure and remove environments of frameworks, and add packages of the user's to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from parity.documents.table_results import Tabled
from parity.documents.tables import Cell, DataTable
from parity.errors import UsageError
from parity.execution.launcher import environments, extra_packages
from parity.execution.launcher.environments import Unavailable
from parity.reporting import installs
from parity.trials import selected_frameworks
from parity.verbs import terminal
from parity.verbs.terminal import progress


def built(frameworks: Sequence[str], tell: Callable[[str], None] = lambda _: None) -> Tabled:
    """Builds the environment of each framework. A failure is told with its reason, and the others go on. Status 3 if any
    failed.

    tell: gets a line when a framework is done.
    """
    rows = []
    for name in selected_frameworks.chosen(frameworks):
        try:
            with progress.bar(f"building {name}", None) as bar:
                environment = environments.build(name, on_line=bar.advance)
        except Unavailable as error:
            rows.append(("unavailable", name, "", str(error)))
            tell(f"{name}: unavailable: {error}")
        else:
            rows.append(("there", name, str(environment.interpreter), ""))
            tell(f"{name}: {environment.interpreter}")
            if lost := extra_packages.lost(name):
                again = f"parity env add {name} {' '.join(map(quote, lost))}"
                tell(f"{name}: an earlier environment had packages of yours that this one lacks: {again}")
    failed = [row[1] for row in rows if row[0] == "unavailable"]
    title = f"{len(rows) - len(failed)} of {len(rows)} environments stand"
    content = DataTable(("state", "framework", "interpreter", "reason"), tuple(rows), "state")
    return Tabled(title, content, 3 if failed else 0, ("unavailable",))


def build(frameworks: Sequence[str]) -> int:
    """The verb: prints a line per framework. Gives 3 if any failed."""
    return built(frameworks, terminal.say).status


def listed() -> Tabled:
    """What stands: framework, variant, accelerator, place."""
    rows = tuple(
        (item.framework, item.variant, item.accelerator, str(item.directory), " ".join(extra_packages.recorded(item)))
        for item in environments.standing()
    )
    title = f"{len(rows)} environments below {environments.root()}"
    return Tabled(title, DataTable(("framework", "variant", "accelerator", "folder", "added"), rows))


def added_to(framework: str, packages: Sequence[str]) -> Tabled:
    """Installs packages beside a framework. Status 3 if that cannot be done. Raises UsageError for what is no package."""
    (name,) = selected_frameworks.chosen([framework])
    columns = ("package", "version")
    try:
        with progress.bar(f"adding to {name}", None) as bar:
            added_packages = extra_packages.add(name, packages, on_line=bar.advance)
    except Unavailable as error:
        return Tabled(f"{name}: {error}", DataTable(columns, ()), 3)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return Tabled(f"added {len(added_packages)} packages to {name}", DataTable(columns, tuple(added_packages.items())))


def add(framework: str, packages: Sequence[str]) -> int:
    """The verb: prints each package with its version. Gives 3 if pip failed."""
    table = added_to(framework, packages)
    if table.status:
        terminal.say(table.title, error=True)
    (name,) = selected_frameworks.chosen([framework])
    for package, version in table.content.rows:
        terminal.say(f"{name}: {package} {version}")
    return table.status


def show() -> int:
    """Prints the existing environments: framework, variant, accelerator, place."""
    for framework, variant, accelerator, folder, own in listed().content.rows:
        terminal.say(f"{framework}[{variant}] {accelerator} {folder}{''.join(f' +{name}' for name in str(own).split())}")
    return 0


def removed(framework: str) -> Tabled:
    """Removes every built environment of one framework."""
    (name,) = selected_frameworks.chosen([framework])
    gone = tuple((str(directory),) for directory in environments.remove(name))
    title = f"removed {len(gone)} environments of {name}" if gone else f"{name} has no built environment"
    return Tabled(title, DataTable(("folder",), gone))


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


def measured(frameworks: Sequence[str], output: Path) -> Tabled:
    """Writes what each built environment takes; other frameworks in the file stay. Status 3 if one could not be asked."""
    kept = {record.framework: record for record in installs.read(output)} if output.is_file() else {}
    rows: list[tuple[Cell, ...]] = []
    for name in selected_frameworks.chosen(frameworks):
        try:
            measurement = environments.answer(name, MEASURE.format(name=name.partition("[")[0]))
            day = datetime.now(UTC).date().isoformat()
            record = installs.InstallRecord(framework=name, date=day, **measurement)  # type: ignore[arg-type]
        except (Unavailable, TypeError) as error:
            rows.append(("unavailable", name, "", None, None, None, str(error)))
            continue
        kept[name] = record
        rows.append(("there", name, record.version, record.megabytes, record.packages, record.import_seconds, ""))
    installs.write(list(kept.values()), output)
    failed = any(row[0] == "unavailable" for row in rows)
    columns = ("state", "framework", "version", "megabytes", "packages", "import_seconds", "reason")
    title = f"{len(kept)} environments stand in {output}"
    return Tabled(title, DataTable(columns, tuple(rows), "state"), 3 if failed else 0, ("unavailable",))


def measure(frameworks: Sequence[str], output: Path) -> int:
    """The verb: prints a line per framework. Gives 3 if any could not be asked."""
    table = measured(frameworks, output)
    for state, name, version, megabytes, packages, seconds, reason in table.content.rows:
        if state == "unavailable":
            terminal.say(f"{name}: unavailable: {reason}")
        else:
            terminal.say(f"{name} {version}: {megabytes:g} MB in {packages} packages, import {seconds:g} s")
    return table.status


def remove(framework: str) -> int:
    """Prints what was removed."""
    table = removed(framework)
    for (folder,) in table.content.rows:
        terminal.say(f"removed {folder}")
    if not table.content.rows:
        terminal.say(table.title)
    return 0
