"""Owns attention and positions: the paper's products and softmax, written out in ONNX's primitives.

It refuses dropout of the weights, which an exported model does not have.
"""

from __future__ import annotations

import math

import numpy as np

from parity.onnx_impl.ops.vectors import product
from parity.onnx_impl.writing import Site


def multi_head_attention(site: Site) -> str:
    """softmax(Q·Kᵀ/√d)·V per head; head h has the h-th block of features."""
    heads, (queries, features) = int(site["heads"]), site.shape
    count, size = site.shapes["keys"][0], features // heads

    def projected(role: str, source: str) -> str:
        return product(site, source, site.arrays[f"{role}.kernel"], site.arrays.get(f"{role}.bias", ""), 2)

    def split(role: str, source: str, time: int, turned: tuple[int, ...]) -> str:
        y = site.reshaped(projected(role, source), (time, heads, size))
        return site.one("Transpose", y, perm=list(turned))

    query = split("query", site.x, queries, (0, 2, 1, 3))
    key = split("key", site.inputs["keys"], count, (0, 2, 3, 1))
    value = split("value", site.inputs["values"], count, (0, 2, 1, 3))
    scores = site.scaled(site.one("MatMul", query, key), 1 / math.sqrt(size))
    if "lengths" in site.inputs:
        scores = _hidden(site, scores, _within(site, count, (1, 1, count)))
    if site["causal"]:
        scores = _hidden(site, scores, site.writer.truths(np.tri(queries, count, dtype=bool)))
    weights = site.one("Softmax", scores, axis=-1)
    merged = site.one("Transpose", site.one("MatMul", weights, value), perm=[0, 2, 1, 3])
    return projected("output", site.reshaped(merged, (queries, features)))


def additive_attention(site: Site) -> str:
    """softmax(v·tanh(W·query + U·key))·V; queries without a time axis are a single step."""
    single, (count, _) = len(site.shape) == 1, site.shapes["keys"]
    x = site.one("Unsqueeze", site.x, site.writer.integers([1])) if single else site.x
    query = product(site, x, site.arrays["query.kernel"], "", 2)
    key = product(site, site.inputs["keys"], site.arrays["key.kernel"], "", 2)
    query = site.one("Unsqueeze", query, site.writer.integers([2]))
    key = site.one("Unsqueeze", key, site.writer.integers([1]))
    hidden = site.one("Tanh", site.one("Add", query, key))  # (batch, queries, keys, units)
    scores = product(site, hidden, site.arrays["score.kernel"], "", 3)
    scores = site.one("Squeeze", scores, site.writer.integers([3]))
    if "lengths" in site.inputs:
        scores = _hidden(site, scores, _within(site, count, (1, count)))
    y = site.one("MatMul", site.one("Softmax", scores, axis=-1), site.inputs["values"])
    return site.one("Squeeze", y, site.writer.integers([1])) if single else y


def _within(site: Site, count: int, shape: tuple[int, ...]) -> str:
    """(batch, *shape), true where a key lies before its example's length."""
    ends = site.one("Reshape", site.inputs["lengths"], site.writer.integers([-1, *(1,) * len(shape)]))
    return site.one("Less", site.writer.integers(np.arange(count).reshape(shape)), ends)


def _hidden(site: Site, scores: str, condition: str) -> str:
    return site.one("Where", condition, scores, site.writer.floats(-np.inf))


def learned_positions(site: Site) -> str:
    table, (time, _) = site.arrays["table"], site.shape
    if time < site["positions"]:
        table = site.one("Slice", table, site.writer.integers([0]), site.writer.integers([time]))
    return site.one("Add", site.x, table)


def sinusoidal_positions(site: Site) -> str:
    """Column 2i is sin(t/base^(2i/features)), column 2i + 1 the cos; computed in float64 and rounded once."""
    time, features = site.shape
    columns = np.arange(features)
    angles = np.arange(time)[:, None] / np.power(float(site["base"]), 2 * (columns // 2) / features)
    return site.one("Add", site.x, site.writer.floats(np.where(columns % 2 == 0, np.sin(angles), np.cos(angles))))
