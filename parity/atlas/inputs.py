"""Owns inputs, forms and kinds of question that several chapters of the atlas share.

It refuses to ask anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parity.atlas.question import Question, form

X = np.array([[1.0, -2.0], [3.0, 0.5], [0.0, 4.0], [-1.0, 2.5]])
MEAN, VARIANCE = X.mean(0), X.var(0)
EPSILON, MOMENTUM = 2.0**-10, 0.25
IMAGES = np.zeros((1, 3, 4, 5))
FROM_KERAS = "from Keras: np.transpose(w, (3, 2, 0, 1)); to Keras: (2, 3, 1, 0)"
NORMALIZED_WITH = {
    "the batch's statistics": form((X - MEAN) / np.sqrt(VARIANCE + EPSILON)),
    "running statistics": form(X / np.sqrt(1 + EPSILON)),
}
RATES, GRADIENTS = np.array([0.5, 0.25, 0.25]), np.array([1.0, 0.5, -0.75])
CONSTANT = np.array([0.5, 0.5, 0.5])
STEPS = {"rates": RATES, "gradients": GRADIENTS}
TYPES = {
    f"{word}{bits}": form([ord(word[0]), bits])
    for word, sizes in (("float", (16, 32, 64)), ("int", (8, 16, 32, 64)), ("uint", (8,)))
    for bits in sizes
} | {"bool": form([ord("b"), 8])}


def number(name: str, text: str, advice: str = "", **inputs: Sequence[float]) -> Question:
    arrays = {key: np.array(values, dtype=float if key in "xy" else int) for key, values in inputs.items()}
    return Question(f"number.{name}", "numerics", text, arrays, None, advice)


def typed(name: str, text: str, advice: str = "", **inputs: Sequence[float]) -> Question:
    question = number(name, text, advice, **inputs)
    return Question(question.name, question.chapter, question.text, question.inputs, TYPES, advice)
