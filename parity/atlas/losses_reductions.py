"""Owns the questions about the formulas of losses, and what they reduce over.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from parity.atlas.question import Array, Question, form

_SCORES, _LABELS = np.array([[0.2, 0.3, 0.5]]), np.array([0])
_OF_LOGITS = -np.log(np.exp(0.2) / np.exp(_SCORES).sum())
_TWO, _CLASSES = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1])
_LOSSES = np.log(1 + np.exp([-1.0, 1.0]))
_SQUARES = np.array([[1.0, 2.0], [3.0, 5.0]])
_P, _Q = np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([[0.25, 0.75], [0.5, 0.5]])
_DIVERGENCES = _P * np.log(_P / _Q)


def _reduced(elements: Any, half: bool = False) -> dict[str, list[Array]]:
    elements = np.asarray(elements)
    reductions = {"mean of all": form(elements.mean()), "one mean per example": form(elements.mean(1))}
    return reductions | ({"half the mean per example": form(elements.mean(1) / 2)} if half else {})


QUESTIONS = (
    Question(
        "squared_error.form",
        "losses",
        "squared error of a (2, 2) batch",
        {"x": _SQUARES},
        _reduced(_SQUARES**2, half=True),
        "MXNet: (2 * losses.L2Loss()(x, y)).mean() is the others': its Trainer divides by the batch size, so tell it 1",
    ),
    Question(
        "absolute_error.form",
        "losses",
        "absolute error of a (2, 2) batch",
        {"x": _SQUARES},
        _reduced(_SQUARES),
        "MXNet gives one per example: losses.L1Loss()(x, y).mean(), and trainer's step 1",
    ),
    Question(
        "huber.form",
        "losses",
        "Huber loss of a (2, 2) batch, delta 1",
        {"x": _SQUARES},
        _reduced(np.array([[0.5, 1.5], [2.5, 4.5]])),
        "MXNet gives one per example: losses.HuberLoss()(x, y).mean(), and trainer's step 1",
    ),
    Question(
        "cross_entropy.takes",
        "losses",
        "cross-entropy takes by default",
        {"x": _SCORES, "labels": _LABELS},
        {
            "logits": form(_OF_LOGITS, [_OF_LOGITS]),
            "probabilities": form(-np.log(0.2)),
        },
        "Keras: from_logits=True; for probabilities torch: nn.NLLLoss()(torch.log(x), labels), MXNet: "
        "from_logits=True on nd.log(x)",
    ),
    Question(
        "binary_cross_entropy.at_zero",
        "losses",
        "binary cross-entropy of probability 0 where the label is 1",
        {"x": np.array([0.0])},
        None,
        "use logits: the guard differs: Keras: from_logits=True; torch: BCEWithLogitsLoss(); MXNet: "
        "SigmoidBinaryCrossEntropyLoss()",
    ),
    Question(
        "binary_cross_entropy.takes",
        "losses",
        "binary cross-entropy takes by default",
        {"x": np.array([0.3])},
        {"probabilities": form(-np.log(0.3)), "logits": form(np.log(1 + np.exp(-0.3)))},
        "Keras: from_logits=True; torch: BCEWithLogitsLoss; MXNet: from_sigmoid=True for probabilities",
    ),
    Question(
        "cross_entropy.ignored",
        "losses",
        "cross-entropy with an ignored label: the mean is over",
        {"x": _TWO, "labels": _CLASSES},
        {"the labels that count": form(_LOSSES[0]), "all labels": form(_LOSSES[0] / 2)},
    ),
    Question(
        "cross_entropy.weighted",
        "losses",
        "cross-entropy with weights 1 and 3: the weighted sum is divided by",
        {"x": _TWO, "labels": _CLASSES, "weights": np.array([1.0, 3.0])},
        {
            "the count": form(_LOSSES @ [1, 3] / 2),
            "the sum of the weights": form(_LOSSES @ [1, 3] / 4),
            "nothing: one per example": form(_LOSSES * [1, 3]),
        },
        "torch's weights are of classes: reduction='sum' over the count is Keras's; MXNet: loss.mean()",
    ),
    Question(
        "kl_divergence.form",
        "losses",
        "KL divergence of a (2, 2) batch",
        {"p": _P, "q": _Q},
        {
            "mean over the batch (the definition)": form(_DIVERGENCES.sum() / 2),
            "mean over all elements": form(_DIVERGENCES.mean()),
            "one per example, the mean over classes": form(_DIVERGENCES.mean(1)),
            "one per example, the sum over classes": form(_DIVERGENCES.sum(1)),
        },
        "torch: KLDivLoss(reduction='batchmean'); MXNet: KLDivLoss(axis=-1), then the mean",
    ),
    Question(
        "cosine_similarity.sign",
        "losses",
        "cosine similarity of (1, 1) and (1, 0)",
        {"x": np.array([[1.0, 1.0]]), "y": np.array([[1.0, 0.0]])},
        {"the cosine": form(sqrt(0.5), [sqrt(0.5)]), "minus the cosine": form(-sqrt(0.5))},
        "change the sign",
    ),
    Question(
        "hinge.zero_label",
        "losses",
        "hinge loss of score 0.5 with label 0",
        {"x": np.array([0.5]), "labels": np.array([0.0])},
        {"0 is read as -1": form(1.5, [1.5]), "0 is multiplied in": form(1.0, [1.0])},
        "use labels -1 and 1",
    ),
)
