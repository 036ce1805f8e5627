"""Owns `parity atlas`: every question asked of the installed frameworks, their answers side by side.

It refuses to know an answer beforehand, and to judge: a difference is shown, not blamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from parity.atlas.chapters import CHAPTERS, QUESTIONS, answer
from parity.atlas.question import Answer, Question
from parity.errors import UsageError
from parity.execution import arrays as array_files
from parity.execution import supervised
from parity.reporting.atlas import Row, marked, write
from parity.spec.cases import Case
from parity.trials import selection
from parity.trials.networks import Trial
from parity.trials.session import Judged, Session
from parity.verbs.fingerprint import default_gaps
from parity.verbs.terminal.progress import bar


def main(chapter: str | None, frameworks: Sequence[str], item: str | None, output: Path | None) -> int:
    """Asks, prints a table a chapter, and writes data and page under `output` where one is named."""
    questions = chosen(chapter, item)
    names = list(selection.that_train(frameworks))
    rows, versions = ask(questions, names)
    if output is not None:
        measured = default_gaps.measure(list(versions)) if chapter is None and item is None else []
        if measured and (left := default_gaps.left_out(list(versions), measured)):
            Console(stderr=True).print(f"no gap, since no closed form explains them: {', '.join(left)}", soft_wrap=True)
        written = write(rows, versions, measured, output)
        Console().print(f"wrote {', '.join(str(path) for path in written)}", soft_wrap=True)
    _show(rows, names, differing=len(names) == 2 and item is None)
    return 3 if all(not answered.measured for row in rows for answered in row.answers.values()) else 0


def chosen(chapter: str | None, item: str | None) -> list[Question]:
    """The questions of a chapter, or of an item (`batch_norm`, or `batch_norm.epsilon`)."""
    if chapter is not None and chapter not in CHAPTERS:
        raise UsageError(f"no chapter `{chapter}`; there are: {', '.join(CHAPTERS)}")
    found = [one for one in QUESTIONS if chapter in (None, one.chapter)]
    if item is not None:
        found = [one for one in found if item in (one.name, one.name.partition(".")[0])]
        if not found:
            raise UsageError(f"no item `{item}`; `parity atlas` shows all of them")
    return found


def ask(
    questions: Sequence[Question], frameworks: Sequence[str], python_path: Sequence[Path] = ()
) -> tuple[list[Row], dict[str, str]]:
    """The rows, and the version of each framework that answered. python_path: what else the workers may import."""
    trials = [
        Trial(Case(spec=one.name, task="question", dtype="float32", mode="eager"), one.inputs, lambda _: [], "question")
        for one in questions
    ]
    found: dict[str, dict[str, Answer]] = {question.name: {} for question in questions}
    versions: dict[str, str] = {}
    with supervised.folder("parity-atlas-") as folder, bar("atlas", len(trials) * len(frameworks)) as shown:
        session = Session(
            folder,
            frameworks,
            python_path=python_path,
            on_record=lambda framework, record: shown.advance(f"{framework} {record.case}"),
        )
        for judged, question in zip(session.run(trials), [*questions] * len(frameworks), strict=True):
            found[question.name][judged.framework] = _cell(question, judged)
            if judged.record.framework_version:
                versions[judged.framework] = judged.record.framework_version
    return [Row(one.name, one.chapter, one.text, one.advice, found[one.name]) for one in questions], versions


def _cell(question: Question, judged: Judged) -> Answer:
    record = judged.record
    if record.outcome == "ran" and record.arrays:
        return answer(question, array_files.load(judged.out, record.arrays))
    if record.outcome == "crashed":
        return Answer(f"raises {record.reason.split(':')[0]}", measured=True)
    return Answer("—" if record.outcome == "unsupported" else record.outcome, measured=False)


def _show(rows: Sequence[Row], frameworks: Sequence[str], differing: bool) -> None:
    """One table a chapter; between two frameworks only what differs, with what to do."""
    console = Console()
    shown = [row for row in rows if row.differs or not differing]
    for chapter, title in CHAPTERS.items():
        mine = [row for row in shown if row.chapter == chapter]
        if not mine:
            continue
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for heading in ("", *frameworks, *(("what to do",) if differing else ())):
            table.add_column(heading, overflow="fold")
        for row in mine:
            cells = [marked(row, framework) for framework in frameworks]
            table.add_row(row.text, *cells, *((row.remedy(frameworks[0], frameworks[1]),) if differing else ()))
        console.print(table, markup=False)
        console.print()
    count = sum(row.differs for row in rows)
    console.print(
        f"{len(rows)} questions, {count} with different answers; one alone: parity atlas --item NAME", highlight=False
    )
