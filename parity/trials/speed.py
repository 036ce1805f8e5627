"""Owns the trials of a timed workload: the check that gates it, and the timed case with what it must answer behind the clock.

It refuses a gate of another size, precision, mode or number of threads than what is timed; of another batch where the reference
would not fit, which is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from typing import Any

from parity.execution.names import BATCH, CARRIED, CHECK, lies_under, put_under, under
from parity.judgement import agreement, budgets
from parity.judgement.check_after_timing import judge_behind
from parity.judgement.comparison import Comparison
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.spec.extent import RECURRENT
from parity.spec.graph import Graph, Node, Shape
from parity.trials import draws as drawing
from parity.trials import networks
from parity.trials.trial import Judge, Options, Trial

DTYPE = "float32"
PLAIN_PRODUCTS = ("dense", "conv1d", "conv2d", "conv3d", "conv_transpose2d", "embedding")
"""Ops that are one product of what arrives with what they hold."""
BATCHES = 4
"""Different batches that a process cycles through, so that no step sees the numbers of the one before."""
AFFORDED = 20_000_000
"""Numbers that the values of the check's batch may have. A workload with more is checked with the batch that `check` takes: the
reference of a ResNet-18 with 32 images takes a minute, as long as all that is timed of it."""
PEAK = "matrix_product"
PEAK_BATCH = 2048
PEAK_TEXT = """\
name: matrix_product
source: a product of matrices, for the greatest rate of a machine
inputs: {rows: {shape: [1024]}}
layers:
  - dense product: {units: 1024, bias: false}
training:
  inputs: {target: {shape: [1024]}}
  loss:
    - squared_error: {target: target}
"""
"""The dense layer whose training step, two products of square matrices, is the rate that no other step may exceed."""


@dataclass(frozen=True)
class Workload:
    """What is timed in every framework alike. gate: the check's trials, none of the peak. flops: of a training step of a batch.
    checked_batch: of the check. dropping: it drops units of its own, for which the check dictates masks."""

    architecture: str
    mode: str
    batch_size: int
    checked_batch: int
    dropping: bool
    flops: float
    gate: Sequence[Trial]
    timed: Trial


def workload(
    architecture: language.Architecture,
    initializer: language.Initializer,
    optimizer: language.Optimizer,
    options: Options,
    batch_size: int,
) -> Workload:
    """A float32 training step of the whole graph, native dropout included, and the check of that very thing."""
    plain = expand(architecture, options.size)
    graph, rates = networks.masked(plain)
    checked = batch_size if affordable(graph, batch_size) else networks.batch_size_of(graph, options.size)
    case_options = replace(options, dtypes=(DTYPE,), nodes=False, batch_size=checked)
    steps = options.steps or networks.steps_of(graph, options.size)
    drawn = {
        name: networks.draw_case(name, program, initializer, optimizer, DTYPE, case_options, steps, rates)
        for name, program in networks.programs(graph, bool(rates)).items()
    }
    gate = [
        Trial(
            drawn_case.case,
            drawn_case.draws.arrays,
            agreement.judge(drawn_case.case, optimizer, drawn_case.draws, drawn_case.references),
            "architectures",
        )
        for drawn_case in drawn.values()
    ]
    whole = next(iter(drawn.values()))
    case = timed_case(plain, architecture.name, initializer, optimizer, options, batch_size)
    arrays = timed_arrays(plain, initializer, options, batch_size, whole.draws.arrays)
    judge = remembered(judge_behind(whole.case, whole.draws, whole.references, dropping=bool(rates)))
    timed = Trial(case, arrays, judge, "speed")
    flops = batch_size * training_flops(plain)
    return Workload(architecture.name, options.mode or "default", batch_size, checked, bool(rates), flops, gate, timed)


def peak(initializer: language.Initializer, optimizer: language.Optimizer, options: Options) -> Workload:
    """The dense layer that a machine's greatest rate is measured with. Nothing of it is checked: it is no result."""
    architecture = _peak()
    graph = expand(architecture, "full")
    sized = replace(options, size="full")
    drawn = drawing.draw(graph, initializer, DTYPE, batch_size=PEAK_BATCH, batches=BATCHES)
    case = timed_case(graph, PEAK, initializer, optimizer, sized, PEAK_BATCH)
    case = replace(case, arguments={**case.arguments, "blocks": 3, "attempts": 9})
    flops = PEAK_BATCH * training_flops(graph)
    mode = options.mode or "default"
    return Workload(PEAK, mode, PEAK_BATCH, 0, False, flops, (), Trial(case, drawn.arrays, lambda _: [], "speed"))


@cache
def _peak() -> language.Architecture:
    spec = language.parse(PEAK_TEXT, "matrix_product")
    assert isinstance(spec, language.Architecture)  # noqa: S101 - it stands above
    return spec


def remembered(judge: Judge) -> Judge:
    """The same judgement, which looks at equal arrays once: the processes of a cell mostly answer with the same bits."""
    by_digest: dict[str, list[Comparison]] = {}

    def judged(arrays: Mapping[str, Any]) -> list[Comparison]:
        digest = drawing.Draws(arrays).digest()
        if digest not in by_digest:
            by_digest[digest] = judge(arrays)
        return by_digest[digest]

    return judged


def affordable(graph: Graph, batch_size: int) -> bool:
    """Whether the reference of the timed batch itself is walked."""
    every = (*graph.nodes, *(node for phase in graph.phases for node in phase.nodes))
    return batch_size * sum(prod(shape) for node in every for shape in node.outputs.values()) <= AFFORDED


def timed_case(
    graph: Graph,
    name: str,
    initializer: language.Initializer,
    optimizer: language.Optimizer,
    options: Options,
    batch_size: int,
) -> Any:
    """The case of the task `speed`. What counts as quiet stands in its arguments, and so in the key of its records."""
    return options.case(
        name,
        DTYPE,
        task="speed",
        size=options.size,
        graph=graph,
        initializer=initializer.name,
        optimizer=optimizer.name,
        arguments={"foreign": budgets.FOREIGN, "steal": budgets.STEAL},
        hyperparameters=optimizer.default_values(),
        batch_size=batch_size,
        activations=False,
    )


def timed_arrays(
    graph: Graph, initializer: language.Initializer, options: Options, batch_size: int, checked: Mapping[str, Any]
) -> dict[str, Any]:
    """The parameters of the check, batches of the timed size, and behind `check/` what the check has in their place."""
    drawn = drawing.draw(graph, initializer, DTYPE, seed=options.seed, batch_size=batch_size, batches=BATCHES).arrays
    held = {name: array for name, array in checked.items() if not _of_a_batch(name)}
    read = {graph_input.name for graph_input in graph.batch_inputs()}
    first = {name: array for name, array in under(checked, BATCH, 0).items() if name in read}
    again = {**put_under(under(checked, CARRIED), CARRIED), **put_under(first, BATCH, 0)}
    timed = {name: array for name, array in drawn.items() if _of_a_batch(name)}
    return {**held, **timed, **put_under(again, CHECK)}


def _of_a_batch(name: str) -> bool:
    return lies_under(name, BATCH) or lies_under(name, CARRIED)


def training_flops(graph: Graph) -> float:
    """Of one example in a training step, from the graph: the forward pass, as much again for the gradients of what a layer
    holds, and as much for those of its inputs, but for the layers that read nothing which has a gradient. 0 where phases or
    frozen parameters make it another number.

    Layers without parameters count three times as well: what they compute is small beside the others. Updates are left out.
    """
    if len(graph.phases) != 1 or {parameter.name for parameter in graph.parameters} - graph.phases[0].updates.keys():
        return 0
    names, shapes = {graph_input.name for graph_input in graph.batch_inputs()}, graph.value_shapes()
    return sum(
        node.flops * (2 + _carried_on(node, shapes) if set(node.sources()) <= names else 3) for node in graph.all_nodes()
    )


def _carried_on(node: Node, shapes: Mapping[str, Shape]) -> float:
    """Of a layer that reads what the batch brings: the share of its products whose factors have a gradient all the same. A
    recurrent layer's are those with its own state; an attention's are taken to be all."""
    if node.op in RECURRENT:
        units, features = node.attributes["units"], shapes[node.sources()[0]][-1]
        return float(units / (units + features))
    return 0.0 if node.op in PLAIN_PRODUCTS else 1.0
