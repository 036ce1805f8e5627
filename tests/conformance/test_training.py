"""Training in a real framework moves what its phases update and nothing else: everything that is frozen keeps every bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from judged import gan

from parity.execution import arrays as array_files
from parity.spec.cases import Case
from parity.spec.expansion import expand
from parity.spec.graph import Graph
from parity.spec.specs import Architecture, Initializer, Optimizer, load
from parity.trials import draws as drawing
from parity.trials.session import Session
from parity.trials.trial import Trial

STEPS, BATCH = 3, 2


def phase(place: int) -> Graph:
    """One phase of the GAN: its optimizer has its own network, the other network is frozen."""
    return replace(gan(), name=f"gan_{place}", phases=gan().phases[place : place + 1])


def small(name: str) -> Graph:
    spec = load(f"architectures/{name}")
    assert isinstance(spec, Architecture)
    return expand(spec, "small")


GRAPHS = {
    "discriminator alone": phase(0),
    "generator alone": phase(1),
    "gan": gan(),
    "fine_tuning": small("fine_tuning"),
    "style_transfer": small("style_transfer"),
}


def trial(name: str, graph: Graph) -> Trial:
    """A few steps with a rule that moves even what has no gradient (weight decay), if its optimizer holds it."""
    initializer, rule = load("initializers/glorot_uniform"), load("optimizers/adamw")
    assert isinstance(initializer, Initializer) and isinstance(rule, Optimizer)
    drawn = drawing.draw(graph, initializer, "float32", batch_size=BATCH, batches=STEPS)
    initial = {key: array for key, array in drawn.arrays.items() if not key.startswith("batch/")}
    data = {
        f"dataset/{given.name}": np.concatenate([drawn.arrays[f"batch/{step}/{given.name}"] for step in range(STEPS)])
        for given in graph.batch_inputs()
    }
    order = {"order": np.arange(STEPS * BATCH).reshape(STEPS, BATCH)}
    case = Case(
        spec=name.replace(" ", "_"),
        task="training",
        dtype="float32",
        graph=graph,
        initializer=initializer.name,
        optimizer=rule.name,
        hyperparameters=rule.probe_values(),
        batch_size=BATCH,
        steps=STEPS,
        activations=False,
    )
    return Trial(case, {**initial, **data, **order}, lambda _: [], "training")


@pytest.fixture(scope="module")
def trained(framework: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, np.ndarray], ...]]:
    """Name of the graph -> everything before the first step, and after the last."""
    trials = [trial(name, graph) for name, graph in GRAPHS.items()]
    found = {}
    for name, one in zip(GRAPHS, Session(tmp_path_factory.mktemp("store"), [framework]).run(trials), strict=True):
        assert one.record.outcome == "ran" and one.record.arrays is not None, one.record.reason
        after = array_files.load(one.out, one.record.arrays)
        states = {key: array for key, array in one.trial.arrays.items() if key.startswith(("parameter/", "statistic/"))}
        found[name] = (
            {key.partition("/")[2]: array for key, array in states.items()},
            {key.partition("/")[2]: array for key, array in after.items() if key.startswith("parameter/")},
        )
    return found


@pytest.mark.parametrize("name", GRAPHS)
def test_only_what_a_phase_updates_moves(name: str, trained: dict[str, tuple[dict[str, np.ndarray], ...]]) -> None:
    graph, (before, after) = GRAPHS[name], trained[name]
    updated = {key for one in graph.phases for key in one.updates}
    frozen = {one.name for one in graph.parameters} - updated
    assert updated and (frozen or name == "gan")
    assert not [key for key in frozen if before[key].tobytes() != after[key].astype(before[key].dtype).tobytes()]
    assert not [key for key in updated if np.array_equal(before[key], after[key])]


def test_statistics_of_what_is_evaluated_stand_still(trained: dict[str, tuple[dict[str, np.ndarray], ...]]) -> None:
    before, after = trained["fine_tuning"]
    graph = GRAPHS["fine_tuning"]
    still = {key for node in graph.nodes if node.evaluate for key in node.statistics.values()}
    moving = {one.name for one in graph.statistics} - still
    assert still and not [key for key in still if not np.array_equal(before[key], after[key])]
    assert moving and not [key for key in moving if np.array_equal(before[key], after[key])]


def test_the_two_optimizers_of_a_gan_have_nothing_in_common() -> None:
    """The sets of the spec: together they are all parameters, and no parameter is in both."""
    first, second = (set(one.updates) for one in gan().phases)
    assert not first & second and first | second == {one.name for one in gan().parameters}
