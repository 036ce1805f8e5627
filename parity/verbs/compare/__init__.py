"""Owns `parity compare`: the user's own models, each in its framework's interpreter, mapped, run and judged side by side.

It refuses to import them: execution.own_model.conversation holds their processes, parity.comparing interprets the answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from parity.comparing import (
    flatten_order,
    layer_mapping,
    mapfile,
    model_structure,
    randomness,
)
from parity.comparing.layer_mapping import LayerMap, Unmappable
from parity.comparing.model_structure import Structure
from parity.comparing.random_arrays import ComparedInput
from parity.errors import UsageError
from parity.execution import own_path
from parity.execution.frameworks import OWN_MODELS
from parity.execution.launcher.environments import Unavailable, installed
from parity.execution.own_model.model_client import Conversation, Mistaken
from parity.execution.own_model.model_client import Crashed as Crashed
from parity.judgement.verdicts import PASSING, exit_status
from parity.spec import source
from parity.spec.mistakes import SpecError, short
from parity.trials import limits, selected_frameworks
from parity.verbs import terminal
from parity.verbs.compare import inputs as given_inputs
from parity.verbs.compare import model_tracing, own_weights, result_document, spec_side, written_map
from parity.verbs.compare.model_runs import ObservedModels
from parity.verbs.compare.pair_judgement import judged
from parity.verbs.compare.printing import DTYPES, SPEC_WEIGHTS, WEIGHTS, ComparedModel, ComparedPair, show
from parity.verbs.compare.weight_options import checkpoints_of, weights_of
from parity.verbs.result_files import Places
from parity.verbs.terminal import verbosity
from parity.verbs.terminal.target_arguments import Side, own_realizations, typed

Array = npt.NDArray[Any]
MODELS = 3
ORDERS = 16
"""Greatest number of rows of features whose order is found from the numbers of both models."""


def compare(
    sides: Sequence[Side],
    *,
    size: str = "full",
    weights_map: Path | None = None,
    inputs: Sequence[str] = (),
    inputs_from: Path | None = None,
    weights: str | None = None,
    checkpoints: Sequence[Path] = (),
    seed: int = 0,
    map_path: Path | None = None,
    python_path: Sequence[Path] = (),
) -> list[ComparedPair]:
    """Runs and judges `torch=package.module:build` … against the first of them, or against `spec=lenet`, of this size.
    Writes the map of weights to `map_path`. A side may be a pair of a framework and a function or class that a file holds:
    `("torch", build)`. Its file is imported by the framework's interpreter.

    inputs, inputs_from: shapes as `--inputs` has them, or a `.npz` of example inputs. weights: `drawn` (the same in every
    model, the default) or `own` (the default with checkpoints). checkpoints: a file of weights for each model, `-` for none.
    python_path: where their modules lie; where none is given, the working directory, its src/ and PYTHONPATH.

    size: of the spec. python_path: directories of the models' modules, by default the working directory. Raises UsageError
    (nothing to compare, inputs unknown, layers without a counterpart), Crashed (a model fails).
    """
    limits.check_numbers(seeds=[seed])
    named = _named_sides([typed(side) for side in sides])
    files = checkpoints_of(named, checkpoints)
    kept = weights_of(named, weights, files)
    if inputs and inputs_from is not None:
        raise UsageError("--inputs and --inputs-from both say what the models take: give one of them")
    stated = model_tracing.stated_inputs(inputs) if inputs_from is None else given_inputs.of_file(inputs_from)
    if size != "full" and all(framework != spec_side.SPEC for framework, _ in named):
        raise UsageError(f"--size {short(size)} is of `spec=NAME`: a model of your own has the size that it is built in")
    with ExitStack() as stack:
        models = [
            spec_side.side(label, target, size)
            if framework == spec_side.SPEC
            else _started(label, framework, target, file, tuple(python_path) or own_path.of_caller(), stack)
            for label, (framework, target), file in zip(_labels([name for name, _ in named]), named, files, strict=True)
        ]
        try:
            return _compared(models, weights_map, stated, seed, map_path, kept)
        except Mistaken as error:
            raise UsageError(str(error)) from error


def _named_sides(sides: Sequence[str]) -> list[tuple[str, str]]:
    """(framework, target) of each side. A spec comes first, since the other models are judged against it."""
    if not 2 <= len(sides) <= MODELS:
        raise UsageError("name two or three models: parity compare torch=package.module:build keras=package.module:build")
    specs = [side.removeprefix(f"{spec_side.SPEC}=") for side in sides if side.startswith(f"{spec_side.SPEC}=")]
    models = [
        own_realization
        for side in sides
        if not side.startswith(f"{spec_side.SPEC}=")
        for own_realization in own_realizations([side]).items()
    ]
    return [*((spec_side.SPEC, name) for name in specs), *models]


def _labels(names: Sequence[str]) -> list[str]:
    """The labels of the sides: the framework's name, numbered if it occurs twice."""
    return [name if names.count(name) == 1 else f"{name}-{names[: place + 1].count(name)}" for place, name in enumerate(names)]


def _started(
    label: str, framework: str, target: str, checkpoint: Path | None, python_path: tuple[Path, ...], stack: ExitStack
) -> ComparedModel:
    try:
        selected_frameworks.that_train([framework], OWN_MODELS)
        interpreter = installed(framework).interpreter
        started = (Conversation(framework, interpreter, target, dtype, python_path, checkpoint) for dtype in DTYPES)
        processes = {conversation.dtype: stack.enter_context(conversation) for conversation in started}
    except (ValueError, Unavailable) as error:
        raise UsageError(str(error)) from error
    return ComparedModel(label, framework, target, processes)


def _compared(
    models: Sequence[ComparedModel],
    weights_map: Path | None,
    inputs: Sequence[ComparedInput],
    seed: int,
    map_path: Path | None,
    weights: str,
) -> list[ComparedPair]:
    described = [model.processes["float64"].ask("describe")[0] for model in models]
    models = [replace(model, version=answer["version"]) for model, answer in zip(models, described, strict=True)]
    answers = model_tracing.traced(models, described, inputs)
    aligned = model_structure.together([answer.structure for answer in answers])
    labels = {model.label: f"{model.framework}={model.target}" for model in models}
    mapped = _mapped(aligned, weights_map, map_path, labels)
    aligned = model_structure.together([replace(structure, channels=mapped.channels[structure.label]) for structure in aligned])
    initial = {model.label: answer.initial for model, answer in zip(models, answers, strict=True)}
    lacking = {model.label: answer.lacking for model, answer in zip(models, answers, strict=True)}
    run = ObservedModels(models, aligned, [answer.given for answer in answers], mapped, initial, seed, lacking)
    sides, inputs_given = run.observed(0)
    for _ in range(ORDERS if weights_map is None else 0):
        rows = next(
            (entry for side in sides[1:] if (entry := flatten_order.reordered_rows(sides[0], side, run.calls(side)))), {}
        )
        if not rows:
            break
        aligned = [flatten_order.with_told(structure, rows.get(structure.label, {})) for structure in run.structures]
        run = replace(run, structures=aligned, mapped=_mapped(aligned, None, map_path, labels))
        sides, inputs_given = run.observed(0)
    if randomness.mixed(sides):
        again = replace(run, scaled=True)
        found_again = again.observed(0)
        run, (sides, inputs_given) = (
            (again, found_again) if randomness.apart(found_again[0]) < randomness.apart(sides) else (run, run.observed(0))
        )
    others = zip(models[1:], sides[1:], strict=True)
    drawn = [judged(run, other, sides[0], side, inputs_given) for other, side in others]
    if weights != own_weights.OWN:
        return drawn
    return [own_weights.compared(run, compared_pair) for compared_pair in drawn]


def _mapped(structures: list[Structure], weights_map: Path | None, map_path: Path | None, sides: dict[str, str]) -> LayerMap:
    """The map from the user's file; without a file, an automatic map, which is written."""
    try:
        if weights_map is not None:
            document = source.read_file(weights_map)
            if document.mistakes:
                raise SpecError(list(document.mistakes))
            return mapfile.parsed(document.table, structures)
        mapped = layer_mapping.automatic(structures)
    except ValueError as error:
        raise UsageError(f"{weights_map}: {error}") from error
    except Unmappable as error:
        advice = ""
        if map_path is not None:
            kept = written_map.write(map_path, mapfile.text(error.found, sides))
            advice = f"{kept}\n" if kept else ""
        advice += f"Make the shapes equal, or say which layer is which in {map_path or 'a map'} and pass it with --weights-map."
        raise UsageError(f"{error}\n{advice}") from error
    if map_path is not None:
        kept = written_map.write(map_path, mapfile.text(mapped, sides))
        if kept:
            terminal.say(kept, error=True)
    return mapped


def main(
    sides: Sequence[str],
    size: str,
    weights_map: Path | None,
    inputs: Sequence[str],
    inputs_from: Path | None,
    weights: str | None,
    checkpoints: Sequence[Path],
    seed: int,
    map_path: Path,
    places: Places,
) -> int:
    """The verb: 0 agrees, 1 differs, 2 usage, 3 a model crashed."""
    places.reach()
    try:
        compared = compare(
            sides,
            size=size,
            weights_map=weights_map,
            inputs=inputs,
            inputs_from=inputs_from,
            weights=weights,
            checkpoints=checkpoints,
            seed=seed,
            map_path=map_path,
        )
    except Crashed as error:
        return crashed(error, sides, places, seed)
    return print_findings(compared, places, seed)


def crashed(error: Crashed, sides: Sequence[str], places: Places, seed: int) -> int:
    """Prints the error of a model that failed; the files say that nothing was compared. Gives the exit status."""
    terminal.say(error, error=True)
    places.write(result_document.crashed(sides, str(error), verbosity.typed(), seed))
    return 3


def print_findings(compared: Sequence[ComparedPair], places: Places, seed: int) -> int:
    """Prints and writes the findings. Gives the exit status. With --quiet nothing is told of what passes."""
    if not verbosity.NOW.quiet:
        of_spec = compared[0].base.framework == spec_side.SPEC
        terminal.say(SPEC_WEIGHTS if of_spec else WEIGHTS[compared[0].weights])
    for compared_pair in compared:
        if compared_pair.verdict not in PASSING or not verbosity.NOW.quiet:
            show(compared_pair)
    places.write(result_document.checked(compared, verbosity.typed(), seed))
    return exit_status(tensor_verdict.verdict for compared_pair in compared for tensor_verdict in compared_pair.found)
