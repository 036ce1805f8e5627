"""lstm: stacked long short-term memory over time (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000)."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.ops import _recurrence as recurrence
from parity.ops._grids import FLAGS, LENGTHS, RECURRENT, Grid
from parity.ops._recurrence import Arrays
from parity.ops.definition import Array, Count, Example, Flag, Floats, Integers, Rate, Rules, Run, Shape
from parity.ops.sigmoid import logistic

GATES = 4  # rows of the kernels, in blocks of units: input, forget, cell, output


def signature(
    x: Floats,
    initial_state: Floats | None = None,
    initial_cell: Floats | None = None,
    lengths: Integers | None = None,
    *,
    units: Count,
    layers: Count = 1,
    dropout: Rate = 0.0,
    recurrent_bias: Flag = False,
) -> Rules:
    recurrence.check_sequence(x, lengths)
    recurrence.check_state("initial_state", initial_state, layers, units)
    recurrence.check_state("initial_cell", initial_cell, layers, units)
    yield from recurrence.parameters(x[1], GATES, units, layers, recurrent_bias)
    return {"": (x[0], units), "state": (layers, units), "cell": (layers, units)}


def flops(
    shapes: dict[str, Shape], outputs: dict[str, Shape], *, units: int, layers: int, dropout: float, recurrent_bias: bool
) -> int:
    """Per unit and step, besides the products: five activations, three multiplications, one addition."""
    time, features = shapes["x"]
    return time * recurrence.step_flops(features, GATES, units, layers, biases=1 + recurrent_bias, elementwise=9)


def masks(shapes: dict[str, Shape], *, units: int, layers: int, dropout: float, **_: Any) -> dict[str, Shape]:
    return {"mask": (layers - 1, shapes["x"][0], units)} if dropout and layers > 1 else {}


def step(run: Run, projected: Array, states: Arrays, kernel: Array, bias: Array | None) -> tuple[Arrays, Arrays, Any]:
    """One time step from W·x + b: c = f·c + i·g, h = o·tanh(c). Returns the states, the operand of
    the recurrent kernel, and saved data."""
    hidden, cell = states
    gates = projected + run.matmul(hidden, kernel.T)
    gates = gates if bias is None else gates + bias
    i, f, g, o = np.split(gates, GATES, axis=-1)
    i, f, g, o = logistic(i), logistic(f), np.tanh(g), logistic(o)
    new_cell = f * cell + i * g
    squashed = np.tanh(new_cell)
    return (o * squashed, new_cell), (hidden,), (i, f, g, o, cell, squashed, kernel)


def step_vjp(run: Run, saved: Any, dstates: Arrays) -> tuple[Array, Array, Arrays]:
    """Gradients of W·x + b, of the recurrent product, and of the previous states."""
    i, f, g, o, cell, squashed, kernel = saved
    dhidden, dcell = dstates
    dcell = dcell + dhidden * o * (1 - squashed * squashed)
    parts = (dcell * g * i * (1 - i), dcell * cell * f * (1 - f), dcell * i * (1 - g * g), dhidden * squashed * o * (1 - o))
    dgates = np.concatenate(parts, axis=-1)
    return dgates, dgates, (run.matmul(dgates, kernel), dcell * f)


def forward(
    run: Run,
    x: Array,
    *,
    initial_state: Array | None = None,
    initial_cell: Array | None = None,
    lengths: Array | None = None,
    mask: Array | None = None,
    units: int,
    layers: int,
    dropout: float,
    **values: Any,
) -> tuple[dict[str, Array], Any]:
    mask = recurrence.needed_mask(run, "lstm", mask, dropout, layers)
    blank = np.zeros((len(x), layers, units), x.dtype)
    starts = (blank if initial_state is None else initial_state, blank if initial_cell is None else initial_cell)
    y, (state, cell), saved = recurrence.forward(run, step, x, starts, values, lengths=lengths, mask=mask)
    return {"": y, "state": state, "cell": cell}, saved


def vjp(run: Run, saved: Any, dy: dict[str, Array]) -> dict[str, Array]:
    dx, (dstate, dcell), gradients = recurrence.vjp(run, step_vjp, saved, dy.get(""), (dy.get("state"), dy.get("cell")))
    return {"x": dx, "initial_state": dstate, "initial_cell": dcell, **gradients}


EXAMPLES = (
    Example({"x": (5, 3)}, {"units": 7}),
    Example({"x": (5, 3)}, {"units": 7, "layers": 2, "dropout": 0.5, "recurrent_bias": True}, name="stacked"),
    Example(
        {"x": (5, 3), "initial_state": (2, 7), "initial_cell": (2, 7), "lengths": ()},
        {"units": 7, "layers": 2},
        limits={"lengths": (1, 5)},
        name="states_and_lengths",
    ),
)
ANALYTIC = True
STEPS = "earlier"
GRID = Grid({"x": (5, 3)}, {**RECURRENT, "recurrent_bias": FLAGS, "dropout": (0.0, 0.5)}, {"lengths": ()}, limits=LENGTHS)
