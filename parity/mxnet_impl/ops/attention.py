"""Owns attention and encodings of positions.

It refuses masks of keys as tensors: lengths and causality determine the keys that a query may attend to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.wiring import Block, Held, Layer, Site, Tensor, Use, arange, before, tensor

HIDDEN = 1e30
"""Subtracted from the score of a hidden key, whose weight is then exactly 0 in float32 and float64."""


def _dense(block: Block, name: str, units: int, features: int, *, bias: bool) -> None:
    sizes = {"flatten": False, "use_bias": bias, "in_units": features, "prefix": f"{block.prefix}{name}_"}
    setattr(block, name, mxnet.gluon.nn.Dense(units, **sizes))


def build_multi_head_attention(site: Site) -> Block:
    block = Held(site.naming)
    features = site.x[1]
    for role in ("query", "key", "value", "output"):
        _dense(block, role, features, features, bias=site["bias"])
    return block


def multi_head_attention(use: Use) -> Tensor:
    F, block, heads = use.F, use.block, use["heads"]
    keys = use.inputs.get("keys", use.x)
    values = use.inputs.get("values", keys)
    query, key, value = (
        _split(use, project(x), heads) for project, x in ((block.query, use.x), (block.key, keys), (block.value, values))
    )
    scores = F.batch_dot(query, key, transpose_b=True) / math.sqrt(use.site.x[1] // heads)
    scores = F.reshape(scores, shape=(-4, -1, heads, 0, 0))
    hidden = _hidden(use)
    weights = F.softmax(scores if hidden is None else F.broadcast_sub(scores, hidden), axis=-1)
    weights = use.drop(weights, use["dropout"], use.inputs.get("mask"))
    mixed = F.batch_dot(F.reshape(weights, shape=(-3, 0, 0)), value)
    merged = F.transpose(F.reshape(mixed, shape=(-4, -1, heads, 0, 0)), axes=(0, 2, 1, 3))
    return block.output(F.reshape(merged, shape=(0, 0, -3)))


def _split(use: Use, x: Tensor, heads: int) -> Tensor:
    """(batch, time, features) -> (batch·heads, time, features/heads): head h has the h-th block of features."""
    F = use.F
    apart = F.transpose(F.reshape(x, shape=(0, 0, -4, heads, -1)), axes=(0, 2, 1, 3))
    return F.reshape(apart, shape=(-3, 0, 0))


def _hidden(use: Use) -> Tensor | None:
    """(batch or 1, 1, queries or 1, keys): `HIDDEN` where a key is masked, 0 elsewhere; None where no key is masked."""
    F, lengths = use.F, use.inputs.get("lengths")
    queries, keys = use.site.x[0], use.site.shapes.get("keys", use.site.x)[0]
    attended = None if lengths is None else F.reshape(before(use, lengths, keys), shape=(-1, 1, 1, keys))
    if use["causal"]:
        past = F.broadcast_greater_equal(arange(use, queries, (1, 1, -1, 1)), arange(use, keys, (1, 1, 1, -1)))
        attended = past if attended is None else F.broadcast_mul(attended, past)
    return None if attended is None else (1 - attended) * HIDDEN


def build_additive_attention(site: Site) -> Block:
    block = Held(site.naming)
    _dense(block, "query", site["units"], site.x[-1], bias=False)
    _dense(block, "key", site["units"], site.shapes["keys"][1], bias=False)
    _dense(block, "score", 1, site["units"], bias=False)
    return block


def additive_attention(use: Use) -> Tensor:
    """Additive attention. A query without a time axis becomes a single time step, which is removed at the end."""
    F, block, keys = use.F, use.block, use.inputs["keys"]
    values = use.inputs.get("values", keys)
    mask = use.inputs.get("mask")
    single = len(use.site.x) == 1
    time = use.site.shapes["keys"][0]
    query = F.expand_dims(block.query(use.x), axis=1) if single else block.query(use.x)
    if single and mask is not None:
        mask = F.expand_dims(mask, axis=1)
    meeting = F.broadcast_add(F.expand_dims(query, axis=2), F.expand_dims(block.key(keys), axis=1))
    scores = F.reshape(block.score(F.tanh(meeting)), shape=(0, 0, -3))
    lengths = use.inputs.get("lengths")
    if lengths is not None:
        unseen = (1 - before(use, lengths, time)) * HIDDEN
        scores = F.broadcast_sub(scores, F.expand_dims(unseen, axis=1))
    weights = use.drop(F.softmax(scores, axis=-1), use["dropout"], mask)
    y = F.batch_dot(weights, values)
    return F.reshape(y, shape=(-3, 0)) if single else y


def build_learned_positions(site: Site) -> Block:
    block = Held(site.naming)
    block.hold("weight", (site["positions"], site.x[1]))
    return block


def learned_positions(use: Use) -> Tensor:
    rows = use.F.slice_axis(tensor(use, use.block.weight), axis=0, begin=0, end=use.site.x[0])
    return use.F.broadcast_add(use.x, use.F.expand_dims(rows, axis=0))


def build_sinusoidal_positions(site: Site) -> Block:
    """A block that holds the encoding (1, time, features) as a constant, computed in float64."""
    time, features = site.x
    columns = np.arange(features)
    angles = np.arange(time)[:, None] / np.power(float(site["base"]), 2 * (columns // 2) / features)
    encoding = np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))
    block = Held(site.naming)
    block.constant("encoding", encoding[None].astype(site.dtype))
    return block


def sinusoidal_positions(use: Use) -> Tensor:
    return use.F.broadcast_add(use.x, tensor(use, use.block.encoding))


PROJECTIONS = {
    f"{role}.{part}": f"{role}.{native}"
    for role in ("query", "key", "value", "output", "score")
    for part, native in (("kernel", "weight"), ("bias", "bias"))
}

LAYERS: Mapping[str, Layer] = {
    "additive_attention": Layer(additive_attention, build_additive_attention, PROJECTIONS),
    "learned_positions": Layer(learned_positions, build_learned_positions, {"table": "weight"}),
    "multi_head_attention": Layer(multi_head_attention, build_multi_head_attention, PROJECTIONS),
    "sinusoidal_positions": Layer(sinusoidal_positions, build_sinusoidal_positions),
}
