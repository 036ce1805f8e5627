"""Owns Hessian-vector products on JAX: the derivative of the gradient along a direction.

It refuses to build a loss: the caller hands in a pure function of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax


def product(loss: Callable[[list[Any]], Any], parameters: list[Any], direction: list[Any]) -> list[Any]:
    """Forward over reverse: Pearlmutter 1994, Fast exact multiplication by the Hessian; jax.jvp of jax.grad."""
    _, products = jax.jvp(jax.grad(loss), (list(parameters),), (list(direction),))
    found: list[Any] = products
    return found
