"""Owns gradient transformations in Optax's form for rules that Optax lacks or has in another form.

It refuses to know specs and their names: optimizers.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax

from parity.execution.protocol import Unsupported

Tensor = Any  # a jax.Array
Transformation = Any  # an optax.GradientTransformation
State = dict[str, Tensor]
Hyperparameters = Mapping[str, float]
Move = Callable[[Tensor, Tensor, State, Tensor, Hyperparameters], tuple[Tensor, State]]
"""One step of one parameter: w, g, state, number of the step (from 1), hyper-parameters -> change of w, new state."""


class RuleState(NamedTuple):
    """The number of steps taken, and the state arrays of each parameter."""

    count: Tensor
    arrays: dict[str, State]


def written(move: Move, h: Hyperparameters, **begin: float) -> Transformation:
    """A rule for one parameter at a time. begin: name of a state, an array like the parameter -> its initial value."""

    def init(parameters: dict[str, Tensor]) -> RuleState:
        arrays = {path: {name: jnp.full_like(w, number) for name, number in begin.items()} for path, w in parameters.items()}
        return RuleState(jnp.zeros([], jnp.int32), arrays)

    def update(gradients: dict[str, Tensor], state: RuleState, parameters: Any = None) -> tuple[dict[str, Tensor], RuleState]:
        count = optax.safe_increment(state.count)
        steps: dict[str, Tensor] = {}
        arrays: dict[str, State] = {}
        for path, g in gradients.items():
            steps[path], arrays[path] = move(parameters[path], g, state.arrays[path], count.astype(g.dtype), h)
        return steps, RuleState(count, arrays)

    return optax.GradientTransformation(init, update)


def _moments(g: Tensor, state: State, h: Hyperparameters) -> tuple[Tensor, Tensor]:
    """Adam's moments after this step."""
    m = h["beta_1"] * state["m"] + (1 - h["beta_1"]) * g
    return m, h["beta_2"] * state["v"] + (1 - h["beta_2"]) * g * g


def _mean_square(g: Tensor, state: State, h: Hyperparameters) -> Tensor:
    return h["rho"] * state["s"] + (1 - h["rho"]) * g * g


def adam_epsilon_inside(w: Tensor, g: Tensor, state: State, t: Tensor, h: Hyperparameters) -> tuple[Tensor, State]:
    """Kingma & Ba's epsilon hat: w - lr·(sqrt(1 - β₂ᵗ)/(1 - β₁ᵗ))·m/(sqrt(v) + epsilon). Optax's own follows algorithm 1."""
    m, v = _moments(g, state, h)
    rate = h["learning_rate"] * jnp.sqrt(1 - h["beta_2"] ** t) / (1 - h["beta_1"] ** t)
    return -rate * m / (jnp.sqrt(v) + h["epsilon"]), {"m": m, "v": v}


def adam_then_sgd(w: Tensor, g: Tensor, state: State, t: Tensor, h: Hyperparameters) -> tuple[Tensor, State]:
    """Adam's steps up to `switch`, SGD's after it."""
    m, v = _moments(g, state, h)
    adam = m / (1 - h["beta_1"] ** t) / (jnp.sqrt(v / (1 - h["beta_2"] ** t)) + h["epsilon"])
    return -h["learning_rate"] * jnp.where(t <= h["switch"], adam, h["ratio"] * g), {"m": m, "v": v}


def amsgrad(w: Tensor, g: Tensor, state: State, t: Tensor, h: Hyperparameters) -> tuple[Tensor, State]:
    """The greatest second moment, bias-corrected afterwards; Optax takes the greatest of the corrected moments."""
    m, v = _moments(g, state, h)
    u = jnp.maximum(state["u"], v)
    root = jnp.sqrt(u / (1 - h["beta_2"] ** t)) + h["epsilon"]
    return -h["learning_rate"] * m / (1 - h["beta_1"] ** t) / root, {"m": m, "v": v, "u": u}


def nadam(w: Tensor, g: Tensor, state: State, t: Tensor, h: Hyperparameters) -> tuple[Tensor, State]:
    """Dozat 2016 with his schedule of the momentum, which Optax's own lacks. p: the product of the momenta."""
    m, v = _moments(g, state, h)
    mu = h["beta_1"] * (1 - 0.5 * 0.96 ** (t * h["schedule_decay"]))
    following = h["beta_1"] * (1 - 0.5 * 0.96 ** ((t + 1) * h["schedule_decay"]))
    p = state["p"] * mu
    mean = following * m / (1 - p * following) + (1 - mu) * g / (1 - p)
    root = jnp.sqrt(v / (1 - h["beta_2"] ** t)) + h["epsilon"]
    return -h["learning_rate"] * mean / root, {"m": m, "v": v, "p": p}


def adagrad(w: Tensor, g: Tensor, state: State, t: Tensor, h: Hyperparameters) -> tuple[Tensor, State]:
    """w - lr·g/(sqrt(s) + epsilon); Optax's own has epsilon inside of the root."""
    s = state["s"] + g * g
    return -h["learning_rate"] * g / (jnp.sqrt(s) + h["epsilon"]), {"s": s}


def adadelta_epsilon_outside(w: Tensor, g: Tensor, state: State, t: Tensor, h: Hyperparameters) -> tuple[Tensor, State]:
    """Zeiler 2012 with epsilon added to the roots; Optax's own has epsilon inside."""
    s = _mean_square(g, state, h)
    step = (jnp.sqrt(state["d"]) + h["epsilon"]) / (jnp.sqrt(s) + h["epsilon"]) * g
    return -h["learning_rate"] * step, {"s": s, "d": h["rho"] * state["d"] + (1 - h["rho"]) * step * step}


def ftrl(w: Tensor, g: Tensor, state: State, t: Tensor, h: Hyperparameters) -> tuple[Tensor, State]:
    """McMahan et al. 2013, algorithm 1; Optax has none."""
    n = state["n"] + g * g
    z = state["z"] + g - (jnp.sqrt(n) - jnp.sqrt(state["n"])) / h["learning_rate"] * w
    below = (h["beta"] + jnp.sqrt(n)) / h["learning_rate"] + h["l2"]
    return (jnp.clip(z, -h["l1"], h["l1"]) - z) / below - w, {"z": z, "n": n}


def muon(w: Tensor, g: Tensor, state: State, t: Tensor, h: Hyperparameters) -> tuple[Tensor, State]:
    """Jordan et al. 2024; optax.contrib.muon takes bias-corrected means of gradients, and scales by the matrix's shape."""
    if w.ndim != 2:
        raise Unsupported(f"a rule of matrices, not of a parameter with {w.ndim} axes")
    v = h["momentum"] * state["v"] + g
    b = g + h["momentum"] * v
    x = b / (jnp.linalg.norm(b) + h["epsilon"])
    wide = x if x.shape[0] <= x.shape[1] else x.T
    for _ in range(5):
        square = wide @ wide.T
        wide = 3.4445 * wide + (-4.775 * square + 2.0315 * square @ square) @ wide
    orthogonal = wide if wide.shape == w.shape else wide.T
    return -h["learning_rate"] * (h["weight_decay"] * w + orthogonal), {"v": v}


def adafactor(w: Tensor, g: Tensor, state: State, t: Tensor, h: Hyperparameters) -> tuple[Tensor, State]:
    """Shazeer & Stern 2018, algorithms 4 and 5. optax.adafactor counts steps in float32, factors only matrices of 128 rows or
    more, and has no argument for the least scale of a parameter. The learning rate is the cap of the relative step."""
    if w.ndim not in (1, 2):
        raise Unsupported(f"a rule of parameters with 1 to 2 axes, not of one with {w.ndim}")
    share, square = t ** h["beta_2_decay"], g * g + h["epsilon_1"]
    r = (1 - share) * state["r"] + share * _row_means(square)
    c = (1 - share) * state["c"] + share * _column_means(square)
    u = g / jnp.sqrt(r * c / _column_means(r))
    rate = jnp.maximum(h["epsilon_2"], _rms(w)) * jnp.minimum(h["learning_rate"], t**-0.5)
    return -rate * u / jnp.maximum(1, _rms(u) / h["clip_threshold"]), {"r": r, "c": c}


def _row_means(x: Tensor) -> Tensor:
    return jnp.broadcast_to(x.mean(-1, keepdims=True), x.shape) if x.ndim == 2 else x


def _column_means(x: Tensor) -> Tensor:
    return jnp.broadcast_to(x.mean(-2, keepdims=True), x.shape) if x.ndim == 2 else x


def _rms(x: Tensor) -> Tensor:
    return jnp.sqrt(jnp.mean(x * x))


def clip_norm(threshold: float) -> Transformation:
    """Scales each gradient so that its own norm is at most the threshold; Optax has the common norm only."""
    return optax.stateless_with_tree_map(lambda g, w: g * jnp.minimum(1, threshold / jnp.linalg.norm(g)))
