"""Code between layers, right and with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Between(nn.Module):
    """Two layers, and a function of their owner and of what the first gives."""

    def __init__(self, function: Callable[..., Tensor], first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.function, self.first, self.second = function, first, second

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.function(self, self.first(x)))


def rows(function: Callable[..., Tensor], units: int = 8, taken: int = 8) -> Callable[[], nn.Module]:
    return lambda: Between(function, nn.Linear(7, units), nn.Linear(taken, 3))


def images(function: Callable[..., Tensor]) -> Callable[[], nn.Module]:
    return lambda: Between(function, nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 2))


def masked(model: nn.Module, h: Tensor) -> Tensor:
    return h * (torch.rand_like(h) > 0.25) / 0.75 if model.training else h


def skipping(model: nn.Module, h: Tensor, skip: bool) -> Tensor:
    y = torch.tanh(h)
    return y + h if skip else y


def gated(_: nn.Module, h: Tensor, exchanged: bool) -> Tensor:
    value, gate = h.chunk(2, -1)[::-1] if exchanged else h.chunk(2, -1)
    return value * torch.sigmoid(gate)


def turned(_: nn.Module, h: Tensor, pairs: bool) -> Tensor:
    first, second = (h[..., ::2], h[..., 1::2]) if pairs else h.chunk(2, -1)
    return torch.cat([first * 0.6 - second * 0.8, second * 0.6 + first * 0.8], -1)


def dropped(model: nn.Module, h: Tensor, rate: float = 0.25, **how: Any) -> Tensor:
    return F.dropout(h, rate, **({"training": model.training} | how))


drops, always, other_rate = (rows(partial(dropped, **how)) for how in ({}, {"training": True}, {"rate": 0.5}))
by_hand = rows(masked)
skips, straight = (rows(partial(skipping, skip=skip)) for skip in (True, False))
gate_last, gate_first = (rows(partial(gated, exchanged=way), 16) for way in (False, True))
halves, pairs = (rows(partial(turned, pairs=way)) for way in (False, True))
smooth, smoother = (rows(lambda _, h, beta=beta: F.softplus(h, beta=beta)) for beta in (1.0, 2.0))
padded_behind, padded_before = (images(lambda _, h, pads=pads: F.pad(h, pads)) for pads in ((0, 1, 0, 1), (1, 0, 1, 0)))
counting, not_counting = (
    images(lambda _, h, counts=counts: F.avg_pool2d(h, 3, 1, 1, count_include_pad=counts)) for counts in (True, False)
)
free, aligned = (
    images(lambda _, h, corners=corners: F.interpolate(h, scale_factor=2, mode="bilinear", align_corners=corners))
    for corners in (False, True)
)


class Normed(nn.Module):
    """A batch norm, frozen inside of forward or not."""

    def __init__(self, frozen: bool) -> None:
        super().__init__()
        self.frozen, self.first, self.norm, self.second = frozen, nn.Linear(7, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        if self.frozen:
            self.norm.eval()
        return self.second(self.norm(self.first(x)))


moving, frozen = partial(Normed, False), partial(Normed, True)


def sequences(function: Callable[..., Tensor]) -> Callable[[], nn.Module]:
    return lambda: Between(function, nn.Linear(6, 8), nn.Linear(8, 3))


def placed(_: nn.Module, h: Tensor, interleaved: bool) -> Tensor:
    steps, size = h.shape[1:]
    angles = torch.arange(steps, dtype=h.dtype)[:, None] / 100 ** (torch.arange(0, size, 2, dtype=h.dtype) / size)
    waves = angles.sin(), angles.cos()
    return h + (torch.stack(waves, -1).reshape(steps, size) if interleaved else torch.cat(waves, -1))


interleaved, concatenated = (sequences(partial(placed, interleaved=way)) for way in (True, False))
by_feature, by_sequence = (sequences(lambda _, h, begin=begin: F.layer_norm(h, h.shape[begin:])) for begin in (2, 1))
normed_last = sequences(lambda _, h: F.layer_norm(torch.relu(h), (8,)))
normed_first = sequences(lambda _, h: torch.relu(F.layer_norm(h, (8,))))
unbiased, biased = (sequences(lambda _, h, way=way: h / (h.std(-1, keepdim=True, unbiased=way) + 0.1)) for way in (True, False))
near, wide = (
    images(lambda _, h, d=d: F.conv2d(h, torch.full((4, 1, 3, 3), 0.1, dtype=h.dtype), padding=d, dilation=d, groups=4))
    for d in (1, 2)
)
zeros, mirrored = (images(lambda _, h, mode=mode: F.pad(h, (1, 1, 1, 1), mode=mode)) for mode in ("constant", "reflect"))
linear, nearest = (
    images(lambda _, h, mode=mode: F.interpolate(h, scale_factor=2, mode=mode)) for mode in ("bilinear", "nearest")
)


class Attending(nn.Module):
    """Attention by hand. axis: of the softmax; hidden: the diagonal from which on a step is hidden."""

    def __init__(self, axis: int = -1, hidden: int = 1) -> None:
        super().__init__()
        self.axis, self.hidden = axis, hidden
        self.query, self.key, self.value, self.out = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        scores = self.query(x) @ self.key(x).transpose(1, 2) / 8**0.5
        later = torch.ones(scores.shape[1:], dtype=torch.bool).triu(self.hidden)
        return self.out(scores.masked_fill(later, -1e9).softmax(self.axis) @ self.value(x))


attending, over_queries, one_more = partial(Attending), partial(Attending, 1), partial(Attending, -1, 2)


class Cell(nn.Module):
    """An LSTM by hand, its gates in this order."""

    def __init__(self, order: str) -> None:
        super().__init__()
        self.order, self.taken, self.kept, self.out = order, nn.Linear(6, 16), nn.Linear(4, 16), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = c = x.new_zeros(len(x), 4)
        for step in range(x.shape[1]):
            gates = dict(zip(self.order, (self.taken(x[:, step]) + self.kept(h)).chunk(4, -1), strict=True))
            c = torch.sigmoid(gates["f"]) * c + torch.sigmoid(gates["i"]) * torch.tanh(gates["g"])
            h = torch.sigmoid(gates["o"]) * torch.tanh(c)
        return self.out(h)


cell, cell_swapped = partial(Cell, "ifgo"), partial(Cell, "figo")


class Embedded(nn.Module):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale, self.table, self.out = scale, nn.Embedding(11, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.table(x) * self.scale)


embedded, embedded_scaled = partial(Embedded, 1.0), partial(Embedded, 8**0.5)


class Root(nn.Module):
    """A root mean square norm by hand, in float32 or not."""

    def __init__(self, narrow: bool, epsilon: float = 1e-6) -> None:
        super().__init__()
        self.narrow, self.epsilon, self.first, self.second = narrow, epsilon, nn.Linear(7, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        wide = h.float() if self.narrow else h
        return self.second((wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.epsilon)).to(h.dtype))


root, root_narrow, root_other = partial(Root, False), partial(Root, True), partial(Root, True, 1e-2)


class Twice(nn.Module):
    def __init__(self, first: float = 1e-5, second: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(7, 8), nn.Linear(8, 6), nn.Linear(6, 3)
        self.batch, self.layer = nn.BatchNorm1d(8, eps=first, momentum=momentum), nn.LayerNorm(6, eps=second)

    def forward(self, x: Tensor) -> Tensor:
        return self.c(self.layer(torch.relu(self.b(torch.relu(self.batch(self.a(x)))))))


twice, thrice_wrong = partial(Twice), partial(Twice, 1e-3, 1e-6, 0.01)
