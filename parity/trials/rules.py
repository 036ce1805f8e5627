"""Owns the trials without a network: optimizers, schedules, initializers, and the dropout layer that draws its own mask.

It refuses to run a framework and to judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from parity.execution.names import BATCH, array_name
from parity.judgement import agreement, dropout, sampling, schedules
from parity.spec import specs as language
from parity.spec.cases import Sampling
from parity.trials import draws as drawing
from parity.trials import probes
from parity.trials.networks import STEPS, Array
from parity.trials.streams import stream
from parity.trials.trial import Options, Trial

DRAWN, OTHER_ARGUMENTS = 4, 1.5
"""How many draws an initializer makes, and the factor of its arguments in an additional case."""


def optimizer_trials(optimizer: language.Optimizer, options: Options) -> Iterator[Trial]:
    """The rule alone, at its probe values, which float32 holds exactly, and at its published defaults."""
    graph = probes.optimizer_probe(optimizer.axes)
    for dtype in options.dtypes:
        draws = probes.optimizer_draws(graph, dtype, options.seed, STEPS)
        references = agreement.references(graph, draws.values(), dtype)
        for variant, values in (("", optimizer.probe_values()), ("[defaults]", optimizer.default_values())):
            case = options.case(
                f"{optimizer.name}{variant}",
                dtype,
                graph=graph,
                optimizer=optimizer.name,
                hyperparameters=values,
                batch_size=1,
                steps=STEPS,
            )
            yield Trial(case, draws.arrays, agreement.judge(case, optimizer, draws, references), "optimizers")


def schedule_trials(schedule: language.Schedule, options: Options) -> Iterator[Trial]:
    """The learning rate of every step of a native optimizer with the native schedule."""
    for dtype in options.dtypes:
        for variant, values in (("", schedule.probe_values()), ("[defaults]", schedule.default_values())):
            name = f"{schedule.name}{variant}"
            more: dict[str, Any] = {"optimizer": schedule.name, "hyperparameters": values, "steps": schedules.STEPS}
            case = options.case(name, dtype, task="schedule", **more)
            yield Trial(case, {}, schedules.judge(case, schedule), "schedules")


def initializer_trials(initializer: language.Initializer, options: Options) -> Iterator[Trial]:
    """Draws from four seeds for every shape, and from the first seed again; and for a matrix with other arguments, so that no
    argument can be ignored."""
    arguments_of_spec = {name: float(value) for name, value in initializer.arguments.items()}
    other = {name: OTHER_ARGUMENTS * value for name, value in arguments_of_spec.items()}
    sampled = [(name, item, arguments_of_spec) for name, item in samplings(initializer).items()]
    sampled += [("dense[arguments]", probes.SAMPLINGS["dense"], other)] if other else []
    for dtype in options.dtypes:
        for name, item, arguments in sampled:
            more: dict[str, Any] = {"initializer": initializer.name, "arguments": arguments, "sampling": item}
            case = options.case(f"{initializer.name}:{name}", dtype, task="sampling", **more)
            yield Trial(case, {}, sampling.judge(case, initializer), "initializers")


def samplings(initializer: language.Initializer) -> dict[str, Sampling]:
    """The parameters that an initializer draws. Groups and transposition are stated only if it reads
    fans; it gets matrices alone if it must."""
    every = {name: replace(sampling, count=DRAWN) for name, sampling in probes.SAMPLINGS.items()}
    if not initializer.reads_fans():
        every = {name: replace(sampling, groups=1, transposed=False) for name, sampling in every.items()}
    matrices = initializer.distribution == "identity"
    return {name: sampling for name, sampling in every.items() if len(sampling.shape) == 2 or not matrices}


def dropout_trials(options: Options) -> Iterator[Trial]:
    """The native dropout layer on its own: its mask is recovered, tested and replayed."""
    graph = probes.dropout_probe()
    for dtype in options.dtypes:
        arrays: dict[str, Array] = {}
        for graph_input in graph.batch_inputs():
            numbers = stream("dropout", options.seed, graph_input.name)
            arrays[array_name(BATCH, 0, graph_input.name)] = drawing.rounded(
                1.0 + numbers.uniform(size=(3, *graph_input.shape)), dtype
            )
        case = options.case("dropout[native]", dtype, graph=graph)
        yield Trial(case, arrays, dropout.judge(case, drawing.Draws(arrays).batch()), "layers")
