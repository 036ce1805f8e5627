"""Owns the closed forms of connectionist temporal classification: the blank's position, the meaning of the scores, reduction.

It refuses to know which framework does what. (Graves et al. 2006, equations 5 to 8, in logarithms.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

import numpy as np

from parity.fingerprinting.forms.form import Array, Arrays, Form

NUMBERS = np.random.RandomState(29)
INPUTS: Arrays = {
    "scores": NUMBERS.uniform(0.1, 0.9, (3, 6, 5)),
    "labels": np.array([[1, 2, 2], [3, 1, 0], [2, 0, 0]]),
    "lengths": np.array([3, 2, 1]),
    "frames": np.array([6, 5, 4]),
}
"""Scores (batch, frames, classes) are valid as logits, as logarithms and as probabilities. Labels are neither the first nor
the last class, so that either may be the blank; one label is repeated."""

READ: Mapping[str, Callable[[Array], Array]] = {
    "logits": lambda x: x - np.logaddexp.reduce(x, axis=-1, keepdims=True),
    "logarithms of probabilities": lambda x: x,
    "probabilities": np.log,
    "probabilities, made to add up to 1": lambda x: np.log(x / x.sum(-1, keepdims=True)),
}
BLANKS: Mapping[str, int] = {"the first class": 0, "the last class": 4}
_LENGTHS = INPUTS["lengths"]
REDUCTIONS: Mapping[str, Callable[[Array, Array], Array]] = {
    "one per example": lambda e, frames: e,
    "one per example, divided by its number of labels": lambda e, frames: e / _LENGTHS,
    "one per example, divided by its number of frames": lambda e, frames: e / frames,
    "the sum over the batch": lambda e, frames: e.sum(),
    "the mean over the batch": lambda e, frames: e.mean(),
    "the mean over the batch, each divided by its number of labels": lambda e, frames: (e / _LENGTHS).mean(),
    "the sum over the batch, divided by the number of all labels": lambda e, frames: e.sum() / _LENGTHS.sum(),
    "the mean over the batch, each divided by its number of frames": lambda e, frames: (e / frames).mean(),
}


def library(outputs: Arrays, inputs: Arrays = INPUTS) -> Mapping[str, list[Form]]:
    return {"computes": list(forms(inputs))}


def forms(inputs: Arrays = INPUTS) -> Iterator[Form]:
    """The forms, with all frames (`plain`), or with some frames of each example (`frames`)."""
    every = {"plain": np.full(3, 6), "frames": INPUTS["frames"]}
    for (read, logarithms), (where, blank) in product(READ.items(), BLANKS.items()):
        arrays = {
            setting: np.array(list(_losses(logarithms, blank, frames, inputs["scores"]))) for setting, frames in every.items()
        }
        for reduced, reduction in REDUCTIONS.items():
            expected = {f"{setting}/loss": np.asarray(reduction(array, every[setting])) for setting, array in arrays.items()}
            yield Form(f"of {read}, the blank is {where}, {reduced}", expected)


def _losses(logarithms: Callable[[Array], Array], blank: int, frames: Array, every: Array) -> Iterator[float]:
    for scores, labels, count, length in zip(every, INPUTS["labels"], INPUTS["lengths"], frames, strict=True):
        yield loss(logarithms(scores[:length]), labels[:count], blank)


def loss(logarithms: Array, labels: Array, blank: int) -> float:
    """Minus the logarithm of the sum over all paths that spell the labels. logarithms: (frames, classes)."""
    spelled = np.full(2 * len(labels) + 1, blank)
    spelled[1::2] = labels
    skips = np.array([s > 1 and spelled[s] != blank and spelled[s] != spelled[s - 2] for s in range(len(spelled))])
    with np.errstate(divide="ignore"):
        ahead = np.where(np.arange(len(spelled)) < 2, logarithms[0, spelled], -np.inf)
        for frame in logarithms[1:]:
            array, two = (np.concatenate([np.full(back, -np.inf), ahead[:-back]]) for back in (1, 2))
            ahead = np.logaddexp(np.logaddexp(ahead, array), np.where(skips, two, -np.inf)) + frame[spelled]
    return -float(np.logaddexp(ahead[-1], ahead[-2]))
