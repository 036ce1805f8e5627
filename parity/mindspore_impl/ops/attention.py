"""Owns attention in MindSpore: nn.MultiheadAttention with lengths, causal and dropout masks, additive attention, positions.

It refuses to wire layers into programs. Keys at or beyond a length are masked; `lengths` is (batch).
"""

from __future__ import annotations

import math
from typing import Any

import mindspore
import numpy as np
from mindspore import nn, ops

from parity.execution.protocol import Concatenate, ParameterLayout
from parity.mindspore_impl.ops.recurrent import MaskDropout
from parity.mindspore_impl.wiring import Layer, Site, Tensor
from parity.spec.graph import Node


def padding(lengths: Tensor, keys: int) -> Tensor:
    """(batch, keys), true where a key is masked."""
    return ops.arange(keys) >= ops.expand_dims(lengths, 1)


class MultiHeadAttention(nn.Cell):  # type: ignore[misc]
    """nn.MultiheadAttention (batch first) that makes its padding mask from lengths, and its causal mask."""

    def __init__(self, site: Site) -> None:
        super().__init__(auto_prefix=False)
        features, heads = site.x[-1], site["heads"]
        self.native = nn.MultiheadAttention(
            features, heads, dropout=site["dropout"], has_bias=site["bias"], batch_first=True, dtype=site.dtype
        )
        causal = np.triu(np.ones((site.x[0], site.shapes["keys"][0])), 1) > 0
        self.future = mindspore.Tensor(causal) if site["causal"] else None

    def construct(self, x: Tensor, keys: Tensor, values: Tensor, lengths: Tensor | None) -> Tensor:
        hidden = None if lengths is None else padding(lengths, keys.shape[1])
        return self.native(x, keys, values, key_padding_mask=hidden, attn_mask=self.future, need_weights=False)[0]


class MaskedMultiHeadAttention(MultiHeadAttention):
    """MultiHeadAttention with a dropout mask (batch, heads, queries, keys) as an input, which nn.MultiheadAttention lacks."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.heads, self.size = site["heads"], site.x[-1] // site["heads"]
        self.scale = site.number(1 / math.sqrt(self.size))
        self.least = site.number(-math.inf)
        self.biased = site["bias"]

    def construct(self, x: Tensor, keys: Tensor, values: Tensor, lengths: Tensor | None, mask: Tensor | None = None) -> Tensor:
        query, key, value = self.projected(x, 0), self.projected(keys, 1), self.projected(values, 2)
        scores = ops.matmul(query, ops.swapaxes(key, -1, -2)) * self.scale
        if lengths is not None:
            hidden = padding(lengths, keys.shape[1])
            scores = ops.where(ops.reshape(hidden, (-1, 1, 1, keys.shape[1])), self.least, scores)
        if self.future is not None:
            scores = ops.where(self.future, self.least, scores)
        weights = ops.softmax(scores, -1)
        if self.training:
            weights = weights * mask
        y = ops.swapaxes(ops.matmul(weights, value), 1, 2)
        return self.native.out_proj(ops.reshape(y, (y.shape[0], y.shape[1], self.heads * self.size)))

    def projected(self, x: Tensor, place: int) -> Tensor:
        """(batch, heads, time, features of a head)."""
        features = self.heads * self.size
        rows = ops.matmul(x, self.native.in_proj_weight[place * features : (place + 1) * features].T)
        if self.biased:
            rows = rows + self.native.in_proj_bias[place * features : (place + 1) * features]
        return ops.swapaxes(ops.reshape(rows, (x.shape[0], x.shape[1], self.heads, self.size)), 1, 2)


class AdditiveAttention(nn.Cell):  # type: ignore[misc]
    """score = v·tanh(Q·x + K·key): queries (batch, queries, features), or (batch, features) for a single query."""

    def __init__(self, site: Site) -> None:
        super().__init__(auto_prefix=False)
        self.query = nn.Dense(site.x[-1], site["units"], has_bias=False, dtype=site.dtype)
        self.key = nn.Dense(site.shapes["keys"][-1], site["units"], has_bias=False, dtype=site.dtype)
        self.score = nn.Dense(site["units"], 1, has_bias=False, dtype=site.dtype)
        self.given = site.masked
        self.dropout = MaskDropout() if site.masked else nn.Dropout(p=site["dropout"])
        self.single, self.least = len(site.x) == 1, site.number(-math.inf)

    def construct(self, x: Tensor, keys: Tensor, values: Tensor, lengths: Tensor | None, mask: Tensor | None) -> Tensor:
        if self.single:
            x = ops.expand_dims(x, 1)
            mask = None if mask is None else ops.expand_dims(mask, 1)
        scores = self.score(ops.tanh(ops.expand_dims(self.query(x), 2) + ops.expand_dims(self.key(keys), 1)))
        scores = ops.squeeze(scores, -1)
        if lengths is not None:
            scores = ops.where(ops.expand_dims(padding(lengths, keys.shape[1]), 1), self.least, scores)
        weights = ops.softmax(scores, -1)
        weights = self.dropout(weights, mask) if self.given else self.dropout(weights)
        y = ops.matmul(weights, values)
        return ops.squeeze(y, 1) if self.single else y


class LearnedPositions(nn.Cell):  # type: ignore[misc]
    """Adds row t of the table at time t."""

    def __init__(self, site: Site) -> None:
        super().__init__(auto_prefix=False)
        table = np.zeros((site["positions"], site.x[-1]))
        self.embedding_table = mindspore.Parameter(mindspore.Tensor(table, site.dtype))

    def construct(self, x: Tensor) -> Tensor:
        return x + self.embedding_table[: x.shape[1]]


class SinusoidalPositions(nn.Cell):  # type: ignore[misc]
    """Adds sin(t / base^(2i/features)) to column 2i, and cos of the same angle to column 2i + 1."""

    def __init__(self, time: int, features: int, base: float, dtype: Any) -> None:
        super().__init__(auto_prefix=False)
        column = np.arange(features)
        angle = np.arange(time)[:, None] / base ** (2 * (column // 2) / features)
        self.table = mindspore.Tensor(np.where(column % 2 == 0, np.sin(angle), np.cos(angle)), dtype)

    def construct(self, x: Tensor) -> Tensor:
        return x + self.table


def multi_head_layout(node: Node, prefix: str) -> list[ParameterLayout]:
    """The layouts of multi-head attention: MindSpore stacks the kernels of query, key and value in one parameter."""
    layouts = []
    for kind, packed in (("kernel", "in_proj_weight"), ("bias", "in_proj_bias")):
        if f"query.{kind}" in node.parameters:
            names = tuple(node.parameters[f"{role}.{kind}"] for role in ("query", "key", "value"))
            features = node.outputs[""][-1]
            layouts.append(ParameterLayout(names, (f"{prefix}.native.{packed}",), (Concatenate((features,) * 3),)))
            native = "weight" if kind == "kernel" else "bias"
            layouts.append(ParameterLayout((node.parameters[f"output.{kind}"],), (f"{prefix}.native.out_proj.{native}",)))
    return layouts


def additive_layout(node: Node, prefix: str) -> list[ParameterLayout]:
    return [
        ParameterLayout((name,), (f"{prefix}.{role.removesuffix('.kernel')}.weight",)) for role, name in node.parameters.items()
    ]


def multi_head_attention(site: Site) -> Layer:
    roles = ("x", "keys", "values", "lengths")
    return Layer(MaskedMultiHeadAttention(site), (*roles, "mask")) if site.masked else Layer(MultiHeadAttention(site), roles)


def additive_attention(site: Site) -> Layer:
    return Layer(AdditiveAttention(site), ("x", "keys", "values", "lengths", "mask"))


def learned_positions(site: Site) -> Layer:
    return Layer(LearnedPositions(site))


def sinusoidal_positions(site: Site) -> Layer:
    time, features = site.x
    return Layer(SinusoidalPositions(time, features, site["base"], site.dtype))
