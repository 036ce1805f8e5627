"""Owns a worker's report on the functions that a model calls outside of layers, and the fixed numbers that replace random ones.

It refuses to know a framework, and to judge. It needs the standard library alone, since harness and worker both import it.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos
from pathlib import Path
from types import FrameType
from typing import Any

from parity.execution.names import FUNCTION, GIVEN, TAKEN, numbered

KEPT = 0.5 + 2.0**-12
"""Replaces every uniform random number between 0 and 1: `u > rate` and `u < 1 - rate` keep everything at rates below a half."""

HERE = str(Path(__file__).parents[2])


@dataclass(frozen=True)
class CalledFunction:
    """One call of a function. settings: argument -> value, with `in0` for the first tensor that it takes; where: file and line
    in the user's code; code: the text of that line; call: number of layers' calls before it; taken, gave: arrays."""

    name: str
    settings: dict[str, Any]
    where: str
    code: str
    call: int
    taken: Sequence[Any]
    gave: Sequence[Any]


def example_draws(count: int) -> list[float]:
    """Numbers that replace normal random numbers: one per example for all of its features, so that the layout has no effect."""
    return [1.25 * cos(1.0 + 2.0 * place) for place in range(count)]


def users_line(packages: Sequence[str]) -> tuple[str, str]:
    """(file and number, text) of the running line of the user's code: the innermost frame outside of these packages."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((HERE, "<", *packages)) and "/importlib/" not in name:
            return f"{Path(name).name}:{frame.f_lineno}", linecache.getline(name, frame.f_lineno).strip()
        frame = frame.f_back
    return "", ""


def answered(functions: Sequence[CalledFunction], begin: int, end: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The functions between two calls of layers, as an answer, and the arrays that each took and gave, under its number."""
    calls_told, arrays = [], dict[str, Any]()
    for number, call in enumerate(functions):
        if not begin <= call.call <= end:
            continue
        counts = {"taken": len(call.taken), "gave": len(call.gave)}
        words = {"name": call.name, "settings": call.settings, "where": call.where, "code": call.code, "call": call.call}
        calls_told.append({"number": number, **words, **counts})
        arrays |= numbered(call.taken, FUNCTION, number, TAKEN) | numbered(call.gave, FUNCTION, number, GIVEN)
    return calls_told, arrays
