"""Owns where a framework disagrees with itself: the questions that its variants, such as Keras's backends, answer differently.

It refuses to compare two frameworks; the atlas's chapters do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parity.reporting.atlas import AtlasRow


@dataclass(frozen=True)
class Disagreement:
    """One framework with several columns. asked: how many questions they answered; rows: those with different answers, with
    the answers of these columns alone."""

    framework: str
    names: tuple[str, ...]
    asked: int
    rows: tuple[AtlasRow, ...]

    @property
    def title(self) -> str:
        return f"{self.framework.capitalize()} disagrees with itself"


def disagreements(rows: Sequence[AtlasRow], frameworks: Sequence[str]) -> list[Disagreement]:
    """One for each framework of which at least two variants are among the columns, in the columns' order."""
    groups: dict[str, list[str]] = {}
    for name in frameworks:
        groups.setdefault(name.partition("[")[0], []).append(name)
    found = []
    for framework, names in groups.items():
        if len(names) > 1:
            between = tuple(row.between(*names) for row in rows)
            found.append(Disagreement(framework, tuple(names), len(rows), tuple(row for row in between if row.differs)))
    return found
