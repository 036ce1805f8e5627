"""Owns the names of advice, and its comparison with another framework's number: `question@framework`, `question@alike`.

The code of the advice lies in the implementations' `remedies`. It refuses to know this code and any framework.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parity.atlas import initializers, initializers_fans
from parity.atlas.chapters import QUESTIONS, answer
from parity.atlas.question import Array
from parity.judgement import budgets

ALIKE = "alike"
"""The target of advice that gives the same number in every framework that follows it."""

DEFAULT = "default"
"""The target of code that takes the advised argument; its number is compared with the other framework's default."""

DRAWS = frozenset({*initializers.CANDIDATES, *initializers_fans.NAMES})
"""Questions about random draws: two frameworks agree if the distributions do, since the numbers differ by chance."""

UNRUN: Mapping[str, str] = {}
"""Question with advice -> the reason why no code can follow the advice."""


def parts(key: str) -> tuple[str, str]:
    """`conv2d.flips@keras` -> question, target."""
    question, _, target = key.partition("@")
    return question, target


def same(name: str, ours: Array, theirs: Array) -> bool:
    """Whether two frameworks gave the same answer: the same distribution, or the same numbers up to float32's rounding."""
    if name in DRAWS:
        question = next(question for question in QUESTIONS if question.name == name)
        texts = [answer(question, {"value": array}).text for array in (ours, theirs)]
        return texts[0] == texts[1] and not texts[0].startswith("no known form")
    ours, theirs = (np.asarray(array, np.float64).ravel() for array in (ours, theirs))
    if ours.shape != theirs.shape or not np.array_equal(np.isfinite(ours), np.isfinite(theirs)):
        return False
    finite = np.isfinite(ours)
    if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True):
        return False
    scale = float(np.max(np.abs(theirs[finite]), initial=0.0))
    return bool((np.abs(ours[finite] - theirs[finite]) <= budgets.ADVICE * scale).all())
