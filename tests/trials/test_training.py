"""What is said of a training run: every loss, finite; the quality that is asked; frozen parameters, bit for bit."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from judged import gan
from numpy.typing import NDArray

from parity.errors import UsageError
from parity.judgement.measures import QualityBound
from parity.judgement.verdicts import exit_status
from parity.reference_impl.observation import observe
from parity.reference_impl.rules import Rule
from parity.reference_impl.training import TrainingRun, evaluate, train
from parity.reporting import figures
from parity.reporting.results import Curve
from parity.spec.cases import Case
from parity.spec.expansion import expand
from parity.spec.graph import Graph
from parity.spec.specs import Architecture, Optimizer, SpecError, load, parse
from parity.spec.suites import Suite, SuiteEntry
from parity.trials.datasets import Dataset
from parity.trials.reference_cache import remembered
from parity.trials.session import Session
from parity.trials.training import Goal, course, curves, judge_training
from parity.trials.trial import Options

Arrays = dict[str, NDArray[np.float64]]
HALF_FROZEN = """
name: half_frozen
source: test
inputs: {features: {shape: [2]}}
layers: [dense first: {units: 2}, dense second: {units: 1}]
training: {inputs: {target: {shape: [1]}}, updates: [second], loss: [squared_error: {target: target}]}
"""
TEST = {"features": np.array([[0.0, 1.0], [1.0, 0.0]]), "target": np.array([[0.0], [1.0]])}


def half_frozen() -> Graph:
    spec = parse(HALF_FROZEN)
    assert isinstance(spec, Architecture)
    return expand(spec)


def values(graph: Graph, seed: int = 0) -> Arrays:
    numbers = np.random.RandomState(seed)
    return {one.name: numbers.standard_normal(one.shape) for one in (*graph.parameters, *graph.statistics)}


def verdicts(changes: dict[str, object], *, at_most: float | None = 10.0) -> dict[str, str]:
    """quantity -> verdict of a run whose arrays are changed."""
    graph = half_frozen()
    start = values(graph)
    case = Case("half_frozen", "training", "float32", graph=graph, steps=20, batch_size=2)
    losses = np.linspace(2.0, 1.0, 20)
    arrays = {"losses": losses, "test/second": np.ones((2, 1)), **{f"parameter/{name}": start[name] for name in start}}
    goal = Goal(QualityBound("squared_error", None, at_most), "second", "target") if at_most is not None else None
    judge = judge_training(case, Dataset("test", "", {}, TEST, "target"), goal, start)
    found = {**arrays, **changes}
    return {one.quantity: one.verdict for one in judge({key: array for key, array in found.items() if array is not None})}  # type: ignore[misc]


def test_a_good_run_agrees() -> None:
    assert verdicts({}) == {"quality": "agrees", "frozen": "exact"}
    assert verdicts({}, at_most=None) == {"training": "agrees", "frozen": "exact"}


@pytest.mark.parametrize(
    ("changes", "quantity", "verdict"),
    [
        ({"test/second": np.full((2, 1), 5.0)}, "quality", "differs"),
        ({"test/second": np.full((2, 1), np.nan)}, "quality", "differs"),
        ({"losses": np.full(20, np.nan)}, "training", "nonfinite"),
        ({"losses": np.ones(19)}, "training", "not_compared"),
        ({"losses": None}, "training", "not_compared"),
        ({"parameter/first.bias": values(half_frozen())["first.bias"] * (1 + 2e-16)}, "frozen", "differs"),
        ({"parameter/first.bias": None}, "frozen", "differs"),
    ],
)
def test_a_run_that_falls_short_is_reported_as_such(changes: dict[str, object], quantity: str, verdict: str) -> None:
    assert verdicts(changes)[quantity] == verdict


def test_a_loss_that_rises_differs_where_no_quality_is_stated() -> None:
    assert verdicts({"losses": np.linspace(1.0, 2.0, 20)}, at_most=None)["training"] == "differs"


def test_what_a_framework_did_not_show_is_computed_from_its_parameters() -> None:
    """A value of a phase is no output: the reference evaluates it at the framework's parameters."""
    graph = half_frozen()
    start = values(graph)
    whole = observe(graph, {**start, **TEST}, training=False).values["second"]
    found = evaluate(graph, start, {name: array[[0, 1, 1]] for name, array in TEST.items()}, "second", 2)
    np.testing.assert_array_equal(found, whole[[0, 1, 1]])
    assert evaluate(graph, start, TEST, graph.phases[0].loss, 2) == observe(graph, {**start, **TEST}).loss
    with pytest.raises(KeyError, match="no value 'nothing'"):
        evaluate(graph, start, TEST, "nothing", 2)


def test_the_reference_trains_in_turn() -> None:
    """One step by hand: the second phase starts from the discriminator that the first has left, and its loss is the step's."""
    graph, optimizer = gan(), load("optimizers/sgd")
    assert isinstance(optimizer, Optimizer)
    start, rate = values(graph), {"learning_rate": 0.5}
    numbers = np.random.RandomState(1)
    data = {one.name: numbers.standard_normal((4, *one.shape)) for one in graph.batch_inputs()}
    run = train(graph, Rule.of(optimizer), rate, start, data, np.array([[0, 1, 2, 3]]))
    first = observe(graph, {**start, **data}, phase=0)
    between = {**start, **{name: start[name] - 0.5 * first.gradients[name] for name in graph.phases[0].updates}, **first.state}
    second = observe(graph, {**between, **data}, phase=1)
    after = {**between, **{name: start[name] - 0.5 * second.gradients[name] for name in graph.phases[1].updates}}
    assert run.losses.tolist() == [float(np.asarray(second.loss))]
    for name, array in {**after, **second.state}.items():
        np.testing.assert_array_equal(run.final[name], array)


def test_a_reference_run_is_computed_once(tmp_path: Path) -> None:
    case, runs = Case("net", "training", "float32", steps=2), []

    def compute() -> TrainingRun:
        runs.append(1)
        return TrainingRun(np.array([2.0, 1.0]), {"a.kernel": np.ones(3)})

    first, second = (remembered(tmp_path, case, "rule", "draws", compute) for _ in range(2))
    assert len(runs) == 1 and second.losses.tolist() == first.losses.tolist() == [2.0, 1.0]
    np.testing.assert_array_equal(second.final["a.kernel"], np.ones(3))
    remembered(tmp_path, replace(case, steps=3), "rule", "draws", compute)
    remembered(tmp_path, case, "rule", "other draws", compute)
    remembered(tmp_path, case, "another rule", "draws", compute)
    assert len(runs) == 4


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            "task: speed, specs: [mlp], quality: {measure: bits, at_most: 1}",
            "`quality` is for training, not for `speed`",
        ),
        ("task: speed, specs: [mlp], hyperparameters: {rho: 1}", "`hyperparameters` is for training, not for `speed`"),
        ("task: training, specs: [mlp], quality: {measure: bits}", "a quality is asked for with `at_least`, `at_most` or both"),
    ],
)
def test_mistakes_of_a_quality(entry: str, told: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse(f"name: user\nentries:\n  - {{{entry}}}\n")
    assert told in str(caught.value)


def test_a_curve_with_no_number_in_it_is_drawn() -> None:
    """A run that went to infinity, and a reference that reached a loss of zero."""
    curves = [
        Curve("c", "net", name, "float32", losses, None, None, "data", "accuracy", "at least 1", None, False)
        for name, losses in (("reference", [1.0, 0.0, 0.5]), ("torch", [1.0, None, 0.25]))
    ]
    assert "<svg" in figures.svg(figures.drift(curves))
    assert "<svg" in figures.svg(figures.loss_curves(curves))


SUITE = """
name: user
entries:
  - {task: training, specs: [mlp_xor], dataset: exclusive_or, seeds: [3], steps: STEPS, batch_sizes: [4],
     optimizer: momentum, hyperparameters: {learning_rate: 0.5, momentum: 0.9}, quality: {measure: sides, at_least: 1}}
"""


@pytest.mark.parametrize(("steps", "verdict", "status"), [(1000, "agrees", 0), (20, "differs", 1)])
def test_a_training_passes_if_it_learns_and_fails_if_it_does_not(
    steps: int, verdict: str, status: int, tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the suite's text to the exit status, with a right framework in a process of its own: twenty steps are too few."""
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    suite = parse(SUITE.replace("STEPS", str(steps)))
    assert isinstance(suite, Suite)
    (entry,) = suite.entries
    specs = [load(name) for name in ("mlp_xor", "glorot_uniform", "momentum")]
    taken = course(*specs, entry, Options(seed=3), tmp_path)  # type: ignore[arg-type]
    session = Session(tmp_path, ["torch"], {"torch": "reference_framework:Implementation"}, python_path=[fakes])
    (judged,) = session.run([taken.trial])
    assert judged.verdict == verdict and exit_status([judged.verdict]) == status
    shown = {curve.framework: curve for curve in curves(taken, [judged])}
    assert shown.keys() == {"reference", "reference + 1 ulp", "torch"}
    assert {curve.reached for curve in shown.values()} == {verdict == "agrees"}
    assert (shown["torch"].measure, shown["torch"].asked) == ("share on the right side", "at least 1")
    assert shown["torch"].final_distance is not None and shown["torch"].final_distance < 1e-4


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("measure: sides", "measure: sidles"), "no quality `sidles`; there are: absolute_error,"),
        (("momentum: 0.9", "beta: 0.9"), "momentum has no hyper-parameter beta; it has learning_rate, momentum"),
        (("at_least: 1", "at_least: 1, value: nothing"), "sides needs a value of mlp_xor, not `nothing`"),
        (("at_least: 1", "at_least: 1, target: label"), "sides needs a target out of features, target, not `label`"),
        (("exclusive_or", "digits"), "mlp_xor has no single image and single label to fill from digits"),
        (("batch_sizes: [4]", "batch_sizes: [4, 2]"), "one batch size, not with .4, 2.: write an entry for each"),
        (("seeds: [3]", "seeds: [3], dtypes: [float64]"), "mlp_xor trains in float32 alone, not in float64"),
    ],
)
def test_what_a_training_cannot_use_is_told_before_it_starts(change: tuple[str, str], told: str, tmp_path: Path) -> None:
    suite = parse(SUITE.replace("STEPS", "20").replace(*change))
    assert isinstance(suite, Suite)
    specs = [load(name) for name in ("mlp_xor", "glorot_uniform", "momentum")]
    with pytest.raises(UsageError, match=told):
        course(*specs, suite.entries[0], Options(), tmp_path)  # type: ignore[arg-type]


def entry_of(text: str) -> SuiteEntry:
    suite = parse(f"name: user\nentries: [{text}]\n")
    assert isinstance(suite, Suite)
    return suite.entries[0]


def test_a_quality_of_a_test_needs_one(tmp_path: Path) -> None:
    asked = "specs: [style_transfer], dataset: photograph_styles, size: small, batch_sizes: [1]"
    entry = entry_of(f"{{task: training, {asked}, quality: {{measure: accuracy, at_least: 1}}}}")
    specs = [load(name) for name in ("style_transfer", "he_normal", "adam")]
    with pytest.raises(UsageError, match="accuracy needs a test, and photograph_styles has none: ask for loss_share"):
        course(*specs, entry, Options(), tmp_path)  # type: ignore[arg-type]


def test_what_is_about_no_classes_has_no_accuracy(tmp_path: Path) -> None:
    entry = entry_of("{task: training, specs: [mlp_xor], dataset: exclusive_or, steps: 2, batch_sizes: [4]}")
    specs = [load(name) for name in ("mlp_xor", "glorot_uniform", "sgd")]
    taken = course(*specs, entry, Options(), tmp_path)  # type: ignore[arg-type]
    assert [curve.accuracy for curve in curves(taken, [])] == [None, None]
