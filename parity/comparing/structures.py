"""Owns a model's structure as the harness sees it: leaves, calls, where channels stand, and tensors in neutral order.

It refuses to match one model with another; that is mapping.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.leaves import Call, Leaf, Shape, Weight

Array = npt.NDArray[Any]
IMAGE = 4
"""Axes of a batch of images. With more axes (video) channels move as with images; with fewer the layer itself must say."""
QUIET = ("identity", "dropout")
"""Kinds that change nothing while dropout is off: one model may have them where the other has none."""


@dataclass(frozen=True)
class Structure:
    """One model. label: how messages and the map call it; channels: `first` or `last`, of images throughout the model."""

    label: str
    leaves: tuple[Leaf, ...]
    calls: tuple[Call, ...]
    outputs: tuple[Shape, ...]
    channels: str

    def leaf(self, name: str) -> Leaf:
        return next(leaf for leaf in self.leaves if leaf.name == name)

    def weighted(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves if leaf.weights]

    def title(self, place: int) -> str:
        """`encoder.0 (Linear)`, with the number of the call where the layer is called several times."""
        name = self.calls[place].leaf
        same = [number for number, call in enumerate(self.calls) if call.leaf == name]
        again = f", call {same.index(place) + 1}" if len(same) > 1 else ""
        return f"{name} ({self.leaf(name).written}{again})"

    def neutral(self, array: Array, place: int | None = None, image: Shape | None = None) -> Array:
        """A tensor with channels first, and time behind the batch. place: the call that took or gave it; image: the native
        image that its features flatten."""
        if image is not None and self.channels == "last":
            return np.moveaxis(array.reshape(-1, *image), -1, 1).reshape(array.shape)
        before, after = self._axes(array.ndim, place)
        return np.moveaxis(array, before, after)

    def native(self, array: Array, place: int | None = None, image: Shape | None = None) -> Array:
        """The inverse of `neutral`."""
        if image is not None and self.channels == "last":
            first = (image[-1], *image[:-1])
            return np.moveaxis(array.reshape(-1, *first), 1, -1).reshape(array.shape)
        before, after = self._axes(array.ndim, place)
        return np.moveaxis(array, after, before)

    def _axes(self, count: int, place: int | None) -> tuple[int, int]:
        """Which axis moves where; (0, 0) for none."""
        settings = self.leaf(self.calls[place].leaf).settings if place is not None else {}
        if count >= IMAGE:
            return (-1, 1) if self.channels == "last" else (0, 0)
        if count == IMAGE - 1 and settings.get("channels") == "last":
            return -1, 1
        return (0, 1) if count == IMAGE - 1 and settings.get("time_major") else (0, 0)

    def taken(self, place: int) -> Shape | None:
        """Native shape (without the batch) of the image that this call takes as one row of features; None where it is none."""
        shapes = self.calls[place].inputs
        return self._flattened(place, shapes[0]) if shapes and len(shapes[0]) == 2 else None

    def given(self, place: int) -> Shape | None:
        """The same of what the call gives, where it flattens, or passes on what was flattened."""
        call = self.calls[place]
        if not call.outputs or len(call.outputs[0]) != 2 or not call.inputs:
            return None
        if len(call.inputs[0]) >= IMAGE:
            return call.inputs[0][1:] if prod(call.inputs[0][1:]) == call.outputs[0][1] else None
        return None if self.leaf(call.leaf).weights else self.taken(place)

    def _flattened(self, place: int, wanted: Shape) -> Shape | None:
        for earlier in reversed(range(place)):
            shape = self.calls[earlier].outputs[0] if self.calls[earlier].outputs else ()
            if len(shape) >= IMAGE:
                return shape[1:] if prod(shape[1:]) == wanted[1] and prod(shape[2:]) > 1 else None
            if len(shape) == 2 and (shape != wanted or self.leaf(self.calls[earlier].leaf).weights):
                return None
        return None


def read(label: str, answer: Mapping[str, Any]) -> Structure:
    """From what the worker traced."""
    leaves = tuple(
        Leaf(one["name"], one["kind"], one["written"], one["settings"], tuple(_weight(item) for item in one["weights"]))
        for one in answer["leaves"]
    )
    calls = tuple(Call(one["leaf"], _shapes(one["inputs"]), _shapes(one["outputs"])) for one in answer["calls"])
    return Structure(label, leaves, calls, _shapes(answer["outputs"]), _channels(leaves, calls))


def _channels(leaves: Sequence[Leaf], calls: Sequence[Call]) -> str:
    """What the first layer says that takes images; first where none says."""
    settings = {leaf.name: leaf.settings for leaf in leaves}
    for call in calls:
        if call.inputs and len(call.inputs[0]) >= IMAGE and "channels" in settings[call.leaf]:
            return str(settings[call.leaf]["channels"])
    return "first"


def _weight(item: Mapping[str, Any]) -> Weight:
    rows = item["rows"]
    return Weight(**{**item, "shape": tuple(item["shape"]), "rows": None if rows is None else (rows[0], rows[1])})


def _shapes(items: Sequence[Sequence[int]]) -> tuple[Shape, ...]:
    return tuple(tuple(item) for item in items)
