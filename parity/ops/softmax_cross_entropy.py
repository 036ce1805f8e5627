"""softmax_cross_entropy: -Σ target·log softmax(x), averaged over positions; x are logits, labels whole numbers.

smoothing s (Szegedy et al. 2016, section 7): the target is (1 - s) at the label, plus s/classes at every class.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from parity.ops._axes import checked, past_batch, without
from parity.ops._grids import LENGTHS, Grid
from parity.ops.definition import Array, Axis, Example, Floats, Integers, Rate, Rules, Run, Shape, ShapeError, Word

BATCHED = False
WORDS = {"mean": ("all", "sequences")}


def signature(
    x: Floats,
    labels: Integers,
    lengths: Integers | None = None,
    *,
    axis: Axis = -1,
    smoothing: Rate = 0.0,
    mean: Word = "all",
) -> Rules:
    yield from ()
    if labels != without(x, checked(x, axis)):
        raise ShapeError(f"needs labels of shape {without(x, axis)}, the shape of x {x} without axis {axis}; has {labels}")
    if lengths is not None and (lengths != () or len(labels) != 1):
        raise ShapeError(f"lengths go with labels of (time) and one length per example; has {labels} and {lengths}")
    return ()


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **_: Any) -> int:
    """For each logit: subtract the maximum, exp, sum, and the product with the target."""
    return 4 * prod(shapes["x"])


def forward(
    run: Run,
    x: Array,
    labels: Array,
    lengths: Array | None = None,
    *,
    axis: int,
    smoothing: float,
    mean: str,
    **_: Any,
) -> tuple[Array, Any]:
    """mean: `all` divides by the number of valid positions in the batch; `sequences` averages within each sequence first."""
    logits = np.moveaxis(x, past_batch(axis), -1)
    classes = logits.shape[-1]
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"softmax_cross_entropy: a label lies outside of 0 … {classes - 1}: {labels.min()} … {labels.max()}")
    shifted = logits - logits.max(axis=-1, keepdims=True)
    total = run.sum(np.exp(shifted), -1, keepdims=True)
    logs = shifted - np.log(total)
    losses = -np.take_along_axis(logs, labels[..., None], axis=-1)[..., 0]
    if smoothing:
        losses = (1 - smoothing) * losses - smoothing * run.mean(logs, -1)
    weights = _weights(run, labels, lengths, mean)
    loss = run.sum((losses * weights).reshape(-1))
    return loss, (np.exp(logs), labels, weights, axis, smoothing)


def _weights(run: Run, labels: Array, lengths: Array | None, mean: str) -> Array:
    """The weight of each position's loss in the mean; the weights add up to one."""
    if lengths is None:
        return np.full(labels.shape, 1 / labels.size, run.dtype)
    valid = np.arange(labels.shape[1]) < lengths[:, None]
    counts = np.sum(valid, axis=1, keepdims=True)
    if counts.min() < 1 and (mean == "sequences" or not counts.any()):
        raise ValueError("softmax_cross_entropy: the mean over a sequence without a valid position (a length of 0)")
    share = 1 / (len(labels) * counts) if mean == "sequences" else 1 / counts.sum()
    return np.asarray(valid * share, run.dtype)


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    probabilities, labels, weights, axis, smoothing = saved
    gradient = probabilities - run.number(smoothing / probabilities.shape[-1])
    places = labels[..., None]
    kept = np.take_along_axis(gradient, places, axis=-1) - run.number(1 - smoothing)
    np.put_along_axis(gradient, places, kept, axis=-1)
    return {"x": np.moveaxis(gradient * (dy * weights)[..., None], -1, past_batch(axis))}


EXAMPLES = (
    Example({"x": (7,), "labels": ()}, {"smoothing": 0.25}, below={"labels": 7}),
    Example({"x": (5, 2, 3), "labels": (2, 3)}, {"axis": 0}, below={"labels": 5}, name="channels"),
    Example({"x": (5, 5), "labels": (5,)}, {"axis": 0}, below={"labels": 5}, name="square"),
    Example(
        {"x": (5, 7), "labels": (5,), "lengths": ()},
        {"mean": "sequences"},
        below={"labels": 7},
        limits={"lengths": (1, 5)},
        name="sequences",
    ),
    Example({"x": (5, 7), "labels": (5,), "lengths": ()}, below={"labels": 7}, limits={"lengths": (1, 5)}, name="all"),
)
EXTREMES = (
    Example({"x": (5, 7), "labels": (5,)}, below={"labels": 7}, limits={"x": (-10000, 10000)}, name="huge"),
    Example(
        {"x": (5, 7), "labels": (5,)}, {"smoothing": 0.25}, below={"labels": 7}, limits={"x": (-10000, 10000)}, name="smooth"
    ),
)
KIND = "losses"
ANALYTIC = True
GRID = Grid(
    {"x": (5, 7), "labels": (5,)},
    {"axis": (1,), "smoothing": (0.0, 0.25), "mean": ("all", "sequences")},
    {"lengths": ()},
    below={"labels": 7},
    limits=LENGTHS,
)
