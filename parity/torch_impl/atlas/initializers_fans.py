"""Owns PyTorch's answers to the atlas about the fans of grouped, depthwise and transposed kernels.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from parity.torch_impl.atlas.asking import Answer, sampled


def _fans(item: str, start: Callable[[Tensor], Tensor]) -> dict[str, Answer]:
    """Kernels of native layers, initialized again by `start`."""
    kernels = {
        "grouped": lambda: nn.Conv2d(145, 305, 3, groups=5).weight,
        "depthwise": lambda: nn.Conv2d(503, 1006, 3, groups=503).weight,
        "transposed": lambda: nn.ConvTranspose2d(11, 101, 3).weight,
        "grouped_transposed": lambda: nn.ConvTranspose2d(145, 305, 3, groups=5).weight,
    }

    def started(make: Callable[[], Tensor]) -> Answer:
        return sampled(lambda: start(make()))

    return {f"{item}.{aspect}_fan": started(make) for aspect, make in kernels.items()}


ANSWERS: Mapping[str, Answer] = {
    **_fans("he_normal", nn.init.kaiming_normal_),
    **_fans("glorot_uniform", nn.init.xavier_uniform_),
}
