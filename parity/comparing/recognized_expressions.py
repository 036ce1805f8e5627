"""Owns expressions that a model's own code computes from several earlier values: sums (residual paths), attention by hand.

It refuses to name an expression that does not explain every number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors
from parity.comparing.call_pair import Gap
from parity.comparing.tensor_pairs import Side

Array = npt.NDArray[Any]
VALUES = 60
"""How many earlier values are tried, the latest ones."""
SAMPLE = 32
"""Numbers on which a value or a sum is tried before all numbers are compared."""
SCORES = 10_000_000
"""Number of attention scores above which attention is not computed again."""


@dataclass(frozen=True)
class Value:
    """An input or output of an earlier layer. key: equal in both models if the layer is mapped."""

    title: str
    key: Any
    array: Array


def wiring(gap: Gap) -> Iterator[str]:
    """The models take different earlier values, or sums of two: a norm before or behind a sum, a missing residual path."""
    pairs = {place: ("both", place) for place, _ in gap.before}
    theirs = {other: ("both", place) for place, other in gap.before}
    values = [
        _sum(_values(gap.ours, gap.mode, gap.place, pairs), gap.mine, gap.limit(gap.mine)),
        _sum(_values(gap.theirs, gap.mode, gap.theirs_place, theirs), gap.other, gap.limit(gap.other)),
    ]
    if any(_nameless(side, value) for side, terms in zip((gap.ours, gap.theirs), values, strict=True) for value in terms):
        return
    if all(values) and {value.key for value in values[0]} != {value.key for value in values[1]}:
        sums = [" + ".join(value.title for value in terms) for terms in values]
        yield f"wiring: {gap.what(0)} is {sums[0]}; {gap.what(1)} is {sums[1]} (tested on every number)"


def _nameless(side: Side, value: Value) -> bool:
    """Whether a value belongs to a call without a counterpart and without weights. The other model cannot name such a value."""
    if value.key[0] == "both":
        return False
    return not side.structure.leaf(side.structure.calls[value.key[1]].leaf).weights


def _values(side: Side, mode: str, until: int, keys: Mapping[int, Any]) -> list[Value]:
    values = []
    for place in range(until):
        key, title = keys.get(place, (side.structure.label, place)), side.structure.title(place)
        for slot, array in enumerate(side.inputs(mode, place)[:1]):
            values.append(Value(f"what {title} takes", (*key, "in", slot), side.structure.neutral(array, place)))
        output = side.output(mode, place)
        if output is not None:
            values.append(Value(title, key, output))
    return [value for value in values if value.array.dtype.kind == "f"][-VALUES:]


def _sum(values: Sequence[Value], target: Array, limit: float) -> list[Value]:
    """The value that equals the target, or two values whose sum does; [] for none. Values without a batch are broadcast."""
    fitting = [(value, np.broadcast_to(value.array, target.shape)) for value in values if _spreads(value.array, target)]
    if not fitting or not target.size:
        return []
    places = np.linspace(0, target.size - 1, min(SAMPLE, target.size)).astype(int)
    wanted, samples = target.reshape(-1)[places], np.stack([array.reshape(-1)[places] for _, array in fitting])
    for number in reversed(range(len(fitting))):
        if np.abs(samples[number] - wanted).max() <= limit and judged_tensors.distance(fitting[number][1], target) <= limit:
            return [fitting[number][0]]
    for first in reversed(range(len(fitting))):
        gaps = np.abs(samples[first] + samples - wanted).max(1)
        for second in np.flatnonzero(gaps <= limit)[::-1]:
            if judged_tensors.distance(fitting[first][1] + fitting[second][1], target) <= limit:
                return [fitting[min(first, second)][0], fitting[max(first, second)][0]]
    return []


def _spreads(array: Array, target: Array) -> bool:
    if array.ndim > target.ndim or not array.size:
        return False
    return all(size in (1, wanted) for size, wanted in zip(array.shape[::-1], target.shape[::-1], strict=False))


@dataclass(frozen=True)
class Attention:
    """softmax(scale·q·kᵀ + mask)·v with so many heads. scale: a number as text; mask: the hidden places, in words."""

    heads: int
    scale: str
    mask: str


def attention(gap: Gap) -> Iterator[str]:
    """Attention written by hand on the outputs of dense layers, with another scale, mask or number of heads in each model."""
    attentions = [
        _attention(gap.ours, gap, gap.place, gap.mine),
        _attention(gap.theirs, gap, gap.theirs_place, gap.other),
    ]
    if attentions[0] is None or attentions[1] is None or attentions[0] == attentions[1]:
        return
    for name, value in vars(attentions[0]).items():
        other = getattr(attentions[1], name)
        if value != other:
            yield (
                f"{name} of attention: {value} in {gap.labels[0]}, {other} in {gap.labels[1]} (tested: each gives "
                f"{gap.what(0)}, or {gap.what(1)}, of the projections before it)"
            )


def _attention(side: Side, gap: Gap, until: int, target: Array) -> Attention | None:
    if target.ndim != 3:
        return None
    batch, time, size = target.shape
    masks = _masks(side, gap, batch, time)
    for heads in (number for number in range(1, min(size, 32) + 1) if size % number == 0):
        if batch * heads * time * time > SCORES:
            continue
        for query, key, value in _projections(side, gap.mode, until, target.shape, heads):
            scores = query @ key.swapaxes(-1, -2)
            width = size // heads
            scales = {f"1/√{width}": 1 / math.sqrt(width), "1": 1.0, f"1/√{size}": 1 / math.sqrt(size), f"1/{width}": 1 / width}
            for scale, factor in scales.items():
                for name, hidden in masks.items():
                    powers = np.where(hidden, 0.0, np.exp(scores * factor - (scores * factor).max(-1, keepdims=True)))
                    total = powers.sum(-1, keepdims=True)
                    made = (powers / np.where(total == 0, 1, total)) @ value
                    if judged_tensors.distance(made.swapaxes(1, 2).reshape(target.shape), target) <= gap.limit(target):
                        return Attention(heads, scale, name)
    return None


def _masks(side: Side, gap: Gap, batch: int, time: int) -> dict[str, Array]:
    """Name -> hidden places: none, the future, or the places that a boolean input marks, in either meaning."""
    future = np.triu(np.ones((time, time), bool), 1)
    arrays = {"none": np.zeros((time, time), bool), "causal": future}
    for place, array in enumerate(gap.means.given(side.structure.label)):
        if array.dtype.kind == "b" and array.shape == (batch, time):
            keys = array[:, None, None, :]
            arrays |= {f"input {place} hides": keys, f"input {place} lets through": ~keys}
            arrays |= {
                f"causal, and input {place} hides": keys | future,
                f"causal, and input {place} lets through": ~keys | future,
            }
    return arrays


def _projections(side: Side, mode: str, until: int, shape: tuple[int, ...], heads: int) -> Iterator[tuple[Array, Array, Array]]:
    """Candidates for query, key and value, split into heads: from one layer that gives all three, or from three layers."""
    batch, time, size = shape
    width, outputs = size // heads, list[Array]()
    for place in range(until):
        output = side.output(mode, place)
        if output is None or side.structure.leaf(side.structure.calls[place].leaf).kind != "dense":
            continue
        outputs.append(output.reshape(batch, time, -1) if output.size == batch * time * output.shape[-1] else output)
    for whole in reversed([output for output in outputs if output.shape == (batch, time, 3 * size)][-2:]):
        parts = whole.reshape(batch, time, 3, heads, width).transpose(2, 0, 3, 1, 4)
        yield parts[0], parts[1], parts[2]
        parts = whole.reshape(batch, time, heads, 3, width).transpose(3, 0, 2, 1, 4)
        yield parts[0], parts[1], parts[2]
    three = [output.reshape(batch, time, heads, width).swapaxes(1, 2) for output in outputs if output.shape == shape][-3:]
    if len(three) == 3:
        yield three[0], three[1], three[2]
