"""Owns sequences as images with one row, so that windows along time are windows of an image.

It refuses to know what happens inside a window. Sequences are (batch, time, features), images (batch, features, 1, time).
"""

from __future__ import annotations

from parity.ops.definition import Array, Shape, ShapeError


def check_sequence(x: Shape) -> None:
    if len(x) != 2:
        raise ShapeError(f"needs (time, features), has {x}")


def as_image(x: Array) -> Array:
    return x.transpose(0, 2, 1)[:, :, None]


def as_sequence(y: Array) -> Array:
    return y[:, :, 0].transpose(0, 2, 1)
