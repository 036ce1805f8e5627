"""Owns `parity env`: build, list and remove the environments of the frameworks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from parity.documents.tabled import Tabled
from parity.documents.tables import DataTable
from parity.execution.launcher import environments
from parity.execution.launcher.environments import Unavailable
from parity.trials import asked_frameworks
from parity.verbs import terminal
from parity.verbs.terminal import progress


def built(frameworks: Sequence[str], tell: Callable[[str], None] = lambda _: None) -> Tabled:
    """Builds the environment of each framework. A failure is told with its reason, and the others go on. Status 3 if any
    failed.

    tell: gets a line when a framework is done.
    """
    rows = []
    for name in asked_frameworks.asked(frameworks):
        try:
            with progress.bar(f"building {name}", None) as bar:
                environment = environments.build(name, on_line=bar.advance)
        except Unavailable as error:
            rows.append(("unavailable", name, "", str(error)))
            tell(f"{name}: unavailable: {error}")
        else:
            rows.append(("there", name, str(environment.interpreter), ""))
            tell(f"{name}: {environment.interpreter}")
    failed = [row[1] for row in rows if row[0] == "unavailable"]
    title = f"{len(rows) - len(failed)} of {len(rows)} environments stand"
    content = DataTable(("state", "framework", "interpreter", "reason"), tuple(rows), "state")
    return Tabled(title, content, 3 if failed else 0, ("unavailable",))


def build(frameworks: Sequence[str]) -> int:
    """The verb: prints a line per framework. Gives 3 if any failed."""
    return built(frameworks, terminal.say).status


def listed() -> Tabled:
    """What stands: framework, variant, accelerator, place."""
    rows = tuple((item.framework, item.variant, item.accelerator, str(item.directory)) for item in environments.standing())
    title = f"{len(rows)} environments below {environments.root()}"
    return Tabled(title, DataTable(("framework", "variant", "accelerator", "folder"), rows))


def show() -> int:
    """Prints the existing environments: framework, variant, accelerator, place."""
    for framework, variant, accelerator, folder in listed().content.rows:
        terminal.say(f"{framework}[{variant}] {accelerator} {folder}")
    return 0


def removed(framework: str) -> Tabled:
    """Removes every built environment of one framework."""
    (name,) = asked_frameworks.asked([framework])
    gone = tuple((str(directory),) for directory in environments.remove(name))
    title = f"removed {len(gone)} environments of {name}" if gone else f"{name} has no built environment"
    return Tabled(title, DataTable(("folder",), gone))


def remove(framework: str) -> int:
    """Prints what was removed."""
    found = removed(framework)
    for (folder,) in found.content.rows:
        terminal.say(f"removed {folder}")
    if not found.content.rows:
        terminal.say(found.title)
    return 0
