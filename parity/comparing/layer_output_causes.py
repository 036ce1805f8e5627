"""Owns causes that show in the inputs and outputs of layers: which function each is, numbers that a framework holds in float32,
and time exchanged with batch.

It refuses to look inside of layers; code_reruns.py looks at the code between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import judged_tensors, recognized_functions
from parity.comparing.call_pair import CallTrial, Gap
from parity.comparing.recognized_activations import HELD
from parity.comparing.rerun_interface import NOTHING
from parity.execution.names import GIVEN, TAKEN, array_name

Array = npt.NDArray[Any]
RESIZES = ("resiz", "upsampl", "interpol")
"""Parts of the names of functions that TensorFlow computes in float32 even on float64 inputs."""
NARROW = (*RESIZES, "prelu")
"""Parts of the names of layers whose numbers a framework holds in float32. MXNet does so for the negative inputs of a PReLU."""


def made(trial: CallTrial, _: Any = None) -> Iterator[str]:
    """Two layers that took the same numbers but compute different functions, both of which have a name."""
    if not trial.inputs_agree():
        return
    names = []
    for attempt in (trial.turned(), trial):
        structure, output = attempt.theirs.structure, attempt.theirs.output(attempt.mode, attempt.other)
        taken = attempt.theirs.inputs(attempt.mode, attempt.other)
        before = structure.neutral(taken[0], attempt.other) if taken else None
        name = "" if before is None or output is None else recognized_functions.named(before, output, attempt.limit)
        names.append(name)
    if all(names) and names[0] != names[1] and not any(name.startswith(recognized_functions.FITTED) for name in names):
        yield f"function: {names[0]} in {trial.title()}, {names[1]} in {trial.turned().title()} (tested on what they took)"


def held_by_layer(trial: CallTrial, _: Any = None) -> Iterator[str]:
    """A layer whose numbers one framework holds in float32 in a float64 run: the framework's own way."""
    outputs = [attempt.ours.output(attempt.mode, attempt.mine) for attempt in (trial, trial.turned())]
    if outputs[0] is None or outputs[1] is None or outputs[0].shape != outputs[1].shape or not trial.inputs_agree():
        return
    for side, attempt in enumerate((trial, trial.turned())):
        mine, other = outputs[side], outputs[1 - side]
        written = attempt.layer.written
        if _own_way(mine, other, attempt.mine) and _named(written, NARROW):  # type: ignore[arg-type]
            yield f"precision: the numbers of {attempt.title()} are {HELD} (tested: float32 holds every one that departs)"


def held_between(gap: Gap) -> Iterator[str]:
    """The same as `held_by_layer` for a function called in `forward`, or for a layer that the other model lacks."""
    if gap.mine.shape != gap.other.shape:
        return
    for side, (own, mine, until) in enumerate(((gap.ours, gap.mine, gap.place), (gap.theirs, gap.other, gap.theirs_place))):
        if not _own_way(mine, (gap.other, gap.mine)[side], gap.place):
            continue
        label = own.structure.label
        answer, _ = gap.means.functions(label, gap.mode == "train", (0, until), {})
        names = [f"`{entry['code'] or entry['name']}` ({entry['where']})" for entry in answer if resizes(entry["name"])]
        names += [own.structure.title(place) for place in range(until) if resizes(own.structure.title(place))]
        if names:
            yield f"precision: the numbers of {names[-1]} are {HELD} in {label} (tested: float32 holds every one that departs)"
            return


def resizes(name: str) -> bool:
    """Whether a layer or a function of this name resizes images."""
    return _named(name, RESIZES)


def _named(name: str, words: Sequence[str]) -> bool:
    return any(word in name.lower() for word in words)


def _own_way(mine: Array, other: Array, place: int) -> bool:
    """Whether the departing numbers of `mine` are all held by float32 while those of `other` are not, and the two differ by no
    more than float32 explains."""
    close = judged_tensors.distance(mine, other) <= judged_tensors.narrow(place + 1, float(np.max(np.abs(other), initial=0.0)))
    apart = np.abs(mine - other) > judged_tensors.tolerance(place + 1, 0.0, 0.0)
    held = [np.array_equal(array[apart], array[apart].astype(np.float32)) for array in (mine, other)]
    return close and bool(apart.any()) and held == [True, False]


def time_for_batch(of: CallTrial | Gap) -> Iterator[str]:
    """A layer over time that takes the first axis as time, while its counterpart takes it as the batch. Tested by running one
    of them the other way."""
    calls = [*of.before] if isinstance(of, Gap) else [*of.before(), (of.mine, of.other)]
    sides = of.ours, of.theirs
    for mine, other in calls:
        leaves = [side.structure.leaf(side.structure.calls[at].leaf) for side, at in zip(sides, (mine, other), strict=True)]
        major = [bool(leaf.settings.get("time_major")) for leaf in leaves]
        if major[0] == major[1]:
            continue
        side = next(place for place in (1, 0) if "time_major" in leaves[place].settings)
        at = (mine, other)[side]
        natives = [side.inputs(of.mode, place)[0] for side, place in zip(sides, (mine, other), strict=True)]
        wanted = sides[1 - side].seen["float64"].get(array_name(of.mode, GIVEN, (mine, other)[1 - side], 0))
        if natives[0].shape != natives[1].shape or wanted is None or natives[0].ndim != 3:
            continue
        change = {**NOTHING, "settings": {"time_major": not major[side]}, "call": at, "training": of.mode == "train"}
        taken = {array_name(TAKEN, 0): natives[1 - side]}
        got = of.means.rerun(sides[side].structure.label, change, taken).get(array_name(GIVEN, 0))
        if got is None or not _ends_alike(got, wanted, first=major[1 - side]):
            continue
        titles = [side.structure.title(place) for side, place in zip(sides, (mine, other), strict=True)]
        axes = ["(time, batch, …)" if yes else "(batch, time, …)" for yes in major]
        said = [f"{way} in {side.structure.label} {title}" for way, side, title in zip(axes, sides, titles, strict=True)]
        yield f"time and batch exchanged: the same axes are taken as {said[0]}, as {said[1]} (tested: so run it agrees)"
        return


def _ends_alike(got: Array, wanted: Array, first: bool) -> bool:
    """Whether two outputs agree. If only one is a sequence, its last step is compared. first: its time axis is the first."""
    if got.ndim == 3 and wanted.ndim == 2:
        got = got[-1] if first else got[:, -1]
    limit = judged_tensors.tolerance(1, float(np.max(np.abs(wanted), initial=0.0)), 0.0) * 10
    return got.shape == wanted.shape and judged_tensors.distance(got, wanted) <= limit
