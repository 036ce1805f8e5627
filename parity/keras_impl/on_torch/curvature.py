"""Owns Hessian-vector products on PyTorch: a pass backward through the pass backward.

It refuses to build a loss: the caller computes it, inside of `twice`, and hands it in.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from parity.execution.protocol import Unsupported

MISSING = ("is not implemented", "double backward", "not differentiable twice")
"""Words of torch's errors for an op whose backward pass has no derivative."""


def twice() -> AbstractContextManager[None]:
    """Inside it, scaled dot-product attention runs as products and a softmax: the fused kernels have no second derivative."""
    chosen: AbstractContextManager[None] = sdpa_kernel(SDPBackend.MATH)
    return chosen


def product(loss: Any, sources: list[Any], direction: list[Any]) -> list[Any]:
    """The gradient of (gradient·direction): Pearlmutter 1994, Fast exact multiplication by the Hessian."""
    slopes = torch.autograd.grad(loss, sources, create_graph=True, allow_unused=True, materialize_grads=True)
    bent = [(slope, item) for slope, item in zip(slopes, direction, strict=True) if slope.requires_grad]
    if not bent:  # the loss is linear in every source
        return [torch.zeros_like(source) for source in sources]
    ends, weights = zip(*bent, strict=True)
    try:
        return list(torch.autograd.grad(ends, sources, weights, allow_unused=True, materialize_grads=True))
    except RuntimeError as error:
        if any(words in str(error) for words in MISSING):
            raise Unsupported(f"PyTorch has no second derivative of an op of this graph: {error}") from error
        raise
