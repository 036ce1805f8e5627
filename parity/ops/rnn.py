"""rnn: stacked plain recurrent units over time, h = tanh(W·x + b + U·h) (Elman 1990)."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.ops import _recurrence as recurrence
from parity.ops._recurrence import Arrays
from parity.ops.definition import Array, Count, Example, Flag, Floats, Integers, Rate, Rules, Run, Shape

GATES = 1  # rows of the kernels, in blocks of units


def signature(
    x: Floats,
    initial_state: Floats | None = None,
    lengths: Integers | None = None,
    *,
    units: Count,
    layers: Count = 1,
    dropout: Rate = 0.0,
    recurrent_bias: Flag = False,
) -> Rules:
    recurrence.check_sequence(x, lengths)
    recurrence.check_state("initial_state", initial_state, layers, units)
    yield from recurrence.parameters(x[1], GATES, units, layers, recurrent_bias)
    return {"": (x[0], units), "state": (layers, units)}


def flops(
    shapes: dict[str, Shape], outputs: dict[str, Shape], *, units: int, layers: int, dropout: float, recurrent_bias: bool
) -> int:
    """Per unit and step, besides the products: one activation."""
    time, features = shapes["x"]
    return time * recurrence.step_flops(features, GATES, units, layers, biases=1 + recurrent_bias, elementwise=1)


def masks(shapes: dict[str, Shape], *, units: int, layers: int, dropout: float, **_: Any) -> dict[str, Shape]:
    return {"mask": (layers - 1, shapes["x"][0], units)} if dropout and layers > 1 else {}


def step(run: Run, projected: Array, states: Arrays, kernel: Array, bias: Array | None) -> tuple[Arrays, Arrays, Any]:
    """One time step from W·x + b. Returns the state, the operand of the recurrent kernel, and saved data."""
    (hidden,) = states
    total = projected + run.matmul(hidden, kernel.T)
    new = np.tanh(total if bias is None else total + bias)
    return (new,), (hidden,), (new, kernel)


def step_vjp(run: Run, saved: Any, dstates: Arrays) -> tuple[Array, Array, Arrays]:
    """Gradients of W·x + b, of the recurrent product, and of the previous state."""
    new, kernel = saved
    (dhidden,) = dstates
    dtotal = dhidden * (1 - new * new)
    return dtotal, dtotal, (run.matmul(dtotal, kernel),)


def forward(
    run: Run,
    x: Array,
    *,
    initial_state: Array | None = None,
    lengths: Array | None = None,
    mask: Array | None = None,
    units: int,
    layers: int,
    dropout: float,
    **values: Any,
) -> tuple[dict[str, Array], Any]:
    mask = recurrence.needed_mask(run, "rnn", mask, dropout, layers)
    start = np.zeros((len(x), layers, units), x.dtype) if initial_state is None else initial_state
    y, (state,), saved = recurrence.forward(run, step, x, (start,), values, lengths=lengths, mask=mask)
    return {"": y, "state": state}, saved


def vjp(run: Run, saved: Any, dy: dict[str, Array]) -> dict[str, Array]:
    dx, (dstate,), gradients = recurrence.vjp(run, step_vjp, saved, dy.get(""), (dy.get("state"),))
    return {"x": dx, "initial_state": dstate, **gradients}


EXAMPLES = (
    Example({"x": (5, 3)}, {"units": 7}),
    Example({"x": (5, 3)}, {"units": 7, "layers": 2, "dropout": 0.5, "recurrent_bias": True}, name="stacked"),
    Example(
        {"x": (5, 3), "initial_state": (2, 7), "lengths": ()},
        {"units": 7, "layers": 2},
        limits={"lengths": (1, 5)},
        name="state_and_lengths",
    ),
)
ANALYTIC = True
STEPS = "earlier"
