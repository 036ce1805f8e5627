"""Owns the atlas's page: rows to Markdown and HTML, and the data that they are made from. Pure, but for `write` and `read`.

It refuses an answer that was not measured: cells come from rows alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parity.atlas.chapters import CHAPTERS
from parity.atlas.question import Answer
from parity.reporting import pages


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
        return len({answer.meaning for answer in self.answers.values() if answer.measured}) > 1

    @property
    def command(self) -> str:
        """What asks this again."""
        return f"parity atlas --item {self.name}"

    def remedy(self, here: str, there: str) -> str:
        """What gives `here`'s behaviour in `there`."""
        wanted, place = self.answers[here], self.answers[there].where
        if not place or not wanted.measured or wanted.text in ("required", "None") or not self.differs:
            return self.advice
        owner, argument = place.rstrip(")").split("(")
        if "[" in argument:
            return f"in {there}: set {argument} = {wanted.text} of {owner}"
        return f"in {there}: {owner}({argument}={wanted.text})"

    @property
    def remedies(self) -> str:
        """The advice, or for defaults where each one is set."""
        if self.advice or not self.differs:
            return self.advice
        places = [answer.where for answer in self.answers.values() if answer.where]
        return f"set {'; '.join(places)}" if places else ""


def marked(row: Row, framework: str) -> str:
    """The cell of a framework, marked where the answers of the row differ."""
    answer = row.answers[framework]
    if not answer.measured:
        return answer.text
    return f"≠ {answer.text}" if row.differs else answer.text


def rendered(rows: Sequence[Row], versions: Mapping[str, str], folder: Path) -> dict[Path, str]:
    """Path -> text of the two pages."""
    context = _context(rows, versions)
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


def write(rows: Sequence[Row], versions: Mapping[str, str], folder: Path) -> list[Path]:
    """Writes data/atlas.json and the pages made from it."""
    data = folder / "data" / "atlas.json"
    data.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(asdict(row), sort_keys=True, ensure_ascii=False) for row in rows)
    data.write_text(f'{{"format": 1, "versions": {json.dumps(versions)}, "rows": [\n{lines}\n]}}\n', encoding="utf-8")
    files = rendered(*read(data), folder)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return [data, *files]


def read(path: Path) -> tuple[list[Row], dict[str, str]]:
    """The rows and versions of a data file."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if found.get("format") != 1:
        raise ValueError(f"{path}: format {found.get('format')!r} is not 1")
    rows = [Row(**{**row, "answers": {name: Answer(**one) for name, one in row["answers"].items()}}) for row in found["rows"]]
    return rows, found["versions"]
