"""Owns the questions that a search for causes may ask of two models' processes.

It refuses to hold a process: the caller, who has the processes, hands over functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from parity.comparing import judged_tensors

Array = npt.NDArray[Any]
Rerun = Callable[[str, Mapping[str, Any], Mapping[str, Array]], Mapping[str, Array]]
"""(label, change, arrays) -> arrays: one call of that model runs again, alone
(parity.execution.own_model.layers.OwnModel.rerun)."""


Functions = Callable[[str, bool, tuple[int, int], Mapping[int, Array]], tuple[Sequence[Mapping[str, Any]], Mapping[str, Array]]]


@dataclass(frozen=True)
class Reruns:
    """The questions to the two processes. inverted: (label, place) -> the arrays of a whole forward pass with that input
    inverted; given: label -> the native inputs; functions: (label, training, between, given) -> another pass, with the
    functions that it calls between layers and the outputs in `given` replaced (execution/own_model/layers.py,
    OwnModel.functions)."""

    rerun: Rerun
    inverted: Callable[[str, int], Mapping[str, Array]]
    given: Callable[[str], Sequence[Array]]
    functions: Functions = lambda *_: ((), {})
    narrow: bool = False
    """Whether one of the models has no float64, so that only float32 can be compared."""

    def tolerance(self, depth: int, scale: float) -> float:
        """Greatest difference of two tensors that rounding explains. In float32 it is 4 times judging.narrow: each of the two
        models may err by judging.narrow in a sum, and by as much again in the layer that takes it."""
        return (
            judged_tensors.SHADOW * judged_tensors.narrow(depth, scale)
            if self.narrow
            else judged_tensors.tolerance(depth, scale, 0.0)
        )


NOTHING: Mapping[str, Any] = {"settings": {}}
"""A change that changes nothing."""
