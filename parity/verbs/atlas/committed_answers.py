"""Owns the answers that come with parity: the committed atlas. It refuses to ask a framework a question.

`setup.py` puts the records of reports/ into the wheel, in the folder `_answers` of the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import parity
from parity.atlas.question import Question
from parity.execution.launcher import environments
from parity.reporting import atlas
from parity.reporting.atlas import AtlasRow


@cache
def _read() -> tuple[dict[str, AtlasRow], dict[str, str]]:
    """Name -> row, and framework -> version; both empty if parity was installed without answers."""
    package = Path(parity.__file__).resolve().parent
    places = (package / "_answers" / "data" / "atlas.json", package.parent / "reports" / "data" / "atlas.json")
    for file in places:
        if file.is_file():
            rows, versions, _ = atlas.read(file)
            return {row.name: row for row in rows}, versions
    return {}, {}


def outdated(questions: Sequence[Question], frameworks: Sequence[str]) -> str:
    """Why the answers that come with parity do not suffice; "" if they do. They may lack a question or a framework, or be of
    another version than the one installed here.

    frameworks: the ones that the user named; none means all that come with parity."""
    rows, versions = _read()
    if missing := [question.name for question in questions if question.name not in rows]:
        return f"no answer to {missing[0]} travels with parity"
    if missing := [name for name in frameworks if name not in versions]:
        return f"no answer of {', '.join(missing)} travels with parity"
    for name in frameworks or versions:
        if not environments.stands(name):
            continue
        here = environments.framework_version(name)
        if here and here != versions[name]:
            return f"{name} {here} is installed here, and what travels with parity is of {versions[name]}"
    return ""


def answers(questions: Sequence[Question], frameworks: Sequence[str]) -> tuple[list[AtlasRow], dict[str, str]]:
    """The rows of the questions with the answers of these frameworks, in their order (all frameworks if none is named), and the
    versions."""
    rows, versions = _read()
    names = frameworks or tuple(versions)
    chosen = [rows[question.name] for question in questions]
    return (
        [replace(row, answers={name: row.answers[name] for name in names}) for row in chosen],
        {name: versions[name] for name in names},
    )
