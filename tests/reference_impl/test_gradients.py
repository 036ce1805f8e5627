"""The reference's gradients of whole graphs against finite differences, in every precision, whole and node by node."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_built import Array, draw
from small_graphs import GRAPHS, adversarial

from parity.ops.definition import LONG, Run
from parity.reference_impl import walk
from parity.reference_impl.observation import cast, observe, shadows
from parity.spec.graph import Graph, isolate


def loss_at(graph: Graph, values: dict[str, Array], name: str, direction: Array, step: float) -> float:
    moved = {**values, name: values[name] + step * direction}
    phase = graph.phases[0]
    return float(walk.forward(graph, moved, Run("float64"), phase).values[phase.loss])


def away_from_kinks(graph: Graph) -> dict[str, Array]:
    """The first draw in which no kink is near enough for a finite difference to cross it."""
    for seed in range(100):
        values = draw(graph, seed=seed)
        if all(margin.min() > 0.005 for margin in observe(graph, values).margins.values()):
            return values
    raise AssertionError("no draw in 100 stays away from the kinks")


def slope(graph: Graph, values: dict[str, Array], name: str, direction: Array) -> float:
    """Central differences of fourth order along a direction."""
    h = 2e-4
    near = loss_at(graph, values, name, direction, h) - loss_at(graph, values, name, direction, -h)
    far = loss_at(graph, values, name, direction, 2 * h) - loss_at(graph, values, name, direction, -2 * h)
    return (8 * near - far) / (12 * h)


@pytest.mark.parametrize("name", GRAPHS)
def test_gradients_are_the_slopes_of_the_loss(name: str) -> None:
    graph = GRAPHS[name]()
    values = away_from_kinks(graph)
    seen = observe(graph, values, cotangents=True)
    random = np.random.RandomState(7)
    carried = {state.name: seen.cotangents[state.name] for state in graph.carried}
    for tensor, gradient in {**seen.gradients, **seen.input_gradients, **carried}.items():
        for _ in range(3):
            direction = random.standard_normal(gradient.shape) / np.sqrt(gradient.size)
            expected = slope(graph, values, tensor, direction)
            assert np.sum(gradient * direction) == pytest.approx(expected, rel=1e-8, abs=1e-10), tensor


@pytest.mark.parametrize("name", GRAPHS)
def test_every_trained_parameter_and_float_input_has_a_gradient(name: str) -> None:
    graph = GRAPHS[name]()
    seen = observe(graph, draw(graph))
    assert set(seen.gradients) == set(graph.phases[0].updates)
    floats = {given.name for given in graph.inputs if given.dtype == "float" and not given.name.endswith("mask")}
    assert set(seen.input_gradients) == floats
    live = {tensor for tensor, gradient in seen.gradients.items() if np.any(gradient)}
    assert set(seen.gradients) - live == {tensor for tensor in seen.gradients if tensor.startswith("unused.")}


def everything(seen: Any) -> dict[str, Array]:
    groups = {"value": seen.values, "gradient": seen.gradients, "input": seen.input_gradients, "state": seen.state}
    flat = {f"{kind}/{name}": array for kind, group in groups.items() for name, array in group.items()}
    return {**flat, "loss": seen.loss, **{f"cotangent/{name}": array for name, array in seen.cotangents.items()}}


@pytest.mark.parametrize("name", GRAPHS)
def test_float32_stays_float32_and_near(name: str) -> None:
    graph = GRAPHS[name]()
    values = cast(draw(graph), "float32")
    told = {"cotangents": True}
    exact, single = everything(observe(graph, values, **told)), everything(observe(graph, values, "float32", **told))
    assert {array.dtype for array in single.values()} == {np.dtype("float32")}
    assert {array.dtype for array in exact.values()} == {np.dtype("float64")}
    for tensor, array in single.items():
        assert np.abs(array - exact[tensor]).max() < 1e-5 + 1e-5 * np.abs(exact[tensor]).max(), tensor


@pytest.mark.parametrize("name", GRAPHS)
def test_shadows_differ_by_rounding_alone(name: str) -> None:
    graph = GRAPHS[name]()
    values = cast(draw(graph), "float32")
    exact = observe(graph, values, cotangents=True)
    first, second = shadows(graph, values, "float32", [1, 2])
    again = observe(graph, values, "float32", 1)
    assert any(np.any(first.gradients[tensor] != second.gradients[tensor]) for tensor in exact.gradients)
    for tensor, gradient in exact.gradients.items():
        np.testing.assert_array_equal(first.gradients[tensor], again.gradients[tensor])
        assert np.abs(first.gradients[tensor] - gradient).max() <= 1e-5 + 1e-5 * np.abs(gradient).max()
    ordered = observe(graph, values, "float64", 5, cotangents=True)
    for tensor, array in everything(exact).items():
        np.testing.assert_allclose(everything(ordered)[tensor], array, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype,bits", [("float16", 11), ("bfloat16", 8)])
def test_narrow_precisions_round_at_op_boundaries(dtype: str, bits: int) -> None:
    graph = GRAPHS["mlp"]()
    values = cast(draw(graph), "float32")
    exact, narrow = observe(graph, values), observe(graph, values, dtype)
    mantissas = np.frexp(narrow.values["hidden"])[0] * 2.0**bits
    np.testing.assert_array_equal(mantissas, np.round(mantissas))
    error = np.abs(narrow.values["logits"] - exact.values["logits"]).max()
    assert 0 < error < 40 * 2.0**-bits


@pytest.mark.parametrize("name", ["translator", "transformer", "learned_image", "language_model"])
def test_an_isolated_node_has_the_gradients_of_the_whole(name: str) -> None:
    graph = GRAPHS[name]()
    values = draw(graph)
    seen = observe(graph, values, cotangents=True)
    for node in graph.nodes:
        alone = isolate(graph, node.name)
        fed = {**values, **seen.values}
        fed |= {f"weights.{suffix}" if suffix else "weights": seen.cotangents[node.value(suffix)] for suffix in node.outputs}
        part = observe(alone, fed)
        for tensor in node.parameters.values():
            users = [other.name for other in graph.all_nodes() if tensor in other.parameters.values()]
            if users == [node.name]:
                np.testing.assert_allclose(part.gradients[tensor], seen.gradients[tensor], rtol=1e-12, atol=1e-14)
        for suffix in node.outputs:
            np.testing.assert_array_equal(part.values[node.value(suffix)], seen.values[node.value(suffix)])


@pytest.mark.parametrize("phase,trained", [(0, "critic.kernel"), (1, "generator.kernel")])
def test_each_phase_has_the_gradients_of_what_it_updates(phase: int, trained: str) -> None:
    graph = adversarial()
    values = draw(graph)
    seen = observe(graph, values, phase=phase)
    assert set(seen.gradients) == set(graph.phases[phase].updates)
    alone = replace(graph, phases=(graph.phases[phase],))
    direction = np.random.RandomState(2).standard_normal(values[trained].shape)
    expected = slope(alone, values, trained, direction)
    assert np.sum(seen.gradients[trained] * direction) == pytest.approx(expected, rel=1e-8)


def test_a_long_product_of_a_running_walk_is_added_one_by_one() -> None:
    """One and then 2^-25s: each is lost where it is added to the one alone, but not where a block of them is."""
    small = np.full((1, LONG + 1), 2.0**-25, np.float32)
    small[0, 0] = 1
    ones = np.ones((LONG + 1, 1), np.float32)
    assert Run("float32", running=True).matmul(small, ones) == 1
    assert Run("float32").matmul(small, ones) > 1
    short = Run("float32", running=True).matmul(small[:, 1:], ones[1:])
    np.testing.assert_array_equal(short, small[:, 1:] @ ones[1:])


def test_even_orders_alone_add_products_one_by_one() -> None:
    small, ones = np.full((1, LONG + 1), 0.1, np.float32), np.ones((LONG + 1, 1), np.float32)
    exact = (LONG + 1) * float(small[0, 0])

    def error(seed: int) -> float:
        run = Run("float32", True, np.random.RandomState(seed), running=seed % 2 == 0)
        return abs(run.matmul(small, ones).item() - exact)

    assert error(2) > 3 * error(1)
