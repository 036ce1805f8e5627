"""Owns `parity doctor`: frameworks, versions, devices, missing parts and the commands that add them."""

from __future__ import annotations

from parity.execution.frameworks import training
from parity.execution.launcher import diagnosis
from parity.execution.launcher.diagnosis import Diagnosis
from parity.execution.outcomes import headline
from parity.verbs import terminal
from parity.verbs.terminal import columns


def doctor() -> int:
    """Prints one line per framework. Gives 3 if a framework that runs by default is unavailable."""
    with terminal.console_of().status("asking the frameworks"):
        diagnoses = diagnosis.diagnose()
    headings = ("framework", "version", "devices", "modes", "interpreter")
    for line in columns.table(headings, map(_row, diagnoses), right=(), wide=None):  # a path is copied: never folded
        terminal.say(line)
    missing = [item for item in diagnoses if item.description is None]
    for item in missing:
        told = f"{item.framework}: {headline(item.reason)}\n  mend it: {item.mend}"
        terminal.say(told)
    return 3 if any(item.framework in training() for item in missing) else 0


def _row(item: Diagnosis) -> tuple[str, ...]:
    if item.description is None:
        return item.framework, "unavailable", "", "", item.interpreter
    description = item.description
    modes = [f"{mode} (default)" if mode == description["default_mode"] else mode for mode in description["modes"]]
    return item.framework, description["version"], " ".join(description["devices"]), " ".join(modes), item.interpreter
