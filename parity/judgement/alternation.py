"""Owns what turns in one process say of a realization and its hand-written twin: the ratio of their steps, and that of the twin
to itself. Pure.

It refuses a ratio to a twin that computes something else, and a turn that other programs disturbed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from parity.judgement import budgets
from parity.judgement.timing_statistics import Interval, median_interval

OURS, TWIN, AGAIN = 0, 1, 2
"""The places of the contestants in a row of turns (parity.execution.worker.overhead)."""


@dataclass(frozen=True)
class Overhead:
    """How many times as long a realization's step takes as its twin's. control: the same of the twin and the twin built once
    more. why: what keeps it from a number, or nothing. rounds: quiet ones."""

    why: str
    reason: str = ""
    ratio: Interval | None = None
    control: Interval | None = None
    processes: int = 0
    rounds: int = 0
    milliseconds: float = float("nan")


def overhead(processes: Sequence[Mapping[str, Any]]) -> Overhead:
    """From the measurements of some processes of one cell."""
    if not processes:
        return Overhead("not_compared", "no process ran")
    for process in processes:
        if told := apart(process["losses"]):
            return Overhead("differs", told, processes=len(processes))
    turns = [quiet_turns(process) for process in processes]
    kept = [rows for rows in turns if rows]
    if not kept:
        return Overhead("no_quiet_samples", processes=len(processes))
    steps = processes[0]["steps_a_turn"]
    ours = sorted(row[OURS] / steps / 1e6 for rows in kept for row in rows)
    return Overhead(
        why="",
        ratio=median_interval([[row[OURS] / row[TWIN] for row in rows] for rows in kept]),
        control=median_interval([[row[AGAIN] / row[TWIN] for row in rows] for rows in kept]),
        processes=len(kept),
        rounds=sum(map(len, kept)),
        milliseconds=ours[len(ours) // 2],
    )


def quiet_turns(process: Mapping[str, Any]) -> list[Sequence[float]]:
    """The turns of the blocks that other programs left alone, a row a round."""
    return [row for block in process["blocks"] if _quiet(block) for row in block["turns"]]


def _quiet(block: Mapping[str, Any]) -> bool:
    taken = max(block["steal"], block.get("throttled", 0.0))
    return bool(block["foreign"] <= budgets.FOREIGN and taken <= budgets.STEAL)


def apart(losses: Mapping[str, Sequence[float]]) -> str:
    """Why two steps do not do the same, or nothing: the first loss, from one set of weights, shows the network; how far the
    next ones fall shows that both have an optimizer, and the same rate."""
    ours, twin = losses["realization"], losses["twin"]
    if not all(map(isfinite, (*ours, *twin))):
        return "a loss is not finite"
    if abs(ours[0] - twin[0]) > budgets.TWIN_LOSS * max(abs(ours[0]), abs(twin[0])):
        return f"from the same weights the loss is {ours[0]:.7g} here and {twin[0]:.7g} in the twin"
    moved, other = ours[-1] - ours[0], twin[-1] - twin[0]
    if abs(moved - other) > budgets.TWIN_MOVED * max(abs(moved), abs(other)):
        steps = len(ours) - 1
        return f"{steps} steps move the loss by {moved:.3g} here and by {other:.3g} in the twin"
    return ""
