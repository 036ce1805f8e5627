"""Owns the task `speed` of a worker: training steps are timed, and then the same realization answers the check once more.

It refuses to judge, and to let the answer be one of before the clock: outputs that a cache or a stream spoils meanwhile show.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from parity.execution.names import BATCH, CHECK, LOSS, TIMED, array_name, lies_under, under
from parity.execution.protocol import Array, Realization
from parity.execution.worker import tasks, timing
from parity.execution.worker.machine_load import NANO
from parity.execution.worker.timing import Clock, Plan
from parity.spec.cases import Case

PRODUCT_SIDE, PRODUCTS = 1024, 7
"""The fixed product of two float32 matrices that traces the machine's speed, and how often it is taken."""


def speed(
    realization: Realization, case: Case, arrays: tasks.Arrays, clock: Clock, plan: Plan
) -> tuple[dict[str, Array], dict[str, Any]]:
    """(what the realization answers behind the clock, the measurements). Batches are on the device before the clock starts, and
    vary; without `check/…` nothing is answered."""
    realization.set_parameters(tasks.initial_state(arrays))
    batches = [realization.place(batch) for batch in tasks.batches_of(arrays)]
    count = 0

    def plain() -> None:
        nonlocal count
        realization.step(batches[count % len(batches)])
        count += 1

    share = float(case.arguments.get("slowed", 0.0))
    step = slower(plain, realization.synchronize, share) if share else plain
    measured = timing.measure(step, realization.synchronize, clock, plan)
    outputs = answer(realization, case, arrays) if under(arrays, CHECK) else {}
    return outputs, {**measured, "products_per_second": products(clock)}


def slower(
    step: Callable[[], Any],
    synchronize: Callable[[], None],
    share: float,
    now: Callable[[], int] = time.perf_counter_ns,
) -> Callable[[], Any]:
    """The step, made to take a share longer: a control, which a run must see. It waits for the device, and then for time."""

    def slowed() -> Any:
        begin = now()
        given = step()
        synchronize()
        end = now()
        until = end + share * (end - begin)
        while now() < until:
            pass
        return given

    return slowed


def answer(realization: Realization, case: Case, arrays: tasks.Arrays) -> dict[str, Array]:
    """What the check compares, from the initial parameters: forward, loss, gradients, and the loss that `step` itself gives."""
    inputs = {name: array for name, array in arrays.items() if not lies_under(name, BATCH)} | under(arrays, CHECK)
    outputs = tasks.agreement(realization, replace(case, steps=0), inputs)
    if case.graph is not None and case.graph.phases:
        realization.set_parameters(tasks.initial_state(inputs))
        loss = realization.step(realization.place(under(inputs, BATCH, 0)))
        realization.synchronize()
        outputs[array_name(TIMED, LOSS)] = np.asarray(float(loss), np.float64 if case.dtype == "float64" else np.float32)
    return outputs


def products(clock: Clock) -> float:
    """The most products of float32 matrices, of one size, that NumPy computed in a second: a trace of the machine's speed."""
    left = np.linspace(0.0, 1.0, PRODUCT_SIDE * PRODUCT_SIDE, dtype=np.float32).reshape(PRODUCT_SIDE, PRODUCT_SIDE)
    out = np.empty_like(left)
    times = []
    for _ in range(PRODUCTS):
        before = clock.read().wall_ns
        np.matmul(left, left, out=out)
        times.append(clock.read().wall_ns - before)
    return NANO / max(1, min(times))
