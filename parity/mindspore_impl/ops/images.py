"""Owns the ops on images as native channels-first cells: convolutions, pooling, padding, norms over channels.

It refuses vectors and sequences.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mindspore import nn, ops

from parity.mindspore_impl.wiring import Chain, Function, Layer, Site, Tensor


class Padded(nn.Cell):  # type: ignore[misc]
    """Pads with one number. borders: as nn.ConstantPad2d takes them, last axis first; below 0 they cut."""

    def __init__(self, borders: Sequence[int], value: float) -> None:
        super().__init__(auto_prefix=False)
        self.borders, self.value = tuple(borders), value

    def construct(self, x: Tensor) -> Tensor:
        return ops.pad(x, self.borders, "constant", self.value)


class UncountedAverage(nn.Cell):  # type: ignore[misc]
    """Average pooling that does not count a padding."""

    def __init__(self, pad: nn.Cell, pool: nn.Cell) -> None:
        super().__init__(auto_prefix=False)
        self.pad, self.pool = pad, pool

    def construct(self, x: Tensor) -> Tensor:
        return self.pool(self.pad(x)) / self.pool(self.pad(ops.ones_like(x)))


class BiasedBatchNorm(nn.Cell):  # type: ignore[misc]
    """A native batch norm whose running variance moves towards the biased variance; MindSpore multiplies that by n/(n - 1)."""

    def __init__(self, native: nn.Cell, momentum: Tensor) -> None:
        super().__init__(auto_prefix=False)
        self.native, self.share = native, momentum

    def construct(self, x: Tensor) -> Tensor:
        if not self.training:
            return self.native(x)
        kept = ops.mul(self.native.moving_variance, self.share)
        y = self.native(x)
        count = x.size // x.shape[1]
        moved = ops.sub(self.native.moving_variance, kept)
        ops.assign(self.native.moving_variance, kept + moved * (count - 1) / count)
        return y


def borders(padding: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Borders in the order of the axes, as nn.Conv2d takes them (top, bottom, left, right)."""
    return tuple(border for pair in padding for border in pair)


def backwards(padding: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Borders as nn.ZeroPad2d takes them (left, right, top, bottom)."""
    return tuple(border for pair in reversed(padding) for border in pair)


def _keywords(site: Site) -> dict[str, Any]:
    return {
        "stride": tuple(site["stride"]),
        "pad_mode": "pad",
        "padding": borders(site["padding"]),
        "dilation": tuple(site["dilation"]),
        "group": site["groups"],
        "has_bias": site["bias"],
        "dtype": site.dtype,
    }


def conv2d(site: Site) -> Layer:
    return Layer(nn.Conv2d(site.x[0], site["channels"], tuple(site["kernel"]), **_keywords(site)))


def conv3d(site: Site) -> Layer:
    return Layer(nn.Conv3d(site.x[0], site["channels"], tuple(site["kernel"]), **_keywords(site)))


def conv_transpose2d(site: Site) -> Layer:
    """`padding` cuts the border. nn.Conv2dTranspose takes it, also where its two sides differ."""
    native = nn.Conv2dTranspose(
        site.x[0],
        site["channels"],
        tuple(site["kernel"]),
        tuple(site["stride"]),
        "pad",
        borders(site["padding"]),
        dilation=tuple(site["dilation"]),
        has_bias=site["bias"],
        dtype=site.dtype,
    )
    return Layer(native)


def max_pool2d(site: Site) -> Layer:
    pool = nn.MaxPool2d(tuple(site["kernel"]), tuple(site["stride"]))
    return Layer(pool if not any(borders(site["padding"])) else Chain(Padded(backwards(site["padding"]), -math.inf), pool))


def average_pool2d(site: Site) -> Layer:
    pool = nn.AvgPool2d(tuple(site["kernel"]), tuple(site["stride"]))
    if not any(borders(site["padding"])):
        return Layer(pool)
    pad = Padded(backwards(site["padding"]), 0.0)
    return Layer(Chain(pad, pool) if site["count_padding"] else UncountedAverage(pad, pool))


def adaptive_average_pool2d(site: Site) -> Layer:
    return Layer(nn.AdaptiveAvgPool2d(tuple(site["size"])))


def global_average_pool2d(site: Site) -> Layer:
    return Layer(Function(averaged))


def averaged(x: Tensor) -> Tensor:
    return ops.mean(x, (2, 3))


def global_max_pool2d(site: Site) -> Layer:
    return Layer(Chain(nn.AdaptiveMaxPool2d(1), nn.Flatten()))


def batch_norm(site: Site) -> Layer:
    kind = nn.BatchNorm1d if len(site.x) == 1 else nn.BatchNorm2d
    native = kind(site.x[0], site["epsilon"], site["momentum"], dtype=site.dtype)
    biased = site["running_variance"] == "biased"
    return Layer(BiasedBatchNorm(native, site.number(site["momentum"])) if biased else native)


def group_norm(site: Site) -> Layer:
    return Layer(nn.GroupNorm(site["groups"], site.x[0], site["epsilon"], site["affine"], dtype=site.dtype))


def instance_norm(site: Site) -> Layer:
    """nn.InstanceNorm2d has no kernel on a CPU: groups of one channel each are the same."""
    return Layer(nn.GroupNorm(site.x[0], site.x[0], site["epsilon"], site["affine"], dtype=site.dtype))


def local_response_norm(site: Site) -> Layer:
    return Layer(nn.LRN(site["size"] // 2, site["k"], site["alpha"], site["beta"]))


def pad2d(site: Site) -> Layer:
    kinds = {"zero": nn.ZeroPad2d, "reflect": nn.ReflectionPad2d, "edge": nn.ReplicationPad2d}
    return Layer(kinds[site["mode"]](backwards(site["padding"])))


def upsample2d(site: Site) -> Layer:
    size = tuple(site.node.outputs[""][1:])
    if site["mode"] == "nearest":
        return Layer(nn.Upsample(size=size, mode="nearest"))
    return Layer(nn.Upsample(size=size, mode="bilinear", align_corners=site["corners"] == "aligned"))
