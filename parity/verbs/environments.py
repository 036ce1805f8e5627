"""Owns `parity env`: build, list and remove the environments of the frameworks."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from parity.execution.launcher import environments
from parity.execution.launcher.environments import Unavailable
from parity.trials import asked_frameworks
from parity.verbs.terminal import progress


def build(frameworks: Sequence[str]) -> int:
    """Builds each; one that fails is told with its reason, and the rest goes on. 3 if any failed."""
    console, failed = Console(), False
    for name in asked_frameworks.asked(frameworks):
        try:
            with progress.bar(f"building {name}", None) as bar:
                environment = environments.build(name, on_line=bar.advance)
        except Unavailable as error:
            failed = True
            console.print(f"{name}: unavailable: {error}", markup=False, highlight=False, soft_wrap=True)
        else:
            console.print(f"{name}: {environment.interpreter}", markup=False, highlight=False, soft_wrap=True)
    return 3 if failed else 0


def show() -> int:
    """Prints what stands: framework, variant, accelerator, place."""
    console = Console()
    for item in environments.standing():
        console.print(
            f"{item.framework}[{item.variant}] {item.accelerator} {item.directory}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    return 0


def remove(framework: str) -> int:
    """Removes every built environment of one framework."""
    (name,) = asked_frameworks.asked([framework])
    gone = environments.remove(name)
    console = Console()
    for directory in gone:
        console.print(f"removed {directory}", markup=False, highlight=False, soft_wrap=True)
    if not gone:
        console.print(f"{name} has no built environment", markup=False, highlight=False, soft_wrap=True)
    return 0
