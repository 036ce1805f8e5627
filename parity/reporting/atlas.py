"""Owns the atlas's page: rows to Markdown and HTML, and the data that they are made from. Pure, but for `write` and `read`.

It refuses an answer that was not measured: cells come from rows alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from parity.atlas.chapters import CHAPTERS
from parity.atlas.defaults import MEANINGS
from parity.atlas.question import Answer
from parity.fingerprinting.forms.draws import SHAPES
from parity.reporting import pages

FORMAT = 3


@dataclass(frozen=True)
class Row:
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
        return len({words.get(one, one) for one in meant}) > 1

    @property
    def command(self) -> str:
        """What asks this again."""
        return f"parity atlas --item {self.name}"

    def remedy(self, here: str, there: str) -> str:
        """What gives `here`'s behaviour in `there`: the advice, or where there is none the value for the other's argument."""
        if not self.differs:
            return ""
        wanted, place = self.answers[here], self.answers[there].where
        if self.advice or not place or not wanted.measured or wanted.text in ("required", "None"):
            return self.advice
        owner, argument = place.rstrip(")").split("(")
        if "[" in argument:
            return f"in {there}: set {argument} = {wanted.text} of {owner}"
        return f"in {there}: {owner}({argument}={wanted.text})"

    @property
    def remedies(self) -> str:
        """The advice, or for defaults where each one is set; nothing where nothing differs."""
        if self.advice or not self.differs:
            return self.advice if self.differs else ""
        places = [answer.where for answer in self.answers.values() if answer.where]
        return f"set {'; '.join(places)}" if places else ""


@dataclass(frozen=True)
class Gap:
    """One native object with its own defaults against a definition. same: at its values; published: at the definition's own.

    Relative to the greatest update or result; infinite where shapes differ. rounding: none of what is drawn, not computed."""

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
        """What names the formula again."""
        return f"parity fingerprint {self.path}"

    @property
    def defaults(self) -> str:
        return ", ".join(f"{name} {value:g}" for name, value in self.values.items())


def size(gap: float | None) -> str:
    """A gap as one reads it."""
    if gap is None:
        return "—"
    return "another shape" if gap == float("inf") else "0" if gap == 0 else f"{gap:.1e}"


def rounded(gap: Gap) -> str:
    """Draws are chance's: they say so instead of a number."""
    return "none: a draw" if gap.rounding is None else size(gap.rounding)


def marked(row: Row, framework: str) -> str:
    """The cell of a framework, marked where the answers of the row differ."""
    answer = row.answers[framework]
    if not answer.measured:
        return answer.text
    return f"≠ {answer.text}" if row.differs else answer.text


def rendered(rows: Sequence[Row], versions: Mapping[str, str], gaps: Sequence[Gap], folder: Path) -> dict[Path, str]:
    """Path -> text of the two pages."""
    shapes = " and ".join("×".join(map(str, shape)) for shape in SHAPES.values())
    context = {**_context(rows, versions), "gaps": gaps, "size": size, "rounded": rounded, "shapes": shapes}
    return {
        folder / "atlas.md": pages.environment(False).get_template("atlas.md.j2").render(**context),
        folder / "atlas.html": pages.environment(True).get_template("atlas.html.j2").render(**context),
    }


def _context(rows: Sequence[Row], versions: Mapping[str, str]) -> dict[str, Any]:
    chapters = {title: [row for row in rows if row.chapter == name] for name, title in CHAPTERS.items()}
    return {
        "chapters": {title: found for title, found in chapters.items() if found},
        "versions": versions,
        "frameworks": list(versions),
        "marked": marked,
        "differing": sum(row.differs for row in rows),
        "total": len(rows),
    }


def write(rows: Sequence[Row], versions: Mapping[str, str], gaps: Sequence[Gap], folder: Path) -> list[Path]:
    """Writes data/atlas.json and the pages made from it."""
    data = folder / "data" / "atlas.json"
    data.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(asdict(row), sort_keys=True, ensure_ascii=False) for row in rows)
    objects = ",\n".join(json.dumps(_spelled(gap), sort_keys=True, ensure_ascii=False) for gap in gaps)
    head = f'{{"format": {FORMAT}, "versions": {json.dumps(versions)}'
    data.write_text(f'{head}, "rows": [\n{lines}\n], "gaps": [\n{objects}\n]}}\n', encoding="utf-8")
    files = rendered(*read(data), folder)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return [data, *files]


def _spelled(gap: Gap) -> dict[str, Any]:
    """JSON has neither infinity nor NaN: they travel as words."""
    return {key: str(one) if isinstance(one, float) and not isfinite(one) else one for key, one in asdict(gap).items()}


def _gap(found: Mapping[str, Any]) -> Gap:
    numbers = {name: None if found[name] is None else float(found[name]) for name in ("same", "published", "rounding")}
    return Gap(**{**found, **numbers})


def read(path: Path) -> tuple[list[Row], dict[str, str], list[Gap]]:
    """The rows, versions and gaps of a data file."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if found.get("format") != FORMAT:
        raise ValueError(f"{path}: format {found.get('format')!r} is not {FORMAT}: ask again by `parity atlas -o reports`")
    gaps = [_gap(one) for one in found["gaps"]]
    rows = [Row(**{**row, "answers": {name: Answer(**one) for name, one in row["answers"].items()}}) for row in found["rows"]]
    return rows, found["versions"], gaps
