"""Owns the closed form of a native object and the naming of what was seen: every form that explains all of it.

It refuses to guess: one number that departs excludes a form; where none is left the answer is no match.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

TOLERANCES: Mapping[str, float] = {"float64": 1e-9, "float32": 1e-4}
"""How near everything seen must come to a form, relative to the greatest number of its array: far above the rounding of a few
operations in that precision, far below the distance of any two forms (tested: ten times the coarser one)."""


@dataclass(frozen=True)
class Form:
    """A closed form by its name, and what an object that follows it gives, by `<setting>/<what>`, in float64."""

    name: str
    expected: Arrays


@dataclass(frozen=True)
class Facet:
    """One thing that was asked about an object. names: every form that explains it, in `precision`; none is no match."""

    about: str
    names: tuple[str, ...]
    precision: str = ""


def identify(about: str, forms: Iterable[Form], seen: Arrays, dtype: str) -> Facet:
    """The forms that explain what was seen in the sharpest precision in which any does. Each form speaks of some."""
    known = list(forms)
    for precision, tolerance in TOLERANCES.items():
        if precision == "float64" and dtype != "float64":
            continue
        names = tuple(dict.fromkeys(form.name for form in known if explains(form, seen, tolerance)))
        if names:
            return Facet(about, names, precision)
    return Facet(about, ())


def explains(form: Form, seen: Arrays, tolerance: float) -> bool:
    """Whether all that the form speaks of, and that was seen, is near."""
    shared = [name for name in form.expected if name in seen]
    return bool(shared) and all(near(seen[name], form.expected[name], tolerance) for name in shared)


def near(seen: Array, expected: Array, tolerance: float) -> bool:
    """Same shape (one number has none), nothing but numbers, and every element near."""
    seen, expected = np.asarray(seen, np.float64), np.asarray(expected, np.float64)
    if expected.size == 1 and seen.size == 1:
        seen = seen.reshape(expected.shape)
    if seen.shape != expected.shape or not (np.isfinite(seen).all() and np.isfinite(expected).all()):
        return False
    return bool(np.max(np.abs(seen - expected), initial=0.0) <= tolerance * np.max(np.abs(expected), initial=1e-300))
