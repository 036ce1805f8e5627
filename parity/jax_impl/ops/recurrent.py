"""Owns recurrent layers in Flax: stacks of nnx.RNN over its cells in the spec's state layout, single cells, and the scan.

It refuses to wire them into programs. States are (batch, layers, units); a cell's carry is (batch, units).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from parity.jax_impl.ops.losses import before
from parity.jax_impl.ops.vectors import dropout_layer, stretched
from parity.jax_impl.wiring import LaidTensor, Site, Tensor, Use


class TwiceBiasedSimpleCell(nnx.SimpleCell):  # type: ignore[misc]
    """nnx.SimpleCell with a second bias on the recurrent product."""

    def __init__(self, features: int, units: int, **settings: Any) -> None:
        super().__init__(features, units, **settings)
        self.dense_h = nnx.Linear(units, units, **settings)


class TwiceBiasedLSTMCell(nnx.OptimizedLSTMCell):  # type: ignore[misc]
    """nnx.OptimizedLSTMCell with a second bias, on the product with the input."""

    def __init__(self, features: int, units: int, **settings: Any) -> None:
        super().__init__(features, units, **settings)
        self.dense_i = nnx.Linear(features, 4 * units, **settings)


class TwiceBiasedGRUCell(nnx.GRUCell):  # type: ignore[misc]
    """nnx.GRUCell with a second bias on the recurrent product, as cuDNN has it."""

    def __init__(self, features: int, units: int, **settings: Any) -> None:
        super().__init__(features, units, **settings)
        self.dense_h = nnx.Linear(units, 3 * units, **settings)


class ResetBeforeGRUCell(nnx.GRUCell):  # type: ignore[misc]
    """nnx.GRUCell whose reset gate acts before the recurrent product: tanh(W·x + b + U·(r·h))."""

    def __call__(self, carry: Tensor, inputs: Tensor) -> tuple[Tensor, Tensor]:
        units = self.hidden_features
        x_gates, x_new = jnp.split(self.dense_i(inputs), [2 * units], axis=-1)
        gates, new = jnp.split(self.dense_h.kernel[...], [2 * units], axis=-1)
        r, z = jnp.split(self.gate_fn(x_gates + carry @ gates), 2, axis=-1)
        n = self.activation_fn(x_new + (r * carry) @ new)
        hidden = (1.0 - z) * n + z * carry
        return hidden, hidden


def _cell(site: Site, features: int) -> Any:
    op, units = site.node.op, site["units"]
    if op == "rnn":  # by default, nnx.SimpleCell computes in float32 whatever its parameters are
        kind = TwiceBiasedSimpleCell if site["recurrent_bias"] else nnx.SimpleCell
        return kind(features, units, dtype=site.dtype, **site.keywords)
    if op == "lstm":
        kind = TwiceBiasedLSTMCell if site["recurrent_bias"] else nnx.OptimizedLSTMCell
    else:
        kind = TwiceBiasedGRUCell if site["reset"] == "after" else ResetBeforeGRUCell
    return kind(features, units, **site.keywords)


class Stack(nnx.Module):  # type: ignore[misc]
    """Stacked layers of nnx.RNN with dropout between them; a mask from the case is (batch, layers - 1, time, units)."""

    def __init__(self, site: Site) -> None:
        sizes = [site.x[-1]] + [site["units"]] * (site["layers"] - 1)
        self.layers = nnx.List([nnx.RNN(_cell(site, size), return_carry=True, rngs=False) for size in sizes])
        self.dropout = dropout_layer(site["dropout"], site)

    def __call__(
        self, x: Tensor, starts: Sequence[Tensor | None], lengths: Tensor | None, mask: Tensor | None
    ) -> tuple[Tensor, list[Tensor]]:
        """starts: the initial states; nnx.OptimizedLSTMCell has two, hidden and cell, and carries them as (cell, hidden)."""
        ends = []
        for place, layer in enumerate(self.layers):
            if place:
                x = self.dropout(x, None if mask is None else mask[:, place - 1])
            carry = self._carry(x, [None if start is None else start[:, place] for start in starts])
            end, x = layer(x, initial_carry=carry, seq_lengths=lengths)
            if lengths is not None:  # Flax does not stop at the end of a sequence
                x = jnp.where(before(lengths, x.shape[1])[..., None], x, 0)
            ends.append(end[::-1] if isinstance(end, tuple) else (end,))
        return x, [jnp.stack(states, axis=1) for states in zip(*ends, strict=True)]

    def _carry(self, x: Tensor, starts: Sequence[Tensor | None]) -> Any:
        """The initial carry, zeros for a missing state; Flax would need a key to make it."""
        blank = jnp.zeros((len(x), self.layers[0].cell.hidden_features), x.dtype)
        carry = tuple(blank if start is None else start for start in reversed(starts))
        return carry if len(carry) > 1 else carry[0]


class Cells(nnx.Module):  # type: ignore[misc]
    """One time step of a stack of cells: x (batch, features), state (batch, layers, units)."""

    def __init__(self, site: Site) -> None:
        sizes = [site.x[-1]] + [site["units"]] * (site["layers"] - 1)
        self.layers = nnx.List([_cell(site, size) for size in sizes])
        self.dropout = dropout_layer(site["dropout"], site)

    def __call__(self, x: Tensor, state: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        ends = []
        for place, cell in enumerate(self.layers):
            if place:
                x = self.dropout(x, None if mask is None else mask[:, place - 1])
            _, x = cell(state[:, place], x)
            ends.append(x)
        return x, jnp.stack(ends, axis=1)


STATES = {"rnn": ("state",), "lstm": ("state", "cell"), "gru": ("state",)}


def recurrent(use: Use) -> dict[str, Tensor]:
    names = STATES[use.node.op]
    starts = [use.maybe(f"initial_{name}") for name in names]
    y, ends = use.module(use.first(), starts, use.maybe("lengths"), use.maybe("mask"))
    return {"": y, **dict(zip(names, ends, strict=True))}


def gru_cell(use: Use) -> dict[str, Tensor]:
    y, end = use.module(use.first(), use.first("state"), use.maybe("mask"))
    return {"": y, "state": end}


def scan(use: Use) -> dict[str, Tensor]:
    """jax.lax.scan over the body, whose layers belong to the model and lie outside of the loop."""
    body = use.node.body
    assert body is not None  # noqa: S101 - expansion gives every scan a body
    whole = {name: use.first(outer) for name, outer in body.sequences.items() if outer in use.inputs}
    starts = {name: use.first(outer) for name, outer in body.state.items()}
    captured = {name: use.value(name) for name in body.captured if name in use.inputs}
    batch = max(len(item) for item in (*whole.values(), *starts.values()))

    def step(states: dict[str, Tensor], slices: dict[str, Tensor]) -> tuple[dict[str, Tensor], Tensor]:
        values = {**captured, **{name: LaidTensor(item) for name, item in (*states.items(), *slices.items())}}
        use.walk(body.nodes, values)
        following = {name: stretched(values[body.next[name]].first(), batch) for name in states}
        return following, stretched(values[body.output].first(), batch)

    begun = {name: stretched(start, batch) for name, start in starts.items()}
    over_time = {name: jnp.moveaxis(stretched(item, batch), 1, 0) for name, item in whole.items()}
    ends, outputs = jax.lax.scan(step, begun, over_time)
    return {suffix: jnp.moveaxis(outputs, 0, 1) if not suffix else ends[suffix] for suffix in use.node.outputs}
