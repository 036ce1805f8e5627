"""Owns the closed forms of losses: their value for a prediction and a target, and the axes of their mean.

It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from parity.fingerprinting.forms.form import Array, Arrays, Facet, Form

NUMBERS = np.random.RandomState(13)
_SCORES = np.exp(NUMBERS.standard_normal((3, 4)))
_SHARES = np.exp(NUMBERS.standard_normal((3, 4)))
P = _SCORES / _SCORES.sum(1, keepdims=True)
INPUTS: Arrays = {
    "prediction": P,
    "real": NUMBERS.standard_normal((3, 4)) * 2,
    "binary": np.array([[1.0, 0, 0, 1], [0, 1, 0, 0], [1, 1, 0, 1]]),
    "signed": np.array([[1.0, -1, -1, 1], [-1, 1, -1, -1], [1, 1, -1, 1]]),
    "classes": np.array([2, 0, 3]),
    "distribution": _SHARES / _SHARES.sum(1, keepdims=True),
}
"""A prediction that is valid as probabilities, logits and logarithms, and five kinds of target."""

VALUES = ("real", "binary", "signed", "distribution")
Elements = Callable[[Array, Array], Array]
"""Function from (prediction, target) to a value for each element or each example."""


def log_softmax(p: Array) -> Array:
    return np.asarray(p - np.logaddexp.reduce(p, axis=1, keepdims=True))


def _huber(p: Array, t: Array) -> Array:
    d = np.abs(p - t)
    return np.asarray(np.where(d <= 1, d**2 / 2, d - 0.5))


def _cosine(p: Array, t: Array) -> Array:
    return np.asarray((p * t).sum(1) / np.sqrt((p**2).sum(1) * (t**2).sum(1)))


ELEMENTS: Mapping[str, tuple[tuple[str, ...], Elements]] = {
    "squared error": (VALUES, lambda p, t: (p - t) ** 2),
    "half the squared error": (VALUES, lambda p, t: (p - t) ** 2 / 2),
    "absolute error": (VALUES, lambda p, t: abs(p - t)),
    "Huber, δ = 1": (VALUES, _huber),
    "log cosh": (VALUES, lambda p, t: np.logaddexp(p - t, t - p) - np.log(2)),
    "percentage error": (VALUES[:1], lambda p, t: 100 * abs(p - t) / abs(t)),
    "squared error of ln(1 + …)": (VALUES[3:], lambda p, t: (np.log1p(p) - np.log1p(t)) ** 2),
    "hinge": (("binary", "signed"), lambda p, t: np.maximum(1 - t * p, 0)),
    "hinge, label 0 read as -1": (("binary",), lambda p, t: np.maximum(1 - (2 * t - 1) * p, 0)),
    "squared hinge": (("binary", "signed"), lambda p, t: np.maximum(1 - t * p, 0) ** 2),
    "squared hinge, label 0 read as -1": (("binary",), lambda p, t: np.maximum(1 - (2 * t - 1) * p, 0) ** 2),
    "soft margin": (("signed",), lambda p, t: np.log1p(np.exp(-t * p))),
    "binary cross-entropy of probabilities": (("binary", "distribution"), lambda p, t: -t * np.log(p) - (1 - t) * np.log1p(-p)),
    "binary cross-entropy of logits": (("binary", "distribution"), lambda p, t: np.logaddexp(0, p) - t * p),
    "cross-entropy of probabilities": (("distribution",), lambda p, t: (-t * np.log(p)).sum(1)),
    "cross-entropy of logits": (("distribution",), lambda p, t: (-t * log_softmax(p)).sum(1)),
    "KL divergence of probabilities": (("distribution",), lambda p, t: t * (np.log(t) - np.log(p))),
    "KL divergence of logarithms": (("distribution",), lambda p, t: t * (np.log(t) - p)),
    "KL divergence of logits": (("distribution",), lambda p, t: t * (np.log(t) - log_softmax(p))),
    "Poisson of rates": (VALUES, lambda p, t: p - t * np.log(p)),
    "Poisson of logarithms": (VALUES, lambda p, t: np.exp(p) - t * p),
    "minus the cosine": (VALUES, lambda p, t: -_cosine(p, t)),
    "1 - cosine": (VALUES, lambda p, t: 1 - _cosine(p, t)),
    "cross-entropy of probabilities, by label": (("classes",), lambda p, t: -np.log(p)[np.arange(len(t)), t]),
    "cross-entropy of logits, by label": (("classes",), lambda p, t: -log_softmax(p)[np.arange(len(t)), t]),
    "minus the prediction at the label": (("classes",), lambda p, t: -p[np.arange(len(t)), t]),
}
"""Name -> kinds of target, and value for each element or each example."""

NOTED: Mapping[str, tuple[str, tuple[str, ...], Elements]] = {
    "log cosh": ("ln 2 is held in float32", VALUES, lambda p, t: np.logaddexp(p - t, t - p) - float(np.float32(np.log(2)))),
    "Poisson of rates": ("1e-7 is added to the rate before its logarithm", VALUES, lambda p, t: p - t * np.log(p + 1e-7)),
    "KL divergence of logarithms": (
        "1e-12 is added to the target before its logarithm",
        ("distribution",),
        lambda p, t: t * (np.log(t + 1e-12) - p),
    ),
}
"""Losses with a small departure: name -> note on the departure, kinds of target, value."""

REDUCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "the mean of all elements": lambda e: e.mean(),
    "the sum of all elements": lambda e: e.sum(),
    "one for each element": lambda e: e,
    "one mean per example": lambda e: e.mean(1),
    "one sum per example": lambda e: e.sum(1),
    "the mean over the batch of each example's sum": lambda e: e.sum(1).mean(),
}
OF_ANY_AXES = tuple(REDUCTIONS)[:3]
OF_EXAMPLES: Mapping[str, Callable[[Array], Array]] = {
    "the mean over the batch": lambda e: e.mean(),
    "the sum over the batch": lambda e: e.sum(),
    "one per example": lambda e: e,
}


def either(facets: list[Facet]) -> list[Facet]:
    """The facets by value and by label; a facet without a match is left out if the other has a match."""
    return [facet for facet in facets if facet.names or facet.departed] or facets[:1]


def library(outputs: Arrays, inputs: Arrays = INPUTS) -> Mapping[str, list[Form]]:
    every = list(forms(inputs))
    return {
        about: [form for form in every if ("classes/loss" in form.expected) == labels]
        for about, labels in (("computes", False), ("computes by label", True))
    }


def forms(inputs: Arrays = INPUTS) -> Iterator[Form]:
    """The forms. The axes of an example are not known for a prediction of more than two axes: there, only forms by element
    remain, which keep or join all elements."""
    prediction = inputs["prediction"]
    every = [(name, "", *element) for name, element in ELEMENTS.items()] + [(name, *item) for name, item in NOTED.items()]
    for name, note, kinds, elements in every:
        with np.errstate(all="ignore"):
            arrays = {kind: np.asarray(elements(prediction, inputs[kind])) for kind in kinds if _alike(inputs, kind)}
        if not arrays:
            continue
        ways = REDUCTIONS if all(array.ndim == prediction.ndim for array in arrays.values()) else OF_EXAMPLES
        for reduced, reduction in ways.items():
            if prediction.ndim == 2 or (ways is REDUCTIONS and reduced in OF_ANY_AXES and name != "KL divergence of logits"):
                yield Form(
                    f"{name}, {reduced}", {f"{kind}/loss": np.asarray(reduction(array)) for kind, array in arrays.items()}, note
                )


def _alike(inputs: Arrays, kind: str) -> bool:
    """Whether a target of the kind fits the prediction."""
    labels = kind == "classes" and inputs["prediction"].ndim == 2
    return labels or inputs[kind].shape == inputs["prediction"].shape
