"""Owns the judgement of two observed models: every pass, departures in float32 alone, the first departure and further ones.

It refuses to start a process, and to interpret tensors and causes: parity.comparing does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from parity.comparing import (
    code_causes,
    departures,
    float32_only,
    judged_tensors,
    layer_causes,
    layer_mapping,
    listed_settings,
    model_outputs,
    mxnet_log_softmax,
    notes,
    randomness,
    tensor_pairs,
    training_causes,
)
from parity.comparing.rerun_interface import Reruns
from parity.comparing.tensor_pairs import Side
from parity.execution.names import EVAL, TRAIN
from parity.judgement import budgets
from parity.verbs.compare.model_runs import ObservedModels
from parity.verbs.compare.printing import ComparedModel, ComparedPair

Array = npt.NDArray[Any]


def judged(
    run: ObservedModels, other: ComparedModel, ours: Side, theirs: Side, inputs: Mapping[str, list[Array]]
) -> ComparedPair:
    """Every pass judged; the first departure looked into."""
    base, said = run.models[0], notes.of(ours.structure, theirs.structure, run.mapped, run.initial, run.own is not None)
    means, calls = run.means(inputs), layer_mapping.calls(ours.structure, theirs.structure, run.mapped)
    passes = tensor_pairs.passes(ours, theirs, run.mapped, calls)
    if any(run.lacking[model.label] for model in (base, other)):
        return replace(_in_float32(run, other, (ours, theirs), means, calls, passes), notes=said)
    tensor_verdicts = [tensor_verdict for pairs in passes for tensor_verdict in judged_tensors.judged(pairs)]
    departure = layer_causes.first(ours, theirs, calls, means, run.mapped) or training_causes.statistics(
        ours, theirs, run.mapped, calls, means
    )
    departure = departure or training_causes.gradients(passes[2], tensor_verdicts, (base.label, other.label))
    if departure is not None and not departure.causes:
        if by_chance := _by_chance(run, other, (ours, theirs), tensor_verdicts):
            return ComparedPair(base, other, [*training_causes.settings(ours, theirs, run.mapped), *by_chance], None, said)
        if casts := _casts((ours, theirs), means):
            again = replace(run, lacking={**run.lacking, **casts})
            sides, inputs = again.observed(0)
            return judged(again, other, sides[0], sides[run.models.index(other)], inputs)
    if judged_tensors.narrow_alone(tensor_verdicts):
        tensor_verdicts = _redrawn(run, other, calls, passes)
    if judged_tensors.narrow_alone(tensor_verdicts) and mxnet_log_softmax.FRAMEWORK in (base.framework, other.framework):
        tensor_verdicts = mxnet_log_softmax.behind(tensor_verdicts, _redrawn(replace(run, plain=True), other, calls))
    departure = departure and training_causes.spread_cause(departure, training_causes.settings(ours, theirs, run.mapped))
    tensor_verdicts = training_causes.documented(tensor_verdicts, ours, theirs, run.mapped, calls, means)
    tensor_verdicts = mxnet_log_softmax.documented(
        tensor_verdicts, [pair for pairs in passes for pair in pairs], (base.framework, other.framework)
    )
    own_way = [cause for cause in departure.causes if code_causes.HELD in cause] if departure else []
    if own_way:
        tensor_verdicts = judged_tensors.in_its_own_way(tensor_verdicts, own_way[0])
    settings = [
        *training_causes.settings(ours, theirs, run.mapped),
        *(listed_settings.settings(ours, theirs, calls) if departure else ()),
    ]
    tensor_verdicts = [*settings, *model_outputs.differing(ours.structure, theirs.structure), *tensor_verdicts]
    return ComparedPair(base, other, tensor_verdicts, departure, said, _behind(departure, (ours, theirs), run, calls, means))


def _redrawn(
    run: ObservedModels,
    other: ComparedModel,
    calls: Sequence[tuple[int, int]],
    passes: Sequence[Sequence[judged_tensors.Pair]] | None = None,
) -> list[judged_tensors.TensorVerdict]:
    """The verdicts on the same pairs over several draws, for tensors that depart in float32 alone. passes: the pairs of the
    first draw, if they were observed already."""
    place = run.models.index(other)
    draws = [run.observed(draw)[0] for draw in range(0 if passes is None else 1, budgets.COMPARED_DRAWS)]
    each = [tensor_pairs.passes(sides[0], sides[place], run.mapped, calls) for sides in draws]
    first, *redrawn = each if passes is None else [passes, *each]
    return [
        tensor_verdict
        for pairs, *more in zip(first, *redrawn, strict=True)
        for tensor_verdict in judged_tensors.judged(pairs, more)
    ]


def _in_float32(
    run: ObservedModels,
    other: ComparedModel,
    sides: tuple[Side, Side],
    means: Reruns,
    calls: Sequence[tuple[int, int]],
    passes: Sequence[Sequence[judged_tensors.Pair]],
) -> ComparedPair:
    """The judgement of two models of which one has no float64: it judges float32, and tests the causes of the first
    departure."""
    ours, theirs = sides
    reasons = {side.structure.label: run.lacking[side.structure.label] for side in sides}
    tensor_verdicts = [tensor_verdict for pairs in passes for tensor_verdict in float32_only.judged(pairs, reasons)]
    verdicts = [
        *training_causes.settings(ours, theirs, run.mapped),
        *model_outputs.differing(ours.structure, theirs.structure),
        *tensor_verdicts,
    ]
    verdicts = training_causes.documented(verdicts, ours, theirs, run.mapped, calls, means)
    bad = any(
        tensor_verdict.verdict in training_causes.BAD and tensor_verdict.quantity not in ("setting", "statistic")
        for tensor_verdict in verdicts
    )
    departure = layer_causes.first(ours, theirs, calls, means, run.mapped) if bad else None
    return ComparedPair(run.models[0], other, verdicts, departure, (), _behind(departure, sides, run, calls, means))


def _behind(
    departure: departures.Departure | None,
    sides: tuple[Side, Side],
    run: ObservedModels,
    calls: Sequence[tuple[int, int]],
    means: Reruns,
) -> tuple[departures.Departure, ...]:
    """Departures behind the first that have a cause of their own: of layers, and of statistics that move differently."""
    if departure is None:
        return ()
    departures = layer_causes.further(departure, calls, run.mapped)
    moving = None if departure.quantity == "statistic" else training_causes.statistics(*sides, run.mapped, calls, means)
    return (*departures, *([moving] if moving is not None and moving.causes else []))


def _casts(sides: tuple[Side, Side], means: Reruns) -> dict[str, Mapping[str, str]]:
    """Label -> why that model has no float64, for each model whose own code casts to float32 in a float64 run."""
    casts: dict[str, Mapping[str, str]] = {}
    for side in sides:
        label, count = side.structure.label, len(side.structure.calls)
        if reason := float32_only.cast(*means.functions(label, False, (0, count), {})):
            casts[label] = {float32_only.WIDE: reason}
    return casts


def _by_chance(
    run: ObservedModels, other: ComparedModel, sides: tuple[Side, Side], tensor_verdicts: Sequence[judged_tensors.TensorVerdict]
) -> list[judged_tensors.TensorVerdict]:
    """The verdicts without those that depend on a model's own randomness; [] if both models repeat their numbers exactly."""
    again = run.observed(0)[0]
    twice = list(zip(sides, (again[0], again[run.models.index(other)]), strict=True))
    for mode in (EVAL, TRAIN):
        random = [side.structure.label for side, same in twice if randomness.itself(side, same, mode)]
        if random:
            return randomness.without(tensor_verdicts, random, mode == EVAL)
    return []
