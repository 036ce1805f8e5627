"""Owns how timings are said: the table, what was timed and where, what the run could see, and what the store had measured.

It refuses to decide which cell has a number: `parity.reporting.speeds` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from rich.markup import escape
from rich.table import Table

from parity.execution.worker.timing import Plan
from parity.reporting import speeds as timed
from parity.reporting import sweeps, wording
from parity.reporting.results import Results, Speed
from parity.trials.bench_rounds import Sampled
from parity.verbs import terminal

ATTEMPTS = Plan.attempts
BUSY = (
    "no quiet samples: other programs took the machine in all of up to {blocks} blocks of every process of some cells, in up "
    "to twice as many rounds as were asked for: these cells have no number; run again when the machine is idle"
)
SIZES = {"small": "the small probe that `check` judges, not the published network", "full": "the published network"}


def show(results: Results) -> None:
    """The table, and below it what the run could see of each workload and what must be known of its cells."""
    workloads = timed.workloads(results)
    terminal.show(table(workloads))
    for (spec, device, batch), workload in workloads.items():
        name = f"{spec}, batch {batch}, {device}"
        terminal.say(f"{name}: {wording.control_sentence(workload)}")
        for cell in workload.cells:
            notes = [*cell.notes, *([cell.speed.reason] if cell.why and cell.speed.reason else [])]
            if notes:
                terminal.say(f"{name}, {cell.speed.framework} ({cell.speed.mode}): {'; '.join(notes)}")


def table(workloads: dict[timed.Key, timed.TimedWorkload]) -> Table:
    """Workloads by cells: times the fastest with interval."""
    columns = ("workload", "framework", "mode", "times the fastest", "median ms", "of peak", "MiB", "processes")
    shown = Table(*columns, box=None, header_style="bold")
    for (spec, device, batch), workload in workloads.items():
        missing = any(cell.why for cell in workload.cells)
        for cell in workload.cells:
            shown.add_row(
                escape(f"{spec}, batch {batch}, {cell.speed.dtype}, {device}"),
                escape(cell.speed.framework),
                escape(cell.speed.mode),
                wording.speed_text(cell, missing),
                wording.milliseconds(cell.median_ns),
                wording.utilization(cell.utilization),
                wording.mebibytes(timed.memory_bytes(cell.speed)),
                str(len(cell.speed.processes)),
            )
    return shown


def sentences(speeds: Sequence[Speed], kept: Sequence[Sampled]) -> Iterator[str]:
    """What was timed, on what, and what of it the store had, a sentence each."""
    plain = [speed for speed in speeds if not speed.role]
    for size, optimizer in dict.fromkeys((speed.size, timed.optimizer_of(speed)) for speed in plain):
        here = [speed for speed in plain if (speed.size, timed.optimizer_of(speed)) == (size, optimizer)]
        words: dict[str, list[str]] = {
            "batch": [str(batch) for batch in sorted({speed.batch_size for speed in here})],
            "precision": sorted({speed.dtype for speed in here}),
            "mode": sorted({f"{speed.framework} {speed.mode}" for speed in here}),
        }
        listed = "; ".join(f"{name} {', '.join(values)}" for name, values in words.items())
        about = f", {SIZES[size]}" if size in SIZES else ""
        yield f"timed: a training step with {optimizer} at size {size}{about}; {listed}"
    top = timed.peak(speeds)
    if any(speed.processes for speed in plain):
        yield (
            f"fastest product of matrices in this run: {top / 1e9:,.0f} GFLOP/s"
            if top
            else ("no quiet product of matrices in this run: no utilization, and no rate could be refused")
        )
    processes = [process for speed in speeds for process in speed.processes if "where" in process]
    if processes:
        where, threads = processes[0]["where"], processes[0]["threads"]
        pinned = "allocator pinned" if where["allocator"] else "allocator not pinned"
        cpus = ", ".join(map(str, where["own_cpus"]))
        yield f"on {where['processor']}, {where['system']}; {threads} threads on CPUs {cpus}, {pinned}"
    yield from sweeps.sentences(plain)
    yield from from_store(speeds, kept)


def from_store(speeds: Sequence[Speed], kept: Sequence[Sampled]) -> Iterator[str]:
    """That nothing was measured now, or how much of it was not, with when and where it was."""
    times = sorted(str(sampled.measurements["measured_at"]) for sampled in kept if sampled.measurements)
    if not times:
        return
    count = sum(len(speed.processes) for speed in speeds)
    machines = sorted({str(sampled.measurements["where"]["processor"]) for sampled in kept if sampled.measurements})
    versions = sorted({f"{sampled.key[3]} {sampled.framework_version}" for sampled in kept if sampled.measurements})
    when = times[0] if times[0] == times[-1] else f"{times[0]} to {times[-1]}"
    yield (
        f"taken from the store: {len(times)} of {count} processes, measured {when} on {'; '.join(machines)} with "
        f"{', '.join(versions)}; --again measures anew"
    )


def ranked(results: Results) -> Iterator[dict[str, Any]]:
    """What the samples say, for `--json`: one object a workload."""
    for (spec, device, batch), workload in timed.workloads(results).items():
        control = workload.control
        yield {
            "workload": spec,
            "device": device,
            "batch_size": batch,
            "peak_flops_per_second": workload.peak or None,
            "smallest_ratio_seen": control.floor if control else None,
            "control": asdict(control.ratio) if control and control.ratio else None,
            "cells": [_cell(cell) for cell in workload.cells],
        }


def _cell(cell: timed.SpeedCell) -> dict[str, Any]:
    return {
        "framework": cell.speed.framework,
        "mode": cell.speed.mode,
        "dtype": cell.speed.dtype,
        "verdict": cell.why or cell.speed.verdict,
        "standing": "" if cell.why else cell.standing,
        "median_ns": cell.median_ns if isfinite(cell.median_ns) else None,
        "times_the_fastest": cell.times,
        "interval": asdict(cell.ratio) if cell.ratio else None,
        "utilization": cell.utilization,
        "notes": list(cell.notes),
    }
