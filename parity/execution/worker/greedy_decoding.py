"""Owns greedy decoding: feed the tokens so far, take the likeliest next token, and repeat. It belongs to no framework.

It refuses to sample and to keep a cache; it runs the whole graph for each token, which is the definition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array, Batch

Forward = Callable[[Batch], Mapping[str, Array]]
"""A batch -> the values of the graph in evaluation mode."""


def greedy(forward: Forward, batch: Batch, decoding: Mapping[str, Any]) -> Array:
    """The tokens (batch, steps) that follow `begin`; all tokens behind an `end` are `end`.

    decoding: a graph's {"feed", "from", "begin", "end", "steps"}. batch: every input; the values of the feed are overwritten.
    Behind the last token so far the feed is 0, since a graph that decodes sees no later step (parity.spec.causality).
    """
    fed = np.zeros_like(batch[decoding["feed"]])
    fed[:, 0] = decoding["begin"]
    chosen = np.full((len(fed), decoding["steps"]), decoding["end"], fed.dtype)
    ended = np.zeros(len(fed), bool)
    for step in range(decoding["steps"]):
        logits = forward({**batch, decoding["feed"]: fed})[decoding["from"]][:, step]
        chosen[:, step] = np.where(ended, decoding["end"], np.argmax(logits, axis=-1))
        ended |= chosen[:, step] == decoding["end"]
        if step + 1 < fed.shape[1]:
            fed[:, step + 1] = chosen[:, step]
        if ended.all():
            break
    return chosen
