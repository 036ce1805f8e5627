"""Owns attention in torch: nn.MultiheadAttention with lengths, causal and dropout masks, additive attention, positions.

It refuses to wire layers into programs. Keys at or beyond a length are masked; `lengths` is (batch).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from parity.execution.protocol import Concatenate, ParameterLayout
from parity.spec.graph import Node
from parity.torch_impl.ops.recurrent import Dropout
from parity.torch_impl.wiring import Layer, Site


def padding(lengths: Tensor, keys: int) -> Tensor:
    """(batch, keys), true where a key is masked."""
    return torch.arange(keys, device=lengths.device) >= lengths[:, None]


class MultiHeadAttention(nn.MultiheadAttention):  # type: ignore[misc]
    """nn.MultiheadAttention (batch first) that makes its padding mask from lengths, and its causal mask."""

    def __init__(self, features: int, heads: int, causal: bool, dropout: float, bias: bool) -> None:
        super().__init__(features, heads, dropout=dropout, bias=bias, batch_first=True)
        self.causal = causal

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, lengths: Tensor | None, mask: Tensor | None = None) -> Tensor:
        hidden = None if lengths is None else padding(lengths, keys.shape[1])
        future = self._future(x, keys) if self.causal else None
        y, _ = super().forward(x, keys, values, key_padding_mask=hidden, attn_mask=future, need_weights=False)
        return y

    def _future(self, x: Tensor, keys: Tensor) -> Tensor:
        return torch.ones(x.shape[1], keys.shape[1], dtype=torch.bool, device=x.device).triu(1)


class MaskedMultiHeadAttention(MultiHeadAttention):
    """MultiHeadAttention with a dropout mask (batch, heads, queries, keys) as an input, which nn.MultiheadAttention lacks."""

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, lengths: Tensor | None, mask: Tensor | None = None) -> Tensor:
        if not self.training:
            return super().forward(x, keys, values, lengths)
        query, key, value = self._projected(x, keys, values)
        scores = query @ key.transpose(-1, -2) / math.sqrt(self.head_dim)
        if lengths is not None:
            scores = scores.masked_fill(padding(lengths, keys.shape[1])[:, None, None], -math.inf)
        if self.causal:
            scores = scores.masked_fill(self._future(x, keys), -math.inf)
        weights = torch.softmax(scores, -1) * mask
        return self.out_proj((weights @ value).transpose(1, 2).flatten(2))

    def _projected(self, *inputs: Tensor) -> list[Tensor]:
        """Query, key, value, each (batch, heads, time, features of a head)."""
        biases = [None] * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        projected = []
        for input_, kernel, bias in zip(inputs, self.in_proj_weight.chunk(3), biases, strict=True):
            rows = functional.linear(input_, kernel, bias)
            projected.append(rows.unflatten(-1, (self.num_heads, self.head_dim)).transpose(1, 2))
        return projected


class AdditiveAttention(nn.Module):  # type: ignore[misc]
    """score = v·tanh(Q·x + K·key): queries (batch, queries, features), or (batch, features) for a single query."""

    def __init__(self, queries: int, keys: int, units: int, dropout: Dropout) -> None:
        super().__init__()
        self.query = nn.Linear(queries, units, bias=False)
        self.key = nn.Linear(keys, units, bias=False)
        self.score = nn.Linear(units, 1, bias=False)
        self.dropout = dropout

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, lengths: Tensor | None, mask: Tensor | None) -> Tensor:
        if x.ndim == 2:
            return self(x[:, None], keys, values, lengths, None if mask is None else mask[:, None])[:, 0]
        scores = self.score(torch.tanh(self.query(x)[:, :, None] + self.key(keys)[:, None])).squeeze(-1)
        if lengths is not None:
            scores = scores.masked_fill(padding(lengths, keys.shape[1])[:, None], -math.inf)
        return self.dropout(torch.softmax(scores, -1), mask) @ values


class LearnedPositions(nn.Embedding):  # type: ignore[misc]
    """Adds row t of the table at time t."""

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight[: x.shape[1]]


class SinusoidalPositions(nn.Module):  # type: ignore[misc]
    """Adds sin(t / base^(2i/features)) to column 2i, and cos of the same angle to column 2i + 1."""

    def __init__(self, time: int, features: int, base: float) -> None:
        super().__init__()
        column = torch.arange(features, dtype=torch.float64)
        angle = torch.arange(time, dtype=torch.float64)[:, None] / base ** (2 * (column // 2) / features)
        table = torch.where(column % 2 == 0, angle.sin(), angle.cos()).to(torch.get_default_dtype())
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table


def multi_head_layout(node: Node, prefix: str) -> list[ParameterLayout]:
    """The layouts of multi-head attention: torch stacks the kernels of query, key and value in one tensor."""
    layouts = []
    for kind, packed in (("kernel", "in_proj_weight"), ("bias", "in_proj_bias")):
        if f"query.{kind}" in node.parameters:
            names = tuple(node.parameters[f"{role}.{kind}"] for role in ("query", "key", "value"))
            features = node.outputs[""][-1]
            layouts.append(ParameterLayout(names, (f"{prefix}.{packed}",), (Concatenate((features,) * 3),)))
            native = "weight" if kind == "kernel" else "bias"
            layouts.append(ParameterLayout((node.parameters[f"output.{kind}"],), (f"{prefix}.out_proj.{native}",)))
    return layouts


def additive_layout(node: Node, prefix: str) -> list[ParameterLayout]:
    return [
        ParameterLayout((name,), (f"{prefix}.{role.removesuffix('.kernel')}.weight",)) for role, name in node.parameters.items()
    ]


def multi_head_attention(site: Site) -> Layer:
    kind = MaskedMultiHeadAttention if site.masked else MultiHeadAttention
    native = kind(site.x[-1], site["heads"], site["causal"], site["dropout"], site["bias"])
    return Layer(native, ("x", "keys", "values", "lengths", *site.mask))


def additive_attention(site: Site) -> Layer:
    dropout = Dropout(site["dropout"], site.masked)
    native = AdditiveAttention(site.x[-1], site.shapes["keys"][-1], site["units"], dropout)
    return Layer(native, ("x", "keys", "values", "lengths", "mask"))


def learned_positions(site: Site) -> Layer:
    return Layer(LearnedPositions(site["positions"], site.x[-1]))


def sinusoidal_positions(site: Site) -> Layer:
    time, features = site.x
    return Layer(SinusoidalPositions(time, features, site["base"]))
