"""A GPT with attention by hand and a tied head; `behind` normalizes behind the residual paths, `unscaled` forgets 1/√d."""

import torch
from torch import nn

INPUTS = ["3x7:0..18"]


class Attention(nn.Module):
    def __init__(self, scaled):
        super().__init__()
        self.qkv, self.proj, self.scaled = nn.Linear(8, 24), nn.Linear(8, 8), scaled

    def forward(self, x):
        batch, time, _ = x.shape
        q, k, v = self.qkv(x).reshape(batch, time, 3, 2, 4).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) * (0.5 if self.scaled else 1.0)
        hidden = torch.triu(torch.ones(time, time, dtype=torch.bool), 1)
        weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, time, 8))


class Block(nn.Module):
    def __init__(self, before, scaled):
        super().__init__()
        self.norm1, self.norm2, self.attention = nn.LayerNorm(8), nn.LayerNorm(8), Attention(scaled)
        self.up, self.down, self.before = nn.Linear(8, 16), nn.Linear(16, 8), before

    def feed(self, x):
        return self.down(nn.functional.gelu(self.up(x)))

    def forward(self, x):
        if self.before:
            x = x + self.attention(self.norm1(x))
            return x + self.feed(self.norm2(x))
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.feed(x))


class Decoder(nn.Module):
    def __init__(self, before=True, scaled=True):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(19, 8), nn.Embedding(7, 8)
        self.blocks = nn.Sequential(Block(before, scaled), Block(before, scaled))
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 19, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def build():
    return Decoder()


def behind():
    return Decoder(before=False)


def unscaled():
    return Decoder(scaled=False)
