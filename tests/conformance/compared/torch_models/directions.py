"""Classifiers over time: two stacked layers in both directions, and a GRU."""

import torch
from torch import nn


class Classifier(nn.Module):
    def __init__(self, recurrent, features):
        super().__init__()
        self.tokens, self.recurrent, self.head = nn.Embedding(19, 5), recurrent, nn.Linear(features, 3)

    def forward(self, tokens):
        _, state = self.recurrent(self.tokens(tokens))
        last = state[0] if isinstance(state, tuple) else state
        return self.head(torch.cat([last[-2], last[-1]], 1) if self.recurrent.bidirectional else last[-1])


def both():
    return Classifier(nn.LSTM(5, 4, num_layers=2, batch_first=True, bidirectional=True), 8)


def gru():
    return Classifier(nn.GRU(5, 4, batch_first=True), 4)
