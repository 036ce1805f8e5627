"""Owns the trials of second derivatives: Hessian-vector products of a network, and Newton's method on convex problems.

It refuses to run a framework and to judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from parity.errors import UsageError
from parity.execution.names import DIRECTION, put_under
from parity.judgement import agreement, curvature
from parity.reference_impl.curvature import NotTwice, check
from parity.spec import specs as language
from parity.spec.cases import Case
from parity.spec.expansion import expand
from parity.spec.graph import Graph
from parity.trials import draws as drawing
from parity.trials import selection
from parity.trials.networks import LARGE_SIZES, draw_away_from_kinks, masked
from parity.trials.trial import Options, Trial

KIND = "curvature"
DIRECTIONS = 2
"""How many products a case has, along directions from a normal distribution. The gradient is not used as a direction, since a
wrong framework might return it."""


@dataclass(frozen=True)
class Problem:
    """A convex problem. examples: more than parameters, so that the data bound the
    minimum. steps: how many lead to the minimum."""

    examples: int
    steps: int
    size: str = "small"


NEWTON: Mapping[str, Problem] = {
    "linear_regression": Problem(examples=7, steps=1),  # a quadratic problem: one step from anywhere
    "softmax_regression": Problem(examples=61, steps=6, size="convex"),
}
CURVED = (
    *("linear_regression", "softmax_regression", "mlp", "lenet", "resnet18_small_images", "lstm_language_model", "transformer"),
)
"""Networks that the word `curvature` alone stands for: together they use the ops of each family."""


def curvature_trials(
    architecture: language.Architecture, initializer: language.Initializer, options: Options
) -> Iterator[Trial]:
    """Hessian-vector products of a network, at its small size or the size asked for, with draws away from kinks."""
    graph, rates = masked(expand(architecture, options.size))
    name = f"curvature/{architecture.name}"
    for dtype in options.dtypes:
        _check(name, graph, dtype)
        draws, references, redraws = draw_away_from_kinks(graph, initializer, dtype, options, 1, rates)
        case = options.case(name, dtype, task=KIND, graph=graph, initializer=initializer.name, size=options.size)
        yield _trial(replace(case, batch_size=2 if options.size in LARGE_SIZES else 3), draws, references, redraws)


def newton_trials(architecture: language.Architecture, options: Options) -> Iterator[Trial]:
    """Hessian-vector products of a convex problem, and Newton's method on it. Kernels start near 0 (normal, 0.01): from far
    away, whole steps overshoot to where the softmax is flat."""
    problem = NEWTON.get(architecture.name)
    if problem is None:
        raise UsageError(f"Newton's method is asked of convex problems: {', '.join(NEWTON)}; not of {architecture.name}")
    name, graph, initializer = (
        f"newton/{architecture.name}",
        expand(architecture, problem.size),
        selection.initializer("normal"),
    )
    for dtype in options.dtypes:
        _check(name, graph, dtype)
        draws = drawing.draw(graph, initializer, dtype, seed=options.seed, batch_size=problem.examples)
        case = options.case(name, dtype, task=KIND, graph=graph, initializer=initializer.name, steps=problem.steps)
        yield _trial(replace(case, batch_size=problem.examples), draws, agreement.references(graph, draws.values(), dtype))


def _check(name: str, graph: Graph, dtype: str) -> None:
    try:
        check(graph, dtype)
    except NotTwice as error:
        raise UsageError(f"{name}: {error}") from error


def _trial(case: Case, draws: drawing.Draws, references: agreement.References, redraws: int = 0) -> Trial:
    directions = drawing.directions(references.graph, case.dtype, case.seed, DIRECTIONS)
    more = dict[str, drawing.Array]()
    for number, direction in enumerate(directions):
        more |= put_under(direction, DIRECTION, number)
    inputs = curvature.CurvatureInputs(case, draws.initial(), directions, references)
    return Trial(case, {**draws.arrays, **more}, curvature.judge(inputs), KIND, redraws)
