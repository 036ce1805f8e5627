"""Owns recurrence as native layers: stacks of SimpleRNN, LSTM and GRU layers, single GRU cells, and the scan over a body.

It refuses to pass masks on: a mask that a Keras layer passes on silently reaches attention and later recurrent layers.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from math import prod
from typing import Any

import keras
from keras import ops

from parity.execution.protocol import Unsupported
from parity.keras_impl.ops.losses import before
from parity.keras_impl.wiring import DictatedDropout, Site, Tensor, inner
from parity.spec.graph import Shape


class SilentRNN(keras.layers.SimpleRNN):  # type: ignore[misc]
    """A plain recurrent layer that does not pass its mask on."""

    def compute_mask(self, *_: Any) -> None:
        return None


class SilentLSTM(keras.layers.LSTM):  # type: ignore[misc]
    """An LSTM that does not pass its mask on."""

    def compute_mask(self, *_: Any) -> None:
        return None


class SilentGRU(keras.layers.GRU):  # type: ignore[misc]
    """A GRU that does not pass its mask on."""

    def compute_mask(self, *_: Any) -> None:
        return None


class TwiceBiasedRNNCell(keras.layers.SimpleRNNCell):  # type: ignore[misc]
    """A plain cell with a second bias on the recurrent product."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.recurrent_bias = self.add_weight(shape=(self.units,), initializer="zeros", name="recurrent_bias")

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:
        total = ops.add(ops.matmul(inputs, self.kernel), self.bias)
        recurrent = ops.add(ops.matmul(states[0], self.recurrent_kernel), self.recurrent_bias)
        hidden = self.activation(ops.add(total, recurrent))
        return hidden, [hidden]


class TwiceBiasedRNN(SilentRNN):
    """A plain recurrent layer of TwiceBiasedRNNCell."""

    def __init__(self, units: int, **settings: Any) -> None:
        super().__init__(units, **settings)
        self.cell = TwiceBiasedRNNCell(units, name="simple_rnn_cell", dtype=self.dtype_policy)


class TwiceBiasedLSTMCell(keras.layers.LSTMCell):  # type: ignore[misc]
    """An LSTM cell with a second bias on the recurrent product."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.recurrent_bias = self.add_weight(shape=(4 * self.units,), initializer="zeros", name="recurrent_bias")

    def call(self, inputs: Tensor, states: Any, training: bool = False) -> Any:
        z = ops.add(ops.matmul(inputs, self.kernel), self.bias)
        z = ops.add(z, ops.add(ops.matmul(states[0], self.recurrent_kernel), self.recurrent_bias))
        carry, output = self._compute_carry_and_output_fused(ops.split(z, 4, axis=1), states[1])
        hidden = output * self.activation(carry)
        return hidden, [hidden, carry]


class TwiceBiasedLSTM(SilentLSTM):
    """An LSTM of TwiceBiasedLSTMCell. cuDNN's kernel has no place for its biases."""

    def __init__(self, units: int, **settings: Any) -> None:
        super().__init__(units, use_cudnn=False, **settings)
        self.cell = TwiceBiasedLSTMCell(units, name="lstm_cell", dtype=self.dtype_policy)


def rnn(site: Site) -> dict[str, Tensor]:
    return _stack(site, TwiceBiasedRNN if site["recurrent_bias"] else SilentRNN, ("state",))


def lstm(site: Site) -> dict[str, Tensor]:
    return _stack(site, TwiceBiasedLSTM if site["recurrent_bias"] else SilentLSTM, ("state", "cell"))


def gru(site: Site) -> dict[str, Tensor]:
    return _stack(site, SilentGRU, ("state",), reset_after=site["reset"] == "after")


def _stack(site: Site, make: Callable[..., Any], states: tuple[str, ...], **settings: Any) -> dict[str, Tensor]:
    """A native layer for each layer of the stack; the spec's states are (batch, layers, units)."""
    x, layers, time = site.tensor(), site["layers"], site.shape()[0]
    valid = None
    if site.has("lengths"):
        valid = site.function(lambda t: before(t, time), site.tensor("lengths"), suffix="valid")
    settings |= {"return_sequences": True, "return_state": True, "zero_output_for_mask": True}
    ends: list[list[Tensor]] = []
    for number in range(layers):
        if number:
            x = _dropped(site, x, number - 1)
        layer = site.layer(make, site["units"], suffix=f"layer{number}", **settings)
        x, *end = layer(x, initial_state=_starts(site, states, number), mask=valid)
        ends.append(end)
    ends_by_state = {state: _stacked(site, state, [end[place] for end in ends]) for place, state in enumerate(states)}
    return {"": x, **ends_by_state}


def _starts(site: Site, states: tuple[str, ...], number: int) -> list[Tensor] | None:
    """A layer's initial states, zeros for a state that the spec does not name; None if it names no state."""
    roles = [f"initial_{state}" for state in states]
    if not any(map(site.has, roles)):
        return None
    tensors = [site.tensor(role) if site.has(role) else None for role in roles]
    known_tensor = next(tensor for tensor in tensors if tensor is not None)
    return [
        site.function(
            _zeros if tensor is None else _row(number), known_tensor if tensor is None else tensor, suffix=f"{role}{number}"
        )
        for role, tensor in zip(roles, tensors, strict=True)
    ]


def _row(number: int) -> Callable[[Tensor], Tensor]:
    return lambda tensor: tensor[:, number]


def _zeros(tensor: Tensor) -> Tensor:
    return ops.zeros_like(tensor[:, 0])


def _dropped(site: Site, x: Tensor, place: int) -> Tensor:
    """x after dropout between two layers: by the batch's mask (layers - 1, time, units), or by native dropout."""
    name = site.layer_name(f"dropout{place}")
    if site.dictated:
        dropout = site.function(_row(place), site.plain("mask"), suffix=f"mask{place}")
        return DictatedDropout(name=name)(x, dropout)
    return keras.layers.Dropout(site.dropout, seed=site.seed(), name=name)(x) if site.dropout else x


def _stacked(site: Site, state: str, tensors: list[Tensor]) -> Tensor:
    return site.function(lambda *each: ops.stack(each, axis=1), *tensors, suffix=f"{state}s")


def gru_cell(site: Site) -> dict[str, Tensor]:
    x, ends = site.tensor(), []
    for number in range(site["layers"]):
        if number:
            x = _dropped(site, x, number - 1)
        cell = site.layer(keras.layers.GRUCell, site["units"], reset_after=site["reset"] == "after", suffix=f"layer{number}")
        start = site.function(_row(number), site.tensor("state"), suffix=f"state{number}")
        x, _ = cell(x, [start])
        ends.append(x)
    return {"": x, "state": _stacked(site, "state", ends)}


class BodyCell(keras.layers.Layer):  # type: ignore[misc]
    """A model of one time step as a recurrent cell. Its input is the slices of the sequences, concatenated; states are flat.

    slices: their shapes. states: shape of each, and the index of the body's output that replaces it. Output 0 is the cell's.
    """

    def __init__(self, body: keras.Model, slices: list[Shape], states: list[tuple[Shape, int]], **settings: Any) -> None:
        super().__init__(**settings)
        self.body, self.slices, self.states = body, slices, states
        self.state_size = [prod(shape) for shape, _ in states]
        self.output_size = prod(body.outputs[0].shape[1:])
        self.captured: list[Tensor] = []

    def build(self, *_: Any) -> None:
        self.built = True

    def call(self, inputs: Tensor, states: list[Tensor], training: bool | None = None) -> Any:
        ends = accumulate(prod(shape) for shape in self.slices)
        parts = [inputs[:, end - prod(shape) : end] for shape, end in zip(self.slices, ends, strict=True)]
        shapes = [*self.slices, *(shape for shape, _ in self.states)]
        full = [ops.reshape(part, (-1, *shape)) for part, shape in zip([*parts, *states], shapes, strict=True)]
        outputs = self.body([*full, *self.captured], training=training)
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        flat = [ops.reshape(output, (-1, prod(output.shape[1:]))) for output in outputs]
        return flat[0], [flat[place] for _, place in self.states]


class Scan(keras.layers.Layer):  # type: ignore[misc]
    """A recurrent layer over a BodyCell. It is called with sequences, then states, then captured values."""

    def __init__(self, cell: BodyCell, **settings: Any) -> None:
        super().__init__(**settings)
        self.loop = keras.layers.RNN(cell, return_sequences=True)

    def build(self, *_: Any) -> None:
        self.built = True

    def call(self, *tensors: Tensor, training: bool | None = None) -> Tensor:
        cell, time = self.loop.cell, tensors[0].shape[1]
        first, second = len(cell.slices), len(cell.slices) + len(cell.states)
        sequences = [ops.reshape(tensor, (-1, time, prod(tensor.shape[2:]))) for tensor in tensors[:first]]
        states = [ops.reshape(tensor, (-1, prod(tensor.shape[1:]))) for tensor in tensors[first:second]]
        cell.captured = list(tensors[second:])
        y = self.loop(ops.concatenate(sequences, -1), initial_state=states, training=training)
        cell.captured = []
        return ops.reshape(y, (-1, time, *cell.body.outputs[0].shape[1:]))


def scan(site: Site) -> Tensor:
    """Builds the body as a functional model of its own, in the same way as the whole graph."""
    body, wiring = site.node.body, site.wiring
    assert body is not None  # noqa: S101 - expansion gives every scan a body
    graph = inner(site.node, wiring.graph)
    within = wiring.within(graph)
    outer = (*body.sequences.values(), *body.state.values(), *body.captured)
    for graph_input, name in list(zip(graph.inputs, outer, strict=True))[len(body.sequences) :]:
        if within.arrangement[graph_input.name].kind != wiring.arrangement[name].kind:
            raise Unsupported(f"{site.name}: a scan that sees the value {name} in another arrangement")
    ends = [within.values[name] for name in graph.outputs]
    model = keras.Model([within.values[graph_input.name] for graph_input in graph.inputs], ends, name=site.layer_name("body"))
    shapes = [tuple(within.values[graph_input.name].shape[1:]) for graph_input in graph.inputs]
    first, second = len(body.sequences), len(body.sequences) + len(body.state)
    states = [
        (shape, graph.outputs.index(body.next[name])) for name, shape in zip(body.state, shapes[first:second], strict=True)
    ]
    cell = BodyCell(model, shapes[:first], states, name=site.layer_name("cell"))
    return site.settled(Scan(cell, name=site.layer_name("steps"))(*(wiring.values[name] for name in outer)))
