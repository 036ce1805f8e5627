"""Owns the trials of single ops: each example of an op as a case of its own, with draws away from kinks.

It refuses to choose examples (they are in the op's file) and to judge.
"""

from __future__ import annotations

from collections.abc import Iterator

from parity.judgement import agreement, kinks
from parity.ops import TABLE, kind_of
from parity.ops.definition import Example, Op
from parity.spec import specs as language
from parity.spec.graph import Graph
from parity.spec.masks import dropouts
from parity.spec.op_graphs import op_graph
from parity.trials import draws as drawing
from parity.trials.networks import dead
from parity.trials.op_grids import grid
from parity.trials.rules import dropout_trials
from parity.trials.trial import Options, Trial

BATCH = 4
"""The batch size. No axis of any example has this size, so that a batch mistaken for another axis shows."""

REDRAWS = 50
"""The most draws that are thrown away. One op has few kinks, so some draw lies away from all of them."""


def op_trials(op: str, initializer: language.Initializer, options: Options) -> Iterator[Trial]:
    """Every example in every precision asked for.

    For dropout there is also a case of the native layer, which draws its own mask.
    """
    for dtype in options.dtypes:
        for place, example in enumerate(_examples(op)):
            graph = op_graph(op, example)
            draws, references, redraws = _drawn(graph, initializer, dtype, options)
            case = options.case(f"{op}:{example.name or place}", dtype, graph=graph, batch_size=BATCH)
            judge = agreement.judge(case, None, draws, references)
            forward = agreement.judge_forward(case, draws, references)
            yield Trial(case, draws.arrays, judge, kind_of(op), redraws, forward)
    if op == "dropout":
        yield from dropout_trials(options)


def _examples(op: str) -> tuple[Example, ...]:
    """The op's own examples, the extreme ones (huge logits), and the grid of its attributes."""
    return (*TABLE[op].EXAMPLES, *Op(TABLE[op]).extremes, *grid(op))


def _drawn(
    graph: Graph, initializer: language.Initializer, dtype: str, options: Options
) -> tuple[drawing.Draws, agreement.References, int]:
    """The first draw that gives no all-zero layer, and whose kinks lie further away than
    rounding reaches (not required in float64)."""
    rates = dropouts(graph)
    for attempt in range(REDRAWS + 1):
        draws = drawing.draw(graph, initializer, dtype, seed=options.seed, attempt=attempt, batch_size=BATCH, rates=rates)
        references = agreement.references(graph, draws.values(), dtype)
        if not dead(references) and (dtype == "float64" or not kinks.near(references)):
            break
    return draws, references, attempt
