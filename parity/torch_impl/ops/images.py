"""Owns the ops on images as native channels-first layers: convolutions, pooling, padding, norms over channels.

It refuses vectors and sequences.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from parity.execution.protocol import Unsupported
from parity.spec.graph import Node
from parity.torch_impl.wiring import Layer, Site


class BiasedBatchNorm2d(nn.BatchNorm2d):  # type: ignore[misc]
    """nn.BatchNorm2d whose running variance moves towards the batch's biased variance; torch multiplies that by n/(n - 1)."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        moved = torch.zeros_like(self.running_var)  # becomes momentum·variance·n/(n - 1)
        y: Tensor = functional.batch_norm(x, self.running_mean, moved, self.weight, self.bias, True, self.momentum, self.eps)
        self.running_var.mul_(1 - self.momentum).add_(moved, alpha=1 - x.shape[1] / x.numel())
        return y

    def _check_input_dim(self, x: Tensor) -> None:
        """Accepts features without an image too, as nn.BatchNorm1d does."""


class UncountedAveragePool2d(nn.Module):  # type: ignore[misc]
    """Average pooling that does not count a padding which nn.AvgPool2d refuses (uneven, or over half the kernel)."""

    def __init__(self, borders: Sequence[int], kernel: tuple[int, ...], stride: tuple[int, ...]) -> None:
        super().__init__()
        self.pool = nn.Sequential(nn.ZeroPad2d(tuple(borders)), nn.AvgPool2d(kernel, stride))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.pool(x) / self.pool(torch.ones_like(x[:1, :1]))
        return y


def conv2d(site: Site) -> Layer:
    borders, even = _borders(site["padding"])
    sizes = (site.x[0], site["channels"], tuple(site["kernel"]))
    steps = (tuple(site["stride"]), even or (0, 0), tuple(site["dilation"]))
    native = nn.Conv2d(*sizes, *steps, site["groups"], site["bias"])
    return Layer(native if even else nn.Sequential(nn.ZeroPad2d(tuple(borders)), native))


def conv3d(site: Site) -> Layer:
    borders, even = _borders(site["padding"])
    sizes = (site.x[0], site["channels"], tuple(site["kernel"]), tuple(site["stride"]), even or (0, 0, 0))
    native = nn.Conv3d(*sizes, tuple(site["dilation"]), site["groups"], site["bias"])
    return Layer(native if even else nn.Sequential(nn.ConstantPad3d(tuple(borders), 0.0), native))


def conv_transpose2d(site: Site) -> Layer:
    """`padding` cuts (before, after) from the border; torch expresses an uneven cut by output_padding, where it can."""
    sizes = (site.x[0], site["channels"], tuple(site["kernel"]), tuple(site["stride"]))
    more = {"bias": site["bias"], "dilation": tuple(site["dilation"])}
    if (extra := _extra(site.node.attributes)) is not None:
        cut = tuple(before for before, _ in site["padding"])
        return Layer(nn.ConvTranspose2d(*sizes, cut, extra, **more))
    borders, _ = _borders(site["padding"])
    crop = nn.ZeroPad2d(tuple(-border for border in borders))
    return Layer(nn.Sequential(nn.ConvTranspose2d(*sizes, **more), crop))


def _extra(attributes: Mapping[str, Any]) -> tuple[int, ...] | None:
    """torch's output_padding: the cut before minus the cut after; None unless it is at least 0 and below the stride."""
    extra = tuple(before - after for before, after in attributes["padding"])
    fits = all(0 <= more < step for more, step in zip(extra, attributes["stride"], strict=True))
    return extra if fits else None


def _borders(padding: Sequence[Sequence[int]]) -> tuple[list[int], tuple[int, ...] | None]:
    """Borders as nn.ZeroPad2d takes them (left, right, top, bottom), and, where both sides are equal, as a layer takes them."""
    even = all(before == after for before, after in padding)
    borders = [border for pair in reversed(padding) for border in pair]
    return borders, (tuple(before for before, _ in padding) if even else None)


def max_pool2d(site: Site) -> Layer:
    kernel, stride = tuple(site["kernel"]), tuple(site["stride"])
    borders, even = _borders(site["padding"])
    if even and _fits(even, kernel):
        return Layer(nn.MaxPool2d(kernel, stride, even))
    return Layer(nn.Sequential(nn.ConstantPad2d(tuple(borders), -math.inf), nn.MaxPool2d(kernel, stride)))


def average_pool2d(site: Site) -> Layer:
    kernel, stride, counted = tuple(site["kernel"]), tuple(site["stride"]), site["count_padding"]
    borders, even = _borders(site["padding"])
    if even and _fits(even, kernel):
        return Layer(nn.AvgPool2d(kernel, stride, even, count_include_pad=counted))
    if counted:
        return Layer(nn.Sequential(nn.ZeroPad2d(tuple(borders)), nn.AvgPool2d(kernel, stride)))
    return Layer(UncountedAveragePool2d(borders, kernel, stride))


def _fits(padding: Sequence[int], kernel: Sequence[int]) -> bool:
    """Whether torch's pooling accepts the padding: at most half the kernel."""
    return all(2 * border <= size for border, size in zip(padding, kernel, strict=True))


def batch_norm(site: Site) -> Layer:
    biased = site["running_variance"] == "biased"
    kind = BiasedBatchNorm2d if biased else nn.BatchNorm1d if len(site.x) == 1 else nn.BatchNorm2d
    native = kind(site.x[0], site["epsilon"], 1 - site["momentum"], affine=site["scale"] or site["shift"])
    if native.affine and not site["scale"]:
        native.weight = None
    if native.affine and not site["shift"]:
        native.bias = None
    return Layer(native)


def pad2d(site: Site) -> Layer:
    kinds = {"zero": nn.ZeroPad2d, "reflect": nn.ReflectionPad2d, "edge": nn.ReplicationPad2d}
    return Layer(kinds[site["mode"]](tuple(_borders(site["padding"])[0])))


def instance_norm(site: Site) -> Layer:
    return Layer(nn.InstanceNorm2d(site.x[0], site["epsilon"], affine=site["affine"]))


def local_response_norm(site: Site) -> Layer:
    """torch multiplies the mean of the squares by alpha; the spec multiplies their sum."""
    if torch.get_default_device().type == "cpu" and torch.get_default_dtype() in (torch.bfloat16, torch.float16):
        raise Unsupported(f"nn.LocalResponseNorm has no CPU kernel in {torch.get_default_dtype()}")
    return Layer(nn.LocalResponseNorm(site["size"], site["alpha"] * site["size"], site["beta"], site["k"]))


def group_norm(site: Site) -> Layer:
    return Layer(nn.GroupNorm(site["groups"], site.x[0], site["epsilon"], site["affine"]))


def upsample2d(site: Site) -> Layer:
    if site["mode"] == "nearest":
        return Layer(nn.Upsample(scale_factor=tuple(site["scale"])))
    size = tuple(site.node.outputs[""][1:])
    return Layer(nn.Upsample(size, mode="bilinear", align_corners=site["corners"] == "aligned"))


def global_average_pool2d(site: Site) -> Layer:
    return Layer(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))


def inside(node: Node) -> str:
    """The path of a convolution's tensors below its layer, which also holds a padding where torch's convolution lacks it."""
    if node.op in ("conv2d", "conv3d") and _borders(node.attributes["padding"])[1] is None:
        return "1."
    if node.op == "conv_transpose2d" and _extra(node.attributes) is None:
        return "0."
    return ""
