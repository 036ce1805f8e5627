"""Owns the arithmetic of two-dimensional windows: sizes, padding, patches and their inverse.

It refuses to know what happens inside a window. Arrays are (batch, channels, height, width).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parity.ops.definition import Array, Run, Shape, ShapeError

Two = Sequence[int]  # height, width
Borders = Sequence[Sequence[int]]  # (before, after) of height, (before, after) of width


def check_image(x: Shape) -> None:
    if len(x) != 3:
        raise ShapeError(f"needs (channels, height, width), has {x}")


def check_borders(padding: Borders) -> None:
    if any(border < 0 for side in padding for border in side):
        raise ShapeError(f"padding {padding} is negative; use crop to cut")


def output_size(x: Shape, kernel: Two, stride: Two, padding: Borders, dilation: Two = (1, 1)) -> tuple[int, int]:
    """How many places a window has along height and width. Rows or columns at the end that
    do not fill a whole step are left out."""
    check_image(x)
    check_borders(padding)
    sizes = []
    for size, width, step, (before, after), gap in zip(x[1:], kernel, stride, padding, dilation, strict=True):
        reach = (width - 1) * gap + 1
        padded = size + before + after
        if reach > padded:
            raise ShapeError(f"a window of {reach} does not fit into {x} padded to {padded}")
        sizes.append((padded - reach) // step + 1)
    return sizes[0], sizes[1]


def check_pooling(kernel: Two, padding: Borders) -> None:
    """Raises ShapeError if a pooling window could hold nothing but padding."""
    if any(border >= width for width, side in zip(kernel, padding, strict=True) for border in side):
        raise ShapeError(f"padding {padding} leaves windows of {tuple(kernel)} without any value")


def pad(x: Array, padding: Borders, value: float = 0.0) -> Array:
    """Writes `value` around height and width."""
    (top, bottom), (left, right) = padding
    if not (top or bottom or left or right):
        return x
    batch, channels, height, width = x.shape
    padded = np.full((batch, channels, height + top + bottom, width + left + right), value, x.dtype)
    padded[:, :, top : top + height, left : left + width] = x
    return padded


def unpad(x: Array, padding: Borders) -> Array:
    """Cuts off the border that `pad` wrote."""
    (top, bottom), (left, right) = padding
    return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]


def patches(x: Array, kernel: Two, stride: Two, dilation: Two = (1, 1)) -> Array:
    """A view (batch, channels, rows, columns, kernel height, kernel width) of an array that is already padded."""
    reach = tuple((width - 1) * gap + 1 for width, gap in zip(kernel, dilation, strict=True))
    views = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(2, 3))
    return views[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def scatter(run: Run, pieces: Array, size: Two, stride: Two, dilation: Two = (1, 1)) -> Array:
    """The transpose of `patches`: adds (batch, channels, rows, columns, kernel height, kernel width) into `size`."""
    batch, channels, rows, columns, height, width = pieces.shape
    total = np.zeros((batch, channels, *size), pieces.dtype)
    for place in run.permutation(height * width):
        down, right = divmod(int(place), width)
        top, left = down * dilation[0], right * dilation[1]
        bottom, end = top + (rows - 1) * stride[0] + 1, left + (columns - 1) * stride[1] + 1
        total[:, :, top : bottom : stride[0], left : end : stride[1]] += pieces[..., down, right]
    return total
