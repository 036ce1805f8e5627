"""Owns `parity compare`: the user's own models, each in its framework's interpreter, mapped, run and judged side by side.

It refuses to import them: parity.execution.conversation holds their processes, parity.comparing knows what answers mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from parity.comparing import causes, departures, drawing, glue, judging, mapfile, mapping, pairing, structures, training
from parity.comparing.mapping import Map, Unmappable
from parity.comparing.pairing import Side
from parity.comparing.structures import Structure
from parity.execution.conversation import Conversation, Crashed
from parity.execution.draws import stream
from parity.execution.environments import Unavailable
from parity.judgement.verdicts import exit_status
from parity.spec import source
from parity.spec.mistakes import SpecError
from parity.verbs import selection
from parity.verbs.check import own_realizations
from parity.verbs.differing import Compared, Model, show, write_json
from parity.verbs.errors import UsageError

Array = npt.NDArray[Any]
DTYPES = ("float64", "float32")
LEARNING_RATE = 2.0**-6
"""Of the one step of SGD: held exactly by float32, and large enough that the update outweighs the rounding of the weight."""
INPUTS_NEEDED = (
    "Give the inputs' shapes, with the batch: `--inputs 3x16` (one for each input; `3x7:0..99` for integers, "
    '`3x7:bool` for truth values), or `INPUTS = ["3x16"]` beside `build`'
)


def compare(
    sides: Sequence[str],
    *,
    weights_map: Path | None = None,
    inputs: Sequence[str] = (),
    seed: int = 0,
    map_path: Path | None = None,
    python_path: Sequence[Path] = (),
) -> list[Compared]:
    """Runs and judges `torch=package.module:build` … against the first of them. Writes the map of weights to `map_path`.
    python_path: where their modules lie; the working directory where none is given.

    Raises UsageError (nothing to compare, inputs unknown, layers without a counterpart), Crashed (a model fails).
    """
    with ExitStack() as stack:
        models = [
            _started(label, side, tuple(python_path) or (Path.cwd(),), stack)
            for label, side in zip(_labels(sides), sides, strict=True)
        ]
        return _compared(models, weights_map, inputs, seed, map_path)


def _labels(sides: Sequence[str]) -> list[str]:
    """The framework's name, numbered where it stands twice."""
    if len(sides) not in (2, 3):
        raise UsageError("name two or three models: parity compare torch=package.module:build keras=package.module:build")
    names = [next(iter(own_realizations([side]))) for side in sides]
    return [name if names.count(name) == 1 else f"{name}-{names[: place + 1].count(name)}" for place, name in enumerate(names)]


def _started(label: str, side: str, python_path: tuple[Path, ...], stack: ExitStack) -> Model:
    (framework, target), *_ = own_realizations([side]).items()
    try:
        selection.that_train([framework])
        processes = {dtype: stack.enter_context(Conversation(framework, target, dtype, python_path)) for dtype in DTYPES}
    except (ValueError, Unavailable) as error:
        raise UsageError(str(error)) from error
    return Model(label, framework, target, processes)


def _compared(
    models: Sequence[Model], weights_map: Path | None, inputs: Sequence[str], seed: int, map_path: Path | None
) -> list[Compared]:
    described = [model.processes["float64"].ask("describe")[0] for model in models]
    models = [replace(model, version=answer["version"]) for model, answer in zip(models, described, strict=True)]
    wanted = [_inputs(model, answer, inputs) for model, answer in zip(models, described, strict=True)]
    answers = [
        {dtype: model.processes[dtype].ask("trace", _named("input", map(drawing.blank, given))) for dtype in DTYPES}
        for model, given in zip(models, wanted, strict=True)
    ]
    found = [structures.read(model.label, answer["float64"][0]) for model, answer in zip(models, answers, strict=True)]
    mapped = _mapped(found, weights_map, map_path, {model.label: f"{model.framework}={model.target}" for model in models})
    found = [replace(one, channels=mapped.channels[one.label]) for one in found]
    initial = {
        model.label: {name.removeprefix("weight/"): array for name, array in answer["float64"][1].items()}
        for model, answer in zip(models, answers, strict=True)
    }
    run = Run(models, found, wanted, mapped, initial, seed)
    sides, given = run.observed(0)
    others = zip(models[1:], sides[1:], strict=True)
    return [_judged(run, other, sides[0], side, given) for other, side in others]


@dataclass(frozen=True)
class Run:
    """What is observed again and again: models with their structures, and what their draws hang on."""

    models: Sequence[Model]
    structures: Sequence[Structure]
    wanted: Sequence[Sequence[drawing.Given]]
    mapped: Map
    initial: Mapping[str, Mapping[str, Array]]
    seed: int

    def observed(self, draw: int) -> tuple[list[Side], dict[str, list[Array]]]:
        """Every model in both precisions, and the native inputs that each was given."""
        numbers, base = stream("compare", self.seed, draw), self.structures[0]
        drawn = _inputs_drawn(self.structures, self.wanted, numbers)
        weights = drawing.weights(self.mapped, self.initial, base.label, numbers)
        losses = drawing.losses(base, numbers)
        sides, given = [], dict[str, list[Array]]()
        for model, structure in zip(self.models, self.structures, strict=True):
            given[model.label] = [structure.native(array) for array in drawn]
            asked = {
                **_named("input", given[model.label]),
                **_named("loss", [structure.native(array) for array in losses]),
                **{f"weight/{name}": array for name, array in weights[model.label].items()},
            }
            seen = {dtype: model.processes[dtype].ask("observe", asked, learning_rate=LEARNING_RATE)[1] for dtype in DTYPES}
            sides.append(Side(structure, seen, weights[model.label]))
        return sides, given


def _inputs(model: Model, answer: Mapping[str, Any], stated: Sequence[str]) -> list[drawing.Given]:
    """From the option, from INPUTS beside `build`, from the model where its framework knows it."""
    try:
        if stated:
            return [drawing.given(text) for text in stated]
        if answer["inputs"] is not None:
            return [drawing.given(value) for value in answer["inputs"]]
    except ValueError as error:
        raise UsageError(str(error)) from error
    if answer["known"] is None:
        raise UsageError(f"{model.label} does not say what it takes: {INPUTS_NEEDED}")
    return [drawing.Given((drawing.BATCH, *shape), kind) for shape, kind in answer["known"]]


def _inputs_drawn(
    found: Sequence[Structure], wanted: Sequence[Sequence[drawing.Given]], numbers: np.random.RandomState
) -> list[Array]:
    """Neutral inputs, the same for all. Raises UsageError where the models take inputs of different shapes."""
    shapes = [
        [structure.neutral(np.broadcast_to(np.zeros(()), one.shape)).shape for one in given]
        for structure, given in zip(found, wanted, strict=True)
    ]
    if any(one != shapes[0] for one in shapes):
        told = "; ".join(
            f"{structure.label} takes {', '.join(str(one.shape) for one in given)}"
            for structure, given in zip(found, wanted, strict=True)
        )
        raise UsageError(f"the models take different inputs: {told}. {INPUTS_NEEDED}")
    vocabularies = [
        leaf.settings["vocabulary"] for structure in found for leaf in structure.leaves if "vocabulary" in leaf.settings
    ]
    neutral = [replace(one, shape=shape) for one, shape in zip(wanted[0], shapes[0], strict=True)]
    return drawing.inputs(neutral, min(vocabularies, default=2), numbers)


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


def _named(prefix: str, arrays: Iterable[Array]) -> dict[str, Array]:
    return {f"{prefix}/{place}": array for place, array in enumerate(arrays)}


def _judged(run: Run, other: Model, ours: Side, theirs: Side, given: Mapping[str, list[Array]]) -> Compared:
    """Every pass judged; the first departure looked into."""
    base, processes = run.models[0], {model.label: model.processes["float64"] for model in run.models}

    def rerun(label: str, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Mapping[str, Array]:
        return processes[label].ask("rerun", arrays, **change)[1]

    def inverted(label: str, place: int) -> Mapping[str, Array]:
        arrays = given[label]
        return processes[label].ask("forward", _named("input", [*arrays[:place], ~arrays[place], *arrays[place + 1 :]]))[1]

    means = departures.Means(rerun, inverted, lambda label: [array.dtype.kind for array in given[label]])
    calls = mapping.calls(ours.structure, theirs.structure, run.mapped)
    passes = pairing.passes(ours, theirs, run.mapped, calls)
    found = [one for pairs in passes for one in judging.judged(pairs)]
    departure = departures.first(ours, theirs, calls, "eval", means) or departures.first(ours, theirs, calls, "train", means)
    departure = departure and causes.tested(departure, run.mapped)
    departure = departure or training.statistics(ours, theirs, run.mapped, calls, means)
    departure = departure or training.gradients(passes[2], found, (base.label, other.label))
    if judging.narrow_alone(found):
        place = run.models.index(other)
        draws = [run.observed(draw)[0] for draw in range(1, judging.DRAWS)]
        redrawn = [pairing.passes(sides[0], sides[place], run.mapped, calls) for sides in draws]
        found = [one for pairs, *more in zip(passes, *redrawn, strict=True) for one in judging.judged(pairs, more)]
    found = training.documented(found, ours, theirs, run.mapped, calls, means)
    own_way = [cause for cause in departure.causes if glue.HELD in cause] if departure else []
    if own_way:
        found = judging.in_its_own_way(found, own_way[0])
    return Compared(base, other, [*training.settings(ours, theirs, run.mapped), *found], departure)


def main(
    sides: Sequence[str],
    weights_map: Path | None,
    inputs: Sequence[str],
    seed: int,
    map_path: Path,
    json_path: Path | None,
) -> int:
    """The verb: 0 agrees, 1 differs, 2 usage, 3 a model crashed."""
    try:
        compared = compare(sides, weights_map=weights_map, inputs=inputs, seed=seed, map_path=map_path)
    except Crashed as error:
        Console(stderr=True, emoji=False).print(str(error), markup=False, highlight=False, soft_wrap=True)
        return 3
    for one in compared:
        show(one)
    if json_path is not None:
        write_json(json_path, compared)
    return exit_status(found.verdict for one in compared for found in one.found)
