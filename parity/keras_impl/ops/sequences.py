"""Owns windows along time as native layers: convolution and pooling of (time, features), the order of Keras.

It refuses images and recurrence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from parity.keras_impl.wiring import Site, Tensor


def _padded(site: Site, value: float = 0.0) -> Tensor:
    """The sequence with `value` padded before and after it."""
    x, ends = site.plain(), tuple(site["padding"])
    if not any(ends):
        return x
    if value:
        return site.function(lambda t: ops.pad(t, ((0, 0), ends, (0, 0)), constant_values=value), x, suffix="pad")
    return keras.layers.ZeroPadding1D(ends, name=site.layer_name("pad"))(x)


def conv1d(site: Site) -> Tensor:
    stride, dilation = site["stride"], site["dilation"]
    skip = stride if stride > 1 and dilation > 1 else 1  # Keras refuses both together
    settings = {"dilation_rate": dilation, "groups": site["groups"], "use_bias": site["bias"]}
    layer = site.layer(keras.layers.Conv1D, site["channels"], site["kernel"], stride if skip == 1 else 1, **settings)
    y = layer(_padded(site))
    return y if skip == 1 else site.function(lambda t: t[:, ::skip], y, suffix="skip")


def max_pool1d(site: Site) -> Tensor:
    return keras.layers.MaxPooling1D(site["kernel"], site["stride"], name=site.layer_name())(_padded(site, -np.inf))


def average_pool1d(site: Site) -> Tensor:
    counted = site["count_padding"] or not any(site["padding"])
    name = site.layer_name() if counted else site.layer_name("sum")
    y = keras.layers.AveragePooling1D(site["kernel"], site["stride"], name=name)(_padded(site))
    if counted:
        return y
    weights = site["kernel"] / _counts(site.shape()[0], site["kernel"], site["stride"], site["padding"])
    return site.function(lambda t: t * ops.convert_to_tensor(weights, t.dtype), y)


def _counts(length: int, kernel: int, stride: int, ends: Sequence[int]) -> Any:
    """How many values of the sequence lie in each window: (windows, 1)."""
    starts = np.arange(0, length + sum(ends) - kernel + 1, stride)
    inside = np.minimum(starts + kernel, ends[0] + length) - np.maximum(starts, ends[0])
    return inside.astype(np.float64)[:, None]
