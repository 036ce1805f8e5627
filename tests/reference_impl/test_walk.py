"""What a walk of the reference keeps in order, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_built import Array, Builder, draw
from small_graphs import NORM, adversarial, convolutional, language_model, mlp

from parity.ops.definition import Run
from parity.reference_impl import walk
from parity.reference_impl.observation import cast, observe


def test_shared_parameters_get_the_sum() -> None:
    graph = language_model()
    values = draw(graph)
    shared = observe(graph, values).gradients["embedding.table"]
    twin = {"logits": replace(graph.node("logits"), parameters={"kernel": "own", "bias": "logits.bias"})}
    nodes = tuple(twin.get(node.name, node) for node in graph.nodes)
    table = next(one for one in graph.parameters if one.name == "embedding.table")
    phase = replace(graph.phases[0], updates={"embedding.table": 1.0, "own": 1.0})
    apart = replace(graph, nodes=nodes, parameters=(*graph.parameters, replace(table, name="own")), phases=(phase,))
    gradients = observe(apart, {**values, "own": values["embedding.table"]}).gradients
    np.testing.assert_allclose(shared, gradients["embedding.table"] + gradients["own"], rtol=1e-12)


def test_carried_state_is_what_the_last_batch_left() -> None:
    graph = language_model()
    values = draw(graph)
    seen = observe(graph, values)
    np.testing.assert_array_equal(seen.state["state"], seen.values["lstm.state"])
    np.testing.assert_array_equal(seen.state["cell"], seen.values["lstm.cell"])
    assert "state" not in seen.input_gradients


def test_statistics_move_once_a_call_in_order() -> None:
    graph = adversarial()
    values = draw(graph)
    seen = observe(graph, values, phase=0)
    fake = values["noise"] @ values["generator.kernel"].T
    mean = 0.75 * (0.75 * values[NORM["running_mean"]] + 0.25 * values["real"].mean(0)) + 0.25 * fake.mean(0)
    np.testing.assert_allclose(seen.state[NORM["running_mean"]], mean, rtol=1e-14)
    alone = observe(graph, values, phase=1)
    once = 0.75 * values[NORM["running_variance"]] + 0.25 * fake.var(0)
    np.testing.assert_allclose(alone.state[NORM["running_variance"]], once, rtol=1e-14)


def test_a_node_can_run_in_evaluation_mode_while_training() -> None:
    graph = convolutional()
    values = draw(graph)
    nodes = tuple(replace(node, evaluate=node.op == "batch_norm") for node in graph.nodes)
    frozen = observe(replace(graph, nodes=nodes), values)
    evaluated = observe(graph, values, training=False)
    np.testing.assert_array_equal(frozen.values["norm"], evaluated.values["norm"])
    np.testing.assert_array_equal(frozen.state["norm.running_mean"], values["norm.running_mean"])
    assert evaluated.loss is None
    assert not evaluated.gradients
    assert np.any(observe(graph, values).state["norm.running_mean"] != values["norm.running_mean"])


def test_evaluation_leaves_masks_aside() -> None:
    graph = language_model()
    values = draw(graph)
    first = observe(graph, values, training=False)
    second = observe(graph, {**values, "mask": 0 * values["mask"]}, training=False)
    np.testing.assert_array_equal(first.values["logits"], second.values["logits"])


def test_training_needs_its_masks() -> None:
    graph = language_model()
    nodes = tuple(replace(node, inputs={role: source for role, source in node.inputs.items() if role != "mask"})
                  for node in graph.nodes)  # fmt: skip
    with pytest.raises(ValueError, match="needs a mask"):
        observe(replace(graph, nodes=nodes), draw(graph))


def test_a_dictated_branch_is_taken() -> None:
    build = Builder()
    build.input("x", (4,))
    build.node("relu", "relu", {"x": "x"})
    build.node("mean", "loss", {"x": "relu"})
    build.phase(1)
    graph = build.graph()
    values = {"x": np.array([[1e-9, -1e-9, 1.0, -1.0]])}
    plain = observe(graph, values)
    np.testing.assert_array_equal(plain.margins["relu"], np.abs(values["x"]))
    np.testing.assert_array_equal(plain.input_gradients["x"], [[0.25, 0, 0.25, 0]])
    told = observe(graph, values, branches={"relu": np.array([[False, True, True, False]])})
    np.testing.assert_array_equal(told.input_gradients["x"], [[0, 0.25, 0.25, 0]])


def test_a_dictated_branch_inside_a_scan_has_time_after_the_batch() -> None:
    build = Builder()
    build.input("x", (3, 2))
    build.input("start", (2,))
    body = build.inside(input=(2,), state=(2,))
    body.node("add", "add", {"branches": ("input", "state")})
    body.node("relu", "relu", {"x": "add"})
    steps = {"sequences": {"input": "x"}, "state": {"state": "start"}, "next": {"state": "relu"}}
    build.scan("loop", body, 3, **steps, captured=(), output="relu")
    build.node("mean", "loss", {"x": "loop"})
    build.phase(1)
    graph = build.graph()
    values = draw(graph, batch=2, seed=1)
    margins = observe(graph, values).margins["loop.relu"]
    assert margins.shape == (2, 3, 2)
    everywhere = observe(graph, values, branches={"loop.relu": np.ones((2, 3, 2), bool)})
    np.testing.assert_allclose(everywhere.values["loop"], values["start"][:, None] + np.cumsum(values["x"], axis=1))


@pytest.mark.parametrize(
    "spoil,message",
    [
        ({"x": np.zeros((3, 4))}, "x has shape"),
        ({"hidden.kernel": np.zeros((7, 5), np.float32)}, "is float32 in a walk of float64"),
        ({"label": np.zeros(3)}, "label is float64"),
    ],
    ids=["shape", "precision", "kind"],
)
def test_wrong_values_are_refused(spoil: dict[str, Array], message: str) -> None:
    graph = mlp()
    with pytest.raises(ValueError, match=message):
        walk.forward(graph, {**draw(graph), **spoil}, Run("float64"), graph.phases[0])


def test_missing_values_are_named() -> None:
    graph = mlp()
    values = draw(graph)
    del values["hidden.bias"], values["x"]
    with pytest.raises(ValueError, match=r"no values for hidden\.bias, x"):
        observe(graph, values)


def test_an_op_that_leaves_the_precision_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from parity.ops import tanh

    graph = mlp()
    values = cast(draw(graph), "float32")
    monkeypatch.setattr(tanh, "forward", lambda run, x: (np.tanh(x.astype(np.float64)), x))
    with pytest.raises(TypeError, match=r"tanh \(tanh\) gave float64"):
        observe(graph, values, "float32")


def test_an_op_that_forgets_a_gradient_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from parity.ops import dense

    graph = mlp()
    monkeypatch.setattr(dense, "vjp", lambda run, saved, dy: {"x": dy @ saved[1], "kernel": dy.T @ saved[0]})
    with pytest.raises(ValueError, match=r"dense \(logits\): vjp gives no gradient of bias"):
        observe(graph, draw(graph))


def test_a_graph_that_lies_about_its_batch_is_caught() -> None:
    graph = mlp()
    nodes = tuple(replace(node, batched=node.name != "tanh") for node in graph.nodes)
    with pytest.raises(ValueError, match="node tanh says batched: False"):
        observe(replace(graph, nodes=nodes), draw(graph))


def test_seeds_differentiate_any_sum_of_values() -> None:
    graph = mlp()
    values = draw(graph)
    weights = np.random.RandomState(4).standard_normal((3, 7))
    whole = walk.forward(graph, values, Run("float64"))
    gradients = walk.backward(whole, {"hidden": weights})
    np.testing.assert_allclose(gradients.parameters["hidden.kernel"], weights.T @ values["x"], rtol=1e-13)
    assert not np.any(gradients.parameters["logits.kernel"])
    with pytest.raises(ValueError, match="has no loss"):
        walk.backward(whole)


def test_phases_hold_their_own_nodes() -> None:
    graph = adversarial()
    assert set(observe(graph, draw(graph), phase=1).values) == {
        "fake",
        "on_fake.norm",
        "on_fake.score",
        "fooled",
        "generator_loss",
    }


def test_what_is_not_asked_for_is_let_go() -> None:
    """The same gradients, bit for bit; of the values inside none are kept, and no step outlives the way back."""
    graph = convolutional()
    values = cast(draw(graph), "float64")
    kept, dropped = (walk.forward(graph, values, Run("float64"), graph.phases[0]) for _ in range(2))
    full, lean = walk.backward(kept), walk.backward(dropped, of_values=False)
    assert not kept.steps
    assert not dropped.steps
    inside = {node.value(suffix) for node in dropped.nodes() for suffix in node.outputs}
    assert inside <= set(full.cotangents)
    assert not inside & set(lean.cotangents)
    for ours, theirs in ((full.parameters, lean.parameters), (full.inputs, lean.inputs)):
        assert ours.keys() == theirs.keys()
        for name, array in ours.items():
            np.testing.assert_array_equal(theirs[name], array)
