"""Owns the table of contents: the questions by chapter, in the page's order. It refuses two questions of the same name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parity.atlas import (
    activations,
    attention,
    convolution,
    convolution_shapes,
    convolution_windows,
    defaults,
    distributions,
    initializers,
    initializers_fans,
    kinks,
    losses,
    losses_reductions,
    normalization,
    numerics,
    numerics_arithmetic,
    optimizers,
    optimizers_schedules,
    optimizers_steps,
    recurrent,
    training,
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
            *normalization.QUESTIONS,
            *convolution.QUESTIONS,
            *convolution_windows.QUESTIONS,
            *convolution_shapes.QUESTIONS,
            *activations.QUESTIONS,
            *recurrent.QUESTIONS,
            *attention.QUESTIONS,
            *initializers.QUESTIONS,
            *initializers_fans.QUESTIONS,
            *training.QUESTIONS,
            *optimizers.QUESTIONS,
            *optimizers_steps.QUESTIONS,
            *optimizers_schedules.QUESTIONS,
            *losses_reductions.QUESTIONS,
            *losses.QUESTIONS,
            *kinks.QUESTIONS,
            *numerics.QUESTIONS,
            *numerics_arithmetic.QUESTIONS,
            *defaults.QUESTIONS,
        ),
        key=lambda question: list(CHAPTERS).index(question.chapter),
    )
)


def answer(question: Question, arrays: Mapping[str, Array]) -> Answer:
    """The cell of one framework, made from its worker's arrays."""
    if question.name in initializers.CANDIDATES and "value" in arrays:
        return Answer(distributions.named(np.asarray(arrays["value"]), initializers.CANDIDATES[question.name]))
    if question.name in initializers_fans.NAMES and "value" in arrays:
        return Answer(initializers_fans.named(np.asarray(arrays["value"], np.float64), question.name))
    return answered(question, arrays)
