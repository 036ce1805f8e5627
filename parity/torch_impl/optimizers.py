"""Owns the table of optimizers: a line per optimizer spec with the native optimizer, or a subclass where torch's rule departs.

It refuses schedules. The learning rate of a group of parameters is a factor times the spec's rate.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

from parity.execution.protocol import Array, Drive, Unsupported
from parity.torch_impl import rules

Hyperparameters = Mapping[str, float]
Groups = list[dict[str, Any]]


def _begun(optimizer: Optimizer, *moments: str, **numbers: float) -> Optimizer:
    """The optimizer with its state made here, moments of zeros. torch makes the counter (and nadam's product) in the default
    dtype: in compiled mode, float32 there costs digits of 1 - βᵗ. And sgd's first velocity would be the undampened gradient."""
    for group in optimizer.param_groups:
        for w in group["params"]:
            scalars = {name: torch.full((), value, dtype=torch.float64) for name, value in numbers.items()}
            optimizer.state[w] = {**scalars, **{name: torch.zeros_like(w) for name in moments}}
    return optimizer


def _counted(optimizer: Optimizer, *moments: str, **numbers: float) -> Optimizer:
    return _begun(optimizer, "exp_avg", "exp_avg_sq", *moments, step=0.0, **numbers)


def _adam(h: Hyperparameters) -> dict[str, Any]:
    return {"lr": h["learning_rate"], "betas": (h["beta_1"], h["beta_2"]), "eps": h["epsilon"]}


def _numbers(h: Hyperparameters) -> dict[str, float]:
    """Hyper-parameters under the names that the classes of rules.py use."""
    return {{"learning_rate": "lr", "epsilon": "eps"}.get(name, name): value for name, value in h.items()}


def _dampened(groups: Groups, h: Hyperparameters) -> Optimizer:
    made = SGD(groups, lr=h["learning_rate"], momentum=h["momentum"], dampening=h["dampening"])
    return _begun(made, "momentum_buffer")


def _rmsprop(groups: Groups, h: Hyperparameters, momentum: float = 0.0) -> Optimizer:
    return RMSprop(groups, lr=h["learning_rate"], alpha=h["rho"], eps=h["epsilon"], momentum=momentum)


def _clipped(clip: Callable[[list[Tensor], float], None]) -> Callable[[Groups, Hyperparameters], Optimizer]:
    return lambda groups, h: rules.ClippedSGD(groups, h["learning_rate"], clip, h["threshold"])


TABLE: Mapping[str, Callable[[Groups, Hyperparameters], Optimizer]] = {
    "sgd": lambda groups, h: SGD(groups, lr=h["learning_rate"]),
    "momentum": lambda groups, h: SGD(groups, lr=h["learning_rate"], momentum=h["momentum"]),
    "nesterov": lambda groups, h: SGD(groups, lr=h["learning_rate"], momentum=h["momentum"], nesterov=True),
    "dampened_momentum": _dampened,
    "unbiased_momentum": lambda groups, h: rules.UnbiasedMomentum(groups, **_numbers(h)),
    "adagrad": lambda groups, h: Adagrad(groups, lr=h["learning_rate"], eps=h["epsilon"]),
    "adagrad_epsilon_inside": lambda groups, h: rules.AdagradEpsilonInside(groups, **_numbers(h)),
    "rmsprop": _rmsprop,
    "rmsprop_momentum": lambda groups, h: _rmsprop(groups, h, h["momentum"]),
    "rmsprop_epsilon_inside": lambda groups, h: rules.RmspropEpsilonInside(groups, **_numbers(h)),
    "rmsprop_centered": lambda groups, h: rules.RmspropCentered(groups, **_numbers(h)),
    "adadelta": lambda groups, h: torch.optim.Adadelta(groups, lr=h["learning_rate"], rho=h["rho"], eps=h["epsilon"]),
    "adadelta_epsilon_outside": lambda groups, h: rules.AdadeltaEpsilonOutside(groups, **_numbers(h)),
    "adafactor": lambda groups, h: rules.Adafactor(groups, **_numbers(h)),
    "adam": lambda groups, h: _counted(Adam(groups, **_adam(h))),
    "adam_epsilon_inside": lambda groups, h: rules.AdamEpsilonInside(groups, **_numbers(h)),
    "adam_epsilon_in_root": lambda groups, h: rules.AdamEpsilonInRoot(groups, **_numbers(h)),
    "adam_then_sgd": lambda groups, h: rules.AdamThenSGD(groups, **_numbers(h)),
    "adamw": lambda groups, h: _counted(AdamW(groups, **_adam(h), weight_decay=h["weight_decay"])),
    "adamax": lambda groups, h: torch.optim.Adamax(groups, betas=(h["beta_1"], h["beta_2"]), eps=0.0),
    "amsgrad": lambda groups, h: _counted(Adam(groups, **_adam(h), amsgrad=True), "max_exp_avg_sq"),
    "nadam": lambda groups, h: _counted(
        torch.optim.NAdam(groups, **_adam(h), momentum_decay=h["schedule_decay"]), mu_product=1.0
    ),
    "ftrl": lambda groups, h: rules.Ftrl(groups, **_numbers(h)),
    "lion": lambda groups, h: rules.Lion(groups, **_numbers(h)),
    "muon": lambda groups, h: rules.Muon(groups, **_numbers(h)),
    "lamb": lambda groups, h: rules.Lamb(groups, **_numbers(h)),
    "sgd_l2": lambda groups, h: SGD(groups, lr=h["learning_rate"], weight_decay=h["penalty"]),
    "sgd_clip_value": _clipped(rules.clip_value),
    "sgd_clip_norm": _clipped(rules.clip_norm),
    "sgd_clip_global_norm": _clipped(rules.clip_global_norm),
}


FUSED = (Adam, AdamW, SGD, Adagrad)
"""What has one kernel for the whole update of a parameter, for those who ask for it."""


def build(
    name: str, hyperparameters: Hyperparameters, updates: Sequence[tuple[Tensor, float]], fused: bool = False
) -> Optimizer:
    """The optimizer, with one group per learning-rate factor. updates: pairs of a trained tensor and its factor."""
    if name not in TABLE:
        raise Unsupported(f"no native form of the optimizer {name}")
    groups: Groups = []
    for factor in dict.fromkeys(factor for _, factor in updates):
        members = [tensor for tensor, own in updates if own == factor]
        groups.append({"params": members, "lr": hyperparameters["learning_rate"] * factor})
    made = TABLE[name](groups, hyperparameters)
    return _fused(name, made) if fused else made


def _fused(name: str, optimizer: Optimizer) -> Optimizer:
    """The same with fused=True. Its kernels take the counter in float32, which holds every step up to 2²⁴."""
    if type(optimizer) not in FUSED:
        raise Unsupported(f"torch has no fused kernel for the optimizer {name}")
    for group in optimizer.param_groups:
        group |= {"fused": True, "foreach": False}
    for state in optimizer.state.values():
        if "step" in state:
            state["step"] = state["step"].to(torch.float32)
    return optimizer


def drive(request: Drive) -> list[dict[str, Array]]:
    """Drives a native optimizer step by step; its learning rate is read from its groups."""
    weights = {name: torch.nn.Parameter(torch.from_numpy(array.copy())) for name, array in request.initial.items()}
    optimizer = request.make(list(weights.values()), **request.keywords)
    if not isinstance(optimizer, Optimizer):
        raise Unsupported(f"it is no optimizer: a {type(optimizer).__name__} is no torch.optim.Optimizer")
    steps = []
    for gradients, rate in zip(request.gradients, request.rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        for name, weight in weights.items():
            weight.grad = torch.from_numpy(gradients[name].copy())
        _step(optimizer, weights, gradients)
        steps.append({name: weight.detach().numpy().copy() for name, weight in weights.items()})
    return steps


def _step(optimizer: Optimizer, weights: Mapping[str, Tensor], gradients: Mapping[str, Array]) -> None:
    """Takes a step; a step that needs a closure gets Σ g·w, the loss that has these gradients."""
    closure = inspect.signature(optimizer.step).parameters.get("closure")
    if closure is None or closure.default is not closure.empty:
        optimizer.step()
        return

    def evaluate() -> Tensor:
        optimizer.zero_grad()
        with torch.enable_grad():
            loss = torch.stack([(torch.from_numpy(gradients[name]) * weight).sum() for name, weight in weights.items()]).sum()
        loss.backward()
        return loss

    optimizer.step(evaluate)
