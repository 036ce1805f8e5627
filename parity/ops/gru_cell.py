"""gru_cell: one time step of a stacked gru, for use inside a scan."""

from __future__ import annotations

from typing import Any

from parity.ops import _recurrence as recurrence
from parity.ops import gru
from parity.ops.definition import Array, Count, Example, Floats, Rate, Rules, Run, Shape, ShapeError, Word

WORDS = gru.WORDS


def signature(
    x: Floats, state: Floats, *, units: Count, layers: Count = 1, dropout: Rate = 0.0, reset: Word = "after"
) -> Rules:
    if len(x) != 1:
        raise ShapeError(f"needs (features) of one time step, has {x}")
    recurrence.check_state("state", state, layers, units)
    yield from recurrence.parameters(x[0], gru.GATES, units, layers, recurrent_bias=reset == "after")
    return {"": (units,), "state": (layers, units)}


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], **attributes: Any) -> int:
    return gru.flops({"x": (1, *shapes["x"])}, outputs, **attributes)


def masks(shapes: dict[str, Shape], *, units: int, layers: int, dropout: float, **_: Any) -> dict[str, Shape]:
    return {"mask": (layers - 1, units)} if dropout and layers > 1 else {}


def forward(run: Run, x: Array, state: Array, mask: Array | None = None, **values: Any) -> tuple[dict[str, Array], Any]:
    over_time = None if mask is None else mask[:, :, None, :]
    outputs, saved = gru.forward(run, x[:, None, :], initial_state=state, mask=over_time, **values)
    return {"": outputs[""][:, 0], "state": outputs["state"]}, saved


def vjp(run: Run, saved: Any, dy: dict[str, Array]) -> dict[str, Array]:
    over_time = {suffix: array if suffix else array[:, None, :] for suffix, array in dy.items()}
    gradients = gru.vjp(run, saved, over_time)
    return {"x": gradients.pop("x")[:, 0], "state": gradients.pop("initial_state"), **gradients}


EXAMPLES = (
    Example({"x": (3,), "state": (1, 7)}, {"units": 7}),
    Example({"x": (3,), "state": (2, 7)}, {"units": 7, "layers": 2, "dropout": 0.5, "reset": "before"}, name="stacked_before"),
)
ANALYTIC = True
