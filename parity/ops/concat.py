"""concat: branches one after another along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.ops._axes import checked, past_batch, without
from parity.ops.definition import Array, Axis, Example, Floats, Rules, Run, Shape, ShapeError


def signature(*branches: Floats, axis: Axis = 0) -> Rules:
    yield from ()
    places = {checked(shape, axis) for shape in branches}
    if len({without(shape, axis) for shape in branches}) > 1:
        raise ShapeError(f"branches differ in more than axis {axis}: {', '.join(map(str, branches))}")
    place = places.pop()
    first = branches[0]
    return (*first[:place], sum(shape[place] for shape in branches), *first[place + 1 :])


def flops(shapes: dict[str, Any], outputs: dict[str, Shape], **_: Any) -> int:
    return 0


def forward(run: Run, *branches: Array, axis: int, **_: Any) -> tuple[Array, Any]:
    place = past_batch(axis)
    ends = np.cumsum([branch.shape[place] for branch in branches])[:-1]
    return np.concatenate(branches, axis=place), (ends, place)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, tuple[Array, ...]]:
    ends, place = saved
    return {"branches": tuple(np.split(dy, ends, axis=place))}


EXAMPLES = (
    Example({"branches": ((3, 5, 2), (7, 5, 2))}),
    Example({"branches": ((3, 5), (3, 7), (3, 2))}, {"axis": 1}, name="axis"),
    Example({"branches": ((3, 5), (3, 5))}, {"axis": 1}, name="equal"),
)
ANALYTIC = True
STEPS = "along"
