"""Owns a model's structure as the harness sees it: leaves, calls, the place of the channels, and tensors in neutral order.

It refuses to match one model with another; layer_mapping.py does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import channel_axes, flattened_rows, input_channels
from parity.comparing.channel_axes import FIRST, IMAGE, LAST, NONE, SIGNAL, STEPS, Axes
from parity.execution.own_model.layers import Call, OwnLayer, Shape, Weight

Array = npt.NDArray[Any]
QUIET = ("identity", "dropout")
"""Kinds of layers that change nothing while dropout is off, so that one model may have them and the other not."""


@dataclass(frozen=True)
class Structure:
    """One model. label: how messages and the map call it; channels: `first` or `last`, of images throughout the model; takes:
    native shapes of its inputs; exits: the source of each output, and its turn (execution/own_model/layers.py, Call); natural:
    whether rows of features are taken to flatten images as the framework holds them, whatever the numbers say; told: calls of
    which the numbers of both models said what row they take (flatten_order.py); enters: inputs whose channels another model
    tells; named: where each output lies in what the model returns, such as `logits`.
    """

    label: str
    leaves: tuple[OwnLayer, ...]
    calls: tuple[Call, ...]
    outputs: tuple[Shape, ...]
    channels: str
    takes: tuple[Shape, ...] = ()
    exits: tuple[tuple[int, str], ...] = ()
    natural: bool = True
    told: Mapping[int, flattened_rows.FlattenedImage] = field(default_factory=dict)
    enters: Mapping[int, str] = field(default_factory=dict)
    named: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, OwnLayer]:
        return {leaf.name: leaf for leaf in reversed(self.leaves)}

    @cached_property
    def axes(self) -> Axes:
        return channel_axes.of(self.by_name, self.calls, self.channels)

    @cached_property
    def places(self) -> Mapping[str, Sequence[int]]:
        """Leaf -> the places of its calls."""
        places: dict[str, list[int]] = {}
        for place, call in enumerate(self.calls):
            places.setdefault(call.leaf, []).append(place)
        return places

    @cached_property
    def consumers(self) -> Mapping[int, Sequence[int]]:
        """Source -> the calls whose first input comes from it."""
        consumers: dict[int, list[int]] = {}
        for place, call in enumerate(self.calls):
            for source in call.sources[:1]:
                consumers.setdefault(source, []).append(place)
        return consumers

    @cached_property
    def lies(self) -> str:
        """Where the first layer that states a place of channels has them; `channels` if no layer does."""
        places = (place for place, call in enumerate(self.calls) if "channels" in self.leaf(call.leaf).settings)
        return next((name for name in map(self.axes.taken.__getitem__, places) if name in (FIRST, LAST)), self.channels)

    def leaf(self, name: str) -> OwnLayer:
        return self.by_name[name]

    def first(self, name: str) -> int:
        """The place of a leaf's first call; 0 if it has no call of its own."""
        return next(iter(self.places.get(name, ())), 0)

    def weighted(self) -> list[OwnLayer]:
        return [leaf for leaf in self.leaves if leaf.weights]

    def parts(self, name: str) -> list[OwnLayer]:
        """The leaves that a layer's call computes beside the layer itself."""
        return [leaf for leaf in self.leaves if leaf.within == name]

    def fed_by(self, name: str) -> set[str]:
        """The layers with weights whose outputs reach a layer, directly or through layers without weights."""
        names, looked = set[str](), set[int]()
        open_calls = list(self.places.get(name, ()))
        while open_calls:
            place = open_calls.pop()
            for source in self.calls[place].sources:
                if source < 0 or source in looked:
                    continue
                looked.add(source)
                if self.leaf(self.calls[source].leaf).weights:
                    names.add(self.calls[source].leaf)
                else:
                    open_calls.append(source)
        return names

    def title(self, place: int) -> str:
        """`encoder.0 (Linear)`, with the number of the call where the layer is called several times."""
        name = self.calls[place].leaf
        same = list(self.places[name])
        again = f", call {same.index(place) + 1}" if len(same) > 1 else ""
        return f"{name} ({self.leaf(name).written}{again})"

    def output_title(self, number: int) -> str:
        """`output 0`, or `output 0 (logits)`."""
        name = self.named[number] if number < len(self.named) else ""
        return f"output {number} ({name})" if name and not name.isdigit() else f"output {number}"

    def neutral(self, array: Array, place: int | None = None, image: Shape | None = None, gave: bool = False) -> Array:
        """A native tensor in neutral order: channels first, and time behind the batch. place: the call that took it, or gave it
        (gave); image: the shape, channels last, of the image that its features flatten."""
        if image is not None:
            return np.moveaxis(array.reshape(-1, *image), -1, 1).reshape(array.shape)
        return _moved(array, *self._axes(array.ndim, place, gave))

    def native(self, array: Array, place: int | None = None, image: Shape | None = None, gave: bool = False) -> Array:
        """The inverse of `neutral`."""
        if image is not None:
            first = (image[-1], *image[:-1])
            return np.moveaxis(array.reshape(-1, *first), 1, -1).reshape(array.shape)
        return _moved(array, *self._axes(array.ndim, place, gave)[::-1])

    def entering(self, number: int, array: Array, native: bool = False) -> Array:
        """One of the model's inputs in neutral order; native: from neutral to native order instead."""
        move = _move(input_channels.entry(self, number, array.ndim))
        return _moved(array, *(move[::-1] if native else move))

    def leaving(self, number: int, array: Array, native: bool = False) -> Array:
        """One of the model's outputs in neutral order; native: from neutral to native order instead."""
        image = input_channels.row(self, number) if array.ndim == 2 else None
        if image is not None:
            return self.native(array, image=image) if native else self.neutral(array, image=image)
        move = _move(input_channels.exit_of(self, number, array.ndim))
        return _moved(array, *(move[::-1] if native else move))

    def _axes(self, count: int, place: int | None, gave: bool) -> tuple[int, int]:
        """Which axis moves where, to make a call's tensor neutral; (0, 0) if none does. count: number of axes."""
        if place is None or count < SIGNAL:
            return _move(self.channels if count >= IMAGE else NONE)
        call = self.calls[place]
        shapes, axes = (call.outputs, self.axes.given) if gave else (call.inputs, self.axes.taken)
        if count == SIGNAL and self.leaf(call.leaf).settings.get("time_major"):
            return 0, 1
        if shapes and len(shapes[0]) == count:
            return _move(axes[place])
        return _move(str(self.leaf(call.leaf).settings.get("channels", self.channels if count >= IMAGE else NONE)))

    def taken(self, place: int) -> Shape | None:
        """The shape of the channels-last image that this call takes as a row of features; None if it takes no such row, or if
        the row has its channels first."""
        row = flattened_rows.taken(self, place)
        return row.image if row is not None and row.order == LAST else None

    def reshaped(self, place: int) -> Shape | None:
        """The shape of the channels-last image into which this call's output, a row of features, is reshaped; None if none."""
        row = flattened_rows.reshaped(self, place)
        return row.image if row is not None and row.order == LAST else None

    def given(self, place: int) -> Shape | None:
        """The shape of the channels-last image that this call gives as a row of features, flattened by it or before it."""
        row = flattened_rows.flattened_output(self, place)
        return row.image if row is not None and row.order == LAST else None


def _move(layout: str) -> tuple[int, int]:
    """Which axis of a tensor in this layout moves where, so that channels stand first and the features of a sequence last."""
    return {LAST: (-1, 1), STEPS: (1, -1)}.get(layout, (0, 0))


def _moved(array: Array, before: int, after: int) -> Array:
    return array if before == after else np.moveaxis(array, before, after)


def together(structures: Sequence[Structure]) -> list[Structure]:
    """The models of one comparison. If they hold channels differently, the source of a row of features decides which image it
    flattens. If they hold channels alike, they must flatten images alike, and a row that does not is a finding."""
    crossing = len({structure.lies for structure in structures}) > 1
    structures = [replace(structure, enters={}) for structure in structures]
    signals = {
        number
        for structure in structures
        for number, shape in enumerate(structure.takes)
        if input_channels.of_signal(structure, number, len(shape))
    }
    return [
        replace(
            structure,
            natural=not crossing,
            enters={number: LAST for number in signals if not input_channels.of_signal(structure, number)},
        )
        for structure in structures
    ]


def read(label: str, answer: Mapping[str, Any], takes: Sequence[Shape] = (), images: str = FIRST) -> Structure:
    """The structure from the worker's trace. takes: native shapes of the inputs; images: where the framework has an image's
    channels."""
    leaves = tuple(
        OwnLayer(**{**leave, "weights": tuple(_weight(item) for item in leave["weights"])}) for leave in answer["leaves"]
    )
    calls = tuple(
        Call(
            *(call["leaf"], _shapes(call["inputs"]), _shapes(call["outputs"])),
            *(tuple(call.get("sources", ())), tuple(call.get("turns", ()))),
        )
        for call in answer["calls"]
    )
    exits = tuple((source, turn) for source, turn in answer.get("exits", ()))
    usual = images if any(len(shape) >= IMAGE for shape in takes) else FIRST
    outputs, channels = _shapes(answer["outputs"]), _channels(leaves, calls, usual)
    named = tuple(answer.get("named", ()))
    return Structure(label, leaves, calls, outputs, channels, tuple(takes), exits, named=named)


def _channels(leaves: Sequence[OwnLayer], calls: Sequence[Call], usual: str) -> str:
    """The place of the channels that the first layer with images states; `usual` if none does."""
    settings = {leaf.name: leaf.settings for leaf in leaves}
    for call in calls:
        if call.inputs and len(call.inputs[0]) >= IMAGE and "channels" in settings[call.leaf]:
            return str(settings[call.leaf]["channels"])
    return usual


def _weight(item: Mapping[str, Any]) -> Weight:
    rows = item["rows"]
    return Weight(**{**item, "shape": tuple(item["shape"]), "rows": None if rows is None else (rows[0], rows[1])})


def _shapes(items: Sequence[Sequence[int]]) -> tuple[Shape, ...]:
    return tuple(tuple(item) for item in items)
