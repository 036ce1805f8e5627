"""Owns windows along time as native cells: convolution and pooling of (time, features); MindSpore wants (features, time).

It refuses images and recurrence.
"""

from __future__ import annotations

import math
from typing import Any

from mindspore import nn, ops

from parity.mindspore_impl.ops.images import Padded, UncountedAverage
from parity.mindspore_impl.wiring import Layer, Site, Tensor


class Turned(nn.Cell):  # type: ignore[misc]
    """A cell with both axes swapped before and after it."""

    def __init__(self, native: nn.Cell, pad: Any = None) -> None:
        super().__init__(auto_prefix=False)
        self.native, self.pad, self.padded = native, pad, pad is not None

    def construct(self, x: Tensor) -> Tensor:
        x = ops.swapaxes(x, 1, 2)
        if self.padded:
            x = self.pad(x)
        return ops.swapaxes(self.native(x), 1, 2)


def conv1d(site: Site) -> Layer:
    ends = tuple(site["padding"])
    even = ends[0] == ends[1]
    native = nn.Conv1d(
        site.x[1],
        site["channels"],
        site["kernel"],
        site["stride"],
        "pad",
        ends[0] if even else 0,
        site["dilation"],
        site["groups"],
        site["bias"],
        dtype=site.dtype,
    )
    return Layer(Turned(native, None if even else Padded(ends, 0.0)))


def max_pool1d(site: Site) -> Layer:
    pool = nn.MaxPool1d(site["kernel"], site["stride"])
    return Layer(Turned(pool, Padded(site["padding"], -math.inf) if any(site["padding"]) else None))


def average_pool1d(site: Site) -> Layer:
    pool = nn.AvgPool1d(site["kernel"], site["stride"])
    if not any(site["padding"]):
        return Layer(Turned(pool))
    pad = Padded(site["padding"], 0.0)
    return Layer(Turned(pool, pad) if site["count_padding"] else Turned(UncountedAverage(pad, pool)))
