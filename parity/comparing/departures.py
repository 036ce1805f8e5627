"""Owns the first departure: the layer at which two models part. A run of this layer alone tells how much of the error it
inherited from earlier layers and how much it added.

It refuses to name a cause; layer_causes.py tests causes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors
from parity.comparing.call_pair import CallTrial, Gap
from parity.comparing.rerun_interface import Reruns
from parity.comparing.tensor_pairs import Side, aligned, alike
from parity.execution.names import OUTPUT, array_name

Array = npt.NDArray[Any]
SIZED = {"conv1d", "conv2d", "conv3d", "conv_transpose2d", "max_pool", "average_pool"}
"""Kinds of layers whose settings decide the size of their output."""


@dataclass(frozen=True)
class Departure:
    """Where two models depart. quantity: as in Pair; inherited, added: the two parts of the output's error, None if the layer
    could not run alone; between: the cause is not the layer itself but code that runs before it."""

    quantity: str
    title: str
    error: float
    inherited: float | None = None
    added: float | None = None
    between: bool = False
    trial: CallTrial | None = None
    gap: Gap | None = None
    match: str = ""
    causes: tuple[str, ...] = field(default=())


def first(
    ours: Side, theirs: Side, calls: Sequence[tuple[int, int]], mode: str, means: Reruns, coarse: bool = False
) -> Departure | None:
    """The first call whose output departs in this mode. Their call, run on our input, shows how much of the error is its own.
    coarse: only errors count that are larger than a number held in float32 explains."""
    for mine, other in calls:
        both = aligned(ours, theirs, mode, mine, other, "float64")
        if both is None:
            trial = CallTrial(ours, theirs, mine, other, mode, means, judged_tensors.tolerance(mine + 1, 1.0, 0.0), calls)
            if not coarse and _shapes_part(trial):
                quantity = "activation" if mode == "eval" else "activation_training"
                return Departure(
                    quantity, ours.structure.title(mine), float("inf"), trial=trial, match=theirs.structure.title(other)
                )
            continue
        scale = max(float(np.max(np.abs(array), initial=0.0)) for array in both)
        error, limit = judged_tensors.distance(*both), means.tolerance(mine + 1, scale)
        if error <= (judged_tensors.narrow(mine + 1, scale) if coarse else limit):
            continue
        trial = CallTrial(ours, theirs, mine, other, mode, means, limit, calls)
        alone = None if trial.composite() else trial.alone()
        quantity = "activation" if mode == "eval" else "activation_training"
        title = ours.structure.title(mine)
        match = theirs.structure.title(other)
        if alone is None:
            return Departure(quantity, title, error, trial=trial, match=match)
        fitting = alike(both[0], alone, recurrent=True, both=trial.both)
        added = judged_tensors.distance(*fitting) if fitting else float("inf")
        theirs_out = theirs.output(mode, other)
        fitting = None if theirs_out is None else alike(theirs_out, alone, recurrent=True, both=trial.both)
        inherited = judged_tensors.distance(*fitting) if fitting else float("inf")
        between = added <= limit and not trial.inputs_agree()
        return Departure(quantity, title, error, inherited, added, between, trial, trial.gap() if between else None, match)
    return None


def itself(
    ours: Side, theirs: Side, pair: tuple[int, int], calls: Sequence[tuple[int, int]], mode: str, means: Reruns
) -> Departure | None:
    """The departure of a later call, apart from what it inherits: their call runs on our input. None if it then agrees."""
    mine, other = pair
    output = ours.output(mode, mine)
    if output is None:
        return None
    limit = means.tolerance(mine + 1, float(np.max(np.abs(output), initial=0.0)))
    trial = CallTrial(ours, theirs, mine, other, mode, means, limit, calls)
    added = float("inf") if trial.composite() else trial.misses(trial.alone())
    if not limit < added < float("inf"):
        return None
    quantity = "activation" if mode == "eval" else "activation_training"
    return Departure(quantity, ours.structure.title(mine), added, 0.0, added, trial=trial, match=theirs.structure.title(other))


def _shapes_part(trial: CallTrial) -> bool:
    """Whether two layers of one kind took the same numbers and gave outputs of different sizes."""
    outputs = [attempt.ours.output(attempt.mode, attempt.mine) for attempt in (trial, trial.turned())]
    kinds = {attempt.layer.kind for attempt in (trial, trial.turned())}
    sizes = {array.size for array in outputs if array is not None}
    return len(kinds) == 1 and kinds <= SIZED and len(sizes) == 2 and trial.inputs_agree()


def output(
    ours: Side, theirs: Side, calls: Sequence[tuple[int, int]], mode: str, means: Reruns, coarse: bool = False
) -> Departure | None:
    """The first output of the models that departs, for models whose corresponding layers all agree."""
    outputs = ours.outputs(mode, "float64"), theirs.outputs(mode, "float64")
    places = len(ours.structure.calls), len(theirs.structure.calls)
    for number, (mine, other) in enumerate(zip(*outputs, strict=False)):
        if mine.shape != other.shape:
            continue
        error, depth = judged_tensors.distance(mine, other), places[0] + 1
        scale = max(float(np.max(np.abs(array), initial=0.0)) for array in (mine, other))
        if error <= (judged_tensors.narrow(depth, scale) if coarse else means.tolerance(depth, scale)):
            continue

        def misses(again: Mapping[str, Array], number: int = number, mine: Array = mine) -> float:
            return judged_tensors.distance(mine, theirs.structure.leaving(number, again[array_name(OUTPUT, number)]))

        titles = f"output {number} of {ours.structure.label}", f"output {number} of {theirs.structure.label}"
        gap = Gap(ours, theirs, mode, means, calls, *places, mine, other, titles, misses, last=True)
        quantity = "forward" if mode == "eval" else "forward_training"
        return Departure(quantity, ours.structure.output_title(number), error, between=True, gap=gap)
    return None
