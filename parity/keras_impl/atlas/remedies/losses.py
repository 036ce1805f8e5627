"""Owns what the atlas advises for Keras about losses: what they take, and what they give at the edges, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras import losses, ops

from parity.keras_impl.atlas.asking import Answer, Inputs, call, t
from parity.keras_impl.atlas.remedies.building import LOGITS


def within(inputs: Inputs) -> bool:
    labels = t(inputs["labels"])
    return bool(ops.min(labels) >= 0 and ops.max(labels) < 3)


def _first_axis(inputs: Inputs) -> Any:
    x = ops.moveaxis(t(inputs["x"]), 1, -1)
    return LOGITS(ops.zeros(x.shape[:-1], "int32"), x)


def _rolled(inputs: Inputs) -> Any:
    """The blank as the last class: its column moves to the front, and labels go up by 1."""
    return losses.CTC()(t(inputs["labels"]) + 1, ops.roll(t(inputs["x"]), 1, axis=-1))


def _possible(inputs: Inputs) -> Any:
    labels, x = inputs["labels"], t(inputs["x"])
    needed = labels.shape[1] + int((labels[0, 1:] == labels[0, :-1]).sum())
    loss = losses.CTC()(t(labels), x)
    return loss * (x.shape[1] >= needed)


def _poisson(x: Any, y: Any) -> Any:
    return ops.mean(ops.exp(x) - y * x)


REMEDIES: Mapping[str, Answer] = {
    "cross_entropy.axis@torch": _first_axis,
    "cross_entropy.label_beyond@alike": within,
    "cross_entropy.negative_label@alike": within,
    "cross_entropy.at_zero@alike": lambda inputs: LOGITS(t(inputs["labels"]), ops.convert_to_tensor([[-30.0, 0.0, 0.0]])),
    "binary_cross_entropy.first_argument@torch": call(lambda x, y: losses.BinaryCrossentropy()(y, x), "x", "y"),
    "ctc.blank@mxnet": _rolled,
    "huber.delta_form@mxnet": call(lambda x: losses.Huber(delta=2.0)(0 * x, x) / 2.0),
    "kl_divergence.at_zero@alike": lambda inputs: losses.KLDivergence()(
        t(inputs["p"]), ops.exp(ops.log_softmax(ops.convert_to_tensor([[-10.0, 0.0]])))
    ),
    "cross_entropy.one_hot@torch": call(
        lambda x: losses.CategoricalCrossentropy(from_logits=True)(ops.convert_to_tensor([[1.0, 0.0, 0.0]]), x)
    ),
    "ctc.impossible@mxnet": _possible,
    "poisson.at_zero@alike": call(lambda y: _poisson(ops.full(y.shape, -10.0), y), "y"),
    "binary_cross_entropy.beyond@alike": call(lambda x, y: losses.BinaryCrossentropy(from_logits=True)(y, x), "x", "y"),
}
