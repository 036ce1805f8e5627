"""Owns windows along time and the reversal of sequences. The spec has (batch, time, features), ONNX (batch, features, time).

It refuses recurrence and attention: those have files of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.onnx_impl.writing import Site

END = int(np.iinfo(np.int64).min)
"""The end of a backward slice that includes the first position."""


def conv1d(site: Site) -> str:
    arrays = [site.arrays[role] for role in ("kernel", "bias") if role in site.arrays]
    dilations = [site["dilation"]]
    return _along_time(site, "Conv", *arrays, dilations=dilations, group=int(site["groups"]))


def max_pool1d(site: Site) -> str:
    return _along_time(site, "MaxPool")


def average_pool1d(site: Site) -> str:
    return _along_time(site, "AveragePool", count_include_pad=int(site["count_padding"]))


def _along_time(site: Site, kind: str, *arrays: str, **attributes: Any) -> str:
    turned = site.one("Transpose", site.x, perm=[0, 2, 1])
    where = {"kernel_shape": [site["kernel"]], "strides": [site["stride"]], "pads": list(site["padding"])}
    return site.one("Transpose", site.one(kind, turned, *arrays, **where, **attributes), perm=[0, 2, 1])


def reverse(site: Site) -> str:
    """ReverseSequence keeps steps beyond an example's length in place."""
    if "lengths" in site.inputs:
        return site.one("ReverseSequence", site.x, site.inputs["lengths"], batch_axis=0, time_axis=1)
    first, end, axis, step = (site.writer.integers([number]) for number in (-1, END, 1, -1))
    return site.one("Slice", site.x, first, end, axis, step)
