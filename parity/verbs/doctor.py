"""Owns `parity doctor`: frameworks, versions, devices, what is missing and the command that mends it."""

from __future__ import annotations

from parity.execution.frameworks import training
from parity.execution.launcher import diagnosis
from parity.execution.launcher.diagnosis import Diagnosis
from parity.execution.outcomes import headline
from parity.verbs import terminal
from parity.verbs.terminal import columns


def doctor() -> int:
    """Prints a line a framework; 3 if one is unavailable that is meant where none is named."""
    with terminal.console_of().status("asking the frameworks"):
        found = diagnosis.diagnose()
    headings = ("framework", "version", "devices", "modes", "interpreter")
    for line in columns.table(headings, map(_row, found), right=(), wide=None):  # a path is copied: never folded
        terminal.say(line)
    missing = [one for one in found if one.description is None]
    for one in missing:
        told = f"{one.framework}: {headline(one.reason)}\n  mend it: {one.mend}"
        terminal.say(told)
    return 3 if any(one.framework in training() for one in missing) else 0


def _row(one: Diagnosis) -> tuple[str, ...]:
    if one.description is None:
        return one.framework, "unavailable", "", "", one.interpreter
    description = one.description
    modes = [f"{mode} (default)" if mode == description["default_mode"] else mode for mode in description["modes"]]
    return one.framework, description["version"], " ".join(description["devices"]), " ".join(modes), one.interpreter
