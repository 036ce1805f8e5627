"""Owns what can be asked of two models' processes while a cause of their departure is looked for.

It refuses to hold a process: whoever has one hands over functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from parity.comparing import judging

Array = npt.NDArray[Any]
Rerun = Callable[[str, Mapping[str, Any], Mapping[str, Array]], Mapping[str, Array]]
"""(label, change, arrays) -> arrays: a call of that model again, alone (parity.execution.own_model.layers.OwnModel.rerun)."""


Functions = Callable[[str, bool, tuple[int, int], Mapping[int, Array]], tuple[Sequence[Mapping[str, Any]], Mapping[str, Array]]]


@dataclass(frozen=True)
class Reruns:
    """What can be asked of the two processes. inverted: (label, place) -> a whole forward pass with that input inverted;
    given: label -> the native inputs; functions: (label, training, between, given) -> a pass again with the functions that it
    calls between layers (execution/own_model/layers.py, Foreign), each number's output replaced by what is given."""

    rerun: Rerun
    inverted: Callable[[str, int], Mapping[str, Array]]
    given: Callable[[str], Sequence[Array]]
    functions: Functions = lambda *_: ((), {})
    narrow: bool = False
    """Whether one of the models has no float64, so that float32 is what can be looked at."""

    def tolerance(self, depth: int, scale: float) -> float:
        """In float32 each of two models may err by what judging.narrow allows to a sum, and what takes it by as much again."""
        return judging.SHADOW * judging.narrow(depth, scale) if self.narrow else judging.tolerance(depth, scale, 0.0)


NOTHING: Mapping[str, Any] = {"settings": {}}
"""A change that changes nothing."""
