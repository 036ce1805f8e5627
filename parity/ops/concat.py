"""concat: branches one after another along an axis; a branch without a batch stands in every example."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.ops.axes import checked, past_batch, without
from parity.ops.definition import Array, Axis, Example, Floats, Rules, Run, Shape, ShapeError, unbroadcast


def signature(*branches: Floats, axis: Axis = 0) -> Rules:
    yield from ()
    places = {checked(shape, axis) for shape in branches}
    if len({len(shape) for shape in branches}) > 1 or len({without(shape, axis) for shape in branches}) > 1:
        raise ShapeError(f"branches differ in more than axis {axis}: {', '.join(map(str, branches))}")
    place = places.pop()
    first = branches[0]
    return (*first[:place], sum(shape[place] for shape in branches), *first[place + 1 :])


def flops(shapes: dict[str, Any], outputs: dict[str, Shape], **_: Any) -> int:
    return 0


def forward(run: Run, *branches: Array, axis: int, **_: Any) -> tuple[Array, Any]:
    rank = max(branch.ndim for branch in branches)
    batch = max(len(branch) for branch in branches if branch.ndim == rank)
    full = [branch if branch.ndim == rank else branch[None] for branch in branches]
    full = [np.broadcast_to(branch, (batch, *branch.shape[1:])) for branch in full]
    place = past_batch(axis)
    ends = np.cumsum([branch.shape[place] for branch in full])[:-1]
    return np.concatenate(full, axis=place), ([branch.shape for branch in branches], ends, place)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, tuple[Array, ...]]:
    shapes, ends, place = saved
    parts = np.split(dy, ends, axis=place)
    return {"branches": tuple(unbroadcast(run, part, shape) for part, shape in zip(parts, shapes, strict=True))}


EXAMPLES = (
    Example({"branches": ((3, 5, 2), (7, 5, 2))}),
    Example({"branches": ((3, 5), (3, 7), (3, 2))}, {"axis": 1}, name="axis"),
)
