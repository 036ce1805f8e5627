"""Owns what the atlas advises for PyTorch about default arguments, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import lr_scheduler

from parity.torch_impl.atlas.asking import Answer, Inputs, rates
from parity.torch_impl.atlas.remedies.building import BATCH, IMAGE, PIXELS, ROWS, SMALL, Make, running

CUBE = (torch.arange(24.0) * 5 % 24).reshape(2, 3, 4)


def _shifted(_: Inputs) -> Tensor:
    layer = nn.InstanceNorm2d(3, affine=True)
    layer.weight.requires_grad_(False)
    layer.bias.data.copy_(torch.arange(3.0))
    return layer(BATCH)


def _bounds(start: Callable[[Tensor], Any]) -> list[float]:
    w = torch.empty(100_000)
    start(w)
    return [round(float(w.min()), 3), round(float(w.max()), 3), round(float(w.std()), 3)]


def _counted(numerator: float, start: Callable[[Tensor], Any]) -> int:
    """The variance of a large draw times `numerator`, rounded to a whole number that chance does not change."""
    torch.manual_seed(0)
    w = torch.empty(307, 101)
    start(w)
    return round(float(w.var()) * numerator)


def _small(make: Make, gradient: float) -> list[float]:
    """Weights after three steps on the same gradient; a small gradient makes epsilon visible."""
    w, trajectory = torch.zeros(1, dtype=torch.float64, requires_grad=True), []
    optimizer = make([w])
    for _ in range(3):
        w.grad = torch.full_like(w, gradient)
        optimizer.step()
        trajectory.append(w.item())
    return trajectory


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
        optimizer, trajectory = make([w], **{**fixed, **arguments}), []
        for gradient in gradients:
            w.grad = torch.full_like(w, gradient)
            optimizer.step()
            trajectory.append(w.item())
        return trajectory

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


REMEDIES: Mapping[str, Answer] = {
    "batch_norm.momentum@torch": lambda _: running(),
    "batch_norm.momentum@keras": lambda _: running(momentum=0.01),
    "batch_norm.momentum@mxnet": lambda _: running(momentum=0.1),
    "layer_norm.axes@keras": lambda _: nn.LayerNorm(2, eps=1e-3)(ROWS),
    "rms_norm.epsilon@torch": lambda _: nn.RMSNorm(2)(ROWS * 1e-4),
    "rms_norm.epsilon@keras": lambda _: nn.RMSNorm(2, eps=1e-6)(ROWS * 1e-4),
    "instance_norm.shift@torch": lambda _: nn.InstanceNorm2d(3)(BATCH),
    "instance_norm.shift@mxnet": _shifted,
    "local_response_norm.offset@torch": lambda _: nn.LocalResponseNorm(3)(PIXELS),
    "local_response_norm.offset@mxnet": lambda _: nn.LocalResponseNorm(3, k=2.0)(PIXELS),
    "upsample.align_corners@torch": lambda _: nn.Upsample(scale_factor=2, mode="bilinear")(IMAGE),
    "upsample.align_corners@mxnet": lambda _: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)(IMAGE),
    "leaky_relu.function_slope@torch": lambda _: F.leaky_relu(ROWS),
    "leaky_relu.function_slope@keras": lambda _: F.leaky_relu(ROWS, negative_slope=0.2),
    "leaky_relu.function_slope@mxnet": lambda _: F.leaky_relu(ROWS, negative_slope=0.25),
    "prelu.start@torch": lambda _: nn.PReLU()(ROWS),
    "prelu.start@keras": lambda _: nn.PReLU(init=0.0)(ROWS),
    "softmax.axis@keras": lambda _: nn.Softmax(dim=-1)(CUBE / 9),
    "log_softmax.axis@keras": lambda _: nn.LogSoftmax(dim=-1)(CUBE / 9),
    "uniform.low@keras": lambda _: _bounds(lambda w: nn.init.uniform_(w, -0.05, 0.05)),
    "uniform.low@mxnet": lambda _: _bounds(SMALL),
    "uniform.high@keras": lambda _: _bounds(lambda w: nn.init.uniform_(w, -0.05, 0.05)),
    "uniform.high@mxnet": lambda _: _bounds(SMALL),
    "truncated_normal.standard_deviation@keras": lambda _: _bounds(lambda w: nn.init.trunc_normal_(w, std=0.05, a=-0.1, b=0.1)),
    "variance_scaling.mode@torch": lambda _: _counted(400, lambda w: nn.init.kaiming_normal_(w, mode="fan_in")),
    "he_normal.slope@torch": lambda _: _counted(808, nn.init.kaiming_normal_),
    "he_normal.slope@mxnet": lambda _: _counted(808, lambda w: nn.init.kaiming_normal_(w, a=0.25)),
    "adam.epsilon@torch": lambda _: _small(lambda w: torch.optim.Adam(w, lr=2**-10, betas=(0.5, 0.75)), 1e-6),
    "adamw.epsilon@torch": lambda _: _small(
        lambda w: torch.optim.AdamW(w, lr=2**-10, betas=(0.5, 0.75), weight_decay=0.0), 1e-6
    ),
    "rmsprop.epsilon@torch": lambda _: _small(lambda w: torch.optim.RMSprop(w, lr=2**-10, alpha=0.75), 1e-7),
    "adagrad.epsilon@torch": lambda _: _small(lambda w: torch.optim.Adagrad(w, lr=2**-10), 1e-9),
    "adadelta.learning_rate@mxnet": lambda _: _small(lambda w: torch.optim.Adadelta(w, lr=1.0, rho=0.9, eps=1e-5), 0.5),
    "adamax.epsilon@alike": lambda _: _small(lambda w: torch.optim.Adamax(w, lr=2**-10, eps=0.0), 1e-6),
    "warmup.start@torch": lambda _: rates(lambda o: lr_scheduler.LinearLR(o, total_iters=4), 5),
    "warmup.start@mxnet": lambda _: rates(lambda o: lr_scheduler.LinearLR(o, start_factor=1 / 4, total_iters=3), 4),
    "cosine_restarts.multiplier@torch": lambda _: rates(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2), 8),
    "cosine_restarts.multiplier@keras": lambda _: rates(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2, T_mult=2), 8),
    "sgd.learning_rate@torch": lambda _: _small(torch.optim.SGD, 0.5),
    "sgd.learning_rate@keras": lambda _: _small(lambda w: torch.optim.SGD(w, lr=0.01), 0.5),
    "adagrad.learning_rate@torch": lambda _: _small(torch.optim.Adagrad, 0.5),
    "rmsprop.momentum@mxnet": lambda _: _small(lambda w: torch.optim.RMSprop(w, lr=0.001, alpha=0.9, momentum=0.0), 0.5),
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
