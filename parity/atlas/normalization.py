"""Owns the questions about normalization.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.inputs import EPSILON, IMAGES, MEAN, MOMENTUM, NORMALIZED_WITH, TYPES, VARIANCE, X
from parity.atlas.question import Array, Question, form


def _moved(batch: Array) -> list[Array]:
    """A running value that was 1, after one batch, for both meanings of the momentum."""
    return form(*(share + (1 - share) * batch for share in (MOMENTUM, 1 - MOMENTUM)))


def _local_response(alpha: float) -> list[Array]:
    return form(1 / (1 + alpha * 3))


EIGHT = np.arange(1.0, 9.0)
ROW = np.array([1.0, 2.0, 4.0])


QUESTIONS = (
    Question(
        "batch_norm.momentum_means",
        "normalization",
        "batch_norm: what `momentum` is the share of",
        {"x": X},
        {"the old running value": form((1 - MOMENTUM) * MEAN), "the new batch's value": form(MOMENTUM * MEAN)},
        "where the meaning is the other one pass 1 - momentum",
    ),
    Question(
        "batch_norm.running_variance",
        "normalization",
        "batch_norm: the variance that the running value keeps",
        {"x": X},
        {"biased (divided by n)": _moved(VARIANCE), "unbiased (divided by n - 1)": _moved(X.var(0, ddof=1))},
        "no argument changes it; torch: momentum=0.0 and running_var.lerp_(x.var(0, correction=0), 0.75) for "
        "0.25; Keras: momentum=1.0, and assign",
    ),
    Question(
        "batch_norm.axis",
        "normalization",
        "batch_norm: the axis that is normalized for itself by default",
        {"x": IMAGES},
        {"axis 1 (channels first)": form(3), "the last axis": form(5)},
        "Keras: BatchNormalization(axis=1), MXNet: BatchNorm(axis=-1) for the other; torch: move the channels to axis 1",
    ),
    Question(
        "batch_norm.frozen",
        "normalization",
        "batch_norm, frozen, called in training mode: normalizes with",
        {"x": X},
        NORMALIZED_WITH,
        "torch: layer.eval() as well as requires_grad_(False); MXNet: use_global_stats=True; Keras, parameters "
        "alone: layer.gamma.trainable = False, beta too",
    ),
    Question(
        "normalize.tiny",
        "normalization",
        "L2 normalization of (3e-7, 4e-7)",
        {"x": np.array([3e-7, 4e-7])},
        None,
        "MXNet: nd.L2Normalization(x, eps=1e-24) is the others'; MXNet's elsewhere: 1e-10 is added to the sum of "
        "squares, inside the root",
    ),
    Question(
        "local_response_norm.alpha_means",
        "normalization",
        "local_response_norm: alpha is multiplied with",
        {"x": np.ones((1, 3, 1, 1))},
        {"the sum of squares": _local_response(3.0), "the mean of squares": _local_response(1.0)},
    ),
    Question(
        "normalize.axis",
        "normalization",
        "L2 normalization (function) of (2, 2, 2) without naming an axis goes over",
        {"x": EIGHT.reshape(2, 2, 2)},
        {
            "axis 1": form(1 / np.sqrt(10)),
            "the last axis": form(1 / np.sqrt(5)),
            "all axes after the first": form(1 / np.sqrt(30)),
        },
        "name it: torch F.normalize(x, dim=-1), Keras ops.normalize(x, axis=-1); "
        "MXNet nd.L2Normalization(x, mode='channel') is axis 1",
    ),
    Question(
        "group_norm.gains",
        "normalization",
        "group_norm of 4 channels in 2 groups: number of gains",
        {"x": np.zeros((2, 4, 3, 3))},
        {"4: one per channel": form(4), "2: one per group": form(2)},
        "MXNet cannot hold a gain per channel: give it scale=False and multiply "
        "after; from MXNet repeat each gain over its group",
    ),
    Question(
        "batch_norm.frozen_moves",
        "normalization",
        "batch_norm, frozen, called in training mode: the running mean",
        {"x": X},
        {
            "moves": form(MOMENTUM * MEAN, (1 - MOMENTUM) * MEAN),
            "stands still": form(np.zeros_like(MEAN)),
        },
        "torch: layer.eval() as well as requires_grad_(False); MXNet: nn.BatchNorm(use_global_stats=True); in "
        "Keras layer.trainable = False is both",
    ),
    Question(
        "batch_norm.half_statistics",
        "normalization",
        "batch_norm cast to float16: type of the running variance",
        {},
        TYPES,
        "a small share of a new value is lost in float16: torch: layer.float() in a model.half(); Keras: dtype='mixed_float16'",
    ),
    Question(
        "batch_norm.saved",
        "normalization",
        "batch_norm: number of arrays that are saved",
        advice="torch saves num_batches_tracked too: leave it out when weights move, it counts only where momentum is None",
    ),
    Question(
        "layer_norm.two_axes",
        "normalization",
        "layer_norm over the last two axes of (2, 3, 4, 5): shape of the gains",
        {"x": np.zeros((2, 3, 4, 5))},
        {"4, 5": form([4, 5]), "5": form([5]), "20": form([20])},
        "MXNet: reshape the axes into one before nn.LayerNorm, and back after it",
    ),
    Question(
        "batch_norm.function_scale",
        "normalization",
        "batch_norm (function): a gamma of 3",
        {"x": np.array([[2.0], [2.0]])},
        {"is used": form(6 / np.sqrt(1 + EPSILON)), "is read as 1": form(2 / np.sqrt(1 + EPSILON))},
        "MXNet: nd.BatchNorm(fix_gamma=False)",
    ),
    Question(
        "batch_norm.function_epsilon",
        "normalization",
        "batch_norm (function): epsilon in effect by default",
        {"x": np.array([[1.0], [1.0]])},
        None,
        "name it: Keras: epsilon=1e-5; torch: eps=1e-3; MXNet: eps=1e-5",
    ),
    Question(
        "rms_norm.epsilon_in_effect",
        "normalization",
        "rms_norm: epsilon in effect by default, in float32",
        {"x": np.array([[1e-6, 1e-6]])},
        None,
        "name it: Keras: RMSNormalization(epsilon=2**-23) is torch's; torch: RMSNorm(2, eps=1e-6) is Keras's",
    ),
    Question(
        "layer_norm.variance",
        "normalization",
        "layer_norm of (1, 2, 4), epsilon 0.25: divides by",
        {"x": ROW[None]},
        {
            "the root of the biased variance + ε": form((ROW - ROW.mean()) / np.sqrt(ROW.var() + 0.25)),
            "the root of the unbiased variance + ε": form((ROW - ROW.mean()) / np.sqrt(ROW.var(ddof=1) + 0.25)),
            "the deviation + ε": form((ROW - ROW.mean()) / (ROW.std() + 0.25)),
        },
    ),
)
