"""upsample2d: an image with `scale` times as many rows and columns, by the nearest value or by bilinear interpolation.

corners: `half_pixel` puts values at the centres of pixels, so that row i lies at (i + 1/2)/scale - 1/2, and repeats the border.
`aligned` makes the first and last rows of both images coincide, so that row i of n lies at i·(rows - 1)/(n - 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from parity.ops._grids import Grid
from parity.ops._windows import check_image
from parity.ops.definition import Array, Example, Floats, Pair, Rules, Run, Shape, Word

WORDS = {"mode": ("nearest", "bilinear"), "corners": ("half_pixel", "aligned")}


def signature(x: Floats, *, scale: Pair, mode: Word = "nearest", corners: Word = "half_pixel") -> Rules:
    yield from ()
    check_image(x)
    return (x[0], x[1] * scale[0], x[2] * scale[1])


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, mode: str, **_: Any) -> int:
    return 0 if mode == "nearest" else 8 * prod(outputs[""])


def _shares(run: Run, length: int, scale: int, mode: str, corners: str) -> Array:
    """(length·scale, length): the weight of each old row in each new row. Places are rounded as frameworks round them."""
    number, old = np.arange(length * scale, dtype=run.dtype)[:, None], np.arange(length, dtype=run.dtype)
    if mode == "nearest":
        return np.asarray(number // scale == old, run.dtype)
    if corners == "aligned":
        place = number * ((length - 1) / max(length * scale - 1, 1))
    else:
        place = np.clip((number + 0.5) / scale - 0.5, 0, length - 1)
    return np.asarray(np.maximum(1 - np.abs(place - old), 0), run.dtype)


def forward(run: Run, x: Array, *, scale: Sequence[int], mode: str, corners: str, **_: Any) -> tuple[Array, Any]:
    rows = _shares(run, x.shape[2], scale[0], mode, corners)
    columns = _shares(run, x.shape[3], scale[1], mode, corners)
    return run.matmul(run.matmul(rows, x), columns.T), (rows, columns)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    rows, columns = saved
    return {"x": run.matmul(run.matmul(rows.T, dy), columns)}


EXAMPLES = (
    Example({"x": (2, 3, 5)}, {"scale": (2, 3)}),
    Example({"x": (2, 3, 5)}, {"scale": (3, 3)}, name="even"),
    Example({"x": (2, 3, 5)}, {"scale": (2, 3), "mode": "bilinear"}, name="bilinear"),
    Example({"x": (2, 3, 5)}, {"scale": (2, 3), "mode": "bilinear", "corners": "aligned"}, name="aligned"),
)
GRID = Grid(
    {"x": (2, 3, 5)},
    {"scale": ((1, 2), (2, 2), (3, 2)), "mode": ("nearest", "bilinear"), "corners": ("half_pixel", "aligned")},
)
