"""Models of sequences as people write them; each argument of a model that is not its default plants one fault."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Cell(nn.Module):
    """An LSTM, or a GRU, written by hand."""

    def __init__(self, gru: bool = False, **how: Any) -> None:
        super().__init__()
        self.gru, self.how = gru, how
        self.taken, self.kept = nn.Linear(6, 21 if gru else 28), nn.Linear(7, 21 if gru else 28)
        self.out = nn.Linear(7, 3)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        if self.gru:
            a, b = self.taken(x).chunk(3, -1), self.kept(h).chunk(3, -1)
            r, z = torch.sigmoid(a[0] + b[0]), torch.sigmoid(a[1] + b[1])
            if self.how.get("swapped"):
                r, z = z, r
            n = torch.tanh(a[2] + r * b[2])
            return (z * n + (1 - z) * h if self.how.get("opposite") else (1 - z) * n + z * h), c
        i, f, g, o = (self.taken(x) + self.kept(h)).chunk(4, -1)
        if self.how.get("swapped"):
            g, o = o, g
        g = torch.sigmoid(g) if self.how.get("sigmoid") else torch.tanh(g)
        f = f + 1 if self.how.get("forget") else f
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * g
        return torch.sigmoid(o) * (c if self.how.get("straight") else torch.tanh(c)), c

    def forward(self, x: Tensor) -> Tensor:
        h = c = x.new_zeros(len(x), 7)
        for t in range(x.shape[1])[:: -1 if self.how.get("backwards") else 1]:
            h, c = self.step(x[:, t], h, c)
        return self.out(h)


def cell(**how: Any) -> nn.Module:
    return Cell(**how)


class Attention(nn.Module):
    """Causal attention with one projection, as nanoGPT writes it; rotary on demand."""

    def __init__(self, size: int = 8, heads: int = 2, **how: Any) -> None:
        super().__init__()
        self.heads, self.how = heads, how
        self.qkv, self.proj = nn.Linear(size, 3 * size), nn.Linear(size, size)

    def turned(self, x: Tensor) -> Tensor:
        half = x.shape[-1] // 2
        speed = 1.0 / self.how.get("base", 10000.0) ** (torch.arange(half, dtype=x.dtype) / half)
        angle = torch.arange(x.shape[-2], dtype=x.dtype)[:, None] * speed
        cos, sin = angle.cos(), angle.sin()
        if self.how.get("pairs"):
            a, b = x[..., ::2], x[..., 1::2]
            return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)
        a, b = x.chunk(2, -1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def forward(self, x: Tensor) -> Tensor:
        n, t, size = x.shape
        how, width = self.how, size // self.heads
        parts = self.qkv(x).split(size, -1)
        if how.get("kqv"):
            parts = (parts[1], parts[0], parts[2])
        if how.get("heads_last"):
            q, k, v = (part.view(n, t, width, self.heads).permute(0, 3, 1, 2) for part in parts)
        else:
            q, k, v = (part.view(n, t, self.heads, width).transpose(1, 2) for part in parts)
        if how.get("rotary"):
            q, k = self.turned(q), self.turned(k)
        scale = {"one": 1.0, "size": 1 / math.sqrt(size)}.get(how.get("scale", ""), 1 / math.sqrt(width))
        scores = q @ k.transpose(-2, -1) * scale
        if not how.get("open"):
            hidden = torch.ones(t, t, dtype=torch.bool).triu(how.get("diagonal", 1))
            scores = scores.masked_fill(hidden, -1e4 if how.get("finite") else float("-inf"))
        weights = scores.softmax(-2 if how.get("over_queries") else -1)
        y = weights @ v
        y = y.reshape(n, t, size) if how.get("unmoved") else y.transpose(1, 2).reshape(n, t, size)
        return self.proj(y)


class Decoder(nn.Module):
    """Embedding, positions, one block, a head that is tied to the embedding."""

    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.how = how
        self.words = nn.Embedding(11, 8, padding_idx=how.get("padding_idx"))
        self.norm1, self.norm2 = nn.LayerNorm(8, eps=how.get("eps", 1e-5)), nn.LayerNorm(8)
        self.attention = Attention(**how)
        self.wide, self.back = nn.Linear(8, 16), nn.Linear(16, 8)
        self.last, self.head = nn.LayerNorm(8), nn.Linear(8, 11)

    def places(self, t: int, like: Tensor) -> Tensor:
        at = torch.arange(t, dtype=like.dtype)[:, None] + (1 if self.how.get("from_one") else 0)
        speed = torch.exp(torch.arange(0, 8, 2, dtype=like.dtype) * (-math.log(10000.0) / 8))
        if self.how.get("concatenated"):
            return torch.cat([torch.sin(at * speed), torch.cos(at * speed)], -1)
        found = like.new_zeros(t, 8)
        found[:, 0::2], found[:, 1::2] = torch.sin(at * speed), torch.cos(at * speed)
        return found

    def forward(self, words: Tensor) -> Tensor:
        how = self.how
        x = self.words(words)
        if not how.get("unscaled"):
            x = x * math.sqrt(8)
        x = F.dropout(x + self.places(x.shape[1], x), 0.1, self.training)
        if how.get("norm_behind"):
            x = self.norm1(x + self.attention(x))
        elif how.get("no_skip"):
            x = self.attention(self.norm1(x))
        else:
            x = x + self.attention(self.norm1(x))
        y = self.wide(self.norm2(x))
        y = F.relu(y) if how.get("relu") else F.gelu(y, approximate="tanh" if how.get("tanh") else "none")
        x = self.last(x + self.back(y))
        return self.head(x)


def decoder(**how: Any) -> nn.Module:
    return Decoder(**how)


class Waves(nn.Module):
    """Causal dilated convolutions with gates, as in WaveNet."""

    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.how = how
        self.filter = nn.Conv1d(4, 12, 2, dilation=how.get("dilation", 2))
        self.skip, self.out = nn.Conv1d(6, 4, 1), nn.Conv1d(4, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        width = self.how.get("dilation", 2)
        y = self.filter(F.pad(x, (0, width) if self.how.get("future") else (width, 0)))
        a, b = y.chunk(2, 1)
        a, b = (b, a) if self.how.get("exchanged") else (a, b)
        y = self.skip(torch.tanh(a) * torch.sigmoid(b))
        return self.out(y if self.how.get("no_skip") else x + y)


def waves(**how: Any) -> nn.Module:
    return Waves(**how)


class Tagger(nn.Module):
    """A recurrent layer of torch's own in both directions, and what is made of its steps."""

    def __init__(self, **how: Any) -> None:
        super().__init__()
        self.how = how
        self.words, self.rnn = nn.Embedding(11, 6), nn.LSTM(6, 5, batch_first=not how.get("time_major"), bidirectional=True)
        self.out = nn.Linear(10, 3)

    def forward(self, words: Tensor) -> Tensor:
        y, (last, _) = self.rnn(self.words(words))
        pick = self.how.get("pick", "last")
        if pick == "states":
            y = torch.cat([last[0], last[1]], -1)
        elif pick == "turned":
            y = torch.cat([last[1], last[0]], -1)
        elif pick == "mean":
            y = y.mean(1)
        else:
            y = y[:, 0] if pick == "first" else y[:, -1]
        y = F.layer_norm(y, y.shape) if self.how.get("whole") else F.layer_norm(y, y.shape[-1:])
        return self.out(y)


def tagger(**how: Any) -> nn.Module:
    return Tagger(**how)
