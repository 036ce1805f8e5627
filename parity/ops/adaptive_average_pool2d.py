"""adaptive_average_pool2d: the mean of each of height × width bins of nearly equal size;
adjacent bins may share a row or column.

Bin i of n over a length l runs from floor(i·l/n) to ceil((i + 1)·l/n), as torch defines it (torch.nn.AdaptiveAvgPool2d).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from parity.ops._windows import check_image
from parity.ops.definition import Array, Example, Floats, Pair, Rules, Run, Shape, ShapeError


def signature(x: Floats, *, size: Pair) -> Rules:
    yield from ()
    check_image(x)
    if any(wanted > length for wanted, length in zip(size, x[1:], strict=True)):
        raise ShapeError(f"{x} has fewer than {tuple(size)} rows and columns")
    return (x[0], *size)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return prod(shapes["x"]) + prod(outputs[""])


def _bins(run: Run, length: int, wanted: int) -> tuple[Array, Array]:
    """(wanted, length): 1 where a place lies in a bin; and the number of places in each bin, (wanted,)."""
    number, place = np.arange(wanted)[:, None], np.arange(length)
    first, end = number * length // wanted, -(-(number + 1) * length // wanted)
    return ((first <= place) & (place < end)).astype(run.dtype), (end - first)[:, 0].astype(run.dtype)


def forward(run: Run, x: Array, *, size: Sequence[int], **_: Any) -> tuple[Array, Any]:
    rows, heights = _bins(run, x.shape[2], size[0])
    columns, widths = _bins(run, x.shape[3], size[1])
    area = np.multiply.outer(heights, widths)
    return run.matmul(run.matmul(rows, x), columns.T) / area, (rows, columns, area)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    rows, columns, area = saved
    return {"x": run.matmul(run.matmul(rows.T, dy / area), columns)}


EXAMPLES = (
    Example({"x": (2, 7, 11)}, {"size": (3, 5)}),
    Example({"x": (2, 6, 10)}, {"size": (3, 2)}, name="even"),
)
ANALYTIC = True
