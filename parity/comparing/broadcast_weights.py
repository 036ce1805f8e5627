"""Owns weights that have the same role but different shapes in two models: shapes that differ by axes of length 1, or a number
for each element in one model and a number for each channel, or a single number, in the other.

It refuses to fit two shapes of which neither can be broadcast to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod

from parity.comparing import layouts
from parity.comparing.layouts import Placement
from parity.execution.own_model.layers import OwnLayer, Shape, Weight


def same(ours: Weight, theirs: Weight) -> bool:
    """Whether two weights have the same neutral shape when axes of length 1 are ignored."""
    return shape(ours) == shape(theirs)


def shape(weight: Weight) -> Shape:
    return layouts.squeezed(layouts.of(weight)).neutral


def roles(ours: OwnLayer, theirs: OwnLayer) -> bool:
    """Whether two layers are of one kind and have the same roles, each with shapes that are equal or can be broadcast."""
    own, other = ({weight.role: {"": layouts.of(weight)} for weight in leaf.weights} for leaf in (ours, theirs))
    if ours.kind != theirs.kind or own.keys() != other.keys() or not own:
        return False
    both = ({"ours": own[role][""], "theirs": other[role][""]} for role in own)
    return all(len({placement.neutral for placement in fitted(placements).values()}) == 1 for placements in both)


def fitted(placements: Mapping[str, Placement]) -> dict[str, Placement]:
    """The placements with one common neutral shape; unchanged if there is none."""
    same_shape = {placement.neutral for placement in placements.values()}
    if len(same_shape) < 2:
        return dict(placements)
    narrow = {label: layouts.squeezed(placement) for label, placement in placements.items()}
    if len({placement.neutral for placement in narrow.values()}) == 1:
        return narrow
    least = min((placement.neutral for placement in placements.values()), key=prod)
    wanted = () if prod(least) == 1 else least
    spread = {label: _spread(placement, wanted) for label, placement in placements.items()}
    fitting = {label: placement for label, placement in spread.items() if placement is not None}
    return fitting if len(fitting) == len(placements) else dict(placements)


def _spread(placement: Placement, wanted: Shape) -> Placement | None:
    whole = placement.neutral
    if placement.gates or whole[: len(wanted)] != wanted:
        return None
    return replace(placement, spread=whole[len(wanted) :])
