"""Owns the questions that a search for causes may ask of two models' processes.

It refuses to hold a process: the caller, who has the processes, hands over functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from parity.comparing import judged_tensors

Array = npt.NDArray[Any]
Rerun = Callable[[str, Mapping[str, Any], Mapping[str, Array]], Mapping[str, Array]]
"""(label, change, arrays) -> arrays: one call of that model runs again, alone
(parity.execution.own_model.layers.OwnModel.rerun)."""


Functions = Callable[..., tuple[Sequence[Mapping[str, Any]], Mapping[str, Array]]]
"""(label, training, between, given, forced) -> functions and arrays of another pass. forced: call -> the array that the layer
hands on in the place of its first output; may be left out."""


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
    fine: bool = False
    """Whether two tensors may differ by rounding alone, where a number that is held in float32 is looked for."""

    def forcing(self, label: str, outputs: Mapping[int, Array], equal: Mapping[int, Array]) -> Reruns:
        """The same questions, but in every further pass of this model the layers hand on these outputs (call -> array), and
        functions give these numbers (number -> array)."""

        def functions(name: str, training: bool, between: tuple[int, int], new: Mapping[int, Array]) -> Any:
            forced, given = (outputs, {**equal, **new}) if name == label else ({}, new)
            return self.functions(name, training, between, given, forced)

        return replace(self, functions=functions)

    def tolerance(self, depth: int, scale: float) -> float:
        """Greatest difference of two tensors that rounding explains. In float32 it is 4 times judging.narrow: each of the two
        models may err by judging.narrow in a sum, and by as much again in the layer that takes it."""
        if self.fine:
            return judged_tensors.FINE * max(depth, 1) * scale
        return (
            judged_tensors.SHADOW * judged_tensors.narrow(depth, scale)
            if self.narrow
            else judged_tensors.tolerance(depth, scale, 0.0)
        )


NOTHING: Mapping[str, Any] = {"settings": {}}
"""A change that changes nothing."""
