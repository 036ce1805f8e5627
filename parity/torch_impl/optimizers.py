"""Owns the native optimizer of each optimizer spec, one line each; subclasses only where torch's rule departs.

It refuses schedules; the learning rate of a group of parameters is a factor times the spec's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

from parity.execution.protocol import Unsupported

Hyperparameters = Mapping[str, float]
Groups = list[dict[str, Any]]


class AdamEpsilonInside(Optimizer):  # type: ignore[misc]
    """Kingma & Ba's epsilon hat: w - lr·(sqrt(1 - β₂ᵗ)/(1 - β₁ᵗ))·m/(sqrt(v) + epsilon). torch's own is algorithm 1."""

    def __init__(self, groups: Groups, lr: float, betas: tuple[float, float], eps: float) -> None:
        super().__init__(groups, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self) -> None:
        for group in self.param_groups:
            beta_1, beta_2 = group["betas"]
            for w in group["params"]:
                state = self.state[w]
                if not state:
                    state |= {"step": torch.zeros((), dtype=torch.float64), "m": torch.zeros_like(w), "v": torch.zeros_like(w)}
                step, m, v = state["step"], state["m"], state["v"]
                step += 1
                m.lerp_(w.grad, 1 - beta_1)
                v.mul_(beta_2).addcmul_(w.grad, w.grad, value=1 - beta_2)
                rate = group["lr"] * (1 - beta_2**step).sqrt() / (1 - beta_1**step)
                w.sub_(m / (v.sqrt() + group["eps"]) * rate)


class ClippedSGD(SGD):  # type: ignore[misc]
    """SGD after all gradients were scaled to the threshold. torch's clip_grad_norm_ adds 1e-6 to the norm, this does not."""

    def __init__(self, groups: Groups, lr: float, threshold: float) -> None:
        super().__init__(groups, lr=lr)
        self.threshold = threshold

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self) -> None:
        gradients = [w.grad for group in self.param_groups for w in group["params"]]
        norm: Tensor = torch.nn.utils.get_total_norm(gradients)
        torch._foreach_mul_(gradients, (self.threshold / norm).clamp(max=1.0))
        super().step()


def _counted_in_float64(optimizer: Adam) -> Adam:
    """torch counts steps in the default dtype; compiled, float32 there costs digits of 1 - βᵗ. So its state is made here."""
    for group in optimizer.param_groups:
        for w in group["params"]:
            moments = {"exp_avg": torch.zeros_like(w), "exp_avg_sq": torch.zeros_like(w)}
            optimizer.state[w] = {"step": torch.zeros((), dtype=torch.float64), **moments}
    return optimizer


def _adam(h: Hyperparameters) -> dict[str, Any]:
    return {"lr": h["learning_rate"], "betas": (h["beta_1"], h["beta_2"]), "eps": h["epsilon"]}


TABLE: Mapping[str, Callable[[Groups, Hyperparameters], Optimizer]] = {
    "sgd": lambda groups, h: SGD(groups, lr=h["learning_rate"]),
    "momentum": lambda groups, h: SGD(groups, lr=h["learning_rate"], momentum=h["momentum"]),
    "nesterov": lambda groups, h: SGD(groups, lr=h["learning_rate"], momentum=h["momentum"], nesterov=True),
    "adagrad": lambda groups, h: Adagrad(groups, lr=h["learning_rate"], eps=h["epsilon"]),
    "rmsprop": lambda groups, h: RMSprop(groups, lr=h["learning_rate"], alpha=h["rho"], eps=h["epsilon"]),
    "adam": lambda groups, h: _counted_in_float64(Adam(groups, **_adam(h))),
    "adam_epsilon_inside": lambda groups, h: AdamEpsilonInside(groups, **_adam(h)),
    "adamw": lambda groups, h: _counted_in_float64(AdamW(groups, **_adam(h), weight_decay=h["weight_decay"])),
    "adamax": lambda groups, h: torch.optim.Adamax(groups, betas=(h["beta_1"], h["beta_2"]), eps=0.0),
    "sgd_l2": lambda groups, h: SGD(groups, lr=h["learning_rate"], weight_decay=h["penalty"]),
    "sgd_clip_global_norm": lambda groups, h: ClippedSGD(groups, h["learning_rate"], h["threshold"]),
}


def build(name: str, hyperparameters: Hyperparameters, updates: Sequence[tuple[Tensor, float]]) -> Optimizer:
    """updates: trained tensors, each with the factor of its learning rate. One group for each factor."""
    if name not in TABLE:
        raise Unsupported(f"no native form of the optimizer {name}")
    groups: Groups = []
    for factor in dict.fromkeys(factor for _, factor in updates):
        members = [tensor for tensor, own in updates if own == factor]
        groups.append({"params": members, "lr": hyperparameters["learning_rate"] * factor})
    return TABLE[name](groups, hyperparameters)
