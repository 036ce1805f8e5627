"""Owns real training: the same batches in the same order in every framework, beside the reference and its one-ulp twin.

It refuses to judge the free run: every single step is judged in lock-step, and drift is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution import arrays as array_files
from parity.execution import datasets
from parity.execution import draws as drawing
from parity.execution.datasets import Dataset, DatasetError
from parity.judgement.comparison import Comparison, Finding, named
from parity.reference_impl.observation import observe
from parity.reference_impl.rules import Rule
from parity.reference_impl.training import TrainingRun, moved_by_one_ulp, train
from parity.reporting.results import Curve
from parity.spec import specs as language
from parity.spec.cases import Case
from parity.spec.expansion import expand
from parity.verbs.errors import UsageError
from parity.verbs.session import Judged
from parity.verbs.trials import Options, Trial

Array = npt.NDArray[Any]
DIGITS = 10


@dataclass(frozen=True)
class Course:
    """A training case with its data and the two reference runs."""

    trial: Trial
    dataset: Dataset
    reference: TrainingRun
    twin: TrainingRun


def course(
    architecture: language.Architecture,
    initializer: language.Initializer,
    optimizer: language.Optimizer,
    *,
    dataset_name: str,
    steps: int,
    batch_size: int,
    options: Options,
    on_step: Callable[[int], None] = lambda _: None,
) -> Course:
    """Draws the start and the order, and trains the reference and its twin (a minute for small networks)."""
    graph = expand(architecture, "full")
    try:
        dataset = datasets.load(dataset_name, graph)
        order = datasets.order(dataset, steps, batch_size, options.seed)
    except DatasetError as error:
        raise UsageError(f"{architecture.name}: {error}") from error
    dtype = "float32"
    initial = drawing.initial_values(graph, initializer, dtype, seed=options.seed, batch_size=batch_size)
    train_set = {name: drawing.rounded(array, dtype) for name, array in dataset.train.items()}
    test_set = {name: drawing.rounded(array, dtype) for name, array in dataset.test.items()}
    case = options.case(
        architecture.name,
        dtype,
        task="training",
        size="full",
        graph=graph,
        initializer=initializer.name,
        optimizer=optimizer.name,
        hyperparameters=optimizer.default_values(),
        batch_size=batch_size,
        steps=steps,
        activations=False,
    )
    arrays = {**initial, "order": order, **_named("dataset", train_set), **_named("test", test_set)}
    begin = {name.split("/", 1)[1]: array for name, array in initial.items()}
    rule, values = Rule.of(optimizer), optimizer.default_values()
    twin = moved_by_one_ulp(begin, drawing.stream(case.id, "twin"))
    runs = [train(graph, rule, values, start, train_set, order, on_step) for start in (begin, twin)]
    judge = _judge(case, steps)
    rounded = Dataset(dataset.name, dataset.source, train_set, test_set, dataset.labels)
    return Course(Trial(case, arrays, judge, "training"), rounded, *runs)


def curves(taken: Course, judged: Sequence[Judged]) -> Iterator[Curve]:
    """The reference's curve, its twin's, and each framework's that ran."""
    yield _curve(taken, "reference", taken.reference.losses, taken.reference.final, None)
    yield _curve(taken, "reference + 1 ulp", taken.twin.losses, taken.twin.final, None)
    for one in judged:
        if one.record.outcome == "ran" and one.record.arrays:
            found = array_files.load(one.out, one.record.arrays)
            final = {name[len("parameter/") :]: array for name, array in found.items() if name.startswith("parameter/")}
            yield _curve(taken, one.framework, found["losses"], final, found)


def _judge(case: Case, steps: int) -> Callable[[Mapping[str, Array]], list[Comparison]]:
    """A training run must give every loss, all finite; how far it drifts is shown, never judged."""

    def comparisons(arrays: Mapping[str, Array]) -> list[Comparison]:
        losses = arrays.get("losses")
        if losses is None or losses.shape != (steps,):
            return [named(case, "training", "losses", Finding("not_compared", reason="the run gave no loss for every step"))]
        bad = int(np.sum(~np.isfinite(losses)))
        if bad:
            return [named(case, "training", "losses", Finding("nonfinite", reason=f"{bad} of {steps} losses"))]
        fell = float(np.mean(losses[-10:])) < float(np.mean(losses[:10]))
        reason = "" if fell else "the loss did not fall"
        return [named(case, "training", "losses", Finding("agrees" if fell else "differs", reason=reason))]

    return comparisons


def _curve(taken: Course, name: str, losses: Array, final: Mapping[str, Array], found: Mapping[str, Array] | None) -> Curve:
    case = taken.trial.case
    return Curve(
        case=case.id,
        spec=case.spec,
        framework=name,
        dtype=case.dtype if found is not None else "float64",
        losses=[float(f"{loss:.{DIGITS}g}") for loss in losses],
        accuracy=_accuracy(taken, final, found),
        final_distance=None if name == "reference" else float(f"{distance(final, taken.reference.final):.4g}"),
        dataset=f"{taken.dataset.name} ({taken.dataset.source})",
    )


def distance(final: Mapping[str, Array], reference: Mapping[str, Array]) -> float:
    """‖w − w_ref‖ ÷ ‖w_ref‖ over all parameters together."""
    gap = sum(float(np.sum((np.asarray(final[name], np.float64) - array) ** 2)) for name, array in reference.items())
    size = sum(float(np.sum(array**2)) for array in reference.values())
    return float(np.sqrt(gap / size))


def _accuracy(taken: Course, final: Mapping[str, Array], found: Mapping[str, Array] | None) -> float | None:
    """Share of test examples whose greatest output is the label's; the framework's own outputs where there are any."""
    graph, labels = taken.trial.case.graph, taken.dataset.labels
    if graph is None or labels is None:
        return None
    output = graph.outputs[0]
    if found is not None:
        scores = found[f"test/{output}"]
    else:
        scores = observe(graph, {**final, **taken.dataset.test}, training=False).values[output]
    return round(float(np.mean(np.argmax(scores, axis=-1) == taken.dataset.test[labels])), 4)


def _named(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {f"{prefix}/{name}": array for name, array in arrays.items()}
