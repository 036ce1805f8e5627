"""Owns the closed form of a native object, and the search for every form that explains all of the object's results.

It refuses to guess: one number that departs excludes a form; if no form is left, the answer is no match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement import budgets

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

TOLERANCES: Mapping[str, float] = {dtype: budgets.FORM_ROUNDINGS * budgets.roundoff(dtype) for dtype in ("float64", "float32")}
"""Precision -> the greatest allowed distance of a result from a form, relative to the greatest number of its array."""


@dataclass(frozen=True)
class Form:
    """A closed form: its name, and the results of an object that follows it, named `<setting>/<what>`, in float64.

    note: how the object departs from the form's name, such as by a constant that it keeps in float32."""

    name: str
    expected: Arrays
    note: str = ""


@dataclass(frozen=True)
class Facet:
    """One thing asked about an object. names: every form that explains it, in `precision`; empty for no match.

    note: the forms' note. departed: form that explains the first round only -> the round that excludes it. rounds: outcomes."""

    about: str
    names: tuple[str, ...]
    precision: str = ""
    note: str = ""
    departed: Mapping[str, str] = field(default_factory=dict)
    rounds: Mapping[str, str] = field(default_factory=dict)


def identify(about: str, forms: Iterable[Form], arrays: Arrays, dtype: str, blind: bool = False) -> Facet:
    """The forms that explain the results in the precision that was driven; forms with a note are tried only if no other form
    explains them. blind: an object driven in float64 that ignores digits beyond float32 may also be explained in float32."""
    candidates = list(forms)
    for precision in (dtype, "float32") if blind and dtype == "float64" else (dtype,):
        for noted in (False, True):
            explaining = [
                form for form in candidates if bool(form.note) is noted and explains(form, arrays, TOLERANCES[precision])
            ]
            if explaining:
                return Facet(about, tuple(dict.fromkeys(form.name for form in explaining)), precision, explaining[0].note)
    return Facet(about, ())


def explains(form: Form, arrays: Arrays, tolerance: float) -> bool:
    """Whether every result that the form predicts, and that was observed, is near the prediction."""
    shared = [name for name in form.expected if name in arrays]
    return bool(shared) and all(near(arrays[name], form.expected[name], tolerance) for name in shared)


def known_everywhere(form: Form, arrays: Arrays) -> bool:
    """Whether the form predicts a finite number for every observed result."""
    return all(np.isfinite(array).all() for name, array in form.expected.items() if name in arrays)


def near(actual: Array, expected: Array, tolerance: float) -> bool:
    """Whether two arrays have the same shape (a single number fits any), only finite numbers, and every element near."""
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    if expected.size == 1 and actual.size == 1:
        actual = actual.reshape(expected.shape)
    if actual.shape != expected.shape or not (np.isfinite(actual).all() and np.isfinite(expected).all()):
        return False
    return bool(np.max(np.abs(actual - expected), initial=0.0) <= tolerance * np.max(np.abs(expected), initial=1e-300))


def homogeneous(
    inputs: Arrays, library: Callable[[Arrays], Mapping[str, Sequence[Form]]]
) -> Callable[[Arrays, Arrays], Mapping[str, Sequence[Form]]]:
    """The library of a kind whose results are proportional to its inputs: if all other inputs are these inputs times a factor,
    its results are the results for these inputs times the same factor."""

    def of(arrays: Arrays, arrays_given: Arrays) -> Mapping[str, Sequence[Form]]:
        name = next(name for name, array in inputs.items() if name != "kernel" and array.ndim == 1)
        factor = float(np.max(np.abs(arrays_given[name])) / np.max(np.abs(inputs[name])))
        return {
            about: [Form(form.name, {key: array * factor for key, array in form.expected.items()}, form.note) for form in forms]
            for about, forms in library(arrays).items()
        }

    return of
