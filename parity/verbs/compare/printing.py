"""Owns how a comparison of the user's own models is told on the terminal.

It refuses to judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from parity.comparing.departures import Departure
from parity.comparing.judged_tensors import TensorVerdict
from parity.execution.own_model.model_client import Answerer
from parity.judgement.verdicts import worst
from parity.verbs import terminal
from parity.verbs.compare import report_lines as printed
from parity.verbs.terminal import colours

DTYPES = ("float64", "float32")


@dataclass(frozen=True)
class ComparedModel:
    """One model on the command line, and the process (or object) that answers for it in each precision."""

    label: str
    framework: str
    target: str
    processes: Mapping[str, Answerer]
    version: str = ""

    @property
    def side(self) -> str:
        return f"{self.framework}={self.target}"


@dataclass(frozen=True)
class ComparedPair:
    """One model against the base: all verdicts, and the first departure with its tested causes."""

    base: ComparedModel
    other: ComparedModel
    found: Sequence[TensorVerdict]
    departure: Departure | None
    notes: tuple[str, ...] = ()
    further: tuple[Departure, ...] = ()
    """What departs of itself behind the first departure."""
    weights: str = "drawn"
    """Which they ran with: `drawn` ones, or their `own`."""
    entered: Mapping[str, Mapping[str, npt.NDArray[Any]]] = field(default_factory=dict)
    """Label -> the inputs that this model took, in its layout: `0`, `1` or, where they have one, their names."""

    @property
    def verdict(self) -> str:
        return worst(tensor_verdict.verdict for tensor_verdict in self.found)


WEIGHTS = {
    "drawn": "weights: drawn by parity, the same in every model, since they show more than a model's own (`--weights own`)",
    "own": "weights: each model's own, as it was built or loaded; drawn ones show more of the code (`--weights drawn`)",
}
SPEC_WEIGHTS = "weights: drawn by parity, the same in the spec and in the model"
"""The first line of a comparison."""


def show(compared: ComparedPair) -> None:
    """Prints the verdict, a line for each quantity, the first departure and its cause."""
    heading, *others = lines(compared)
    terminal.say(heading, colour=colours.of(compared.verdict))
    for line in others:
        terminal.say(line)


def lines(compared: ComparedPair) -> Iterator[str]:
    """The lines to print, the verdict and its causes first (report_lines.py)."""
    heading = f"{compared.other.side} against {compared.base.side}: {compared.verdict}"
    return printed.lines(heading, compared.departure, compared.found, compared.notes, compared.further)
