"""Owns windows along time: convolution and pooling of (time, features); MXNet wants (features, time).

It refuses images and recurrence.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np

from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.wiring import Block, Held, Layer, Site, Tensor, Use, tensor

nn = mxnet.gluon.nn


def _even(site: Site) -> bool:
    return bool(site["padding"][0] == site["padding"][1])


def _turned(use: Use, x: Tensor) -> Tensor:
    return use.F.transpose(x, axes=(0, 2, 1))


def _padded(use: Use, value: float = 0.0) -> Tensor:
    """x as (batch, features, time), padded if its padding is uneven; the native layer pads an even padding."""
    x = _turned(use, use.x)
    if _even(use.site):
        return x
    before, after = use["padding"]
    image = use.F.pad(
        use.F.expand_dims(x, axis=2), mode="constant", pad_width=(0, 0, 0, 0, 0, 0, before, after), constant_value=value
    )
    return use.F.reshape(image, shape=(0, 0, -1))


def build_conv1d(site: Site) -> Block:
    sizes = (site["channels"], site["kernel"], site["stride"], site["padding"][0] if _even(site) else 0)
    return nn.Conv1D(*sizes, site["dilation"], site["groups"], in_channels=site.x[1], use_bias=site["bias"], **site.naming)


def conv1d(use: Use) -> Tensor:
    return _turned(use, use.block(_padded(use)))


def _pooling(use: Use, x: Tensor, kind: str, **more: Any) -> Tensor:
    pad = (use["padding"][0] if _even(use.site) else 0,)
    return use.F.Pooling(x, pool_type=kind, kernel=(use["kernel"],), stride=(use["stride"],), pad=pad, **more)


def max_pool1d(use: Use) -> Tensor:
    return _turned(use, _pooling(use, _padded(use, -inf), "max"))


def average_pool1d(use: Use) -> Tensor:
    """Average pooling. With uneven padding that is not counted, a window's sum is divided by its number of own values."""
    if use["count_padding"] or _even(use.site):
        return _turned(use, _pooling(use, _padded(use), "avg", count_include_pad=use["count_padding"]))
    total = _pooling(use, _padded(use), "sum")
    return _turned(use, use.F.broadcast_mul(total, tensor(use, use.block.shares)))


def build_average_pool1d(site: Site) -> Block:
    """A block; where the native layer cannot count, it holds 1/(number of values in each window), (1, 1, windows)."""
    block = Held(site.naming)
    if not site["count_padding"] and not _even(site):
        (before, after), length, kernel = site["padding"], site.x[0], site["kernel"]
        first = np.arange(0, length + before + after - kernel + 1, site["stride"])
        counts = np.minimum(first + kernel, before + length) - np.maximum(first, before)
        block.constant("shares", (1 / counts[None, None]).astype(site.dtype))
    return block


LAYERS: Mapping[str, Layer] = {
    "average_pool1d": Layer(average_pool1d, build_average_pool1d),
    "conv1d": Layer(conv1d, build_conv1d, {"kernel": "weight", "bias": "bias"}),
    "max_pool1d": Layer(max_pool1d),
}
