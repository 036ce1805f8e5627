"""Owns the test of a departing step of code: the other model runs again with this step's numbers, and must then agree.

It refuses to name a step whose numbers leave the departure of the other model as it was. code_sentences.py has the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import code_departures, code_sentences, judged_tensors
from parity.comparing.call_pair import CallTrial, Gap
from parity.comparing.code_departures import CodePass, KnownValues, Region, Step
from parity.comparing.tensor_pairs import Side
from parity.execution.names import GIVEN, OUTPUT, TAKEN, array_name

Array = npt.NDArray[Any]
ROUNDS = 40
"""Greatest number of searches, each behind the steps replaced before: a recurrent cell needs one for every time step."""
FEW, LARGE = 4, 5_000_000
"""FEW replaces ROUNDS and CANDIDATES if the values of a pass hold LARGE numbers or more."""
SLOTS, CANDIDATES = 4, 12
"""Greatest number of a layer's inputs that are compared; of steps left out in turn, and failures in a row that end a search."""


@dataclass(frozen=True)
class DepartingPlace:
    """Where two models depart: inside of a layer's call (trial), or in the code before a call or an output (gap)."""

    ours: Side
    theirs: Side
    trial: CallTrial | None
    gap: Gap | None

    @property
    def mode(self) -> str:
        return self.gap.mode if self.gap is not None else self.trial.mode if self.trial is not None else "eval"


def between(gap: Gap) -> Iterator[str]:
    """Causes in functions called outside of layers, before a layer that agrees or before the output."""
    yield from _named(DepartingPlace(gap.ours, gap.theirs, None, gap))


def within(trial: CallTrial, _: Any = None) -> Iterator[str]:
    """Causes in functions called by a layer of the user's own."""
    if trial.inputs_agree() and any(_own(attempt) for attempt in (trial, trial.turned())):
        yield from _named(DepartingPlace(trial.ours, trial.theirs, trial, None))


def _own(trial: CallTrial) -> bool:
    leaf = trial.layer
    return leaf.kind == leaf.written


def _named(place: DepartingPlace) -> Iterator[str]:
    ours, theirs = (_pass(place, side, {}) for side in (0, 1))
    if ours is None or theirs is None:
        return
    labels = place.ours.structure.label, place.theirs.structure.label
    targets = _targets(place, ours, theirs)
    if targets is None:
        return
    if place.gap is not None and not place.gap.last:
        sentence = code_sentences.exchanged((ours[0], theirs[0]), targets, place.gap.titles)
        if sentence:
            yield sentence
            return
    if any(step.number >= 0 for code_passes in (ours, theirs) for step in code_passes[0].steps):
        sentences = list(code_sentences.sentences(_searched(place, ours, theirs), labels))
        last = sentences or [
            code_sentences.reordered(ReplacedNumbers(place, ours, theirs, turned=False).regions(targets), labels)
        ]
        yield from filter(None, last)


SeenCode = tuple[CodePass, Mapping[str, Array]]


def _pass(place: DepartingPlace, side: int, replaced: Mapping[int, Array]) -> SeenCode | None:
    own = (place.ours, place.theirs)[side]
    means = place.gap.means if place.gap is not None else place.trial.means if place.trial is not None else None
    if means is None:
        return None
    calls = len(own.structure.calls)
    until = _until(place, side)
    answer, arrays = means.functions(own.structure.label, place.mode == "train", (0, min(until, calls)), replaced)
    if not arrays:
        return None
    return code_departures.read(
        own.structure, answer, arrays, means.given(own.structure.label), own.before, min(until, calls)
    ), arrays


def _until(place: DepartingPlace, side: int) -> int:
    """The index of the call at whose input the pass may end; one more if the departure is inside of a call."""
    if place.gap is not None:
        return (place.gap.place, place.gap.theirs_place)[side]
    return 0 if place.trial is None else (place.trial.mine, place.trial.other)[side] + 1


def _targets(place: DepartingPlace, ours: SeenCode, theirs: SeenCode) -> tuple[Array, Array] | None:
    """The two departing values, native. If a step gives float32 in a float64 run, only errors beyond float32's count."""
    return _departing(place, ours[1], theirs[1], any(_narrow(code_passes[0]) for code_passes in (ours, theirs)))


def _narrow(own: CodePass) -> bool:
    return any(array.dtype == np.float32 for step in own.steps for array in step.gave)


def _departing(
    place: DepartingPlace, ours: Mapping[str, Array], theirs: Mapping[str, Array], coarse: bool
) -> tuple[Array, Array] | None:
    sides = (place.ours.structure, place.theirs.structure)
    at: tuple[int | None, int | None] = (None, None)
    if place.trial is not None:
        at = place.trial.mine, place.trial.other
        names = [tuple(array_name(GIVEN, call, 0) for call in at)]
    elif place.gap is not None and place.gap.last:
        name = array_name(OUTPUT, place.gap.titles[0].split()[1])
        names = [(name, name)]
    elif place.gap is not None:
        at = place.gap.place, place.gap.theirs_place
        names = [tuple(array_name(TAKEN, call, slot) for call in at) for slot in range(SLOTS)]
    for mine, other in names:
        if mine not in ours or other not in theirs:
            continue
        counterparts = ours[mine], theirs[other]
        neutral = [side.neutral(array, call) for side, array, call in zip(sides, counterparts, at, strict=True)]
        if counterparts[0].dtype.kind == "f" and (
            neutral[0].shape != neutral[1].shape or judged_tensors.distance(*neutral) > _limit(neutral[0], coarse)
        ):
            return counterparts
    return None


def _limit(array: Array, coarse: bool) -> float:
    greatest = float(np.max(np.abs(array[np.isfinite(array)]), initial=0.0))
    return 10 * (judged_tensors.narrow(1, greatest) if coarse else judged_tensors.tolerance(1, greatest, 0.0))


@dataclass(frozen=True)
class Counterparts:
    """A step of each model: with the output of one in place of the other's, the departure is gone. None: this model has no such
    step and hands on one of the values that the other's step takes. fronts: the first steps that depart in each model."""

    first: Step | None
    second: Step | None
    passes: tuple[CodePass, CodePass]
    fronts: tuple[Sequence[Step], Sequence[Step]] = ((), ())


@dataclass(frozen=True)
class ReplacedNumbers:
    """The fixed model's numbers replace numbers of the moving model, which runs again. turned: the moving model is ours."""

    place: DepartingPlace
    fixed: SeenCode
    moving: SeenCode
    turned: bool

    def found(self, fixed: Step | None, moving: Step | None, regions: Regions | None = None) -> Counterparts:
        fronts = (regions[0].front, regions[1].front) if regions else ((), ())
        if self.turned:
            return Counterparts(moving, fixed, (self.moving[0], self.fixed[0]), (fronts[1], fronts[0]))
        return Counterparts(fixed, moving, (self.fixed[0], self.moving[0]), fronts)

    def targets(self) -> tuple[Array, Array] | None:
        """The departing values of the fixed and of the moving model; None if nothing departs."""
        both = (self.moving, self.fixed) if self.turned else (self.fixed, self.moving)
        steps = _targets(self.place, *both)
        return None if steps is None else (steps[::-1] if self.turned else steps)

    def again(self, replaced: Mapping[int, Array]) -> ReplacedNumbers | None:
        """The same after another run of the moving model. given: number of a step -> the numbers that replace its output."""
        moving = _pass(self.place, 0 if self.turned else 1, replaced)
        return None if moving is None else replace(self, moving=moving)

    def agrees(self, number: int, array: Array) -> bool:
        """Whether the departure is gone when this array replaces the output of a step."""
        again = self.again({number: array})
        return again is not None and again.targets() is None

    def regions(self, targets: tuple[Array, Array]) -> Regions:
        fixed, moving = self.fixed[0], self.moving[0]
        first = code_departures.region(fixed, targets[0], KnownValues(moving.values()))
        return first, code_departures.region(moving, targets[1], KnownValues(fixed.values()))


Regions = tuple[code_departures.Region, code_departures.Region]


def _searched(place: DepartingPlace, ours: SeenCode, theirs: SeenCode) -> list[Counterparts]:
    """Pairs of steps that leave no departure when they are made equal; [] if there are none."""
    ways = [ReplacedNumbers(place, ours, theirs, turned=False), ReplacedNumbers(place, theirs, ours, turned=True)]
    for search in (_paired, _left_out, _bottleneck):
        for way in ways:
            tried = search(way)
            if tried:
                return tried
    return []


def _small(way: ReplacedNumbers) -> bool:
    return sum(array.size for array in way.fixed[0].values()) < LARGE


def _paired(way: ReplacedNumbers) -> list[Counterparts]:
    """Pairs of the same function, on other values or with other settings, replaced until nothing departs (a cell's steps)."""
    replaced: dict[int, Array] = {}
    tried: list[Counterparts] = []
    for _ in range(ROUNDS if _small(way) else FEW):
        targets = way.targets()
        if targets is None:
            return tried
        regions = way.regions(targets)
        new = _replaced(way, *regions)
        if not new:
            return []
        for fixed, moving, array in new:
            replaced[moving.number] = array
            tried.append(way.found(fixed, moving))
        again = way.again(replaced)
        if again is None:
            return []
        way = again
    return []


def _replaced(way: ReplacedNumbers, first: Region, second: Region) -> list[tuple[Step, Step, Array]]:
    """Steps of both fronts that call the same function, in order, with the first step's output in the second's layout."""
    steps: list[tuple[Step, Step, Array]] = []
    free = [step for step in second.front if step.number >= 0 and len(step.gave) == 1]
    for step in (step for step in first.front if len(step.gave) == 1):
        named = [call for call in free if code_sentences.word(call) == code_sentences.word(step)]
        fitting = [call for call in named if call.gave[0].size == step.gave[0].size] or named
        array = _as_given(way, step, fitting[0]) if fitting else None
        if array is not None:
            free.remove(fitting[0])
            steps.append((step, fitting[0], array))
    return steps


def _as_given(way: ReplacedNumbers, step: Step, other: Step) -> Array | None:
    """A step's output in the layout of the other step's output, derived from their inputs if these hold the same numbers."""
    mine, theirs = step.gave[0], other.gave[0]
    for taken_array in step.taken:
        for two in other.taken:
            if taken_array.ndim == mine.ndim and two.ndim == theirs.ndim and code_departures.same(taken_array, two):
                turned = code_departures.converted(taken_array, two, mine)
                if turned is not None and turned.shape == theirs.shape:
                    return turned
    native = way.moving[0].structure.native(way.fixed[0].structure.neutral(mine))
    if native.shape == theirs.shape or (mine.size != theirs.size and native.ndim == theirs.ndim):
        return native
    return native.reshape(theirs.shape) if mine.size == theirs.size else None


def _left_out(way: ReplacedNumbers) -> list[Counterparts]:
    """A step that the fixed model lacks: without it (the moving model hands on one of its inputs) nothing departs."""
    targets = way.targets()
    if targets is None:
        return []
    regions = way.regions(targets)
    single = [step for step in regions[1].steps if step.number >= 0 and len(step.gave) == 1]
    for step in single[: CANDIDATES if _small(way) else FEW]:
        named = [call for call in way.fixed[0].steps if code_sentences.word(call) == code_sentences.word(step)]
        alike = [call for call in named if code_sentences.same(step, call)]
        for value in step.taken:
            if value.shape == step.gave[0].shape and way.agrees(step.number, value):
                return [way.found(alike[0] if alike else None, step)]
    return []


def _bottleneck(way: ReplacedNumbers) -> list[Counterparts]:
    """The first pair of steps behind which nothing departs if their outputs are made equal: the cause lies before them."""
    targets = way.targets()
    if targets is None:
        return []
    regions = way.regions(targets)
    single = [[step for step in region.steps if len(step.gave) == 1] for region in regions]
    best, failed = list[Counterparts](), 0
    for moving in reversed([step for step in single[1] if step.number >= 0]):
        alike = [step for step in single[0] if code_sentences.word(step) == code_sentences.word(moving)]
        fitting = [step for step in single[0] if step.gave[0].size == moving.gave[0].size] or alike
        named = [step for step in reversed(fitting) if any(step is same for same in alike)]
        made = False
        for fixed in (named or fitting[::-1])[:2]:
            array = _as_given(way, fixed, moving)
            if array is not None and way.agrees(moving.number, array):
                best, made = [way.found(fixed, moving, regions)], True
                break
        failed = 0 if made else failed + 1
        if failed > (CANDIDATES if _small(way) else FEW):
            break
    return best
