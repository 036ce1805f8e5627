"""Owns Keras optimizers for rules that Keras lacks or has in another form.

It refuses to know specs and their names: optimizers.py does. It never casts Python numbers, because
keras.ops.cast rounds them to float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
from keras import ops

from parity.execution.protocol import Unsupported

State = Mapping[str, Any]


class WrittenRule(keras.optimizers.Optimizer):  # type: ignore[misc]
    """A rule for one variable at a time: `begin` is its state before the first step, and `move` takes one step."""

    begin: ClassVar[Mapping[str, float]] = {}

    def __init__(self, learning_rate: float, **numbers: float) -> None:
        super().__init__(learning_rate)
        self.numbers = numbers

    def build(self, variables: list[Any]) -> None:
        if not self.built:
            super().build(variables)
            made = {name: keras.initializers.Constant(value) for name, value in self.begin.items()}
            self.arrays = {name: self.add_optimizer_variables(variables, name, start) for name, start in made.items()}

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        place, dtype = self._get_variable_index(variable), variable.dtype
        state = {name: arrays[place] for name, arrays in self.arrays.items()}
        values = {**self.numbers, "t": ops.cast(self.iterations + 1, dtype), "rate": ops.cast(learning_rate, dtype)}
        moved = self.move(ops.convert_to_tensor(variable), ops.cast(gradient, dtype), state, values)
        self.assign(variable, moved)

    def kept(self, variable: Any, value: Any) -> Any:
        """Stores the new value of a state, and returns it."""
        self.assign(variable, value)
        return value

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        """The new w. h: the hyper-parameters, t (the step, from 1) and the learning rate."""
        raise NotImplementedError

    def moments(self, g: Any, state: State, h: Mapping[str, Any]) -> tuple[Any, Any]:
        """Adam's moments after this step, bias-corrected."""
        first = self.kept(state["m"], h["beta_1"] * state["m"] + (1 - h["beta_1"]) * g)
        second = self.kept(state["v"], h["beta_2"] * state["v"] + (1 - h["beta_2"]) * ops.square(g))
        return first / (1 - power(h["beta_1"], h["t"])), second / (1 - power(h["beta_2"], h["t"]))


def power(base: float, exponent: Any) -> Any:
    return ops.power(ops.convert_to_tensor(base, exponent.dtype), exponent)


def _norm(x: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(x)))


class Momentum(WrittenRule):
    """v = momentum·v + (1 - dampening)·g; w - lr·v. Keras has no dampening."""

    begin: ClassVar[Mapping[str, float]] = {"v": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        return w - h["rate"] * self.kept(state["v"], h["momentum"] * state["v"] + (1 - h["dampening"]) * g)


class UnbiasedMomentum(WrittenRule):
    """Momentum as a running mean of gradients, divided by 1 - momentumᵗ."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        mean = self.kept(state["m"], h["momentum"] * state["m"] + (1 - h["momentum"]) * g)
        return w - h["rate"] * mean / (1 - power(h["momentum"], h["t"]))


class RmspropMomentum(WrittenRule):
    """v = momentum·v + g/(sqrt(s) + epsilon); w - lr·v. Keras's own has epsilon inside of the root."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0, "v": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        square = self.kept(state["s"], h["rho"] * state["s"] + (1 - h["rho"]) * ops.square(g))
        return w - h["rate"] * self.kept(state["v"], h["momentum"] * state["v"] + g / (ops.sqrt(square) + h["epsilon"]))


class Amsgrad(WrittenRule):
    """Adam with the greatest second moment so far, and epsilon added after the bias correction; Keras's own adds it before."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0, "u": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        first, _ = self.moments(g, state, h)
        greatest = self.kept(state["u"], ops.maximum(state["u"], state["v"]))
        return w - h["rate"] * first / (ops.sqrt(greatest / (1 - power(h["beta_2"], h["t"]))) + h["epsilon"])


class Nadam(WrittenRule):
    """Nadam with Dozat's schedule 0.96^(t·decay); Keras's own has the decay 1."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0, "p": 1.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        now, after = (h["beta_1"] * (1 - 0.5 * power(0.96, (h["t"] + k) * h["schedule_decay"])) for k in (0, 1))
        _, second = self.moments(g, state, h)
        product = self.kept(state["p"], state["p"] * now)
        ahead = after * state["m"] / (1 - product * after) + (1 - now) * g / (1 - product)
        return w - h["rate"] * ahead / (ops.sqrt(second) + h["epsilon"])


class Lamb(WrittenRule):
    """You et al. 2020, algorithm 2. Keras's own subtracts weight decay first, outside of the ratio of norms."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        first, second = self.moments(g, state, h)
        r = first / (ops.sqrt(second) + h["epsilon"]) + h["weight_decay"] * w
        return w - h["rate"] * _norm(w) / _norm(r) * r


class AdamEpsilonInRoot(WrittenRule):
    """Adam with epsilon under the root, after the bias correction."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        first, second = self.moments(g, state, h)
        return w - h["rate"] * first / ops.sqrt(second + h["epsilon"])


class AdamThenSGD(WrittenRule):
    """Adam's steps up to `switch`, SGD's after it."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        first, second = self.moments(g, state, h)
        adam = first / (ops.sqrt(second) + h["epsilon"])
        return w - h["rate"] * ops.where(h["t"] <= h["switch"], adam, h["ratio"] * g)


class AdadeltaEpsilonOutside(WrittenRule):
    """Zeiler 2012 with epsilon added to the roots; Keras's own has epsilon inside."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0, "d": 0.0}

    def move(self, w: Any, g: Any, state: State, h: Mapping[str, Any]) -> Any:
        square = self.kept(state["s"], h["rho"] * state["s"] + (1 - h["rho"]) * ops.square(g))
        step = (ops.sqrt(state["d"]) + h["epsilon"]) / (ops.sqrt(square) + h["epsilon"]) * g
        self.kept(state["d"], h["rho"] * state["d"] + (1 - h["rho"]) * ops.square(step))
        return w - h["rate"] * step


class Adafactor(keras.optimizers.Adafactor):  # type: ignore[misc]
    """Keras's Adafactor for vectors and matrices only; Keras's own takes a convolution kernel's last two axes for a matrix."""

    def build(self, variables: list[Any]) -> None:
        refuse(variables, (1, 2))
        super().build(variables)


class Muon(keras.optimizers.Muon):  # type: ignore[misc]
    """Muon for matrices, with the spec's epsilon and no factor of the shape; Keras's adds 1e-7, and uses AdamW for the rest."""

    def __init__(self, learning_rate: float, **numbers: float) -> None:
        super().__init__(learning_rate, rms_rate=None, **numbers)

    def build(self, variables: list[Any]) -> None:
        refuse(variables, (2,))
        super().build(variables)

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        x = x / (_norm(x) + self.epsilon)
        for _ in range(steps):
            square = ops.matmul(x, ops.transpose(x))
            x = self.muon_a * x + ops.matmul(self.muon_b * square + self.muon_c * ops.matmul(square, square), x)
        return x


def refuse(variables: list[Any], axes: tuple[int, ...]) -> None:
    for variable in variables:
        if len(variable.shape) not in axes:
            raise Unsupported(f"a rule of parameters with {axes} axes, not of one with {len(variable.shape)}")
