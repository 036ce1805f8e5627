"""Owns `parity env`: build, list and remove the environments of the frameworks, and add packages of the user's to them."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from parity.errors import UsageError
from parity.execution.launcher import added, environments
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


def remove(framework: str) -> int:
    """Removes every built environment of one framework."""
    (name,) = asked_frameworks.asked([framework])
    gone = environments.remove(name)
    for directory in gone:
        terminal.say(f"removed {directory}")
    if not gone:
        terminal.say(f"{name} has no built environment")
    return 0
