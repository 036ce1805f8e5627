"""Owns the answers of JAX, Flax and Optax to the atlas about recurrent layers.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from parity.execution.protocol import Array
from parity.jax_impl.atlas.asking import Answer, Inputs, count, filled, keys, t


def _outputs(cell: nnx.Module, inputs: Inputs) -> Array:
    filled(cell.dense_i, kernel=t(inputs["kernel"])[None])
    filled(cell.dense_h, kernel=t(inputs["recurrent"])[None])
    if "bias" in inputs:
        filled(cell.dense_i, bias=t(inputs["bias"]))
    return np.asarray(nnx.RNN(cell)(t(inputs["x"])[None, :, None])).ravel()


def _lstm(**arguments: bool) -> nnx.RNN:
    return nnx.RNN(nnx.OptimizedLSTMCell(4, 5, rngs=keys()), **arguments)


def _both() -> nnx.Bidirectional:
    return nnx.Bidirectional(_lstm(), _lstm())


def _last(inputs: Inputs) -> float:
    """Whether the last output of the backward direction depends on the first time step."""
    layer, x = _both(), t(inputs["x"])
    return float((layer(x)[:, -1, 5:] != layer(x.at[:, 0].add(1))[:, -1, 5:]).any())


def _padded(inputs: Inputs) -> float:
    layer, x = _lstm(), t(inputs["x"])
    out, whole = layer(x, seq_lengths=jnp.array([2]))[0], layer(x)[0]
    return float((out[2] == out[1]).all()) + 2 * float((out[2] == whole[2]).all())


def _returned(inputs: Inputs) -> int:
    found = _lstm()(t(inputs["x"]))
    return len(found) if isinstance(found, tuple) else 1


ANSWERS: Mapping[str, Answer] = {
    "lstm.gate_order": lambda inputs: _outputs(nnx.OptimizedLSTMCell(1, 1, rngs=keys()), inputs),
    "gru.form": lambda inputs: _outputs(nnx.GRUCell(1, 1, rngs=keys()), inputs),
    "lstm.count": lambda _: count(nnx.OptimizedLSTMCell(3, 5, rngs=keys())),
    "gru.count": lambda _: count(nnx.GRUCell(3, 5, rngs=keys())),
    "rnn.count": lambda _: count(nnx.SimpleCell(3, 5, rngs=keys())),
    "lstm.outputs": lambda _: _lstm()(jnp.zeros((2, 3, 4))).ndim,
    "lstm.bidirectional_width": lambda _: _both()(jnp.zeros((2, 3, 4))).shape[-1],
    "lstm.time_axis": lambda _: jax.tree.leaves(_lstm(return_carry=True)(jnp.zeros((3, 2, 4)))[0])[0].shape[0],
    "rnn.activation": lambda inputs: _outputs(nnx.SimpleCell(1, 1, rngs=keys()), inputs),
    "bidirectional.last": _last,
    "lstm.padded_output": _padded,
    "lstm.returns": _returned,
    "lstm.unbatched": lambda inputs: _lstm()(t(inputs["x"])).shape,
}
