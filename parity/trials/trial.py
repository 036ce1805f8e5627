"""Owns the trial: a case with its arrays and the function that judges it; and the options that all trials share.

It refuses to make trials: `networks.py`, `ops.py`, `rules.py`, `curvature.py` and `training.py` do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from parity.execution.frameworks import trains
from parity.execution.names import BATCH, array_name, lies_under
from parity.judgement.comparison import Comparison
from parity.spec.cases import Case

Array = npt.NDArray[Any]
Judge = Callable[[Mapping[str, Array]], list[Comparison]]


@dataclass(frozen=True)
class Trial:
    """One case ready to run. `judge` turns a record's arrays into comparisons. redraws: draws thrown away near kinks.

    forward: the judgement for a framework that runs forward only; None if the case has nothing for such a framework.
    """

    case: Case
    arrays: Mapping[str, Array]
    judge: Judge
    kind: str
    redraws: int = 0
    forward: Judge | None = None


@dataclass(frozen=True)
class Options:
    """What the command line may set for every trial. batch_size: of the cases of networks, where it is not the size's own."""

    dtypes: Sequence[str] = ("float64", "float32")
    device: str = "cpu"
    mode: str | None = None
    size: str = "small"
    seed: int = 0
    nodes: bool = True
    steps: int | None = None
    batch_size: int | None = None

    def mode_of(self, dtype: str) -> str:
        """The mode of a precision. float64 shows what is computed, so it runs eagerly; other precisions run as a user of the
        framework would run them."""
        return self.mode or ("eager" if dtype == "float64" else "default")

    def case(self, spec: str, dtype: str, **more: Any) -> Case:
        return Case(
            spec=spec,
            task=more.pop("task", "agreement"),
            dtype=dtype,
            device=self.device,
            mode=self.mode_of(dtype),
            seed=self.seed,
            size=more.pop("size", "small"),
            **more,
        )


def asked_of(trials: Sequence[Trial], framework: str) -> list[Trial]:
    """The trials for a framework: all if it trains; otherwise the forward form of each,
    without nodes that exist in training alone."""
    if trains(framework):
        return list(trials)
    return [forward_only(trial) for trial in trials if trial.forward is not None or trial.kind != "nodes"]


def forward_only(trial: Trial) -> Trial:
    """The trial for a framework that does not train: one pass of the layers in evaluation mode, without phases and steps."""
    if trial.forward is None or trial.case.graph is None:
        return trial
    graph = replace(trial.case.graph, phases=(), training_inputs=())
    read = {array_name(BATCH, 0, graph_input.name) for graph_input in graph.inputs}
    arrays = {name: array for name, array in trial.arrays.items() if not lies_under(name, BATCH) or name in read}
    return replace(trial, case=replace(trial.case, graph=graph, steps=0), arrays=arrays, judge=trial.forward)
