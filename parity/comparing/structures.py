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

from parity.execution.own_model.leaves import Call, Leaf, Shape, Weight

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

    def first(self, name: str) -> int:
        """The place of a leaf's first call; 0 where it has none of its own."""
        return next((place for place, call in enumerate(self.calls) if call.leaf == name), 0)

    def weighted(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves if leaf.weights]

    def parts(self, name: str) -> list[Leaf]:
        """What a layer's call computes beside it."""
        return [leaf for leaf in self.leaves if leaf.within == name]

    def fed_by(self, name: str) -> set[str]:
        """Layers with weights that hand a layer what it takes, straight or through layers without."""
        found, looked = set[str](), set[int]()
        open_calls = [place for place, call in enumerate(self.calls) if call.leaf == name]
        while open_calls:
            place = open_calls.pop()
            for source in self.calls[place].sources:
                if source < 0 or source in looked:
                    continue
                looked.add(source)
                if self.leaf(self.calls[source].leaf).weights:
                    found.add(self.calls[source].leaf)
                else:
                    open_calls.append(source)
        return found

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
        if not shapes or len(shapes[0]) != 2:
            return None
        return self._flattened(place, shapes[0]) or (self.reshaped(place) if self._by_feature(place) else None)

    def reshaped(self, place: int) -> Shape | None:
        """Native shape of the image that what this call gives, one row of features, is reshaped into, maybe behind layers that
        look at each feature alone."""
        call = self.calls[place]
        if not call.outputs or len(call.outputs[0]) != 2:
            return None
        for later, other in enumerate(self.calls):
            if place in other.sources[:1]:
                if len(other.inputs[0]) == IMAGE:
                    return other.inputs[0][1:] if prod(other.inputs[0][2:]) > 1 else None
                if self._by_feature(later):
                    return self.reshaped(later)
                if other.outputs and len(other.outputs[0]) == IMAGE:
                    return other.outputs[0][1:]
        return None

    def _by_feature(self, place: int) -> bool:
        """Whether a call gives a row of what it took, number by number: an activation, a norm, dropout."""
        call = self.calls[place]
        same = bool(call.inputs and call.outputs) and call.inputs[0] == call.outputs[0] and len(call.outputs[0]) == 2
        return same and all(len(weight.shape) < 2 for weight in self.leaf(call.leaf).weights)

    def given(self, place: int) -> Shape | None:
        """The same of what the call gives, where it flattens, or passes on what was flattened."""
        call = self.calls[place]
        if not call.outputs or len(call.outputs[0]) != 2 or not call.inputs:
            return None
        if image := self.reshaped(place):
            return image
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
    leaves = tuple(Leaf(**{**one, "weights": tuple(_weight(item) for item in one["weights"])}) for one in answer["leaves"])
    calls = tuple(
        Call(one["leaf"], _shapes(one["inputs"]), _shapes(one["outputs"]), tuple(one.get("sources", ())))
        for one in answer["calls"]
    )
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
