"""Owns the progress bar of the verbs. It refuses to decide anything: it shows the records that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from parity import escaping
from parity.execution import outcomes
from parity.execution.records import Record
from parity.verbs import terminal
from parity.verbs.terminal import progress_lines, verbosity


@dataclass(frozen=True)
class Bar:
    """The bar's callbacks for each record and notice, which any thread may call."""

    progress: Progress
    task: TaskID
    lock: Lock
    told: set[str] = field(default_factory=set)

    def record(self, framework: str, record: Record) -> None:
        with self.lock:
            self.progress.update(self.task, advance=1, description=escaping.visible(f"{framework} {record.case}"[:60]))
            progress_lines.advance(f"{framework} {record.case}")
            if record.outcome not in ("ran", "unsupported"):
                absent = record.outcome == "unavailable"  # holds for every case of a framework or device, said once
                message = outcomes.headline(record.reason)
                self._tell(f"{framework}: {message}" if absent else f"{framework}: {record.case} {record.outcome}: {message}")
            elif verbosity.NOW.verbose:
                taken = "" if record.seconds is None else f", {record.seconds:.2f} s"
                self._say(f"{framework} {record.case}: {record.outcome}{taken}")

    def _tell(self, text: str) -> None:
        if text not in self.told:
            self.told.add(text)
            self._say(text)

    def notice(self, text: str) -> None:
        with self.lock:
            self._say(text)

    def _say(self, line: str) -> None:
        """Prints a whole line, never folded, so that a log can be searched."""
        self.progress.console.print(escaping.terminal(line), markup=False, highlight=False, soft_wrap=True)

    def advance(self, text: str = "") -> None:
        with self.lock:
            self.progress.update(self.task, advance=1, description=escaping.visible(text[:60]) or None)
            progress_lines.advance(text)


@contextmanager
def bar(description: str, total: int | None) -> Iterator[Bar]:
    """A bar on stderr that disappears at the end; a pipe gets lines instead (`pulse.py`)."""
    progress_lines.begin(description, total)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:60}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = terminal.console_of(error=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal or verbosity.NOW.quiet
    ) as progress:
        yield Bar(progress, progress.add_task(description, total=total), Lock())
