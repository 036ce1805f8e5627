"""Owns the tracing of the models of a comparison: with which shapes each is run, and in which precisions it runs at all.

It refuses to run a model with shapes that nobody stated. A model that states none is tried with another model's shapes, with
their channels as they are and moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing import input_channels, model_structure, random_arrays
from parity.comparing.channel_axes import FIRST, LAST, SIGNAL
from parity.comparing.model_structure import Structure
from parity.comparing.random_arrays import ComparedInput
from parity.errors import UsageError
from parity.execution.names import INPUT, WEIGHT, numbered, under
from parity.execution.own_model.model_client import Refused
from parity.verbs.compare.printing import DTYPES, ComparedModel

Array = npt.NDArray[Any]
Described = Mapping[str, Any]
INPUTS_NEEDED = (
    "Give the inputs' shapes, with the batch: `--inputs 3x16` (one for each input; `3x7:0..99` for integers, "
    "`3x7:bool` for truth values, `ids=3x7:0..99` by its name in the model), `--inputs-from batch.npz`, or "
    '`INPUTS = ["3x16"]` beside `build`'
)


@dataclass(frozen=True)
class TracedModel:
    """A traced model. given: its native inputs; structure: its trace; initial: its weights as built; lacking: dtype -> why it
    does not run in that precision."""

    given: Sequence[ComparedInput]
    structure: Structure
    initial: Mapping[str, Array]
    lacking: Mapping[str, str]


def stated_inputs(stated: Sequence[str]) -> list[ComparedInput]:
    """What stands behind `--inputs`. Raises UsageError."""
    try:
        inputs = [random_arrays.parsed_input(text) for text in stated]
    except ValueError as error:
        raise UsageError(str(error)) from error
    names = [model_input.name for model_input in inputs if model_input.name]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"two inputs are called {twice[0]}")
    return inputs


def traced(models: Sequence[ComparedModel], answers: Sequence[Described], stated: Sequence[ComparedInput]) -> list[TracedModel]:
    """Every model, the one that knows its inputs first. Raises UsageError where nobody says what the models take."""
    try:
        own = _own(answers, stated)
    except ValueError as error:
        raise UsageError(str(error)) from error
    first = next((place for place, model_inputs in enumerate(own) if model_inputs), None)
    if first is None:
        raise UsageError(f"{models[0].label} does not say what it takes: {INPUTS_NEEDED}")
    traced_models = {
        first: _traced(models[first], answers[first], [own[first]], stated=bool(stated or answers[first]["inputs"]))
    }
    for place, model in enumerate(models):
        if place != first:
            candidates = [own[place]] if own[place] else list(_carried(traced_models[first], answers[place]))
            traced_models[place] = _traced(model, answers[place], candidates, traced_models[first].structure.named)
    return [traced_models[place] for place in range(len(models))]


def _own(answers: Sequence[Described], stated: Sequence[ComparedInput]) -> list[list[ComparedInput]]:
    """The known inputs of each model; [] if they must be taken over from another model. Shapes on the command line are those of
    the first model. A batch size that a person states holds for all models."""
    if stated:
        return [list(stated), *([] for _ in answers[1:])]
    own = [[random_arrays.parsed_input(value) for value in answer["inputs"] or ()] for answer in answers]
    own_inputs = [
        [
            ComparedInput((batch or random_arrays.BATCH, *shape), kind, name=name)
            for shape, kind, batch, name in answer["known"] or ()
        ]
        for answer in answers
    ]
    fixed = [bool(answer["inputs"]) and not answer["spec"] for answer in answers]
    batches = [model_inputs[0].shape[0] for model_inputs, mine in zip(own, fixed, strict=True) if mine]
    batches += [batch for answer in answers for _, _, batch, _ in answer["known"] or () if batch]
    return [
        mine if mine and by_hand else [_batched(model_input, batches) for model_input in mine or others]
        for mine, by_hand, others in zip(own, fixed, own_inputs, strict=True)
    ]


def _batched(model_input: ComparedInput, batches: Sequence[int]) -> ComparedInput:
    """An input that a framework or a spec states, with the batch size that a person stated, if any."""
    mine = model_input.shape[0] == random_arrays.BATCH and batches
    return replace(model_input, shape=(batches[0], *model_input.shape[1:])) if mine else model_input


def _carried(source: TracedModel, answer: Described) -> Iterator[list[ComparedInput]]:
    """What another model takes, for one that says nothing, or as the shapes that its framework knows say."""
    layouts = [
        input_channels.entry(source.structure, number, len(model_input.shape))
        for number, model_input in enumerate(source.given)
    ]
    shapes = [tuple(shape) for shape, *_ in answer["known"] or ()]
    names = [random_arrays.parsed_input(value).name for value in answer["inputs"] or ()]
    images = answer["images"]
    usual = [moved(model_input, layout, images) for model_input, layout in zip(source.given, layouts, strict=True)]
    other = [
        moved(model_input, layout, {FIRST: LAST, LAST: FIRST}[images])
        for model_input, layout in zip(source.given, layouts, strict=True)
    ]
    tried = [usual, list(source.given), other, [_flipped(model_input) for model_input in source.given]]
    if len(names) == len(source.given) and any(names):
        tried = [
            [replace(model_input, name=name) for model_input, name in zip(candidate, names, strict=True)] for candidate in tried
        ]
    fitting = [model_inputs for model_inputs in tried if shapes and [each.shape[1:] for each in model_inputs] == shapes]
    yield from fitting or [model_inputs for number, model_inputs in enumerate(tried) if model_inputs not in tried[:number]]


def moved(model_input: ComparedInput, source: str, target: str) -> ComparedInput:
    """An image or a signal with its channels moved from the place `source` to the place `target`; other inputs stay."""
    return _flipped(model_input, target) if source in (FIRST, LAST) and source != target else model_input


def _flipped(model_input: ComparedInput, target: str = LAST) -> ComparedInput:
    if len(model_input.shape) < SIGNAL:
        return model_input
    batch, *sizes = model_input.shape
    values = (
        model_input.values
        if model_input.values is None
        else np.moveaxis(model_input.values, *((1, -1) if target == LAST else (-1, 1)))
    )
    shape = (batch, *sizes[1:], sizes[0]) if target == LAST else (batch, sizes[-1], *sizes[:-1])
    return replace(model_input, shape=shape, values=values)


def _traced(
    model: ComparedModel,
    answer: Described,
    candidates: Sequence[Sequence[ComparedInput]],
    named: Sequence[str] = (),
    stated: bool = False,
) -> TracedModel:
    """With the first inputs that it takes, in float64, or else in float32 alone. named: the outputs of the model that was
    traced first: the same names in another order are told in its order. stated: whether a person says what it takes."""
    refused: dict[str, list[Refused]] = {dtype: [] for dtype in DTYPES}
    for dtype in DTYPES:
        for candidate in candidates:
            asking: dict[str, Any] = {"names": [model_input.name for model_input in candidate], "stated": stated}
            try:
                answered, weights = model.processes[dtype].ask("trace", _blanks(candidate), **asking)
                if answered["named"] != list(named) and sorted(answered["named"]) == sorted(named):
                    asking["outputs"] = list(named)
                    answered, weights = model.processes[dtype].ask("trace", _blanks(candidate), **asking)
            except Refused as error:
                refused[dtype].append(error)
                continue
            structure = model_structure.read(
                model.label, answered, [model_input.shape for model_input in candidate], answer["images"]
            )
            if not structure.outputs:
                raise UsageError(f"{model.side} returns no floating-point tensor: there is nothing to compare")
            lacking = {DTYPES[0]: _reason(refused[DTYPES[0]][0])} if dtype != DTYPES[0] else _narrow(answered)
            if dtype == DTYPES[0]:
                model.processes[DTYPES[1]].ask("trace", _blanks(candidate), **asking)
            return TracedModel(candidate, structure, under(weights, WEIGHT), lacking)
    raise refused[DTYPES[0]][0]


def _narrow(answer: Mapping[str, Any]) -> dict[str, str]:
    """Why a model does not run in float64: its own code holds a number in float32. {} if it does run."""
    return {DTYPES[0]: f"{answer['narrow']} where float64 was asked for"} if answer.get("narrow") else {}


def _reason(error: Refused) -> str:
    """The useful lines of a framework's error, shortened to one line."""
    plain = re.sub("[\x1b\ufffd]\\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    said = [
        line
        for line in lines
        if "Error" in line.split(":")[0] or "not in the list" in line or "float64" in line or "double" in line
    ]
    return " ".join(dict.fromkeys([lines[0], *said[-2:]]))[:300]


def _blanks(model_inputs: Sequence[ComparedInput]) -> dict[str, Array]:
    return numbered(map(random_arrays.blank, model_inputs), INPUT)
