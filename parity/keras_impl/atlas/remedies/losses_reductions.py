"""Owns what the atlas advises for Keras about the formulas of losses, and what they reduce over, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras import losses, ops

from parity.keras_impl.atlas.asking import Answer, call
from parity.keras_impl.atlas.remedies.building import LOGITS

REMEDIES: Mapping[str, Answer] = {
    "cross_entropy.takes@torch": call(lambda x, labels: LOGITS(labels, x), "x", "labels"),
    "binary_cross_entropy.at_zero@alike": lambda _: losses.BinaryCrossentropy(from_logits=True)(
        ops.ones((1, 1)), ops.full((1, 1), -20.0)
    ),
    "binary_cross_entropy.takes@mxnet": call(lambda x: losses.BinaryCrossentropy(from_logits=True)(ops.ones_like(x), x)),
    "cosine_similarity.sign@torch": call(lambda x, y: -losses.CosineSimilarity()(x, y), "x", "y"),
    "hinge.zero_label@alike": call(lambda x: losses.Hinge()(ops.full((1, 1), -1.0), x[:, None])),
}
