"""Owns the likely causes of a departing layer, each tested: the layer runs again with the suspected setting, and must agree.

It refuses to name what it has not tested; what lies between layers is glue.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import glue
from parity.comparing.departures import Departure, Trial, flows
from parity.comparing.layouts import Placement
from parity.comparing.mapping import Map

Array = npt.NDArray[Any]

EPSILONS = (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12, 2e-5)
"""Where a layer of the user's own hides its epsilon: the defaults of Keras (1e-3), torch (1e-5), the papers, MXNet's (2e-5)."""

UNTESTED = ("padding", "channels", "time_major", "dropout", "rate", "vocabulary", "momentum")
"""Settings with a test of their own, or that are no cause: how a tensor lies is worked out, dropout is off."""


def tested(departure: Departure, found: Map) -> Departure:
    """The departure with the causes that stood their test."""
    trial = departure.trial
    if trial is None:
        return departure
    named: list[str] = []
    for cause in glue.CAUSES if departure.between else CAUSES:
        named += [one for one in cause(trial, found) if one not in named]
        if named:
            break
    return replace(departure, causes=tuple(named))


def settings(trial: Trial, _: Map) -> Iterator[str]:
    """Hyper-parameters that both name and that differ: theirs run with ours, one alone, then all."""
    mine, other = trial.settings(), trial.turned().settings()
    differing = [word for word in sorted(mine.keys() & other.keys()) if word not in UNTESTED and mine[word] != other[word]]
    for words in [[word] for word in differing] + ([differing] if len(differing) > 1 else []):
        if trial.misses(trial.alone(settings={word: mine[word] for word in words})) <= trial.limit:
            for word in words:
                yield f"{word}: {mine[word]} in {trial.title()}, {other[word]} in {trial.turned().title()}{TESTED}"
            return


TESTED = " (tested: with the former's the latter gives the former's output)"


def hidden_epsilon(trial: Trial, _: Map) -> Iterator[str]:
    """An epsilon that a layer of the user's own does not tell: the known side is run with the usual ones."""
    for one in (trial, trial.turned()):
        mine, other = one.settings(), one.turned().settings()
        if "epsilon" in other and "epsilon" not in mine:
            for value in EPSILONS:
                if value != other["epsilon"] and one.misses(one.alone(settings={"epsilon": value})) <= one.limit:
                    yield f"epsilon: {value} in {one.title()}, {other['epsilon']} in {one.turned().title()}{TESTED}"


def gate_order(trial: Trial, found: Map) -> Iterator[str]:
    """The blocks of a recurrent layer: theirs run with its weights in every order of them."""
    ours_known = bool(trial.theirs.structure.leaf(trial.theirs.structure.calls[trial.other].leaf).settings)
    one = trial.turned() if ours_known else trial
    weights = one.placements(found)
    gates = next((placement.gates for placement in weights.values() if placement.gates), "") or _blocks(weights)
    if not gates:
        return
    ours, theirs = one.title(), one.turned().title()
    for order in permutations(gates.split()):
        if " ".join(order) != gates and one.misses(one.alone(_in_gates(one, weights, " ".join(order)))) <= one.limit:
            yield (
                f"gate order: {theirs} takes its blocks as `{' '.join(order)}`, where `{gates}` was assumed after {ours}"
                " (tested: with its weights in that order it gives the same output)"
            )


def _blocks(weights: Mapping[str, Placement]) -> str:
    """Names for the blocks of a layer whose recurrent kernel is 3 or 4 times as long as wide."""
    for placement in weights.values():
        shape = placement.neutral
        for count in (4, 3):
            if len(shape) == 2 and shape[0] == count * shape[1]:
                return " ".join("abcd"[:count])
    return ""


def _in_gates(trial: Trial, weights: Mapping[str, Placement], order: str) -> dict[str, Array]:
    """Their native weights, as they must stand if their layer reads its blocks in this order."""
    arrays = dict[str, Array]()
    before = next((placement.gates for placement in weights.values() if placement.gates), "") or _blocks(weights)
    for placement in weights.values():
        if placement.neutral[0] % len(before.split()) == 0:
            native = arrays.get(f"weight/{placement.native}", trial.theirs.before[placement.native])
            neutral = replace(placement, gates=before).read(native)
            arrays[f"weight/{placement.native}"] = replace(placement, gates=order).write(neutral, native)
    return arrays


def turned_kernel(trial: Trial, found: Map) -> Iterator[str]:
    """A square kernel that one side reads the other way round."""
    for role, placement in trial.placements(found).items():
        shape = placement.neutral
        if len(shape) == 2 and shape[0] == shape[1]:
            native = trial.theirs.before[placement.native]
            arrays = {f"weight/{placement.native}": placement.write(placement.read(native).T, native)}
            if trial.misses(trial.alone(arrays)) <= trial.limit:
                yield f"transposed {role}: {trial.turned().title()} reads it the other way round than {trial.title()} (tested)"


def mask_meaning(trial: Trial, _: Map) -> Iterator[str]:
    """A mask among the inputs, of truth values, of zeros and ones, or added (0 and -inf): theirs run with it inverted."""
    for slot, array in enumerate(trial.theirs.inputs(trial.mode, trial.other)):
        opposite = _opposite(array)
        if opposite is not None and trial.misses(trial.alone({f"in/{slot}": opposite})) <= trial.limit:
            yield (
                f"mask meaning inverted: what {trial.title()} lets through, {trial.turned().title()} hides (tested: with its "
                f"input {slot} inverted the latter gives the former's output)"
            )


def _opposite(array: Array) -> Array | None:
    """The mask that hides what this one lets through; None where it is none."""
    if array.dtype.kind == "b":
        return ~array
    if array.dtype.kind != "f" or not array.size or flows(array):
        return None
    if np.isfinite(array).all():
        return 1 - array
    return np.where(np.isfinite(array), -np.inf, 0.0).astype(array.dtype)


def attention_scale(trial: Trial, found: Map) -> Iterator[str]:
    """1/sqrt(size of a head) held in float32: ours run with a query that makes up for it."""
    for one in (trial, trial.turned()):
        weights, heads = one.placements(found), one.turned().settings().get("heads")
        if not heads or "query.kernel" not in weights:
            continue
        exact = 1 / np.sqrt(weights["query.kernel"].neutral[0] // heads)
        factor = float(np.float32(exact)) / exact
        arrays = dict[str, Array]()
        for role in ("query.kernel", "query.bias"):
            if role in weights:
                at = weights[role]
                native = arrays.get(f"weight/{at.native}", one.theirs.before[at.native])
                arrays[f"weight/{at.native}"] = at.write(at.read(native) * factor, native)
        if factor != 1 and one.misses(one.alone(arrays)) <= one.limit:
            yield f"scale: 1/√(size of a head) {glue.HELD} in {one.title()} (tested: a query that makes up for it agrees)"
            return


def padding(trial: Trial, found: Map) -> Iterator[str]:
    """Where the border of an image is filled: theirs run without padding on our input as padded."""
    mine, other = trial.settings(), trial.turned().settings()
    if not ("padding" in mine and "padding" in other):
        return
    kinds = [one.theirs.structure.leaf(one.theirs.structure.calls[one.other].leaf).kind for one in (trial, trial.turned())]
    fill = -np.inf if "max_pool" in kinds else 0.0
    padded, ours_pads = _padded(trial.turned(), found, fill)
    _, theirs_pads = _padded(trial, found, fill)
    none = [[0, 0]] * (padded.ndim - 2)
    arrays = {"in/0": trial.theirs.structure.native(padded, trial.other)}
    if ours_pads != theirs_pads and trial.misses(trial.ran(arrays, settings={"padding": none})) <= trial.limit:
        strides = mine.get("strides")
        yield (
            f"padding: {_pads(ours_pads)} (before and after each axis) in {trial.title()}, {_pads(theirs_pads)} in "
            f"{trial.turned().title()}, at stride {strides} (tested: the latter without padding, on the former's padded input, "
            "gives the former's output). `same` in Keras puts the odd row at the end; torch and MXNet pad both ends alike"
        )


def _padded(trial: Trial, found: Map, fill: float) -> tuple[Array, list[list[int]]]:
    """Their input as their layer fills it up, neutral, and how much of its border is filling, what came filled included."""
    structure, settings = trial.theirs.structure, trial.turned().settings()
    array = structure.neutral(trial.theirs.inputs(trial.mode, trial.other)[0], trial.other)
    kernels = [placement.neutral[2:] for placement in trial.placements(found).values() if len(placement.neutral) > 2]
    window = settings.get("window") or (kernels[0] if kernels else ())
    pads = _effective(settings, array.shape[2:], window)
    whole = np.pad(array, [(0, 0), (0, 0), *((one[0], one[1]) for one in pads)], constant_values=fill)
    return whole, [_border(whole, axis, fill) for axis in range(2, whole.ndim)]


def _effective(settings: Mapping[str, Any], sizes: Sequence[int], window: Sequence[int]) -> list[list[int]]:
    """Padding as numbers; `same` as TensorFlow defines it: outputs = ceil(size/stride), the odd one at the end."""
    word = settings["padding"]
    if word == "valid" or (word == "same" and not window):
        return [[0, 0] for _ in sizes]
    if word != "same":
        return [list(pair) for pair in word]
    dilation = settings.get("dilation") or [1] * len(sizes)
    found = []
    for size, stride, length, apart in zip(sizes, settings["strides"], window, dilation, strict=True):
        total = max((-(-size // stride) - 1) * stride + (length - 1) * apart + 1 - size, 0)
        found.append([total // 2, total - total // 2])
    return found


def _border(array: Array, axis: int, fill: float) -> list[int]:
    """How many rows at either end hold nothing but the filling."""
    rows = np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
    full = np.flatnonzero((rows != fill).any(1))
    return [int(full[0]), int(len(rows) - 1 - full[-1])] if len(full) else [0, 0]


def _pads(pads: Sequence[Sequence[int]]) -> str:
    return ", ".join(f"({before}, {after})" for before, after in pads)


CAUSES: tuple[Callable[[Trial, Map], Iterator[str]], ...] = (
    settings,
    hidden_epsilon,
    glue.own_activation,
    attention_scale,
    gate_order,
    mask_meaning,
    turned_kernel,
    padding,
)
"""Tested in this order until one stands."""
