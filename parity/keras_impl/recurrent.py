"""Owns recurrence as native layers: stacks of LSTM and GRU layers, single GRU cells, and the scan over a body.

It refuses to hand masks on: a mask that a Keras layer passes along silently reaches attention and further recurrence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from parity.execution.protocol import Unsupported
from parity.keras_impl.losses import before
from parity.keras_impl.wiring import DictatedDropout, Site, Tensor, inner


class SilentLSTM(keras.layers.LSTM):  # type: ignore[misc]
    """An LSTM whose mask ends with it."""

    def compute_mask(self, *_: Any) -> None:
        return None


class SilentGRU(keras.layers.GRU):  # type: ignore[misc]
    """A GRU whose mask ends with it."""

    def compute_mask(self, *_: Any) -> None:
        return None


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
    """An LSTM of such cells; cuDNN has no place for its biases."""

    def __init__(self, units: int, **settings: Any) -> None:
        super().__init__(units, use_cudnn=False, **settings)
        self.cell = TwiceBiasedLSTMCell(units, name="lstm_cell", dtype=self.dtype_policy)


def lstm(site: Site) -> dict[str, Tensor]:
    return _stack(site, TwiceBiasedLSTM if site["recurrent_bias"] else SilentLSTM, ("state", "cell"))


def gru(site: Site) -> dict[str, Tensor]:
    return _stack(site, SilentGRU, ("state",), reset_after=site["reset"] == "after")


def _stack(site: Site, make: Callable[..., Any], states: tuple[str, ...], **settings: Any) -> dict[str, Tensor]:
    """One native layer a layer; states are (batch, layers, units) in the spec."""
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
        x, *end = layer(x, initial_state=_starts(site, states, number), mask=valid, **site.training)
        ends.append(end)
    found = {state: _stacked(site, state, [end[place] for end in ends]) for place, state in enumerate(states)}
    return {"": x, **found}


def _starts(site: Site, states: tuple[str, ...], number: int) -> list[Tensor] | None:
    """A layer's initial states, zeros where the spec names none; None where it names none at all."""
    roles = [f"initial_{state}" for state in states]
    if not any(map(site.has, roles)):
        return None
    given = [site.tensor(role) if site.has(role) else None for role in roles]
    known = next(tensor for tensor in given if tensor is not None)
    return [
        site.function(_zeros if tensor is None else _row(number), known if tensor is None else tensor, suffix=f"{role}{number}")
        for role, tensor in zip(roles, given, strict=True)
    ]


def _row(number: int) -> Callable[[Tensor], Tensor]:
    return lambda tensor: tensor[:, number]


def _zeros(tensor: Tensor) -> Tensor:
    return ops.zeros_like(tensor[:, 0])


def _dropped(site: Site, x: Tensor, place: int) -> Tensor:
    """Dropout between two layers: by the batch's mask (layers - 1, time, units), or native."""
    name = site.layer_name(f"dropout{place}")
    if site.has("mask"):
        given = site.function(_row(place), site.plain("mask"), suffix=f"mask{place}")
        return DictatedDropout(name=name)(x, given, **site.training)
    if site["dropout"]:
        return keras.layers.Dropout(site["dropout"], seed=site.seed(), name=name)(x, **site.training)
    return x


def _stacked(site: Site, state: str, tensors: list[Tensor]) -> Tensor:
    return site.function(lambda *each: ops.stack(each, axis=1), *tensors, suffix=f"{state}s")


def gru_cell(site: Site) -> dict[str, Tensor]:
    x, ends = site.tensor(), []
    for number in range(site["layers"]):
        if number:
            x = _dropped(site, x, number - 1)
        cell = site.layer(keras.layers.GRUCell, site["units"], reset_after=site["reset"] == "after", suffix=f"layer{number}")
        start = site.function(_row(number), site.tensor("state"), suffix=f"state{number}")
        x, _ = cell(x, [start], **site.training)
        ends.append(x)
    return {"": x, "state": _stacked(site, "state", ends)}


class Scan(keras.layers.Layer):  # type: ignore[misc]
    """A model of one time step, run over the time that sequences share (axis 1), unrolled: time is static.

    Called with sequences, then states, then what every step sees whole.
    """

    def __init__(self, body: keras.Model, sequences: int, states: tuple[int, ...], **settings: Any) -> None:
        super().__init__(**settings)
        self.body, self.sequences, self.states = body, sequences, states

    def build(self, *_: Any) -> None:
        self.built = True

    def call(self, *tensors: Tensor, training: bool | None = None) -> Tensor:
        """`states` says which output of the body replaces each state; output 0 is stacked over time."""
        sequences, captured = tensors[: self.sequences], list(tensors[self.sequences + len(self.states) :])
        states, found = list(tensors[self.sequences : self.sequences + len(self.states)]), []
        for time in range(sequences[0].shape[1]):
            outputs = self.body([*(sequence[:, time] for sequence in sequences), *states, *captured], training=training)
            states = [outputs[place] for place in self.states]
            found.append(outputs[0])
        return ops.stack(found, axis=1)


def scan(site: Site) -> Tensor:
    """The body is a functional model of its own, built like the whole."""
    body, wiring = site.node.body, site.wiring
    assert body is not None  # noqa: S101 - expansion gives every scan a body
    graph = inner(site.node, wiring.graph)
    within = wiring.within(graph)
    outer = (*body.sequences.values(), *body.state.values(), *body.captured)
    for given, name in list(zip(graph.inputs, outer, strict=True))[len(body.sequences) :]:
        if within.arrangement[given.name].kind != wiring.arrangement[name].kind:
            raise Unsupported(f"{site.name}: a scan that sees the value {name} in another arrangement")
    ends = [within.values[name] for name in graph.outputs]
    model = keras.Model([within.values[given.name] for given in graph.inputs], ends, name=site.layer_name("body"))
    states = tuple(graph.outputs.index(body.next[name]) for name in body.state)
    steps = Scan(model, len(body.sequences), states, name=site.layer_name("steps"))
    return site.settled(steps(*(wiring.values[name] for name in outer), **site.training))
