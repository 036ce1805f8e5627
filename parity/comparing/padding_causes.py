"""Owns the likely causes at the border of an image: how much each end is padded, and how a transposed convolution is cropped.

It refuses to name what it has not tested by running the layer again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors
from parity.comparing.call_pair import CallTrial
from parity.comparing.layer_mapping import LayerMap
from parity.execution.names import GIVEN, TAKEN, array_name

Array = npt.NDArray[Any]


def padding(trial: CallTrial, layer_map: LayerMap) -> Iterator[str]:
    """Padding at other ends of an axis. Tested by running theirs without padding on our padded input."""
    mine, other = trial.settings(), trial.turned().settings()
    if not ("padding" in mine and "padding" in other):
        return
    kinds = [attempt.turned().layer.kind for attempt in (trial, trial.turned())]
    fill = -np.inf if "max_pool" in kinds else 0.0
    padded, ours_pads = _padded(trial.turned(), layer_map, fill)
    _, theirs_pads = _padded(trial, layer_map, fill)
    none = [[0, 0]] * (padded.ndim - 2)
    arrays = {array_name(TAKEN, 0): trial.theirs.structure.native(padded, trial.other)}
    if ours_pads != theirs_pads and trial.misses(trial.ran(arrays, settings={"padding": none})) <= trial.limit:
        strides = mine.get("strides")
        yield (
            f"padding: {_pads(ours_pads)} (before and after each axis) in {trial.title()}, {_pads(theirs_pads)} in "
            f"{trial.turned().title()}, at stride {strides} (tested: the latter without padding, on the former's padded input, "
            "gives the former's output). `same` in Keras puts the odd row at the end; torch and MXNet pad both ends alike"
        )


def _padded(trial: CallTrial, layer_map: LayerMap, fill: float) -> tuple[Array, list[list[int]]]:
    """Their input with their layer's padding, in neutral order, and the width of the filled border at both ends of each axis.
    The border includes rows that were filled before the layer."""
    structure, settings = trial.theirs.structure, trial.turned().settings()
    array = structure.neutral(trial.theirs.inputs(trial.mode, trial.other)[0], trial.other)
    kernels = [placement.neutral[2:] for placement in trial.placements(layer_map).values() if len(placement.neutral) > 2]
    window = settings.get("window") or (kernels[0] if kernels else ())
    pads = _effective(settings, array.shape[2:], window)
    whole = np.pad(array, [(0, 0), (0, 0), *((pad[0], pad[1]) for pad in pads)], constant_values=fill)
    return whole, [_border(whole, axis, fill) for axis in range(2, whole.ndim)]


def _effective(settings: Mapping[str, Any], sizes: Sequence[int], window: Sequence[int]) -> list[list[int]]:
    """Padding as numbers for both ends of each axis. `same` is as TensorFlow defines it: outputs = ceil(size/stride), and an
    odd row goes to the end."""
    word = settings["padding"]
    if word == "valid" or (word == "same" and not window):
        return [[0, 0] for _ in sizes]
    if word != "same":
        return [list(pair) for pair in word]
    dilation = settings.get("dilation") or [1] * len(sizes)
    paddings = []
    for size, stride, length, apart in zip(sizes, settings["strides"], window, dilation, strict=True):
        total = max((-(-size // stride) - 1) * stride + (length - 1) * apart + 1 - size, 0)
        paddings.append([total // 2, total - total // 2])
    return paddings


def _border(array: Array, axis: int, fill: float) -> list[int]:
    """How many rows at the start and at the end hold nothing but the fill value."""
    rows = np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
    full = np.flatnonzero((rows != fill).any(1))
    return [int(full[0]), int(len(rows) - 1 - full[-1])] if len(full) else [0, 0]


def _pads(pads: Sequence[Sequence[int]]) -> str:
    return ", ".join(f"({before}, {after})" for before, after in pads)


def cropping(trial: CallTrial, _: LayerMap) -> Iterator[str]:
    """Other rows kept of a transposed convolution's whole output. Tested by running theirs without padding and finding both
    outputs in the result."""
    crossed, structure = trial.crossed(), trial.theirs.structure
    kinds = [attempt.layer.kind for attempt in (trial, trial.turned())]
    outputs = trial.ours.output(trial.mode, trial.mine), trial.theirs.output(trial.mode, trial.other)
    if crossed is None or set(kinds) != {"conv_transpose2d"} or outputs[0] is None or outputs[1] is None:
        return
    change = {"call": trial.other, "training": False, "settings": {"padding": [[0, 0], [0, 0]]}}
    array = trial.means.rerun(structure.label, change, crossed).get(array_name(GIVEN, 0))
    if array is None:
        return
    whole = structure.neutral(array, trial.other)
    offsets = [_offset(whole, output, trial.limit) for output in outputs if output is not None]
    if offsets[0] is not None and offsets[1] is not None and offsets[0] != offsets[1]:
        yield (
            f"padding: of the whole transposed convolution {trial.title()} leaves out the first {offsets[0]} rows and columns, "
            f"{trial.turned().title()} the first {offsets[1]} (tested: both lie in what the latter gives without padding). "
            "`same` in Keras leaves out the odd row at the end"
        )


def _offset(whole: Array, part: Array, limit: float) -> tuple[int, int] | None:
    """The row and column of `whole` at which `part` begins; None if it is not in there. Rows of `part` that reach beyond the
    end of `whole` were filled up and are not compared."""
    for top in range(whole.shape[2] - part.shape[2] // 2):
        for left in range(whole.shape[3] - part.shape[3] // 2):
            window = whole[:, :, top : top + part.shape[2], left : left + part.shape[3]]
            if judged_tensors.distance(window, part[:, :, : window.shape[2], : window.shape[3]]) <= limit:
                return top, left
    return None
