"""Owns Keras's answers to the atlas about the fans of grouped, depthwise and transposed kernels.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras import layers

from parity.keras_impl.atlas.asking import Answer, sampled


def _fans(item: str) -> dict[str, Answer]:
    """Kernels of native layers, initialized by `item`."""
    kernels = {
        "grouped": (lambda: layers.Conv2D(305, 3, groups=5, kernel_initializer=item), 145),
        "depthwise": (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, depthwise_initializer=item), 503),
        "transposed": (lambda: layers.Conv2DTranspose(101, 3, kernel_initializer=item), 11),
    }
    return {f"{item}.{aspect}_fan": sampled(make, (None, 9, 9, count), 0) for aspect, (make, count) in kernels.items()}


ANSWERS: Mapping[str, Answer] = {
    **_fans("he_normal"),
    **_fans("glorot_uniform"),
}
