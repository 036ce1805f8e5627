"""Ops alone as cases: which words select them, what their graphs are, and that a wrong op is caught and a right one green."""

from __future__ import annotations

import pytest
from hand_built import draw
from reference_framework import Implementation

from parity.errors import UsageError
from parity.execution.worker.tasks import agreement as observed
from parity.judgement.verdicts import GREEN, worst
from parity.ops import TABLE, kind_of
from parity.spec.op_graphs import op_graph
from parity.spec.specs import KINDS, names
from parity.trials import selection
from parity.trials.ops import op_trials
from parity.trials.trial import Options

FLOAT64 = Options(dtypes=("float64",))


def test_words_select_ops() -> None:
    of_kind = {kind: {op for op in TABLE if kind_of(op) == kind} for kind in ("activations", "losses", "layers")}
    assert {kind: set(selection.select([kind]).ops) for kind in of_kind} == of_kind
    assert {"relu", "prelu"} <= of_kind["activations"] and "huber" in of_kind["losses"] and "dense" in of_kind["layers"]
    assert selection.select(["conv2d", "layers/dense", "losses/squared_error", "conv2d"]).ops == (
        "conv2d",
        "dense",
        "squared_error",
    )
    assert set(selection.select(["all"]).ops) == set(TABLE)
    assert selection.select(["sgd"]).ops == ()
    assert selection.select(["conv2d", "sgd"]).optimizers


@pytest.mark.parametrize("word", ["activations/dense", "layers/nothing", "conv"])
def test_what_is_no_op_is_a_usage_error(word: str) -> None:
    with pytest.raises((UsageError, Exception), match=word):
        selection.select([word])


def test_no_op_hides_behind_a_spec() -> None:
    assert not set(TABLE) & {name for kind in KINDS for name in names(kind)}
    assert {kind_of(op) for op in TABLE} == {"layers", "activations", "losses"}


@pytest.mark.parametrize("op", TABLE)
def test_every_example_is_a_graph_of_its_own(op: str) -> None:
    for example in TABLE[op].EXAMPLES:
        graph = op_graph(op, example)
        (node,) = graph.nodes
        assert node.op == op
        assert set(node.inputs) >= set(example.shapes)
        assert node.attributes.items() >= dict(example.attributes).items()
        assert set(graph.outputs) == {node.value(suffix) for suffix in node.outputs}
        assert set(draw(graph)) >= {given.name for given in graph.batch_inputs()}


def test_a_trial_has_a_name_of_its_own_and_the_kind_of_its_op() -> None:
    initializer = selection.initializer("glorot_uniform")
    made = [trial for op in ("conv2d", "relu", "huber") if op in TABLE for trial in op_trials(op, initializer, Options())]
    assert len({trial.case.id for trial in made}) == len(made)
    assert {trial.kind for trial in op_trials("dropout", initializer, Options())} == {"layers"}
    assert {trial.case.spec for trial in op_trials("dropout", initializer, FLOAT64)} >= {"dropout[native]"}
    assert {trial.kind for trial in op_trials("tanh", initializer, Options())} == {"activations"}


@pytest.mark.parametrize("op", ["conv2d", "dropout", "softmax_cross_entropy", "lstm", "parameter"])
def test_the_reference_is_green_on_itself(op: str) -> None:
    for trial in op_trials(op, selection.initializer("glorot_uniform"), FLOAT64):
        if "[native]" in trial.case.spec:
            continue
        arrays = observed(Implementation().realize(trial.case), trial.case, trial.arrays)
        assert worst(one.verdict for one in trial.judge(arrays)) in GREEN
        wrong = {name: array * 1.001 if name.startswith("forward/") else array for name, array in arrays.items()}
        assert worst(one.verdict for one in trial.judge(wrong)) not in GREEN
