"""Owns the tasks of a worker: each takes a realization and a case's arrays, and gives arrays or measurements.

It refuses to open files, to catch errors and to judge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity.execution import newton
from parity.execution.names import (
    AFTER,
    AGAIN,
    BATCH,
    DATASET,
    DECODED,
    DIRECTION,
    FORWARD,
    GRADIENT,
    INITIAL,
    INPUT_GRADIENT,
    LOSS,
    LOSSES,
    NATIVE,
    NEWTON,
    ORDER,
    PARAMETER,
    PRODUCT,
    SAMPLE,
    STATE,
    STEP,
    TEST,
    VALUE,
    array_name,
    numbered,
    numbers,
    put_under,
    step_name,
    under,
)
from parity.execution.protocol import Array, Framework, Observation, Realization, Unsupported
from parity.execution.worker import default_arguments, greedy_decoding
from parity.spec.cases import Case
from parity.spec.graph import Graph

Arrays = Mapping[str, Array]
Answers = Mapping[str, Callable[[Arrays], Any]]


def agreement(realization: Realization, case: Case, arrays: Arrays) -> dict[str, Array]:
    """A forward pass, gradients, and steps in lock-step: before each step all parameters are set afresh, while the optimizer
    keeps its state."""
    initial, batches = initial_state(arrays), batches_of(arrays)
    realization.set_parameters(initial)
    batch = realization.place(batches[0]) if batches else realization.place({})
    observed = named(FORWARD, realization.forward(batch, training=False).values)
    if case.graph is not None and case.graph.decoding is not None and case.size == "small":  # a pass for every token
        observed[DECODED] = greedy_decoding.greedy(
            lambda fed: realization.forward(realization.place(fed), training=False).values, batches[0], case.graph.decoding
        )
    if case.graph is None or not case.graph.phases:
        return observed
    observation = realization.gradients(batch)
    observed |= named(VALUE, observation.values) | named(GRADIENT, observation.gradients)
    observed |= named(INPUT_GRADIENT, observation.input_gradients) | named(STATE, observation.state)
    if observation.loss is not None:
        observed[LOSS] = np.asarray(observation.loss)
    observed |= named(AFTER, realization.parameters())
    for step in range(case.steps):
        observed |= _locked_step(realization, case.graph, initial, batches[step], step)
    return observed


def _locked_step(realization: Realization, graph: Graph, initial: Arrays, batch: Arrays, step: int) -> dict[str, Array]:
    realization.set_parameters(initial)
    placed = realization.place(batch)
    observed = realization.gradients(placed)
    realization.step(placed)
    realization.synchronize()
    arrays = named(step_name(step, GRADIENT), observed.gradients) | named(step_name(step, PARAMETER), realization.parameters())
    if observed.loss is not None:
        arrays[step_name(step, LOSS)] = np.asarray(observed.loss)
    after = under(arrays, step_name(step, PARAMETER))
    for phase, observation in _further_phases(realization, graph, initial, placed, after, observed.state):
        arrays |= named(step_name(step, GRADIENT, phase=phase), observation.gradients)
        if observation.loss is not None:
            arrays[step_name(step, LOSS, phase=phase)] = np.asarray(observation.loss)
    return arrays


def _further_phases(
    realization: Realization, graph: Graph, initial: Arrays, placed: Any, after: Arrays, state: Arrays
) -> Iterator[tuple[str, Observation]]:
    """The observation of each phase after the first inside of a step. A phase starts from the state that the phases before it
    left.

    after: the parameters behind the whole step, which hold the updates of the phases before; state: statistics as the first
    phase left them. If a later phase updates the same parameter again, its value in between cannot be seen from outside. The
    iteration ends there.
    """
    statistics = {statistic.name for statistic in graph.statistics}
    for place, phase in enumerate(graph.phases[1:], start=1):
        before = {name for earlier in graph.phases[:place] for name in earlier.updates}
        if before & {name for later in graph.phases[place:] for name in later.updates}:
            return
        moved = {name: array for name, array in state.items() if name in statistics}
        realization.set_parameters({**initial, **{name: after[name] for name in before if name in initial}, **moved})
        observation = realization.gradients(placed, place)
        state = observation.state
        yield phase.name, observation


def curvature(realization: Realization, case: Case, arrays: Arrays) -> dict[str, Array]:
    """The gradient, H·v for every `direction/<k>/…`, and case.steps steps of Newton's method, each from the end of the last."""
    (batch_arrays,) = batches_of(arrays)
    realization.set_parameters(initial_state(arrays))
    batch = realization.place(batch_arrays)
    observation = realization.gradients(batch)
    observed = named(GRADIENT, observation.gradients)
    if observation.loss is not None:
        observed[LOSS] = np.asarray(observation.loss)
    for number in numbers(arrays, DIRECTION):
        product = realization.hessian_vector_product(batch, under(arrays, DIRECTION, number))
        observed |= named(array_name(PRODUCT, number), product)
    observed |= named(AFTER, realization.parameters())
    for step in range(case.steps):
        gradients, held = realization.gradients(batch).gradients, realization.parameters()
        moves = newton.step(lambda v: realization.hessian_vector_product(batch, v), gradients, observation.gradients)
        realization.set_parameters({name: held[name] - move for name, move in moves.items()})
        observed |= named(array_name(NEWTON, step, STEP), moves)
        observed |= named(array_name(NEWTON, step, PARAMETER), realization.parameters())
    return observed


def sampling(framework: Framework, case: Case) -> dict[str, Array]:
    """Draws of the native initializer with the seeds seed, seed+1, …, and `sample/again`, a repeated draw with the first
    seed."""
    if case.sampling is None:
        raise ValueError(f"case {case.id} samples, and says not what")
    draws = (framework.sample(replace(case, seed=case.seed + i)) for i in range(case.sampling.count))
    return {**numbered(draws, SAMPLE), array_name(SAMPLE, AGAIN): framework.sample(case)}


def question(name: str, defaults: Mapping[str, str], answers: Answers, arrays: Arrays) -> dict[str, Array]:
    """The answer to a question of the atlas: a default argument as `default` (JSON in bytes), or a native call's `value`."""
    if name in defaults:
        default = {"where": defaults[name], "default": default_arguments.default(defaults[name])}
        return {"default": np.frombuffer(json.dumps(default).encode(), np.uint8)}
    if name not in answers:
        raise Unsupported("there is nothing of the kind in this framework")
    return {"value": np.asarray(answers[name](arrays))}


def weights(realization: Realization, arrays: Arrays) -> dict[str, Array]:
    """Weights from `parameter/…` or from native files. Gives them by the spec's names, in native files, and read back from
    these files."""
    files = {name: array.tobytes() for name, array in under(arrays, NATIVE).items()}
    if files:
        realization.load(files)
    else:
        realization.set_parameters(initial_state(arrays))
    parameters, written = realization.parameters(), realization.save()
    realization.set_parameters({name: np.zeros_like(array) for name, array in parameters.items()})
    realization.load(written)
    native = {name: np.frombuffer(content, np.uint8) for name, content in written.items()}
    return named(PARAMETER, parameters) | named(AGAIN, realization.parameters()) | named(NATIVE, native)


def training(realization: Realization, case: Case, arrays: Arrays) -> dict[str, Array]:
    """A free run of training through the batches of `order`: every loss, the last parameters, and the outputs on the test
    set."""
    dataset = under(arrays, DATASET)
    realization.set_parameters(initial_state(arrays))
    losses = []
    for rows in arrays[ORDER]:
        loss = realization.step(realization.place({name: values[rows] for name, values in dataset.items()}))
        losses.append(float(loss))
    realization.synchronize()
    curve = {LOSSES: np.asarray(losses, np.float64 if case.dtype == "float64" else np.float32)}
    return curve | named(PARAMETER, realization.parameters()) | named(TEST, _test(realization, case, arrays))


def _test(realization: Realization, case: Case, arrays: Arrays) -> dict[str, Array]:
    """Evaluation of the test set in batches of the case's size. The last batch is filled up with rows of its own, which are cut
    off again."""
    test = under(arrays, TEST)
    outputs = case.graph.outputs if case.graph else ()
    if not test:
        return {}
    count = len(next(iter(test.values())))
    parts: dict[str, list[Array]] = {name: [] for name in outputs}
    for start in range(0, count, case.batch_size):
        rows = np.arange(start, start + case.batch_size)
        kept = int(np.sum(rows < count))
        rows = np.where(rows < count, rows, start)
        observation = realization.forward(
            realization.place({name: values[rows] for name, values in test.items()}), training=False
        )
        for name, part in parts.items():
            part.append(observation.values[name][:kept])
    return {name: np.concatenate(part) for name, part in parts.items()}


def initial_state(arrays: Arrays) -> dict[str, Array]:
    """Parameters, statistics and carried state by their names."""
    return {name: array for kind in INITIAL for name, array in under(arrays, kind).items()}


def batches_of(arrays: Arrays) -> list[dict[str, Array]]:
    """The batches in order; each is input name -> array."""
    return [under(arrays, BATCH, number) for number in numbers(arrays, BATCH)]


def named(group: str, arrays: Arrays) -> dict[str, Array]:
    """The arrays put into a group, as NumPy arrays."""
    return put_under({name: np.asarray(array) for name, array in arrays.items()}, group)
