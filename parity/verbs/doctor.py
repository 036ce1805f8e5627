"""Owns `parity doctor`: frameworks, versions, devices, what is missing and the command that mends it."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from parity.execution import diagnosis
from parity.execution.diagnosis import Diagnosis
from parity.execution.frameworks import trains


def doctor() -> int:
    """Prints a line a framework; 3 if one that trains is unavailable."""
    console = Console()
    with console.status("asking the frameworks"):
        found = diagnosis.diagnose()
    table = Table("framework", "version", "devices", "modes", "interpreter", box=None, header_style="bold")
    for one in found:
        table.add_row(*(escape(text) for text in _row(one)))
    console.print(table)
    missing = [one for one in found if one.description is None]
    for one in missing:
        console.print(f"{one.framework}: {one.reason}\n  mend it: {one.mend}", markup=False, highlight=False)
    return 3 if any(trains(one.framework) for one in missing) else 0


def _row(one: Diagnosis) -> tuple[str, ...]:
    if one.description is None:
        return one.framework, "unavailable", "", "", one.interpreter
    description = one.description
    modes = [f"{mode} (default)" if mode == description["default_mode"] else mode for mode in description["modes"]]
    return one.framework, description["version"], " ".join(description["devices"]), " ".join(modes), one.interpreter
