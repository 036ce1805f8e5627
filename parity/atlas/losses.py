"""Owns the questions about losses: what they take, and what they give at the edges.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log

import numpy as np

from parity.atlas.question import Array, Question, form

_LOGITS = np.array([[0.5, -1.0, 3.0]])
_LOG = (_LOGITS - np.log(np.exp(_LOGITS).sum()))[0]
_P, _Q = np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])


def _smoothing(weights: Array) -> list[Array]:
    return form(-float(weights @ _LOG))


def _alignments(blank: int) -> float:
    """Minus the log-probability of the label 1 in two steps of the same logits."""
    p = np.exp(_LOG)
    return -log(p[1] * p[1] + 2 * p[1] * p[blank])


def _divergences() -> Mapping[str, list[Array]]:
    terms = {
        "probabilities": _P * np.log(_P / _Q),
        "log-probabilities": _P * (np.log(_P) - _Q),
        "logits": _P * (np.log(_P) - _Q + np.log(np.exp(_Q).sum())),
    }
    return {name: form(term.sum(), term.mean(), term.sum(1), term.mean(1)) for name, term in terms.items()}


QUESTIONS = (
    Question(
        "cross_entropy.axis",
        "losses",
        "cross-entropy of (2, 3, 4): classes lie by default along",
        {"x": np.zeros((2, 3, 4))},
        {"axis 1": form(log(3)), "the last axis": form(log(4))},
        "move the axis: torch: x.movedim(-1, 1); Keras: ops.moveaxis(x, 1, -1); MXNet: axis=1",
    ),
    Question(
        "cross_entropy.smoothing_form",
        "losses",
        "label smoothing of 0.3 with 3 classes: the label keeps",
        {"x": _LOGITS, "labels": np.array([0])},
        {
            "0.7 + 0.3/3: spread over all classes": _smoothing(np.array([0.8, 0.1, 0.1])),
            "0.7: spread over the others": _smoothing(np.array([0.7, 0.15, 0.15])),
        },
    ),
    Question(
        "cross_entropy.all_ignored",
        "losses",
        "cross-entropy where every label is ignored",
        {"x": _LOGITS, "labels": np.array([1])},
        None,
        "0/0 in torch: reduction='sum', divided by max(1, count), is Keras's",
    ),
    Question(
        "cross_entropy.label_beyond",
        "losses",
        "cross-entropy of logits 0.5, -1, 3 with label 3 of 3",
        {"x": _LOGITS, "labels": np.array([3])},
        None,
        "check before: labels.min() >= 0 and labels.max() < classes: not every framework does",
    ),
    Question(
        "cross_entropy.negative_label",
        "losses",
        "cross-entropy of logits 0.5, -1, 3 with label -1",
        {"x": _LOGITS, "labels": np.array([-1])},
        None,
        "check before: labels.min() >= 0 and labels.max() < classes: not every framework does",
    ),
    Question(
        "cross_entropy.unnormalized",
        "losses",
        "cross-entropy from probabilities 0.5, 1, 0.5 (their sum is 2), label 0",
        {"x": np.array([[0.5, 1.0, 0.5]]), "labels": np.array([0])},
        {"divides by their sum": form(-log(0.25), [-log(0.25)]), "takes them as they are": form(-log(0.5), [-log(0.5)])},
        "normalize before: torch: x / x.sum(-1, keepdim=True); MXNet: x / x.sum(-1, keepdims=True)",
    ),
    Question(
        "cross_entropy.at_zero",
        "losses",
        "cross-entropy from probabilities where the label's is 0",
        {"x": np.array([[0.0, 0.5, 0.5]]), "labels": np.array([0])},
        None,
        "use logits: the guard against a probability of 0 differs: Keras: from_logits=True",
    ),
    Question(
        "cross_entropy.huge",
        "losses",
        "cross-entropy of logits 1e4, 0 with label 1",
        {"x": np.array([[1e4, 0.0]]), "labels": np.array([1])},
    ),
    Question(
        "binary_cross_entropy.huge",
        "losses",
        "binary cross-entropy of logit -1e4 with label 1",
        {"x": np.array([[-1e4]]), "y": np.array([[1.0]])},
    ),
    Question(
        "binary_cross_entropy.first_argument",
        "losses",
        "binary cross-entropy (a, b): the first argument is",
        {"x": np.array([[0.75]]), "y": np.array([[0.5]])},
        {
            "the prediction": form(-0.5 * log(0.75) - 0.5 * log(0.25), [-0.5 * log(0.75) - 0.5 * log(0.25)]),
            "the label": form(log(2), [log(2)]),
        },
        "Keras: labels first",
    ),
    Question(
        "binary_cross_entropy.weighted",
        "losses",
        "binary cross-entropy with sample weights 1 and 3: the weighted sum is divided by",
        {"x": np.array([[0.5], [0.25]]), "y": np.array([[1.0], [1.0]]), "weights": np.array([[1.0], [3.0]])},
        {
            "the count": form((log(2) + 3 * log(4)) / 2),
            "the sum of the weights": form((log(2) + 3 * log(4)) / 4),
            "nothing: one per example": form([log(2), 3 * log(4)]),
        },
        "MXNet: take the mean",
    ),
    Question(
        "kl_divergence.takes",
        "losses",
        "KL divergence takes its prediction by default as",
        {"p": _P, "q": _Q},
        _divergences(),
        "torch: KLDivLoss(reduction='batchmean')(q.log(), p) for Keras's probabilities q; MXNet: the mean of "
        "KLDivLoss()(q.log(), p)",
    ),
    Question(
        "ctc.blank",
        "losses",
        "CTC: the blank is by default",
        {"x": np.tile(_LOGITS, (2, 1))[None], "labels": np.array([[1]])},
        {"class 0": form(_alignments(0), [_alignments(0)]), "the last class": form(_alignments(2), [_alignments(2)])},
        "torch: blank=2, the last of 3, is MXNet's; Keras: ops.roll(x, 1, axis=-1) and labels + 1; MXNet: the "
        "first column to the end, labels - 1",
    ),
    Question(
        "ctc.reduction",
        "losses",
        "CTC of one sequence of 4 steps with 2 labels: the loss is",
        {"x": np.zeros((1, 4, 4)), "labels": np.array([[1, 2]])},
        {
            "the sequence's": form(-log(15 / 4**4), [-log(15 / 4**4)]),
            "divided by the number of labels": form(-log(15 / 4**4) / 2),
        },
        "torch: reduction='sum' over the batch size; MXNet gives one per sequence",
    ),
    Question(
        "poisson.takes",
        "losses",
        "Poisson loss of prediction 2 and count 3",
        {"x": np.array([[2.0]]), "y": np.array([[3.0]])},
        {
            "2 - 3·ln 2: 2 is the rate": form(2 - 3 * log(2)),
            "e² - 3·2: 2 is its logarithm": form(np.exp(2) - 6),
        },
        "torch: log_input=False, eps=0.0; MXNet: from_logits=False",
    ),
    Question(
        "huber.delta_form",
        "losses",
        "Huber loss, delta 2, of errors 1, 3",
        {"x": np.array([[1.0, 3.0]])},
        {"2.25: e²/2 near 0": form(2.25), "1.125: all of it divided by delta": form(1.125)},
        "torch: SmoothL1Loss(beta=2.0) and Keras: Huber(delta=2.0) / 2 are MXNet's rho=2.0; MXNet: 2.0 * "
        "HuberLoss(rho=2.0) is theirs",
    ),
    Question(
        "triplet.distance",
        "losses",
        "triplet loss, margin 1, distances 5 (positive) and 1 (negative)",
        {"x": np.zeros((1, 2)), "y": np.array([[3.0, 4.0]]), "z": np.array([[0.0, 1.0]])},
        {"5: of distances": form(5.0), "25: of their squares": form(25.0)},
        "torch: TripletMarginWithDistanceLoss(distance_function=lambda a, b: ((a - b) ** 2).sum(1)) is MXNet's",
    ),
    Question(
        "kl_divergence.at_zero",
        "losses",
        "KL divergence of (0.5, 0.5) to a prediction (0, 1)",
        {"p": np.array([[0.5, 0.5]]), "q": np.array([[0.0, 1.0]])},
        None,
        "predict by log_softmax, which does not reach 0 (Keras: ops.exp of it, and above 1e-7, where it is cut)",
    ),
    Question(
        "kl_divergence.zero_label",
        "losses",
        "KL divergence (sum) of (0, 1) to a prediction (0.5, 0.5)",
        {"p": np.array([[0.0, 1.0]]), "q": np.array([[0.5, 0.5]])},
        {"ln 2: 0·ln 0 is 0": form(log(2), log(2) / 2)},
    ),
    Question(
        "cross_entropy.float_label",
        "losses",
        "cross-entropy of logits 0, 1 with the label 1.0 (a float)",
        {"x": np.array([[0.0, 1.0]]), "y": np.array([1.0])},
        None,
        "torch: labels.long(): floats of the scores' shape are read as probabilities",
    ),
    Question(
        "cross_entropy.one_hot",
        "losses",
        "cross-entropy (by label) of logits 0, 1, 3 handed the one-hot label (0, 0, 1)",
        {"x": np.array([[0.0, 1.0, 3.0]]), "y": np.array([[0.0, 0.0, 1.0]])},
        {"takes it for probabilities": form(log(1 + np.exp(1) + np.exp(3)) - 3)},
        "Keras: CategoricalCrossentropy(from_logits=True); MXNet: SoftmaxCrossEntropyLoss(sparse_label=False)",
    ),
    Question(
        "ctc.impossible",
        "losses",
        "CTC of labels 1, 1 in 2 steps (they need 3)",
        {"x": np.zeros((1, 2, 3)), "labels": np.array([[1, 1]])},
        None,
        "torch: zero_infinity=True is MXNet's 0; Keras: loss * (steps >= needed)",
    ),
    Question(
        "poisson.at_zero",
        "losses",
        "Poisson loss of rate 0 and count 3",
        {"x": np.array([[0.0]]), "y": np.array([[3.0]])},
        None,
        "predict the logarithm x of the rate: torch: log_input=True; in Keras write ops.exp(x) - y * x, its Poisson adds 1e-7",
    ),
    Question(
        "binary_cross_entropy.beyond",
        "losses",
        "binary cross-entropy of probability 1.5 with label 1",
        {"x": np.array([[1.5]]), "y": np.array([[1.0]])},
        None,
        "a forgotten sigmoid is hidden where probabilities are clipped: use logits: Keras: from_logits=True; "
        "torch: BCEWithLogitsLoss()",
    ),
)
