"""Owns `parity env`: build, list and remove the environments of the frameworks."""

from __future__ import annotations

from collections.abc import Sequence

from parity.execution.launcher import environments
from parity.execution.launcher.environments import Unavailable
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
    return 3 if failed else 0


def show() -> int:
    """Prints the existing environments: framework, variant, accelerator, place."""
    for item in environments.standing():
        terminal.say(f"{item.framework}[{item.variant}] {item.accelerator} {item.directory}")
    return 0


def remove(framework: str) -> int:
    """Removes every built environment of one framework."""
    (name,) = asked_frameworks.asked([framework])
    gone = environments.remove(name)
    for directory in gone:
        terminal.say(f"removed {directory}")
    if not gone:
        terminal.say(f"{name} has no built environment")
    return 0
