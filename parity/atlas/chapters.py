"""Owns the table of contents: the questions by chapter, in the page's order. It refuses two questions of the same name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parity.atlas import (
    arithmetic,
    calls,
    defaults,
    distributions,
    edges,
    fans,
    layers,
    losses,
    modes,
    numbers,
    reductions,
    rules,
    schedules,
    sequences,
    starts,
    states,
    steps,
    windows,
)
from parity.atlas.question import Answer, Array, Question, answered

CHAPTERS: Mapping[str, str] = {
    "normalization": "Normalization",
    "convolution": "Convolution, pooling, resizing, layout, embedding, dropout",
    "activations": "Activations",
    "recurrent": "Recurrent layers",
    "attention": "Attention",
    "initializers": "Initializers, and each layer's own start",
    "training": "Training: modes, gradients, steps, batches",
    "optimizers": "Optimizers and schedules",
    "losses": "Losses",
    "kinks": "Gradients at kinks, and where they are wrong",
    "numerics": "Numerics: NaN, ties, rounding, types",
}

QUESTIONS: tuple[Question, ...] = tuple(
    sorted(
        (
            *layers.QUESTIONS,
            *windows.QUESTIONS,
            *sequences.QUESTIONS,
            *calls.QUESTIONS,
            *edges.QUESTIONS,
            *modes.QUESTIONS,
            *rules.QUESTIONS,
            *steps.QUESTIONS,
            *schedules.QUESTIONS,
            *states.QUESTIONS,
            *reductions.QUESTIONS,
            *losses.QUESTIONS,
            *starts.QUESTIONS,
            *fans.QUESTIONS,
            *numbers.QUESTIONS,
            *arithmetic.QUESTIONS,
            *defaults.QUESTIONS,
        ),
        key=lambda question: list(CHAPTERS).index(question.chapter),
    )
)


def answer(question: Question, arrays: Mapping[str, Array]) -> Answer:
    """The cell of one framework, made from its worker's arrays."""
    if question.name in starts.CANDIDATES and "value" in arrays:
        return Answer(distributions.named(np.asarray(arrays["value"]), starts.CANDIDATES[question.name]))
    if question.name in fans.NAMES and "value" in arrays:
        return Answer(fans.named(np.asarray(arrays["value"], np.float64), question.name))
    return answered(question, arrays)
