"""Owns `parity atlas`: it asks the installed frameworks every question, and shows their answers side by side.

It refuses to show an answer that no framework gave, and to judge: a difference is shown, not blamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from parity.atlas.chapters import CHAPTERS as CHAPTERS
from parity.atlas.chapters import QUESTIONS as QUESTIONS
from parity.atlas.chapters import answer
from parity.atlas.question import Answer, Question
from parity.documents.table_results import Tabled
from parity.errors import UsageError
from parity.execution import arrays as array_files
from parity.execution.frameworks import ATLAS, TABLE, meant, training
from parity.execution.launcher import supervisor_client
from parity.reporting.atlas import AtlasRow, write
from parity.spec.cases import Case
from parity.spec.mistakes import did_you_mean
from parity.trials import options, selected_frameworks
from parity.trials.session import JudgedTrial, Session
from parity.trials.trial import Trial
from parity.verbs import terminal
from parity.verbs.atlas import committed_answers
from parity.verbs.atlas.output import show, table, worst_first
from parity.verbs.fingerprint import default_gaps
from parity.verbs.terminal import not_built
from parity.verbs.terminal.progress import bar

WORST_OF_TWO = "--worst ranks the differences between two frameworks: name both, such as `parity atlas torch keras`"


def main(
    words: Sequence[str],
    frameworks: Sequence[str],
    item: str | None,
    measure: bool,
    output: Path | None,
    how: str = "table",
    worst: int | None = None,
) -> int:
    """Shows the answers that come with parity, or asks the frameworks that are installed here; 3 if none of them answers.

    words: at most one chapter, and names of frameworks, added to `frameworks`. measure: ask, even if answers come with parity.
    output: directory for the data and pages of measured answers.
    worst: with two frameworks, how many rows to show, ranked by the consequences of ignoring them.
    """
    chapter, frameworks = _told_apart(words, frameworks)
    if worst is not None and len(frameworks) != 2:
        raise UsageError(WORST_OF_TWO)
    questions = chosen(chapter, item)
    named = selected_frameworks.named(frameworks, ATLAS)
    reason = "" if measure or output is not None else committed_answers.outdated(questions, named)
    if reason:
        terminal.say(f"asking the frameworks: {reason}", error=True)
    if not (reason or measure or output is not None):
        rows, versions = committed_answers.answers(questions, named)
        show(rows, list(versions), versions, named=item is not None, travelled=True, how=how, worst=worst)
        return 0
    names = list(selected_frameworks.that_train(frameworks, ATLAS))
    not_built.tell(frameworks)
    rows, versions = _asked(questions, names, chapter is None and item is None, output)
    show(rows, names, versions, named=item is not None, how=how, worst=worst)
    return 3 if all(not answered.measured for row in rows for answered in row.answers.values()) else 0


def _asked(
    questions: Sequence[Question], names: Sequence[str], all_of_them: bool, output: Path | None
) -> tuple[list[AtlasRow], dict[str, str]]:
    """The frameworks' answers. output: pages and data go there; with the gaps of native objects where all is asked."""
    if output is not None:
        options.place(output)
    rows, versions = ask(questions, names)
    if output is not None:
        measured = default_gaps.measure(list(versions)) if all_of_them else []
        if measured and (left := default_gaps.left_out(list(versions), measured)):
            terminal.say(f"no gap, since no closed form explains them: {', '.join(left)}", error=True)
        written = write(rows, versions, measured, output, datetime.now(UTC).date().isoformat())
        terminal.say(f"wrote {', '.join(str(path) for path in written)}")
    return rows, versions


def answered(
    words: Sequence[str],
    frameworks: Sequence[str],
    item: str | None,
    measure: bool,
    output: Path | None,
    worst: int | None = None,
) -> Tabled:
    """The answers as a table, with what to do where two frameworks differ. The parameters are those of `main`.

    Raises UsageError for a word that is neither a chapter nor a framework, and for an item that there is not."""
    chapter, frameworks = _told_apart(words, frameworks)
    if worst is not None and len(frameworks) != 2:
        raise UsageError(WORST_OF_TWO)
    questions = chosen(chapter, item)
    named = selected_frameworks.named(frameworks, ATLAS)
    if measure or output is not None or committed_answers.outdated(questions, named):
        names = list(selected_frameworks.that_train(frameworks, ATLAS))
        rows, versions = _asked(questions, names, chapter is None and item is None, output)
    else:
        rows, versions = committed_answers.answers(questions, named)
        names = list(versions)
    shown = [row for row in rows if row.differs or item is not None or len(names) != 2]
    if worst is not None:
        shown = [row for _, row in worst_first(rows, names)[:worst]]
    measured = ", ".join(f"{name} {version}" for name, version in versions.items())
    count = sum(row.differs for row in rows)
    return Tabled(f"{len(rows)} questions, {count} with different answers; {measured}", table(shown, names))


def _told_apart(words: Sequence[str], frameworks: Sequence[str]) -> tuple[str | None, list[str]]:
    """The chapter among the words, if there is one, and the frameworks: first those of the option, then those of the words.

    Raises UsageError for a second chapter, and for a word that is neither."""
    named, chapters = [*frameworks], []
    for word in words:
        if word in CHAPTERS:
            chapters.append(word)
        elif word.partition("[")[0] in TABLE or meant(word):
            named.append(word)
        else:
            chosen(word, None)
    if len(chapters) > 1:
        raise UsageError(f"{' and '.join(chapters)} are two chapters: name one, or none for all")
    return (chapters[0] if chapters else None), named


def chosen(chapter: str | None, item: str | None) -> list[Question]:
    """The questions of a chapter, or of an item such as `batch_norm` or `batch_norm.epsilon`."""
    if chapter is not None and chapter not in CHAPTERS:
        is_item = any(chapter in (question.name, question.name.partition(".")[0]) for question in QUESTIONS)
        close = did_you_mean(chapter, CHAPTERS)
        here = (
            f"`{chapter}` is an item: parity atlas --item {chapter}; chapters" if is_item else f"no chapter `{chapter}`; there"
        )
        raise UsageError(f"{here} are: {', '.join(CHAPTERS)}; frameworks are: {', '.join(training())}{close}")
    questions = [question for question in QUESTIONS if chapter in (None, question.chapter)]
    if item is None:
        return questions
    wanted = [question for question in questions if item in (question.name, question.name.partition(".")[0])]
    if not wanted:
        where = "" if chapter is None else f" in the chapter {chapter}"
        raise UsageError(f"no item `{item}`{where}{_meant(item, questions)}; `parity atlas` shows every name")
    return wanted


def _meant(word: str, questions: Sequence[Question]) -> str:
    """`; did you mean …` with the nearest items and names of questions, which are spelled alike or share a part of the word."""
    names = dict.fromkeys(
        [*(question.name.partition(".")[0] for question in questions), *(question.name for question in questions)]
    )
    spelled = "_".join(word.lower().replace("-", " ").replace("_", " ").split())
    near = get_close_matches(spelled, names, n=3, cutoff=0.6)
    near += [name for name in names if spelled and spelled in (name.partition(".")[2], name.replace(".", "_"))]
    parts = {part for part in spelled.replace(".", "_").split("_") if len(part) > 2}
    sharing = {name: len(parts & {*name.replace(".", "_").split("_")}) for name in names}
    most = max(sharing.values(), default=0)
    near += [name for name in names if 0 < most == sharing[name]][:3]
    near = list(dict.fromkeys(near))[:5]
    return f"; did you mean {' or '.join(near)}?" if near else ""


def ask(questions: Sequence[Question], frameworks: Sequence[str]) -> tuple[list[AtlasRow], dict[str, str]]:
    """The rows, and the version of each framework that answered."""
    trials = [
        Trial(
            Case(spec=question.name, task="question", dtype="float32", mode="eager"), question.inputs, lambda _: [], "question"
        )
        for question in questions
    ]
    answers: dict[str, dict[str, Answer]] = {question.name: {} for question in questions}
    versions: dict[str, str] = {}
    with supervisor_client.folder("parity-atlas-") as folder, bar("atlas", len(trials) * len(frameworks)) as shown:
        session = Session(folder, frameworks, on_record=lambda framework, record: shown.advance(f"{framework} {record.case}"))
        for judged, question in zip(session.run(trials), [*questions] * len(frameworks), strict=True):
            answers[question.name][judged.framework] = _cell(question, judged)
            if judged.record.framework_version:
                versions[judged.framework] = judged.record.framework_version
    return [
        AtlasRow(question.name, question.chapter, question.text, question.advice, answers[question.name])
        for question in questions
    ], versions


def _cell(question: Question, judged: JudgedTrial) -> Answer:
    record = judged.record
    if record.outcome == "ran" and record.arrays:
        try:
            return answer(question, array_files.load(judged.out, record.arrays))
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
            return Answer("no answer that can be read", measured=False)
    if record.outcome == "crashed":
        return Answer(f"raises {record.reason.split(':')[0]}", measured=True)
    return Answer("—" if record.outcome == "unsupported" else record.outcome, measured=False)
