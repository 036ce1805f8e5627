"""Owns `parity compare`: the user's own models, each in its framework's interpreter, mapped, run and judged side by side.

It refuses to import them: execution.own_model.conversation holds their processes, parity.comparing knows what answers mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from parity.comparing import (
    causes,
    departures,
    drawing,
    glue,
    judging,
    logarithms,
    mapfile,
    mapping,
    pairing,
    structures,
    training,
)
from parity.comparing.mapping import Map, Unmappable
from parity.comparing.pairing import Side
from parity.comparing.structures import Structure
from parity.errors import UsageError
from parity.execution.frameworks import OWN_MODELS
from parity.execution.launcher.environments import Unavailable, installed
from parity.execution.names import INPUT, LOSS, WEIGHT, numbered, put_under, under
from parity.execution.own_model.conversation import Conversation, Crashed, Refused
from parity.judgement.verdicts import exit_status
from parity.spec import source
from parity.spec.mistakes import SpecError, short
from parity.trials import limits, selection
from parity.trials.streams import stream
from parity.verbs import terminal
from parity.verbs.compare import inputs as compared_inputs
from parity.verbs.compare import spec_side
from parity.verbs.compare.output import DTYPES, Compared, ComparedModel, show, write_json
from parity.verbs.terminal.targets import own_realizations

Array = npt.NDArray[Any]
MODELS = 3
LEARNING_RATE = 2.0**-6
"""Of the one step of SGD: held exactly by float32, and large enough that the update outweighs the rounding of the weight."""


def compare(
    sides: Sequence[str],
    *,
    size: str = "full",
    weights_map: Path | None = None,
    inputs: Sequence[str] = (),
    seed: int = 0,
    map_path: Path | None = None,
    python_path: Sequence[Path] = (),
) -> list[Compared]:
    """Runs and judges `torch=package.module:build` … against the first of them, or against `spec=lenet`, of this size.
    Writes the map of weights to `map_path`. python_path: where their modules lie; the working directory where none is given.

    Raises UsageError (nothing to compare, inputs unknown, layers without a counterpart), Crashed (a model fails).
    """
    limits.check_numbers(seeds=[seed])
    named = _named_sides(sides)
    if size != "full" and all(framework != spec_side.SPEC for framework, _ in named):
        raise UsageError(f"--size {short(size)} is of `spec=NAME`: a model of your own has the size that it is built in")
    with ExitStack() as stack:
        models = [
            spec_side.side(label, target, size)
            if framework == spec_side.SPEC
            else _started(label, framework, target, tuple(python_path) or (Path.cwd(),), stack)
            for label, (framework, target) in zip(_labels([name for name, _ in named]), named, strict=True)
        ]
        return _compared(models, weights_map, inputs, seed, map_path)


def _named_sides(sides: Sequence[str]) -> list[tuple[str, str]]:
    """(framework, target) of each, a spec first: what is asked is what the others are held against."""
    if not 2 <= len(sides) <= MODELS:
        raise UsageError("name two or three models: parity compare torch=package.module:build keras=package.module:build")
    specs = [side.removeprefix(f"{spec_side.SPEC}=") for side in sides if side.startswith(f"{spec_side.SPEC}=")]
    models = [one for side in sides if not side.startswith(f"{spec_side.SPEC}=") for one in own_realizations([side]).items()]
    return [*((spec_side.SPEC, name) for name in specs), *models]


def _labels(names: Sequence[str]) -> list[str]:
    """The framework's name, numbered where it stands twice."""
    return [name if names.count(name) == 1 else f"{name}-{names[: place + 1].count(name)}" for place, name in enumerate(names)]


def _started(label: str, framework: str, target: str, python_path: tuple[Path, ...], stack: ExitStack) -> ComparedModel:
    try:
        selection.that_train([framework], OWN_MODELS)
        interpreter = installed(framework).interpreter
        started = (Conversation(framework, interpreter, target, dtype, python_path) for dtype in DTYPES)
        processes = {one.dtype: stack.enter_context(one) for one in started}
    except (ValueError, Unavailable) as error:
        raise UsageError(str(error)) from error
    return ComparedModel(label, framework, target, processes)


def _compared(
    models: Sequence[ComparedModel], weights_map: Path | None, inputs: Sequence[str], seed: int, map_path: Path | None
) -> list[Compared]:
    described = [model.processes["float64"].ask("describe")[0] for model in models]
    models = [replace(model, version=answer["version"]) for model, answer in zip(models, described, strict=True)]
    wanted = compared_inputs.wanted(models, described, inputs)
    answers = [
        {dtype: model.processes[dtype].ask("trace", numbered(map(drawing.blank, given), INPUT)) for dtype in DTYPES}
        for model, given in zip(models, wanted, strict=True)
    ]
    found = [structures.read(model.label, answer["float64"][0]) for model, answer in zip(models, answers, strict=True)]
    mapped = _mapped(found, weights_map, map_path, {model.label: f"{model.framework}={model.target}" for model in models})
    found = [replace(one, channels=mapped.channels[one.label]) for one in found]
    initial = {model.label: under(answer["float64"][1], WEIGHT) for model, answer in zip(models, answers, strict=True)}
    run = ObservedModels(models, found, wanted, mapped, initial, seed)
    sides, given = run.observed(0)
    others = zip(models[1:], sides[1:], strict=True)
    return [_judged(run, other, sides[0], side, given) for other, side in others]


@dataclass(frozen=True)
class ObservedModels:
    """What is observed again and again: models with their structures, and what their draws hang on."""

    models: Sequence[ComparedModel]
    structures: Sequence[Structure]
    wanted: Sequence[Sequence[drawing.Given]]
    mapped: Map
    initial: Mapping[str, Mapping[str, Array]]
    seed: int

    def observed(self, draw: int) -> tuple[list[Side], dict[str, list[Array]]]:
        """Every model in both precisions, and the native inputs that each was given."""
        numbers, base = stream("compare", self.seed, draw), self.structures[0]
        drawn = compared_inputs.drawn(self.structures, self.wanted, numbers)
        weights = drawing.weights(self.mapped, self.initial, base.label, numbers)
        losses = drawing.losses(base, numbers)
        sides, given = [], dict[str, list[Array]]()
        for model, structure in zip(self.models, self.structures, strict=True):
            given[model.label] = [structure.native(array) for array in drawn]
            asked = {
                **numbered(given[model.label], INPUT),
                **numbered([structure.native(array) for array in losses], LOSS),
                **put_under(weights[model.label], WEIGHT),
            }
            seen = {dtype: model.processes[dtype].ask("observe", asked, learning_rate=LEARNING_RATE)[1] for dtype in DTYPES}
            sides.append(Side(structure, seen, weights[model.label]))
        return sides, given


def _mapped(found: list[Structure], weights_map: Path | None, map_path: Path | None, sides: dict[str, str]) -> Map:
    """The map from the user's file, or made and written."""
    try:
        if weights_map is not None:
            document = source.read_file(weights_map)
            if document.mistakes:
                raise SpecError(list(document.mistakes))
            return mapfile.parsed(document.table, found)
        mapped = mapping.automatic(found)
    except ValueError as error:
        raise UsageError(f"{weights_map}: {error}") from error
    except Unmappable as error:
        if map_path is not None:
            map_path.write_text(mapfile.text(error.found, sides))
        advice = f"Make the shapes equal, or say which layer is which in {map_path or 'a map'} and pass it with --weights-map."
        raise UsageError(f"{error}\n{advice}") from error
    if map_path is not None:
        map_path.write_text(mapfile.text(mapped, sides))
    return mapped


def _judged(run: ObservedModels, other: ComparedModel, ours: Side, theirs: Side, given: Mapping[str, list[Array]]) -> Compared:
    """Every pass judged; the first departure looked into."""
    base, processes = run.models[0], {model.label: model.processes["float64"] for model in run.models}

    def rerun(label: str, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        try:
            return processes[label].ask("rerun", arrays, **change)[1]
        except Refused:  # a layer that cannot be asked so bears out no cause
            return {}

    def inverted(label: str, place: int) -> Mapping[str, Array]:
        arrays = given[label]
        return processes[label].ask("forward", numbered([*arrays[:place], ~arrays[place], *arrays[place + 1 :]], INPUT))[1]

    means = departures.Means(rerun, inverted, lambda label: given[label])
    calls = mapping.calls(ours.structure, theirs.structure, run.mapped)
    passes = pairing.passes(ours, theirs, run.mapped, calls)
    found = [one for pairs in passes for one in judging.judged(pairs)]
    departure = causes.first(ours, theirs, calls, means, run.mapped) or training.statistics(
        ours, theirs, run.mapped, calls, means
    )
    departure = departure or training.gradients(passes[2], found, (base.label, other.label))
    if judging.narrow_alone(found):
        place = run.models.index(other)
        draws = [run.observed(draw)[0] for draw in range(1, judging.DRAWS)]
        redrawn = [pairing.passes(sides[0], sides[place], run.mapped, calls) for sides in draws]
        found = [one for pairs, *more in zip(passes, *redrawn, strict=True) for one in judging.judged(pairs, more)]
    found = training.documented(found, ours, theirs, run.mapped, calls, means)
    found = logarithms.documented(found, [pair for pairs in passes for pair in pairs], (base.framework, other.framework))
    own_way = [cause for cause in departure.causes if glue.HELD in cause] if departure else []
    if own_way:
        found = judging.in_its_own_way(found, own_way[0])
    return Compared(base, other, [*training.settings(ours, theirs, run.mapped), *found], departure)


def main(
    sides: Sequence[str],
    size: str,
    weights_map: Path | None,
    inputs: Sequence[str],
    seed: int,
    map_path: Path,
    json_path: Path | None,
) -> int:
    """The verb: 0 agrees, 1 differs, 2 usage, 3 a model crashed."""
    try:
        compared = compare(sides, size=size, weights_map=weights_map, inputs=inputs, seed=seed, map_path=map_path)
    except Crashed as error:
        return crashed(error)
    return told(compared, json_path)


def crashed(error: Crashed) -> int:
    """A model that fails, in its own words."""
    terminal.say(error, error=True)
    return 3


def told(compared: Sequence[Compared], json_path: Path | None) -> int:
    """Prints and writes what was found; gives the exit status."""
    for one in compared:
        show(one)
    if json_path is not None:
        write_json(json_path, compared)
    return exit_status(found.verdict for one in compared for found in one.found)
