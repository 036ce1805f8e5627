"""Owns the closed forms of losses: what they compute of a prediction and a target, and over what they take the mean.

It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from parity.fingerprinting.forms.form import Array, Arrays, Facet, Form, identify

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
"""One prediction that may be read as probabilities, logits or logarithms; five kinds of target."""

LOG_P = np.log(P)
LOG_SOFTMAX = P - np.log(np.exp(P).sum(1, keepdims=True))
VALUES = ("real", "binary", "signed", "distribution")
Elements = Callable[[Array], Array]


def _huber(t: Array) -> Array:
    d = np.abs(P - t)
    return np.asarray(np.where(d <= 1, d**2 / 2, d - 0.5))


def _cosine(t: Array) -> Array:
    return np.asarray((P * t).sum(1) / np.sqrt((P**2).sum(1) * (t**2).sum(1)))


ELEMENTS: Mapping[str, tuple[tuple[str, ...], Elements]] = {
    "squared error": (VALUES, lambda t: (P - t) ** 2),
    "half the squared error": (VALUES, lambda t: (P - t) ** 2 / 2),
    "absolute error": (VALUES, lambda t: abs(P - t)),
    "Huber, δ = 1": (VALUES, _huber),
    "log cosh": (VALUES, lambda t: np.log(np.cosh(P - t))),
    "percentage error": (VALUES[:1], lambda t: 100 * abs(P - t) / abs(t)),
    "squared error of ln(1 + …)": (VALUES[3:], lambda t: (np.log1p(P) - np.log1p(t)) ** 2),
    "hinge": (("binary", "signed"), lambda t: np.maximum(1 - t * P, 0)),
    "hinge, label 0 read as -1": (("binary",), lambda t: np.maximum(1 - (2 * t - 1) * P, 0)),
    "squared hinge": (("binary", "signed"), lambda t: np.maximum(1 - t * P, 0) ** 2),
    "squared hinge, label 0 read as -1": (("binary",), lambda t: np.maximum(1 - (2 * t - 1) * P, 0) ** 2),
    "soft margin": (("signed",), lambda t: np.log1p(np.exp(-t * P))),
    "binary cross-entropy of probabilities": (("binary", "distribution"), lambda t: -t * LOG_P - (1 - t) * np.log1p(-P)),
    "binary cross-entropy of logits": (("binary", "distribution"), lambda t: np.log1p(np.exp(P)) - t * P),
    "cross-entropy of probabilities": (("distribution",), lambda t: (-t * LOG_P).sum(1)),
    "cross-entropy of logits": (("distribution",), lambda t: (-t * LOG_SOFTMAX).sum(1)),
    "KL divergence of probabilities": (("distribution",), lambda t: t * (np.log(t) - LOG_P)),
    "KL divergence of logarithms": (("distribution",), lambda t: t * (np.log(t) - P)),
    "KL divergence of logits": (("distribution",), lambda t: t * (np.log(t) - LOG_SOFTMAX)),
    "Poisson of rates": (VALUES, lambda t: P - t * LOG_P),
    "Poisson of logarithms": (VALUES, lambda t: np.exp(P) - t * P),
    "minus the cosine": (VALUES, lambda t: -_cosine(t)),
    "1 - cosine": (VALUES, lambda t: 1 - _cosine(t)),
    "cross-entropy of probabilities, by label": (("classes",), lambda t: -LOG_P[np.arange(3), t]),
    "cross-entropy of logits, by label": (("classes",), lambda t: -LOG_SOFTMAX[np.arange(3), t]),
    "minus the prediction at the label": (("classes",), lambda t: -P[np.arange(3), t]),
}
"""Name -> kinds of target that it is for, and its value for each element, or each example."""

REDUCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "the mean of all elements": lambda e: e.mean(),
    "the sum of all elements": lambda e: e.sum(),
    "one for each element": lambda e: e,
    "one mean per example": lambda e: e.mean(1),
    "one sum per example": lambda e: e.sum(1),
    "the mean over the batch of each example's sum": lambda e: e.sum(1).mean(),
}
OF_EXAMPLES: Mapping[str, Callable[[Array], Array]] = {
    "the mean over the batch": lambda e: e.mean(),
    "the sum over the batch": lambda e: e.sum(),
    "one per example": lambda e: e,
}


def named(seen: Arrays, dtype: str) -> list[Facet]:
    """By value and by label; the one that has no match is left out where the other has one."""
    facets = [identify(about, every, seen, dtype) for about, every in library(seen).items()]
    return [facet for facet in facets if facet.names] or facets[:1]


def library(seen: Arrays) -> Mapping[str, list[Form]]:
    every = list(forms())
    return {
        about: [form for form in every if ("classes/loss" in form.expected) == labels]
        for about, labels in (("computes", False), ("computes by label", True))
    }


def forms() -> Iterator[Form]:
    for name, (kinds, elements) in ELEMENTS.items():
        found = {kind: np.asarray(elements(INPUTS[kind])) for kind in kinds}
        for reduced, reduction in (REDUCTIONS if next(iter(found.values())).ndim == 2 else OF_EXAMPLES).items():
            yield Form(f"{name}, {reduced}", {f"{kind}/loss": np.asarray(reduction(one)) for kind, one in found.items()})
