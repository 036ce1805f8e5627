"""Owns the inputs that a file declares for the graph, the training and its networks, with their shapes evaluated.

It refuses sizes that are no whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from parity.spec.architectures import InputPart
from parity.spec.graph import Input
from parity.spec.ledger import BrokenSpec, GraphBody
from parity.spec.models import describe
from parity.spec.scopes import Scope
from parity.spec.signatures import MOST_ELEMENTS, whole
from parity.spec.source import Rows


def read_input(scope: Scope, name: str, part: InputPart) -> Input | None:
    """An input with its numbers evaluated; None after a mistake."""
    try:
        shape = read_shape(scope, part.shape)
        below = None if part.below is None else whole("below", part.below, part.place("below"), scope, 1)
        limits = None if part.range is None else _limits(scope, part)
    except BrokenSpec:
        return None
    return Input(name, shape, part.dtype, below, limits)


def read_shape(scope: Scope, rows: Rows) -> tuple[int, ...]:
    """A shape without batch, each size at least 1."""
    shape = tuple(whole("shape", raw, place, scope, 1) for raw, place in zip(rows, rows.places, strict=True))
    if prod(shape) > MOST_ELEMENTS:
        raise scope.refuse(rows.place, f"these are too many numbers for one array: more than {MOST_ELEMENTS:,}")
    return shape


def _limits(scope: Scope, part: InputPart) -> tuple[float, float]:
    rows = part.range
    if not isinstance(rows, Rows) or len(rows) != 2:
        raise BrokenSpec  # InputPart.mistakes reports it
    low, high = (scope.real(raw, place) for raw, place in zip(rows, rows.places, strict=True))
    if low > high:
        raise scope.refuse(part.place("range"), f"`range` is [low, high]; {low:g} is above {high:g}")
    if part.dtype == "integer" and not (low.is_integer() and high.is_integer()):
        raise scope.refuse(part.place("range"), f"the `range` of integers has whole ends, not {describe(low)}")
    return (int(low), int(high)) if part.dtype == "integer" else (low, high)


def network_inputs(scope: Scope, network: str) -> Mapping[str, Input | None]:
    """The inputs that a network declares. They are evaluated once, from the file's constants alone."""
    ledger = scope.ledger
    if network not in ledger.network_inputs:
        part = ledger.architecture.networks[network]
        alone = Scope(ledger, GraphBody())
        ledger.network_inputs[network] = {name: read_input(alone, name, input_) for name, input_ in part.inputs.items()}
    return ledger.network_inputs[network]
