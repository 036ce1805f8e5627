"""Owns Keras's answers to the atlas about the formulas of losses, and what they reduce over.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras import losses, ops

from parity.keras_impl.atlas.asking import Answer, call, per_example, t

ANSWERS: Mapping[str, Answer] = {
    "squared_error.form": call(lambda x: losses.MeanSquaredError()(ops.zeros_like(x), x)),
    "absolute_error.form": call(lambda x: losses.MeanAbsoluteError()(ops.zeros_like(x), x)),
    "huber.form": call(lambda x: losses.Huber()(ops.zeros_like(x), x)),
    "cross_entropy.takes": per_example(losses.SparseCategoricalCrossentropy()),
    "binary_cross_entropy.at_zero": call(lambda x: losses.BinaryCrossentropy()(ops.ones_like(x), x)),
    "binary_cross_entropy.takes": call(lambda x: losses.BinaryCrossentropy()(ops.ones_like(x), x)),
    "cross_entropy.ignored": per_example(losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)),
    "cross_entropy.weighted": lambda inputs: losses.SparseCategoricalCrossentropy(from_logits=True)(
        t(inputs["labels"]), t(inputs["x"]), sample_weight=t(inputs["weights"])
    ),
    "kl_divergence.form": call(losses.KLDivergence(), "p", "q"),
    "cosine_similarity.sign": call(losses.CosineSimilarity(), "x", "y"),
    "hinge.zero_label": call(losses.Hinge(), "labels", "x"),
}
