"""Owns the answers of JAX, Flax and Optax to the atlas about training: modes, gradients, models.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
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
from parity.jax_impl.atlas.asking import Answer, Inputs, call, filled, keys, rates, slope, stepped, t


def _moved(inputs: Inputs) -> Any:
    layer = nnx.BatchNorm(inputs["x"].shape[1], momentum=0.25, rngs=keys())
    layer(t(inputs["x"]))
    return layer.mean[...]


def _empty_norm(inputs: Inputs) -> Any:
    layer = nnx.BatchNorm(2, rngs=keys())
    layer(t(inputs["x"]))
    return layer.mean[...]


def _decayed(inputs: Inputs) -> float:
    rule = optax.chain(optax.add_decayed_weights(0.25), optax.sgd(float(inputs["rate"])))
    return (1 - float(stepped(rule, np.zeros(1))[0])) / float(inputs["rate"])


def _clipped(inputs: Inputs) -> list[float]:
    gradients = [jnp.asarray([number], jnp.float32) for number in inputs["x"]]
    rule = optax.clip_by_global_norm(1.0)
    updates, _ = rule.update(gradients, rule.init(gradients))
    return [float(update[0]) for update in updates]


def _accumulated(inputs: Inputs) -> float:
    rule = optax.MultiSteps(optax.sgd(1.0), every_k_schedule=2)
    w = jnp.zeros(())
    state = rule.init(w)
    for gradient in t(inputs["x"]):
        updates, state = rule.update(gradient, state, w)
        w = optax.apply_updates(w, updates)
    return -float(w)


def _second(layer: Any, x: jax.Array) -> Array:
    def total(kernel: jax.Array) -> jax.Array:
        return jnp.sum(filled_by(layer, kernel)(x) ** 2)

    return np.asarray(jax.grad(lambda kernel: jnp.sum(jax.grad(total)(kernel)))(jnp.ones_like(layer.kernel[...])))


def filled_by(layer: Any, kernel: jax.Array) -> Callable[..., Any]:
    """The layer as a function of its input, with another kernel."""
    graph, state = nnx.split(layer)
    state["kernel"] = state["kernel"].replace(kernel)
    made: Callable[..., Any] = nnx.merge(graph, state)
    return made


def _behind(inputs: Inputs) -> float:
    direct, copied = (
        slope(lambda x: nnx.max_pool(x.reshape(1, 8, 8, 1), (2, 2), (2, 2))),
        slope(lambda x: nnx.max_pool(jnp.copy(x.reshape(1, 8, 8, 1)), (2, 2), (2, 2))),
    )
    return float((direct(inputs) == copied(inputs)).all())


class _Listing(nnx.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        self.parts = [nnx.Linear(2, 3, rngs=keys()), nnx.Linear(3, 5, rngs=keys())]


def _written(inputs: Inputs) -> float:
    x = t(inputs["x"])
    piece = x[0:1]
    piece[:] = 7.0
    return float(x[0])


ANSWERS: Mapping[str, Answer] = {
    "batch_norm.mode": call(lambda x: nnx.BatchNorm(x.shape[1], epsilon=2.0**-10, rngs=keys())(x)),
    "dropout.mode": call(lambda x: nnx.Dropout(0.75, rngs=keys())(x).max()),
    "batch_norm.moves": _moved,
    "batch_norm.one_example": call(nnx.BatchNorm(2, rngs=keys())),
    "gradient.twice": lambda inputs: [jax.grad(lambda x: x**2)(t(inputs["x"])) for _ in range(2)][-1],
    "step.rescaling": lambda inputs: stepped(optax.sgd(float(inputs["rate"])), inputs["gradient"][None])[0],
    "penalty.factor": _decayed,
    "clip_norm.over": _clipped,
    "step_decay.rates": lambda _: rates(optax.exponential_decay(1.0, 2, 0.5, staircase=True), 6),
    "squared_error.shapes": call(lambda x, y: jnp.mean(optax.squared_error(x, y)), "x", "y"),
    "squared_error.empty": call(lambda x: jnp.mean(optax.squared_error(x, x))),
    "batch_norm.empty": _empty_norm,
    "gradient.accumulated": _accumulated,
    "gradient.of_vector": call(jax.grad(lambda x: x**2)),
    "gradient.second_dense": lambda inputs: _second(
        filled(nnx.Linear(1, 1, use_bias=False, rngs=keys()), kernel=1.0), t(inputs["x"])[:, None]
    ),
    "gradient.second_convolution": lambda inputs: _second(
        filled(nnx.Conv(1, 1, (1, 1), use_bias=False, rngs=keys()), kernel=1.0), t(inputs["x"])[None, None, :, None]
    ),
    "max_pool2d.behind_reshape": _behind,
    "model.list": lambda _: len(jax.tree.leaves(nnx.state(_Listing(), nnx.Param))),
    "view.writes": _written,
}
