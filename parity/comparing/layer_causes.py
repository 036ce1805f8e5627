"""Owns the likely causes of a departing layer. Each is tested: the layer runs again with the suspected setting, and must agree.

It refuses to name a cause that it has not tested; code_causes.py owns the causes between layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import code_causes, code_reruns, departures, judged_tensors, layer_output_causes, padding_causes
from parity.comparing.call_pair import CallTrial, flows
from parity.comparing.departures import Departure
from parity.comparing.layer_mapping import LayerMap
from parity.comparing.layouts import Placement
from parity.comparing.rerun_interface import Reruns
from parity.comparing.tensor_pairs import Side
from parity.execution.names import TAKEN, WEIGHT, array_name

Array = npt.NDArray[Any]

EPSILONS = (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12, 2e-5)
"""Values tried for the hidden epsilon of a user's own layer: defaults of Keras (1e-3), torch (1e-5), MXNet (2e-5), papers."""

FURTHER = 8
"""Greatest number of departures that are reported behind the first."""

UNTESTED = ("padding", "channels", "time_major", "dropout", "rate", "vocabulary", "momentum")
"""Settings that `settings` leaves out: they have their own test, or are no cause (layouts are worked out, dropout is off)."""


def tested(departure: Departure, layer_map: LayerMap) -> Departure:
    """The departure with the causes that passed their test."""
    trial, gap = departure.trial, departure.gap
    tests: list[Callable[[], Iterator[str]]] = []
    if gap is not None:
        tests += [
            partial(between, gap) for between in (*code_causes.CAUSES, layer_output_causes.held_between, code_reruns.between)
        ]
    elif trial is not None:
        tests += [partial(within, trial, layer_map) for within in CAUSES]
    about = gap or trial
    if about is not None:
        tests.insert(0, partial(layer_output_causes.time_for_batch, about))
    for test in tests:
        named = tuple(dict.fromkeys(test()))
        if named:
            return replace(departure, causes=named)
    return departure


def first(ours: Side, theirs: Side, calls: Sequence[tuple[int, int]], means: Reruns, layer_map: LayerMap) -> Departure | None:
    """The first departure of the forward pass, in evaluation or in training, with its causes. A departure in a framework's own
    way is returned only if nothing departs by more."""
    own_way = None
    for coarse in (False, True) if not means.narrow else (True,):
        looks = ((look, mode) for mode in ("eval", "train") for look in (departures.first, departures.output))
        candidate = next((here for look, mode in looks if (here := look(ours, theirs, calls, mode, means, coarse))), None)
        departure = candidate and tested(candidate, layer_map)
        if departure is None or not any(code_causes.HELD in cause for cause in departure.causes):
            return departure or own_way
        own_way = own_way or departure
    return own_way


def further(departure: Departure, calls: Sequence[tuple[int, int]], layer_map: LayerMap) -> list[Departure]:
    """The layers behind the first departure that have a departure and a known cause of their own, at most FURTHER. Each runs on
    the other model's inputs, so that it inherits nothing from the first departure."""
    about = departure.trial or departure.gap
    if about is None:
        return []
    begin = about.mine if isinstance(about, CallTrial) else about.place - 1
    later_departures: list[Departure] = []
    for pair in calls:
        here = None
        if pair[0] > begin and len(later_departures) < FURTHER:
            here = departures.itself(about.ours, about.theirs, pair, calls, about.mode, about.means)
        here = here and tested(here, layer_map)
        if here is not None and here.causes and not any(code_causes.HELD in cause for cause in here.causes):
            later_departures.append(here)
    return later_departures


def settings(trial: CallTrial, _: LayerMap) -> Iterator[str]:
    """Hyper-parameters that both layers state and that differ. Tested one by one, then all together: their layer runs with our
    values, or ours with theirs."""
    for attempt in (trial, trial.turned()):
        verdicts = list(_settings(attempt))
        if verdicts:
            yield from verdicts
            return


def _settings(trial: CallTrial) -> Iterator[str]:
    mine, other = trial.settings(), trial.turned().settings()
    differing = [word for word in sorted(mine.keys() & other.keys()) if word not in UNTESTED and mine[word] != other[word]]
    for words in [[word] for word in differing] + ([differing] if len(differing) > 1 else []):
        if trial.misses(trial.alone(settings={word: mine[word] for word in words})) <= trial.limit:
            for word in words:
                yield f"{word}: {mine[word]} in {trial.title()}, {other[word]} in {trial.turned().title()}{TESTED}"
            return


def frozen(trial: CallTrial, _: LayerMap) -> Iterator[str]:
    """A layer that runs as in evaluation while the model trains. Tested by a run of the layer in the other mode."""
    if trial.mode != "train":
        return
    for attempt in (trial, trial.turned()):
        for mode in (True, False):
            own = attempt.ran({}, mode=not mode)
            as_it_ran = attempt.theirs.output(attempt.mode, attempt.other)
            if own is None or as_it_ran is None or own.shape != as_it_ran.shape:
                continue
            as_it_was = judged_tensors.distance(own, as_it_ran) <= attempt.limit < attempt.misses(own)
            if as_it_was and attempt.misses(attempt.alone(mode=mode)) <= attempt.limit:
                stays, trains = (
                    (attempt.turned().title(), attempt.title()) if mode else (attempt.title(), attempt.turned().title())
                )
                yield (
                    f"frozen: while the model trains, {stays} runs as in evaluation, on its running statistics, {trains} on "
                    "those of the batch (tested: in the other mode the one gives the output of the other)"
                )
                return


TESTED = " (tested: with the former's the latter gives the former's output)"


def hidden_epsilon(trial: CallTrial, _: LayerMap) -> Iterator[str]:
    """An epsilon that a layer of the user's own does not state. Tested by running the other layer with each usual epsilon."""
    for attempt in (trial, trial.turned()):
        mine, other = attempt.settings(), attempt.turned().settings()
        if "epsilon" in other and "epsilon" not in mine:
            for value in EPSILONS:
                if value != other["epsilon"] and attempt.misses(attempt.alone(settings={"epsilon": value})) <= attempt.limit:
                    yield f"epsilon: {value} in {attempt.title()}, {other['epsilon']} in {attempt.turned().title()}{TESTED}"


def gate_order(trial: CallTrial, layer_map: LayerMap) -> Iterator[str]:
    """The order of a recurrent layer's gates. Tested by running theirs with the blocks of its weights in every order."""
    ours_known = bool(trial.turned().layer.settings)
    attempt = trial.turned() if ours_known else trial
    weights = attempt.placements(layer_map)
    gates = next((placement.gates for placement in weights.values() if placement.gates), "") or _blocks(weights)
    if not gates:
        return
    ours, theirs = attempt.title(), attempt.turned().title()
    for order in permutations(gates.split()):
        if (
            " ".join(order) != gates
            and attempt.misses(attempt.alone(_in_gates(attempt, weights, " ".join(order)))) <= attempt.limit
        ):
            yield (
                f"gate order: {theirs} takes its blocks as `{' '.join(order)}`, where `{gates}` was assumed after {ours}"
                " (tested: with its weights in that order it gives the same output)"
            )


def _blocks(weights: Mapping[str, Placement]) -> str:
    """Names for the blocks of a layer whose recurrent kernel is 3 or 4 times as long as wide; "" for any other layer."""
    for placement in weights.values():
        shape = placement.neutral
        for count in (4, 3):
            if len(shape) == 2 and shape[0] == count * shape[1]:
                return " ".join("abcd"[:count])
    return ""


def _in_gates(trial: CallTrial, weights: Mapping[str, Placement], order: str) -> dict[str, Array]:
    """Their native weights, rearranged for a layer that reads its blocks in this order."""
    arrays = dict[str, Array]()
    before = next((placement.gates for placement in weights.values() if placement.gates), "") or _blocks(weights)
    for placement in weights.values():
        if placement.neutral[0] % len(before.split()) == 0:
            native = arrays.get(array_name(WEIGHT, placement.native), trial.theirs.before[placement.native])
            neutral = replace(placement, gates=before).read(native)
            arrays[array_name(WEIGHT, placement.native)] = replace(placement, gates=order).write(neutral, native)
    return arrays


def turned_kernel(trial: CallTrial, layer_map: LayerMap) -> Iterator[str]:
    """A square kernel that one model transposes."""
    for role, placement in trial.placements(layer_map).items():
        shape = placement.neutral
        if len(shape) == 2 and shape[0] == shape[1]:
            native = trial.theirs.before[placement.native]
            arrays = {array_name(WEIGHT, placement.native): placement.write(placement.read(native).T, native)}
            if trial.misses(trial.alone(arrays)) <= trial.limit:
                yield f"transposed {role}: {trial.turned().title()} reads it the other way round than {trial.title()} (tested)"


def mask_meaning(trial: CallTrial, _: LayerMap) -> Iterator[str]:
    """A mask among the layer's inputs that the models read in opposite ways: truth values, zeros and ones, or 0 and -inf to be
    added. Tested by running theirs with the mask inverted."""
    for slot, array in enumerate(trial.theirs.inputs(trial.mode, trial.other)):
        opposite = _opposite(array)
        if opposite is not None and trial.misses(trial.alone({array_name(TAKEN, slot): opposite})) <= trial.limit:
            yield (
                f"mask meaning inverted: what {trial.title()} lets through, {trial.turned().title()} hides (tested: with its "
                f"input {slot} inverted the latter gives the former's output)"
            )


def _opposite(array: Array) -> Array | None:
    """The mask that hides the places which this mask lets through; None if the array is no mask."""
    if array.dtype.kind == "b":
        return ~array
    if array.dtype.kind != "f" or not array.size or flows(array):
        return None
    if np.isfinite(array).all():
        return 1 - array
    return np.where(np.isfinite(array), -np.inf, 0.0).astype(array.dtype)


def masked(trial: CallTrial, _: LayerMap) -> Iterator[str]:
    """Steps that one layer masks while the other has no mask (Keras hands on an embedding's mask by itself). Tested by running
    the masked layer with no step hidden."""
    for attempt in (trial, trial.turned()):
        taken, crossed = attempt.theirs.inputs(attempt.mode, attempt.other), attempt.crossed() or {}
        masks = {array_name(TAKEN, slot): np.ones_like(array) for slot, array in enumerate(taken) if array.dtype.kind == "b"}
        ours = attempt.ours.inputs(attempt.mode, attempt.mine)
        if (
            masks
            and not any(array.dtype.kind == "b" for array in ours)
            and attempt.misses(attempt.ran({**crossed, **masks})) <= attempt.limit
        ):
            hiding = f"mask: {attempt.turned().title()} hides steps, {attempt.title()} takes all"
            yield f"{hiding} (tested: with none hidden they agree)"
            return


def attention_scale(trial: CallTrial, layer_map: LayerMap) -> Iterator[str]:
    """1/sqrt(size of a head) held in float32 by one model. Tested by running the other with its query off by as much."""
    for attempt in (trial, trial.turned()):
        weights, heads = attempt.placements(layer_map), attempt.turned().settings().get("heads")
        if not heads or "query.kernel" not in weights:
            continue
        exact = 1 / np.sqrt(weights["query.kernel"].neutral[0] // heads)
        factor = float(np.float32(exact)) / exact
        arrays = dict[str, Array]()
        for role in ("query.kernel", "query.bias"):
            if role in weights:
                at = weights[role]
                native = arrays.get(array_name(WEIGHT, at.native), attempt.theirs.before[at.native])
                arrays[array_name(WEIGHT, at.native)] = at.write(at.read(native) * factor, native)
        if factor != 1 and attempt.misses(attempt.alone(arrays)) <= attempt.limit:
            held = f"scale: 1/√(size of a head) {code_causes.HELD} in {attempt.title()}"
            yield f"{held} (tested: a query that makes up for it agrees)"
            return


CAUSES: tuple[Callable[[CallTrial, LayerMap], Iterator[str]], ...] = (
    settings,
    frozen,
    hidden_epsilon,
    code_causes.own_activation,
    attention_scale,
    gate_order,
    masked,
    mask_meaning,
    turned_kernel,
    padding_causes.padding,
    padding_causes.cropping,
    layer_output_causes.held_by_layer,
    layer_output_causes.made,
    code_reruns.within,
)
"""The tests, in order. The first that names a cause ends the search."""
