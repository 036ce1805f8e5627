"""Owns how a piece of advice is named and held against another framework's number: `question@framework` and `question@alike`.

The code of each piece lies in the implementations' `remedies`. It refuses to know what the code is, and any framework.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from parity.atlas import initializers, initializers_fans
from parity.atlas.chapters import QUESTIONS, answer
from parity.atlas.question import Array
from parity.judgement import budgets

ALIKE = "alike"
"""The target of advice that gives one number wherever it is followed."""

DEFAULT = "default"
"""The target of what a default does: it is told the argument that is advised, and held against the default elsewhere."""

DRAWS = frozenset({*initializers.CANDIDATES, *initializers_fans.NAMES})
"""Questions about draws: two frameworks' numbers are chance's, their distributions are not."""

UNRUN: Mapping[str, str] = {}
"""Question with advice -> why no code can follow it."""


def parts(key: str) -> tuple[str, str]:
    """`conv2d.flips@keras` -> question, target."""
    question, _, target = key.partition("@")
    return question, target


def same(name: str, ours: Array, theirs: Array) -> bool:
    """Whether two frameworks gave one answer to a question: one distribution, or the same numbers up to float32's rounding."""
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
