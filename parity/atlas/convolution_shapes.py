"""Owns the questions about the shapes of layers and arrays.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.inputs import FROM_KERAS
from parity.atlas.question import Array, Question, form

IMPULSE = np.eye(8)[4]


def _cubic(a: float) -> Array:
    """The middle of an impulse at column 4 after enlargement by 2, with Keys' kernel and half-pixel centers."""
    x = abs((np.arange(5, 12) + 0.5) / 2 - 0.5 - 4)
    near, far = (a + 2) * x**3 - (a + 3) * x**2 + 1, a * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def _smoothed() -> Array:
    """An impulse at column 4 of 8, shrunk to 2 columns by triangles that are widened by the same factor."""
    weights = np.clip(1 - abs(np.arange(8)[None] - np.array([[1.5], [5.5]])) / 4, 0, None)
    return np.asarray(weights[:, 4] / weights.sum(1))


IMAGE = np.arange(12.0).reshape(2, 2, 3)


QUESTIONS = (
    Question(
        "dense.flattens",
        "convolution",
        "dense (5 units) of (2, 3, 4): shape of the result",
        {"x": np.zeros((2, 3, 4))},
        {"2, 3, 5: the last axis is mapped": form([2, 3, 5]), "2, 5: all axes after the first are flattened": form([2, 5])},
        "MXNet: nn.Dense(5, flatten=False)",
    ),
    Question(
        "global_average_pool2d.shape",
        "convolution",
        "global average pooling of a batch of 2 with 3 channels: shape of the result",
        {"x": np.zeros((2, 3, 4, 5))},
        {"2, 3": form([2, 3]), "2, 3, 1, 1": form([2, 3, 1, 1])},
        "torch: torch.flatten(y, 1); MXNet: nd.flatten(y); Keras: keepdims=True, and its channels to axis 1",
    ),
    Question(
        "max_pool2d.function_stride",
        "convolution",
        "max pooling (function), size 2, no stride named, goes on by",
        {"x": np.zeros((1, 6))},
        {"its size": form(3), "1": form(5)},
        "MXNet: nd.Pooling(stride=(1, 2)): the kernel's size; the layers take it by themselves",
    ),
    Question(
        "max_pool2d.padding_value",
        "convolution",
        "max_pool2d of (-1, -2) with padding: the border holds",
        {"x": np.array([[-1.0, -2.0]])},
        {"nothing (-inf)": form(-1.0), "0": form(0.0)},
    ),
    Question(
        "average_pool2d.ceil_divisor",
        "convolution",
        "average_pool2d of ones, size 2, length 3, length rounded up: the last window",
        {"x": np.ones((1, 3))},
        {"divides by what is there": form(1.0), "divides by its size": form(0.5)},
    ),
    Question(
        "conv_transpose2d.kernel_layout",
        "convolution",
        "conv_transpose2d: layout of the kernel",
        {},
        {
            "(in, out, height, width)": form([5, 7, 2, 3]),
            "(height, width, out, in)": form([2, 3, 7, 5]),
            "(height, width, in, out)": form([2, 3, 5, 7]),
        },
        FROM_KERAS,
    ),
    Question(
        "depthwise_conv2d.kernel_layout",
        "convolution",
        "depthwise conv2d, 5 channels, multiplier 2: layout of the kernel",
        {},
        {
            "(in·multiplier, 1, height, width)": form([10, 1, 2, 3]),
            "(height, width, in, multiplier)": form([2, 3, 5, 2]),
            "(height, width, 1, in·multiplier)": form([2, 3, 1, 10]),
        },
        "from Keras: np.transpose(w, (2, 3, 0, 1)).reshape(-1, 1, height, width)",
    ),
    Question(
        "resize.bicubic",
        "convolution",
        "bicubic enlargement: the kernel's constant a is",
        {"x": IMPULSE},
        {"-0.75": form(_cubic(-0.75)), "-0.5": form(_cubic(-0.5))},
        "torch: antialias=True has -0.5 (when enlarging nothing else changes, but at the ends); Keras has no -0.75",
    ),
    Question(
        "resize.antialias",
        "convolution",
        "bilinear reduction by 4 reads by default",
        {"x": IMPULSE},
        {
            "two columns for each result (no antialiasing)": form([0, 0]),
            "as many as it shrinks (antialiasing)": form(_smoothed()),
        },
    ),
    Question(
        "concat.axis",
        "convolution",
        "concatenation of two (2, 3, 5) without naming an axis",
        {"x": np.zeros((2, 3, 5))},
        {"along axis 0": form([4, 3, 5]), "along axis 1": form([2, 6, 5]), "along the last axis": form([2, 3, 10])},
        "always name it: Keras: Concatenate(axis=1); torch: torch.cat(…, dim=1); MXNet: nd.concat(x, y, dim=1)",
    ),
    Question(
        "reshape.zero",
        "convolution",
        "reshape of (2, 3, 5) to (0, -1)",
        {"x": np.zeros((2, 3, 5))},
        None,
        "MXNet reads 0 as `as before`: write sizes out: (2, -1)",
    ),
    Question(
        "conv2d.empty",
        "convolution",
        "shape of conv2d (5 filters of 1 by 1) of an empty batch of 4 by 4 images",
        advice="leave empty batches out: for x in batches if len(x)",
    ),
    Question(
        "flatten.walks",
        "convolution",
        "flatten (layer) of an image of 2 channels, in the framework's own layout, walks through",
        {"x": IMAGE},
        {
            "all places of a channel, then the next channel": form(IMAGE.ravel()),
            "all channels of a place, then the next place": form(np.moveaxis(IMAGE, 0, -1).ravel()),
        },
        "Keras: Permute((3, 1, 2)) before Flatten() walks as the others; or permute the next kernel's rows: "
        "conv2d.input_layout",
    ),
)
