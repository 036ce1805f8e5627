"""gru: stacked gated recurrent units over time (Cho et al. 2014, arXiv 1406.1078; reset after: the CuDNN form, two biases)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from parity.ops import _recurrence as recurrence
from parity.ops._grids import LENGTHS, RECURRENT, Grid
from parity.ops._recurrence import Arrays
from parity.ops.definition import Array, Count, Example, Floats, Integers, Rate, Rules, Run, Shape, Word
from parity.ops.sigmoid import logistic

GATES = 3  # rows of the kernels, in blocks of units: reset, update, new
WORDS = {"reset": ("after", "before")}


def signature(
    x: Floats,
    initial_state: Floats | None = None,
    lengths: Integers | None = None,
    *,
    units: Count,
    layers: Count = 1,
    dropout: Rate = 0.0,
    reset: Word = "after",
) -> Rules:
    recurrence.check_sequence(x, lengths)
    recurrence.check_state("initial_state", initial_state, layers, units)
    yield from recurrence.parameters(x[1], GATES, units, layers, recurrent_bias=reset == "after")
    return {"": (x[0], units), "state": (layers, units)}


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, units: int, layers: int, dropout: float, reset: str) -> int:
    """Per unit and step, besides the products: three activations, three multiplications, two additions."""
    time, features = shapes["x"]
    return time * recurrence.step_flops(features, GATES, units, layers, biases=1 + (reset == "after"), elementwise=8)


def masks(shapes: dict[str, Shape], *, units: int, layers: int, dropout: float, **_: Any) -> dict[str, Shape]:
    return {"mask": (layers - 1, shapes["x"][0], units)} if dropout and layers > 1 else {}


def step(
    run: Run, projected: Array, states: Arrays, kernel: Array, bias: Array | None, *, reset: str
) -> tuple[Arrays, Arrays, Any]:
    """One time step from W·x + b: h = (1 - z)·n + z·h with n = tanh(W·x + b + r·(U·h + c)),
    or with U·(r·h) if `reset` is before."""
    (hidden,) = states
    units = hidden.shape[-1]
    rows = kernel if reset == "after" else kernel[: 2 * units]
    recurrent = run.matmul(hidden, rows.T)
    recurrent = recurrent if bias is None else recurrent + bias
    r = logistic(projected[:, :units] + recurrent[:, :units])
    z = logistic(projected[:, units : 2 * units] + recurrent[:, units : 2 * units])
    if reset == "after":
        candidate = recurrent[:, 2 * units :]
        n = np.tanh(projected[:, 2 * units :] + r * candidate)
        operands: Arrays = (hidden,)
    else:
        candidate = run.matmul(r * hidden, kernel[2 * units :].T)
        n = np.tanh(projected[:, 2 * units :] + candidate)
        operands = (hidden, hidden, r * hidden)
    return ((1 - z) * n + z * hidden,), operands, (r, z, n, candidate, hidden, kernel)


def step_vjp(run: Run, saved: Any, dstates: Arrays, *, reset: str) -> tuple[Array, Array, Arrays]:
    """Gradients of W·x + b, of the recurrent product, and of the previous state."""
    r, z, n, candidate, hidden, kernel = saved
    (dhidden,) = dstates
    units = hidden.shape[-1]
    dn = dhidden * (1 - z) * (1 - n * n)
    dz = dhidden * (hidden - n) * z * (1 - z)
    if reset == "after":
        dr = dn * candidate * r * (1 - r)
        drecurrent = np.concatenate([dr, dz, dn * r], axis=-1)
        return np.concatenate([dr, dz, dn], axis=-1), drecurrent, (dhidden * z + run.matmul(drecurrent, kernel),)
    through = run.matmul(dn, kernel[2 * units :])  # gradient of r·h
    dr = through * hidden * r * (1 - r)
    dgates = np.concatenate([dr, dz, dn], axis=-1)
    before = dhidden * z + through * r + run.matmul(dgates[:, : 2 * units], kernel[: 2 * units])
    return dgates, dgates, (before,)


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
    reset: str,
    **values: Any,
) -> tuple[dict[str, Array], Any]:
    mask = recurrence.needed_mask(run, "gru", mask, dropout, layers)
    one_step = partial(step, reset=reset)
    start = np.zeros((len(x), layers, units), x.dtype) if initial_state is None else initial_state
    y, (state,), saved = recurrence.forward(run, one_step, x, (start,), values, lengths=lengths, mask=mask)
    return {"": y, "state": state}, (saved, reset)


def vjp(run: Run, saved: Any, dy: dict[str, Array]) -> dict[str, Array]:
    inner, reset = saved
    dx, (dstate,), gradients = recurrence.vjp(run, partial(step_vjp, reset=reset), inner, dy.get(""), (dy.get("state"),))
    return {"x": dx, "initial_state": dstate, **gradients}


EXAMPLES = (
    Example({"x": (5, 3)}, {"units": 7}),
    Example({"x": (5, 3)}, {"units": 7, "layers": 2, "dropout": 0.5, "reset": "before"}, name="stacked_before"),
    Example(
        {"x": (5, 3), "initial_state": (2, 7), "lengths": ()},
        {"units": 7, "layers": 2},
        limits={"lengths": (1, 5)},
        name="state_and_lengths",
    ),
)
ANALYTIC = True
STEPS = "earlier"
GRID = Grid({"x": (5, 3)}, {**RECURRENT, "reset": ("after", "before"), "dropout": (0.0, 0.5)}, {"lengths": ()}, limits=LENGTHS)
