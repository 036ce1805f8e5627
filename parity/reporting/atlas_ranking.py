"""Owns the atlas's rows as the site shows them: ranked by what happens to who does not heed them, the odd one out marked.

It refuses to weigh rows by hand: the rank follows from consequences alone, and ties from the name.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import isfinite

from parity.atlas.consequences import KINDS, Consequence
from parity.atlas.defaults import MEANINGS
from parity.reporting.atlas import AtlasRow
from parity.reporting.site_material import SiteMaterial


@dataclass(frozen=True)
class AtlasEntry:
    """A row with its rank. odd: who answers unlike most, or everybody where no two agree. alone: one against the others."""

    row: AtlasRow
    odd: Sequence[str]
    alone: bool
    consequences: Mapping[tuple[str, str], Consequence]

    @property
    def worst(self) -> Consequence | None:
        """What happens at worst, over all pairs; None where nothing differs."""
        return min(self.consequences.values(), key=lambda consequence: consequence.rank, default=None)

    @property
    def pairs(self) -> str:
        """`keras torch silent_large 0.9`, joined by semicolons, for the page's script."""
        return ";".join(
            f"{here} {there} {consequence.kind} {_plain(consequence.size)} {int(consequence.ordinary)}"
            for (here, there), consequence in sorted(self.consequences.items())
        )

    @property
    def remedies(self) -> str:
        """JSON: `here>there` -> what to do, where it hangs on the direction; nothing where one advice stands for all."""
        if self.row.advice or not self.row.differs:
            return ""
        answered = [name for name, answer in self.row.answers.items() if answer.measured]
        advice = {
            f"{here}>{there}": self.row.between(here, there).remedy(here, there) for here, there in permutations(answered, 2)
        }
        kept = {pair: text for pair, text in advice.items() if text}
        return json.dumps(kept, ensure_ascii=False, sort_keys=True) if kept else ""

    @property
    def sort(self) -> str:
        """A number that sorts the worst first."""
        worst = self.worst
        if worst is None:
            return "9"
        kind, special, size = worst.rank
        return f"{kind + 0.5 * special - min(-size, 4.0) / 10 if isfinite(size) else kind + 0.5 * special - 0.45:.6f}"


def entries(material: SiteMaterial) -> list[AtlasEntry]:
    """Every row, the worst first, rows without a difference last."""
    atlas_entries = [AtlasEntry(row, *odd_ones(row), material.consequences.get(row.name, {})) for row in material.atlas]
    return sorted(
        atlas_entries, key=lambda entry: (entry.worst is None, entry.worst.rank if entry.worst else (), entry.row.name)
    )


def odd_ones(row: AtlasRow) -> tuple[tuple[str, ...], bool]:
    """Who answers unlike most, and whether most agree. Everybody who answered where no two agree; nobody where all do."""
    words = MEANINGS.get(row.name, {})
    meant = {name: words.get(answer.meaning, answer.meaning) for name, answer in row.answers.items() if answer.measured}
    counts = Counter(meant.values())
    if len(counts) < 2:
        return (), False
    (most, times), (_, second) = counts.most_common(2)
    if times == second:
        return tuple(meant), False
    return tuple(name for name, meaning in meant.items() if meaning != most), True


def kind_counts(atlas_entries: Iterable[AtlasEntry]) -> dict[str, int]:
    """Kind -> how many rows have it at worst."""
    counts = Counter(entry.worst.kind for entry in atlas_entries if entry.worst)
    return {kind: counts[kind] for kind in KINDS}


def of_pair(atlas_entries: Iterable[AtlasEntry], here: str, there: str) -> list[tuple[AtlasEntry, Consequence]]:
    """The rows that differ between two frameworks, the worst first."""
    pair = (min(here, there), max(here, there))
    pairs = [(entry, entry.consequences[pair]) for entry in atlas_entries if pair in entry.consequences]
    return sorted(pairs, key=lambda item: (item[1].rank, item[0].row.name))


def of_items(atlas_entries: Iterable[AtlasEntry], items: Iterable[str]) -> list[AtlasEntry]:
    """The rows about some items, such as the ops of a network; only those that differ."""
    wanted = set(items)
    return [entry for entry in atlas_entries if entry.worst and entry.row.name.partition(".")[0] in wanted]


def _plain(size: float | None) -> str:
    return "-" if size is None else "inf" if not isfinite(size) else f"{size:.3g}"
