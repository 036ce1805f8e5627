"""Owns the timing of a user's own model in its process: the model as it is written, unobserved, by the clock of `parity bench`.

It refuses to summarize: every sample goes back raw. A process that times has answered nothing else before.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from parity.execution.own_model import calling
from parity.execution.own_model.calling import Calling
from parity.execution.own_target import Mistyped
from parity.execution.worker import machine_load, speed, timing

STEPS = "own_model.timed"
"""The module of an implementation whose `steps` gives a step, and what waits until the device is done."""


def measured(package: str, model: Any, inputs: Sequence[Any], question: Mapping[str, Any]) -> dict[str, Any]:
    """Times steps. question: names (of the inputs), training (forward, backward and SGD; otherwise a pass in evaluation mode),
    threads, and the arguments of a timing.Plan. Raises Mistyped where the framework cannot, and what the user's code raises."""
    if find_spec(f"{package}.{STEPS.partition('.')[0]}") is None or find_spec(f"{package}.{STEPS}") is None:
        raise Mistyped(f"parity cannot time models of your own in {package.partition('.')[2].removesuffix('_impl')} yet")
    steps = importlib.import_module(f"{package}.{STEPS}").steps
    names, began = tuple(question["names"]), datetime.now(UTC).isoformat(timespec="seconds")
    place = machine_load.settle(question["threads"])
    refused: Exception | None = None
    for way in calling.ways(names, len(inputs), model.accepts(names)):
        model.calling = Calling(names, way)
        try:
            step, synchronize = steps(model, inputs, question["training"])
            step()
            break
        except Exception as error:  # the user's code may raise anything
            refused = refused or error
    else:
        raise refused or ValueError("the model is called in no way")
    clock = machine_load.SystemClock(machine_load.settle(question["threads"]) or place)
    found = timing.measure(step, synchronize, clock, timing.Plan.of(question["plan"], 0))
    where = machine_load.surroundings(os.environ, clock.place)
    told = {"measured_at": began, "where": where, "threads": question["threads"]}
    return {**told, **found, "products_per_second": speed.products(clock)}
