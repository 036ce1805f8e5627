"""A tagger with arguments, as a notebook has one; its sizes have no defaults."""

from __future__ import annotations

import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self, hidden: int, tags: int, vocabulary: int = 29, *, bidirectional: bool = False, dropout: float = 0.0,
                 cell: str = "lstm") -> None:  # fmt: skip
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, 8)
        kinds = {"lstm": nn.LSTM, "gru": nn.GRU}
        self.rnn = kinds[cell](8, hidden, batch_first=True, bidirectional=bidirectional)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(hidden * (2 if bidirectional else 1), tags)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.fc(self.dropout(self.rnn(self.embedding(tokens))[0]))
