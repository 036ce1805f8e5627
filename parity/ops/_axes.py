"""Owns the axis attribute of ops: the check against a shape, and the shift past the batch axis.

It refuses words (`time`, `channels`): expansion has turned them into numbers.
"""

from __future__ import annotations

from parity.ops.definition import Shape, ShapeError


def checked(shape: Shape, axis: int) -> int:
    """The axis as a number from 0, not counting the batch. Raises ShapeError if `shape` has no such axis."""
    if not -len(shape) <= axis < len(shape):
        raise ShapeError(f"{shape} has no axis {axis}")
    return axis % len(shape)


def without(shape: Shape, axis: int) -> Shape:
    """The shape without one axis."""
    place = checked(shape, axis)
    return shape[:place] + shape[place + 1 :]


def past_batch(axis: int) -> int:
    """The index of the axis in an array whose first axis is the batch."""
    return axis if axis < 0 else axis + 1
