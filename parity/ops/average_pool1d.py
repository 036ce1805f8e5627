"""average_pool1d: the mean of each window of time; `count_padding` says whether the zeros of the padding count as values."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from parity.ops import average_pool2d
from parity.ops._grids import FLAGS, Grid
from parity.ops._sequences import as_image, as_sequence, check_sequence
from parity.ops._windows import check_pooling, output_size
from parity.ops.definition import Array, Count, Ends, Example, Flag, Floats, Rules, Run, Shape


def signature(x: Floats, *, kernel: Count, stride: Count, padding: Ends = (0, 0), count_padding: Flag = True) -> Rules:
    yield from ()
    check_sequence(x)
    _, time = output_size((x[1], 1, x[0]), (1, kernel), (1, stride), ((0, 0), padding))
    check_pooling((1, kernel), ((0, 0), padding))
    return (time, x[1])


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, kernel: int, **_: Any) -> int:
    return prod(outputs[""]) * kernel


def forward(
    run: Run, x: Array, *, kernel: int, stride: int, padding: Sequence[int], count_padding: bool, **_: Any
) -> tuple[Array, Any]:
    along: dict[str, Any] = {"kernel": (1, kernel), "stride": (stride,) * 2, "padding": ((0, 0), tuple(padding))}
    y, saved = average_pool2d.forward(run, as_image(x), **along, count_padding=count_padding)
    return as_sequence(y), saved


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    return {"x": as_sequence(average_pool2d.vjp(run, saved, as_image(dy))["x"])}


EXAMPLES = (
    Example({"x": (11, 2)}, {"kernel": 3, "stride": 2}),
    Example({"x": (7, 2)}, {"kernel": 3, "stride": 2, "padding": (1, 0)}, name="padding"),
    Example({"x": (7, 2)}, {"kernel": 3, "stride": 1, "padding": (1, 2), "count_padding": False}, name="uncounted"),
)
ANALYTIC = True
GRID = Grid(
    {"x": (11, 2)},
    {"kernel": (2, 3), "stride": (1, 3), "padding": ((0, 0), (1, 1), (0, 1)), "count_padding": FLAGS},
)
