"""Owns PyTorch's answers to the atlas about training steps and their inputs: batches, gradients, schedules, losses.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader

from parity.execution.protocol import Array
from parity.torch_impl.atlas.answers import Answer, Inputs, call, optimized, slope, t


def _twice(_: Inputs) -> float:
    first, second = torch.empty(11, 13), torch.empty(11, 13)
    for kernel in (first, second):
        nn.init.kaiming_normal_(kernel)
    return float((first != second).any())


def _weights(count: int) -> list[Tensor]:
    return [torch.ones(1, requires_grad=True) for _ in range(count)]


def _alike(inputs: Inputs) -> float:
    pair = _weights(2)
    optimizer = torch.optim.NAdam(pair, lr=0.5, betas=(0.5, 0.75))
    for gradient in inputs["gradients"]:
        for w in pair:
            w.grad = torch.full((1,), float(gradient))
        optimizer.step()
    return float(pair[0] != pair[1])


def _late(_: Inputs) -> float:
    early, late = _weights(2)
    optimizer = torch.optim.Adam([early, late], lr=0.5, betas=(0.5, 0.75), eps=2.0**-20)
    early.grad = torch.ones(1)
    optimizer.step()
    late.grad = torch.ones(1)
    optimizer.step()
    return float(late)


def _precise(_: Inputs) -> float:
    """The error of a float64 step of rate 0.1, in units of the error of 0.1 in float32."""
    w = torch.ones(1, dtype=torch.float64, requires_grad=True)
    w.grad = torch.ones_like(w)
    torch.optim.SGD([w], lr=0.1).step()
    return (0.9 - float(w)) / (float(np.float32(0.1)) - 0.1)


def _unused(_: Inputs) -> float:
    used, unused = _weights(2)
    optimizer = torch.optim.SGD([used, unused], lr=1.0, weight_decay=0.25)
    used.sum().backward()
    optimizer.step()
    return float(unused)


def _bias(_: Inputs) -> float:
    layer = nn.Linear(1, 1)
    layer.bias.data.fill_(1.0)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0, weight_decay=0.25)
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    return float(layer.bias)


def _infinite(inputs: Inputs) -> Array:
    w = torch.zeros(2, requires_grad=True)
    w.grad = t(inputs["x"])
    nn.utils.clip_grad_norm_([w], 1.0)
    return np.asarray(w.grad)


def _accumulated(inputs: Inputs) -> float:
    w = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1.0)
    for gradient in t(inputs["x"]):
        (w * gradient).sum().backward()
    optimizer.step()
    return -float(w)


def _of_vector(inputs: Inputs) -> Array:
    x = t(inputs["x"]).requires_grad_()
    (x**2).backward()
    return np.asarray(x.grad)


def _second(layer: nn.Module, x: Tensor) -> Tensor:
    total = (layer(x) ** 2).sum()
    (slope,) = torch.autograd.grad(total, layer.weight, create_graph=True)
    return torch.autograd.grad(slope.sum(), layer.weight)[0]


def _behind(inputs: Inputs) -> float:
    direct, copied = (
        slope(lambda x: F.max_pool2d(x.reshape(1, 1, 8, 8), 2)),
        slope(lambda x: F.max_pool2d(x.reshape(1, 1, 8, 8).clone(), 2)),
    )
    return float((direct(inputs) == copied(inputs)).all())


class _Listing(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.parts = [nn.Linear(2, 3), nn.Linear(3, 5)]


def _written(inputs: Inputs) -> float:
    x = t(inputs["x"])
    piece = x[0:1]
    piece[:] = 7.0
    return float(x[0])


def _batches(inputs: Inputs, **arguments: Any) -> list[Array]:
    return [np.asarray(batch) for batch in DataLoader(t(inputs["x"]), **arguments)]


def rates(make: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler], count: int, first: float = 1.0) -> list[float]:
    """The learning rates of the first `count` updates."""
    optimizer = torch.optim.SGD(_weights(1), lr=first)
    schedule, seen = make(optimizer), []
    for _ in range(count):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


def _patience(_: Inputs) -> int:
    optimizer = torch.optim.SGD(_weights(1), lr=1.0)
    schedule, epochs = lr_scheduler.ReduceLROnPlateau(optimizer, patience=2), 0
    while optimizer.param_groups[0]["lr"] == 1.0:
        schedule.step(5.0)
        epochs += 1
    return epochs


def _improved(_: Inputs) -> float:
    schedule = lr_scheduler.ReduceLROnPlateau(torch.optim.SGD(_weights(1), lr=1.0))
    for loss in (100.0, 99.995):
        schedule.step(loss)
    return float(schedule.best < 100.0)


def _impossible(inputs: Inputs) -> Tensor:
    scores = torch.log_softmax(t(inputs["x"]), -1).transpose(0, 1)
    return nn.CTCLoss()(scores, t(inputs["labels"]), torch.tensor([2]), torch.tensor([2]))


def _divergence(inputs: Inputs) -> Tensor:
    return nn.KLDivLoss(reduction="batchmean")(t(inputs["q"]).log(), t(inputs["p"]))


STEPS: Mapping[str, Answer] = {
    "initializer.twice": _twice,
    "sgd.float64": _precise,
    "nadam.schedule": optimized(lambda w: torch.optim.NAdam(w, betas=(0.5, 0.75), eps=2.0**-10)),
    "nadam.weights": _alike,
    "rmsprop.momentum_form": optimized(lambda w: torch.optim.RMSprop(w, alpha=0.75, eps=2.0**-20, momentum=0.5)),
    "adagrad.decay": optimized(lambda w: torch.optim.Adagrad(w, weight_decay=0.25)),
    "adam.late_weight": _late,
    "step.unused": _unused,
    "decay.bias": _bias,
    "decay.bias_by_name": _bias,
    "clip_norm.infinite": _infinite,
    "gradient.accumulated": _accumulated,
    "gradient.of_vector": _of_vector,
    "gradient.second_dense": lambda inputs: _second(nn.Linear(1, 1, bias=False), t(inputs["x"])[:, None]),
    "gradient.second_convolution": lambda inputs: _second(nn.Conv2d(1, 1, 1, bias=False), t(inputs["x"])[None, None, None]),
    "max_pool2d.behind_reshape": _behind,
    "model.list": lambda _: len(list(_Listing().parameters())),
    "view.writes": _written,
    "batches.size": lambda inputs: [_batches(inputs)[place].size for place in (0, -1)],
    "batches.shuffled": lambda inputs: float((np.concatenate(_batches(inputs)) == inputs["x"]).all()),
    "batches.last_dropped": lambda inputs: len(_batches(inputs, batch_size=32)),
    "exponential_decay.between": lambda _: rates(lambda o: lr_scheduler.StepLR(o, 2, 0.5), 4),
    "multi_step_decay.boundary": lambda _: rates(lambda o: lr_scheduler.MultiStepLR(o, [2], 0.5), 4),
    "cosine_decay.beyond": lambda _: rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 4), 7)[6],
    "cosine_decay.end_means": lambda _: rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 4, eta_min=0.25), 5, 0.5)[4],
    "warmup.first": lambda _: rates(lambda o: lr_scheduler.LinearLR(o, total_iters=4), 4),
    "plateau.patience_means": _patience,
    "plateau.threshold": _improved,
    "huber.delta_form": call(lambda x: nn.HuberLoss(delta=2.0)(x, torch.zeros_like(x))),
    "triplet.distance": call(nn.TripletMarginLoss(), "x", "y", "z"),
    "kl_divergence.at_zero": _divergence,
    "kl_divergence.zero_label": _divergence,
    "cross_entropy.float_label": call(nn.CrossEntropyLoss(), "x", "y"),
    "cross_entropy.one_hot": call(nn.CrossEntropyLoss(), "x", "y"),
    "ctc.impossible": _impossible,
    "poisson.at_zero": call(nn.PoissonNLLLoss(log_input=False), "x", "y"),
    "binary_cross_entropy.beyond": call(F.binary_cross_entropy, "x", "y"),
}
