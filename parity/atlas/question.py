"""Owns the question that every framework is asked in the same way, and the naming of its answer by closed forms.

It refuses to know a framework: it takes arrays, and gives a word or a number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement import budgets

Array = npt.NDArray[Any]
Forms = Mapping[str, Sequence[Array]]
"""Name of an answer -> the results that mean it; several, if something that the question does not ask may vary."""

WRONG = " (wrong)"
"""Follows a wrong answer to a question that has a right answer."""


@dataclass(frozen=True)
class Question:
    """One row of the atlas. name: `item.aspect`. inputs: the worker's arrays. forms: None if the answer is a number.

    advice: what to do about a difference; for defaults it is made from the answers. The implementations' `remedies` hold each
    piece of advice as code that runs, under the question's name (parity.atlas.advice).
    right: the only right answer, if definitions leave no choice, such as a function's slope. Others are marked wrong.
    """

    name: str
    chapter: str
    text: str
    inputs: Mapping[str, Array] = field(default_factory=dict)
    forms: Forms | None = None
    advice: str = ""
    right: Array | None = None


@dataclass(frozen=True)
class Answer:
    """One framework's answer. text: the cell. where: the native object and argument that were read. measured: it ran."""

    text: str
    where: str = ""
    measured: bool = True

    @property
    def meaning(self) -> str:
        """The part of an answer that two frameworks must share to be alike; names of errors differ between frameworks."""
        return "raises" if self.text.startswith("raises ") else self.text


def answered(question: Question, arrays: Mapping[str, Array]) -> Answer:
    """The answer to a worker's arrays: a default as it is written, the form that the arrays meet, or the number."""
    if "default" in arrays:
        default = json.loads(bytes(arrays["default"]).decode())
        return Answer(written(default["default"]), default["where"])
    value = np.asarray(arrays["value"], dtype=np.float64)
    wrong = "" if question.right is None or meets(value, question.right) else WRONG
    if question.forms is None:
        return Answer(numbers(value + 0.0 if question.chapter == "kinks" else value) + wrong)  # a slope of -0 is a slope of 0
    names = [name for name, forms in question.forms.items() if any(meets(value, form) for form in forms)]
    if len(names) == 1:
        return Answer(names[0])
    return Answer(f"no known form: {numbers(value)}")


def meets(value: Array, form: Array) -> bool:
    """Whether a value equals a form, up to float32's rounding and axes of length 1; infinities and NaN stay in their places."""
    value, form = np.squeeze(value), np.squeeze(np.asarray(form, dtype=np.float64))
    if value.shape != form.shape or not np.array_equal(np.isnan(value), np.isnan(form)):
        return False
    finite = np.isfinite(form)
    if not np.array_equal(value[~finite], form[~finite], equal_nan=True):
        return False
    scale = float(np.max(np.abs(form[finite]), initial=0.0)) or 1.0
    return bool((np.abs(value[finite] - form[finite]) <= budgets.ANSWER * scale).all())


def written(value: Any) -> str:
    """A default as it is written in Python."""
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        return written(value[0])  # the same number for every axis
    if isinstance(value, float) and float(f"{value:g}") != value:
        return repr(value)  # 1/3: six digits would give another number
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def numbers(value: Array) -> str:
    """At most six numbers, four digits each."""
    shown = [f"{number:.4g}" for number in value.ravel()[:6]]
    more = " …" if value.size > 6 else ""
    return (", ".join(shown) + more) or "empty"


def form(*values: Any) -> list[Array]:
    """The results that mean one answer."""
    return [np.asarray(value, dtype=np.float64) for value in values]
