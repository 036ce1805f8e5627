"""Owns what PyTorch's defaults do, as numbers. Each takes the setting that the atlas advises; everything else is made equal.

It refuses to know the setting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim import lr_scheduler

from parity.torch_impl.atlas.answers import Answer, Inputs
from parity.torch_impl.atlas.remedies.layers import BATCH, IMAGE, ROWS
from parity.torch_impl.atlas.steps import rates

TINY = 2.0**-40
WIDE = (torch.arange(2 * 32 * 4.0) * 7 % 61).reshape(2, 32, 2, 2)


def setting(function: Callable[..., Any]) -> Answer:
    """Calls `function(argument=value)` with the setting given; without a setting, the function uses its own defaults."""

    def answer(inputs: Inputs) -> Any:
        return function(**json.loads(bytes(inputs["setting"]).decode()) if "setting" in inputs else {})

    return answer


def moves(make: Callable[..., torch.optim.Optimizer], gradients: tuple[float, ...] = (0.5, 0.25, -1.0), **fixed: Any) -> Answer:
    """A float32 weight after three steps from 1."""

    def places(**arguments: Any) -> list[float]:
        w = torch.ones(1, requires_grad=True)
        optimizer, seen = make([w], **{**fixed, **arguments}), []
        for gradient in gradients:
            w.grad = torch.full_like(w, gradient)
            optimizer.step()
            seen.append(w.item())
        return seen

    return setting(places)


def _spread(**arguments: Any) -> float:
    torch.manual_seed(0)
    return _two(float(nn.init.normal_(torch.empty(100_000), **arguments).std()))


def _two(number: float) -> float:
    """The number rounded to two digits, which chance does not change."""
    return float(f"{number:.1e}")


def _gain(**arguments: float) -> float:
    return float(nn.init.orthogonal_(torch.empty(8, 8), **arguments).square().sum().sqrt() / 8**0.5)


def _survivor(**arguments: float) -> float:
    torch.manual_seed(0)
    return float(nn.Dropout(**arguments)(torch.ones(1000)).max())


def _decayed(**arguments: float) -> float:
    w = nn.Parameter(torch.ones(2, 2))
    w.grad = torch.zeros_like(w)
    torch.optim.Muon([w], lr=0.5, **arguments).step()
    return float(w[0, 0])


def _ignored(**arguments: int) -> Any:
    logits, labels = torch.tensor([[0.5, -1.0, 3.0], [1.0, 2.0, 0.0]]), torch.tensor([0, -100])
    return nn.CrossEntropyLoss(**arguments)(logits, labels)


DEFAULTS: Mapping[str, Answer] = {
    "batch_norm.epsilon@default": setting(lambda **a: nn.BatchNorm1d(2, **a)(ROWS)),
    "layer_norm.epsilon@default": setting(lambda **a: nn.LayerNorm(2, **a)(ROWS)),
    "group_norm.epsilon@default": setting(lambda **a: nn.GroupNorm(1, 3, **a)(BATCH)),
    "group_norm.groups@default": setting(lambda **a: nn.GroupNorm(num_channels=32, eps=1e-3, **a)(WIDE)),
    "max_pool2d.kernel@default": setting(lambda **a: nn.MaxPool2d(**a)(IMAGE)),
    "average_pool2d.kernel@default": setting(lambda **a: nn.AvgPool2d(**a)(IMAGE)),
    "upsample.factor@default": setting(lambda **a: nn.Upsample(**a)(IMAGE)),
    "zero_pad2d.padding@default": setting(lambda **a: nn.ZeroPad2d(**a)(IMAGE)),
    "dropout.rate@default": setting(_survivor),
    "leaky_relu.layer_slope@default": setting(lambda **a: nn.LeakyReLU(**a)(ROWS)),
    "normal.standard_deviation@default": setting(_spread),
    "orthogonal.gain@default": setting(_gain),
    "adagrad.start@default": moves(torch.optim.Adagrad, lr=0.5, eps=TINY),
    "rmsprop.learning_rate@default": moves(torch.optim.RMSprop, alpha=0.75, eps=TINY),
    "rmsprop.rho@default": moves(torch.optim.RMSprop, lr=0.5, eps=TINY),
    "adadelta.rho@default": moves(torch.optim.Adadelta, lr=1.0, eps=0.25),
    "adadelta.epsilon@default": moves(torch.optim.Adadelta, lr=1.0, rho=0.75),
    "adamw.weight_decay@default": moves(torch.optim.AdamW, lr=0.5, betas=(0.5, 0.75), eps=TINY),
    "adamax.learning_rate@default": moves(torch.optim.Adamax, betas=(0.5, 0.75), eps=0.0),
    "nadam.learning_rate@default": moves(torch.optim.NAdam, betas=(0.5, 0.75), eps=TINY, momentum_decay=1.0),
    "nadam.epsilon@default": moves(torch.optim.NAdam, (1e-6, 2e-6, 1e-6), lr=0.5, betas=(0.5, 0.75), momentum_decay=1.0),
    "adafactor.learning_rate@default": moves(torch.optim.Adafactor),
    "muon.weight_decay@default": setting(_decayed),
    "exponential_decay.factor@default": setting(lambda **a: rates(lambda o: lr_scheduler.ExponentialLR(o, **a), 4)),
    "polynomial_decay.power@default": setting(lambda **a: rates(lambda o: lr_scheduler.PolynomialLR(o, 4, **a), 4)),
    "cross_entropy.ignored_label@default": setting(_ignored),
}
