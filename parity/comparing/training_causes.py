"""Owns the differences that show only in training: statistics that move differently, cut gradients, dropout, frozen weights.

It refuses to look at the forward pass; departures.py does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors, randomness
from parity.comparing.call_pair import CallTrial
from parity.comparing.departures import Departure
from parity.comparing.judged_tensors import Pair, TensorVerdict
from parity.comparing.layer_mapping import LayerMap
from parity.comparing.layouts import Placement
from parity.comparing.rerun_interface import Reruns
from parity.comparing.tensor_pairs import Side
from parity.execution.names import AFTER, GRADIENT, STATE, TRAIN, array_name
from parity.judgement import budgets

Array = npt.NDArray[Any]


SPREAD = "one number is spread over several elements in one model alone"
ROWS = 4
"""Rows that are named."""
BAD = ("differs", "nonfinite", "reduced_precision")


def settings(ours: Side, theirs: Side, layer_map: LayerMap) -> list[TensorVerdict]:
    """Findings that no number shows, because something is switched off or never moves: rates of dropout in their order, tied
    weights, broadcast weights, frozen weights, and weights that one model lacks."""
    tensor_verdicts = list(randomness.verdicts(ours, theirs))
    tensor_verdicts += [
        TensorVerdict("setting", title, "float64", "differs", reason=reason) for title, reason in _ties(ours, theirs, layer_map)
    ]
    for match in layer_map.matches:
        for role, at in match.weights.items():
            if spread := spread_over(match.leaves[ours.structure.label], role, at, ours, theirs):
                tensor_verdicts.append(spread)
            moving = [_moves(side, at) for side in (ours, theirs) if side.structure.label in at]
            if len(set(moving)) > 1:
                name = match.leaves[ours.structure.label]
                reason = f"trains in {(ours if moving[0] else theirs).structure.label} alone"
                tensor_verdicts.append(TensorVerdict("setting", f"{name} {role}", "float64", "differs", reason=reason))
            elif len(moving) < 2:
                name = match.leaves[ours.structure.label]
                have = next(side.structure.label for side in (ours, theirs) if side.structure.label in at)
                if not role.endswith("recurrent_bias"):  # a second bias beside the first adds nothing
                    tensor_verdicts.append(
                        TensorVerdict("setting", f"{name} {role}", "float64", "differs", reason=f"{have} alone has it")
                    )
    return tensor_verdicts


def spread_over(layer: str, role: str, at: Mapping[str, Placement], ours: Side, theirs: Side) -> TensorVerdict | None:
    """A finding if one model has a number for each element and the other a number for each channel, or one for all."""
    labels = [side.structure.label for side in (ours, theirs)]
    if not set(labels) <= set(at) or at[labels[0]].spread == at[labels[1]].spread:
        return None
    shapes = [(*at[label].neutral, *at[label].spread) for label in labels]
    counts = " and ".join(f"{prod(shape)} numbers, {shape}, in {label}" for shape, label in zip(shapes, labels, strict=True))
    reason = f"{SPREAD}: {counts}"
    return TensorVerdict("setting", f"{layer} {role}", "float64", "differs", reason=reason)


def spread_cause(departure: Departure, tensor_verdicts: Sequence[TensorVerdict]) -> Departure:
    """The departure of a gradient, with a broadcast weight (`spread_over`) as its cause if there is one."""
    causes = tuple(
        tensor_verdict.reason
        for tensor_verdict in tensor_verdicts
        if tensor_verdict.tensor == departure.title and tensor_verdict.reason.startswith(SPREAD)
    )
    return replace(departure, causes=causes) if causes and not departure.causes else departure


def _ties(ours: Side, theirs: Side, layer_map: LayerMap) -> Iterator[tuple[str, str]]:
    """Weights that are tied in only one of the models: the two agree until the first training step."""
    labels = ours.structure.label, theirs.structure.label
    first: dict[str, dict[str, str]] = {label: {} for label in labels}
    for match in layer_map.matches:
        for role, at in match.weights.items():
            title = f"{match.leaves[labels[0]]} {role}"
            if not set(labels) <= set(at) or any(at[label].rows for label in labels):
                continue
            owners = [first[label].setdefault(at[label].native, title) for label in labels]
            if owners[0] != owners[1]:
                tied = labels[0] if owners[0] != title else labels[1]
                owner = owners[0] if owners[0] != title else owners[1]
                yield title, f"{tied} alone ties it to {owner}: one weight there, two in the other model"


def _moves(side: Side, at: Any) -> bool:
    return array_name(TRAIN, GRADIENT, at[side.structure.label].native) in side.seen["float64"]


def statistics(
    ours: Side, theirs: Side, layer_map: LayerMap, calls: Sequence[tuple[int, int]], means: Reruns
) -> Departure | None:
    """The first layer whose running mean or variance moves differently on the same batch. Its momentum is tested as a cause."""
    for trial, role, mine, other in _moving(ours, theirs, layer_map, calls, means):
        if not native_way(trial, mine, other, role):
            left = _after(ours, mine)
            error = judged_tensors.distance(left, _after(theirs, other))
            causes = tuple(_momentum(trial, left, other))
            title = f"{ours.structure.title(trial.mine)} {role}"
            return Departure("statistic", title, error, 0.0, error, trial=trial, causes=causes)
    return None


def _momentum(trial: CallTrial, wanted: Array, at: Placement) -> Iterator[str]:
    mine, other = trial.settings().get("momentum"), trial.turned().settings().get("momentum")
    if other is None:
        return
    for value in (mine, 1 - other):
        if value is None or value == other:
            continue
        change = {"call": trial.other, "training": True, "settings": {"momentum": value}}
        state = trial.means.rerun(trial.theirs.structure.label, change, {})
        if judged_tensors.distance(at.read(state[array_name(STATE, at.native)]), wanted) <= trial.limit:
            said = "the two mean opposite shares" if abs(value + other - 1) < 1e-12 else "the kept shares differ"
            yield (
                f"momentum: {trial.title()} keeps {value:.6g} of its statistics at each step, {trial.turned().title()} keeps "
                f"{other:.6g}: {said} (tested: with the former's the latter moves alike). torch counts the new share, Keras "
                "and MXNet the kept one"
            )
            return


def native_way(trial: CallTrial, mine: Placement, other: Placement, role: str) -> str:
    """Why two running statistics differ in the frameworks' own way: a variance divided by n - 1 instead of n, a momentum held
    in float32. "" if these do not explain the whole difference."""
    stated = [attempt.settings().get("momentum") for attempt in (trial, trial.turned())]
    momenta = [float(share) for share in stated if share is not None]
    if len(momenta) < 2 or abs(momenta[0] - momenta[1]) > budgets.roundoff("float32"):
        return ""  # a different momentum is the user's choice
    shape = trial.ours.structure.neutral(trial.ours.inputs("train", trial.mine)[0], trial.mine).shape
    count = prod(shape) // shape[1]
    factors = {"": 1.0}
    if role == "variance" and count > 1:
        said = f"keeps the unbiased variance, {count}/{count - 1} of the biased one"
        labels = trial.ours.structure.label, trial.theirs.structure.label
        factors |= {f"{labels[0]} {said}": (count - 1) / count, f"{labels[1]} {said}": count / (count - 1)}
    for reason, factor in factors.items():
        for held, shares in _held(trial, momenta):
            batches = [
                (_after(side, at) - share * at.read(side.before[at.native])) / (1 - share)
                for side, at, share in zip((trial.ours, trial.theirs), (mine, other), shares, strict=True)
            ]
            if judged_tensors.distance(batches[0] * factor, batches[1]) <= trial.limit / (1 - shares[0]):
                return "; ".join(part for part in (reason, held, "the framework's own way") if part)
    return ""


def _held(trial: CallTrial, momenta: Sequence[float]) -> Iterator[tuple[str, tuple[float, float]]]:
    """Reason and momenta: as stated, and rounded as by a framework that holds hyper-parameters in float32."""
    narrow = [float(np.float32(share)) for share in momenta]
    yield "", (momenta[0], momenta[1])
    yield f"{trial.ours.structure.label} holds its momentum in float32", (narrow[0], momenta[1])
    yield f"{trial.theirs.structure.label} holds its momentum in float32", (momenta[0], narrow[1])
    yield "both hold their momentum in float32", (narrow[0], narrow[1])


def documented(
    tensor_verdicts: Sequence[TensorVerdict],
    ours: Side,
    theirs: Side,
    mapped: LayerMap,
    calls: Sequence[tuple[int, int]],
    means: Reruns,
) -> list[TensorVerdict]:
    """The verdicts; a running statistic that departs in a framework's own way is a documented difference."""
    reasons: dict[tuple[str, str], str] = {}
    for trial, role, mine, other in _moving(ours, theirs, mapped, calls, means):
        reasons["statistic", f"{ours.structure.calls[trial.mine].leaf} {role}"] = native_way(trial, mine, other, role)
    return [
        replace(tensor_verdict, verdict="documented_difference", reason=reasons[tensor_verdict.quantity, tensor_verdict.tensor])
        if tensor_verdict.verdict in BAD and reasons.get((tensor_verdict.quantity, tensor_verdict.tensor))
        else tensor_verdict
        for tensor_verdict in tensor_verdicts
    ]


def _moving(
    ours: Side, theirs: Side, layer_map: LayerMap, calls: Sequence[tuple[int, int]], means: Reruns
) -> Iterator[tuple[CallTrial, str, Placement, Placement]]:
    """Every running statistic that departs: its call, its role, and where it lies in both models."""
    for mine, other in calls:
        match = layer_map.of(ours.structure.label, ours.structure.calls[mine].leaf)
        for role in ("mean", "variance") if match else ():
            at = match.weights.get(role, {}) if match else {}
            if not {ours.structure.label, theirs.structure.label} <= set(at):
                continue
            places = at[ours.structure.label], at[theirs.structure.label]
            left, right = _after(ours, places[0]), _after(theirs, places[1])
            limit = means.tolerance(mine + 1, float(np.max(np.abs(left), initial=0.0)))
            if judged_tensors.distance(left, right) > limit:
                yield CallTrial(ours, theirs, mine, other, "train", means, limit, calls), role, *places


def gradients(pairs: Sequence[Pair], tensor_verdicts: Sequence[TensorVerdict], labels: tuple[str, str]) -> Departure | None:
    """The first gradient of the backward pass that departs, if the whole forward pass agrees."""
    bad = {
        (tensor_verdict.quantity, tensor_verdict.tensor)
        for tensor_verdict in tensor_verdicts
        if tensor_verdict.dtype == "float64" and tensor_verdict.verdict in BAD
    }
    for pair in pairs:
        if (pair.quantity, pair.tensor) in bad and pair.ours["float64"].shape == pair.theirs["float64"].shape:
            error = judged_tensors.distance(pair.ours["float64"], pair.theirs["float64"])
            cut = [label for label, side in zip(labels, (pair.ours, pair.theirs), strict=True) if not np.any(side["float64"])]
            causes = (f"no gradient reaches it in {cut[0]} (detached, stop_gradient, or not used in training)",) if cut else ()
            return Departure(pair.quantity, pair.tensor, error, causes=causes or tuple(_frozen_rows(pair, labels)))
    return None


def _frozen_rows(pair: Pair, labels: tuple[str, str]) -> Iterator[str]:
    """Rows of a table that get no gradient in one model, while all others agree: torch's padding_idx."""
    sides = [side["float64"].reshape(len(side["float64"]), -1) for side in (pair.ours, pair.theirs) if side["float64"].ndim]
    if len(sides) < 2:
        return
    apart = np.max(np.abs(sides[0] - sides[1]), axis=1) > judged_tensors.tolerance(
        pair.depth, judged_tensors.scale_of(pair), 0.0
    )
    for label, other, side in zip(labels, labels[::-1], sides, strict=True):
        if not np.all(apart) and not np.any(side[apart]):
            rows = ", ".join(map(str, np.flatnonzero(apart)[:ROWS]))
            yield (
                f"row {rows} of it gets no gradient in {label}, and one in {other} (padding_idx of an embedding, or a mask): "
                "all other rows agree"
            )
            return


def _after(side: Side, at: Placement) -> Array:
    return at.read(side.seen["float64"][array_name(TRAIN, AFTER, at.native)])
