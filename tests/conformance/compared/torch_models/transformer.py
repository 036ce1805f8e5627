"""A Transformer encoder; its second input tells which tokens are real. `ported` hands it on where torch wants the opposite."""

import torch
from torch import nn

INPUTS = ["3x7:0..18", "3x7:bool"]


class Encoder(nn.Module):
    def __init__(self, inverted=False):
        super().__init__()
        self.embedding = nn.Embedding(19, 8)
        self.positions = nn.Parameter(torch.zeros(7, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 5)
        self.inverted = inverted

    def forward(self, tokens, real):
        ignored = real if self.inverted else ~real
        x = self.embedding(tokens) + self.positions
        x = self.encoder(x, src_key_padding_mask=ignored)
        return self.head(x[:, 0])


class Written(nn.Module):
    """The attention written by hand, out of linear layers."""

    def __init__(self, inverted=False):
        super().__init__()
        self.query, self.key, self.value = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.out = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)
        self.embedding = nn.Embedding(19, 8)
        self.inverted = inverted

    def forward(self, tokens, real):
        x = self.embedding(tokens)
        q, k, v = (part(x).unflatten(-1, (2, 4)).transpose(1, 2) for part in (self.query, self.key, self.value))
        scores = q @ k.transpose(-1, -2) / 2.0
        keep = ~real if self.inverted else real
        scores = scores.masked_fill(~keep[:, None, None, :], float("-inf"))
        y = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        return self.norm(x + self.out(y))


def build():
    return Encoder()


def ported():
    return Encoder(inverted=True)


def written():
    return Written()


def written_ported():
    return Written(inverted=True)
