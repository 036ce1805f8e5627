"""Owns the notes beside a comparison's verdict: that drawn weights replaced the models' own weights, where rows of features are
permuted between the models, and where a model takes images in the other framework's layout.

It refuses to judge: a note changes no verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import input_channels, judged_tensors
from parity.comparing.channel_axes import FIRST, LAST, SIGNAL
from parity.comparing.layer_mapping import LayerMap
from parity.comparing.model_structure import Structure
from parity.judgement import budgets

Array = npt.NDArray[Any]
NAMED = 4
"""Buffers that are named."""
Weights = Mapping[str, Mapping[str, Array]]
"""label -> native name -> the model's own weight."""


def of(ours: Structure, theirs: Structure, layer_map: LayerMap, initial: Weights, own: bool = False) -> tuple[str, ...]:
    """Every note on two models, the one on their weights first, where they did not run with their own."""
    drawn = () if own else (weights(ours.label, theirs.label, layer_map, initial),)
    return (
        *drawn,
        *_held(ours.label, theirs.label, layer_map, initial),
        *_rows(ours, theirs, layer_map),
        *_doors(ours, theirs),
    )


def weights(mine: str, other: str, layer_map: LayerMap, initial: Weights) -> str:
    """The note that both models ran with drawn weights, and in how many tensors their own weights differ."""
    ran = f"{mine} and {other} ran with the same drawn weights in the place of their own"
    differing, count = list[tuple[float, str]](), 0
    for match in layer_map.matches:
        for role, at in match.weights.items():
            if mine in at and other in at:
                left, right = (at[label].read(initial[label][at[label].native]) for label in (mine, other))
                count += 1
                scale = max(budgets.greatest(left), budgets.greatest(right))
                gap = judged_tensors.distance(left, right)
                if gap > judged_tensors.SHADOW * budgets.roundoff("float32") * scale:
                    differing.append((gap / scale if scale else gap, f"{match.leaves[mine]} {role}"))
    if not differing:
        return f"{ran}; their own weights are equal in all {count} tensors" if count else ran
    sentence = f"{ran}; their own weights differ in {len(differing)} of {count} tensors, most in {max(differing)[1].strip()}"
    return f"{sentence}: the verdict is on what the models compute, not on their own weights"


def _held(mine: str, other: str, layer_map: LayerMap, initial: Weights) -> Iterator[str]:
    """Buffers of one name and shape that are no layer's, which nothing is drawn for, and which hold other numbers."""
    mapped = {placement.native for match in layer_map.matches for at in match.weights.values() for placement in at.values()}
    both = [name for name in initial[mine] if name in initial[other] and name not in mapped]
    apart = [
        name
        for name in both
        if initial[mine][name].shape == initial[other][name].shape
        and judged_tensors.distance(initial[mine][name], initial[other][name])
        > judged_tensors.SHADOW * budgets.roundoff("float32") * budgets.greatest(initial[mine][name])
    ]
    if apart:
        more = f" and {len(apart) - NAMED} more" if len(apart) > NAMED else ""
        names = f"{', '.join(apart[:NAMED])}{more}"
        yield f"{names}: buffers that hold other numbers in {mine} than in {other}; none are drawn for them"


def _rows(ours: Structure, theirs: Structure, layer_map: LayerMap) -> Iterator[str]:
    labels = ours.label, theirs.label
    for match in layer_map.matches:
        for role, at in match.weights.items():
            images = [at[label].image if label in at else () for label in labels]
            if bool(images[0]) != bool(images[1]):
                last = labels[0] if images[0] else labels[1]
                first = labels[1] if images[0] else labels[0]
                *sizes, channels = images[0] or images[1]
                yield (
                    f"the inputs of {match.leaves[labels[0]]} {role} are permuted between the models: {first} flattens "
                    f"{(channels, *sizes)}, channels first, and {last} {(*sizes, channels)}, channels last"
                )


def _doors(ours: Structure, theirs: Structure) -> Iterator[str]:
    for structure in (ours, theirs):
        for number, shape in enumerate(structure.takes):
            layout = input_channels.entry(structure, number, len(shape)) if len(shape) >= SIGNAL else ""
            if layout in (FIRST, LAST) and structure.lies != layout:
                computes = f"computes with channels {structure.lies}"
                yield f"{structure.label} takes input {number} with channels {layout}, and {computes}"


def permutation(order: Sequence[int]) -> str:
    """The two shapes in words, if this order of numbers exchanges the axes of a matrix or an image; "" otherwise."""
    count = len(order)
    wanted = np.asarray(order)
    for rows in range(2, count // 2 + 1):
        if count % rows == 0 and np.array_equal(np.arange(count).reshape(rows, -1).T.reshape(-1), wanted):
            return f"({rows}, {count // rows}) against ({count // rows}, {rows})"
    return ""
