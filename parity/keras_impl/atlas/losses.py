"""Owns Keras's answers to the atlas about losses: what they take, and what they give at the edges.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import losses, ops

from parity.keras_impl.atlas.asking import Answer, Inputs, call, per_example, t


def _classes(inputs: Inputs) -> Any:
    x = t(inputs["x"])
    return losses.SparseCategoricalCrossentropy(from_logits=True)(ops.zeros(x.shape[:-1], "int32"), x)


def _smoothed(inputs: Inputs) -> Any:
    labels = ops.one_hot(t(inputs["labels"]), 3)
    return losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.3)(labels, t(inputs["x"]))


_SPARSE = losses.SparseCategoricalCrossentropy(from_logits=True)
_CTC = losses.CTC()


def _labelled(loss: Any) -> Answer:
    """The loss. Keras takes labels before predictions."""
    return call(lambda x, y: loss(y, x), "x", "y")


ANSWERS: Mapping[str, Answer] = {
    "cross_entropy.axis": _classes,
    "cross_entropy.smoothing_form": _smoothed,
    "cross_entropy.all_ignored": per_example(losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1)),
    "cross_entropy.label_beyond": per_example(_SPARSE),
    "cross_entropy.negative_label": per_example(_SPARSE),
    "cross_entropy.unnormalized": per_example(losses.SparseCategoricalCrossentropy()),
    "cross_entropy.at_zero": per_example(losses.SparseCategoricalCrossentropy()),
    "cross_entropy.huge": per_example(_SPARSE),
    "binary_cross_entropy.huge": call(lambda x, y: losses.BinaryCrossentropy(from_logits=True)(y, x), "x", "y"),
    "binary_cross_entropy.first_argument": call(losses.BinaryCrossentropy(), "x", "y"),
    "binary_cross_entropy.weighted": lambda inputs: losses.BinaryCrossentropy()(
        t(inputs["y"]), t(inputs["x"]), sample_weight=t(inputs["weights"])
    ),
    "kl_divergence.takes": call(losses.KLDivergence(), "p", "q"),
    "ctc.blank": per_example(_CTC),
    "ctc.reduction": per_example(_CTC),
    "poisson.takes": call(lambda x, y: losses.Poisson()(y, x), "x", "y"),
    "huber.delta_form": call(lambda x: losses.Huber(2.0)(ops.zeros_like(x), x)),
    "kl_divergence.at_zero": call(losses.KLDivergence(), "p", "q"),
    "kl_divergence.zero_label": call(losses.KLDivergence(), "p", "q"),
    "cross_entropy.float_label": _labelled(losses.SparseCategoricalCrossentropy(from_logits=True)),
    "cross_entropy.one_hot": _labelled(losses.SparseCategoricalCrossentropy(from_logits=True)),
    "ctc.impossible": call(lambda x, labels: losses.CTC()(labels, x), "x", "labels"),
    "poisson.at_zero": _labelled(losses.Poisson()),
    "binary_cross_entropy.beyond": _labelled(losses.BinaryCrossentropy()),
}
