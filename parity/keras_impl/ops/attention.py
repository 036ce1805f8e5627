"""Owns attention and positions as native layers.

It refuses to scale in less than the layer's precision: TensorFlow rounds a Python number to float32.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from parity.keras_impl.ops.losses import before
from parity.keras_impl.wiring import Site, Tensor


class MultiHeadAttention(keras.layers.MultiHeadAttention):  # type: ignore[misc]
    """The native layer with its scale held in float64."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._inverse_sqrt_key_dim = np.float64(1 / np.sqrt(self.key_dim))


class DictatedMultiHeadAttention(MultiHeadAttention):
    """Attention whose weights are dropped by a mask (batch, heads, queries, keys) from the batch."""

    def call(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor,
        tensor: Tensor,
        attention_mask: Tensor = None,
        use_causal_mask: bool = False,
        training: bool | None = None,
    ) -> Tensor:
        attended = self._compute_attention_mask(query, value, attention_mask=attention_mask, use_causal_mask=use_causal_mask)
        scaled = ops.multiply(self._query_dense(query), ops.cast(self._inverse_sqrt_key_dim, query.dtype))
        scores = ops.einsum(self._dot_product_equation, self._key_dense(key), scaled)
        weights = self._masked_softmax(scores, attended)
        used = ops.multiply(weights, tensor) if training else weights
        return self._output_dense(ops.einsum(self._combine_equation, used, self._value_dense(value)))


def multi_head_attention(site: Site) -> Tensor:
    heads, features = site["heads"], site.shape()[1]
    settings: dict[str, Any] = {"use_causal_mask": site["causal"]}
    if site.has("lengths"):
        keys = site.shape("keys")[0]
        lengths = site.tensor("lengths")
        settings["attention_mask"] = site.function(lambda t: before(t, keys)[:, None, :], lengths, suffix="seen")
    tensors = [site.tensor(), site.tensor("values"), site.tensor("keys")]
    make: type[MultiHeadAttention] = MultiHeadAttention
    if site.dictated:
        make = DictatedMultiHeadAttention
        tensors.append(site.plain("mask"))
    layer = site.layer(make, heads, features // heads, dropout=site.dropout, use_bias=site["bias"], seed=site.seed())
    return layer(*tensors, **settings)


class DictatedAdditiveAttention(keras.layers.AdditiveAttention):  # type: ignore[misc]
    """Additive attention whose weights are dropped by a mask (batch, queries, keys) from the batch."""

    def build(self, inputs_shape: Any, dropout_mask_shape: Any) -> None:
        super().build(inputs_shape)

    def compute_output_spec(self, inputs: Any, dropout_mask: Tensor, mask: Any = None, training: bool = False) -> Any:
        return super().compute_output_spec(inputs)

    def call(self, inputs: Any, dropout_mask: Tensor, mask: Any = None, training: bool = False) -> Tensor:
        _, weights = super().call(inputs, mask=mask, return_attention_scores=True)
        return ops.matmul(ops.multiply(weights, dropout_mask) if training else weights, inputs[1])


def additive_attention(site: Site) -> Tensor:
    units, single = site["units"], len(site.shape()) == 1
    query = site.layer(keras.layers.Dense, units, use_bias=False, suffix="query")(site.tensor())
    key = site.layer(keras.layers.Dense, units, use_bias=False, suffix="key")(site.tensor("keys"))
    if single:
        query = keras.layers.Reshape((1, units), name=site.layer_name("single"))(query)
    attended = None
    if site.has("lengths"):
        keys = site.shape("keys")[0]
        attended = [None, site.function(lambda t: before(t, keys), site.tensor("lengths"), suffix="seen")]
    tensors = [query, site.tensor("values"), key]
    if site.dictated:
        dropout = site.tensor("mask")
        dropout = site.function(lambda t: t[:, None], dropout, suffix="mask") if single else dropout
        y = site.layer(DictatedAdditiveAttention, suffix="score")(tensors, dropout, mask=attended)
    else:
        layer = site.layer(keras.layers.AdditiveAttention, suffix="score", dropout=site.dropout, seed=site.seed())
        y = layer(tensors, mask=attended)
    return keras.layers.Reshape((y.shape[-1],), name=site.layer_name("taken"))(y) if single else y


class LearnedPositions(keras.layers.Layer):  # type: ignore[misc]
    """Adds the first rows of a table to the input, one per time step."""

    def __init__(self, positions: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.positions = positions

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.table = self.add_weight(shape=(self.positions, input_shape[-1]), name="table")

    def call(self, inputs: Tensor) -> Tensor:
        return ops.add(inputs, self.table[: inputs.shape[1]])


def learned_positions(site: Site) -> Tensor:
    return site.layer(LearnedPositions, site["positions"])(site.tensor())


def sinusoidal_positions(site: Site) -> Tensor:
    """Adds the encoding, a constant that is computed in float64 and rounded once."""
    time, features = site.shape()
    columns = np.arange(features)
    angles = np.arange(time)[:, None] / np.power(float(site["base"]), 2 * (columns // 2) / features)
    encoding = np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))
    return site.function(lambda x: x + ops.convert_to_tensor(encoding, x.dtype), site.tensor())
