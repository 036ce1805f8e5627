"""Owns Hessian-vector products in JAX: the derivative of the gradient along a direction.

It refuses to build a loss: the caller hands in a pure function of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax

Tensors = Mapping[str, Any]


def product(loss: Callable[[dict[str, Any]], Any], parameters: Tensors, direction: Tensors) -> dict[str, Any]:
    """Forward over reverse: Pearlmutter 1994, Fast exact multiplication by the Hessian; jax.jvp of jax.grad."""
    _, products = jax.jvp(jax.grad(loss), (parameters,), (direction,))
    gradients: dict[str, Any] = products
    return gradients
