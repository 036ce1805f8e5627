"""Owns what a walk knows and keeps: the frame that nodes read and write, and the step that remembers one node.

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
    """What a walk knows so far. values, batched, statistics grow and change; a scan's body has its own values.

    branches: node name -> the branch dictated to a kinked op. rounding: applied to all that crosses an op's boundary.
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
    """One node as it was evaluated, with what its way back needs.

    lifted: sources without a batch, which the op met stretched over the batch. alone: nothing was batched, so the op met a
    batch of one. differentiable: roles of float inputs. saved: the op's own, or a scan's Tape.
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
    """What a scan keeps: the steps of each time, and the arrays (with a batch axis) that began its sequences and states.

    lifted: outer names among them that have no batch. unbatched: inner values that have none.
    """

    times: list[list[EvaluatedNode]]
    sequences: Mapping[str, Array]
    lifted: frozenset[str]
    unbatched: frozenset[str]


def accumulate(totals: dict[str, Array], name: str, gradient: Array) -> None:
    """Never in place: an op may hand the same array to several inputs."""
    totals[name] = totals[name] + gradient if name in totals else gradient
