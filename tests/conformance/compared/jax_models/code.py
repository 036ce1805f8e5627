"""Code between layers: counterparts of torch_models/code.py, in NNX. `tanh_gelu` is jax.nn.gelu called without a word."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx


class Between(nnx.Module):
    """Two layers, and a function of what the first gives, which is told a key and whether the model trains."""

    def __init__(self, function: Callable[..., Any], first: Any, second: Any) -> None:
        self.function, self.first, self.second = function, first, second

    def __call__(self, x: Any, key: Any, training: bool = False) -> Any:
        return self.second(self.function(self.first(x), key, training))


def rows(function: Callable[..., Any], units: int = 8) -> Callable[[], nnx.Module]:
    rngs = nnx.Rngs(0)
    wide = units // 2 if units == 16 else units
    return lambda: Between(function, nnx.Linear(7, units, rngs=rngs), nnx.Linear(wide, 3, rngs=rngs))


def masked(h: Any, key: Any, training: bool) -> Any:
    return h * jax.random.bernoulli(key, 0.75, h.shape) / 0.75 if training else h


def gated(h: Any, _: Any, __: bool, exchanged: bool) -> Any:
    value, gate = jnp.split(h, 2, -1)[::-1] if exchanged else jnp.split(h, 2, -1)
    return value * jax.nn.sigmoid(gate)


by_hand = rows(masked)
by_one_key = rows(lambda h, _, training: masked(h, jax.random.key(0), training))
skips, straight = (rows(lambda h, *_, skip=skip: jnp.tanh(h) + h if skip else jnp.tanh(h)) for skip in (True, False))
gate_last, gate_first = (rows(partial(gated, exchanged=way), 16) for way in (False, True))
erf_gelu, tanh_gelu = (rows(lambda h, *_, form=form: nnx.gelu(h, **form)) for form in ({"approximate": False}, {}))
