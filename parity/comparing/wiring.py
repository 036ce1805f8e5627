"""Owns which of several layers of the same shape are the same: by what feeds what, as far as that is known, then by order.

It refuses to compare shapes; mapping.py hands it layers that could all stand for one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parity.comparing.structures import Structure


@dataclass(frozen=True)
class Links:
    """What feeds each layer with weights, and what it feeds. Where code without a layer lies between, nothing is known."""

    before: Mapping[str, set[str]]
    after: Mapping[str, set[str]]

    @staticmethod
    def of(structure: Structure) -> Links:
        before = {leaf.name: structure.fed_by(leaf.name) for leaf in structure.weighted()}
        after: dict[str, set[str]] = {name: set() for name in before}
        for name, feeding in before.items():
            for word in feeding:
                after.setdefault(word, set()).add(name)
        return Links(before, after)


def pair(groups: Sequence[tuple[Sequence[str], Sequence[str]]], ours: Links, theirs: Links, pairs: dict[str, str]) -> None:
    """Adds the layers of each group to the pairs: by name where both models use the same names; those that alone are left of a
    group; those that a pair feeds, or that feed it; and where nothing tells, the first that is left with the first.

    A block's shortcut may be called before or behind its main path: its norm follows its convolution.
    """
    open_groups = [(list(left), list(right)) for left, right in groups]
    for left, right in open_groups:
        if set(left) == set(right):
            pairs |= {name: name for name in left}
        elif _alone(left, ours) or _alone(right, theirs):
            pairs |= dict(zip(left, right, strict=True))  # of one model nothing is known: nothing tells but the order
    while True:
        ends = set(pairs.values())
        open_groups = [
            ([name for name in left if name not in pairs], [name for name in right if name not in ends])
            for left, right in open_groups
        ]
        open_groups = [group for group in open_groups if group[0]]
        if not open_groups:
            return
        found = _certain(open_groups, ours, theirs, pairs) or _first(open_groups[0], ours, theirs, pairs)
        pairs |= found
        _chained(open_groups, found, ours, theirs, pairs)


def _alone(names: Sequence[str], links: Links) -> bool:
    """Whether nothing is known to feed any of these, or to be fed by one."""
    return not any(links.before[name] or links.after[name] for name in names)


def _chained(
    groups: Sequence[tuple[Sequence[str], Sequence[str]]],
    found: Mapping[str, str],
    ours: Links,
    theirs: Links,
    pairs: dict[str, str],
) -> None:
    """Adds what follows at once, however long the chain: a pair's only neighbours, of one group, are a pair too."""
    group = {name: number for number, (left, _) in enumerate(groups) for name in left}
    other_group = {name: number for number, (_, right) in enumerate(groups) for name in right}
    waiting, ends = list(found.items()), set(pairs.values())
    while waiting:
        mine, other = waiting.pop()
        for near, far in ((ours.after, theirs.after), (ours.before, theirs.before)):
            left = [name for name in near.get(mine, ()) if name not in pairs]
            right = [name for name in far.get(other, ()) if name not in ends]
            same = len(near.get(mine, ())) == len(far.get(other, ())) == len(left) == len(right) == 1
            if same and group.get(left[0], -1) == other_group.get(right[0], -2):
                pairs[left[0]] = right[0]
                ends.add(right[0])
                waiting.append((left[0], right[0]))


def _certain(
    groups: Sequence[tuple[Sequence[str], Sequence[str]]], ours: Links, theirs: Links, pairs: Mapping[str, str]
) -> dict[str, str]:
    """Those that are alone, or whose neighbour in a pair is neighbour to one alone of the other's."""
    found = dict[str, str]()
    for left, right in groups:
        if len(left) == 1:
            found[left[0]] = right[0]
            continue
        for name in left:
            if pairs.keys().isdisjoint(ours.before[name] | ours.after[name]):
                continue  # no neighbour is known yet
            fitting = [word for word in right if _told(name, word, ours, theirs, pairs) > 0]
            rivals = [name for name in left if fitting and _told(name, fitting[0], ours, theirs, pairs) > 0]
            if len(fitting) == len(rivals) == 1:
                found[name] = fitting[0]
    return found


def _first(group: tuple[Sequence[str], Sequence[str]], ours: Links, theirs: Links, pairs: Mapping[str, str]) -> dict[str, str]:
    """The first of ours with the first of theirs against which least speaks."""
    left, right = group
    return {left[0]: max(right, key=lambda name: _told(left[0], name, ours, theirs, pairs))}


def _told(name: str, other: str, ours: Links, theirs: Links, pairs: Mapping[str, str]) -> int:
    """What the neighbours say for two layers being the same: 1 for each side where a pair neighbours both, -1 where the
    neighbours of both are known and none is a pair."""
    told = 0
    for mine, their in ((ours.before[name], theirs.before[other]), (ours.after[name], theirs.after[other])):
        known = {pairs[name] for name in mine if name in pairs}
        if known & their:
            told += 1
        elif known and their and their <= set(pairs.values()):
            told -= 1
    return told
