"""Owns ops on images: convolutions, pooling, padding, and normalisation over pixels, channels and batches.

It refuses channels last: MXNet's images are (batch, channels, height, width), as in the spec.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from parity.execution.protocol import Unsupported
from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.wiring import Block, Held, Layer, Site, Tensor, Use, tensor

nn = mxnet.gluon.nn
Borders = Sequence[Sequence[int]]  # (before, after) of height and of width


def even(padding: Borders) -> tuple[int, ...] | None:
    """The padding as MXNet's layers take it, or None where before and after differ."""
    same = all(before == after for before, after in padding)
    return tuple(before for before, _ in padding) if same else None


def padded(use: Use, value: float = 0.0) -> Tensor:
    """x, padded if its padding is uneven; the native layer pads an even padding."""
    if even(use["padding"]) is not None:
        return use.x
    return _pad(use, use.x, mode="constant", constant_value=value)


def _pad(use: Use, x: Tensor, **how: Any) -> Tensor:
    borders = (border for pair in use["padding"] for border in pair)
    return use.F.pad(x, pad_width=(0, 0, 0, 0, *borders), **how)


def build_conv2d(site: Site) -> Block:
    sizes = (site["channels"], tuple(site["kernel"]), tuple(site["stride"]), even(site["padding"]) or (0, 0))
    dilation, groups = tuple(site["dilation"]), site["groups"]
    return nn.Conv2D(*sizes, dilation, groups, in_channels=site.x[0], use_bias=site["bias"], **site.naming)


def conv2d(use: Use) -> Tensor:
    return use.block(padded(use))


def build_conv3d(site: Site) -> Block:
    sizes = (site["channels"], tuple(site["kernel"]), tuple(site["stride"]), even(site["padding"]) or (0, 0, 0))
    dilation, groups = tuple(site["dilation"]), site["groups"]
    return nn.Conv3D(*sizes, dilation, groups, in_channels=site.x[0], use_bias=site["bias"], **site.naming)


def _adjustment(site: Site) -> tuple[int, ...] | None:
    """MXNet's output_padding: the cut before minus the cut after; None unless it is at least 0 and below the stride."""
    extra = tuple(before - after for before, after in site["padding"])
    return extra if all(0 <= more < step for more, step in zip(extra, site["stride"], strict=True)) else None


class WideTranspose(mxnet.gluon.nn.Conv2DTranspose):  # type: ignore[misc]
    """Conv2DTranspose that computes in float64, with MXNet's own kernel. oneDNN's fails where the gradient is not written
    directly into the parameter, as for a layer called twice ("could not execute a primitive", and memory is overwritten)."""

    def hybrid_forward(self, F: Any, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        wide = [None if item is None else F.cast(item, dtype="float64") for item in (x, weight, bias)]
        return F.cast(super().hybrid_forward(F, *wide), dtype="float32")


def build_conv_transpose2d(site: Site) -> Block:
    native = WideTranspose if site.repeated and site.dtype == "float32" else nn.Conv2DTranspose
    wide = site.dtype == "float64" or native is WideTranspose
    if wide and max(site["stride"]) > 1 and max(site["dilation"]) > 1:
        raise Unsupported("Deconvolution gives other numbers with a stride and a dilation above 1 outside of oneDNN (float64)")
    adjustment = _adjustment(site)
    cut = tuple(before for before, _ in site["padding"]) if adjustment is not None else (0, 0)
    sizes = (site["channels"], tuple(site["kernel"]), tuple(site["stride"]), cut, adjustment or (0, 0), tuple(site["dilation"]))
    return native(*sizes, in_channels=site.x[0], use_bias=site["bias"], **site.naming)


def conv_transpose2d(use: Use) -> Tensor:
    y = use.block(use.x)
    if _adjustment(use.site) is not None:
        return y
    _, height, width = use.site.node.outputs[""]
    (top, _), (left, _) = use["padding"]
    y = use.F.slice_axis(y, axis=2, begin=top, end=top + height)
    return use.F.slice_axis(y, axis=3, begin=left, end=left + width)


def _pooling(use: Use, x: Tensor, kind: str, **more: Any) -> Tensor:
    sizes = {"kernel": tuple(use["kernel"]), "stride": tuple(use["stride"]), "pad": even(use["padding"]) or (0, 0)}
    return use.F.Pooling(x, pool_type=kind, **sizes, **more)


def max_pool2d(use: Use) -> Tensor:
    return _pooling(use, padded(use, -inf), "max")


def average_pool2d(use: Use) -> Tensor:
    """Average pooling. With uneven padding that is not counted, a window's sum is divided by its number of image values."""
    if use["count_padding"] or even(use["padding"]) is not None:
        return _pooling(use, padded(use), "avg", count_include_pad=use["count_padding"])
    total = _pooling(use, padded(use), "sum")
    return use.F.broadcast_mul(total, tensor(use, use.block.shares))


def build_average_pool2d(site: Site) -> Block:
    """A block; where the native layer cannot count, it holds 1/(number of values in each window), (1, 1, rows, columns)."""
    block = Held(site.naming)
    if site["count_padding"] or even(site["padding"]) is not None:
        return block
    lines = []
    for size, kernel, stride, (start, end) in zip(site.x[1:], site["kernel"], site["stride"], site["padding"], strict=True):
        first = np.arange(0, size + start + end - kernel + 1, stride)
        lines.append(np.minimum(first + kernel, start + size) - np.maximum(first, start))
    counts = np.multiply.outer(*lines)[None, None]
    block.constant("shares", (1 / counts).astype(site.dtype))
    return block


def global_average_pool2d(use: Use) -> Tensor:
    return use.F.Flatten(use.F.Pooling(use.x, global_pool=True, pool_type="avg", kernel=(1, 1)))


def global_max_pool2d(use: Use) -> Tensor:
    return use.F.Flatten(use.F.Pooling(use.x, global_pool=True, pool_type="max", kernel=(1, 1)))


def adaptive_average_pool2d(use: Use) -> Tensor:
    return use.F.contrib.AdaptiveAvgPooling2D(use.x, output_size=tuple(use["size"]))


def build_upsample2d(site: Site) -> Block:
    """A block; where the native kernel cannot be used, it holds the share of each old row and column in each new one."""
    block = Held(site.naming)
    if site["mode"] == "bilinear" and site.dtype == "float64":
        for name, length, scale in zip(("rows", "columns"), site.x[1:], site["scale"], strict=True):
            block.constant(name, _shares(length, scale, site["corners"]).T)
    return block


def _shares(length: int, scale: int, corners: str) -> Any:
    """(length·scale, length): the share of each old row in each new row of a bilinear enlargement."""
    number = np.arange(length * scale)[:, None]
    aligned = number * ((length - 1) / max(length * scale - 1, 1))
    place = aligned if corners == "aligned" else np.clip((number + 0.5) / scale - 0.5, 0, length - 1)
    return np.maximum(1 - np.abs(place - np.arange(length)), 0)


def upsample2d(use: Use) -> Tensor:
    """The native bilinear kernel computes in float32 whatever the precision of x, so float64 is composed of other operators."""
    F, (rows, columns) = use.F, use["scale"]
    if use["mode"] == "bilinear" and use.site.dtype == "float64":
        wide = F.transpose(F.dot(use.x, tensor(use, use.block.columns)), axes=(0, 1, 3, 2))
        return F.transpose(F.dot(wide, tensor(use, use.block.rows)), axes=(0, 1, 3, 2))
    if use["mode"] == "bilinear":
        _, height, width = use.site.node.outputs[""]
        return F.contrib.BilinearResize2D(use.x, height=height, width=width, align_corners=use["corners"] == "aligned")
    if rows == columns:
        return F.UpSampling(use.x, scale=rows, sample_type="nearest")
    return F.repeat(F.repeat(use.x, repeats=rows, axis=2), repeats=columns, axis=3)


def pad2d(use: Use) -> Tensor:
    mode = {"zero": "constant", "reflect": "reflect", "edge": "edge"}[use["mode"]]
    return _pad(use, use.x, mode=mode, constant_value=0)


def local_response_norm(use: Use) -> Tensor:
    """MXNet divides alpha by the size of the window. Its kernel fails in float64, where the norm is composed of others."""
    F, x, size = use.F, use.x, use["size"]
    if use.site.dtype != "float64":
        return F.LRN(x, nsize=size, alpha=use["alpha"] * size, beta=use["beta"], knorm=use["k"])
    channels, height, width = use.site.x
    squares = F.reshape(F.square(x), shape=(-1, 1, channels, height * width))
    total = F.Pooling(squares, kernel=(size, 1), pad=(size // 2, 0), stride=(1, 1), pool_type="sum")
    return x / F.reshape(use["k"] + use["alpha"] * total, shape=(-1, channels, height, width)) ** use["beta"]


def build_batch_norm(site: Site) -> Block:
    """Where the native layer must not move its statistics, its share is 1, and the program outputs the batch's moments."""
    share = site["momentum"] if site.moves else 1.0
    choice = {"scale": site["scale"], "center": site["shift"], "use_global_stats": site.node.evaluate}
    return nn.BatchNorm(1, share, site["epsilon"], in_channels=site.x[0], **choice, **site.naming)


def batch_norm(use: Use) -> Tensor:
    if use.training and not use.site.moves and not use.site.node.evaluate:
        _hand_out_moments(use)
    return use.block(use.x)


def _hand_out_moments(use: Use) -> None:
    F, node = use.F, use.site.node
    axes = (0, 2, 3)[: len(use.site.x)]
    x = F.BlockGrad(use.x)
    mean = F.mean(x, axis=axes, keepdims=True)
    variance = F.mean(F.square(F.broadcast_sub(x, mean)), axis=axes)
    if use["running_variance"] == "unbiased":
        # only the arrays know the batch's size: n is a sum of ones, for n/(n - 1)
        count = F.sum(F.ones_like(F.slice_axis(x, axis=1, begin=0, end=1)))
        variance = F.broadcast_mul(variance, count / (count - 1))
    mean = F.reshape(mean, shape=(-1,))
    use.seen.append((node.statistics["running_mean"], use["momentum"], mean))
    use.seen.append((node.statistics["running_variance"], use["momentum"], variance))


def build_instance_norm(site: Site) -> Block:
    if site.dtype == "float64" and not site["affine"]:
        return Held(site.naming)
    choice = {"scale": site["affine"], "center": site["affine"]}
    return nn.InstanceNorm(epsilon=site["epsilon"], in_channels=site.x[0], **choice, **site.naming)


def instance_norm(use: Use) -> Tensor:
    """The native kernel has no float64, so in float64 the norm is composed of other operators."""
    if use.site.dtype != "float64":
        return use.block(use.x)
    y = normalized(use, use.x, (2, 3))
    if not use["affine"]:
        return y
    scale, shift = (use.F.reshape(tensor(use, held), shape=(1, -1, 1, 1)) for held in (use.block.gamma, use.block.beta))
    return use.F.broadcast_add(use.F.broadcast_mul(y, scale), shift)


def normalized(use: Use, x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """(x - mean)/sqrt(variance + epsilon), composed of native operators, whose scalars are Python's floats."""
    F = use.F
    centred = F.broadcast_sub(x, F.mean(x, axis=axes, keepdims=True))
    variance = F.mean(F.square(centred), axis=axes, keepdims=True)
    return F.broadcast_div(centred, F.sqrt(variance + use["epsilon"]))


def build_group_norm(site: Site) -> Block:
    """gluon.nn.GroupNorm has a scale and shift per group, the spec per channel: the native kernel gets ones and zeros."""
    block = Held(site.naming)
    if site["affine"]:
        block.hold("gamma", site.x[:1])
        block.hold("beta", site.x[:1])
    block.constant("ones", np.ones(site["groups"], site.dtype))
    block.constant("zeros", np.zeros(site["groups"], site.dtype))
    return block


def group_norm(use: Use) -> Tensor:
    """The native kernel keeps epsilon in float32; where that changes its value, the norm is composed of other operators."""
    F, groups = use.F, use["groups"]
    if use.site.holds("epsilon"):
        ones, zeros = tensor(use, use.block.ones), tensor(use, use.block.zeros)
        rows = F.reshape(use.x, shape=(0, use.site.x[0], -1))  # the kernel wants more axes than features alone
        y = F.GroupNorm(rows, ones, zeros, num_groups=groups, eps=use["epsilon"])
    else:
        y = normalized(use, F.reshape(use.x, shape=(0, groups, -1)), (2,))
    y = F.reshape(y, shape=(-1, *use.site.x))
    if not use["affine"]:
        return y
    wide = (1, -1, *(1,) * (len(use.site.x) - 1))
    scale, shift = (F.reshape(tensor(use, held), shape=wide) for held in (use.block.gamma, use.block.beta))
    return F.broadcast_add(F.broadcast_mul(y, scale), shift)


KERNEL = {"kernel": "weight", "bias": "bias"}
SCALE = {"scale": "gamma", "shift": "beta"}
MOMENTS = {"running_mean": "running_mean", "running_variance": "running_var"}

LAYERS: Mapping[str, Layer] = {
    "adaptive_average_pool2d": Layer(adaptive_average_pool2d),
    "average_pool2d": Layer(average_pool2d, build_average_pool2d),
    "batch_norm": Layer(batch_norm, build_batch_norm, SCALE | MOMENTS),
    "conv2d": Layer(conv2d, build_conv2d, KERNEL),
    "conv3d": Layer(conv2d, build_conv3d, KERNEL),
    "conv_transpose2d": Layer(conv_transpose2d, build_conv_transpose2d, KERNEL),
    "global_average_pool2d": Layer(global_average_pool2d),
    "global_max_pool2d": Layer(global_max_pool2d),
    "group_norm": Layer(group_norm, build_group_norm, SCALE),
    "instance_norm": Layer(instance_norm, build_instance_norm, SCALE),
    "local_response_norm": Layer(local_response_norm),
    "max_pool2d": Layer(max_pool2d),
    "pad2d": Layer(pad2d),
    "upsample2d": Layer(upsample2d, build_upsample2d),
}
