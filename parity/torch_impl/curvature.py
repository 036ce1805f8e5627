"""Owns Hessian-vector products in torch: a pass backward through the pass backward.

It refuses to build a loss: the caller computes it, inside of `twice`, and hands it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from parity.execution.protocol import Array, Unsupported


def twice() -> AbstractContextManager[None]:
    """Inside it, scaled dot-product attention runs as products and a softmax: the fused kernels have no second derivative."""
    chosen: AbstractContextManager[None] = sdpa_kernel(SDPBackend.MATH)
    return chosen


MISSING = ("is not implemented", "double backward", "not differentiable twice")
"""Words of torch's errors for an op whose backward pass has no derivative."""


def product(loss: Tensor, tensors: Mapping[str, Tensor], direction: Mapping[str, Array]) -> dict[str, Tensor]:
    """The gradient of (gradient·direction): Pearlmutter 1994, Fast exact multiplication by the Hessian."""
    sources = list(tensors.values())
    along = [torch.tensor(direction[name], dtype=tensor.dtype, device=tensor.device) for name, tensor in tensors.items()]
    slopes = torch.autograd.grad(loss, sources, create_graph=True, allow_unused=True, materialize_grads=True)
    bent = [(slope, item) for slope, item in zip(slopes, along, strict=True) if slope.requires_grad]
    if not bent:  # the loss is linear in every tensor
        return {name: torch.zeros_like(tensor) for name, tensor in tensors.items()}
    ends, weights = zip(*bent, strict=True)
    try:
        products = torch.autograd.grad(ends, sources, weights, allow_unused=True, materialize_grads=True)
    except RuntimeError as error:
        if any(words in str(error) for words in MISSING):
            raise Unsupported(f"torch has no second derivative of an op of this graph: {error}") from error
        raise
    return dict(zip(tensors, products, strict=True))
