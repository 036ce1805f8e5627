"""transpose: axis k of the result is axis axes[k] of x, the batch not counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape, ShapeError, Sizes


def signature(x: Floats, *, axes: Sizes) -> Rules:
    yield from ()
    if sorted(axes) != list(range(len(x))):
        raise ShapeError(f"axes {list(axes)} are no order of the {len(x)} axes of {x}")
    return tuple(x[axis] for axis in axes)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 0


def forward(run: Run, x: Array, *, axes: Shape, **_: Any) -> tuple[Array, Any]:
    places = (0, *(axis + 1 for axis in axes))
    return x.transpose(places), places


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return {"x": dy.transpose(np.argsort(saved))}


EXAMPLES = (Example({"x": (3, 5, 2)}, {"axes": (2, 0, 1)}),)
ANALYTIC = True
