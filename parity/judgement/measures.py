"""Owns the worth of a trained model: a number for a run, the number that a guess
without a model gets, and whether it is enough.

It refuses to know data sets and frameworks: it sees arrays. The suite states the quality
that a training asks for, and its bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
FEATURES = 8
"""Images are averaged to this side length before their statistics are taken."""


@dataclass(frozen=True)
class Evidence:
    """Evidence of a run: its losses, and on the test set its outputs (values) beside the right answers (target).

    counted: which entries of the target count. noise: the variance of the target that nobody can predict.
    """

    losses: Array
    values: Array
    target: Array
    counted: Array | None = None
    noise: float = 1.0


@dataclass(frozen=True)
class Measure:
    """A number of the evidence, and the best number that a constant answer or a coin
    reaches (None if there is no such answer)."""

    of: Callable[[Evidence], float]
    guess: Callable[[Evidence], float] | None
    words: str


@dataclass(frozen=True)
class QualityBound:
    """A quality must be at least, or at most, so much."""

    measure: str
    at_least: float | None
    at_most: float | None

    def reached(self, quality: float) -> bool:
        """Whether the number meets the bound. NaN never does."""
        return not (self.at_least is not None and not quality >= self.at_least) and not (
            self.at_most is not None and not quality <= self.at_most
        )

    def words(self) -> str:
        bounds = (("at least", self.at_least), ("at most", self.at_most))
        return " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)


def accuracy(evidence: Evidence) -> float:
    """Share of the examples whose label has the greatest score."""
    right = np.argmax(evidence.values, axis=-1) == evidence.target
    return float(np.mean(right if evidence.counted is None else right[evidence.counted]))


def commonest(evidence: Evidence) -> float:
    """The share of the most frequent label."""
    labels = _counted(evidence, evidence.target)
    return float(np.max(np.unique(labels, return_counts=True)[1]) / labels.size)


def sequence_accuracy(evidence: Evidence) -> float:
    """Share of the sequences in which every counted label is right. The model is fed with the target, so each step before its
    first mistake gets the input that greedy decoding would give it. The share is therefore also the share that greedy decoding
    gets right, end included."""
    right = np.argmax(evidence.values, axis=-1) == evidence.target
    return float(np.mean(np.all(right | (False if evidence.counted is None else ~evidence.counted), axis=-1)))


def bits(evidence: Evidence) -> float:
    """Mean of −log₂ of the probability that the softmax of the scores gives to the label."""
    scores = np.asarray(evidence.values, dtype=np.float64)
    scores = scores - np.max(scores, axis=-1, keepdims=True)
    log_probabilities = scores - np.log(np.sum(np.exp(scores), axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_probabilities, evidence.target[..., None], axis=-1)[..., 0]
    return float(-np.mean(_counted(evidence, chosen)) / np.log(2))


def entropy(evidence: Evidence) -> float:
    """Entropy of the labels' own frequencies, in bits: no guess that ignores the context does better on these labels."""
    counts = np.unique(_counted(evidence, evidence.target), return_counts=True)[1]
    shares = counts / counts.sum()
    return float(-np.sum(shares * np.log2(shares)))


def squared_error(evidence: Evidence) -> float:
    """Mean squared error in units of the noise's variance: a perfect model gets 1."""
    return float(np.mean((np.asarray(evidence.values, dtype=np.float64) - evidence.target) ** 2) / evidence.noise)


def absolute_error(evidence: Evidence) -> float:
    return float(np.mean(np.abs(np.asarray(evidence.values, dtype=np.float64) - evidence.target)))


def sides(evidence: Evidence) -> float:
    """Share of the values that lie on the same side as the target of the middle between the target's two values."""
    middle = (float(np.min(evidence.target)) + float(np.max(evidence.target))) / 2
    return float(np.mean((evidence.values > middle) == (evidence.target > middle)))


def ranking(evidence: Evidence) -> float:
    """Chance that a pair of target 0 has a greater value (distance) than a pair of target 1; a tie counts a half. This is the
    area under the curve of Hanley & McNeil 1982."""
    near = np.sort(np.asarray(evidence.values, dtype=np.float64)[evidence.target == 1])
    far = np.asarray(evidence.values, dtype=np.float64)[evidence.target == 0]
    below, upto = (np.searchsorted(near, far, side=side) for side in ("left", "right"))
    return (
        float(np.mean(below + upto) / (2 * near.size)) if np.isfinite(near).all() and np.isfinite(far).all() else float("nan")
    )


def frechet_distance(evidence: Evidence) -> float:
    """Distance between the normal distributions with the means and covariances of two sets of images,
    averaged to at most 8×8 pixels: |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½) (Dowson & Landau 1982; Heusel et al.
    2017 take features of a network instead)."""
    if not np.isfinite(evidence.values).all():
        return float("nan")
    sets = [_features(np.asarray(images, dtype=np.float64)) for images in (evidence.values, evidence.target)]
    means = [array.mean(axis=0) for array in sets]
    spreads = [np.cov(array, rowvar=False) for array in sets]
    values, vectors = np.linalg.eigh(spreads[0])
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    crossed = np.linalg.eigvalsh(root @ spreads[1] @ root)
    traces = np.trace(spreads[0]) + np.trace(spreads[1]) - 2 * np.sum(np.sqrt(np.maximum(crossed, 0)))
    return float(np.sum((means[0] - means[1]) ** 2) + traces)


def constant_image(evidence: Evidence) -> float:
    """The distance that the mean image alone would get: all of the target's variance is missing."""
    return float(np.trace(np.cov(_features(np.asarray(evidence.target, dtype=np.float64)), rowvar=False)))


def loss_share(evidence: Evidence) -> float:
    """The last loss, as a share of the first."""
    return float(evidence.losses[-1] / evidence.losses[0])


MEASURES: Mapping[str, Measure] = {
    "absolute_error": Measure(
        absolute_error,
        lambda evidence: float(np.mean(np.abs(evidence.target - np.median(evidence.target)))),
        "mean absolute error",
    ),
    "accuracy": Measure(accuracy, commonest, "accuracy"),
    "bits": Measure(bits, entropy, "bits per character"),
    "frechet_distance": Measure(frechet_distance, constant_image, "Fréchet distance of the pixels"),
    "loss_share": Measure(loss_share, None, "last loss ÷ first loss"),
    "ranking": Measure(ranking, lambda _: 0.5, "pairs in the right order"),
    "sequence_accuracy": Measure(sequence_accuracy, None, "sequences without a mistake"),
    "sides": Measure(sides, lambda _: 0.5, "share on the right side"),
    "squared_error": Measure(
        squared_error, lambda evidence: float(np.var(evidence.target) / evidence.noise), "squared error ÷ variance of the noise"
    ),
}


def _counted(evidence: Evidence, array: Array) -> Array:
    return array.reshape(-1) if evidence.counted is None else array[evidence.counted]


def _features(images: Array) -> Array:
    """(count, features): each image is averaged to at most 8×8 pixels. A vector of n² numbers is an image of one channel."""
    if images.ndim == 2:
        side = round(float(np.sqrt(images.shape[1])))
        images = images.reshape(len(images), 1, side, side)
    by = max(1, -(-images.shape[-1] // FEATURES))
    kept = images.shape[-1] // by
    cut = images[..., : kept * by, : kept * by].reshape(*images.shape[:2], kept, by, kept, by)
    averaged: Array = cut.mean(axis=(3, 5))
    return averaged.reshape(len(images), -1)
