"""Owns what all attention ops share: which keys may be seen, and the softmax over the seen keys, forward and backward.

It refuses to know how scores are computed.
"""

from __future__ import annotations

import numpy as np

from parity.ops.definition import Array, Run, Shape, ShapeError


def check_keys(keys: Shape, values: Shape, lengths: Shape | None) -> None:
    """Raises ShapeError unless keys and values are (time, features) with equal time, and lengths is one number per example."""
    if len(keys) != 2 or len(values) != 2:
        raise ShapeError(f"needs keys and values of (time, features), has {keys} and {values}")
    if keys[0] != values[0]:
        raise ShapeError(f"keys {keys} and values {values} differ in time")
    if lengths is not None and lengths != ():
        raise ShapeError(f"takes one length per example, has lengths of shape {lengths}")


def seen_keys(lengths: Array | None, batch: int, time: int) -> Array:
    """(batch, time) booleans: whether a key is seen. Keys at or beyond an example's length are not."""
    if lengths is None:
        return np.ones((batch, time), bool)
    if lengths.min() < 1:
        raise ValueError(f"attention over no keys: lengths are at least 1, one is {lengths.min()}")
    return np.asarray(np.arange(time) < lengths[:, None])


def softmax(run: Run, scores: Array, attended: Array) -> Array:
    """Softmax over the last axis. A key that is not seen has weight 0. `seen` broadcasts to the scores."""
    scores = np.where(attended, scores, run.number(-np.inf))
    grown = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(grown / run.sum(grown, -1, keepdims=True))


def softmax_vjp(run: Run, weights: Array, dweights: Array) -> Array:
    """Gradient of the scores: w·(dw - Σ w·dw)."""
    return np.asarray(weights * (dweights - run.sum(weights * dweights, -1, keepdims=True)))


def needed_mask(run: Run, op: str, mask: Array | None, dropout: float) -> Array | None:
    """The dropout mask of the weights, if dropout applies. The reference never draws one."""
    if not (run.training and dropout):
        return None
    if mask is None:
        raise ValueError(f"{op}: dropout {dropout} in training needs a mask; the reference never draws")
    return mask
