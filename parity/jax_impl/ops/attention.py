"""Owns attention in Flax: nnx.MultiHeadAttention with lengths, causal and dropout masks, additive attention, positions.

It refuses to wire layers into programs. Keys at or beyond a length are masked; `lengths` is (batch).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from flax.nnx.nn.attention import dot_product_attention_weights

from parity.jax_impl.ops.losses import before
from parity.jax_impl.ops.vectors import dropout_layer
from parity.jax_impl.wiring import Site, Tensor, Use


def mixed(query: Tensor, key: Tensor, value: Tensor, dropout: Tensor | None = None, **settings: Any) -> Tensor:
    """Flax's attention weights, times a dropout mask if given, times the values: (batch, time, heads, features of a head).

    Without dropout Flax calls jax.nn.dot_product_attention, whose softmax is in float32 in every precision."""
    settings.pop("module", None)
    weights = dot_product_attention_weights(query, key, **settings)
    return jnp.einsum("bhqk,bkhd->bqhd", weights if dropout is None else weights * dropout, value)


class MultiHeadAttention(nnx.MultiHeadAttention):  # type: ignore[misc]
    """nnx.MultiHeadAttention that takes lengths, and, where the case has one, the dropout mask of its weights
    (batch, heads, queries, keys), which Flax's own cannot take."""

    def __init__(self, site: Site) -> None:
        rate = 0.0 if site.masked else site["dropout"]
        settings = {"dropout_rate": rate, "broadcast_dropout": False, "use_bias": site["bias"], "decode": False}
        if site.dtype == jnp.float64:
            settings["attention_fn"] = mixed
        super().__init__(site["heads"], site.x[-1], **settings, **site.keywords)
        self.causal, self.masked = site["causal"], site.masked
        self.deterministic = False

    def __call__(self, x: Tensor, keys: Tensor, values: Tensor, lengths: Tensor | None, dropout: Tensor | None) -> Tensor:
        attended = None if lengths is None else before(lengths, keys.shape[1])[:, None, None]
        if self.causal:
            past = nnx.make_causal_mask(jnp.ones(x.shape[:2]))
            attended = past if attended is None else nnx.combine_masks(attended, past)
        if dropout is None or self.deterministic:
            y: Tensor = super().__call__(x, keys, values, mask=attended)
            return y
        query, key, value = self.query(x), self.key(keys), self.value(values)
        drawn: Tensor = self.out(mixed(query, key, value, dropout, mask=attended))
        return drawn


class AdditiveAttention(nnx.Module):  # type: ignore[misc]
    """score = v·tanh(Q·x + K·key): queries (batch, queries, features), or (batch, features) for a single query."""

    def __init__(self, site: Site) -> None:
        units = site["units"]
        self.query = nnx.Linear(site.x[-1], units, use_bias=False, **site.keywords)
        self.key = nnx.Linear(site.shapes["keys"][-1], units, use_bias=False, **site.keywords)
        self.score = nnx.Linear(units, 1, use_bias=False, **site.keywords)
        self.dropout = dropout_layer(site["dropout"], site)

    def __call__(self, x: Tensor, keys: Tensor, values: Tensor, lengths: Tensor | None, mask: Tensor | None) -> Tensor:
        if x.ndim == 2:
            return self(x[:, None], keys, values, lengths, None if mask is None else mask[:, None])[:, 0]
        scores = self.score(jnp.tanh(self.query(x)[:, :, None] + self.key(keys)[:, None]))[..., 0]
        attended = None if lengths is None else before(lengths, keys.shape[1])[:, None]
        y: Tensor = self.dropout(jax.nn.softmax(scores, where=attended), mask) @ values
        return y


class LearnedPositions(nnx.Embed):  # type: ignore[misc]
    """Adds row t of the table at time t."""

    def __call__(self, x: Tensor) -> Tensor:
        y: Tensor = x + super().__call__(jnp.arange(x.shape[1]))
        return y


def sinusoidal_positions(use: Use) -> Tensor:
    """Adds sin(t / base^(2i/features)) to column 2i, and cos of the same angle to column 2i + 1."""
    x = use.first()
    time, features = x.shape[1:]
    column = np.arange(features)
    angle = np.arange(time)[:, None] / use["base"] ** (2 * (column // 2) / features)
    return x + jnp.asarray(np.where(column % 2 == 0, np.sin(angle), np.cos(angle)), x.dtype)


def attended(use: Use) -> Tensor:
    inputs = (use.first(), use.first("keys"), use.first("values"), use.maybe("lengths"), use.maybe("mask"))
    y: Tensor = use.module(*inputs)
    return y


def build_positions(site: Site) -> nnx.Module:
    return LearnedPositions(site["positions"], site.x[-1], **site.keywords)
