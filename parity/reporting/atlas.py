"""Owns the atlas's pages in Markdown and HTML, and the rows that they are made from. Pure, except `write` and `read`.

It refuses answers that were not measured: cells come from rows alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from parity.atlas.chapters import CHAPTERS
from parity.atlas.defaults import MEANINGS
from parity.atlas.question import Answer
from parity.execution import sealed
from parity.execution.damaged_files import CHECKSUM, Damaged, checksummed, parsed
from parity.fingerprinting.forms.draws import SHAPES
from parity.reporting import pages, row_checks

FORMAT = 4
HISTORY = {3: "without a checksum", 4: "with a checksum of everything else"}
MEND = "take the committed file again (`git checkout`), or ask again by `parity atlas -o reports`"


@dataclass(frozen=True)
class AtlasRow:
    """One question with every framework's answer."""

    name: str
    chapter: str
    text: str
    advice: str
    answers: Mapping[str, Answer]

    @property
    def differs(self) -> bool:
        words = MEANINGS.get(self.name, {})
        meant = (answer.meaning for answer in self.answers.values() if answer.measured)
        return len({words.get(name, name) for name in meant}) > 1

    def between(self, *frameworks: str) -> AtlasRow:
        """The row with the answers of these frameworks alone."""
        return replace(self, answers={name: self.answers[name] for name in frameworks})

    @property
    def command(self) -> str:
        """The command that asks this question again."""
        return f"parity atlas --item {self.name}"

    def remedy(self, here: str, there: str) -> str:
        """How to get `here`'s behaviour in `there`: the advice, or, without advice, the value for `there`'s argument."""
        if not self.differs:
            return ""
        setting = self.setting(here, there)
        if setting is None:
            return self.advice
        owner, argument, value = setting
        if "[" in argument:
            return f"in {there}: set {argument} = {value} of {owner}"
        return f"in {there}: {owner}({argument}={value})"

    def setting(self, here: str, there: str) -> tuple[str, str, str] | None:
        """The owner, argument and written value that give `here`'s default in `there`; None if there is advice."""
        wanted, place = self.answers[here], self.answers[there].where
        alike = wanted.meaning == self.answers[there].meaning
        if self.advice or alike or not place or not wanted.measured or wanted.text in ("required", "None"):
            return None
        owner, argument = place.rstrip(")").split("(")
        number = re.fullmatch(r"-?[\d.]+(e-?\d+)?|True|False", wanted.text) or wanted.text.startswith("[")
        return owner, argument, wanted.text if number else repr(wanted.text)

    @property
    def remedies(self) -> str:
        """The advice, or, for defaults, the places where each is set; empty if the answers do not differ."""
        if self.advice or not self.differs:
            return self.advice if self.differs else ""
        places = [answer.where for answer in self.answers.values() if answer.where]
        return f"set {'; '.join(places)}" if places else ""


@dataclass(frozen=True)
class DefaultGap:
    """The gap between a native object with its defaults and a definition. same: the gap at the object's values. published: the
    gap at the definition's own values.

    Gaps are relative to the greatest update or result, and infinite if shapes differ. rounding: None for random draws."""

    path: str
    framework: str
    definition: str
    values: Mapping[str, float]
    formula: str
    same: float
    published: float | None
    rounding: float | None

    @property
    def command(self) -> str:
        """The command that names the formula again."""
        return f"parity fingerprint {self.path}"

    @property
    def defaults(self) -> str:
        return ", ".join(f"{name} {value:g}" for name, value in self.values.items())


def size(gap: float | None) -> str:
    """A gap in words or digits."""
    if gap is None:
        return "—"
    return "another shape" if gap == float("inf") else "0" if gap == 0 else f"{gap:.1e}"


def rounded(gap: DefaultGap) -> str:
    """The rounding part of a gap; for random draws, words that say there is none."""
    return "none: a draw" if gap.rounding is None else size(gap.rounding)


def marked(row: AtlasRow, framework: str) -> str:
    """The cell of a framework, marked if the answers of the row differ."""
    answer = row.answers[framework]
    if not answer.measured:
        return answer.text
    return f"≠ {answer.text}" if row.differs else answer.text


def rendered(
    rows: Sequence[AtlasRow], versions: Mapping[str, str], gaps: Sequence[DefaultGap], folder: Path
) -> dict[Path, str]:
    """Path -> text of the two pages."""
    shapes = " and ".join("×".join(map(str, shape)) for shape in SHAPES.values())
    context = {**_context(rows, versions), "gaps": gaps, "size": size, "rounded": rounded, "shapes": shapes}
    return {
        folder / "atlas.md": pages.environment(False).get_template("atlas.md.j2").render(**context),
        folder / "atlas.html": pages.environment(True).get_template("atlas.html.j2").render(**context),
    }


def _context(rows: Sequence[AtlasRow], versions: Mapping[str, str]) -> dict[str, Any]:
    chapters = {title: [row for row in rows if row.chapter == name] for name, title in CHAPTERS.items()}
    return {
        "chapters": {title: chapter for title, chapter in chapters.items() if chapter},
        "versions": versions,
        "frameworks": list(versions),
        "marked": marked,
        "differing": sum(row.differs for row in rows),
        "total": len(rows),
    }


def write(
    rows: Sequence[AtlasRow], versions: Mapping[str, str], gaps: Sequence[DefaultGap], folder: Path, made: str = ""
) -> list[Path]:
    """Writes data/atlas.json and the pages made from it. made: the day on which the frameworks were asked."""
    data = folder / "data" / "atlas.json"
    data.parent.mkdir(parents=True, exist_ok=True)
    sealed.replace(data, spelled(rows, versions, gaps, made))
    files = rendered(*read(data), folder)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return [data, *files]


def spelled(rows: Sequence[AtlasRow], versions: Mapping[str, str], gaps: Sequence[DefaultGap], made: str = "") -> str:
    """The text of the data file: a line a row and a gap, and the checksum of everything. made: the day, where it is known."""
    day = {"made": made} if made else {}
    contents = {"rows": [asdict(row) for row in rows], "gaps": [_spelled(gap) for gap in gaps]}
    checksum = checksummed({"format": FORMAT, **day, "versions": dict(versions), **contents})[CHECKSUM]
    lines, objects = (
        ",\n".join(json.dumps(entry, sort_keys=True, ensure_ascii=False) for entry in contents[key]) for key in ("rows", "gaps")
    )
    told_day = f'"made": "{made}", ' if made else ""
    head = f'{{"format": {FORMAT}, {told_day}"versions": {json.dumps(versions)}'
    return f'{head}, "rows": [\n{lines}\n], "gaps": [\n{objects}\n], "{CHECKSUM}": "{checksum}"}}\n'


def _spelled(gap: DefaultGap) -> dict[str, Any]:
    """A gap as JSON, which has no infinity and no NaN: they are written as words."""
    return {
        key: str(number) if isinstance(number, float) and not isfinite(number) else number
        for key, number in asdict(gap).items()
    }


def _gap(table: Mapping[str, Any]) -> DefaultGap:
    numbers = {name: None if table[name] is None else float(table[name]) for name in ("same", "published", "rounding")}
    return DefaultGap(**{**table, **numbers})


def read(path: Path, trusted: bool = False) -> tuple[list[AtlasRow], dict[str, str], list[DefaultGap]]:
    """The rows, versions and gaps of a data file. Raises Damaged if the file is incomplete, or a field has an impossible value.

    trusted: accepts a file of an earlier format, or edited by hand, without its checksum; every field is still checked.
    """
    text = sealed.text_of(path, MEND)
    try:
        contents = parsed(text)
        version = contents.get("format") if isinstance(contents, dict) else None
        if type(version) is not int or version not in HISTORY or (version != FORMAT and not trusted):
            raise ValueError(f"format {row_checks.shown(version)} is not {FORMAT}")
        if wrong := _problem(contents):
            raise ValueError(wrong)
        rows, gaps = [_row(row) for row in contents["rows"]], [_gap(gap) for gap in contents["gaps"]]
    except ValueError as error:
        raise Damaged(f"{path}: {error}: {MEND}") from None
    if not trusted and text != spelled(rows, contents["versions"], gaps, contents.get("made", "")):
        sealed.read_checksummed(path, MEND)
        raise Damaged(f"{path}: it is not spelled as it was written: {MEND}")
    return rows, contents["versions"], gaps


def told_day(path: Path) -> str:
    """The day on which the answers of a data file that `read` took were asked for; empty where it does not say."""
    return str(parsed(sealed.text_of(path, MEND)).get("made", ""))


def _row(table: Mapping[str, Any]) -> AtlasRow:
    return AtlasRow(**{**table, "answers": {name: Answer(**answer) for name, answer in table["answers"].items()}})


def _measured(value: Any) -> bool:
    """Whether a value is a number, or the word for a number that is not finite."""
    return row_checks.number(value) or value in ("inf", "-inf", "nan")


ANSWER: Mapping[str, row_checks.Check] = {
    "text": row_checks.text,
    "where": row_checks.text,
    "measured": lambda value: isinstance(value, bool),
}
ROW: Mapping[str, row_checks.Check] = {
    "name": row_checks.word,
    "chapter": row_checks.one_of(*CHAPTERS),
    "text": row_checks.text,
    "advice": row_checks.text,
    "answers": lambda value: isinstance(value, dict),
}
GAP: Mapping[str, row_checks.Check] = {
    "path": row_checks.line,
    "framework": row_checks.word,
    "definition": row_checks.text,
    "formula": row_checks.text,
    "values": lambda value: (
        isinstance(value, dict) and all(row_checks.line(key) and row_checks.number(item) for key, item in value.items())
    ),
    "same": _measured,
    **dict.fromkeys(("published", "rounding"), row_checks.optional(_measured)),
}


def _problem(contents: Mapping[str, Any]) -> str:
    """What is wrong with a data file's object, with the row's name, or nothing."""
    if not row_checks.day(contents.get("made", "2026-01-01")):
        return "`made` is a day, such as 2026-11-21"
    if not set(contents) <= {"format", "made", "versions", "rows", "gaps", CHECKSUM} or not {"versions", "rows", "gaps"} <= set(
        contents
    ):
        return "it has `format`, `versions`, `rows` and `gaps`"
    versions, rows, gaps = contents["versions"], contents["rows"], contents["gaps"]
    if not row_checks.words(versions) or not all(map(row_checks.word, versions)):
        return "`versions` is a table of frameworks"
    if not isinstance(rows, list) or not isinstance(gaps, list):
        return "`rows` and `gaps` are lists"
    for number, row in enumerate(rows, start=1):
        wrong = row_checks.problem(row, ROW, needed=ROW)
        if not wrong and not set(versions) <= set(row["answers"]):
            wrong = "a framework has no answer"
        problems = [] if wrong else [row_checks.problem(answer, ANSWER, needed=ANSWER) for answer in row["answers"].values()]
        if wrong := wrong or next(filter(None, problems), ""):
            return f"row {number}: {wrong}"
    problems = [row_checks.problem(gap, GAP, needed=GAP) for gap in gaps]
    return next((f"gap {number}: {wrong}" for number, wrong in enumerate(problems, start=1) if wrong), "")
