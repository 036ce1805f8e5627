"""Owns the atlas over releases: what each release of a framework answered to each question, and the changes that follow.

`data/history.json` holds, for each question, the releases in which its answer became another. It refuses answers that no
release gave, and a change that lies between two releases which were not measured one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from parity.execution import sealed
from parity.execution.damaged_files import CHECKSUM, Damaged, checksummed
from parity.reporting import row_checks

FORMAT = 1
FILE = "history.json"
MEND = "take the committed file again (`git checkout`), or measure again: parity atlas FRAMEWORK --history --measure -o reports"
UNASKED = ("—", "unavailable", "crashed", "timed_out", "out_of_memory")
"""Texts of cells that are no answer of the framework."""


@dataclass(frozen=True)
class ReleaseHistory:
    """The answers of one framework's releases. releases: the oldest first. beside: what stood beside it in every environment.

    answers: question -> for each release in which the answer differs from the one before: the release's place, and the text.
    """

    framework: str
    releases: Sequence[str]
    beside: Mapping[str, str]
    answers: Mapping[str, Sequence[tuple[int, str]]]

    def answer(self, question: str, place: int) -> str:
        """What the release at a place answered."""
        return next(text for since, text in reversed(self.answers[question]) if since <= place)


@dataclass(frozen=True)
class AnswerChange:
    """An answer that became another in one release. known: whether both are answers; otherwise one could not be asked."""

    framework: str
    release: str
    before: str
    question: str
    old: str
    new: str

    @property
    def known(self) -> bool:
        return self.old not in UNASKED and self.new not in UNASKED


def of_answers(framework: str, beside: Mapping[str, str], told: Sequence[tuple[str, Mapping[str, str]]]) -> ReleaseHistory:
    """The history of a framework. told: for each release, the oldest first, question -> the text of its answer."""
    answers: dict[str, list[tuple[int, str]]] = {}
    for place, (_, texts) in enumerate(told):
        for question, text in texts.items():
            kept = answers.setdefault(question, [])
            if not kept or kept[-1][1] != text:
                kept.append((place, text))
    return ReleaseHistory(framework, [release for release, _ in told], dict(beside), answers)


def changes(history: ReleaseHistory) -> list[AnswerChange]:
    """Every change, the newest release first, then by question."""
    found = [
        AnswerChange(history.framework, history.releases[place], history.releases[place - 1], question, old, new)
        for question, texts in history.answers.items()
        for (_, old), (place, new) in pairwise(texts)
    ]
    places = {release: place for place, release in enumerate(history.releases)}
    return sorted(found, key=lambda change: (-places[change.release], change.question))


def write(histories: Sequence[ReleaseHistory], made: str, folder: Path) -> Path:
    """Writes the file. made: the day on which the releases were asked."""
    body = {
        "format": FORMAT,
        "made": made,
        "frameworks": {
            history.framework: {
                "releases": list(history.releases),
                "beside": dict(history.beside),
                "answers": {name: [list(text) for text in texts] for name, texts in sorted(history.answers.items())},
            }
            for history in sorted(histories, key=lambda history: history.framework)
        },
    }
    path = folder / FILE
    folder.mkdir(parents=True, exist_ok=True)
    sealed.replace(path, json.dumps(checksummed(body), indent=0, ensure_ascii=False, sort_keys=True) + "\n")
    return path


def read(path: Path) -> tuple[list[ReleaseHistory], str]:
    """The histories and the day. Raises Damaged if the file is not whole, or a field has an impossible value."""
    found = sealed.read_checksummed(path, MEND)
    if found.get("format") != FORMAT:
        raise Damaged(f"{path}: format {row_checks.shown(found.get('format'))} is not {FORMAT}: {MEND}")
    if wrong := _problem(found):
        raise Damaged(f"{path}: {wrong}: {MEND}")
    return [
        ReleaseHistory(
            name,
            tuple(told["releases"]),
            told["beside"],
            {question: tuple((place, text) for place, text in texts) for question, texts in told["answers"].items()},
        )
        for name, told in found["frameworks"].items()
    ], found["made"]


def _problem(found: Mapping[str, Any]) -> str:
    if set(found) - {CHECKSUM} != {"format", "made", "frameworks"} or not isinstance(found["frameworks"], dict):
        return "it has `format`, `made` and `frameworks`"
    if not row_checks.day(found["made"]):
        return "`made` is a day, such as 2026-11-21"
    for name, told in found["frameworks"].items():
        if not row_checks.word(name) or not isinstance(told, dict) or set(told) != {"releases", "beside", "answers"}:
            return f"{row_checks.shown(name)} has `releases`, `beside` and `answers`"
        if not row_checks.each(row_checks.word)(told["releases"]) or not row_checks.words(told["beside"]):
            return f"{name}: `releases` and `beside` are versions"
        if not isinstance(told["answers"], dict):
            return f"{name}: `answers` is a table"
        for question, texts in told["answers"].items():
            if not row_checks.word(question) or not _texts(texts, len(told["releases"])):
                return f"{name}: the answers to {row_checks.shown(question)} are no places with texts"
    return ""


def _texts(value: Any, releases: int) -> bool:
    """Whether places rise from the first release, each with a text."""
    pairs = isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and row_checks.count(pair[0]) and row_checks.text(pair[1]) for pair in value
    )
    if not pairs or not value:
        return False
    places = [pair[0] for pair in value]
    return places[0] == 0 and places == sorted(set(places)) and places[-1] < releases
