"""Owns the questions about windows: padding, strides, patches.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.question import Array, Question, form

PLACES = np.arange(8.0)


def _spread() -> Array:
    """All nine columns of a transposed convolution of 1, 2, 3, 4 by the kernel 1, 10, 100 with stride 2."""
    input_gradient = np.zeros(9)
    for place, value in enumerate((1.0, 2.0, 3.0, 4.0)):
        input_gradient[2 * place : 2 * place + 3] += value * np.array([1.0, 10.0, 100.0])
    return input_gradient


def _dotted(axes: str) -> Array:
    return np.asarray(np.einsum(axes, np.tile([1.0, 10.0], (2, 3, 1)), np.arange(20.0).reshape(2, 2, 5)))


QUESTIONS = (
    Question(
        "conv2d.same_even",
        "convolution",
        "conv2d, `same` padding, kernel 2, stride 1: the missing column is added",
        {"x": np.array([[1.0, 2.0, 3.0]]), "kernel": np.array([[1.0, 10.0]])},
        {"at the end": form([21, 32, 3]), "in front": form([10, 21, 32])},
        "MXNet has no `same`: nd.pad(x, mode='constant', pad_width=(0, 0, 0, 0, 0, 1, 0, 1)) before the convolution",
    ),
    Question(
        "conv2d.stride_and_dilation",
        "convolution",
        "conv2d, kernel 3, stride 2 and dilation 2 at once, length 9: length of the result",
        advice="Keras: Conv2D(dilation_rate=2) with stride 1, then every second row and column: y[:, ::2, ::2]",
    ),
    Question(
        "conv2d.unbatched",
        "convolution",
        "conv2d (5 filters of 1 by 1) of one 4 by 4 image of 3 channels without a batch: shape",
        advice="add the axis of the batch: x[None]",
    ),
    Question(
        "dense.vector",
        "convolution",
        "dense (2 units) of a vector of 4: shape",
        {"x": np.zeros(4)},
        {"2: one example of 4 features": form([2]), "4, 2: four examples of 1 feature": form([4, 2])},
        "add the axis of the batch: x[None]",
    ),
    Question(
        "max_pool2d.stem",
        "convolution",
        "max_pool2d of 1 to 6, size 3, stride 2, padded so that half the length is left (ResNet's)",
        {"x": np.arange(1.0, 7.0)[None]},
        {"3, 5, 6: one column is added at the end": form([3, 5, 6]), "2, 4, 6: at both ends": form([2, 4, 6])},
        "Keras, behind a relu: ZeroPadding2D(1), then MaxPooling2D(3, 2, padding='valid'); torch: F.pad(x, (0, "
        "1, 0, 1)), then MaxPool2d(3, 2)",
    ),
    Question(
        "max_pool2d.ceil_beyond",
        "convolution",
        "max_pool2d, size 2, stride 2, padding 1, length 3 rounded up: a last window that would lie in the padding alone",
        {"x": np.zeros((1, 3))},
        {"is left out: 2 columns": form(2), "counts: 3 columns": form(3)},
        "MXNet: cut the last column off, it holds the lowest float (average: 0)",
    ),
    Question(
        "max_pool2d.nan",
        "convolution",
        "max_pool2d, size 2, of (NaN, 1), (1, NaN)",
        {"x": np.array([[np.nan, 1.0, 1.0, np.nan]])},
        None,
        "torch.nan_to_num(x, nan=-torch.inf) before it hides a NaN in torch as the others do: better check for "
        "one before pooling",
    ),
    Question(
        "conv_transpose2d.same_cut",
        "convolution",
        "conv_transpose2d, kernel 3, stride 2, to twice the length: of 9 columns it leaves out",
        {"x": np.array([[1.0, 2.0, 3.0, 4.0]]), "kernel": np.array([[1.0, 10.0, 100.0]])},
        {"the first": form(_spread()[1:]), "the last": form(_spread()[:-1])},
        "Keras's `same` is padding=0 and y[..., :-1, :-1] in torch, MXNet; torch's padding=1, output_padding=1 "
        "is Keras's padding='valid' and y[:, 1:, 1:]",
    ),
    Question(
        "conv_transpose2d.gap",
        "convolution",
        "conv_transpose2d, kernel 1, stride 2, length 4: length of the result",
        {},
        {"7: the last gap is left out": form(7), "8: the last gap counts": form(8)},
        "torch, MXNet: output_padding=1 gives Keras's length; Keras: output_padding=0 gives theirs",
    ),
    Question(
        "pad.order",
        "convolution",
        "padding (function) of (1, 1, 2, 3) by (1, 2) pads",
        {"x": np.zeros((1, 1, 2, 3))},
        {"the last axis": form([1, 1, 2, 6]), "every axis": form([4, 4, 5, 6])},
        "torch F.pad counts pairs from the last axis; the others' pad want a pair for every axis, the first one first",
    ),
    Question(
        "extract_patches.order",
        "convolution",
        "patches of 2 by 2 of 2 channels (im2col, unfold): order of a patch",
        {"x": PLACES.reshape(2, 2, 2)},
        {"channel, row, column": form(PLACES), "row, column, channel": form([0, 4, 1, 5, 2, 6, 3, 7])},
        "permute: patches.reshape(-1, kh, kw, C) is moved to (-1, C, kh, kw), or back",
    ),
    Question(
        "depth_to_space.order",
        "convolution",
        "depth to space (pixel shuffle) by 2 of 8 channels: the channels are",
        {"x": PLACES},
        {
            "(channel, row, column): neighbours make one block": form(PLACES),
            "(row, column, channel): neighbours make channels": form([0, 2, 4, 6, 1, 3, 5, 7]),
        },
        "permute the convolution's filters before it: w.reshape(C, 4, …) to (4, C, …), or back",
    ),
    Question(
        "grid_sample.edge",
        "convolution",
        "bilinear sampling of a row 2, 4, 6, 8 at -1 (its left end) by default",
        {"x": np.tile([2.0, 4.0, 6.0, 8.0], (4, 1))},
        {"the pixel's middle: 2": form(2.0), "the pixel's edge, beyond it is 0: 1": form(1.0)},
        "torch: F.grid_sample(align_corners=True) is MXNet's BilinearSampler",
    ),
    Question(
        "adaptive_average_pool2d.windows",
        "convolution",
        "adaptive average pooling of 5 columns to 3: windows",
        {"x": np.array([[1.0, 2.0, 4.0, 8.0, 16.0]])},
        {"overlap: 1-2, 2-4, 4-5": form([1.5, 14 / 3, 12]), "do not overlap: 1, 2-3, 4-5": form([1, 3, 12])},
    ),
    Question(
        "resize.size_order",
        "convolution",
        "resizing an image to size (2, 3): the numbers are",
        {"x": np.zeros((4, 4, 1))},
        {"height, width": form([2, 3]), "width, height": form([3, 2])},
        "MXNet: nd.image.resize(x, size=(3, 2)) for height 2, width 3: turn the pair round",
    ),
    Question(
        "dropout.everything",
        "convolution",
        "dropout of rate 1 in training, of 1, 1",
        {"x": np.ones(2)},
        None,
        "MXNet multiplies 0 by 1/0: write x * 0 where everything is to be dropped",
    ),
    Question(
        "dropout.function_mode",
        "convolution",
        "dropout (function, rate 0.75), called without a word about training",
        {"x": np.ones(1000)},
        {"drops": form(4.0), "lets everything through": form(1.0)},
        "torch: F.dropout(x, 0.75, training=self.training); Keras: layers.Dropout(0.75) follows the mode; MXNet "
        "drops inside of autograd.train_mode()",
    ),
    Question(
        "embedding.float_index",
        "convolution",
        "embedding: index 1.7 in a table of 5 rows (10·row)",
        {"x": np.array([1.7])},
        None,
        "cast first: torch: x.long(); Keras: ops.cast(x, 'int32'); MXNet: x.astype('int32')",
    ),
    Question(
        "split.number_means",
        "convolution",
        "split (function) of 6 numbers by 2 gives",
        {"x": np.zeros(6)},
        {"2 pieces": form(2), "pieces of 2": form(3)},
        "torch: torch.chunk(x, 2) or tensor_split gives 2 pieces; elsewhere split(x, 3) gives pieces of 2",
    ),
    Question(
        "repeat.order",
        "convolution",
        "repeat of (1, 2) by 2",
        {"x": np.array([1.0, 2.0])},
        {"1, 1, 2, 2: each number": form([1, 1, 2, 2]), "1, 2, 1, 2: the whole": form([1, 2, 1, 2])},
        "torch: x.repeat is a tile, torch.repeat_interleave(x, 2) repeats each number; elsewhere tile repeats the whole",
    ),
    Question(
        "flatten.keeps",
        "convolution",
        "flatten (function; Keras: layer) of (2, 3, 5): shape",
        {"x": np.zeros((2, 3, 5))},
        {"2, 15: the batch is kept": form([2, 15]), "30": form([30])},
        "torch: torch.flatten(x, 1), or nn.Flatten()",
    ),
    Question(
        "dot.axes",
        "convolution",
        "dot (function) of (2, 3, 2) and (2, 2, 5) contracts",
        {"x": np.tile([1.0, 10.0], (2, 3, 1)), "y": np.arange(20.0).reshape(2, 2, 5)},
        {
            "the last axis with the last but one": form(_dotted("abc,dce->abde")),
            "the last axis with the first": form(_dotted("abc,cde->abde")),
        },
        "use matmul (Keras ops.matmul, torch.matmul, MXNet nd.batch_dot): it goes along the batch",
    ),
)
