"""Owns windows along time as native layers: convolution and pooling of (time, features); torch wants (features, time).

It refuses images and recurrence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from parity.spec.graph import Node
from parity.torch_impl.ops.vectors import Moved
from parity.torch_impl.wiring import Layer, Site


class UncountedAveragePool1d(nn.Module):  # type: ignore[misc]
    """Average pooling that does not count a padding which nn.AvgPool1d refuses (uneven, or over half the kernel)."""

    def __init__(self, ends: Sequence[int], kernel: int, stride: int) -> None:
        super().__init__()
        self.pool = nn.Sequential(nn.ConstantPad1d(tuple(ends), 0.0), nn.AvgPool1d(kernel, stride))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.pool(x) / self.pool(torch.ones_like(x[:1, :1]))
        return y


def _turned(*layers: nn.Module) -> Layer:
    """The layers with both axes swapped before and after: torch's want (features, time)."""
    return Layer(nn.Sequential(Moved(1, 2), *layers, Moved(1, 2)))


def _even(ends: Sequence[int]) -> bool:
    return ends[0] == ends[1]


def conv1d(site: Site) -> Layer:
    ends = tuple(site["padding"])
    sizes = (site.x[1], site["channels"], site["kernel"], site["stride"], ends[0] if _even(ends) else 0)
    native = nn.Conv1d(*sizes, site["dilation"], site["groups"], site["bias"])
    return _turned(native) if _even(ends) else _turned(nn.ConstantPad1d(ends, 0.0), native)


def max_pool1d(site: Site) -> Layer:
    kernel, stride, ends = site["kernel"], site["stride"], tuple(site["padding"])
    if _even(ends) and 2 * ends[0] <= kernel:
        return _turned(nn.MaxPool1d(kernel, stride, ends[0]))
    return _turned(nn.ConstantPad1d(ends, -math.inf), nn.MaxPool1d(kernel, stride))


def average_pool1d(site: Site) -> Layer:
    kernel, stride, ends = site["kernel"], site["stride"], tuple(site["padding"])
    if _even(ends) and 2 * ends[0] <= kernel:
        return _turned(nn.AvgPool1d(kernel, stride, ends[0], count_include_pad=site["count_padding"]))
    if site["count_padding"]:
        return _turned(nn.ConstantPad1d(ends, 0.0), nn.AvgPool1d(kernel, stride))
    return _turned(UncountedAveragePool1d(ends, kernel, stride))


def inside(node: Node) -> str:
    """The path of a convolution's tensors below its layer."""
    if node.op != "conv1d":
        return ""
    return "1." if _even(node.attributes["padding"]) else "2."
