"""Owns the questions about layers: normalization, convolution, pooling, resizing, layouts, activations.

It computes each form in float64 from the definition, and refuses to know which framework does what.
"""

from __future__ import annotations

import math

import numpy as np

from parity.atlas.question import Array, Question, form

X = np.array([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 2.5]])
MEAN, VARIANCE = X.mean(0), X.var(0)
EPSILON, MOMENTUM = 2.0**-10, 0.25
IMAGES = np.zeros((1, 3, 4, 5))
ROW = np.array([[1.0, 2.0, 4.0, 8.0]])
FROM_KERAS = "from Keras: np.transpose(w, (3, 2, 0, 1)); to Keras: (2, 3, 1, 0)"
NORMALIZED_WITH = {
    "the batch's statistics": form((X - MEAN) / np.sqrt(VARIANCE + EPSILON)),
    "running statistics": form(X / np.sqrt(1 + EPSILON)),
}
LAYOUTS = {"(out, in, height, width)": form([7, 5, 2, 3]), "(height, width, in, out)": form([2, 3, 5, 7])}


def _moved(batch: Array) -> list[Array]:
    """A running value that was 1, after one batch, for both meanings of the momentum."""
    return form(*(share + (1 - share) * batch for share in (MOMENTUM, 1 - MOMENTUM)))


def _local_response(alpha: float) -> list[Array]:
    return form(1 / (1 + alpha * 3))


def _gelu_tanh(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


NORMALIZATION = (
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
)

CONVOLUTION = (
    Question("conv2d.kernel_layout", "convolution", "conv2d: layout of the kernel", {}, LAYOUTS, FROM_KERAS),
    Question(
        "dense.kernel_layout",
        "convolution",
        "dense: layout of the kernel",
        {},
        {"(out, in)": form([7, 5]), "(in, out)": form([5, 7])},
        "transpose the kernel when it moves: w.T",
    ),
    Question(
        "conv2d.input_layout",
        "convolution",
        "conv2d: the axis of the channels by default",
        {"x": IMAGES},
        {"axis 1 (channels first)": form(3), "the last axis": form(5)},
        "Keras: np.transpose(x, (0, 2, 3, 1)), and permute the rows of a dense kernel after a flatten: "
        "w.reshape(2, 3, 4, -1).transpose(1, 2, 0, 3)",
    ),
    Question(
        "conv2d.flips",
        "convolution",
        "conv2d computes",
        {"x": np.array([[1.0, 2.0, 4.0]]), "kernel": np.array([[1.0, 10.0, 100.0]])},
        {"cross-correlation": form([[421.0]]), "convolution (the kernel flipped)": form([[124.0]])},
    ),
    Question(
        "conv2d.same_stride_2",
        "convolution",
        "conv2d, `same` padding, kernel 3, stride 2, even length: the missing column is added",
        {"x": ROW, "kernel": np.ones((1, 3))},
        {"at the end": form([[7.0, 12.0]]), "on both sides": form([[3.0, 14.0]])},
        "torch: F.pad(x, (0, 1, 0, 1)), then padding=0 is Keras's; MXNet: nd.pad so; Keras: ZeroPadding2D(1), "
        "then padding='valid' is padding=1",
    ),
    Question(
        "average_pool2d.corner",
        "convolution",
        "average_pool2d with padding: the divisor at the border",
        {"x": np.ones((3, 3))},
        {"counts padding": form(4 / 9), "counts real elements": form(1.0)},
        "torch, MXNet: count_include_pad=False gives Keras's `same`; Keras: ZeroPadding2D(1) before it counts padding",
    ),
    Question(
        "max_pool2d.odd_end",
        "convolution",
        "max_pool2d, kernel 2, length 5: the last column",
        {"x": np.ones((1, 5))},
        {"is dropped": form(2), "gets a window": form(3)},
    ),
    Question(
        "upsample.bilinear",
        "convolution",
        "bilinear upsampling of (0, 1) to 4",
        {"x": np.array([[0.0, 1.0], [0.0, 1.0]])},
        {
            "half-pixel centers": form([0, 0.25, 0.75, 1]),
            "corners aligned": form([0, 1 / 3, 2 / 3, 1]),
            "asymmetric": form([0, 0.5, 1, 1]),
        },
        "MXNet: align_corners=False is the others'; torch: align_corners=True is MXNet's; Keras has half-pixel centers only",
    ),
    Question(
        "resize.nearest",
        "convolution",
        "nearest resizing of 5 columns to 3 takes columns",
        {"x": np.arange(5.0)[None]},
        {"0, 1, 3 (floor)": form([0, 1, 3]), "0, 2, 4 (half-pixel centers)": form([0, 2, 4])},
        "torch: mode='nearest-exact' has half-pixel centers",
    ),
    Question("conv_transpose2d.size", "convolution", "conv_transpose2d, kernel 3, stride 2, length 4: length of the result"),
    Question(
        "dropout.survivors",
        "convolution",
        "dropout, rate 0.75, in training: a survivor of 1 becomes",
        {"x": np.ones(1000)},
        {"1/(1 - rate)": form(4.0), "1": form(1.0), "no survivor: the argument is the share kept": form(4 / 3)},
    ),
    Question(
        "local_response_norm.alpha_means",
        "normalization",
        "local_response_norm: alpha is multiplied with",
        {"x": np.ones((1, 3, 1, 1))},
        {"the sum of squares": _local_response(3.0), "the mean of squares": _local_response(1.0)},
    ),
    Question(
        "embedding.beyond",
        "convolution",
        "embedding: index 7 in a table of 5 rows (10·row)",
        {"index": np.array([7])},
        advice="check before: index.min() >= 0 and index.max() < rows; MXNet clips to the table",
    ),
    Question(
        "embedding.negative",
        "convolution",
        "embedding: index -1 in a table of 5 rows (10·row)",
        {"index": np.array([-1])},
        advice="check before: index.min() >= 0 and index.max() < rows; index % rows counts from the end in torch "
        "and MXNet too, as Keras on TensorFlow does",
    ),
    Question(
        "one_hot.beyond",
        "convolution",
        "one-hot of 5 in 3 classes",
        {"index": np.array([5])},
        advice="torch: (labels[:, None] == torch.arange(3)) gives the others' row of 0; check labels before",
    ),
)

ACTIVATIONS = (
    Question(
        "hard_sigmoid.form",
        "activations",
        "hard_sigmoid",
        {"x": np.array([1.0, -1.0])},
        {"clip(x/6 + 1/2, 0, 1)": form([2 / 3, 1 / 3]), "clip(0.2·x + 0.5, 0, 1)": form([0.7, 0.3])},
        "MXNet: nd.hard_sigmoid(x, alpha=1/6, beta=0.5) is the others'; elsewhere clip(0.2 * x + 0.5, 0, 1) is MXNet's",
    ),
    Question(
        "gelu.form",
        "activations",
        "gelu",
        {"x": np.array([-2.3])},
        {"x·Φ(x) (erf)": form([-2.3 * 0.5 * (1 + math.erf(-2.3 / math.sqrt(2)))]), "the tanh form": form([_gelu_tanh(-2.3)])},
    ),
    Question(
        "hard_swish.form",
        "activations",
        "hard_swish",
        {"x": np.array([1.0, -1.0])},
        {"x·relu6(x + 3)/6": form([2 / 3, -1 / 3])},
    ),
    Question(
        "softmax.implicit_axis",
        "activations",
        "softmax of (2, 3, 4) without naming an axis goes over",
        {"x": np.zeros((2, 3, 4))},
        {"axis 0": form(1 / 2), "axis 1": form(1 / 3), "the last axis": form(1 / 4)},
        "always name it: Keras: axis=-1; torch: dim=-1; MXNet: axis=-1",
    ),
    Question("softmax.all_masked", "activations", "softmax of (-inf, -inf)", {"x": np.array([-np.inf, -np.inf])}),
    Question(
        "log_softmax.huge",
        "activations",
        "log_softmax of (1e4, 0)",
        {"x": np.array([1e4, 0.0])},
        advice="MXNet: nd.log_softmax(x - x.max()) rounds as the others",
    ),
    Question("relu.nan", "activations", "relu(NaN)", {"x": np.array([np.nan])}),
    Question(
        "relu.minus_zero",
        "activations",
        "1 / relu(-0.0): the sign of zero",
        {"x": np.array([-0.0])},
        advice="relu(x) + 0.0 has no sign at zero, everywhere",
    ),
    Question("softplus.huge", "activations", "softplus(1e4)", {"x": np.array([1e4])}),
)

QUESTIONS = (*NORMALIZATION, *CONVOLUTION, *ACTIVATIONS)
