"""Optimizers: each spec against a loop written from its paper, other right orders within the budget, wrong rules outside."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
from scalar_rules import SCALARS, TENSORS

from parity.judgement import budgets
from parity.reference_impl import error_bounds
from parity.reference_impl.rules import Expected, Rule, replay
from parity.spec.specs import Optimizer, load, names

Array = np.ndarray
U, FINEST = budgets.roundoff("float32"), budgets.roundoff("float64")
STEPS = 20


def spec(name: str) -> Optimizer:
    found = load(f"optimizers/{name}")
    assert isinstance(found, Optimizer)
    return found


def shapes_of(name: str = "") -> dict[str, tuple[int, ...]]:
    """Two parameters; those of a rule of matrices are one that is higher and one that is wider."""
    return MATRICES if name and spec(name).axes == [2] else SHAPES


def gradients(dtype: str = "float64", seed: int = 0, name: str = "") -> list[dict[str, Array]]:
    """Magnitudes 1e-7 … 1, both signs, two parameters."""
    numbers, shapes = np.random.RandomState(seed), shapes_of(name)
    return [
        {
            key: (10.0 ** numbers.uniform(-7, 0, shape) * numbers.choice([-1.0, 1.0], shape)).astype(np.float32).astype(dtype)
            for key, shape in shapes.items()
        }
        for _ in range(STEPS)
    ]


def parameters(dtype: str = "float64", name: str = "") -> dict[str, Array]:
    numbers, shapes = np.random.RandomState(1), shapes_of(name)
    return {key: (0.01 * numbers.standard_normal(shape)).astype(np.float32).astype(dtype) for key, shape in shapes.items()}


SHAPES: dict[str, tuple[int, ...]] = {"a": (7, 5), "b": (11,)}
MATRICES: dict[str, tuple[int, ...]] = {"a": (7, 5), "c": (3, 11)}


def expected(name: str, u: float = U, factors: dict[str, float] | None = None, **changes: float) -> list[dict[str, Expected]]:
    given = spec(name)
    values = {**given.probe_values(), **changes}
    start, seen = parameters(name=name), gradients(name=name)
    return replay(Rule.of(given), values, start, seen, u, factors or dict.fromkeys(start, 1.0))


def test_every_spec_is_tested() -> None:
    assert {*SCALARS, *TENSORS} == set(names("optimizers"))


@pytest.mark.parametrize("name", SCALARS)
def test_replay_is_the_paper(name: str) -> None:
    """Every element of every step, against scalars."""
    start, hyper = parameters(), spec(name).probe_values()
    state: dict[tuple[str, int], dict[str, float]] = {}
    for t, (step, seen) in enumerate(zip(expected(name, FINEST), gradients(), strict=True), start=1):
        norm = sqrt(sum(float(np.sum(array**2)) for array in seen.values()))
        for parameter, array in seen.items():
            for place, g in enumerate(array.ravel()):
                w = float(start[parameter].ravel()[place])
                update = SCALARS[name](w, float(g), t, hyper, state.setdefault((parameter, place), {}), norm)
                assert float(step[parameter].update.ravel()[place]) == pytest.approx(update, rel=1e-11, abs=1e-18)


@pytest.mark.parametrize("name", TENSORS)
def test_replay_of_a_rule_with_norms_is_the_paper(name: str) -> None:
    hyper, state = spec(name).probe_values(), {parameter: dict[str, Array]() for parameter in shapes_of(name)}
    for t, (step, seen) in enumerate(zip(expected(name, FINEST), gradients(name=name), strict=True), start=1):
        for parameter, g in seen.items():
            update = TENSORS[name](parameters(name=name)[parameter], g, t, hyper, state[parameter])
            assert step[parameter].update.astype(float) == pytest.approx(update, rel=1e-11, abs=1e-18)


def test_adam_by_hand() -> None:
    """First step: m̂ = g, √v̂ = |g|, so that the update is -learning_rate·g/(|g| + epsilon)."""
    first, g = expected("adam", FINEST)[0]["a"], gradients()[0]["a"]
    assert np.allclose(first.update.astype(float), -(2.0**-10) * g / (np.abs(g) + 2.0**-10), rtol=1e-13)


# Other right orders, in float32 throughout: what frameworks do.
def _in_float32(name: str, form: str) -> list[dict[str, Array]]:
    f = np.float32
    h = {key: f(value) for key, value in spec(name).probe_values().items()}
    start, rate, one = parameters("float32"), h["learning_rate"], f(1)
    m, v = ({key: np.zeros(shape, f) for key, shape in SHAPES.items()} for _ in range(2))
    steps = []
    for t, seen in enumerate(gradients("float32"), start=1):
        after = {}
        for key, g in seen.items():
            w = start[key]
            m[key] = (
                m[key] + (g - m[key]) * (one - h["beta_1"])
                if form == "lerp"
                else h["beta_1"] * m[key] + (one - h["beta_1"]) * g
            )
            v[key] = h["beta_2"] * v[key] + (one - h["beta_2"]) * (g * g)
            first, second = one - h["beta_1"] ** f(t), one - h["beta_2"] ** f(t)
            if name == "adam_epsilon_inside":
                update = rate * np.sqrt(second) / first * m[key] / (np.sqrt(v[key]) + h["epsilon"])
            elif form == "root":
                update = (rate / first) * m[key] / (np.sqrt(v[key]) / np.sqrt(second) + h["epsilon"])
            else:
                update = rate * np.sqrt(second) / first * m[key] / (np.sqrt(v[key]) + h["epsilon"] * np.sqrt(second))
            if name == "adamw":
                w = w * (one - rate * h["weight_decay"])
            after[key] = w - update
            assert after[key].dtype == f
        steps.append(after)
    return steps


def worst_use(steps: list[dict[str, Expected]], after: list[dict[str, Array]], u: float = U, name: str = "") -> float:
    """The greatest share of an update's budget."""
    use, start = 0.0, parameters(name=name)
    for step, got in zip(steps, after, strict=True):
        for key, one in step.items():
            error = np.abs(got[key].astype(np.longdouble) - start[key] - one.update)
            use = max(use, float(np.max(error / budgets.updated(one.error, one.size, u))))
    return use


@pytest.mark.parametrize("name", ["adam", "adam_epsilon_inside", "adamw"])
@pytest.mark.parametrize("form", ["scaled-rate", "root", "lerp"])
def test_other_right_orders_stay_within_the_budget(name: str, form: str) -> None:
    assert 0.01 < worst_use(expected(name), _in_float32(name, form)) <= 1


@pytest.mark.parametrize(("u", "share"), [(budgets.roundoff("float64"), 1e-6), (U, 0.3)], ids=["float64", "float32"])
@pytest.mark.parametrize(
    ("name", "hyper"),
    [(name, key) for name in (*SCALARS, *TENSORS) for key in spec(name).probe_values()],
    ids=lambda value: value,
)
def test_a_wrong_hyperparameter_exceeds_the_budget(name: str, hyper: str, u: float, share: float) -> None:
    """A millionth off in float64. In float32 beta_2 tells least: it cancels between v and its correction, to first order."""
    value = spec(name).probe_values()[hyper]
    signs = (name == "lion" and hyper.startswith("beta")) or hyper == "switch"  # seen through a sign only
    share = max(share, 0.3) if signs else share
    wrong = 1 - (1 - value) * (1 + share) if hyper in ("beta_1", "beta_2", "rho") else value * (1 + share)
    start = parameters(name=name)
    steps = expected(name, u, **{hyper: wrong})
    after = [{key: start[key].astype(np.longdouble) + one.update for key, one in step.items()} for step in steps]
    assert worst_use(expected(name, u), after, u, name) > 1


def test_one_step_late_exceeds_the_budget_by_far() -> None:
    given = spec("adam")
    late = replay(Rule.of(given), given.probe_values(), parameters(), [gradients()[0], *gradients()], U, {"a": 1.0, "b": 1.0})[
        1:
    ]
    after = [{key: (parameters()[key] + one.update).astype(np.float64) for key, one in step.items()} for step in late]
    assert worst_use(expected("adam"), after) > 100


def test_a_factor_multiplies_the_learning_rate() -> None:
    half = expected("momentum", factors={"a": 0.5, "b": 1.0})
    whole = expected("momentum")
    for one, other in zip(half, whole, strict=True):
        assert np.allclose(one["a"].update.astype(float), 0.5 * other["a"].update.astype(float), rtol=1e-15)
        assert np.array_equal(one["b"].update, other["b"].update)


def test_the_global_norm_counts_what_is_updated_only() -> None:
    alone = expected("sgd_clip_global_norm", factors={"b": 1.0})[0]["b"].update
    both = expected("sgd_clip_global_norm")[0]["b"].update
    assert (np.abs(alone) > np.abs(both)).all()


def test_a_gradient_that_may_differ_widens_the_budget_only_then() -> None:
    given = spec("adam")
    arguments = (Rule.of(given), given.probe_values(), parameters(), gradients(), U, {"a": 1.0, "b": 1.0})
    exact, loose = replay(*arguments)[0]["a"], replay(*arguments, {"a": 1e-6, "b": 0.0})[0]["a"]
    assert (loose.error > exact.error).all()
    assert np.array_equal(loose.update, exact.update)


@pytest.mark.parametrize("seed", range(5))
def test_running_errors_bound_what_float32_does(seed: int) -> None:
    """A formula of every operation, each result of float32 within its bound, and the bound no more than 100 times too wide."""
    numbers = np.random.RandomState(seed)
    x, y, z = (numbers.uniform(0.5, 2, 500).astype(np.float32) for _ in range(3))

    def formula(a: Any, b: Any, c: Any, root: Any, least: Any) -> Any:
        return (a - 1) * b**3 / (c + 0.25) - root(a * b) + least(b, c) / (1 - 0.5 * 0.875**5) + (-c) ** 2

    single = formula(x, y, z, np.sqrt, np.minimum)
    bounded = formula(*(error_bounds.exactly(one, U) for one in (x, y, z)), error_bounds.sqrt, error_bounds.least)
    error = np.abs(single.astype(np.longdouble) - bounded.value)
    assert single.dtype == np.float32
    assert (error <= bounded.error).all()
    assert float(np.max(error / bounded.error)) > 0.05


def test_what_the_precision_holds_exactly_has_no_error() -> None:
    assert error_bounds.held(2.0**-10, U).error == 0
    assert error_bounds.held(0.875, U).error == 0
    assert 0 < error_bounds.held(0.1, U).error <= U * 0.1
    assert error_bounds.held(0.0, U).error == 0


def test_a_choice_within_errors_carries_the_greater_error() -> None:
    a, b = error_bounds.exactly([1.0, 1.0], U, 0.5), error_bounds.exactly([1.2, 9.0], U, 0.1)
    chosen = error_bounds.least(a, b)
    assert chosen.value.tolist() == [1.0, 1.0]
    assert chosen.error.tolist() == [0.5, 0.5]
    assert error_bounds.greatest(a, b).error.tolist() == [0.5, pytest.approx(0.1)]


def test_a_divisor_that_may_be_zero_has_no_bound() -> None:
    assert np.isinf((error_bounds.exactly(1.0, U) / error_bounds.exactly(1e-9, U, 1e-8)).error)
