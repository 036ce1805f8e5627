"""Owns the answers of JAX, Flax and Optax to the atlas about the fans that initializers see.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flax import nnx
from jax.nn import initializers

from parity.jax_impl.atlas.asking import Answer, keys, sampled


def _fans(item: str, start: Callable[[], Any]) -> dict[str, Answer]:
    """Kernels of native layers, initialized by `start`."""
    kernels: dict[str, Callable[[], Any]] = {
        "grouped": lambda: nnx.Conv(145, 305, (3, 3), feature_group_count=5, kernel_init=start(), rngs=keys()),
        "depthwise": lambda: nnx.Conv(503, 1006, (3, 3), feature_group_count=503, kernel_init=start(), rngs=keys()),
        "transposed": lambda: nnx.ConvTranspose(11, 101, (3, 3), kernel_init=start(), rngs=keys()),
    }

    def started(make: Callable[[], Any]) -> Answer:
        return sampled(lambda: make().kernel[...])

    return {f"{item}.{aspect}_fan": started(make) for aspect, make in kernels.items()}


ANSWERS: Mapping[str, Answer] = {
    **_fans("he_normal", initializers.he_normal),
    **_fans("glorot_uniform", initializers.glorot_uniform),
}
