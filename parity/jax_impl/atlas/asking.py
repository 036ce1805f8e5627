"""Owns the ways in which JAX, Flax and Optax are asked: the value, the slope, the type, the draw or the steps of an object.

It refuses to know a question, and what its answer should be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from parity.execution.protocol import Array

Inputs = Mapping[str, Array]
Answer = Callable[[Inputs], Any]


def t(array: Array) -> jax.Array:
    return jnp.asarray(array, jnp.float32 if array.dtype.kind == "f" else jnp.int32)


def keys() -> nnx.Rngs:
    """New streams of random numbers, which begin at the same place each time."""
    return nnx.Rngs(0)


def call(function: Callable[..., Any], *names: str) -> Answer:
    """The value of a function of the inputs (`x` alone, unless named)."""
    return lambda inputs: np.asarray(function(*(t(inputs[name]) for name in names or ("x",))))


def slope(function: Callable[[jax.Array], jax.Array]) -> Answer:
    """The gradient of the sum of function(x)."""
    return lambda inputs: np.asarray(jax.grad(lambda x: jnp.sum(function(x)))(t(inputs["x"])))


def dtype(function: Callable[[Inputs], jax.Array]) -> Answer:
    """The type of the function's result: its first letter's code, and its bits."""

    def answer(inputs: Inputs) -> Array:
        kind = function(inputs).dtype
        return np.asarray([ord(kind.name[0]), kind.itemsize * 8])

    return answer


def stepped(rule: optax.GradientTransformation, gradients: Array, start: Any = 1.0) -> list[Any]:
    """The weights after each step on these gradients."""
    w, seen = jnp.asarray(start, jnp.float32), []
    state = rule.init(w)
    for gradient in gradients:
        updates, state = rule.update(jnp.broadcast_to(jnp.asarray(gradient, w.dtype), w.shape), state, w)
        w = optax.apply_updates(w, updates)
        seen.append(np.asarray(w))
    return seen


def optimized(make: Callable[[Any], optax.GradientTransformation]) -> Answer:
    """The weight, which starts at 1, after each step on the question's gradients, by a schedule of the question's rates."""

    def answer(inputs: Inputs) -> Array:
        rates = t(inputs["rates"])
        return np.asarray(stepped(make(lambda count: rates[count]), inputs["gradients"]))

    return answer


def sampled(make: Callable[[], Any]) -> Answer:
    """The initial value of one weight, its output axis first; vectors as they are."""
    return lambda _: np.ascontiguousarray(np.moveaxis(np.asarray(make()), -1, 0))


def filled(layer: Any, **arrays: Any) -> Any:
    """The layer with these numbers in its variables."""
    for name, array in arrays.items():
        variable = getattr(layer, name)
        variable.set_value(jnp.broadcast_to(jnp.asarray(array, jnp.float32), variable.get_value().shape))
    return layer


def count(layer: nnx.Module) -> int:
    """The number of the layer's parameters."""
    return sum(item.size for item in jax.tree.leaves(nnx.state(layer, nnx.Param)))


def rates(schedule: optax.Schedule, number: int) -> list[float]:
    """The learning rates of the first updates, by how far each moves a weight on a gradient of -1."""
    places = [0.0, *(float(w) for w in stepped(optax.sgd(schedule), -np.ones(number), 0.0))]
    return [float(rate) for rate in np.diff(places)]
