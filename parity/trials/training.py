"""Owns real training: the same batches in the same order in every framework, beside the reference and its one-ulp twin.

It refuses to judge the free run: the lock-step judges every single step, and drift is only shown. Whether the run reaches the
quality that the suite states is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.errors import UsageError
from parity.execution import arrays as array_files
from parity.execution.names import DATASET, ORDER, PARAMETER, START, TEST, array_name, own_name, put_under, under
from parity.judgement.comparison import Comparison, Finding, judge_bits, named
from parity.judgement.measures import MEASURES, Evidence, QualityBound, accuracy, loss_share
from parity.reference_impl.rules import Rule
from parity.reference_impl.training import TrainingRun, evaluate, moved_by_one_ulp, train
from parity.reporting.results import Curve
from parity.spec import specs as language
from parity.spec.cases import Case
from parity.spec.expansion import expand
from parity.spec.graph import Graph
from parity.spec.suites import QualityPart, SuiteEntry
from parity.trials import datasets, limits
from parity.trials import draws as drawing
from parity.trials.datasets import Dataset, DatasetError
from parity.trials.reference_cache import remembered
from parity.trials.session import JudgedTrial
from parity.trials.streams import stream
from parity.trials.trial import Options, Trial

Array = npt.NDArray[Any]
DIGITS, DTYPE = 10, "float32"


@dataclass(frozen=True)
class Goal:
    """The quality that a suite states: its bound, the value it is measured on, and the
    input of the test to compare that with."""

    asked: QualityBound
    value: str
    target: str


@dataclass(frozen=True)
class BegunCourse:
    """A training case with its data and the quality before its first step. begin: the start; run: trains the reference."""

    trial: Trial
    dataset: Dataset
    goal: Goal | None
    at_start: float | None
    begin: Mapping[str, Array]
    run: Callable[[Mapping[str, Array]], TrainingRun]


@dataclass(frozen=True)
class Course(BegunCourse):
    """The same with the two reference runs."""

    reference: TrainingRun
    twin: TrainingRun


def begun(
    architecture: language.Architecture,
    initializer: language.Initializer,
    optimizer: language.Optimizer,
    entry: SuiteEntry,
    options: Options,
    store: Path,
    on_step: Callable[[int], None] = lambda _: None,
) -> BegunCourse:
    """Draws the start and the order, and trains nothing yet."""
    _refuse(architecture.name, entry)
    size = entry.size or "full"
    graph = expand(architecture, size)
    trained = {name for phase in graph.phases for name in phase.updates}
    if refusal := optimizer.refusal(
        {parameter.name: parameter.shape for parameter in graph.parameters if parameter.name in trained}
    ):
        raise UsageError(f"{architecture.name} cannot be trained by {optimizer.name}: {refusal}")
    steps, batch_size = entry.steps or 300, (entry.batch_sizes or [32])[0]
    limits.check_case(graph, batch_size)
    try:
        dataset = _rounded(datasets.load(entry.dataset or "digits", graph))
        order = datasets.order(dataset, steps, batch_size, options.seed)
    except DatasetError as error:
        raise UsageError(f"{architecture.name}: {error}") from error
    initial = drawing.initial_values(graph, initializer, DTYPE, seed=options.seed, batch_size=batch_size)
    values = optimizer.default_values()
    if strange := set(entry.hyperparameters) - set(values):
        raise UsageError(f"{optimizer.name} has no hyper-parameter {', '.join(sorted(strange))}; it has {', '.join(values)}")
    case = options.case(
        architecture.name,
        DTYPE,
        task="training",
        size=size,
        graph=graph,
        initializer=initializer.name,
        optimizer=optimizer.name,
        hyperparameters={**values, **entry.hyperparameters},
        batch_size=batch_size,
        steps=steps,
        activations=False,
    )
    arrays = {**initial, ORDER: order, **put_under(dataset.train, DATASET), **put_under(dataset.test, TEST)}
    begin = {own_name(name): array for name, array in initial.items()}
    goal = _goal(entry.quality, graph, dataset) if entry.quality else None

    def run(start: Mapping[str, Array]) -> TrainingRun:
        draws = drawing.Draws({**arrays, **put_under(start, START)}).digest()
        given = graph, Rule.of(optimizer), case.hyperparameters, start, dataset.train, order, on_step
        return remembered(store, case, optimizer.model_dump_json(), draws, partial(train, *given))

    judge = judge_training(case, dataset, goal, begin)
    at_start = measured(case, dataset, goal, np.ones(1), begin, {}) if goal else None
    return BegunCourse(Trial(case, arrays, judge, "training"), dataset, goal, at_start, begin, run)


def course(
    architecture: language.Architecture,
    initializer: language.Initializer,
    optimizer: language.Optimizer,
    entry: SuiteEntry,
    options: Options,
    store: Path,
    on_step: Callable[[int], None] = lambda _: None,
) -> Course:
    """What `begun` draws, with the reference and its twin trained (a minute for small networks, once per store)."""
    given = begun(architecture, initializer, optimizer, entry, options, store, on_step)
    twin = moved_by_one_ulp(given.begin, stream(given.trial.case.id, "twin"))
    return Course(**vars(given), reference=given.run(given.begin), twin=given.run(twin))


def curves(taken: Course, judged: Sequence[JudgedTrial]) -> Iterator[Curve]:
    """The curves of the reference, of its twin, and of each framework that ran."""
    yield _curve(taken, "reference", taken.reference.losses, taken.reference.final, {})
    yield _curve(taken, "reference + 1 ulp", taken.twin.losses, taken.twin.final, {})
    for judged_trial in judged:
        if judged_trial.record.outcome == "ran" and judged_trial.record.arrays:
            arrays = array_files.load(judged_trial.out, judged_trial.record.arrays)
            yield _curve(taken, judged_trial.framework, arrays["losses"], _final(arrays), arrays)


def _refuse(name: str, entry: SuiteEntry) -> None:
    """Refuses settings that a training would silently ignore. Neither is part of a case's id,
    so a second value would share the id."""
    if len(entry.batch_sizes) > 1:
        raise UsageError(f"{name} trains with one batch size, not with {entry.batch_sizes}: write an entry for each")
    if set(entry.dtypes) - {DTYPE}:
        raise UsageError(f"{name} trains in {DTYPE} alone, not in {', '.join(entry.dtypes)}")


def _rounded(dataset: Dataset) -> Dataset:
    train_set, test_set = (
        {name: drawing.rounded(array, DTYPE) for name, array in half.items()} for half in (dataset.train, dataset.test)
    )
    return replace(dataset, train=train_set, test=test_set)


def _goal(quality: QualityPart, graph: Graph, dataset: Dataset) -> Goal:
    if quality.measure not in MEASURES:
        raise UsageError(f"no quality `{quality.measure}`; there are: {', '.join(MEASURES)}")
    if not dataset.test and MEASURES[quality.measure].of is not loss_share:
        raise UsageError(f"{quality.measure} needs a test, and {dataset.name} has none: ask for loss_share, which needs none")
    value = quality.value or next(iter(graph.outputs), "")
    target = quality.target or dataset.labels or ""
    values = {node.value(suffix) for node in graph.all_nodes() for suffix in node.outputs}
    if dataset.test and value not in values:
        raise UsageError(f"{quality.measure} needs a value of {graph.name}, not `{value}`")
    if dataset.test and target not in dataset.test:
        raise UsageError(f"{quality.measure} needs a target out of {', '.join(dataset.test)}, not `{target}`")
    return Goal(QualityBound(quality.measure, quality.at_least, quality.at_most), value, target)


def judge_training(
    case: Case, dataset: Dataset, goal: Goal | None, initial: Mapping[str, Array]
) -> Callable[[Mapping[str, Array]], list[Comparison]]:
    """A training run must give every loss, all finite, and reach the stated quality; without a stated quality, its loss must
    fall. Parameters that no phase updates must keep every bit. How far the run drifts is shown, never judged."""

    def comparisons(arrays: Mapping[str, Array]) -> list[Comparison]:
        return [*learned(arrays), *_frozen(case, initial, _final(arrays))]

    def learned(arrays: Mapping[str, Array]) -> list[Comparison]:
        losses = arrays.get("losses")
        if losses is None or losses.shape != (case.steps,):
            return [named(case, "training", "losses", Finding("not_compared", reason="the run gave no loss for every step"))]
        bad = int(np.sum(~np.isfinite(losses)))
        if bad:
            return [named(case, "training", "losses", Finding("nonfinite", reason=f"{bad} of {case.steps} losses"))]
        if goal is not None:
            reached = measured(case, dataset, goal, losses, _final(arrays), arrays)
            reason = f"{MEASURES[goal.asked.measure].words} {reached:.4g}, {goal.asked.words()} is asked"
            verdict = "agrees" if goal.asked.reached(reached) else "differs"
            return [named(case, "quality", goal.asked.measure, Finding(verdict, reason=reason))]
        fell = float(np.mean(losses[-10:])) < float(np.mean(losses[:10]))
        reason = "" if fell else "the loss did not fall"
        return [named(case, "training", "losses", Finding("agrees" if fell else "differs", reason=reason))]

    return comparisons


def _frozen(case: Case, initial: Mapping[str, Array], final: Mapping[str, Array]) -> list[Comparison]:
    if case.graph is None:
        return []
    updated = {name for phase in case.graph.phases for name in phase.updates}
    names = [parameter.name for parameter in case.graph.parameters if parameter.name not in updated]
    return [named(case, "frozen", name, judge_bits(final.get(name), initial[name])) for name in names]


def measured(
    case: Case, dataset: Dataset, goal: Goal, losses: Array, final: Mapping[str, Array], arrays: Mapping[str, Array]
) -> float:
    """The quality of one run. If the framework gave the value that the goal asks about, its own output counts; otherwise the
    reference evaluates the trained parameters."""
    return MEASURES[goal.asked.measure].of(_evidence(case, dataset, goal, losses, final, arrays))


def _evidence(
    case: Case, dataset: Dataset, goal: Goal, losses: Array, final: Mapping[str, Array], arrays: Mapping[str, Array]
) -> Evidence:
    if not dataset.test:
        return Evidence(losses, np.zeros(0), np.zeros(0))
    values = arrays.get(array_name(TEST, goal.value))
    if values is None:
        values = _evaluated(case, dataset, final, goal.value)
    return Evidence(losses, values, dataset.test[goal.target], dataset.counted, dataset.noise)


def _evaluated(case: Case, dataset: Dataset, final: Mapping[str, Array], wanted: str) -> Array:
    if case.graph is None:
        raise ValueError(f"case {case.id} trains no graph")
    return evaluate(case.graph, final, dataset.test, wanted, case.batch_size)


def _curve(taken: Course, name: str, losses: Array, final: Mapping[str, Array], arrays: Mapping[str, Array]) -> Curve:
    case, goal = taken.trial.case, taken.goal
    return Curve(
        case=case.id,
        spec=case.spec,
        framework=name,
        dtype=case.dtype if arrays else "float64",
        losses=[_short(loss, DIGITS) for loss in losses],
        accuracy=_accuracy(taken, final, arrays) if goal is None else None,
        final_distance=None if name == "reference" else _short(distance(final, taken.reference.final), 4),
        dataset=f"{taken.dataset.name} ({taken.dataset.source})",
        **(_qualities(taken, goal, losses, final, arrays) if goal else {}),
    )


def _qualities(
    taken: Course, goal: Goal, losses: Array, final: Mapping[str, Array], arrays: Mapping[str, Array]
) -> dict[str, Any]:
    """The report's figures of the quality: reached, asked for, at the start, and of a guess."""
    case, data = taken.trial.case, taken.dataset
    measure = MEASURES[goal.asked.measure]
    evidence = _evidence(case, data, goal, losses, final, arrays)
    return {
        "measure": measure.words,
        "asked": goal.asked.words(),
        "quality": _short(measure.of(evidence), 4),
        "reached": goal.asked.reached(measure.of(evidence)),
        "at_start": None if taken.at_start is None else _short(taken.at_start, 4),
        "guess": None if measure.guess is None else _short(measure.guess(evidence), 4),
    }


def distance(final: Mapping[str, Array], reference: Mapping[str, Array]) -> float:
    """‖w − w_ref‖ ÷ ‖w_ref‖ over all parameters together."""
    gap = sum(float(np.sum((np.asarray(final[name], np.float64) - array) ** 2)) for name, array in reference.items())
    size = sum(float(np.sum(array**2)) for array in reference.values())
    return float(np.sqrt(gap / size))


def _accuracy(taken: Course, final: Mapping[str, Array], arrays: Mapping[str, Array]) -> float | None:
    """Accuracy of the first output on the test, if the labels are classes; otherwise None."""
    case, labels = taken.trial.case, taken.dataset.labels
    if case.graph is None or labels is None or not case.graph.outputs or taken.dataset.test[labels].dtype.kind not in "iu":
        return None
    about = Goal(QualityBound("accuracy", None, None), case.graph.outputs[0], labels)
    return round(accuracy(_evidence(case, taken.dataset, about, taken.reference.losses, final, arrays)), 4)


def _final(arrays: Mapping[str, Array]) -> dict[str, Array]:
    return under(arrays, PARAMETER)


def _short(value: float, digits: int) -> float | None:
    """The number as results hold it; None if it is not finite."""
    return float(f"{value:.{digits}g}") if np.isfinite(value) else None
