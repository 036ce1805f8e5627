"""Owns what timed cells say side by side: which have a number, ratios paired by round, what the run could see, utilization.

It refuses a number from a disturbed block, a rank that the run could not see, and a rate above the machine's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from parity.judgement import budgets
from parity.judgement.timing_statistics import Interval, least_seen, median_of_medians, paired_interval, paired_ratio
from parity.judgement.verdicts import PASSING
from parity.reporting.results import Results, Speed

CONTROL, PEAK = "A/A", "peak"
USUAL = "adam"
PRODUCT = 2 * 1024**3
"""Operations of the product of matrices that every process takes behind the clock (parity.execution.worker.speed)."""

Key = tuple[str, str, int]


@dataclass(frozen=True)
class SpeedCell:
    """One framework's speed on one workload.

    why: what keeps it from a number, or nothing. times: how many times as long as the fastest; ratio: the same with its
    interval, None where fewer rounds than it needs had both. standing: alone, fastest, slower, tie, or unranked where the run
    has no A/A pair or no interval. utilization: its rate as a share of the fastest product of matrices.
    """

    speed: Speed
    why: str
    median_ns: float = float("nan")
    times: float | None = None
    ratio: Interval | None = None
    standing: str = "unranked"
    utilization: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Control:
    """One cell measured twice in every round: what the difference of equal things is here. floor: the smallest ratio that the
    run could tell from 1; both None where too few rounds had both."""

    speed: Speed
    ratio: Interval | None
    floor: float | None


@dataclass(frozen=True)
class TimedWorkload:
    """The cells of one workload, the fastest first, those without a number last. peak: operations a second, 0 if unmeasured."""

    cells: Sequence[SpeedCell]
    control: Control | None
    peak: float


def workloads(results: Results) -> dict[Key, TimedWorkload]:
    """(spec with its size, device, batch size) -> what its cells say."""
    rows = [item for item in results.speeds if item.role != PEAK]
    top = peak(results.speeds)
    groups: dict[Key, list[Speed]] = {}
    for item in rows:
        groups.setdefault((labelled(item), item.device, item.batch_size), []).append(item)
    return {key: _workload(group, top) for key, group in sorted(groups.items()) if any(not item.role for item in group)}


def labelled(speed: Speed) -> str:
    """The spec, with its size where that is not the published one and its optimizer where that is not adam: `lenet (small)`."""
    size = speed.size or speed.case.partition("@")[2].partition("/")[0] or ("" if "/" not in speed.case else "small")
    named = speed.spec if size in ("", "full") else f"{speed.spec} ({size})"
    return named if optimizer_of(speed) in ("", USUAL) else f"{named}, {optimizer_of(speed)}"


def optimizer_of(speed: Speed) -> str:
    """The optimizer that its case names; empty where it names none."""
    parts = speed.case.split("/")
    return parts[2] if len(parts) > 3 else ""


def rounds(speed: Speed) -> dict[int, list[float]]:
    """Round -> nanoseconds a step of each quiet block of its process. A process without a quiet block has no round."""
    by_round = {}
    for place, process in enumerate(speed.processes):
        if kept := [block["wall_ns"] / block["steps"] for block in process["blocks"] if quiet(block)]:
            by_round[int(process.get("round", place))] = kept
    return by_round


def quiet(block: Mapping[str, Any]) -> bool:
    """Whether other programs left the worker's CPUs alone while a block ran."""
    taken = max(block["steal"], block.get("throttled", 0.0))
    return bool(block["foreign"] <= budgets.FOREIGN and taken <= budgets.STEAL)


def step_samples(speed: Speed) -> list[list[float]]:
    """Nanoseconds a step, per process and quiet block. Empty where nothing is left."""
    return list(rounds(speed).values())


def measured(speed: Speed, top: float = 0.0) -> bool:
    """Whether a cell has a number."""
    return not why_not(speed, top)


def why_not(speed: Speed, top: float = 0.0) -> str:
    """The verdict that keeps a cell from a number, or nothing. top: the machine's peak, 0 if unmeasured."""
    if speed.verdict not in PASSING or not speed.processes:
        return speed.verdict if speed.verdict not in PASSING or speed.verdict == "unsupported" else "not_compared"
    samples = step_samples(speed)
    if not samples:
        return "no_quiet_samples"
    rate = 1e9 * speed.flops / median_of_medians(samples)
    return "above_peak" if top and rate > budgets.PEAK * top else ""


def peak(speeds: Sequence[Speed]) -> float:
    """Operations a second of the fastest product of matrices that the run measured in a quiet block; 0 without one."""
    rates = [0.0]
    for item in speeds:
        if item.role == PEAK:
            rates += [1e9 * item.flops / block for blocks in step_samples(item) for block in blocks]
        quiet_ones = (process for process in item.processes if any(map(quiet, process["blocks"])))
        rates += [PRODUCT * float(process.get("products_per_second", 0.0)) for process in quiet_ones]
    return max(rates) if any(item.role == PEAK and step_samples(item) for item in speeds) else 0.0


def settled(speeds: Sequence[Speed]) -> list[Speed]:
    """The same with the verdict that each cell has in the end, for files: what keeps it from a number stands there."""
    top = peak(speeds)
    return [replace(item, verdict=why_not(item, top) or item.verdict) for item in speeds]


def _workload(group: Sequence[Speed], top: float) -> TimedWorkload:
    plain = [item for item in group if not item.role]
    whys = [(item, why_not(item, top)) for item in plain]
    timed = sorted(
        ((median_of_medians(step_samples(item)), item.framework, item.mode, item) for item, why in whys if not why),
        key=lambda item: item[:3],
    )
    control = _control(group)
    cells = [_cell(row[3], row[0], timed[0][3], len(timed), control, top) for row in timed]
    if len(cells) > 1:
        standings = {cell.standing for cell in cells[1:]}
        first = "unranked" if "unranked" in standings else "tie" if "tie" in standings else "fastest"
        cells[0] = replace(cells[0], standing=first)
    return TimedWorkload([*cells, *(SpeedCell(item, why) for item, why in whys if why)], control, top)


def _cell(speed: Speed, middle: float, fastest: Speed, count: int, control: Control | None, top: float) -> SpeedCell:
    rate = 1e9 * speed.flops / middle
    cell = SpeedCell(speed, "", middle, utilization=rate / top if top and speed.flops else None, notes=notes(speed))
    if speed is fastest:
        return replace(cell, standing="alone" if count == 1 else "unranked")
    times, ratio = paired_ratio(rounds(speed), rounds(fastest)), paired_interval(rounds(speed), rounds(fastest))
    floor = control.floor if control else None
    if ratio is None:
        standing = "unranked"
    elif ratio.low <= 1.0 or (floor is not None and ratio.value < floor):
        standing = "tie"
    else:
        standing = "unranked" if floor is None else "slower"
    return replace(cell, times=times, ratio=ratio, standing=standing)


def _control(group: Sequence[Speed]) -> Control | None:
    """The A/A pair of a workload."""
    for item in group:
        if item.role != CONTROL:
            continue
        same = (item.framework, item.mode)
        first = next(
            (speed for speed in group if not speed.role and speed.case == item.case and (speed.framework, speed.mode) == same),
            None,
        )
        if first is not None:
            ratio = paired_interval(rounds(item), rounds(first))
            return Control(item, ratio, least_seen(ratio) if ratio else None)
    return None


def notes(speed: Speed) -> tuple[str, ...]:
    """What a reader must know of a number, each in a few words."""
    sentences, kept = [], len(rounds(speed))
    if speed.asked and kept < speed.asked:
        sentences.append(f"{kept} of {speed.asked} processes quiet")
    if speed.checked_batch and speed.checked_batch != speed.batch_size:
        sentences.append(f"checked with batch {speed.checked_batch}")
    if speed.dropping:
        sentences.append("its own dropout; checked with given masks")
    kinds = [process.get("warmup", {}).get("kind", "flat") for process in speed.processes]
    for kind in ("slowing", "no steady state"):
        if kinds.count(kind):
            sentences.append(f"{kind} in {kinds.count(kind)} of {len(kinds)} processes")
    faults = faults_a_step(speed)
    if faults and max(faults) > budgets.UNSTABLE_FAULTS * (min(faults) + 1):
        sentences.append(f"unstable: {min(faults):,.0f} to {max(faults):,.0f} page faults a step")
    return tuple(sentences)


def faults_a_step(speed: Speed) -> list[float]:
    """Minor page faults a step of each process, in the median of its quiet blocks."""
    faults = []
    for process in speed.processes:
        blocks = [
            block["minor_faults"] / block["steps"] for block in process["blocks"] if quiet(block) and "minor_faults" in block
        ]
        if blocks:
            faults.append(median(blocks))
    return faults


def memory_bytes(speed: Speed) -> float:
    """The most memory that any of its processes held resident; NaN where it isn't told."""
    held = [block["rss_bytes"] for process in speed.processes for block in process["blocks"] if block.get("rss_bytes")]
    return float(max(held)) if held else float("nan")
