"""Owns PyTorch's answers to the atlas about training: modes, gradients, batches.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from parity.execution.protocol import Array
from parity.torch_impl.atlas.asking import Answer, Inputs, call, slope, t


def _moved(inputs: Inputs) -> Array:
    layer = nn.BatchNorm1d(inputs["x"].shape[1], momentum=0.25)
    layer(t(inputs["x"]))
    return np.asarray(layer.running_mean)


def _twice(inputs: Inputs) -> Array:
    x = t(inputs["x"]).requires_grad_()
    for _ in range(2):
        (x**2).backward()
    return np.asarray(x.grad)


def _stepped(inputs: Inputs, **arguments: Any) -> float:
    w = torch.tensor(float(inputs.get("w", 1.0)), requires_grad=True)
    w.grad = torch.tensor(float(inputs.get("gradient", 0.0)))
    torch.optim.SGD([w], lr=float(inputs["rate"]), **arguments).step()
    return float(w)


def _clipped(inputs: Inputs) -> Array:
    weights = [torch.zeros(1, requires_grad=True) for _ in inputs["x"]]
    for w, gradient in zip(weights, inputs["x"], strict=True):
        w.grad = torch.full((1,), float(gradient))
    nn.utils.clip_grad_norm_(weights, 1.0)
    return np.asarray([w.grad for w in weights], dtype=np.float64)


def _rates(_: Inputs) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule, rates = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5), []
    for _number in range(6):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def _dropped(inputs: Inputs) -> float:
    out = nn.LSTM(4, 5, dropout=0.75, batch_first=True)(t(inputs["x"]))[0]
    return float(abs(out - out[:1]).max() > 1e-3)


def _padded(inputs: Inputs) -> float:
    layer = nn.Embedding(3, 1, padding_idx=0)
    layer(t(inputs["index"])).sum().backward()
    return float(layer.weight.grad[0])


def _empty_norm(inputs: Inputs) -> Array:
    layer = nn.BatchNorm1d(2)
    layer(t(inputs["x"]))
    return np.asarray(layer.running_mean)


def _norm_of_one(inputs: Inputs) -> Array:
    return np.asarray(nn.BatchNorm1d(2)(t(inputs["x"])).detach())


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


ANSWERS: Mapping[str, Answer] = {
    "batch_norm.mode": lambda inputs: nn.BatchNorm1d(inputs["x"].shape[1], eps=2.0**-10)(t(inputs["x"])).detach(),
    "dropout.mode": lambda inputs: nn.Dropout(0.75)(t(inputs["x"])).max(),
    "batch_norm.moves": _moved,
    "batch_norm.one_example": _norm_of_one,
    "gradient.twice": _twice,
    "step.rescaling": _stepped,
    "penalty.factor": lambda inputs: (1 - _stepped(inputs, weight_decay=0.25)) / float(inputs["rate"]),
    "clip_norm.over": _clipped,
    "step_decay.rates": _rates,
    "squared_error.shapes": call(nn.MSELoss(), "x", "y"),
    "lstm.dropout_reaches": _dropped,
    "embedding.padding_gradient": _padded,
    "squared_error.empty": call(lambda x: nn.MSELoss()(x, x)),
    "batch_norm.empty": _empty_norm,
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
}
