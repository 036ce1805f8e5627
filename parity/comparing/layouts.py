"""Owns the conversion between a native tensor and the neutral one: which rows of it, and the orders of its axes and its gates.

It refuses to know a framework: a layout is a text such as `h w i o -> o i h w`, which the user can correct.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.own_model.layers import Shape, Weight

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Placement:
    """Where a neutral tensor lies in a native array of `shape`.

    layout, rows, gates: as in execution.own_model.layers.Weight; image: the channels-last image (height, width, channels) whose
    flattening is the neutral tensor's second axis; reshaped: such an image into which its first axis is reshaped; spread: sizes
    of further axes along which the native array repeats each number of the neutral tensor (a slope for every element, while
    the other model has one for each channel)."""

    native: str
    shape: Shape
    layout: str = ""
    rows: tuple[int, int] | None = None
    gates: str = ""
    image: Shape = ()
    reshaped: Shape = ()
    spread: Shape = ()

    @property
    def part(self) -> Shape:
        """Shape of the native rows in which the tensor lies."""
        return self.shape if self.rows is None else (self.rows[1] - self.rows[0], *self.shape[1:])

    @property
    def neutral(self) -> Shape:
        whole = tuple(rearranged(np.broadcast_to(np.zeros(()), self.part), self.layout).shape)
        return whole[: len(whole) - len(self.spread)]

    def read(self, native: Array) -> Array:
        """The neutral tensor, from the native array."""
        part = native if self.rows is None else native[self.rows[0] : self.rows[1]]
        neutral = regated(rearranged(part, self.layout), self.gates, in_order(self.gates))
        if self.spread:
            neutral = neutral.reshape(*neutral.shape[: -len(self.spread)], -1)[..., 0]
        if self.reshaped:
            neutral = np.moveaxis(neutral.reshape(*self.reshaped, -1), len(self.reshaped) - 1, 0).reshape(neutral.shape)
        return np.moveaxis(neutral.reshape(-1, *self.image), -1, 1).reshape(neutral.shape) if self.image else neutral

    def write(self, neutral: Array, native: Array) -> Array:
        """The native array with this tensor in it."""
        if self.image:
            first = (self.image[-1], *self.image[:-1])
            neutral = np.moveaxis(neutral.reshape(-1, *first), 1, -1).reshape(neutral.shape)
        if self.reshaped:
            first = (self.reshaped[-1], *self.reshaped[:-1])
            neutral = np.moveaxis(neutral.reshape(*first, -1), 0, len(self.reshaped) - 1).reshape(neutral.shape)
        if self.spread:
            further = neutral.reshape(*neutral.shape, *(1 for _ in self.spread))
            neutral = np.broadcast_to(further, (*neutral.shape, *self.spread))
        part = arranged_back(regated(neutral, in_order(self.gates), self.gates), self.layout, self.part)
        if self.rows is None:
            return part
        return np.concatenate([native[: self.rows[0]], part, native[self.rows[1] :]])


def of(weight: Weight) -> Placement:
    """The placement of a weight. Its axes of length 1 are dropped if no layout says what they are."""
    placement = Placement(weight.native, weight.shape, weight.layout, weight.rows, weight.gates)
    return placement if weight.layout or weight.gates else squeezed(placement)


def squeezed(placement: Placement) -> Placement:
    """The same placement without axes of length 1; one such axis stays if there is no other."""
    shape = placement.part
    if len(shape) < 2 or 1 not in shape:
        return placement
    layout = placement.layout or " -> ".join([" ".join("abcdefgh"[: len(shape)])] * 2)
    axes, groups = sides(layout)
    kept = {name for name, size in zip(axes, shape, strict=True) if size > 1} or {axes[-1]}
    left = " ".join(name if name in kept else "1" for name in axes)
    rest = [[name for name in group if name in kept] for group in groups]
    right = " ".join(f"({' '.join(group)})" if len(group) > 1 else group[0] for group in rest if group)
    return replace(placement, layout=f"{left} -> {right}")


def transposed(placement: Placement) -> Placement:
    """The same matrix the other way round."""
    return replace(placement, layout="" if placement.layout == "i o -> o i" else "i o -> o i")


def in_order(gates: str) -> str:
    """The neutral order of gates: by name."""
    return " ".join(sorted(gates.split()))


def regated(array: Array, before: str, after: str) -> Array:
    """Blocks along the first axis, from one order of names to another."""
    if before == after:
        return array
    names = before.split()
    blocks = dict(zip(names, np.split(array, len(names)), strict=True))
    return np.concatenate([blocks[name] for name in after.split()])


def sides(layout: str) -> tuple[list[str], list[list[str]]]:
    """The two sides of `h w i o -> (h w) i o`: the axes, and the groups of axes that they become. Raises ValueError if the text
    is no layout."""
    left, arrow, right = layout.partition("->")
    groups: list[list[str]] = []
    inside = False
    for word in right.replace("(", " ( ").replace(")", " ) ").split():
        if word in "()":
            inside = word == "("
            if inside:
                groups.append([])
        elif inside:
            groups[-1].append(word)
        else:
            groups.append([] if word == "1" else [word])
    names = [name for name in left.split() if name != "1"]
    if not arrow or sorted(names) != sorted(name for group in groups for name in group):
        raise ValueError(f"`{layout}` is no layout: the same axes stand on both sides of `->`")
    return left.split(), groups


def rearranged(array: Array, layout: str) -> Array:
    """The array with its axes as the layout says. Raises ValueError if the number of axes is another."""
    if not layout:
        return array
    axes, groups = sides(layout)
    if len(axes) != array.ndim:
        raise ValueError(f"`{layout}` is for {len(axes)} axes, and the shape is {array.shape}")
    sizes = dict(zip(axes, array.shape, strict=True))
    names = [name for name in axes if name != "1"]
    order = [name for group in groups for name in group]
    squeezed = array.reshape([sizes[name] for name in names]).transpose([names.index(name) for name in order])
    return squeezed.reshape([prod(sizes[name] for name in group) for group in groups])


def arranged_back(array: Array, layout: str, shape: Shape) -> Array:
    """The inverse of `rearranged`. shape: of the array that `rearranged` took."""
    if not layout:
        return array
    axes, groups = sides(layout)
    sizes = dict(zip(axes, shape, strict=True))
    names = [name for name in axes if name != "1"]
    order = [name for group in groups for name in group]
    apart = array.reshape([sizes[name] for name in order])
    return apart.transpose([order.index(name) for name in names]).reshape(shape)
