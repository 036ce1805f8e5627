"""Owns MXNet optimizers for rules that MXNet lacks or has in another form, written with NDArray operators.

It refuses to know specs and their names (optimizers.py maps those), and fused kernels, which keep numbers in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from parity.execution.protocol import Unsupported
from parity.mxnet_impl.device import mxnet

nd = mxnet.nd
State = Mapping[str, Any]


class WrittenRule(mxnet.optimizer.Optimizer):  # type: ignore[misc]
    """A rule for one weight at a time: `begin` is its state before the first step, and `move` takes one step."""

    begin: ClassVar[Mapping[str, float]] = {}

    def __init__(self, learning_rate: float, **numbers: float) -> None:
        super().__init__(learning_rate=learning_rate)
        self.numbers = numbers

    def create_state(self, index: int, weight: Any) -> dict[str, Any]:
        return {name: nd.full(weight.shape, value, weight.context, weight.dtype) for name, value in self.begin.items()}

    def update(self, index: int, weight: Any, grad: Any, state: State) -> None:
        self._update_count(index)
        values = {**self.numbers, "t": self._index_update_count[index], "rate": self._get_lr(index)}
        weight[:] = self.move(weight, grad * self.rescale_grad, state, values)

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        """The new w; states change in place. h: the hyper-parameters, t (the step, from 1) and the learning rate."""
        raise NotImplementedError


def _moments(g: Any, state: State, h: Mapping[str, Any]) -> tuple[Any, Any]:
    """Adam's moments after this step, bias-corrected."""
    state["m"][:] = h["beta_1"] * state["m"] + (1 - h["beta_1"]) * g
    state["v"][:] = h["beta_2"] * state["v"] + (1 - h["beta_2"]) * nd.square(g)
    return state["m"] / (1 - h["beta_1"] ** h["t"]), state["v"] / (1 - h["beta_2"] ** h["t"])


def _mean_square(g: Any, state: State, h: Mapping[str, Any]) -> Any:
    state["s"][:] = h["rho"] * state["s"] + (1 - h["rho"]) * nd.square(g)
    return state["s"]


class Momentum(WrittenRule):
    """v = momentum·v + (1 - dampening)·g; w - lr·v. MXNet has no dampening."""

    begin: ClassVar[Mapping[str, float]] = {"v": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        state["v"][:] = h["momentum"] * state["v"] + (1 - h["dampening"]) * g
        return w - h["rate"] * state["v"]


class UnbiasedMomentum(WrittenRule):
    """Momentum as a running mean of gradients, divided by 1 - momentumᵗ."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        state["m"][:] = h["momentum"] * state["m"] + (1 - h["momentum"]) * g
        return w - h["rate"] / (1 - h["momentum"] ** h["t"]) * state["m"]


class AdagradEpsilonInside(WrittenRule):
    """w - lr·g/sqrt(s + epsilon), as MXNet's own, whose history is a float32 array."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        state["s"][:] += nd.square(g)
        return w - h["rate"] * g / nd.sqrt(state["s"] + h["epsilon"])


class RmspropEpsilonInside(WrittenRule):
    """w - lr·g/sqrt(s + epsilon), as MXNet's own, whose mean square is a float32 array."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        return w - h["rate"] * g / nd.sqrt(_mean_square(g, state, h) + h["epsilon"])


class RmspropCentered(WrittenRule):
    """w - lr·g/sqrt(s - a² + epsilon), as MXNet's own without its momentum, whose state is float32."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0, "a": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        state["a"][:] = h["rho"] * state["a"] + (1 - h["rho"]) * g
        return w - h["rate"] * g / nd.sqrt(_mean_square(g, state, h) - nd.square(state["a"]) + h["epsilon"])


class RmspropMomentum(WrittenRule):
    """v = momentum·v + g/(sqrt(s) + epsilon); w - lr·v. MXNet has momentum in its centered form only."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0, "v": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        state["v"][:] = h["momentum"] * state["v"] + g / (nd.sqrt(_mean_square(g, state, h)) + h["epsilon"])
        return w - h["rate"] * state["v"]


class AdaDelta(WrittenRule):
    """Zeiler 2012 with a learning rate; MXNet's own ignores its learning rate, and its state is float32."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0, "d": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        delta = nd.sqrt(state["d"] + h["epsilon"]) / nd.sqrt(_mean_square(g, state, h) + h["epsilon"]) * g
        state["d"][:] = h["rho"] * state["d"] + (1 - h["rho"]) * nd.square(delta)
        return w - h["rate"] * delta


class Amsgrad(WrittenRule):
    """Adam with the greatest second moment so far; MXNet has none."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0, "u": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        first, _ = _moments(g, state, h)
        state["u"][:] = nd.maximum(state["u"], state["v"])
        return w - h["rate"] * first / (nd.sqrt(state["u"] / (1 - h["beta_2"] ** h["t"])) + h["epsilon"])


class Nadam(WrittenRule):
    """Dozat 2016. MXNet's own keeps a single product of momenta, and multiplies it for every weight in every step."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0, "p": 1.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        now, after = (h["beta_1"] * (1 - 0.5 * 0.96 ** ((h["t"] + k) * h["schedule_decay"])) for k in (0, 1))
        _, second = _moments(g, state, h)
        state["p"][:] *= now
        ahead = after * state["m"] / (1 - state["p"] * after) + (1 - now) * g / (1 - state["p"])
        return w - h["rate"] * ahead / (nd.sqrt(second) + h["epsilon"])


class Ftrl(WrittenRule):
    """McMahan et al. 2013, algorithm 1, as MXNet's own, whose state is float32."""

    begin: ClassVar[Mapping[str, float]] = {"z": 0.0, "n": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        before = nd.sqrt(state["n"])
        state["n"][:] += nd.square(g)
        after = nd.sqrt(state["n"])
        state["z"][:] += g - (after - before) / h["rate"] * w
        cut = nd.minimum(nd.maximum(state["z"], -h["l1"]), h["l1"])  # nd.clip rounds its bounds to float32
        return (cut - state["z"]) / ((h["beta"] + after) / h["rate"] + h["l2"])


class Lion(WrittenRule):
    """Chen et al. 2023, algorithm 2."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        direction = nd.sign(h["beta_1"] * state["m"] + (1 - h["beta_1"]) * g)
        state["m"][:] = h["beta_2"] * state["m"] + (1 - h["beta_2"]) * g
        return w - h["rate"] * (direction + h["weight_decay"] * w)


class Lamb(WrittenRule):
    """You et al. 2020, algorithm 2. MXNet's own fused kernels update float64 weights with float32 hyper-parameters."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        first, second = _moments(g, state, h)
        r = first / (nd.sqrt(second) + h["epsilon"]) + h["weight_decay"] * w
        ratio = nd.sqrt(nd.sum(nd.square(w))) / nd.sqrt(nd.sum(nd.square(r)))
        return w - nd.broadcast_mul(r, (h["rate"] * ratio).reshape((1,) * r.ndim))


class AdamEpsilonInRoot(WrittenRule):
    """Adam with epsilon under the root, after the bias correction."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        first, second = _moments(g, state, h)
        return w - h["rate"] * first / nd.sqrt(second + h["epsilon"])


class AdamThenSGD(WrittenRule):
    """Adam's steps up to `switch`, SGD's after it."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        first, second = _moments(g, state, h)
        adam = h["t"] <= h["switch"]
        return w - h["rate"] * (first / (nd.sqrt(second) + h["epsilon"]) if adam else h["ratio"] * g)


class AdadeltaEpsilonOutside(WrittenRule):
    """Zeiler 2012 with epsilon added to the roots; MXNet's own has epsilon inside."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0, "d": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        step = (nd.sqrt(state["d"]) + h["epsilon"]) / (nd.sqrt(_mean_square(g, state, h)) + h["epsilon"]) * g
        state["d"][:] = h["rho"] * state["d"] + (1 - h["rho"]) * nd.square(step)
        return w - h["rate"] * step


class Adafactor(WrittenRule):
    """Shazeer & Stern 2018, algorithms 4 and 5; MXNet has none."""

    def create_state(self, index: int, weight: Any) -> dict[str, Any]:
        refuse(weight, (1, 2))
        return {name: _means(nd.zeros(weight.shape, weight.context, weight.dtype), axis) for name, axis in (("r", 1), ("c", 0))}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        share, square = h["t"] ** h["beta_2_decay"], nd.square(g) + h["epsilon_1"]
        state["r"][:] = (1 - share) * state["r"] + share * _means(square, 1)
        state["c"][:] = (1 - share) * state["c"] + share * _means(square, 0)
        u = g / nd.sqrt(state["r"] * state["c"] / _means(state["r"], 0))
        rate = nd.maximum(_rms(w), h["epsilon_2"]) * min(h["rate"], h["t"] ** -0.5)
        return w - rate * u / nd.maximum(_rms(u) / h["clip_threshold"], 1.0)


def _means(x: Any, axis: int) -> Any:
    """Means of a matrix along an axis, which stays with length 1; a vector is returned as it is."""
    return nd.mean(x, axis=axis, keepdims=True) if x.ndim == 2 else x


def _rms(x: Any) -> Any:
    return nd.sqrt(nd.mean(nd.square(x))).reshape((1,) * x.ndim)


class Muon(WrittenRule):
    """Jordan et al. 2024; MXNet has none."""

    begin: ClassVar[Mapping[str, float]] = {"v": 0.0}

    def create_state(self, index: int, weight: Any) -> dict[str, Any]:
        refuse(weight, (2,))
        return super().create_state(index, weight)

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        state["v"][:] = h["momentum"] * state["v"] + g
        b = g + h["momentum"] * state["v"]
        x = b / (nd.sqrt(nd.sum(nd.square(b))) + h["epsilon"]).reshape((1, 1))
        for _ in range(5):
            square = nd.dot(x, x.T)
            x = 3.4445 * x + nd.dot(2.0315 * nd.dot(square, square) - 4.775 * square, x)
        return w - h["rate"] * (h["weight_decay"] * w + x)


def refuse(weight: Any, axes: tuple[int, ...]) -> None:
    if weight.ndim not in axes:
        raise Unsupported(f"a rule of parameters with {axes} axes, not of one with {weight.ndim}")
