"""Owns the trials of networks, whole and node by node.

It refuses to run a framework and to judge: a trial carries its judgement as a function of a record's arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import BATCH, PARAMETER, STATISTIC, array_name, group_of, own_name
from parity.judgement import agreement, blind_spots, kinks, phases
from parity.judgement.budgets import STAGES
from parity.spec import specs as language
from parity.spec.cases import Case
from parity.spec.expansion import expand
from parity.spec.graph import Graph, Node, isolate
from parity.spec.masks import dropouts, with_masks
from parity.trials import draws as drawing
from parity.trials import limits
from parity.trials.trial import Options, Trial

Array = npt.NDArray[Any]

Alone = dict[str, set[str]]
"""Precision -> keys of the kinds of nodes that are already judged alone."""

STEPS = 20
"""Of an optimizer that is judged alone: what only later steps show (a rectification, a long memory) shows there."""
NETWORK_STEPS, LARGE_STEPS = 4, 3
"""Of a network: they show how a framework applies its optimizer to many parameters, and whether it reads every batch anew
(agreement.STEP_TRIES). tests/trials/test_lock_steps.py has the faults of applying that they must show as well as STEPS do."""
LARGE, DEEP = 200_000, 100
"""With more parameters or more nodes, a case takes LARGE_STEPS: a step of three hundred layers takes an eager framework
seconds."""
LARGE_SIZES = ("full", "half", "quarter")
"""Sizes with published widths and depths. half, quarter: of an image's side or of the
tokens, if the full size takes too much."""
HUGE = 100_000_000
"""With more values per example (gpt2_small, style_transfer, cyclegan), the batch at a large size is one: two take 16 GiB."""
REDRAWS = 8
"""The most draws that are thrown away. A large graph always has a unit near its kink; there the reference follows the branch
that the framework took."""


def architecture_trials(
    architecture: language.Architecture,
    initializer: language.Initializer,
    optimizer: language.Optimizer,
    options: Options,
    alone: Alone | None = None,
) -> Iterator[Trial]:
    """The whole graph; each phase alone, if training alternates; then each different node alone; all in every precision.

    alone: the nodes of other architectures; it grows. A node that is equal to one of them is not judged again.
    """
    alone = {} if alone is None else alone
    graph, rates = masked(expand(architecture, options.size))
    steps = options.steps or steps_of(graph, options.size)
    for dtype in options.dtypes:
        nodes = alone.setdefault(dtype, set())
        for name, program in programs(graph, bool(rates)).items():
            judged = draw_case(name, program, initializer, optimizer, dtype, options, steps, rates)
            case, draws, references = judged.case, judged.draws, judged.references
            judge = agreement.judge(case, optimizer, draws, references)
            forward = agreement.judge_forward(case, draws, references)
            yield Trial(case, draws.arrays, judge, "architectures", judged.redraws, forward)
            if options.nodes and len(program.phases) <= 1:
                for node in different_nodes(program, nodes):
                    yield node_trial(architecture.name, program, node, draws, references, dtype, options, case.batch_size)


@dataclass(frozen=True)
class DrawnCase:
    """A network's case, what was drawn for it, and its references. redraws: draws thrown away near kinks."""

    case: Case
    draws: drawing.Draws
    references: agreement.References
    redraws: int


def draw_case(
    name: str,
    program: Graph,
    initializer: language.Initializer,
    optimizer: language.Optimizer,
    dtype: str,
    options: Options,
    steps: int,
    rates: Mapping[str, float],
) -> DrawnCase:
    """One program of a network in one precision, ready to be judged. rates: mask input -> dropout rate."""
    draws, references, redraws = draw_away_from_kinks(program, initializer, dtype, options, steps, rates, optimizer)
    case = options.case(
        name,
        dtype,
        size=options.size,
        graph=program,
        initializer=initializer.name,
        optimizer=optimizer.name,
        hyperparameters=optimizer.probe_values(),
        batch_size=options.batch_size or batch_size_of(program, options.size),
        steps=steps,
    )
    return DrawnCase(case, draws, references, redraws)


def programs(graph: Graph, dropping: bool) -> dict[str, Graph]:
    """Name of the case -> graph that is judged as a whole: the graph itself, and each phase alone if training alternates."""
    masks = "[masks]" if dropping else ""
    graphs = {f"{graph.name}{masks}": graph}
    if len(graph.phases) > 1:
        graphs |= {f"{graph.name}:{phase.name}{masks}": replace(graph, phases=(phase,)) for phase in graph.phases}
    return graphs


def steps_of(graph: Graph, size: str) -> int:
    """Of the lock-step. At a large size one, or two where the network names rules of its own: after one step of Adam the betas
    have cancelled out of the update, and could not be judged."""
    if size in LARGE_SIZES:
        return 2 if any(phase.optimizer for phase in graph.phases) else 1
    return NETWORK_STEPS if graph.parameter_count() <= LARGE and len(tuple(graph.all_nodes())) <= DEEP else LARGE_STEPS


def batch_size_of(graph: Graph, size: str) -> int:
    """Batch size of a case. At a large size it is two; or one if two examples with all their
    judged values would not fit into memory."""
    if size not in LARGE_SIZES:
        return 3
    every = (*graph.nodes, *(node for phase in graph.phases for node in phase.nodes))
    return 2 if sum(prod(shape) for node in every for shape in node.outputs.values()) <= HUGE else 1


def masked(graph: Graph) -> tuple[Graph, dict[str, float]]:
    """The graph with its dropout masks as inputs, and mask input -> rate."""
    return with_masks(graph), dropouts(graph)


def draw_away_from_kinks(
    graph: Graph,
    initializer: language.Initializer,
    dtype: str,
    options: Options,
    steps: int,
    rates: Mapping[str, float],
    optimizer: language.Optimizer | None = None,
) -> tuple[drawing.Draws, agreement.References, int]:
    """Draws in which no layer is zero everywhere, every parameter moves something, and kinked inputs lie further from the kink
    than rounding reaches (not asked in float64), also in the phases that follow an optimizer's first update. Where none is all,
    one that lacks the last: kinks can be followed, what moves nothing not be judged."""
    batch_size = options.batch_size or batch_size_of(graph, options.size)
    limits.check_case(graph, batch_size, max(steps, 1))

    def drawn(attempt: int) -> drawing.Draws:
        more: dict[str, Any] = {"batch_size": batch_size, "batches": max(steps, 1), "rates": rates}
        return drawing.draw(graph, initializer, dtype, seed=options.seed, attempt=attempt, **more)

    chosen: tuple[drawing.Draws, agreement.References] | None = None
    least = (True, True)
    for attempt in range(REDRAWS + 1):
        draws = drawn(attempt)
        bare = agreement.references(graph, draws.values(), dtype, shadows=0, cotangents=options.nodes)
        if dead(bare):
            continue
        narrow = dtype != "float64" and options.size not in LARGE_SIZES
        # Shadows take two thirds of the time, and only widen the margins: what is near a kink without them is near with them.
        lacks, references = (hidden(bare), narrow and kinks.near(bare)), bare
        if (chosen is None or lacks < least) and not lacks[1]:
            references = bare.widened(STAGES[0])
            lacks = lacks[0], narrow and (kinks.near(references) or near_later(references, optimizer))
        if chosen is None or lacks < least:
            chosen, least = (draws, references), lacks
        if not any(lacks):
            break
    draws, references = chosen or (draws, bare)
    return draws, references.widened(STAGES[0]), attempt


def dead(references: agreement.References) -> bool:
    """Whether some layer gives nothing but zeros (all units of a relu off), so that nothing behind it could be judged. Both
    modes count: with running statistics, a norm may turn off everything that a batch's own statistics leave on."""
    passes = (references.training, references.evaluation)
    return any(array.size > 1 and not np.any(array) for pass_ in passes for array in pass_.reference.values.values())


def hidden(references: agreement.References) -> bool:
    """Whether some parameter moves nothing, although every layer has a unit that is not zero:
    the units behind it are off or dropped."""
    pass_ = references.training
    still = {name for name, gradient in pass_.reference.gradients.items() if not np.any(gradient)}
    return bool(still) and not still <= blind_spots.cancelled(references.graph, references.values, pass_).keys()


def near_later(references: agreement.References, optimizer: language.Optimizer | None) -> bool:
    """Like kinks.near, for the phases after the first, as they start after the first update."""
    if optimizer is None:
        return False
    later = phases.foreseen(references, optimizer)
    return any(mask.any() for pass_ in later for _, mask in kinks.doubts(references.graph, pass_, references.u))


def different_nodes(graph: Graph, keys: set[str] | None = None) -> list[Node]:
    """One node of each kind: nodes with equal op, attributes and shapes count once; nodes without inputs compute nothing. seen:
    known kinds; it grows."""
    shapes = graph.value_shapes()
    keys = set() if keys is None else keys
    chosen: list[Node] = []
    for node in graph.all_nodes():
        if not node.sources() or node.op == "weighted_sum":
            continue
        inputs = tuple(shapes.get(source) for source in node.sources())
        key = repr((node.op, sorted(node.attributes.items()), sorted(node.outputs.items()), inputs, sorted(node.inputs)))
        if key not in keys:
            keys.add(key)
            chosen.append(node)
    return chosen


def node_trial(
    spec: str,
    graph: Graph,
    node: Node,
    draws: drawing.Draws,
    references: agreement.References,
    dtype: str,
    options: Options,
    batch_size: int,
) -> Trial:
    """One node alone: its inputs are the reference's activations, and the gradient that
    reaches it is the reference's gradient."""
    alone = isolate(graph, node.name)
    base = references
    arrays: dict[str, Array] = {}
    for name, array in draws.arrays.items():
        if group_of(name) in (PARAMETER, STATISTIC) and _belongs(own_name(name), alone):
            arrays[name] = array
    for graph_input in alone.inputs:
        arrays[array_name(BATCH, 0, graph_input.name)] = drawing.rounded(np.asarray(base.value(graph_input.name)), dtype)
    for suffix, weight in zip(node.outputs, alone.training_inputs, strict=True):
        seed = _visible(base.cotangent(node.value(suffix)), spec, weight.name)
        arrays[array_name(BATCH, 0, weight.name)] = drawing.rounded(seed, dtype)
    alone_draws = drawing.Draws(arrays)
    case = options.case(f"{spec}:{node.name}", dtype, size=options.size, graph=alone, batch_size=batch_size)
    inner = agreement.references(alone, alone_draws.values(), dtype)
    forward = agreement.judge_forward(case, alone_draws, inner) if node in graph.nodes else None  # None for a node of a loss
    return Trial(case, arrays, agreement.judge(case, None, alone_draws, inner), "nodes", forward=forward)


def _belongs(name: str, graph: Graph) -> bool:
    return name in {item.name for item in graph.parameters} | {item.name for item in graph.statistics}


def _visible(cotangent: Array | None, spec: str, name: str) -> Array:
    """The reference's cotangent, scaled to a greatest value of 1. A gradient of 1e-9 would judge a layer no better."""
    array = np.asarray(cotangent)
    top = float(np.max(np.abs(array))) if array.size else 0.0
    return array / top if top > 0 else array
