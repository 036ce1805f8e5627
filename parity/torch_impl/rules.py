"""Owns subclasses of torch's optimizers for rules that torch has not, or has in another form.

It refuses to know specs and their names: optimizers.py maps those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import SGD, Optimizer

Groups = list[dict[str, Any]]
State = Mapping[str, Tensor]


class Rule(Optimizer):  # type: ignore[misc]
    """A rule of one parameter at a time: `begin` is its state before the first step, `move` one step of it."""

    begin: ClassVar[Mapping[str, float]] = {}

    def __init__(self, groups: Groups, lr: float, **numbers: float) -> None:
        super().__init__(groups, {"lr": lr, **numbers})
        for group in self.param_groups:
            for w in group["params"]:
                arrays = {name: torch.full_like(w, value) for name, value in self.begin.items()}
                self.state[w] = {"step": torch.zeros((), dtype=torch.float64), **arrays}

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self) -> None:
        for group in self.param_groups:
            for w in group["params"]:
                self.state[w]["step"] += 1
                self.move(w, w.grad, self.state[w], group)

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        raise NotImplementedError


def _moments(g: Tensor, state: State, h: Mapping[str, float]) -> tuple[Tensor, Tensor]:
    """Adam's moments, moved on."""
    first = state["m"].lerp_(g, 1 - h["beta_1"])
    return first, state["v"].mul_(h["beta_2"]).addcmul_(g, g, value=1 - h["beta_2"])


def _mean_square(g: Tensor, state: State, h: Mapping[str, float]) -> Tensor:
    return state["s"].mul_(h["rho"]).addcmul_(g, g, value=1 - h["rho"])


class AdamEpsilonInside(Rule):
    """Kingma & Ba's epsilon hat: w - lr·(sqrt(1 - β₂ᵗ)/(1 - β₁ᵗ))·m/(sqrt(v) + epsilon). torch's own is algorithm 1."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        first, second = _moments(g, state, h)
        rate = h["lr"] * (1 - h["beta_2"] ** state["step"]).sqrt() / (1 - h["beta_1"] ** state["step"])
        w.sub_(first / (second.sqrt() + h["eps"]) * rate)


class UnbiasedMomentum(Rule):
    """A mean of gradients, divided by 1 - momentumᵗ."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        mean = state["m"].lerp_(g, 1 - h["momentum"])
        w.sub_(mean * (h["lr"] / (1 - h["momentum"] ** state["step"])))


class RmspropEpsilonInside(Rule):
    """w - lr·g/sqrt(s + epsilon); torch's own has epsilon outside of the root."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        w.addcdiv_(g, (_mean_square(g, state, h) + h["eps"]).sqrt(), value=-h["lr"])


class RmspropCentered(Rule):
    """w - lr·g/sqrt(s - a² + epsilon); torch's own has epsilon outside of the root."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0, "a": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        square, mean = _mean_square(g, state, h), state["a"].lerp_(g, 1 - h["rho"])
        w.addcdiv_(g, (square.addcmul(mean, mean, value=-1) + h["eps"]).sqrt(), value=-h["lr"])


class AdagradEpsilonInside(Rule):
    """w - lr·g/sqrt(s + epsilon); torch's own has epsilon outside of the root."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        w.addcdiv_(g, (state["s"].addcmul_(g, g) + h["eps"]).sqrt(), value=-h["lr"])


class Ftrl(Rule):
    """McMahan et al. 2013, algorithm 1."""

    begin: ClassVar[Mapping[str, float]] = {"z": 0.0, "n": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        before = state["n"].sqrt()
        after = state["n"].addcmul_(g, g).sqrt()
        z = state["z"].add_(g).sub_((after - before) / h["lr"] * w)
        w.copy_((z.clamp(-h["l1"], h["l1"]) - z) / ((h["beta"] + after) / h["lr"] + h["l2"]))


class Lion(Rule):
    """Chen et al. 2023, algorithm 2."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        direction = state["m"].lerp(g, 1 - h["beta_1"]).sign()
        w.sub_(h["lr"] * (direction + h["weight_decay"] * w))
        state["m"].lerp_(g, 1 - h["beta_2"])


class Lamb(Rule):
    """You et al. 2020, algorithm 2, with φ(z) = z."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        first, second = _moments(g, state, h)
        corrected = first / (1 - h["beta_1"] ** state["step"])
        r = corrected / ((second / (1 - h["beta_2"] ** state["step"])).sqrt() + h["eps"]) + h["weight_decay"] * w
        w.sub_(h["lr"] * w.norm() / r.norm() * r)


def clip_global_norm(gradients: list[Tensor], threshold: float) -> None:
    """torch's clip_grad_norm_ adds 1e-6 to the norm, this does not."""
    norm: Tensor = torch.nn.utils.get_total_norm(gradients)
    torch._foreach_mul_(gradients, (threshold / norm).clamp(max=1.0))


def clip_norm(gradients: list[Tensor], threshold: float) -> None:
    """Each gradient by its own norm."""
    for gradient in gradients:
        clip_global_norm([gradient], threshold)


def clip_value(gradients: list[Tensor], threshold: float) -> None:
    """What torch.nn.utils.clip_grad_value_ does to the gradients of parameters."""
    torch._foreach_clamp_min_(gradients, -threshold)
    torch._foreach_clamp_max_(gradients, threshold)


class ClippedSGD(SGD):  # type: ignore[misc]
    """SGD after `clip` changed the gradients of all groups in place."""

    def __init__(self, groups: Groups, lr: float, clip: Callable[[list[Tensor], float], None], threshold: float) -> None:
        super().__init__(groups, lr=lr)
        self.clip, self.threshold = clip, threshold

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self) -> None:
        self.clip([w.grad for group in self.param_groups for w in group["params"]], self.threshold)
        super().step()
