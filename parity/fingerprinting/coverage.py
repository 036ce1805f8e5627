"""Owns the description of the inputs that an object was driven with, shown beside its name: steps, shapes, sizes, zeros.

It refuses to judge: a name holds for the inputs that were driven, and for no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import BATCH, PARAMETER, array_name, numbers, under

Array = npt.NDArray[Any]
Range = tuple[float, float]


@dataclass(frozen=True)
class Coverage:
    """One run. gradients, weights: the least and the greatest size other than 0. zeros: the share of gradients that are 0.

    outcome: `held`, or the reason why the name was not tested by this run."""

    run: str
    steps: int
    shapes: tuple[tuple[int, ...], ...]
    gradients: Range
    zeros: float
    weights: Range
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    outcome: str = "held"

    @property
    def axes(self) -> tuple[int, ...]:
        return tuple(sorted({len(shape) for shape in self.shapes}))

    def said(self) -> str:
        """One line of text."""
        counts = [int(np.prod(shape)) for shape in self.shapes]
        arrays = " and ".join("×".join(map(str, shape)) for shape in self.shapes)
        if len(self.shapes) > 2:
            arrays = (
                f"{len(self.shapes)} arrays of {self.axes[0]} to {self.axes[-1]} axes, the largest of {max(counts):,} numbers"
            )
        zeros = f", {self.zeros:.0%} of them 0" if self.zeros else ""
        text = f"{self.steps:,} steps on {arrays}; gradients {spanned(self.gradients)}{zeros}; weights {spanned(self.weights)}"
        return text if self.outcome == "held" else f"{text}: {self.outcome}"


def of_arrays(run: str, drawn: Mapping[str, Array], hyperparameters: Mapping[str, float], outcome: str = "held") -> Coverage:
    """The coverage of the arrays `parameter/<name>` and `batch/<step>/<name>`."""
    weights, steps = under(drawn, PARAMETER), numbers(drawn, BATCH)
    gradients = [drawn[array_name(BATCH, step, name)] for step in steps for name in weights]
    count = sum(array.size for array in gradients)
    zeros = sum(int(np.sum(array == 0)) for array in gradients) / max(count, 1)
    shapes = tuple(array.shape for array in weights.values())
    return Coverage(run, len(steps), shapes, sized(gradients), zeros, sized(weights.values()), dict(hyperparameters), outcome)


def sized(arrays: Iterable[Array]) -> Range:
    """The least and the greatest size other than 0; (0, 0) if there is no other."""
    sizes = [np.abs(np.asarray(array, np.float64)) for array in arrays]
    sizes = [array[array > 0] for array in sizes]
    kept = [array for array in sizes if array.size]
    return (min(float(array.min()) for array in kept), max(float(array.max()) for array in kept)) if kept else (0.0, 0.0)


def spanned(range_: Range) -> str:
    return f"{range_[0]:.1g} to {range_[1]:.1g}"


@dataclass(frozen=True)
class RoundCoverage:
    """One round of a native object. shapes: name -> shape of its data. sizes: the least and the greatest size other than 0.
    negative: the share of numbers below 0. outcomes: facet -> `held`, or the reason why this round did not test its name."""

    round: str
    shapes: Mapping[str, tuple[int, ...]]
    sizes: Range
    negative: float
    outcomes: Mapping[str, str] = field(default_factory=dict)

    def said(self) -> str:
        """One line of text; an outcome that all facets share is written once."""
        arrays = ", ".join(f"{name} {'×'.join(map(str, shape)) or 'one number'}" for name, shape in self.shapes.items())
        text = f"{arrays}; sizes {spanned(self.sizes)}, {self.negative:.0%} negative"
        others = {about: outcome for about, outcome in self.outcomes.items() if outcome != "held"}
        if not others:
            return text
        if len(set(self.outcomes.values())) == 1:
            return f"{text}: {next(iter(others.values()))}"
        return f"{text}: {'; '.join(f'{about}: {outcome}' for about, outcome in others.items())}"


def of_round(name: str, data: Mapping[str, Array], outcomes: Mapping[str, str]) -> RoundCoverage:
    arrays = [np.asarray(array, np.float64) for array in data.values()]
    count = sum(array.size for array in arrays)
    negative = sum(int(np.sum(array < 0)) for array in arrays) / max(count, 1)
    return RoundCoverage(name, {key: array.shape for key, array in data.items()}, sized(arrays), negative, dict(outcomes))
