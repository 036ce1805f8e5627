"""Owns the trials of second derivatives: Hessian-vector products of a network, and Newton's method on convex problems.

It refuses to run a framework and to judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from parity.execution import draws as drawing
from parity.judgement import curvature
from parity.reference_impl.curvature import NotTwice, check
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.spec.graph import Graph
from parity.spec.masks import dropouts, with_masks
from parity.verbs import selection
from parity.verbs.errors import UsageError
from parity.verbs.trials import Options, Trial

KIND = "curvature"
DIRECTIONS = 3
"""Products of a case, along directions drawn from a normal distribution; not along the gradient, which a fake may return."""


@dataclass(frozen=True)
class Problem:
    """A convex problem: examples, more than parameters, so that the data bound it; steps that lead to its minimum."""

    examples: int
    steps: int
    size: str = "small"


NEWTON: Mapping[str, Problem] = {
    "linear_regression": Problem(examples=7, steps=1),  # quadratic: one step, from anywhere
    "softmax_regression": Problem(examples=61, steps=6, size="convex"),
}
CURVED = ("linear_regression", "softmax_regression")
"""Networks whose products are asked for by the word `curvature` alone."""


def curvature_trials(
    architecture: language.Architecture, initializer: language.Initializer, options: Options
) -> Iterator[Trial]:
    """Hessian-vector products of a network, at its small size or as asked."""
    yield from _trials(f"curvature/{architecture.name}", expand(architecture, options.size), initializer, options, 3, 0)


def newton_trials(architecture: language.Architecture, options: Options) -> Iterator[Trial]:
    """The same of a convex problem, and Newton's method on it. Kernels start near 0 (normal, 0.01): whole steps from far away
    overshoot where the softmax is flat."""
    problem = NEWTON.get(architecture.name)
    if problem is None:
        raise UsageError(f"Newton's method is asked of convex problems: {', '.join(NEWTON)}; not of {architecture.name}")
    graph = expand(architecture, problem.size)
    yield from _trials(
        f"newton/{architecture.name}", graph, selection.initializer("normal"), options, problem.examples, problem.steps
    )


def _trials(
    spec: str, graph: Graph, initializer: language.Initializer, options: Options, examples: int, steps: int
) -> Iterator[Trial]:
    rates, graph = dropouts(graph), with_masks(graph)
    for dtype in options.dtypes:
        try:
            check(graph, dtype)
        except NotTwice as error:
            raise UsageError(f"{spec}: {error}") from error
        draws = drawing.draw(graph, initializer, dtype, seed=options.seed, batch_size=examples, rates=rates)
        directions = drawing.directions(graph, dtype, options.seed, DIRECTIONS)
        more = {f"direction/{place}/{name}": array for place, one in enumerate(directions) for name, array in one.items()}
        case = options.case(spec, dtype, task=KIND, graph=graph, initializer=initializer.name, batch_size=examples, steps=steps)
        given = curvature.Given(case, graph, draws.initial(), draws.batch(), directions)
        yield Trial(case, {**draws.arrays, **more}, curvature.judge(given), KIND)
