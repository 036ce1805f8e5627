"""Every op on every example: gradients, precision, shadows, shapes, and data that can tell."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from op_examples import Drawn, arrays_of, cases, complete, draw, expand, input_shapes, is_integer, over

from parity.ops import TABLE, definition
from parity.ops.definition import Array, Example, Run

EVERY = pytest.mark.parametrize(("op", "example"), cases())
VISIBLE = 1000 * 2.0**-24
"""1,000 unit roundoffs of float32."""


def modes(op: ModuleType, example: Example) -> list[bool]:
    """Training; and evaluation where the op does something else then."""
    rules, _ = expand(op, input_shapes(op, example), complete(op, example))
    differs = hasattr(op, "masks") or any(rule.role.startswith("running_") for rule in rules)
    return [True, False] if differs else [True]


def differences(drawn: Drawn, run: Run, role: str, place: int | None, weights: Mapping[str, Array]) -> Array:
    """Central differences of Σ weights·output for every element of one array."""
    whole = drawn.arrays[role]
    array = whole if place is None else whole[place]
    slopes = np.zeros_like(array)
    step = 1e-5

    def loss(moved: Array) -> float:
        value = moved if place is None else (*whole[:place], moved, *whole[place + 1 :])
        outputs, _ = drawn.forward(run, **{role: value})
        return float(sum(np.sum(weights[suffix] * outputs[suffix]) for suffix in weights))

    for index in np.ndindex(*array.shape):
        up, down = array.copy(), array.copy()
        up[index] += step
        down[index] -= step
        slopes[index] = (loss(up) - loss(down)) / (2 * step)
    return slopes


@EVERY
def test_vjp_agrees_with_central_differences(op: ModuleType, example: Example) -> None:
    for training in modes(op, example):
        run, drawn = Run(training=training), draw(op, example, training=training)
        weights = drawn.weights()
        gradients = drawn.vjp(run, drawn.forward(run)[1], weights)
        for role in drawn.floats:
            parts = gradients[role] if isinstance(gradients[role], tuple) else (gradients[role],)
            for place, gradient in enumerate(parts):
                expected = differences(drawn, run, role, place if role == "branches" else None, weights)
                assert gradient.shape == expected.shape, role
                np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7, err_msg=f"{role}, training {training}")


@EVERY
def test_vjp_takes_a_missing_output_for_zero(op: ModuleType, example: Example) -> None:
    drawn = draw(op, example)
    if len(drawn.outputs) == 1:
        assert list(drawn.outputs) == [""]
        return
    weights = drawn.weights()
    for suffix in weights:
        run = Run()
        alone = drawn.vjp(run, drawn.forward(run)[1], {suffix: weights[suffix]})
        filled = {other: weights[other] * (other == suffix) for other in weights}
        full = drawn.vjp(run, drawn.forward(run)[1], filled)
        for role in drawn.floats:
            np.testing.assert_allclose(alone[role], full[role], rtol=1e-12, atol=1e-12)


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", [None, 5], ids=["in_order", "shadow"])
def test_everything_stays_in_its_precision(op: ModuleType, example: Example, dtype: str, order: int | None) -> None:
    for training in modes(op, example):
        run = Run(dtype, training, None if order is None else np.random.RandomState(order))
        drawn = draw(op, example, training=training).cast(dtype)
        outputs, saved = drawn.forward(run)
        gradients = drawn.vjp(run, saved, drawn.weights())
        for name, values in {"output": outputs, "gradient": gradients}.items():
            for role, value in values.items():
                over(lambda one, label=f"{name} {role!r}": _check_dtype(one, dtype, label), value)
        if hasattr(op, "kinks"):
            _check_dtype(op.kinks(saved), dtype, "kinks")


def _check_dtype(array: Any, dtype: str, label: str) -> None:
    assert isinstance(array, (np.ndarray, np.generic)), f"{label} is {type(array)}"
    assert array.dtype == dtype, f"{label} is {array.dtype}"


@EVERY
def test_shapes_are_those_of_the_signature(op: ModuleType, example: Example) -> None:
    for training in modes(op, example):
        drawn = draw(op, example, training=training)
        outputs, saved = drawn.forward(Run(training=training))
        rows = (3,) if getattr(op, "BATCHED", True) else ()
        for suffix, shape in drawn.outputs.items():
            assert np.shape(outputs[suffix]) == (*rows, *shape)
        moved = set(outputs) - set(drawn.outputs)
        assert moved == (set(drawn.statistics) if training else set()), "statistics move in training alone"
        assert all(outputs[role].shape == drawn.arrays[role].shape for role in moved)
        if hasattr(op, "kinks") and rows:
            assert op.kinks(saved).shape == outputs[""].shape


@EVERY
def test_inputs_are_left_as_they_were(op: ModuleType, example: Example) -> None:
    drawn = draw(op, example)
    weights = drawn.weights()
    before = [array.copy() for array in (*arrays_of(drawn.arrays), *weights.values())]
    run = Run()
    drawn.vjp(run, drawn.forward(run)[1], weights)
    for old, new in zip(before, (*arrays_of(drawn.arrays), *weights.values()), strict=True):
        np.testing.assert_array_equal(old, new)


def _walk(drawn: Drawn, dtype: str, order: int | None) -> list[Array]:
    """Outputs and gradients of one run, in order."""
    run = Run(dtype, True, None if order is None else np.random.RandomState(order))
    drawn = drawn.cast(dtype)
    outputs, saved = drawn.forward(run)
    gradients = drawn.vjp(run, saved, drawn.weights())
    return [*arrays_of(outputs), *arrays_of(gradients)]


def _distance(found: list[Array], expected: list[Array]) -> float:
    """The greatest error of any tensor in max-norm, relative to the tensor's greatest element (at least 1)."""
    pairs = zip(found, expected, strict=True)
    return max(
        float(np.max(np.abs(a.astype("float64") - b), initial=0) / max(1, np.max(np.abs(b), initial=0))) for a, b in pairs
    )


@EVERY
def test_a_shadow_differs_by_rounding_only(op: ModuleType, example: Example) -> None:
    drawn = draw(op, example)
    exact = _walk(drawn, "float64", None)
    narrow = draw(op, example).cast("float32").cast("float64")  # the same numbers, as float32 holds them
    rounded = _walk(narrow, "float64", None)
    for order in range(3):
        assert _distance(_walk(drawn, "float64", order), exact) < 1e-13
        assert _distance(_walk(narrow, "float32", order), rounded) < 256 * 2.0**-24


class CountingRun(Run):
    """Notes the longest reduction that a walk asked for."""

    longest = 0

    def sum(self, x: Array, axis: Any = None, keepdims: bool = False) -> Array:
        axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
        self.longest = max(self.longest, *(x.shape[one] for one in axes), 0)
        return super().sum(x, axis, keepdims)

    def matmul(self, a: Array, b: Array) -> Array:
        self.longest = max(self.longest, a.shape[-1])
        return super().matmul(a, b)


@EVERY
def test_a_shadow_moves_the_last_bits_wherever_something_is_summed(op: ModuleType, example: Example) -> None:
    drawn, run = draw(op, example).cast("float32"), CountingRun("float32")
    drawn.vjp(run, drawn.forward(run)[1], drawn.weights())
    plain = _walk(drawn, "float32", None)
    moved = any(_distance(_walk(drawn, "float32", order), plain) > 0 for order in range(8))
    assert moved or run.longest < 4  # three numbers may give one sum in every order


@EVERY
def test_every_float_input_and_parameter_has_a_gradient_that_shows(op: ModuleType, example: Example) -> None:
    run, drawn = Run(), draw(op, example)
    gradients = drawn.vjp(run, drawn.forward(run)[1], drawn.weights())
    for role in drawn.floats:
        if role in ZERO_GRADIENTS.get(op.__name__.rsplit(".", 1)[1], ()):
            assert np.max(np.abs(gradients[role])) < 1e-13, role
        else:
            over(lambda one, label=role: _check_visible(one, label), gradients[role])


ZERO_GRADIENTS = {"multi_head_attention": ("key.bias",)}
"""Parameters that move nothing: a key's bias adds the same number to all scores of a query, and softmax takes it off again."""


def _check_visible(gradient: Array, label: str) -> None:
    assert np.max(np.abs(gradient)) > VISIBLE, label


@EVERY
def test_integers_show(op: ModuleType, example: Example) -> None:
    drawn = draw(op, example)
    for role in (role for role in input_shapes(op, example) if is_integer(op, role)):
        low, high = example.limits.get(role, (0, example.below.get(role, 0) - 1))
        turned = low + (drawn.arrays[role] - low + 1) % (high - low + 1)
        outputs = [drawn.forward(Run())[0][""], drawn.forward(Run(), **{role: turned})[0][""]]
        assert np.max(np.abs(outputs[0] - outputs[1])) > VISIBLE, role


@EVERY
def test_flops_are_counted(op: ModuleType, example: Example) -> None:
    shapes, attributes = input_shapes(op, example), complete(op, example)
    count = op.flops(shapes, expand(op, shapes, attributes)[1], **attributes)
    assert isinstance(count, int)
    assert count >= 0


@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if hasattr(op, "kinks")])
def test_dictating_what_the_op_would_choose_changes_nothing(name: str) -> None:
    op = TABLE[name]
    for example in op.EXAMPLES:
        drawn = draw(op, example)
        outputs, saved = drawn.forward(Run())
        natural = op.taken(saved)
        parts = natural if isinstance(natural, tuple) else (natural,)
        assert all(len(np.unique(part)) > 1 for part in parts), "the data shows one side only"
        again, saved_again = drawn.forward(Run(), branch=natural)
        np.testing.assert_array_equal(again[""], outputs[""])
        gradients, repeated = (drawn.vjp(Run(), one, drawn.weights()) for one in (saved, saved_again))
        for role in drawn.floats:
            np.testing.assert_array_equal(gradients[role], repeated[role])


def test_the_table_is_complete_and_in_order() -> None:
    assert list(TABLE) == sorted(TABLE)
    assert all(op.__name__ == f"parity.ops.{name}" for name, op in TABLE.items())
    assert [hasattr(op, "kinks") for op in TABLE.values()] == [hasattr(op, "taken") for op in TABLE.values()]


COUNTS = {("average_pool2d", "sum"), ("concat", "cumsum"), ("softmax_cross_entropy", "sum")}
"""Sums of whole numbers (pixels of a window, sizes, valid positions), which every order gives exactly."""


def test_no_op_sums_past_the_run() -> None:
    """A sum that a shadow cannot reorder would make rounding look smaller than it is."""
    summing = {"sum", "mean", "dot", "einsum", "matmul", "inner", "tensordot", "cumsum", "var", "std", "average", "convolve"}
    found = set()
    for path in Path(definition.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                found.add((path.stem, "@"))
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in summing and ast.unparse(called.value) != "run":
                found.add((path.stem, called.attr))
    owner = {("definition", name) for name in ("sum", "matmul")}
    assert found == COUNTS | owner
