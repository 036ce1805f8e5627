"""Owns PyTorch's answers to the atlas about initial states and the end of a computation.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

from parity.torch_impl import device
from parity.torch_impl.atlas.answers import Answer, Inputs, call, optimized, slope, t
from parity.torch_impl.atlas.steps import rates


def moved(make: type[torch.optim.Optimizer], gradient: float, **arguments: float) -> float:
    """How far the first step moves a weight."""
    w = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    w.grad = torch.full_like(w, gradient)
    make([w], lr=1.0, **arguments).step()
    return -float(w)


def _adadelta(_: Inputs) -> list[float]:
    """Both initial mean squares. With ρ = 3/4, ε = 1 and the gradients 1 and 2, (gradient/move)² is
    (ρ·start + gradient²/4 + 1)/(start of the updates' mean square + 1)."""
    first, second = ((g / moved(torch.optim.Adadelta, g, rho=0.75, eps=1.0)) ** 2 for g in (1.0, 2.0))
    divisor = 0.75 / (second - first)
    return [round((first * divisor - 1.25) / 0.75, 4) + 0.0, round(divisor - 1, 4) + 0.0]


def _waits(_: Inputs) -> float:
    """Whether the call alone takes more than half of the time until the result can be read."""
    x = torch.ones(1200, 1200)
    start = perf_counter()
    y = x @ x
    returned = perf_counter()
    float(y[0, 0])
    return float(returned - start > (perf_counter() - start) / 2)


def _raised(inputs: Inputs) -> float:
    try:
        found: Tensor = torch.arange(5.0)[t(inputs["index"])]
    except IndexError:
        return 1.0
    return float(found[0]) * 0


STATES: Mapping[str, Answer] = {
    "adam.amsgrad_maximum": optimized(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=2.0**-40, amsgrad=True)),
    "rmsprop.mean_square_start": lambda _: (
        round((moved(torch.optim.RMSprop, 1.0, alpha=0.75, eps=2.0**-40) ** -2 - 0.25) / 0.75, 4) + 0.0
    ),
    "adadelta.mean_square_start": _adadelta,
    "cosine_decay.rates": lambda _: rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 4), 4),
    "polynomial_decay.rates": lambda _: rates(lambda o: lr_scheduler.PolynomialLR(o, 4), 4),
    "flatten.walks": call(lambda x: nn.Flatten()(x[None])[0]),
    "call.waits": _waits,
    "call.error": _raised,
    "tf32.matmul": lambda _: float(device.TF32["matmul"]),
    "tf32.convolution": lambda _: float(device.TF32["convolution"]),
    "kink.maximum_number": slope(lambda x: torch.clamp(x, min=1)),
    "kink.minimum_second": slope(lambda x: torch.minimum(torch.ones_like(x), x)),
    "kink.minimum_number": slope(lambda x: torch.clamp(x, max=1)),
    "kink.cumulative_product_behind": slope(lambda x: torch.cumprod(x, 0)),
}
