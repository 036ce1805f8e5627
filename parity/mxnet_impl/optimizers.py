"""Owns the table of optimizers: the spec's name -> native MXNet optimizer with its hyper-parameters.

It refuses to know formulas. MXNet's fused kernels keep hyper-parameters in float32 whatever the precision of the weights.
Where a rule needs numbers that float32 cannot represent (Adam's corrected rate), NDArray operators, whose numbers are
float64, update float64 weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from parity.execution.protocol import Array, Drive, Unsupported
from parity.mxnet_impl import rules
from parity.mxnet_impl.device import mxnet

nd, native = mxnet.nd, mxnet.optimizer
Numbers = Mapping[str, float]
Prepare = Callable[[Any], None]
"""Function that changes a trainer's gradients before each step."""


def _wide(weight: Any) -> bool:
    return bool(np.dtype(weight.dtype) == np.float64)


class EpsilonInside(mxnet.optimizer.Adam):  # type: ignore[misc]
    """mxnet.optimizer.Adam, which adds epsilon before the bias correction; float64 weights are updated by operators."""

    decay = 0.0

    def epsilon_now(self, correction_2: float) -> float:
        return float(self.epsilon)

    def update(self, index: int, weight: Any, grad: Any, state: Any) -> None:
        self._update_count(index)
        t = self._index_update_count[index]
        rate, correction_2 = self._get_lr(index), 1 - self.beta2**t
        corrected = rate * math.sqrt(correction_2) / (1 - self.beta1**t)
        epsilon = self.epsilon_now(correction_2)
        if _wide(weight):
            self._by_operators(weight, grad, state, (rate, corrected, epsilon))
        else:
            self._by_kernel(weight, grad, state, (rate, corrected, epsilon))

    def _by_kernel(self, weight: Any, grad: Any, state: Any, numbers: tuple[float, float, float]) -> None:
        _, corrected, epsilon = numbers
        betas = {"beta1": self.beta1, "beta2": self.beta2, "epsilon": epsilon}
        nd.adam_update(weight, grad, *state, out=weight, lr=corrected, wd=0.0, rescale_grad=self.rescale_grad, **betas)

    def _by_operators(self, weight: Any, grad: Any, state: Any, numbers: tuple[float, float, float]) -> None:
        rate, corrected, epsilon = numbers
        mean, variance = state
        grad = grad * self.rescale_grad
        mean[:] = self.beta1 * mean + (1 - self.beta1) * grad
        variance[:] = self.beta2 * variance + (1 - self.beta2) * nd.square(grad)
        moved = corrected * mean / (nd.sqrt(variance) + epsilon)
        weight[:] -= moved + rate * self.decay * weight if self.decay else moved


class Adam(EpsilonInside):
    """Adam with epsilon after the bias correction: the kernel adds it before, and so gets it times the correction's root."""

    def epsilon_now(self, correction_2: float) -> float:
        return float(self.epsilon * math.sqrt(correction_2))


class AdamW(Adam):
    """Adam with decoupled decay, by the native kernel adamw_update."""

    def __init__(self, decay: float, **numbers: float) -> None:
        super().__init__(**numbers)
        self.decay = decay

    def _by_kernel(self, weight: Any, grad: Any, state: Any, numbers: tuple[float, float, float]) -> None:
        rate, corrected, epsilon = numbers
        scale = nd.full((1,), self.rescale_grad, ctx=weight.context, dtype=weight.dtype)
        betas = {"beta1": self.beta1, "beta2": self.beta2, "epsilon": epsilon}
        decay = rate * self.decay
        nd.contrib.adamw_update(weight, grad, *state, scale, out=weight, lr=corrected, wd=decay, eta=1.0, **betas)


class AdaGrad(mxnet.optimizer.AdaGrad):  # type: ignore[misc]
    """mxnet.optimizer.AdaGrad with epsilon outside of the root, and a history in the weight's precision."""

    def create_state(self, index: int, weight: Any) -> Any:
        return nd.zeros(weight.shape, weight.context, dtype=weight.dtype)

    def update(self, index: int, weight: Any, grad: Any, state: Any) -> None:
        self._update_count(index)
        grad = grad * self.rescale_grad
        state[:] += nd.square(grad)
        weight[:] -= self._get_lr(index) * grad / (nd.sqrt(state) + self.float_stable_eps)


class RMSProp(mxnet.optimizer.RMSProp):  # type: ignore[misc]
    """mxnet.optimizer.RMSProp with epsilon outside of the root, and a mean square in the weight's precision."""

    def create_state(self, index: int, weight: Any) -> Any:
        return (nd.zeros(weight.shape, weight.context, dtype=weight.dtype),)

    def update(self, index: int, weight: Any, grad: Any, state: Any) -> None:
        self._update_count(index)
        (square,) = state
        grad = grad * self.rescale_grad
        square[:] = self.gamma1 * square + (1 - self.gamma1) * nd.square(grad)
        weight[:] -= self._get_lr(index) * grad / (nd.sqrt(square) + self.epsilon)


def _nothing(trainer: Any) -> None:
    """Leaves the gradients unchanged."""


def clip_to(threshold: float) -> Prepare:
    """Scales all gradients so that their common norm is at most the threshold.

    gluon.utils.clip_global_norm divides by norm + 1e-8, keeps the norm in float32, and waits for it.
    """

    def prepare(trainer: Any) -> None:
        gradients = [parameter.grad() for parameter in trainer._params if parameter.grad_req != "null"]
        norm = nd.sqrt(nd.add_n(*(nd.sum(nd.square(gradient)) for gradient in gradients)))
        factor = nd.minimum(threshold / norm, 1.0)
        for gradient in gradients:
            nd.broadcast_mul(gradient, factor.reshape((1,) * gradient.ndim), out=gradient)

    return prepare


def clip_each_to(threshold: float) -> Prepare:
    """Scales each gradient so that its own norm is at most the threshold; MXNet has the common norm only."""

    def prepare(trainer: Any) -> None:
        for parameter in trainer._params:
            if parameter.grad_req != "null":
                gradient = parameter.grad()
                factor = nd.minimum(threshold / nd.sqrt(nd.sum(nd.square(gradient))), 1.0)
                nd.broadcast_mul(gradient, factor.reshape((1,) * gradient.ndim), out=gradient)

    return prepare


def _adam_numbers(h: Numbers) -> dict[str, float]:
    return {"learning_rate": h["learning_rate"], "beta1": h["beta_1"], "beta2": h["beta_2"], "epsilon": h["epsilon"]}


BY_OPERATORS: Mapping[str, Callable[..., Any]] = {
    "adadelta": rules.AdaDelta,
    "adadelta_epsilon_outside": rules.AdadeltaEpsilonOutside,
    "adafactor": rules.Adafactor,
    "adagrad_epsilon_inside": rules.AdagradEpsilonInside,
    "adam_epsilon_in_root": rules.AdamEpsilonInRoot,
    "adam_then_sgd": rules.AdamThenSGD,
    "amsgrad": rules.Amsgrad,
    "dampened_momentum": rules.Momentum,
    "ftrl": rules.Ftrl,
    "lamb": rules.Lamb,
    "lion": rules.Lion,
    "muon": rules.Muon,
    "nadam": rules.Nadam,
    "rmsprop_centered": rules.RmspropCentered,
    "rmsprop_epsilon_inside": rules.RmspropEpsilonInside,
    "rmsprop_momentum": rules.RmspropMomentum,
    "unbiased_momentum": rules.UnbiasedMomentum,
}
"""Rules that MXNet lacks, has in another form, or has with float32 state only."""


def _by_operators(make: Callable[..., Any], h: Numbers) -> tuple[Any, Prepare]:
    return make(**h), _nothing


TABLE: Mapping[str, Callable[[Numbers], tuple[Any, Prepare]]] = {
    "adagrad": lambda h: (AdaGrad(learning_rate=h["learning_rate"], eps=h["epsilon"]), _nothing),
    "adam": lambda h: (Adam(**_adam_numbers(h)), _nothing),
    "adam_epsilon_inside": lambda h: (EpsilonInside(**_adam_numbers(h)), _nothing),
    "adamax": lambda h: (native.Adamax(h["learning_rate"], h["beta_1"], h["beta_2"]), _nothing),
    "adamw": lambda h: (AdamW(h["weight_decay"], **_adam_numbers(h)), _nothing),
    "momentum": lambda h: (native.SGD(learning_rate=h["learning_rate"], momentum=h["momentum"]), _nothing),
    "nesterov": lambda h: (native.NAG(learning_rate=h["learning_rate"], momentum=h["momentum"]), _nothing),
    "rmsprop": lambda h: (
        RMSProp(learning_rate=h["learning_rate"], gamma1=h["rho"], epsilon=h["epsilon"]),
        _nothing,
    ),
    **{name: partial(_by_operators, make) for name, make in BY_OPERATORS.items()},
    "sgd": lambda h: (native.SGD(learning_rate=h["learning_rate"]), _nothing),
    "sgd_clip_global_norm": lambda h: (native.SGD(learning_rate=h["learning_rate"]), clip_to(h["threshold"])),
    "sgd_clip_norm": lambda h: (native.SGD(learning_rate=h["learning_rate"]), clip_each_to(h["threshold"])),
    "sgd_clip_value": lambda h: (native.SGD(learning_rate=h["learning_rate"], clip_gradient=h["threshold"]), _nothing),
    "sgd_l2": lambda h: (native.SGD(learning_rate=h["learning_rate"], wd=h["penalty"]), _nothing),
}


def create(name: str, hyperparameters: Numbers) -> tuple[Any, Prepare]:
    """The native optimizer, and the function that changes the gradients before each of its steps."""
    if name not in TABLE:
        raise Unsupported(f"mxnet_impl/optimizers.py maps no optimizer {name}; it maps {', '.join(TABLE)}")
    return TABLE[name](hyperparameters)


def drive(request: Drive) -> list[dict[str, Array]]:
    """Drives a native optimizer step by step, one weight after the other, as a trainer's updater does."""
    weights = {name: nd.array(array, dtype=array.dtype) for name, array in request.initial.items()}
    optimizer = request.make(**request.keywords)
    if not isinstance(optimizer, native.Optimizer):
        raise Unsupported(f"it is no optimizer: a {type(optimizer).__name__} is no mxnet.optimizer.Optimizer")
    updater = native.get_updater(optimizer)
    steps = []
    for gradients, rate in zip(request.gradients, request.rates, strict=True):
        optimizer.set_learning_rate(rate)
        for place, (name, weight) in enumerate(weights.items()):
            updater(place, nd.array(gradients[name], dtype=weight.dtype), weight)
        steps.append({name: weight.asnumpy() for name, weight in weights.items()})
    return steps
