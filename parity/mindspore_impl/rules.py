"""Owns optimizers written in MindSpore's ops: rules that MindSpore lacks or has in another form, and every rule in float64.

It refuses to know which rules MindSpore has itself: optimizers.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mindspore
from mindspore import ops

from parity.execution.protocol import Unsupported

Tensor = Any  # a mindspore.Tensor
State = dict[str, Tensor]
Numbers = Mapping[str, Any]
"""Hyper-parameters as tensors of the parameter's precision, since MindSpore rounds Python's numbers to float32; and `t`, the
number of the step from 1, and `power`, a function that gives base^exponent of two Python numbers as such a tensor."""
Move = Callable[[Tensor, Tensor, State, Numbers], Tensor]
"""One step of one parameter: w, g, state, numbers -> w afterwards. It moves the state in place of its entries."""


class WrittenRule:
    """A rule for one parameter at a time. begin: name of a state, an array like the parameter -> its initial value.

    before: a change of all gradients that comes first. axes: the least and greatest number of axes of a parameter.
    """

    def __init__(
        self, move: Move, updates: Sequence[tuple[Any, float]], h: Mapping[str, float], begin: Mapping[str, float],
        before: Callable[[list[Tensor], Tensor], list[Tensor]] | None = None, axes: tuple[int, int] = (0, 99),
    ) -> None:  # fmt: skip
        self.move, self.updates, self.h, self.count, self.before = move, updates, h, 0, before
        self.states: list[State] = []
        for parameter, _ in updates:
            if not axes[0] <= parameter.ndim <= axes[1]:
                raise Unsupported(f"a rule of parameters with {axes[0]} to {axes[1]} axes, not of one with {parameter.ndim}")
            self.states.append({name: ops.full_like(parameter, number) for name, number in begin.items()})

    def __call__(self, gradients: Sequence[Tensor]) -> None:
        self.count += 1
        given = list(gradients)
        if self.before is not None and given:
            given = self.before(given, mindspore.Tensor(self.h["threshold"], given[0].dtype))
        for (w, factor), g, state in zip(self.updates, given, self.states, strict=True):
            numbers = self._numbers(factor, w.dtype)
            ops.assign(w, self.move(w.value(), g, state, numbers))

    def _numbers(self, factor: float, dtype: Any) -> dict[str, Any]:
        values = {**self.h, "learning_rate": self.h["learning_rate"] * factor}
        numbers: dict[str, Any] = {name: mindspore.Tensor(value, dtype) for name, value in values.items()}
        for name in ("beta_1", "beta_2", "rho", "momentum", "dampening"):
            if name in values:
                numbers[f"1-{name}"] = mindspore.Tensor(1 - values[name], dtype)
                numbers[f"1-{name}^t"] = mindspore.Tensor(1 - values[name] ** self.count, dtype)
        number = lambda value: mindspore.Tensor(value, dtype)  # noqa: E731
        return {**numbers, "t": self.count, "number": number, "plain": values}


def _moments(g: Tensor, state: State, h: Numbers) -> tuple[Tensor, Tensor]:
    """Adam's moments after this step."""
    state["m"] = h["beta_1"] * state["m"] + h["1-beta_1"] * g
    state["v"] = h["beta_2"] * state["v"] + h["1-beta_2"] * (g * g)
    return state["m"], state["v"]


def _square(g: Tensor, state: State, h: Numbers) -> Tensor:
    state["s"] = h["rho"] * state["s"] + h["1-rho"] * (g * g)
    return state["s"]


def sgd(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    return w - h["learning_rate"] * g


def sgd_l2(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    return w - h["learning_rate"] * (g + h["penalty"] * w)


def momentum(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    state["v"] = h["momentum"] * state["v"] + (h["1-dampening"] * g if "dampening" in h else g)
    return w - h["learning_rate"] * state["v"]


def nesterov(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    state["v"] = h["momentum"] * state["v"] + g
    return w - h["learning_rate"] * (g + h["momentum"] * state["v"])


def unbiased_momentum(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    state["m"] = h["momentum"] * state["m"] + h["1-momentum"] * g
    return w - h["learning_rate"] * (state["m"] / h["1-momentum^t"])


def adagrad(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    state["s"] = state["s"] + g * g
    return w - h["learning_rate"] * g / (ops.sqrt(state["s"]) + h["epsilon"])


def adagrad_epsilon_inside(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    state["s"] = state["s"] + g * g
    return w - h["learning_rate"] * g / ops.sqrt(state["s"] + h["epsilon"])


def rmsprop(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    return w - h["learning_rate"] * g / (ops.sqrt(_square(g, state, h)) + h["epsilon"])


def rmsprop_momentum(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    state["b"] = h["momentum"] * state["b"] + g / (ops.sqrt(_square(g, state, h)) + h["epsilon"])
    return w - h["learning_rate"] * state["b"]


def rmsprop_epsilon_inside(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    return w - h["learning_rate"] * g / ops.sqrt(_square(g, state, h) + h["epsilon"])


def rmsprop_centered(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    state["a"] = h["rho"] * state["a"] + h["1-rho"] * g
    return w - h["learning_rate"] * g / ops.sqrt(_square(g, state, h) - state["a"] * state["a"] + h["epsilon"])


def adadelta(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    step = ops.sqrt(state["d"] + h["epsilon"]) / ops.sqrt(_square(g, state, h) + h["epsilon"]) * g
    state["d"] = h["rho"] * state["d"] + h["1-rho"] * (step * step)
    return w - h["learning_rate"] * step


def adadelta_epsilon_outside(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    step = (ops.sqrt(state["d"]) + h["epsilon"]) / (ops.sqrt(_square(g, state, h)) + h["epsilon"]) * g
    state["d"] = h["rho"] * state["d"] + h["1-rho"] * (step * step)
    return w - h["learning_rate"] * step


def _root(v: Tensor, h: Numbers) -> Tensor:
    return ops.sqrt(v / h["1-beta_2^t"]) + h["epsilon"]


def adam(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    m, v = _moments(g, state, h)
    return w - h["learning_rate"] * (m / h["1-beta_1^t"]) / _root(v, h)


def adam_epsilon_inside(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    """Kingma & Ba's epsilon hat."""
    m, v = _moments(g, state, h)
    rate = h["learning_rate"] * ops.sqrt(h["1-beta_2^t"]) / h["1-beta_1^t"]
    return w - rate * m / (ops.sqrt(v) + h["epsilon"])


def adam_epsilon_in_root(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    m, v = _moments(g, state, h)
    return w - h["learning_rate"] * (m / h["1-beta_1^t"]) / ops.sqrt(v / h["1-beta_2^t"] + h["epsilon"])


def adam_then_sgd(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    """Adam's steps up to `switch`, SGD's after it."""
    m, v = _moments(g, state, h)
    step = m / h["1-beta_1^t"] / _root(v, h) if h["t"] <= h["plain"]["switch"] else h["ratio"] * g
    return w - h["learning_rate"] * step


def adamw(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    m, v = _moments(g, state, h)
    return w - h["learning_rate"] * (m / h["1-beta_1^t"] / _root(v, h) + h["weight_decay"] * w)


def adamax(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    state["m"] = h["beta_1"] * state["m"] + h["1-beta_1"] * g
    state["u"] = ops.maximum(h["beta_2"] * state["u"], ops.abs(g))
    return w - h["learning_rate"] / h["1-beta_1^t"] * state["m"] / state["u"]


def amsgrad(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    m, v = _moments(g, state, h)
    state["u"] = ops.maximum(state["u"], v)
    return w - h["learning_rate"] * (m / h["1-beta_1^t"]) / _root(state["u"], h)


def nadam(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    """Dozat 2016 with his schedule of the momentum. p: the product of the momenta, a Python number."""
    m, v = _moments(g, state, h)
    plain, t, number = h["plain"], h["t"], h["number"]
    mu = plain["beta_1"] * (1 - 0.5 * 0.96 ** (t * plain["schedule_decay"]))
    following = plain["beta_1"] * (1 - 0.5 * 0.96 ** ((t + 1) * plain["schedule_decay"]))
    state["p"] = p = state.get("p", 1.0) * mu
    mean = number(following / (1 - p * following)) * m + number((1 - mu) / (1 - p)) * g
    return w - h["learning_rate"] * mean / _root(v, h)


def ftrl(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    """McMahan et al. 2013, algorithm 1."""
    n = state["n"] + g * g
    z = state["z"] + g - (ops.sqrt(n) - ops.sqrt(state["n"])) / h["learning_rate"] * w
    state["n"], state["z"] = n, z
    clipped = ops.minimum(ops.maximum(z, -h["l1"]), h["l1"])
    return (clipped - z) / ((h["beta"] + ops.sqrt(n)) / h["learning_rate"] + h["l2"])


def lion(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    direction = ops.sign(h["beta_1"] * state["m"] + h["1-beta_1"] * g)
    state["m"] = h["beta_2"] * state["m"] + h["1-beta_2"] * g
    return w - h["learning_rate"] * (direction + h["weight_decay"] * w)


def _norm(x: Tensor) -> Tensor:
    return ops.sqrt(ops.sum(x * x))


def lamb(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    m, v = _moments(g, state, h)
    r = m / h["1-beta_1^t"] / _root(v, h) + h["weight_decay"] * w
    return w - h["learning_rate"] * (_norm(w) / _norm(r)) * r


def muon(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    state["v"] = h["momentum"] * state["v"] + g
    b = g + h["momentum"] * state["v"]
    x = b / (_norm(b) + h["epsilon"])
    wide = x if x.shape[0] <= x.shape[1] else x.T
    first, second, third = (h["number"](value) for value in (3.4445, -4.775, 2.0315))
    for _ in range(5):
        square = ops.matmul(wide, wide.T)
        wide = first * wide + ops.matmul(second * square + third * ops.matmul(square, square), wide)
    return w - h["learning_rate"] * (h["weight_decay"] * w + (wide if wide.shape == w.shape else wide.T))


def adafactor(w: Tensor, g: Tensor, state: State, h: Numbers) -> Tensor:
    """Shazeer & Stern 2018, algorithms 4 and 5."""
    share, t, number = h["t"] ** h["plain"]["beta_2_decay"], h["t"], h["number"]
    square = g * g + h["epsilon_1"]
    state["r"] = number(1 - share) * state["r"] + number(share) * _means(square, -1)
    state["c"] = number(1 - share) * state["c"] + number(share) * _means(square, -2)
    u = g / ops.sqrt(state["r"] * state["c"] / _means(state["r"], -2))
    rate = ops.maximum(h["epsilon_2"], _rms(w)) * ops.minimum(h["learning_rate"], number(t**-0.5))
    return w - rate * u / ops.maximum(number(1.0), _rms(u) / h["clip_threshold"])


def _means(x: Tensor, axis: int) -> Tensor:
    return ops.broadcast_to(ops.mean(x, axis, True), x.shape) if x.ndim == 2 else x


def _rms(x: Tensor) -> Tensor:
    return ops.sqrt(ops.mean(x * x))


def clip_value(gradients: list[Tensor], threshold: Tensor) -> list[Tensor]:
    return [ops.minimum(ops.maximum(g, -threshold), threshold) for g in gradients]


def clip_norm(gradients: list[Tensor], threshold: Tensor) -> list[Tensor]:
    return [clip_global_norm([g], threshold)[0] for g in gradients]


def clip_global_norm(gradients: list[Tensor], threshold: Tensor) -> list[Tensor]:
    norm = ops.sqrt(sum((ops.sum(g * g) for g in gradients[1:]), start=ops.sum(gradients[0] * gradients[0])))
    scale = ops.minimum(ops.ones_like(norm), threshold / norm)
    return [g * scale for g in gradients]


def _rule(move: Move, *zeros: str, **more: Any) -> Callable[[Sequence[tuple[Any, float]], Mapping[str, float]], WrittenRule]:
    begin = dict.fromkeys(zeros, 0.0)
    return lambda updates, h: WrittenRule(move, updates, h, begin, **more)


TABLE: Mapping[str, Callable[[Sequence[tuple[Any, float]], Mapping[str, float]], WrittenRule]] = {
    "sgd": _rule(sgd),
    "sgd_l2": _rule(sgd_l2),
    "sgd_clip_value": _rule(sgd, before=clip_value),
    "sgd_clip_norm": _rule(sgd, before=clip_norm),
    "sgd_clip_global_norm": _rule(sgd, before=clip_global_norm),
    "momentum": _rule(momentum, "v"),
    "dampened_momentum": _rule(momentum, "v"),
    "nesterov": _rule(nesterov, "v"),
    "unbiased_momentum": _rule(unbiased_momentum, "m"),
    "adagrad": _rule(adagrad, "s"),
    "adagrad_epsilon_inside": _rule(adagrad_epsilon_inside, "s"),
    "rmsprop": _rule(rmsprop, "s"),
    "rmsprop_momentum": _rule(rmsprop_momentum, "s", "b"),
    "rmsprop_epsilon_inside": _rule(rmsprop_epsilon_inside, "s"),
    "rmsprop_centered": _rule(rmsprop_centered, "s", "a"),
    "adadelta": _rule(adadelta, "s", "d"),
    "adadelta_epsilon_outside": _rule(adadelta_epsilon_outside, "s", "d"),
    "adafactor": _rule(adafactor, "r", "c", axes=(1, 2)),
    "adam": _rule(adam, "m", "v"),
    "adam_epsilon_inside": _rule(adam_epsilon_inside, "m", "v"),
    "adam_epsilon_in_root": _rule(adam_epsilon_in_root, "m", "v"),
    "adam_then_sgd": _rule(adam_then_sgd, "m", "v"),
    "adamw": _rule(adamw, "m", "v"),
    "adamax": _rule(adamax, "m", "u"),
    "amsgrad": _rule(amsgrad, "m", "v", "u"),
    "nadam": _rule(nadam, "m", "v"),
    "ftrl": _rule(ftrl, "z", "n"),
    "lion": _rule(lion, "m"),
    "lamb": _rule(lamb, "m", "v"),
    "muon": _rule(muon, "v", axes=(2, 2)),
}
