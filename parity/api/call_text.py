"""Owns how a call in Python is told in results: as it can be typed again, without what is left at its default. Pure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence


def call(function: Callable[..., object], name: str, first: Sequence[object], settings: Mapping[str, object]) -> str:
    """`parity.check('lenet', frameworks='torch')`. first: by their places; given: by their names."""
    defaults = {key: parameter.default for key, parameter in inspect.signature(function).parameters.items()}
    words = [repr(value) for value in first]
    words += [f"{key}={_spelled(value)}" for key, value in settings.items() if value != defaults.get(key)]
    return f"parity.{name}({', '.join(words)})"


def _spelled(value: object) -> str:
    return repr(str(value)) if not isinstance(value, (str, int, float, bool, list, tuple, dict, type(None))) else repr(value)
