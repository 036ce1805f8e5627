"""Frameworks that compute in a lower precision than they were asked for, everywhere or in one op, and hand it over as asked.

tests/judgement/test_fakes.py runs them and holds the verdict that each must get.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import wraps
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
from reference_framework import Implementation, Realized

from parity.execution.protocol import Array, Batch, Observation
from parity.ops import TABLE
from parity.reference_impl.observation import Reference, observe
from parity.spec.cases import Case


class HalfInside(Implementation):
    """float16 at every op's boundary."""

    class realized(Realized):
        def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
            return observe(self.graph, values, "float16", 7919, training=training, phase=phase)


class Float32Inside(Implementation):
    """float32 throughout, handed over as float64."""

    class realized(Realized):
        def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
            return observe(self.graph, values, "float32", 7919, training=training, phase=phase)

        def shown(self, seen: Observation) -> Observation:
            wide = {
                kind: {name: np.asarray(array, np.float64) for name, array in getattr(seen, kind).items()}
                for kind in ("values", "gradients", "input_gradients", "state")
            }
            return replace(seen, **wide, loss=None if seen.loss is None else np.asarray(seen.loss, np.float64))


def _narrow(array: Any) -> Any:
    """Rounded to float32, held as it was; an op with statistics gives several arrays by name."""
    if isinstance(array, dict):
        return {name: _narrow(one) for name, one in array.items()}
    floats = isinstance(array, np.ndarray) and array.dtype == np.float64
    return array.astype(np.float32).astype(np.float64) if floats else array


class Narrowed(Realized):
    """One op takes and gives float32, in a float64 run: forward, or only backward."""

    def __init__(self, case: Case, op: str, backward: bool) -> None:
        super().__init__(case)
        self.op, self.backward = op, backward

    def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
        right = TABLE[self.op]

        @wraps(right.forward)  # the attributes' names are read off its signature
        def forward(run: Any, *given: Any, **more: Any) -> Any:
            outputs, saved = right.forward(run, *map(_narrow, given), **{key: _narrow(one) for key, one in more.items()})
            return _narrow(outputs), saved

        def vjp(run: Any, saved: Any, dy: Any) -> Any:
            return {role: _narrow(gradient) for role, gradient in right.vjp(run, saved, dy).items()}

        narrowed = {"vjp": vjp} if self.backward else {"forward": forward}
        with patch.dict(TABLE, {self.op: SimpleNamespace(**{**vars(right), **narrowed})}):
            return super().walked(values, training, phase)


class ConvolutionInFloat32(Implementation):
    """The first of many layers."""

    op, backward = "conv2d", False

    def realize(self, case: Case) -> Realized:
        return Narrowed(case, self.op, self.backward)


class TanhInFloat32(ConvolutionInFloat32):
    """One of the last layers: most of what is compared forward is right."""

    op = "tanh"


class LossInFloat32(ConvolutionInFloat32):
    op = "softmax_cross_entropy"


class TanhBackwardInFloat32(ConvolutionInFloat32):
    op, backward = "tanh", True


class Float32Optimizer(Implementation):
    """Gradients in float64, the optimizer's arithmetic in float32 (as MXNet keeps hyper-parameters and states)."""

    class realized(Realized):
        def advance(self, batch: Batch) -> None:
            before = dict(self.held)
            self.dtype = "float32"
            super().advance(batch)
            self.dtype = "float64"
            for name, array in before.items():
                change = self.held[name].astype(np.float64) - array
                self.held[name] = array + change.astype(np.float32)


class BatchNormInFloat32(ConvolutionInFloat32):
    """Outputs and statistics."""

    op = "batch_norm"


class StatisticsInFloat32(Implementation):
    """Only what a batch norm keeps between steps."""

    class realized(Realized):
        def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
            seen = super().walked(values, training, phase)
            return replace(seen, state={name: _narrow(array) for name, array in seen.state.items()})


class StateInFloat32(Implementation):
    """Only what the optimizer keeps between steps."""

    class realized(Realized):
        def advance(self, batch: Batch) -> None:
            super().advance(batch)
            for states in self.states.values():
                for kept in states.values():
                    kept.update({name: _narrow(array) for name, array in kept.items()})
