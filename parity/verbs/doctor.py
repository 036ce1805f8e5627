"""Owns `parity doctor`: frameworks, versions, devices, missing parts and the commands that add them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parity.execution.frameworks import training
from parity.execution.launcher import added, diagnosis, environments
from parity.execution.launcher.diagnosis import Diagnosis
from parity.execution.launcher.environments import Unavailable
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
    for line in _own(diagnoses):
        terminal.say(line)
    missing = [one for one in diagnoses if one.description is None]
    for one in missing:
        told = f"{one.framework}: {headline(one.reason)}\n  mend it: {one.mend}"
        terminal.say(told)
    return 3 if any(item.framework in training() for item in missing) else 0


def _own(found: Sequence[Diagnosis]) -> Iterator[str]:
    """Packages of the user's own beside each framework."""
    for one in found:
        try:
            built = environments.planned(one.framework)
        except Unavailable:
            continue
        packages = added.recorded(built)
        if packages and one.interpreter == str(built.interpreter):
            told = ", ".join(f"{name} {version}".strip() for name, version in packages.items())
            yield f"{one.framework}: packages of yours (parity env add): {told}"


def _row(item: Diagnosis) -> tuple[str, ...]:
    if item.description is None:
        return item.framework, "unavailable", "", "", item.interpreter
    description = item.description
    modes = [f"{mode} (default)" if mode == description["default_mode"] else mode for mode in description["modes"]]
    return item.framework, description["version"], " ".join(description["devices"]), " ".join(modes), item.interpreter
