"""Owns MXNet's answers to the atlas about the fans of grouped, depthwise and transposed kernels.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from parity.mxnet_impl.atlas.asking import Answer, sampled
from parity.mxnet_impl.device import mxnet

nn = mxnet.gluon.nn


def _fans(item: str, start: Any) -> dict[str, Answer]:
    """Kernels of native layers, initialized by `item`."""
    kernels = {
        "grouped": partial(nn.Conv2D, 305, 3, groups=5, in_channels=145),
        "depthwise": partial(nn.Conv2D, 1006, 3, groups=503, in_channels=503),
        "transposed": partial(nn.Conv2DTranspose, 101, 3, in_channels=11),
        "grouped_transposed": partial(nn.Conv2DTranspose, 305, 3, groups=5, in_channels=145),
    }
    return {
        f"{item}.{aspect}_fan": sampled(partial(make, weight_initializer=start), "weight") for aspect, make in kernels.items()
    }


ANSWERS: Mapping[str, Answer] = {
    **_fans("he_normal", mxnet.init.MSRAPrelu(factor_type="in", slope=0)),
    **_fans("glorot_uniform", mxnet.init.Xavier()),
}
