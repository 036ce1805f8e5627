"""Owns the grid of an op's attributes, and the values that several ops share in their grids.

It refuses to choose examples: parity/trials/op_grids.py does, so that every pair of values meets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parity.ops.definition import Shape


@dataclass(frozen=True)
class Grid:
    """Shapes of the inputs, values of each attribute, and optional inputs (role -> shape)."""

    shapes: Mapping[str, Shape]
    choices: Mapping[str, Sequence[Any]]
    optional: Mapping[str, Shape] = field(default_factory=dict)
    below: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, tuple[int, int]] = field(default_factory=dict)


NONE, UNEVEN = ((0, 0), (0, 0)), ((1, 0), (0, 1))
FLAGS = (True, False)
IMAGE, LENGTHS = {"x": (6, 7, 11)}, {"lengths": (1, 5)}
RECURRENT: Mapping[str, Any] = {"units": (7,), "layers": (1, 2)}
