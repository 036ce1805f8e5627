"""Owns the questions about convolution, pooling, resizing, embedding, dropout.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.inputs import FROM_KERAS, IMAGES
from parity.atlas.question import Question, form

ROW = np.array([[1.0, 2.0, 4.0, 8.0]])
LAYOUTS = {"(out, in, height, width)": form([7, 5, 2, 3]), "(height, width, in, out)": form([2, 3, 5, 7])}


QUESTIONS = (
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
