"""Owns the list of settings in which mapped layers differ, reported together with the first departure.

It refuses to judge: a setting that differs may change no number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parity.comparing.judged_tensors import TensorVerdict
from parity.comparing.tensor_pairs import Side

TOLD = (
    *("epsilon", "momentum", "slope", "alpha", "beta", "form", "groups", "heads", "strides", "dilation", "window", "axis"),
    *(
        "activation",
        "recurrent_activation",
        "reset_after",
        "backwards",
        "count_padding",
        "ceil",
        "mode",
        "align_corners",
        "fix_gamma",
    ),
)
"""Words that mean the same in every framework."""


def settings(ours: Side, theirs: Side, calls: Sequence[tuple[int, int]]) -> Iterator[TensorVerdict]:
    """One finding for each pair of mapped layers whose settings differ, in the order of the calls, with both values."""
    names = set[str]()
    for mine, other in calls:
        left, right = (side.structure.leaf(side.structure.calls[at].leaf) for side, at in ((ours, mine), (theirs, other)))
        words = [word for word in TOLD if word in left.settings and word in right.settings]
        said = [
            f"{word} {left.settings[word]} in {ours.structure.label}, {right.settings[word]} in {theirs.structure.label}"
            for word in words
            if _differ(left.settings[word], right.settings[word])
        ]
        if said and left.kind == right.kind and left.name not in names:
            names.add(left.name)
            yield TensorVerdict("setting", ours.structure.title(mine), "float64", "agrees", reason="; ".join(said))


def _differ(mine: object, other: object) -> bool:
    if isinstance(mine, float) and isinstance(other, float):
        return abs(mine - other) > 1e-6 * max(abs(mine), abs(other))  # rounding to float32 makes no other setting
    return mine is not None and other is not None and type(mine) is type(other) and mine != other
