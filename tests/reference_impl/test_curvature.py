"""Second derivatives: the reference against central differences and closed forms, Newton's method, and frameworks that are
wrong in them alone."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import curved
import numpy as np
import pytest
from reference_framework import Implementation

from parity.errors import UsageError
from parity.execution import newton
from parity.execution.worker import tasks
from parity.judgement.comparison import Comparison
from parity.judgement.verdicts import GREEN
from parity.ops import TABLE
from parity.ops.definition import Example, Op
from parity.reference_impl import curvature
from parity.reference_impl.curvature import NotTwice, minimum, newton_step, product
from parity.reference_impl.observation import observe
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.spec.graph import Graph
from parity.spec.graph_facts import mask_inputs
from parity.spec.masks import dropouts
from parity.spec.op_graphs import op_graph
from parity.trials import draws as drawing
from parity.trials import selection
from parity.trials.curvature import CURVED, NEWTON
from parity.trials.networks import masked
from parity.trials.trial import Options, Trial
from parity.verbs.check import make_trials

Array = Any
Arrays = Mapping[str, Array]


def drawn(name: str, size: str, examples: int) -> tuple[Graph, dict[str, Array], dict[str, Array]]:
    """A network, its values, and a direction."""
    spec = language.load(name)
    assert isinstance(spec, language.Architecture)
    graph = expand(spec, size)
    draws = drawing.draw(graph, selection.initializer("glorot_uniform"), "float64", batch_size=examples)
    return graph, draws.values(), drawing.directions(graph, "float64", 0, 1)[0]


# The reference.


ANALYTIC = {op for op, module in TABLE.items() if Op(module).analytic}


@pytest.mark.parametrize("op", sorted(ANALYTIC))
def test_products_of_an_op_are_central_differences_of_its_vjp(op: str) -> None:
    """Of every example, over its parameters and float inputs together."""
    for example in TABLE[op].EXAMPLES:
        graph = op_graph(op, example)
        rates = dropouts(graph)
        values = drawing.draw(graph, selection.initializer("glorot_uniform"), "float64", batch_size=4, rates=rates).values()
        masks, numbers = mask_inputs(graph.all_nodes()), np.random.RandomState(1)
        names = [one.name for one in graph.parameters]
        names += [one.name for one in graph.batch_inputs() if one.dtype == "float" and one.name not in masks]
        direction = {name: numbers.standard_normal(values[name].shape) for name in names}
        found = product(graph, values, direction)
        for name, array in differences(graph, values, direction).items():
            assert np.abs(found[name] - array).max() <= 1e-7 * max(1.0, np.abs(array).max()), (example.name, name)


def differences(graph: Graph, values: Arrays, direction: Arrays, e: float = 1e-6) -> dict[str, Array]:
    """(g(w + e·v) - g(w - e·v)) / 2e."""

    def slopes(shift: float) -> dict[str, Array]:
        seen = observe(graph, {**values, **{name: values[name] + shift * v for name, v in direction.items()}})
        return {name: {**seen.input_gradients, **seen.gradients}[name] for name in direction}

    one, other = slopes(e), slopes(-e)
    return {name: (one[name] - other[name]) / (2 * e) for name in direction}


def test_an_op_whose_walk_is_not_analytic_is_refused_by_name() -> None:
    spec = language.load("gpt2_small")
    assert isinstance(spec, language.Architecture)
    with pytest.raises(NotTwice, match="no second derivative of gelu, which gpt2_small uses"):
        curvature.check(expand(spec, "small"))
    with pytest.raises(NotTwice, match="has no loss"):
        curvature.check(replace(expand(spec, "small"), phases=()))
    assert not ANALYTIC & {"softplus", "mish", "gelu", "absolute_error", "formula"}


@pytest.mark.parametrize(
    ("text", "refused"), [("x*tanh(x)", ""), ("maximum(x, 0)", ""), ("x*abs(x)", "abs"), ("sign(x)*x", "sign")]
)
def test_a_formula_is_what_it_calls(text: str, refused: str) -> None:
    graph = op_graph("formula", Example({"x": (3,)}, {"text": text}))
    if refused:
        with pytest.raises(NotTwice, match=f"no second derivative of {refused}, "):
            curvature.check(graph)
        return
    numbers = np.random.RandomState(1)
    values = {"x": numbers.standard_normal((4, 3)), "weights.": numbers.standard_normal((4, 3))}
    direction = {"x": numbers.standard_normal((4, 3))}
    np.testing.assert_allclose(
        product(graph, values, direction)["x"], differences(graph, values, direction)["x"], rtol=1e-7, atol=1e-9
    )


def test_a_scan_is_what_its_body_is() -> None:
    """The decoder's recurrent step with its attention."""
    spec = language.load("seq2seq_attention")
    assert isinstance(spec, language.Architecture)
    graph, rates = masked(expand(spec, "small"))
    values = drawing.draw(graph, selection.initializer("glorot_uniform"), "float64", rates=rates).values()
    v = drawing.directions(graph, "float64", 0, 1)[0]
    found = product(graph, values, v)
    for name, array in differences(graph, values, v).items():
        np.testing.assert_allclose(found[name], array, rtol=1e-5, atol=1e-8)


def test_linear_regression_has_the_hessian_of_least_squares() -> None:
    """2/n·[X 1]ᵀ[X 1], to some units in the last place."""
    graph, values, v = drawn("linear_regression", "small", 7)
    x = np.column_stack([values["features"], np.ones(7)])
    expected = 2 / 7 * x.T @ x @ np.append(v["prediction.kernel"], v["prediction.bias"])
    found = product(graph, values, v)
    np.testing.assert_allclose(np.append(found["prediction.kernel"], found["prediction.bias"]), expected, rtol=1e-14)


def test_softmax_regression_has_its_closed_form() -> None:
    """Böhning 1992: H = 1/n·Σ (diag p - p·pᵀ) ⊗ [x 1][x 1]ᵀ; a row of H·v is 1/n·Σ p·(u - p·u)·[x 1] with u = V·[x 1]."""
    graph, values, v = drawn("softmax_regression", "convex", 61)
    x = np.column_stack([values["image"], np.ones(61)])
    logits = x @ np.column_stack([values["logits.kernel"], values["logits.bias"]]).T
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    u = x @ np.column_stack([v["logits.kernel"], v["logits.bias"]]).T
    expected = (p * (u - (p * u).sum(1, keepdims=True))).T @ x / 61
    found = product(graph, values, v)
    np.testing.assert_allclose(found["logits.kernel"], expected[:, :-1], rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(found["logits.bias"], expected[:, -1], rtol=1e-12, atol=1e-16)


def test_a_hessian_is_symmetric_and_keeps_its_precision() -> None:
    graph, values, v = drawn("softmax_regression", "convex", 61)
    u = drawing.directions(graph, "float64", 1, 1)[0]
    assert newton.dot(u, product(graph, values, v)) == pytest.approx(newton.dot(v, product(graph, values, u)), rel=1e-13)
    narrow = product(graph, values, v, "float32")
    assert all(array.dtype == np.float32 for array in narrow.values())
    error = np.abs(narrow["logits.kernel"] - product(graph, values, v)["logits.kernel"]).max()
    assert 0 < error < 1e-6
    with pytest.raises(NotTwice, match="float64 and float32, not in bfloat16"):
        product(graph, values, v, "bfloat16")


# Newton's method.


def matrix(h: Array) -> newton.Product:
    return lambda v: {"w": h @ v["w"]}


def test_conjugate_gradients_solve() -> None:
    numbers = np.random.RandomState(0)
    a, g = numbers.standard_normal((7, 5)), {"w": numbers.standard_normal(5)}
    found = newton.step(matrix(a.T @ a), g, g)["w"]
    np.testing.assert_allclose(found, np.linalg.solve(a.T @ a, g["w"]), rtol=1e-11)


def test_of_a_singular_hessian_the_step_is_the_shortest_one() -> None:
    numbers = np.random.RandomState(0)
    a = numbers.standard_normal((3, 7))
    g = {"w": a.T @ numbers.standard_normal(3)}
    found = newton.step(matrix(a.T @ a), g, g)["w"]
    np.testing.assert_allclose(found, np.linalg.lstsq(a.T @ a, g["w"])[0], rtol=1e-10)


def test_where_there_is_no_slope_or_no_upward_curvature_it_stops() -> None:
    g = {"w": np.ones(3)}
    assert not newton.step(matrix(np.eye(3)), {"w": np.zeros(3)}, g)["w"].any()
    assert not newton.step(matrix(-np.eye(3)), g, g)["w"].any()
    assert not newton.step(matrix(np.full((3, 3), np.nan)), g, g)["w"].any()


def test_least_squares_takes_one_step_from_anywhere() -> None:
    graph, values, _ = drawn("linear_regression", "small", 7)
    expected = np.linalg.lstsq(np.column_stack([values["features"], np.ones(7)]), values["target"][:, 0])[0]
    for solved in (newton_step(graph, values), newton.step(lambda v: product(graph, values, v), *[slopes(graph, values)] * 2)):
        found = np.append(
            values["prediction.kernel"] - solved["prediction.kernel"], values["prediction.bias"] - solved["prediction.bias"]
        )
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    end = minimum(graph, values)
    np.testing.assert_allclose(np.append(end["prediction.kernel"], end["prediction.bias"]), expected, rtol=1e-12)


def slopes(graph: Graph, values: Arrays) -> Arrays:
    return observe(graph, values).gradients


def test_at_the_minimum_there_is_no_slope_and_without_one_it_is_said() -> None:
    graph, values, _ = drawn("softmax_regression", "convex", 61)
    values |= {"logits.kernel": np.zeros((3, 5))}
    assert all(np.abs(array).max() < 1e-15 for array in slopes(graph, {**values, **minimum(graph, values)}).values())
    separable = {**values, "label": np.argmax(values["image"][:, :3], axis=1)}
    with pytest.raises(NotTwice, match="finds no minimum"):
        minimum(graph, separable)
    flat = {**separable, "logits.kernel": 1e6 * np.eye(3, 5)}
    with pytest.raises(NotTwice, match="finds no minimum"):
        minimum(graph, flat)


# The judgement.


@cache
def trial(name: str, dtype: str) -> Trial:
    word, _, spec = name.partition("/")
    (made,) = make_trials(selection.select([name]), Options(dtypes=(dtype,)))
    assert made.case.spec == f"{word}/{spec}"
    return made


def judged(framework: Implementation, name: str, dtype: str) -> list[Comparison]:
    one = trial(name, dtype)
    return one.judge(tasks.curvature(framework.realize(one.case), one.case, one.arrays))


NAMES = ("curvature/linear_regression", "curvature/softmax_regression", "newton/linear_regression", "newton/softmax_regression")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_the_right_framework_agrees(name: str, dtype: str) -> None:
    found = judged(Implementation(), name, dtype)
    assert not [one for one in found if one.verdict not in GREEN]
    steps = {"newton/linear_regression": 1, "newton/softmax_regression": 3}.get(name, 0)  # at least: later ones are rounding
    quantities = {"loss", "gradient", "hessian_vector_product", "unchanged", *(("newton_step", "minimum") if steps else ())}
    assert {one.quantity for one in found} == quantities
    assert sum(one.quantity == "newton_step" for one in found) >= 2 * steps


# Fake -> what it is asked, in which precision, and the verdict and quantity that must catch it.
INTENDED = {
    "TwiceTheProduct": ("newton/linear_regression", "float32", "differs", "hessian_vector_product"),
    "GradientInstead": ("newton/linear_regression", "float32", "differs", "hessian_vector_product"),
    "TransposedDirection": ("newton/softmax_regression", "float32", "differs", "hessian_vector_product"),
    "OneParameterAlone": ("newton/linear_regression", "float32", "differs", "newton_step"),
    "NoSecondOrder": ("newton/linear_regression", "float32", "differs", "minimum"),
    "MovesWithTheDirection": ("curvature/softmax_regression", "float32", "differs", "unchanged"),
    "DifferenceQuotient": ("newton/softmax_regression", "float32", "differs", "hessian_vector_product"),
    "Float32Product": ("curvature/softmax_regression", "float64", "reduced_precision", "hessian_vector_product"),
    "NanProduct": ("newton/linear_regression", "float32", "nonfinite", "hessian_vector_product"),
    "StaysWhereItIs": ("newton/linear_regression", "float32", "differs", "minimum"),
}
FAKES = {
    name: fake
    for name, fake in inspect.getmembers(curved, inspect.isclass)
    if issubclass(fake, curved.Implementation) and fake is not curved.Implementation
}


def test_every_fake_is_intended_to_be_caught() -> None:
    assert set(FAKES) == set(INTENDED)


@pytest.mark.parametrize("fake", INTENDED)
def test_a_wrong_framework_is_caught(fake: str) -> None:
    name, dtype, verdict, quantity = INTENDED[fake]
    found = judged(FAKES[fake](), name, dtype)
    assert verdict in {one.verdict for one in found if one.quantity == quantity}, [(one.quantity, one.verdict) for one in found]
    assert not [one for one in found if one.verdict not in GREEN and one.quantity in ("loss", "gradient")]


def test_a_record_without_arrays_is_not_compared() -> None:
    assert [one.verdict for one in trial(NAMES[0], "float64").judge({})] == ["not_compared"]


# What may be asked.


def test_the_words_select() -> None:
    every = selection.select(["curvature", "newton"])
    assert [spec.name for spec in every.curved] == list(CURVED)
    assert [spec.name for spec in every.convex] == list(NEWTON)
    assert not every.architectures and not every.ops
    one = selection.select(["curvature/mlp", "newton/linear_regression"])
    assert [spec.name for spec in (*one.curved, *one.convex)] == ["mlp", "linear_regression"]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("curvature/gpt2_small", "no second derivative of gelu, which gpt2_small uses"),
        ("newton/mlp", "asked of convex problems: linear_regression, softmax_regression; not of mlp"),
        ("curvature/adam", "asked of architectures; adam is none"),
    ],
)
def test_what_cannot_be_asked_is_refused(word: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        make_trials(selection.select([word]), Options())


def test_a_precision_without_products_is_refused() -> None:
    with pytest.raises(UsageError, match="not in bfloat16"):
        make_trials(selection.select(["newton"]), Options(dtypes=("bfloat16",)))
