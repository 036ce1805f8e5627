"""Owns the pairing of several layers of the same shape: by which layer feeds which, as far as that is known, then by order.

It refuses to compare shapes; layer_mapping.py hands it groups of layers that could all correspond to one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parity.comparing.model_structure import Structure


@dataclass(frozen=True)
class Links:
    """For each layer with weights, the layers that feed it and the layers that it feeds. Code without a layer hides a link."""

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
    """Adds the layers of each group to `pairs`: by name if both models use the same names; the last layer left of a group with
    the last of the other model; layers next to a pair already made; and otherwise the first layer left with the first.

    Links matter since a block's shortcut may be called before or behind its main path: its norm follows its convolution.
    """
    open_groups = [(list(left), list(right)) for left, right in groups]
    for left, right in open_groups:
        if set(left) == set(right):
            pairs |= {name: name for name in left}
        elif _alone(left, ours) or _alone(right, theirs):
            pairs |= dict(zip(left, right, strict=True))  # no link of one model is known: only the order tells
    while True:
        ends = set(pairs.values())
        open_groups = [
            ([name for name in left if name not in pairs], [name for name in right if name not in ends])
            for left, right in open_groups
        ]
        open_groups = [group for group in open_groups if group[0]]
        if not open_groups:
            return
        assigned = _certain(open_groups, ours, theirs, pairs) or _first(open_groups[0], ours, theirs, pairs)
        pairs |= assigned
        _chained(open_groups, assigned, ours, theirs, pairs)


def _alone(names: Sequence[str], links: Links) -> bool:
    """Whether none of these layers has a known link."""
    return not any(links.before[name] or links.after[name] for name in names)


def _chained(
    groups: Sequence[tuple[Sequence[str], Sequence[str]]],
    assigned: Mapping[str, str],
    ours: Links,
    theirs: Links,
    pairs: dict[str, str],
) -> None:
    """Adds the pairs that follow from the ones found, along chains of any length: the only neighbours of a pair's two layers
    are a pair too if they are of one group."""
    group = {name: number for number, (left, _) in enumerate(groups) for name in left}
    other_group = {name: number for number, (_, right) in enumerate(groups) for name in right}
    waiting, ends = list(assigned.items()), set(pairs.values())
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
    """The pairs that are certain: the only layers left of a group, and layers next to a pair if the other model has only one
    layer of the group next to that pair."""
    assigned = dict[str, str]()
    for left, right in groups:
        if len(left) == 1:
            assigned[left[0]] = right[0]
            continue
        for name in left:
            if pairs.keys().isdisjoint(ours.before[name] | ours.after[name]):
                continue  # no neighbour is known yet
            fitting = [word for word in right if _told(name, word, ours, theirs, pairs) > 0]
            rivals = [name for name in left if fitting and _told(name, fitting[0], ours, theirs, pairs) > 0]
            if len(fitting) == len(rivals) == 1:
                assigned[name] = fitting[0]
    return assigned


def _first(group: tuple[Sequence[str], Sequence[str]], ours: Links, theirs: Links, pairs: Mapping[str, str]) -> dict[str, str]:
    """Our first layer of a group, with the first of their layers for which most speaks (`_told`)."""
    left, right = group
    return {left[0]: max(right, key=lambda name: _told(left[0], name, ours, theirs, pairs))}


def _told(name: str, other: str, ours: Links, theirs: Links, pairs: Mapping[str, str]) -> int:
    """How much the neighbours say for two layers being the same. Each side (before, after) adds 1 if a pair is next to both,
    and -1 if the neighbours of both are known and no pair is among them."""
    score = 0
    for mine, their in ((ours.before[name], theirs.before[other]), (ours.after[name], theirs.after[other])):
        counterparts = {pairs[name] for name in mine if name in pairs}
        if counterparts & their:
            score += 1
        elif counterparts and their and their <= set(pairs.values()):
            score -= 1
    return score
