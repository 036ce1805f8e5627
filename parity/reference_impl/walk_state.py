"""Owns the data of a walk: the frame that nodes read and write, and the record of one evaluated node.

It refuses to evaluate anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from parity.ops.definition import Array, Run
from parity.spec.graph import Node

Rounding = Callable[[Array], Array]


@dataclass(frozen=True)
class Frame:
    """The values of a walk so far. values, batched and statistics are filled as nodes run; a scan's body has values of its own.

    branches: node name -> the branch dictated to a kinked op. rounding: applied to every array that crosses an op's boundary.
    """

    run: Run
    values: dict[str, Array]
    batched: dict[str, bool]
    parameters: Mapping[str, Array]
    statistics: dict[str, Array]
    branches: Mapping[str, Any]
    rounding: Rounding


@dataclass(frozen=True)
class EvaluatedNode:
    """One evaluated node, with all that its backward pass needs.

    lifted: sources without a batch, which were stretched over the batch for the op. alone: no source had a batch, so the op saw
    a batch of one. differentiable: roles of float inputs. saved: data that the op saved, or the Tape of a scan.
    """

    node: Node
    run: Run
    saved: Any
    lifted: frozenset[str]
    alone: bool
    differentiable: tuple[str, ...]
    rounding: Rounding


@dataclass(frozen=True)
class Tape:
    """The data that a scan keeps: the steps of each time, and the arrays (with a batch axis) of its sequences.

    lifted: outer names of sequences and initial states that have no batch. unbatched: inner values that have no batch.
    """

    times: list[list[EvaluatedNode]]
    sequences: Mapping[str, Array]
    lifted: frozenset[str]
    unbatched: frozenset[str]


def accumulate(totals: dict[str, Array], name: str, gradient: Array) -> None:
    """Adds a gradient to a total. Never in place: an op may hand the same array to several inputs."""
    totals[name] = totals[name] + gradient if name in totals else gradient
