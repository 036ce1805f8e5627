"""additive_attention: weights softmax(v·tanh(W·query + U·key)) over the keys (Bahdanau et al. 2015, appendix A.1.2)."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops import dense
from parity.ops._attention_weights import check_keys, needed_mask, seen_keys, softmax, softmax_vjp
from parity.ops.definition import Array, Count, Example, Floats, Integers, ParameterRule, Rate, Rules, Run, Shape, ShapeError


def signature(
    x: Floats,
    keys: Floats,
    values: Floats = "keys",  # type: ignore[assignment]
    lengths: Integers | None = None,
    *,
    units: Count,
    dropout: Rate = 0.0,
) -> Rules:
    check_keys(keys, values, lengths)
    if len(x) not in (1, 2):
        raise ShapeError(f"needs queries of (features) or (time, features), has {x}")
    yield ParameterRule("query.kernel", (units, x[-1]), "kernel", fan_in=x[-1], fan_out=units)
    yield ParameterRule("key.kernel", (units, keys[1]), "kernel", fan_in=keys[1], fan_out=units)
    yield ParameterRule("score.kernel", (1, units), "kernel", fan_in=units, fan_out=1)
    return (*x[:-1], values[1])


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, units: int, **_: Any) -> int:
    """Two projections; per query and key the sum, tanh and score; softmax (4); the weighted sum of the values."""
    x, keys, values = shapes["x"], shapes["keys"], shapes["values"]
    queries = prod(x[:-1])
    pairs = queries * keys[0]
    return 2 * units * (prod(x) + prod(keys)) + pairs * (2 * units + 2 * units + 4 + 2 * values[1])


def masks(shapes: dict[str, Shape], *, dropout: float, **_: Any) -> dict[str, Shape]:
    return {"mask": (*shapes["x"][:-1], shapes["keys"][0])} if dropout else {}


def forward(
    run: Run,
    x: Array,
    keys: Array,
    values: Array,
    *,
    lengths: Array | None = None,
    mask: Array | None = None,
    units: int,
    dropout: float,
    **kernels: Any,
) -> tuple[Array, Any]:
    """Queries without a time axis, (batch, features), count as a single time step, which is removed again at the end."""
    single = x.ndim == 2
    mask = needed_mask(run, "additive_attention", mask, dropout)
    if single:
        x, mask = x[:, None, :], mask if mask is None else mask[:, None, :]
    query, query_saved = dense.forward(run, x, kernels["query.kernel"], units=units)
    key, key_saved = dense.forward(run, keys, kernels["key.kernel"], units=units)
    hidden = np.tanh(query[:, :, None, :] + key[:, None, :, :])  # (batch, queries, keys, units)
    scores = run.matmul(hidden, kernels["score.kernel"].T)[..., 0]
    weights = softmax(run, scores, seen_keys(lengths, len(keys), keys.shape[1])[:, None, :])
    used = weights if mask is None else weights * mask
    y = run.matmul(used, values)
    return (y[:, 0] if single else y), (query_saved, key_saved, hidden, weights, mask, values, kernels["score.kernel"], single)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    query_saved, key_saved, hidden, weights, mask, values, score, single = saved
    dy = dy[:, None, :] if single else dy
    used = weights if mask is None else weights * mask
    dvalues = run.matmul(used.transpose(0, 2, 1), dy)
    dused = run.matmul(dy, values.transpose(0, 2, 1))
    dscores = softmax_vjp(run, weights, dused if mask is None else dused * mask)[..., None]
    dscore = run.matmul(dscores.reshape(1, -1), hidden.reshape(-1, hidden.shape[-1]))
    dhidden = dscores * score * (1 - hidden * hidden)
    of_query = dense.vjp(run, query_saved, run.sum(dhidden, 2))
    of_key = dense.vjp(run, key_saved, run.sum(dhidden, 1))
    return {
        "x": of_query["x"][:, 0] if single else of_query["x"],
        "keys": of_key["x"],
        "values": dvalues,
        "query.kernel": of_query["kernel"],
        "key.kernel": of_key["kernel"],
        "score.kernel": dscore,
    }


EXAMPLES = (
    Example({"x": (3, 5), "keys": (7, 2)}, {"units": 11}, name="queries"),
    Example(
        {"x": (5,), "keys": (7, 2), "values": (7, 3), "lengths": ()},
        {"units": 11, "dropout": 0.5},
        limits={"lengths": (1, 7)},
        name="single_query",
    ),
)
ANALYTIC = True
STEPS = "causal"
