"""A recommender that takes one nested table and returns a named tuple."""

from __future__ import annotations

from collections import namedtuple

import torch
from torch import nn

Scores = namedtuple("Scores", ["rating", "click"])


class Recommender(nn.Module):
    def __init__(self, users: int = 11, items: int = 13, dim: int = 6) -> None:
        super().__init__()
        self.user_embedding, self.item_embedding = nn.Embedding(users, dim), nn.Embedding(items, dim)
        self.context = nn.Linear(4, dim)
        self.rating, self.click = nn.Linear(3 * dim, 1), nn.Linear(3 * dim, 2)

    def forward(self, batch: dict) -> Scores:
        user, item = self.user_embedding(batch["ids"]["user"]), self.item_embedding(batch["ids"]["item"])
        context = torch.relu(self.context(batch["context"])) * batch["known"].to(user.dtype)
        hidden = torch.cat([user, item, context], dim=-1)
        return Scores(self.rating(hidden), self.click(hidden))
