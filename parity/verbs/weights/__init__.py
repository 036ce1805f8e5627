"""Owns `parity weights`: it converts weights between a framework's native format and a neutral .npz with the spec's names and
layouts.

It refuses weights that are not the spec's (names, shapes), and files that do not give the same bits when they are read back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.errors import UsageError
from parity.execution import arrays as array_files
from parity.execution.launcher import supervisor_client
from parity.execution.names import AGAIN, CARRIED, NATIVE, PARAMETER, array_name, lies_under, own_name, put_under, under
from parity.judgement.comparison import Comparison, Finding, judge_bits, named
from parity.spec import specs as language
from parity.spec.cases import Case
from parity.spec.expansion import expand
from parity.spec.graph import Graph
from parity.trials import draws as drawing
from parity.trials import limits, options, selected_frameworks
from parity.trials.session import JudgedTrial, Session
from parity.trials.trial import Trial
from parity.verbs import native_files, terminal
from parity.verbs.weights import neutral

Array = npt.NDArray[Any]
DTYPE = "float32"
TIMEOUT, BYTES_A_SECOND = 120.0, 2e6
"""Time limit for a framework's work on a file: TIMEOUT seconds, and more for a large file. A damaged file may claim any
size."""


def to_native(spec: str, weights: Path, framework: str, output: Path, size: str) -> int:
    """A neutral file to native ones, written below `output` and told."""
    for path in native_of(spec, weights, framework, output, size):
        terminal.say(f"wrote {path}, and its checksum beside it")
    return 0


def native_of(spec: str, weights: Path, framework: str, output: Path, size: str) -> list[Path]:
    """A neutral file to native ones, written below `output`. Raises UsageError where they do not survive the way."""
    spec_graph = graph(spec, size)
    arrays = neutral.read(weights, spec_graph)
    options.place(output)
    moved_arrays = moved(spec_graph, spec, size, framework, arrays)
    written = []
    for name, array in under(moved_arrays, NATIVE).items():
        path = output / native_files.checked_name(name)
        native_files.write(path, array.tobytes())
        written.append(path)
    return written


def to_neutral(spec: str, native: Sequence[Path], framework: str, output: Path, size: str) -> int:
    """Converts native files, with the names that `import` gave them, to a neutral file."""
    spec_graph = graph(spec, size)
    contents, unverified = native_files.read(framework, native)
    options.place(output.parent)
    files = put_under({name: np.frombuffer(content, np.uint8) for name, content in contents.items()}, NATIVE)
    try:
        moved_arrays = moved(spec_graph, spec, size, framework, files)
    except UsageError as error:  # a framework's own message names no file
        raise UsageError(f"{error}\nread from {', '.join(map(str, native))}", status=error.status) from error
    kinds = neutral.kinds(spec_graph)
    arrays = {array_name(kind, name): moved_arrays[array_name(PARAMETER, name)] for name, kind in kinds.items()}
    if wild := [name for name, array in arrays.items() if not np.isfinite(array).all()]:
        raise UsageError(f"{', '.join(map(str, native))}: {wild[0]} holds NaN or infinity, which no weights of {spec} do")
    array_files.write_npz(output, arrays)
    for path in unverified:
        terminal.say(
            f"{path}: no checksum stands behind it ({path}{native_files.ENDING} is not there): its names, shapes and types fit"
            f" {spec} and its values are finite, but another number in it would not be noticed"
        )
    terminal.say(f"wrote {output}: {len(arrays)} arrays of {spec}, float32, as the spec lays them out")
    return 0


def check(specs: Sequence[str], frameworks: Sequence[str]) -> int:
    """Checks that drawn weights of every architecture pass through each framework's format and back, bit for bit."""
    judged = round_trips(specs or list(language.names("architectures")), selected_frameworks.that_train(frameworks))
    bad = [judged_trial for judged_trial in judged if judged_trial.verdict != "exact"]
    for judged_trial in bad:
        reason = next(
            (comparison.reason or comparison.where for comparison in judged_trial.comparisons if comparison.verdict != "exact"),
            "",
        )
        terminal.say(f"{judged_trial.framework} {judged_trial.trial.case.spec}: {judged_trial.verdict} {reason}")
    terminal.say(f"{len(judged) - len(bad)} of {len(judged)} architectures × frameworks bit for bit")
    return 1 if bad else 0


def round_trips(specs: Sequence[str], frameworks: Sequence[str]) -> list[JudgedTrial]:
    """Runs one case per spec: weights of the small size are set, saved, forgotten and loaded."""
    trials = [_drawn(spec) for spec in specs]
    with supervisor_client.folder("parity-weights-") as folder:
        return Session(folder, frameworks).run(trials)


def _drawn(spec: str) -> Trial:
    spec_graph = graph(spec, "small")
    limits.check_case(spec_graph, 3, walked=False)
    initializer = language.load("initializers/glorot_uniform")
    if not isinstance(initializer, language.Initializer):
        raise TypeError("glorot_uniform is an initializer")
    arrays = drawing.initial_values(spec_graph, initializer, DTYPE, seed=0, batch_size=3)
    return _trial(spec_graph, spec, "small", {name: array for name, array in arrays.items() if not lies_under(name, CARRIED)})


def _trial(
    graph: Graph, spec: str, size: str, arrays: Mapping[str, Array], arguments: Mapping[str, float] | None = None
) -> Trial:
    case = Case(spec=spec, task="weights", dtype=DTYPE, mode="eager", size=size, graph=graph, arguments=dict(arguments or {}))
    expected = {own_name(name): array for name, array in arrays.items() if not lies_under(name, NATIVE)}
    return Trial(case, arrays, lambda arrays: _judged(case, expected, arrays), "weights")


def _judged(case: Case, expected: Mapping[str, Array], arrays: Mapping[str, Array]) -> list[Comparison]:
    """Compares the weights that were set with those that are read from the model, and those read back from the native file."""
    reference = expected or under(arrays, PARAMETER)
    if not reference:
        return [named(case, "weights", "", Finding("not_compared", reason="there are no weights"))]
    return [
        named(case, "weights", key, judge_bits(arrays.get(key), array))
        for group in (PARAMETER, AGAIN)
        for key, array in put_under(reference, group).items()
    ]


def moved(
    graph: Graph,
    spec: str,
    size: str,
    framework: str,
    arrays: Mapping[str, Array],
    arguments: Mapping[str, float] | None = None,
) -> dict[str, Array]:
    """The arrays and files from the framework's worker, if they hold every bit. arguments: options of the native format. Raises
    UsageError if the worker fails or a bit is lost."""
    with supervisor_client.folder("parity-weights-") as folder:
        seconds = TIMEOUT + sum(array.nbytes for array in arrays.values()) / BYTES_A_SECOND
        (judged,) = Session(folder, [framework], timeout=seconds).run([_trial(graph, spec, size, arrays, arguments)])
        if judged.record.outcome != "ran" or judged.record.arrays is None:
            how = "" if judged.record.outcome == "crashed" else f" {judged.record.outcome}"
            raise UsageError(f"{framework}{how}: {_summary(judged.record.reason)}")
        if judged.verdict != "exact":
            lost = next(comparison for comparison in judged.comparisons if comparison.verdict != "exact")
            raise UsageError(
                f"{framework}: {lost.tensor} did not survive the way through its format: {lost.reason or lost.where}"
            )
        return array_files.load(judged.out, judged.record.arrays)


def graph(spec: str, size: str) -> Graph:
    """The graph of an architecture. Raises UsageError for any other spec."""
    loaded = language.load(spec)
    if not isinstance(loaded, language.Architecture):
        raise UsageError(f"{spec} is no architecture: it has no weights")
    return expand(loaded, size)


def _summary(reason: str) -> str:
    """The message of an exception, without its traceback."""
    lines = reason.splitlines()
    end = next((place for place, line in enumerate(lines) if place and line.startswith(("Traceback ", "  "))), len(lines))
    return "\n".join(lines[:end])
