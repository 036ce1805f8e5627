"""Owns `parity atlas FRAMEWORK --history`: what changed from release to release, and in which one, from what is on record.

`--measure` asks every release again with today's questions. It refuses to mix: an old answer to a question that is another one
today is not shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import parity
from parity.atlas.chapters import QUESTIONS
from parity.atlas.question import Question
from parity.documents.table_results import Tabled
from parity.documents.tables import DataTable
from parity.errors import UsageError
from parity.execution.launcher import environments, overlays
from parity.execution.launcher.environments import Unavailable
from parity.reporting import history
from parity.reporting.atlas import AtlasRow
from parity.reporting.history import ReleaseHistory
from parity.trials import options
from parity.verbs import terminal
from parity.verbs.terminal import columns, tables

RELEASES = {
    "keras": (
        *("3.10.0", "3.11.0", "3.11.1", "3.11.2", "3.11.3", "3.12.0", "3.12.1", "3.12.2", "3.12.3", "3.12.4"),
        *("3.13.0", "3.13.1", "3.13.2", "3.14.0", "3.14.1", "3.15.0", "3.15.1"),
    ),
    "mxnet": ("1.6.0", "1.7.0.post1", "1.7.0.post2", "1.8.0.post0", "1.9.0", "1.9.1"),
}
"""Framework -> the releases that install over its environment and that parity can drive, the oldest first. Every one between
the first and the last that PyPI has for Python 3.11 stands here, so that a change belongs to one release. Earlier ones lack
what parity's implementation imports: Keras before 3.10 has no Muon, MXNet before 1.6 no `mxnet.runtime`; MXNet 1.8.0 needs a
libopenblas that no wheel brings. PyPI's releases of PyTorch bring CUDA, gigabytes each."""

Asker = Callable[[Sequence[Question], Sequence[str]], tuple[list[AtlasRow], dict[str, str]]]
COLUMNS = ("name", "framework", "release", "before", "old answer", "new answer", "question")


def main(
    ask: Asker, questions: Sequence[Question], frameworks: Sequence[str], measure: bool, output: Path | None, how: str
) -> int:
    """Prints the changes. With `measure` or `output`, asks every release before, and writes data/history.json to `output`.

    ask: gives the rows of questions and frameworks. Gives 5 where nothing is on record for these frameworks, 3 where a release
    could not be asked."""
    found = told(ask, questions, frameworks, measure, output)
    if how != "table":
        tables.write(found.content, how, "atlas")
    else:
        for name, _, release, before, old, new, question in found.content.rows:
            terminal.say(f"{release} (after {before}) | {name} | {question} | {old} -> {new}")
    terminal.say(found.title, error=how != "table" or columns.width() is None)
    return found.status


def told(ask: Asker, questions: Sequence[Question], frameworks: Sequence[str], measure: bool, output: Path | None) -> Tabled:
    """The changes as a table, the newest release first."""
    if unknown := [name for name in frameworks if name not in RELEASES]:
        raise UsageError(
            f"no history of {', '.join(unknown)}; there is one of {', '.join(RELEASES)}: parity atlas keras --history"
        )
    names = list(frameworks) or list(RELEASES)
    status = 0
    if measure or output is not None:
        if output is not None:
            options.place(output)
        kept = [measured(ask, name) for name in names]
        status = 0 if all(len(one.releases) == len(RELEASES[one.framework]) for one in kept) else 3
        day = datetime.now(UTC).date().isoformat()
        if output is not None:
            others = [one for one in _recorded(output / "data" / history.FILE)[0] if one.framework not in names]
            terminal.say(f"wrote {history.write([*kept, *others], day, output / 'data')}")
    else:
        recorded, day = _recorded(*_shipped())
        kept = [one for one in recorded if one.framework in names]
    return _tabled(kept, {question.name: question for question in questions}, day, status)


def measured(ask: Asker, framework: str) -> ReleaseHistory:
    """Every release's answers to today's questions. A release that cannot be had is told, and left out."""
    answers: list[tuple[str, dict[str, str]]] = []
    beside: Mapping[str, str] = {}
    for release in RELEASES[framework]:
        try:
            python = overlays.interpreter(framework, release)
        except Unavailable as error:
            terminal.say(f"{framework} {release}: {error}", error=True)
            continue
        with _interpreter(framework, python):
            rows, versions = ask(QUESTIONS, [framework])
            beside = {
                name: version for name, version in environments.installed(framework).versions.items() if name != framework
            }
        if framework not in versions:
            terminal.say(f"{framework} {release}: it does not start", error=True)
            continue
        answers.append((release, {row.name: row.answers[framework].text for row in rows}))
        terminal.say(f"{framework} {release}: {len(rows)} questions", error=True)
    if not answers:
        raise UsageError(f"no release of {framework} can be asked here: `parity env build {framework}` comes first")
    return history.of_answers(framework, _few(beside), answers)


def _few(beside: Mapping[str, str]) -> dict[str, str]:
    """What can move an answer, of all that stands beside a framework."""
    kept = ("numpy", "python", "tensorflow-cpu")
    return {name: beside[name] for name in kept if name in beside}


def _tabled(kept: Sequence[ReleaseHistory], questions: dict[str, Question], day: str, status: int) -> Tabled:
    today = {question.name for question in QUESTIONS}
    rows, unknown = [], 0
    for one in kept:
        if one.answers.keys() != today:
            again = f"parity atlas {one.framework} --history --measure"
            terminal.say(f"{one.framework}: on record are answers to other questions than today's: {again}", error=True)
        for change in history.changes(one):
            if change.question not in questions:
                continue
            unknown += not change.known
            if change.known:
                cells = (change.question, one.framework, change.release, change.before, change.old, change.new)
                rows.append((*cells, questions[change.question].text))
    spans = "; ".join(f"{one.framework} {one.releases[0]} to {one.releases[-1]} ({len(one.releases)} releases)" for one in kept)
    more = f"; {unknown} more where one side could not be asked" if unknown else ""
    title = f"{len(rows)} answers changed in {spans or 'no framework'}{more}; measured on {day or 'no day'}"
    return Tabled(title, DataTable(COLUMNS, tuple(rows)), status if kept else 5)


def _recorded(*files: Path) -> tuple[list[ReleaseHistory], str]:
    """What the first file that stands holds; nothing if none does."""
    return next((history.read(file) for file in files if file.is_file()), ([], ""))


def _shipped() -> tuple[Path, Path]:
    package = Path(parity.__file__).resolve().parent
    return package / "_answers" / "data" / history.FILE, package.parent / "reports" / "data" / history.FILE


@contextmanager
def _interpreter(framework: str, python: Path) -> Iterator[None]:
    """The framework's interpreter for as long as a release is asked."""
    variable = environments.override_variable(framework)
    before = os.environ.get(variable)
    os.environ[variable] = str(python)
    try:
        yield
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before
