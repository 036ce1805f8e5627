"""A name is held to many steps, shapes and sizes of numbers, and to no tolerance wider than the precision that was driven."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from seeded_rules import Direction, adagrad, adam, mean, rmsprop, variants, velocity

from parity.execution.fingerprint_runs import FIRST, MANY, RUNS, SHAPES
from parity.execution.worker import black_box
from parity.fingerprinting.naming import Seen, identify, verify
from parity.fingerprinting.rules import library
from parity.judgement.coverage import of_arrays
from parity.reference_impl.retracing import Step
from parity.trials import probes

Array = np.ndarray
H = Mapping[str, float]
VARIANTS = {name: direction for name, direction, decay, _ in variants() if not decay}
MOMENTS = frozenset({"beta_1", "beta_2", "epsilon"})


@cache
def given(place: int) -> Mapping[str, Array]:
    return RUNS[place - 1].draws("float64") if place else probes.fingerprint_draws("float64")


def driven(direction: Direction, owned: frozenset[str], place: int, dtype: str = "float64") -> Seen:
    """What a rule is seen to do in a run. The direction gets all weights' gradients as `h["all"]`, by a side door of the test."""
    draws, values = given(place), RUNS[place - 1].values if place else probes.SEPARATING
    known = {name: values[name] for name in {*owned, "learning_rate"}}
    weights = {name.partition("/")[2]: array for name, array in draws.items() if name.startswith("parameter/")}
    states: dict[str, dict[str, Any]] = {name: {} for name in weights}
    steps = []
    for t in range(1, sum(name.endswith("/rate") for name in draws) + 1):
        rate = known["learning_rate"] * float(draws[f"batch/{t - 1}/rate"])
        gradients = {name: draws[f"batch/{t - 1}/{name}"] for name in weights}
        after = {
            name: (w + direction(w, gradients[name], rate, t, known, states[name])).astype(dtype) for name, w in weights.items()
        }
        steps.append(Step(weights, gradients, after, rate))
        weights = {name: array.astype(np.float64) for name, array in after.items()}
    return Seen(known, steps, dtype)


def told(direction: Direction, owned: frozenset[str] = MOMENTS, dtype: str = "float64") -> tuple[list[str], str]:
    """The names, and the run that told a rule from the form that explains the first."""
    matches = identify(driven(direction, owned, 0, dtype), nudged=driven(direction, owned, 1, dtype))
    further = {run.name: driven(direction, owned, place, dtype) for place, run in enumerate(RUNS, 1) if place > 1}
    verified = verify(matches, further)
    return [match.form.name for match in verified.matches], next(iter(verified.departed.values()), "")


ADAM, SUMS, HEAVY = adam("after", False), adagrad(False, "zero"), velocity(False, False)
MEAN_SQUARE = rmsprop(False, False, "none")
MOMENTUM, RHO = frozenset({"momentum"}), frozenset({"rho", "epsilon"})
RIGHT: Mapping[str, tuple[Direction, frozenset[str]]] = {
    "adam": (ADAM, MOMENTS),
    "amsgrad": (adam("after", True), MOMENTS),
    "adam_epsilon_inside": (adam("before", False), MOMENTS),
    "momentum": (HEAVY, MOMENTUM),
    "nesterov": (velocity(True, False), MOMENTUM),
    "adagrad": (SUMS, frozenset({"epsilon"})),
    "rmsprop": (MEAN_SQUARE, RHO),
    "rmsprop_centered": (rmsprop(True, True, "none"), RHO),
    "sgd": (lambda w, g, rate, t, h, s: -rate * g, frozenset()),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_right_rule_keeps_its_name_in_every_run(name: str, dtype: str) -> None:
    assert told(*RIGHT[name], dtype=dtype) == ([name], "")


def fed(make: Direction, change: Callable[[Array, int], Array]) -> Direction:
    return lambda w, g, rate, t, h, s: make(w, change(g, t), rate, t, h, s)


def moved(make: Direction, change: Callable[[Array, Array, Array, int, float], Array]) -> Direction:
    """change: of the step, the gradient, the weight, t and the learning rate."""
    return lambda w, g, rate, t, h, s: change(make(w, g, rate, t, h, s), g, w, t, rate)


def emptied(make: Direction, every: int) -> Direction:
    def direction(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
        if t % every == 0:
            s.clear()
        return make(w, g, rate, t, h, s)

    return direction


def per_shape(make: Direction, other: Direction, chosen: Callable[[Array], bool]) -> Direction:
    return lambda w, g, rate, t, h, s: (other if chosen(g) else make)(w, g, rate, t, h, s)


def _centred(g: Array) -> Array:
    return g - g.mean(axis=tuple(range(1, g.ndim)), keepdims=True) if g.ndim > 2 else g


def _factored(g: Array) -> Array:
    """A second moment kept as a row and a column, of large matrices alone."""
    square = g * g
    return np.sqrt(square.mean(0, keepdims=True) * square.mean(1, keepdims=True) / square.mean())


STILL: Direction = lambda w, g, rate, t, h, s: np.zeros_like(g)  # noqa: E731
SHAPED, LONG, SIZED = "arrays of many shapes", "many steps", "numbers of all sizes"
FOREIGN: Mapping[str, tuple[Direction, frozenset[str], str]] = {
    "a direction cut at 1": (moved(ADAM, lambda step, g, w, t, rate: np.clip(step, -rate, rate)), MOMENTS, ""),
    "a direction cut at 3": (moved(ADAM, lambda step, g, w, t, rate: np.clip(step, -3 * rate, 3 * rate)), MOMENTS, LONG),
    "gradients cut at 1e4": (fed(ADAM, lambda g, t: np.clip(g, -1e4, 1e4)), MOMENTS, SIZED),
    "gradients cut at 1e9": (fed(HEAVY, lambda g, t: np.clip(g, -1e9, 1e9)), MOMENTUM, SIZED),
    "gradients below 1e-9 dropped": (fed(HEAVY, lambda g, t: np.where(abs(g) < 1e-9, 0, g)), MOMENTUM, SIZED),
    "half precision of large gradients": (
        fed(HEAVY, lambda g, t: np.where(abs(g) > 1e5, g.astype(np.float32), g)),
        MOMENTUM,
        "",
    ),
    "a buffer emptied every ten steps": (emptied(HEAVY, 10), MOMENTUM, LONG),
    "moments emptied every hundred steps": (emptied(ADAM, 100), MOMENTS, LONG),
    "no step at every 25th": (moved(HEAVY, lambda step, g, w, t, rate: step * (t % 25 != 0)), MOMENTUM, LONG),
    "halved after 50 steps": (moved(ADAM, lambda step, g, w, t, rate: step / (1 + (t > 50))), MOMENTS, LONG),
    "another sign after 200 steps": (moved(HEAVY, lambda step, g, w, t, rate: step * (1 - 2 * (t > 200))), MOMENTUM, LONG),
    "t of the correction at most 100": (
        lambda w, g, rate, t, h, s: ADAM(w, g, rate, min(t, 100), h, s),
        MOMENTS,
        LONG,
    ),
    "large arrays by their sign": (
        per_shape(HEAVY, lambda w, g, rate, t, h, s: -rate * np.sign(g), lambda g: g.size > 10_000),
        MOMENTUM,
        SHAPED,
    ),
    "arrays of more than 100,000 left alone": (per_shape(ADAM, STILL, lambda g: g.size > 100_000), MOMENTS, SHAPED),
    "four axes centred": (fed(ADAM, lambda g, t: _centred(g)), MOMENTS, SHAPED),
    "five axes left alone": (per_shape(ADAM, STILL, lambda g: g.ndim == 5), MOMENTS, SHAPED),
    "one number left alone": (per_shape(HEAVY, STILL, lambda g: g.size == 1), MOMENTUM, SHAPED),
    "many columns factored": (
        per_shape(
            MEAN_SQUARE,
            lambda w, g, rate, t, h, s: -rate * g / (_factored(g) + h["epsilon"]),
            lambda g: g.ndim == 2 and g.shape[1] > 128,
        ),
        RHO,
        SHAPED,
    ),
    "many rows at half the rate": (
        moved(HEAVY, lambda step, g, w, t, rate: step / (1 + (g.shape[0] > 1000))),
        MOMENTUM,
        SHAPED,
    ),
    "rows without a gradient left alone": (
        moved(HEAVY, lambda step, g, w, t, rate: step * (g != 0).reshape(len(g), -1).any(1).reshape(-1, *(1,) * (g.ndim - 1))),
        MOMENTUM,
        "",
    ),
    "moments of zero gradients not moved": (
        moved(ADAM, lambda step, g, w, t, rate: np.where(g == 0, 0, step)),
        MOMENTS,
        "",
    ),
    "weights above 1e4 not moved": (moved(ADAM, lambda step, g, w, t, rate: np.where(abs(w) > 1e4, 0, step)), MOMENTS, SIZED),
    "weights of 0 not moved": (moved(HEAVY, lambda step, g, w, t, rate: np.where(w == 0, 0, step)), MOMENTUM, SIZED),
    "epsilon at least 1e-4": (
        lambda w, g, rate, t, h, s: ADAM(w, g, rate, t, {**h, "epsilon": max(h["epsilon"], 1e-4)}, s),
        MOMENTS,
        LONG,
    ),
    "beta_2 at most 0.99": (
        lambda w, g, rate, t, h, s: ADAM(w, g, rate, t, {**h, "beta_2": min(h["beta_2"], 0.99)}, s),
        MOMENTS,
        LONG,
    ),
    "a square root that is none above 1e10": (
        lambda w, g, rate, t, h, s: -rate * g / (np.minimum(np.sqrt(mean(s, "s", g * g, h["rho"])), 1e10) + h["epsilon"]),
        RHO,
        SIZED,
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_rule_that_departs_where_the_first_run_does_not_go_has_no_name(name: str) -> None:
    direction, owned, run = FOREIGN[name]
    names, departed = told(direction, owned)
    assert names == []
    assert not run or departed == run


@pytest.mark.parametrize("factor", [1.00005, 1 + 1e-6, 1 + 1e-8, 1 - 1e-10])
def test_a_factor_is_not_hidden_by_a_tolerance_for_another_precision(factor: float) -> None:
    assert told(moved(HEAVY, lambda step, g, w, t, rate: factor * step), MOMENTUM) == ([], "")
    assert told(moved(ADAM, lambda step, g, w, t, rate: factor * step)) == ([], "")


def single(direction: Direction) -> Direction:
    """Computes in float32, and stores in what it is given."""

    def narrowed(w: Array, g: Array, rate: float, t: int, h: H, s: dict[str, Any]) -> Array:
        return direction(w.astype(np.float32), g.astype(np.float32), np.float32(rate), t, h, s).astype(w.dtype)

    return narrowed


def test_a_computation_in_float32_is_told_as_one_by_a_nudge_that_it_does_not_see() -> None:
    rule = single(HEAVY)
    seen, nudged = (driven(rule, MOMENTUM, place) for place in (0, 1))
    (match,) = identify(seen, nudged=nudged)
    assert (match.form.name, match.precision) == ("momentum", "float32")
    assert identify(seen) == []  # no witness, no float32


def test_float32_inside_hides_no_factor() -> None:
    assert told(single(moved(HEAVY, lambda step, g, w, t, rate: np.float32(1.00005) * step)), MOMENTUM) == ([], "")


def test_every_run_says_what_it_drives() -> None:
    for place in range(len(RUNS) + 1):
        arrays = given(place)
        again = black_box.unpacked(black_box.packed(arrays))
        assert again.keys() == arrays.keys() and all(np.array_equal(again[name], arrays[name]) for name in arrays)
        assert all(np.array_equal(array, array.astype(np.float32)) for name, array in arrays.items() if place != 1)
    long, shaped, sized = (of_arrays(run.name, given(place), run.values) for place, run in enumerate(RUNS, 1) if place > 1)
    assert long.steps == MANY and 0.05 < long.zeros < 0.2
    assert shaped.axes == (1, 2, 3, 4, 5) and len(shaped.shapes) == len(SHAPES)
    assert sized.gradients[0] < 1e-11 and sized.gradients[1] > 1e11
    assert shaped.said().startswith("4 steps on 10 arrays of 1 to 5 axes, the largest of 132,731 numbers; gradients ")
    first = of_arrays(FIRST, given(0), {})
    assert first.said().startswith("8 steps on 13×11 and 29; gradients 1e-07 to 3e+03")


def test_the_names_of_the_right_ones_are_names_of_the_library() -> None:
    assert set(RIGHT) <= {form.name for form in library()} and {"adam", "momentum"} <= set(VARIANTS)
