"""True rules with one alteration each, as optimizers of a fake framework. A fingerprint must not name them.

It refuses to share code with the library of closed forms: the rules come from seeded_rules, in NumPy.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from seeded_rules import Array, Direction, adagrad, adam, rmsprop, velocity

from parity.execution.protocol import Drive
from parity.execution.records import Record
from parity.execution.worker import native_optimizers
from parity.spec.cases import Case
from parity.trials import probes
from parity.trials.fingerprint_runs import FIRST, RUNS, DrivenRun
from parity.trials.trial import Trial
from parity.verbs.fingerprint import driving

MOMENTS, MOMENTUM, RHO = ("beta_1", "beta_2", "epsilon"), ("momentum",), ("rho", "epsilon")
TRUE: Mapping[str, tuple[Direction, tuple[str, ...]]] = {
    "adam": (adam("after", False), MOMENTS),
    "amsgrad": (adam("after", True), MOMENTS),
    "adam_epsilon_inside": (adam("before", False), MOMENTS),
    "momentum": (velocity(False, False), MOMENTUM),
    "nesterov": (velocity(True, False), MOMENTUM),
    "adagrad": (adagrad(False, "zero"), ("epsilon",)),
    "rmsprop": (rmsprop(False, False, "none"), RHO),
    "rmsprop_centered": (rmsprop(True, True, "none"), RHO),
    "sgd": (lambda w, g, rate, t, h, s: -rate * g, ()),
}
Alteration = Callable[[Direction], Direction]


def emptied(every: int) -> Alteration:
    """An alteration that clears the state in every step whose number `every` divides."""

    def alteration(make: Direction) -> Direction:
        def direction(w: Array, g: Array, rate: float, t: int, h: Mapping[str, float], s: dict[str, Any]) -> Array:
            if t % every == 0:
                s.clear()
            return make(w, g, rate, t, h, s)

        return direction

    return alteration


def fed(change: Callable[[Array, int], Array]) -> Alteration:
    """An alteration of the gradient. change: function of the gradient and t."""
    return lambda make: lambda w, g, rate, t, h, s: make(w, change(g, t), rate, t, h, s)


def moved(change: Callable[[Array, Array, Array, int, float], Array]) -> Alteration:
    """An alteration of the step. change: function of the step, the gradient, the weight, t and the learning rate."""
    return lambda make: lambda w, g, rate, t, h, s: change(make(w, g, rate, t, h, s), g, w, t, rate)


def told(change: Callable[[int, Mapping[str, float]], tuple[int, Mapping[str, float]]]) -> Alteration:
    """An alteration of t and the hyper-parameters. change: function of both."""
    return lambda make: lambda w, g, rate, t, h, s: make(w, g, rate, *change(t, h), s)


def centred(g: Array) -> Array:
    return g - g.mean(axis=tuple(range(1, g.ndim)), keepdims=True) if g.ndim > 2 else g


def some_row(g: Array) -> Array:
    """True for rows in which some gradient is not 0."""
    return np.asarray((g != 0).reshape(len(g), -1).any(1).reshape(-1, *(1,) * (g.ndim - 1)))


STATEFUL = frozenset(TRUE) - {"sgd"}
MOVING = frozenset({"momentum", "nesterov", "adam", "amsgrad", "adam_epsilon_inside"})
"""Rules that can move a weight whose gradient is 0."""
LONG = frozenset({"adam", "amsgrad", "adam_epsilon_inside"})
"""Rules whose direction exceeds 3 after small gradients."""

ALTERATIONS: Mapping[str, tuple[frozenset[str], Alteration]] = {
    "state emptied every 10 steps": (STATEFUL, emptied(10)),
    "state emptied every 20 steps": (STATEFUL, emptied(20)),
    "state emptied every 50 steps": (STATEFUL, emptied(50)),
    "state emptied every 100 steps": (STATEFUL, emptied(100)),
    "halved after 50 steps": (frozenset(TRUE), moved(lambda step, g, w, t, rate: step / (1 + (t > 50)))),
    "no step at every 25th": (frozenset(TRUE), moved(lambda step, g, w, t, rate: step * (t % 25 != 0))),
    "t at most 100": (LONG, told(lambda t, h: (min(t, 100), h))),
    "epsilon at least 1e-4": (LONG, told(lambda t, h: (t, {**h, "epsilon": max(h["epsilon"], 1e-4)}))),
    "beta_2 at most 0.99": (LONG, told(lambda t, h: (t, {**h, "beta_2": min(h["beta_2"], 0.99)}))),
    "direction cut at 1": (LONG, moved(lambda step, g, w, t, rate: np.clip(step, -rate, rate))),
    "direction cut at 3": (LONG, moved(lambda step, g, w, t, rate: np.clip(step, -3 * rate, 3 * rate))),
    "gradients cut at 1e4": (frozenset(TRUE), fed(lambda g, t: np.clip(g, -1e4, 1e4))),
    "gradients cut at 1e6": (frozenset(TRUE), fed(lambda g, t: np.clip(g, -1e6, 1e6))),
    "gradients below 1e-9 dropped": (frozenset(TRUE), fed(lambda g, t: np.where(abs(g) < 1e-9, 0, g))),
    "float32 of gradients above 1e5": (frozenset(TRUE), fed(lambda g, t: np.where(abs(g) > 1e5, g.astype(np.float32), g))),
    "weights above 1e4 not moved": (frozenset(TRUE), moved(lambda step, g, w, t, rate: np.where(abs(w) > 1e4, 0, step))),
    "weights of 0 not moved": (frozenset(TRUE), moved(lambda step, g, w, t, rate: np.where(w == 0, 0, step))),
    "zero gradients do not move": (MOVING, moved(lambda step, g, w, t, rate: np.where(g == 0, 0, step))),
    "rows without a gradient do not move": (MOVING, moved(lambda step, g, w, t, rate: step * some_row(g))),
    "three axes and more centred": (frozenset(TRUE), fed(lambda g, t: centred(g))),
    "five axes at half the rate": (frozenset(TRUE), moved(lambda step, g, w, t, rate: step / (1 + (g.ndim == 5)))),
    "four axes at half the rate": (frozenset(TRUE), moved(lambda step, g, w, t, rate: step / (1 + (g.ndim == 4)))),
    "more than 128 columns at half the rate": (
        frozenset(TRUE),
        moved(lambda step, g, w, t, rate: step / (1 + (g.ndim == 2 and g.shape[1] > 128))),
    ),
    "more than 1,000 rows at half the rate": (frozenset(TRUE), moved(lambda step, g, w, t, rate: step / (1 + (len(g) > 1000)))),
    "one number left alone": (frozenset(TRUE), moved(lambda step, g, w, t, rate: step * (g.size > 1))),
    "one column left alone": (frozenset(TRUE), moved(lambda step, g, w, t, rate: step * (g.ndim != 2 or g.shape[1] > 1))),
    "more than 60,000 numbers left alone": (frozenset(TRUE), moved(lambda step, g, w, t, rate: step * (g.size <= 60_000))),
    "1.00005 times": (frozenset(TRUE), moved(lambda step, g, w, t, rate: 1.00005 * step)),
    "1.00000001 times": (frozenset(TRUE), moved(lambda step, g, w, t, rate: 1.00000001 * step)),
}
"""Name -> the rules in which the alteration can be seen, and the alteration."""


def single(make: Direction) -> Direction:
    """The rule computed in float32; its result has the precision of the weights."""

    def narrowed(w: Array, g: Array, rate: float, t: int, h: Mapping[str, float], s: dict[str, Any]) -> Array:
        return make(w.astype(np.float32), g.astype(np.float32), np.float32(rate), t, h, s).astype(w.dtype)  # type: ignore[arg-type]

    return narrowed


def altered() -> Iterator[tuple[str, Direction, tuple[str, ...]]]:
    """Every alteration of every rule in which it can be seen: name, altered rule, hyper-parameters."""
    for what, (bases, alteration) in ALTERATIONS.items():
        for base, (make, owned) in TRUE.items():
            if base in bases:
                yield f"{base}, {what}", alteration(make), owned


@dataclass(frozen=True)
class NumPyOptimizer:
    """A class of the fake framework: called with values of its arguments, it gives the rule with these values."""

    direction: Direction
    owned: tuple[str, ...]
    values: Mapping[str, float]

    @property
    def __signature__(self) -> inspect.Signature:
        names = ("learning_rate", *self.owned)
        return inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=0.5) for name in names])

    def __call__(self, **values: float) -> NumPyOptimizer:
        return NumPyOptimizer(self.direction, self.owned, values)


class NumPyFramework:
    """Drives NumPy rules, as an implementation drives its framework's."""

    def drive(self, asked: Drive) -> list[dict[str, Array]]:
        rule, weights = asked.make(**asked.keywords), dict(asked.initial)
        states: dict[str, dict[str, Any]] = {name: {} for name in weights}
        seen = []
        for t, (gradients, rate) in enumerate(zip(asked.gradients, asked.rates, strict=True), start=1):
            for name, w in weights.items():
                after = w.astype(np.float64) + rule.direction(w, gradients[name], rate, t, rule.values, states[name])
                weights[name] = after.astype(w.dtype)
            seen.append(dict(weights))
        return seen


def driven(direction: Direction, owned: tuple[str, ...], dtype: str = "float64") -> driving.DrivenRecord:
    """All runs of a rule, through the worker's code, as they are read from a record."""
    first = DrivenRun(FIRST, len(probes.RATES), probes.SEPARATING, probes.fingerprint_draws)
    one, *rest = (_one(run, NumPyOptimizer(direction, owned, {}), dtype) for run in (first, *RUNS))
    return driving.DrivenRecord(
        one.trial,
        one.framework,
        one.record,
        [],
        Path(),
        one.arrays,
        {run.name: each for run, each in zip(RUNS, rest, strict=True)},
    )


GIVEN: dict[tuple[str, str], dict[str, Array]] = {}
"""(name of a run, precision) -> its packed arrays, drawn once."""


def _one(run: DrivenRun, make: NumPyOptimizer, dtype: str) -> driving.DrivenRecord:
    given = GIVEN.setdefault(
        (run.name, dtype), native_optimizers.packed(run.draws(dtype)) if (run.name, dtype) not in GIVEN else {}
    )
    case = Case("rule", "fingerprint", dtype, optimizer=f"{__name__}:MADE", hyperparameters=run.values, steps=run.steps)
    initial = {name.partition("/")[2]: array for name, array in given.items() if name.startswith("parameter/")}
    globals()["MADE"] = make
    seen = native_optimizers.fingerprint(NumPyFramework(), case, initial, native_optimizers.batches(given))  # type: ignore[arg-type]
    record = Record("key", case.id, "fake", "ran", dtype)
    trial = Trial(case, native_optimizers.unpacked(given), lambda _: [], "fingerprints")
    return driving.DrivenRecord(trial, "fake", record, [], Path(), native_optimizers.unpacked(seen))
