"""Owns the ops on images as native channels-last layers: convolutions, pooling, padding, norms over channels.

It refuses to decide how values lie: wiring.py does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from parity.keras_impl.wiring import Site, Tensor
from parity.spec.graph_facts import with_bodies

Borders = Sequence[Sequence[int]]


def _same(size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int], padding: Borders) -> bool:
    """Whether Keras's `same`, which depends on the size of the image, pads exactly these borders."""
    for length, width, step, gap, (before, after) in zip(size, kernel, stride, dilation, padding, strict=True):
        total = max((-(-length // step) - 1) * step + (width - 1) * gap + 1 - length, 0)
        if (before, after) != (total // 2, total - total // 2):
            return False
    return True


def _padded(site: Site, x: Tensor, value: float = 0.0) -> tuple[Tensor, str]:
    """The padded image, and Keras's word for the padding that the layer still has to do."""
    padding = site["padding"]
    if not any(map(any, padding)):
        return x, "valid"
    size, dilation = site.shape()[1:], site.attributes.get("dilation", (1, 1))
    if _same(size, site["kernel"], site["stride"], dilation, padding):
        return x, "same"
    if value:
        borders = ((0, 0), *map(tuple, padding), (0, 0))
        return site.function(partial(ops.pad, pad_width=borders, constant_values=value), x, suffix="pad"), "valid"
    return keras.layers.ZeroPadding2D(tuple(map(tuple, padding)), name=site.layer_name("pad"))(x), "valid"


def conv2d(site: Site) -> Tensor:
    x, padding = _padded(site, site.tensor())
    stride, dilation, groups = tuple(site["stride"]), tuple(site["dilation"]), site["groups"]
    skip = stride if max(stride) > 1 and max(dilation) > 1 else (1, 1)  # Keras refuses both together
    if skip != (1, 1):
        stride = (1, 1)
        if padding == "same":
            x = keras.layers.ZeroPadding2D(tuple(map(tuple, site["padding"])), name=site.layer_name("pad"))(x)
            padding = "valid"
    shared = {"padding": padding, "use_bias": site["bias"], "dilation_rate": dilation}
    if depthwise(site.attributes, site.shape()[0]) and stride[0] == stride[1]:
        multiplier = site["channels"] // groups
        layer = site.layer(keras.layers.DepthwiseConv2D, tuple(site["kernel"]), stride, depth_multiplier=multiplier, **shared)
    else:
        layer = site.layer(keras.layers.Conv2D, site["channels"], tuple(site["kernel"]), stride, groups=groups, **shared)
    y = layer(x)
    return y if skip == (1, 1) else site.function(lambda t: t[:, :: skip[0], :: skip[1]], y, suffix="skip")


def conv3d(site: Site) -> Tensor:
    """A volume lies channels first, as in the spec, and is moved: Keras on CPU wants channels last."""
    x = keras.layers.Permute((2, 3, 4, 1), name=site.layer_name("first"))(site.tensor())
    if any(map(any, site["padding"])):
        x = keras.layers.ZeroPadding3D(tuple(map(tuple, site["padding"])), name=site.layer_name("pad"))(x)
    stride, dilation = tuple(site["stride"]), tuple(site["dilation"])
    skip = stride if max(stride) > 1 and max(dilation) > 1 else (1, 1, 1)  # Keras refuses both together
    settings = {"use_bias": site["bias"], "dilation_rate": dilation, "groups": site["groups"]}
    strides = stride if max(skip) == 1 else (1, 1, 1)
    y = site.layer(keras.layers.Conv3D, site["channels"], tuple(site["kernel"]), strides, **settings)(x)
    if max(skip) > 1:
        y = site.function(lambda t: t[:, :: skip[0], :: skip[1], :: skip[2]], y, suffix="skip")
    return keras.layers.Permute((4, 1, 2, 3), name=site.layer_name("last"))(y)


def depthwise(attributes: Any, channels: int) -> bool:
    """Whether every input channel is convolved separately. Keras has a layer for this, with equal strides only."""
    stride, dilation = attributes["stride"], attributes["dilation"]
    even = stride[0] == stride[1] or max(dilation) > 1
    return bool(attributes["groups"] == channels and channels > 1 and even)


class DilatedTranspose(keras.layers.Conv2DTranspose):  # type: ignore[misc]
    """Conv2DTranspose with zeros in the gaps of its kernel: TensorFlow has no transposed dilation on CPU, nor with a stride."""

    def __init__(self, gaps: Sequence[int], *sizes: Any, **settings: Any) -> None:
        super().__init__(*sizes, **settings)
        self.gaps = gaps

    def call(self, inputs: Tensor) -> Tensor:
        (rows, columns), (deep, wide) = self.kernel_size, self.gaps
        apart = ops.reshape(self.kernel, (rows, 1, columns, 1, *self.kernel.shape[2:]))
        apart = ops.pad(apart, ((0, 0), (0, deep - 1), (0, 0), (0, wide - 1), (0, 0), (0, 0)))
        spread = ops.reshape(apart, (rows * deep, columns * wide, *self.kernel.shape[2:]))
        kernel = spread[: rows * deep - deep + 1, : columns * wide - wide + 1]
        y = ops.conv_transpose(inputs, kernel, self.strides, "valid", data_format="channels_last")
        return ops.add(y, self.bias) if self.use_bias else y

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        reach = [(taps - 1) * gap + 1 for taps, gap in zip(self.kernel_size, self.gaps, strict=True)]
        sizes = zip(input_shape[1:3], self.strides, reach, strict=True)
        return (input_shape[0], *((length or 0) * step + max(width - step, 0) for length, step, width in sizes), self.filters)


def conv_transpose2d(site: Site) -> Tensor:
    kernel, stride, padding, dilation = site["kernel"], site["stride"], site["padding"], tuple(site["dilation"])
    reach = [(taps - 1) * gap + 1 for taps, gap in zip(kernel, dilation, strict=True)]
    size, wanted = site.shape()[1:], site.node.outputs[""][1:]
    borders = [max(width - step, 0) for width, step in zip(reach, stride, strict=True)]
    same = max(dilation) == 1 and all(
        out == length * step and (before, after) == (border // 2, border - border // 2)
        for out, length, step, border, (before, after) in zip(wanted, size, stride, borders, padding, strict=True)
    )
    word = "same" if same else "valid"
    kind = partial(DilatedTranspose, dilation) if max(dilation) > 1 else keras.layers.Conv2DTranspose
    layer = site.layer(kind, site["channels"], tuple(kernel), tuple(stride), padding=word, use_bias=site["bias"])
    y = layer(site.tensor())
    full = [length * step + border for length, step, border in zip(size, stride, borders, strict=True)]
    crops = [(before, length - before - out) for (before, _), length, out in zip(padding, full, wanted, strict=True)]
    if same or not any(map(any, crops)):
        return y
    return keras.layers.Cropping2D(crops, name=site.layer_name("crop"))(y)


def max_pool2d(site: Site) -> Tensor:
    x, padding = _padded(site, site.tensor(), -np.inf)
    return keras.layers.MaxPooling2D(tuple(site["kernel"]), tuple(site["stride"]), padding, name=site.layer_name())(x)


def average_pool2d(site: Site) -> Tensor:
    """Average pooling. Keras's `same` does not count padding."""
    kernel, stride, padding = tuple(site["kernel"]), tuple(site["stride"]), site["padding"]
    counted = site["count_padding"] or not any(map(any, padding))
    if not counted and _same(site.shape()[1:], kernel, stride, (1, 1), padding):
        return keras.layers.AveragePooling2D(kernel, stride, "same", name=site.layer_name())(site.tensor())
    x = site.tensor()
    if any(map(any, padding)):
        x = keras.layers.ZeroPadding2D(tuple(map(tuple, padding)), name=site.layer_name("pad"))(x)
    y = keras.layers.AveragePooling2D(kernel, stride, name=site.layer_name() if counted else site.layer_name("sum"))(x)
    if counted:
        return y
    weights = kernel[0] * kernel[1] / _counts(site.shape()[1:], kernel, stride, padding)
    return site.function(lambda t: t * ops.convert_to_tensor(weights, t.dtype), y)


def _counts(size: Sequence[int], kernel: Sequence[int], stride: Sequence[int], padding: Borders) -> Any:
    """How many values of the image lie in each window: (rows, columns, 1)."""
    lines = []
    for length, width, step, (before, after) in zip(size, kernel, stride, padding, strict=True):
        starts = np.arange(0, length + before + after - width + 1, step)
        inside = np.minimum(starts + width, before + length) - np.maximum(starts, before)
        lines.append(inside.astype(np.float64))
    return np.multiply.outer(*lines)[..., None]


def global_average_pool2d(site: Site) -> Tensor:
    return keras.layers.GlobalAveragePooling2D(name=site.layer_name())(site.tensor())


def global_max_pool2d(site: Site) -> Tensor:
    return keras.layers.GlobalMaxPooling2D(name=site.layer_name())(site.tensor())


def adaptive_average_pool2d(site: Site) -> Tensor:
    return keras.layers.AdaptiveAveragePooling2D(tuple(site["size"]), name=site.layer_name())(site.tensor())


def upsample2d(site: Site) -> Tensor:
    """Keras's bilinear layer has half-pixel centers only, and TensorFlow's kernel gives float32 whatever the precision of x."""
    scale, bilinear = tuple(site["scale"]), site["mode"] == "bilinear"
    if not bilinear or (site["corners"] == "half_pixel" and site.dtype == "float32"):
        return keras.layers.UpSampling2D(scale, interpolation=site["mode"], name=site.layer_name())(site.tensor())
    rows, columns = (_shares(length, by, site["corners"]) for length, by in zip(site.shape()[1:], scale, strict=True))

    def resized(x: Tensor) -> Tensor:
        turned = ops.einsum("ih,bhwc->biwc", ops.convert_to_tensor(rows, x.dtype), x)
        return ops.einsum("jw,biwc->bijc", ops.convert_to_tensor(columns, x.dtype), turned)

    return site.function(resized, site.tensor())


def _shares(length: int, scale: int, corners: str) -> Any:
    """(length·scale, length): the share of each old row in each new row."""
    number = np.arange(length * scale)[:, None]
    aligned = number * ((length - 1) / max(length * scale - 1, 1))
    place = aligned if corners == "aligned" else np.clip((number + 0.5) / scale - 0.5, 0, length - 1)
    return np.maximum(1 - np.abs(place - np.arange(length)), 0)


def pad2d(site: Site) -> Tensor:
    padding, mode = tuple(map(tuple, site["padding"])), site["mode"]
    if mode == "zero":
        return keras.layers.ZeroPadding2D(padding, name=site.layer_name())(site.tensor())
    if mode == "reflect":
        return site.function(partial(ops.pad, pad_width=((0, 0), *padding, (0, 0)), mode="reflect"), site.tensor())
    rows, columns = (
        np.clip(np.arange(-before, length + after), 0, length - 1)
        for length, (before, after) in zip(site.shape()[1:], padding, strict=True)
    )
    return site.function(lambda t: ops.take(ops.take(t, rows, axis=1), columns, axis=2), site.tensor())


class SteeredBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Batch normalization with two more options: a running variance that moves towards the batch's variance over n - 1, and
    evaluation mode while the model trains (a functional model overrules `training=False`)."""

    def __init__(self, unbiased: bool, **settings: Any) -> None:
        super().__init__(**settings)
        self.unbiased = unbiased

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor = None, evaluate: bool = False) -> Tensor:
        training = bool(training) and not evaluate
        kept = ops.convert_to_tensor(self.moving_variance) * self.momentum
        outputs = super().call(inputs, training=training, mask=mask)
        if training and self.unbiased:
            count = ops.cast(ops.prod(ops.shape(inputs)[:-1]), kept.dtype)
            moved = ops.convert_to_tensor(self.moving_variance) - kept
            self.moving_variance.assign(kept + moved * (count / (count - 1)))
        return outputs


def batch_norm(site: Site) -> Tensor:
    unbiased = site["running_variance"] == "unbiased"
    settings = {key: site[key] for key in ("momentum", "epsilon", "scale")} | {"center": site["shift"]}
    if unbiased or any(node.evaluate for node in with_bodies(site.wiring.root.all_nodes())):
        return site.layer(SteeredBatchNormalization, unbiased, **settings)(site.tensor(), evaluate=site.evaluate)
    return site.layer(keras.layers.BatchNormalization, **settings)(site.tensor())


def group_norm(site: Site) -> Tensor:
    groups, affine = site["groups"], site["affine"]
    layer = site.layer(keras.layers.GroupNormalization, groups=groups, epsilon=site["epsilon"], scale=affine, center=affine)
    return layer(site.tensor())


def instance_norm(site: Site) -> Tensor:
    affine = site["affine"]
    layer = site.layer(keras.layers.GroupNormalization, groups=-1, epsilon=site["epsilon"], scale=affine, center=affine)
    return layer(site.tensor())


def local_response_norm(site: Site) -> Tensor:
    size, alpha, beta, k = site["size"], site["alpha"], site["beta"], site["k"]
    channels = site.shape()[0]

    def normalized(x: Tensor) -> Tensor:
        squares = ops.pad(ops.square(x), ((0, 0), (0, 0), (0, 0), (size // 2, size - 1 - size // 2)))
        total = squares[..., :channels]
        for shift in range(1, size):
            total = total + squares[..., shift : shift + channels]
        return x * ops.power(k + alpha * total, -beta)

    return site.function(normalized, site.tensor())
