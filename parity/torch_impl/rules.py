"""Owns subclasses of torch's optimizers for rules that torch lacks or has in another form.

It refuses to know specs and their names: optimizers.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import SGD, Optimizer

from parity.execution.protocol import Unsupported

Groups = list[dict[str, Any]]
State = Mapping[str, Tensor]


class WrittenRule(Optimizer):  # type: ignore[misc]
    """A rule for one parameter at a time: `begin` is its state before the first step, and `move` takes one step."""

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
    """Adam's moments after this step."""
    first = state["m"].lerp_(g, 1 - h["beta_1"])
    return first, state["v"].mul_(h["beta_2"]).addcmul_(g, g, value=1 - h["beta_2"])


def _mean_square(g: Tensor, state: State, h: Mapping[str, float]) -> Tensor:
    return state["s"].mul_(h["rho"]).addcmul_(g, g, value=1 - h["rho"])


class AdamEpsilonInside(WrittenRule):
    """Kingma & Ba's epsilon hat: w - lr·(sqrt(1 - β₂ᵗ)/(1 - β₁ᵗ))·m/(sqrt(v) + epsilon). torch's own follows algorithm 1."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        first, second = _moments(g, state, h)
        rate = h["lr"] * (1 - h["beta_2"] ** state["step"]).sqrt() / (1 - h["beta_1"] ** state["step"])
        w.sub_(first / (second.sqrt() + h["eps"]) * rate)


class AdamEpsilonInRoot(WrittenRule):
    """Adam with epsilon under the root, after the bias correction."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        first, second = _moments(g, state, h)
        below = (second / (1 - h["beta_2"] ** state["step"]) + h["eps"]).sqrt()
        w.sub_(first / below * (h["lr"] / (1 - h["beta_1"] ** state["step"])))


class AdamThenSGD(WrittenRule):
    """Adam's steps up to `switch`, SGD's after it."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        first, second = _moments(g, state, h)
        root = (second / (1 - h["beta_2"] ** state["step"])).sqrt() + h["eps"]
        adam = first / (1 - h["beta_1"] ** state["step"]) / root
        w.sub_(h["lr"] * torch.where(state["step"] <= h["switch"], adam, h["ratio"] * g))


class UnbiasedMomentum(WrittenRule):
    """Momentum as a running mean of gradients, divided by 1 - momentumᵗ."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        mean = state["m"].lerp_(g, 1 - h["momentum"])
        w.sub_(mean * (h["lr"] / (1 - h["momentum"] ** state["step"])))


class RmspropEpsilonInside(WrittenRule):
    """w - lr·g/sqrt(s + epsilon); torch's own has epsilon outside of the root."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        w.addcdiv_(g, (_mean_square(g, state, h) + h["eps"]).sqrt(), value=-h["lr"])


class RmspropCentered(WrittenRule):
    """w - lr·g/sqrt(s - a² + epsilon); torch's own has epsilon outside of the root."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0, "a": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        square, mean = _mean_square(g, state, h), state["a"].lerp_(g, 1 - h["rho"])
        w.addcdiv_(g, (square.addcmul(mean, mean, value=-1) + h["eps"]).sqrt(), value=-h["lr"])


class AdagradEpsilonInside(WrittenRule):
    """w - lr·g/sqrt(s + epsilon); torch's own has epsilon outside of the root."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        w.addcdiv_(g, (state["s"].addcmul_(g, g) + h["eps"]).sqrt(), value=-h["lr"])


class AdadeltaEpsilonOutside(WrittenRule):
    """Zeiler 2012 with epsilon added to the roots; torch's own has epsilon inside."""

    begin: ClassVar[Mapping[str, float]] = {"s": 0.0, "d": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        step = (state["d"].sqrt() + h["eps"]) / (_mean_square(g, state, h).sqrt() + h["eps"]) * g
        w.sub_(h["lr"] * step)
        state["d"].mul_(h["rho"]).addcmul_(step, step, value=1 - h["rho"])


class Ftrl(WrittenRule):
    """McMahan et al. 2013, algorithm 1."""

    begin: ClassVar[Mapping[str, float]] = {"z": 0.0, "n": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        before = state["n"].sqrt()
        after = state["n"].addcmul_(g, g).sqrt()
        z = state["z"].add_(g).sub_((after - before) / h["lr"] * w)
        w.copy_((z.clamp(-h["l1"], h["l1"]) - z) / ((h["beta"] + after) / h["lr"] + h["l2"]))


class Lion(WrittenRule):
    """Chen et al. 2023, algorithm 2."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        direction = state["m"].lerp(g, 1 - h["beta_1"]).sign()
        w.sub_(h["lr"] * (direction + h["weight_decay"] * w))
        state["m"].lerp_(g, 1 - h["beta_2"])


class Lamb(WrittenRule):
    """You et al. 2020, algorithm 2, with φ(z) = z."""

    begin: ClassVar[Mapping[str, float]] = {"m": 0.0, "v": 0.0}

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        first, second = _moments(g, state, h)
        corrected = first / (1 - h["beta_1"] ** state["step"])
        r = corrected / ((second / (1 - h["beta_2"] ** state["step"])).sqrt() + h["eps"]) + h["weight_decay"] * w
        w.sub_(h["lr"] * w.norm() / r.norm() * r)


def _matrices(groups: Groups, most: int = 2, least: int = 1) -> None:
    for w in (w for group in groups for w in group["params"]):
        if not least <= w.dim() <= most:
            raise Unsupported(f"a rule of parameters with {least} to {most} axes, not of one with {w.dim()}")


class Adafactor(WrittenRule):
    """Shazeer & Stern 2018, algorithms 4 and 5, which add epsilon_1 to g²; torch's own bounds divisors by epsilon_1."""

    begin: ClassVar[Mapping[str, float]] = {"r": 0.0, "c": 0.0}

    def __init__(self, groups: Groups, lr: float, **numbers: float) -> None:
        _matrices(groups)
        super().__init__(groups, lr, **numbers)
        for state in self.state.values():  # a matrix keeps a column and a row
            state["r"], state["c"] = _row_means(state["r"]), _column_means(state["c"])

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        share, square = state["step"] ** h["beta_2_decay"], g * g + h["epsilon_1"]
        r = state["r"].mul_(1 - share).add_(share * _row_means(square))
        c = state["c"].mul_(1 - share).add_(share * _column_means(square))
        u = g / (r * c / _column_means(r)).sqrt()
        rate = _rms(w).clamp(min=h["epsilon_2"]) * (state["step"] ** -0.5).clamp(max=h["lr"])
        w.sub_(rate * u / (_rms(u) / h["clip_threshold"]).clamp(min=1.0))


def _row_means(x: Tensor) -> Tensor:
    return x.mean(-1, keepdim=True) if x.dim() == 2 else x


def _column_means(x: Tensor) -> Tensor:
    return x.mean(-2, keepdim=True) if x.dim() == 2 else x


def _rms(x: Tensor) -> Tensor:
    return x.square().mean().sqrt()


class Muon(WrittenRule):
    """Jordan et al. 2024, in the parameter's precision; torch's own iterates in bfloat16 and scales by the matrix's shape."""

    begin: ClassVar[Mapping[str, float]] = {"v": 0.0}

    def __init__(self, groups: Groups, lr: float, **numbers: float) -> None:
        _matrices(groups, least=2)
        super().__init__(groups, lr, **numbers)

    def move(self, w: Tensor, g: Tensor, state: State, h: Mapping[str, float]) -> None:
        b = g + h["momentum"] * state["v"].mul_(h["momentum"]).add_(g)
        x = b / (b.norm() + h["eps"])
        wide = x if x.shape[0] <= x.shape[1] else x.T
        for _ in range(5):
            square = wide @ wide.T
            wide = 3.4445 * wide + (-4.775 * square + 2.0315 * square @ square) @ wide
        w.mul_(1 - h["lr"] * h["weight_decay"]).sub_(h["lr"] * (wide if wide.shape == w.shape else wide.T))


def clip_global_norm(gradients: list[Tensor], threshold: float) -> None:
    """Scales all gradients to a common norm of at most the threshold; torch's clip_grad_norm_ adds 1e-6 to that norm."""
    norm: Tensor = torch.nn.utils.get_total_norm(gradients)
    torch._foreach_mul_(gradients, (threshold / norm).clamp(max=1.0))


def clip_norm(gradients: list[Tensor], threshold: float) -> None:
    """Scales each gradient so that its own norm is at most the threshold."""
    for gradient in gradients:
        clip_global_norm([gradient], threshold)


def clip_value(gradients: list[Tensor], threshold: float) -> None:
    """Clips each element, as torch.nn.utils.clip_grad_value_ does for the gradients of parameters."""
    torch._foreach_clamp_min_(gradients, -threshold)
    torch._foreach_clamp_max_(gradients, threshold)


class ClippedSGD(SGD):  # type: ignore[misc]
    """SGD that first lets `clip` change the gradients of all groups in place."""

    def __init__(self, groups: Groups, lr: float, clip: Callable[[list[Tensor], float], None], threshold: float) -> None:
        super().__init__(groups, lr=lr)
        self.clip, self.threshold = clip, threshold

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self) -> None:
        self.clip([w.grad for group in self.param_groups for w in group["params"]], self.threshold)
        super().step()
