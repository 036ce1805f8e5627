"""Owns `parity doctor`: frameworks, versions, devices, missing parts and the commands that add them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parity.documents.table_results import Tabled
from parity.documents.tables import Cell, DataTable
from parity.execution.frameworks import training
from parity.execution.launcher import diagnosis, environments, extra_packages
from parity.execution.launcher.diagnosis import Diagnosis
from parity.execution.launcher.environments import Unavailable
from parity.execution.outcomes import headline
from parity.trials import options
from parity.verbs import terminal
from parity.verbs.terminal import columns, tables

COLUMNS = ("framework", "version", "devices", "modes", "interpreter")


def diagnosed() -> Tabled:
    """The state of each framework; status 3 if one that runs by default is unavailable."""
    return _told(diagnosis.diagnose())


def doctor(how: str = "table") -> int:
    """Prints one line per framework. Gives 3 if a framework that runs by default is unavailable."""
    with terminal.console_of(error=True).status("asking the frameworks"):
        diagnoses = diagnosis.diagnose()
    table = _told(diagnoses)
    if how != "table":
        tables.write(table.table, how, "doctor")
        return table.status
    for line in columns.table(COLUMNS, map(_row, diagnoses), right=(), wide=None):  # a path is copied: never folded
        terminal.say(line)
    for line in _own(diagnoses):
        terminal.say(line)
    for item in diagnoses:
        if item.description is None:
            terminal.say(f"{item.framework}: {headline(item.reason)}\n  mend it: {item.mend}")
    terminal.say(f"store: {options.store(None)} (parity clean); environments: {environments.root()} (parity env list)")
    return table.status


def _told(diagnoses: Sequence[Diagnosis]) -> Tabled:
    missing = [item.framework for item in diagnoses if item.description is None]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        ("missing" if item.description is None else "there", *_row(item), headline(item.reason), item.mend)
        for item in diagnoses
    )
    title = f"{len(diagnoses) - len(missing)} of {len(diagnoses)} frameworks answer" + (
        f"; missing: {', '.join(missing)}" if missing else ""
    )
    content = DataTable(("state", *COLUMNS, "reason", "mend"), rows, "state")
    return Tabled(title, content, 3 if any(name in training() for name in missing) else 0, ("missing",))


def _own(diagnoses: Sequence[Diagnosis]) -> Iterator[str]:
    """Packages of the user's own beside each framework."""
    for item in diagnoses:
        try:
            built = environments.planned(item.framework)
        except Unavailable:
            continue
        packages = extra_packages.recorded(built)
        if packages and item.interpreter == str(built.interpreter):
            packages_text = ", ".join(f"{name} {version}".strip() for name, version in packages.items())
            yield f"{item.framework}: packages of yours (parity env add): {packages_text}"


def _row(item: Diagnosis) -> tuple[str, ...]:
    if item.description is None:
        return item.framework, "unavailable", "", "", item.interpreter
    description = item.description
    modes = [f"{mode} (default)" if mode == description["default_mode"] else mode for mode in description["modes"]]
    return item.framework, description["version"], " ".join(description["devices"]), " ".join(modes), item.interpreter
