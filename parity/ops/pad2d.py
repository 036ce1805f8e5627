"""pad2d: writes zeros, the reflected image (without its edge), or the repeated edge around height and width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from parity.ops._grids import UNEVEN, Grid
from parity.ops._windows import check_borders, check_image, pad, unpad
from parity.ops.definition import Array, Example, Floats, Padding, Rules, Run, Shape, ShapeError, Word

WORDS = {"mode": ("zero", "reflect", "edge")}


def signature(x: Floats, *, padding: Padding, mode: Word = "zero") -> Rules:
    yield from ()
    check_image(x)
    check_borders(padding)
    if mode == "reflect" and any(max(border) >= size for border, size in zip(padding, x[1:], strict=True)):
        raise ShapeError(f"{x} is too small to be reflected into a padding of {padding}")
    (top, bottom), (left, right) = padding
    return (x[0], x[1] + top + bottom, x[2] + left + right)


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    return 0


def forward(run: Run, x: Array, *, padding: Sequence[Sequence[int]], mode: str, **_: Any) -> tuple[Array, Any]:
    if mode == "zero":
        return pad(x, padding), (x.shape, padding, None)
    kind: Any = mode
    sources = [np.pad(np.arange(size), tuple(border), kind) for size, border in zip(x.shape[2:], padding, strict=True)]
    return x[:, :, sources[0]][..., sources[1]], (x.shape, padding, sources)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    shape, padding, sources = saved
    if sources is None:
        return {"x": unpad(dy, padding)}
    by_row = np.zeros((shape[2], *shape[:2], dy.shape[3]), dy.dtype)
    order = run.permutation(dy.shape[2])
    np.add.at(by_row, sources[0][order], np.moveaxis(dy, 2, 0)[order])
    by_column = np.zeros((shape[3], shape[2], *shape[:2]), dy.dtype)
    order = run.permutation(dy.shape[3])
    np.add.at(by_column, sources[1][order], np.moveaxis(by_row, 3, 0)[order])
    return {"x": by_column.transpose(2, 3, 1, 0)}


EXAMPLES = (
    Example({"x": (2, 5, 7)}, {"padding": ((1, 2), (3, 0))}),
    Example({"x": (2, 5, 7)}, {"padding": ((4, 2), (3, 1)), "mode": "reflect"}, name="reflect"),
    Example({"x": (2, 5, 7)}, {"padding": ((1, 2), (3, 1)), "mode": "edge"}, name="edge"),
)
ANALYTIC = True
GRID = Grid({"x": (2, 5, 7)}, {"mode": ("zero", "reflect", "edge"), "padding": (UNEVEN, ((2, 2), (2, 2)), ((0, 3), (1, 2)))})
