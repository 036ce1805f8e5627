"""Owns how far a computation goes apart where a framework's default is left as it is: five steps of an optimizer, a layer's
forward pass, the distribution of a start; in float64, from the specs' own formulas.

It refuses a default that no formula here reads: such a row has no size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import combinations
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.atlas import consequences
from parity.atlas.chapters import QUESTIONS
from parity.atlas.consequences import Consequence
from parity.atlas.distributions import Distribution
from parity.atlas.initializers import CANDIDATES
from parity.atlas.question import Answer, Question
from parity.ops import TABLE
from parity.ops.definition import Run
from parity.reference_impl import walk
from parity.reference_impl.rules import Rule
from parity.reference_impl.training import FUNCTIONS
from parity.reporting.atlas import AtlasRow
from parity.spec.op_graphs import op_graph
from parity.spec.specs import Optimizer, load

Array = npt.NDArray[Any]
STEPS = 5
SHAPE = (7, 5)
BATCH = 11
GRADIENT = 2.0**-7
"""The greatest gradient of the steps, as late in a training, so that an epsilon counts as it does there."""

OPTIMIZERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "sgd": ("sgd", {"learning_rate": "learning_rate"}),
    "adagrad": ("adagrad", {"learning_rate": "learning_rate", "epsilon": "epsilon"}),
    "rmsprop": ("rmsprop_momentum", {name: name for name in ("learning_rate", "rho", "epsilon", "momentum")}),
    "adadelta": ("adadelta", {"learning_rate": "learning_rate", "rho": "rho", "epsilon": "epsilon"}),
    "adam": ("adam", {"learning_rate": "learning_rate", "epsilon": "epsilon"}),
    "adamw": ("adamw", {"learning_rate": "learning_rate", "epsilon": "epsilon", "weight_decay": "weight_decay"}),
    "adamax": ("adamax", {"learning_rate": "learning_rate"}),
    "nadam": ("nadam", {"learning_rate": "learning_rate", "epsilon": "epsilon", "schedule_decay": "schedule_decay"}),
    "ftrl": ("ftrl", {"learning_rate": "learning_rate", "beta": "beta", "penalty_1": "l1"}),
    "lamb": ("lamb", {"epsilon": "epsilon"}),
    "adafactor": ("adafactor", {"learning_rate": "learning_rate"}),
    "muon": ("muon", {"weight_decay": "weight_decay"}),
}
"""Item of the atlas -> the spec of its rule, and aspect -> hyper-parameter."""

LAYERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "batch_norm": ("batch_norm", {"epsilon": "epsilon", "momentum": "momentum"}),
    "layer_norm": ("layer_norm", {"epsilon": "epsilon"}),
    "group_norm": ("group_norm", {"epsilon": "epsilon"}),
    "instance_norm": ("instance_norm", {"epsilon": "epsilon"}),
    "leaky_relu": ("leaky_relu", {"layer_slope": "slope", "function_slope": "slope"}),
}
"""Item of the atlas -> op, and aspect -> attribute."""

SPREADS: Mapping[str, Callable[[float], float]] = {
    "normal.standard_deviation": abs,
    "truncated_normal.standard_deviation": abs,
    "orthogonal.gain": abs,
    "prelu.start": abs,
    "he_normal.slope": lambda slope: sqrt(2 / (1 + slope**2)),
}
"""A default of an initializer -> the factor of every number that it draws."""


def of_rows(rows: Mapping[str, AtlasRow]) -> dict[str, dict[tuple[str, str], Consequence]]:
    """Row -> the two frameworks, sorted -> what happens. Rows and pairs whose answers do not differ are left out."""
    questions = {question.name: question for question in QUESTIONS}
    by_question: dict[str, dict[tuple[str, str], Consequence]] = {}
    for name, row in rows.items():
        if not row.differs:
            continue
        question = questions.get(name) or Question(name, row.chapter, row.text)
        for pair in combinations(sorted(row.answers), 2):
            if row.between(*pair).differs:
                here, there = (row.answers[name] for name in pair)
                outcome = consequences.between(question, here, there, of_default(name, *pair, here, there))
                by_question.setdefault(name, {})[pair] = outcome
    return by_question


def of_default(name: str, here: str, there: str, first: Answer, second: Answer) -> Consequence | None:
    """What the two defaults do to a computation; None where the row is none of a default, or no formula here reads it."""
    item, _, aspect = name.partition(".")
    if name in CANDIDATES:
        return _of_starts(name, first.text, second.text)
    number, other = _number(first.text), _number(second.text)
    if number is None or other is None:
        return None
    if name in SPREADS:
        sizes = SPREADS[name](number), SPREADS[name](other)
        return consequences.sized(abs(sizes[0] - sizes[1]) / max(sizes), "the spread of what is drawn")
    if item in OPTIMIZERS and aspect in OPTIMIZERS[item][1]:
        spec, aspects = OPTIMIZERS[item]
        return _of_steps(spec, aspects[aspect], number, other)
    if item in LAYERS and aspect in LAYERS[item][1]:
        op, attributes = LAYERS[item]
        if attributes[aspect] == "momentum":  # torch's is the share of the new value (batch_norm.momentum_means)
            number, other = (
                1 - value if framework == "torch" else value for framework, value in ((here, number), (there, other))
            )
        return _of_forward(op, attributes[aspect], number, other)
    return None


def _number(text: str) -> float | None:
    if text == "None":
        return 0.0
    try:
        return float(text)
    except ValueError:
        return None


def _of_steps(spec: str, hyperparameter: str, number: float, other: float) -> Consequence:
    ways = [_way(spec, hyperparameter, value) for value in (number, other)]
    return consequences.sized(consequences.apart(*ways), f"the way of the weights in {STEPS} steps")


@cache
def _way(spec: str, hyperparameter: str, value: float) -> Array:
    """How far the weights have moved after STEPS steps, the other hyper-parameters as they are published."""
    loaded = load(f"optimizers/{spec}")
    assert isinstance(loaded, Optimizer)  # noqa: S101 - the table names optimizers
    rule, numbers = Rule.of(loaded), np.random.RandomState(0)
    start = numbers.uniform(-1, 1, SHAPE)
    weights, state = start, rule.begin(["w"], lambda _, number: np.full(SHAPE, number))
    for step in range(1, STEPS + 1):
        gradient = numbers.uniform(-GRADIENT, GRADIENT, SHAPE)
        variables = {**loaded.default_values(), hyperparameter: value, "t": step, "global_norm": np.sqrt(np.sum(gradient**2))}
        weights = np.asarray(rule.step(weights, gradient, state["w"], variables, FUNCTIONS))
    return weights - start


def _of_forward(op: str, attribute: str, number: float, other: float) -> Consequence:
    results = [_forward(op, attribute, value) for value in (number, other)]
    size = max(consequences.apart(results[0][name], results[1][name]) for name in results[0])
    return consequences.sized(size, "one forward pass in training, on numbers between -1 and 1")


def _forward(op: str, attribute: str, value: float) -> Mapping[str, Array]:
    """The outputs and the moved statistics of an op on its first example, with a scale of 1 and a shift of 0."""
    (example, *_), numbers = TABLE[op].EXAMPLES, np.random.RandomState(0)
    graph = op_graph(op, type(example)(example.shapes, {**example.attributes, attribute: value}, example.below, example.limits))
    values = {graph_input.name: numbers.uniform(-1, 1, (BATCH, *graph_input.shape)) for graph_input in graph.batch_inputs()}
    values |= {parameter.name: np.full(parameter.shape, float(parameter.role == "scale")) for parameter in graph.parameters}
    starts = {statistic.name: np.full(statistic.shape, statistic.initial) for statistic in graph.statistics}
    walked = walk.forward(graph, values | starts, Run(training=True))
    moved = {name: walked.state[name] - start for name, start in starts.items()}
    return {**{name: walked.values[name] for name in graph.outputs}, **moved}


POINTS, EVEN = 40_001, 2_048
WIDEST = 8.0
"""Where the distributions of starts are looked up: from -WIDEST to WIDEST; none of them has a standard deviation above 2."""


def _of_starts(name: str, first: str, second: str) -> Consequence | None:
    """The root mean square difference of the quantiles of two starts, as a share of the wider one's own."""
    quantiles = [_quantiles(CANDIDATES[name], text) for text in (first, second)]
    if quantiles[0] is None or quantiles[1] is None:
        return None
    wider = max(float(np.sqrt(np.mean(quantile**2))) for quantile in quantiles if quantile is not None)
    size = float(np.sqrt(np.mean((quantiles[0] - quantiles[1]) ** 2))) / wider if wider else 0.0
    return consequences.sized(size, "the distribution of what is drawn")


def _quantiles(candidates: Mapping[str, Distribution], text: str) -> Array | None:
    if text.endswith(" everywhere"):
        return np.full(EVEN, float(text.removesuffix(" everywhere")))
    if text not in candidates:
        return None
    places = np.linspace(-WIDEST, WIDEST, POINTS)
    return np.interp((np.arange(EVEN) + 0.5) / EVEN, candidates[text](places), places)
