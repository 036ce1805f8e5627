"""Owns `parity atlas`: every question asked of the installed frameworks, their answers side by side.

It refuses to know an answer beforehand, and to judge: a difference is shown, not blamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from rich.table import Table
from rich.text import Text

from parity.atlas.chapters import CHAPTERS, QUESTIONS, answer
from parity.atlas.question import Answer, Question
from parity.errors import UsageError
from parity.execution import arrays as array_files
from parity.execution.frameworks import ATLAS
from parity.execution.launcher import supervised
from parity.reporting.atlas import AtlasRow, marked, write
from parity.spec.cases import Case
from parity.trials import options, selection
from parity.trials.networks import Trial
from parity.trials.session import Judged, Session
from parity.verbs import terminal
from parity.verbs.fingerprint import default_gaps
from parity.verbs.terminal.progress import bar


def main(chapter: str | None, frameworks: Sequence[str], item: str | None, output: Path | None) -> int:
    """Asks, prints a table a chapter, and writes data and page under `output` where one is named."""
    questions = chosen(chapter, item)
    names = list(selection.that_train(frameworks, ATLAS))
    if output is not None:
        options.place(output)
    rows, versions = ask(questions, names)
    if output is not None:
        measured = default_gaps.measure(list(versions)) if chapter is None and item is None else []
        if measured and (left := default_gaps.left_out(list(versions), measured)):
            terminal.say(f"no gap, since no closed form explains them: {', '.join(left)}", error=True)
        written = write(rows, versions, measured, output)
        terminal.say(f"wrote {', '.join(str(path) for path in written)}")
    _show(rows, names, named=item is not None)
    return 3 if all(not answered.measured for row in rows for answered in row.answers.values()) else 0


def chosen(chapter: str | None, item: str | None) -> list[Question]:
    """The questions of a chapter, or of an item (`batch_norm`, or `batch_norm.epsilon`)."""
    if chapter is not None and chapter not in CHAPTERS:
        known = any(chapter in (one.name, one.name.partition(".")[0]) for one in QUESTIONS)
        here = f"`{chapter}` is an item: parity atlas --item {chapter}; chapters" if known else f"no chapter `{chapter}`; there"
        raise UsageError(f"{here} are: {', '.join(CHAPTERS)}")
    found = [one for one in QUESTIONS if chapter in (None, one.chapter)]
    if item is None:
        return found
    wanted = [one for one in found if item in (one.name, one.name.partition(".")[0])]
    if not wanted:
        where = "" if chapter is None else f" in the chapter {chapter}"
        raise UsageError(f"no item `{item}`{where}{_meant(item, found)}; `parity atlas` shows every name")
    return wanted


def _meant(word: str, questions: Sequence[Question]) -> str:
    """`; did you mean …`, the nearest items and names of questions: spelled alike, or with one of the word's parts."""
    names = dict.fromkeys([*(one.name.partition(".")[0] for one in questions), *(one.name for one in questions)])
    spelled = "_".join(word.lower().replace("-", " ").replace("_", " ").split())
    near = get_close_matches(spelled, names, n=3, cutoff=0.6)
    near += [name for name in names if spelled and spelled in (name.partition(".")[2], name.replace(".", "_"))]
    parts = {part for part in spelled.replace(".", "_").split("_") if len(part) > 2}
    sharing = {name: len(parts & {*name.replace(".", "_").split("_")}) for name in names}
    most = max(sharing.values(), default=0)
    near += [name for name in names if 0 < most == sharing[name]][:3]
    near = list(dict.fromkeys(near))[:5]
    return f"; did you mean {' or '.join(near)}?" if near else ""


def ask(
    questions: Sequence[Question], frameworks: Sequence[str], python_path: Sequence[Path] = ()
) -> tuple[list[AtlasRow], dict[str, str]]:
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
    return [AtlasRow(one.name, one.chapter, one.text, one.advice, found[one.name]) for one in questions], versions


def _cell(question: Question, judged: Judged) -> Answer:
    record = judged.record
    if record.outcome == "ran" and record.arrays:
        try:
            return answer(question, array_files.load(judged.out, record.arrays))
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
            return Answer("no answer that can be read", measured=False)
    if record.outcome == "crashed":
        return Answer(f"raises {record.reason.split(':')[0]}", measured=True)
    return Answer("—" if record.outcome == "unsupported" else record.outcome, measured=False)


def _show(rows: Sequence[AtlasRow], frameworks: Sequence[str], named: bool) -> None:
    """A chapter after the other, each question with its name. Between two frameworks what to do stands below the answers, and
    only rows that differ are shown, unless questions were named."""
    pair = len(frameworks) == 2
    shown = [row for row in rows if row.differs or named or not pair]
    for chapter, title in CHAPTERS.items():
        mine = [row for row in shown if row.chapter == chapter]
        if mine and pair:
            terminal.show(Text(f"{title}\n", "italic"))
            for row in mine:
                terminal.say(_block(row, *frameworks))
        elif mine:
            terminal.show(_table(title, mine, frameworks))
            terminal.say()
    count = sum(row.differs for row in rows)
    terminal.say(f"{len(rows)} questions, {count} with different answers; one alone: parity atlas --item NAME")


def _block(row: AtlasRow, here: str, there: str) -> str:
    """The question and its NAME, both answers, and what gives the first one's in the second: whole lines, to be copied."""
    remedy = row.remedy(here, there)
    told = [(name, marked(row, name)) for name in (here, there)] + ([("what to do", remedy)] if remedy else [])
    wide = max(len(word) for word, _ in told)
    lines = "".join(f"    {word.ljust(wide)}  {text}\n" for word, text in told)
    return f"{row.text}  {row.name}\n{lines}"


def _table(title: str, rows: Sequence[AtlasRow], frameworks: Sequence[str]) -> Table:
    """One chapter; each question stands over its NAME, which is never broken."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("question and NAME", overflow="fold", min_width=max(len(row.name) for row in rows))
    for name in frameworks:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(
            Text.assemble(row.text, "\n", (row.name, "dim")), *(Text(marked(row, framework)) for framework in frameworks)
        )
    return table
