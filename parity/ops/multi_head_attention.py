"""multi_head_attention: softmax(Q·Kᵀ/√d)·V per head, then one projection (Vaswani et al. 2017, section 3.2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.ops import dense
from parity.ops._attention_weights import check_keys, needed_mask, seen_keys, softmax, softmax_vjp
from parity.ops._grids import FLAGS, LENGTHS, Grid
from parity.ops.definition import (
    Array,
    Count,
    Example,
    Flag,
    Floats,
    Integers,
    ParameterRule,
    Rate,
    Rules,
    Run,
    Shape,
    ShapeError,
)


def signature(
    x: Floats,
    keys: Floats = "x",  # type: ignore[assignment]
    values: Floats = "keys",  # type: ignore[assignment]
    lengths: Integers | None = None,
    *,
    heads: Count,
    causal: Flag = False,
    dropout: Rate = 0.0,
    bias: Flag = True,
) -> Rules:
    check_keys(keys, values, lengths)
    if len(x) != 2 or not x[1] == keys[1] == values[1]:
        raise ShapeError(f"needs x, keys and values of (time, features) with equal features, has {x}, {keys}, {values}")
    if x[1] % heads:
        raise ShapeError(f"{heads} heads do not divide {x[1]} features")
    if causal and x[0] != keys[0]:
        raise ShapeError(f"causal needs as many keys as queries, has {keys[0]} and {x[0]}")
    features = x[1]
    for role in ("query", "key", "value", "output"):
        yield ParameterRule(f"{role}.kernel", (features, features), "kernel", fan_in=features, fan_out=features)
        if bias:
            yield ParameterRule(f"{role}.bias", (features,), "bias")
    return x


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, heads: int, bias: bool, **_: Any) -> int:
    """Four projections, two products, and for each score a scaling and the four operations of a softmax."""
    (queries, features), keys = shapes["x"], shapes["keys"][0]
    projections = (2 * queries + 2 * keys) * features * (2 * features + bias)
    return projections + queries * keys * (4 * features + 5 * heads)


def masks(shapes: dict[str, Shape], *, heads: int, dropout: float, **_: Any) -> dict[str, Shape]:
    return {"mask": (heads, shapes["x"][0], shapes["keys"][0])} if dropout else {}


def _split(x: Array, heads: int) -> Array:
    """(batch, time, features) -> (batch, heads, time, features/heads): head h gets the h-th block of features."""
    batch, time, features = x.shape
    return x.reshape(batch, time, heads, features // heads).transpose(0, 2, 1, 3)


def _merge(x: Array) -> Array:
    batch, heads, time, size = x.shape
    return x.transpose(0, 2, 1, 3).reshape(batch, time, heads * size)


def forward(
    run: Run,
    x: Array,
    keys: Array,
    values: Array,
    *,
    lengths: Array | None = None,
    mask: Array | None = None,
    heads: int,
    causal: bool,
    dropout: float,
    **parameters: Any,
) -> tuple[Array, Any]:
    projected, saved = {}, {}
    for role, source in (("query", x), ("key", keys), ("value", values)):
        y, saved[role] = _project(run, role, source, parameters)
        projected[role] = _split(y, heads)
    queries, count = x.shape[1], keys.shape[1]
    attended = seen_keys(lengths, len(x), count)[:, None, None, :]
    if causal:
        attended = attended & np.tri(queries, count, dtype=bool)
    scale = run.number(1 / np.sqrt(x.shape[-1] // heads))
    scores = run.matmul(projected["query"], projected["key"].transpose(0, 1, 3, 2)) * scale
    weights = softmax(run, scores, attended)
    mask = needed_mask(run, "multi_head_attention", mask, dropout)
    used = weights if mask is None else weights * mask
    y, saved["output"] = _project(run, "output", _merge(run.matmul(used, projected["value"])), parameters)
    return y, (saved, projected, weights, mask, scale, heads)


def _project(run: Run, role: str, x: Array, parameters: dict[str, Array]) -> tuple[Array, Any]:
    kernel = parameters[f"{role}.kernel"]
    return dense.forward(run, x, kernel, parameters.get(f"{role}.bias"), units=len(kernel))


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    projections, projected, weights, mask, scale, heads = saved
    gradients: dict[str, Array] = {}
    dmixed = _split(_project_vjp(run, "output", projections, dy, gradients), heads)
    used = weights if mask is None else weights * mask
    dvalue = run.matmul(used.transpose(0, 1, 3, 2), dmixed)
    dused = run.matmul(dmixed, projected["value"].transpose(0, 1, 3, 2))
    dscores = softmax_vjp(run, weights, dused if mask is None else dused * mask) * scale
    dquery = run.matmul(dscores, projected["key"])
    dkey = run.matmul(dscores.transpose(0, 1, 3, 2), projected["query"])
    for role, name, dprojected in (("query", "x", dquery), ("key", "keys", dkey), ("value", "values", dvalue)):
        gradients[name] = _project_vjp(run, role, projections, _merge(dprojected), gradients)
    return gradients


def _project_vjp(run: Run, role: str, projections: Any, dy: Array, gradients: dict[str, Array]) -> Array:
    """Adds the gradients of the projection's parameters to `gradients`, and returns the gradient of its input."""
    arrays = dense.vjp(run, projections[role], dy)
    dx = arrays.pop("x")
    gradients.update({f"{role}.{name}": gradient for name, gradient in arrays.items()})
    return dx


EXAMPLES = (
    Example({"x": (5, 6)}, {"heads": 2}, name="self"),
    Example({"x": (5, 6)}, {"heads": 3, "causal": True, "dropout": 0.5}, name="causal"),
    Example(
        {"x": (5, 6), "keys": (7, 6), "values": (7, 6), "lengths": ()},
        {"heads": 2, "bias": False},
        limits={"lengths": (1, 7)},
        name="cross",
    ),
)
ANALYTIC = True
STEPS = "causal"
GRID = Grid(
    {"x": (5, 6)},
    {"heads": (1, 2, 3), "causal": FLAGS, "bias": FLAGS, "dropout": (0.0, 0.5)},
    {"lengths": ()},
    limits=LENGTHS,
)
