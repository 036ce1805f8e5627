"""Owns the result of a run of `parity bench`: its exit status, what is missing, and its document. It refuses to measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

import parity
from parity.documents.bench_results import Timed, Timing
from parity.judgement import steadiness
from parity.judgement.verdicts import WORST_FIRST, exit_status
from parity.reporting import speeds as timed
from parity.reporting.results import Speed
from parity.trials import machine
from parity.trials.bench_rounds import Sampled
from parity.verbs.terminal import timings


@dataclass(frozen=True)
class Benched:
    """What a run of `bench` gave. kept: the processes that came out of the store. interrupted: by the user."""

    speeds: Sequence[Speed]
    kept: Sequence[Sampled] = ()
    interrupted: bool = False


def compact(measurements: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What is kept of a process: blocks raw, the warm-up by its length and its kind. number: of its round."""
    warm, blocks = measurements["warmup"], measurements["blocks"]
    steps = [*warm["steps_ns"], *(block["wall_ns"] / block["steps"] for block in blocks)]
    kept = {key: value for key, value in measurements.items() if key != "short_blocks"}
    kind = steadiness.kind(steps)
    return {**kept, "round": number, "warmup": {"steps": len(warm["steps_ns"]), "flat": warm["flat"], "kind": kind}}


def complaints(benched: Benched) -> Iterator[str]:
    """What is missing, a sentence each."""
    plain = [speed for speed in benched.speeds if not speed.role]
    if any(speed.verdict == "no_quiet_samples" for speed in plain):
        yield timings.BUSY.format(blocks=timings.ATTEMPTS)
    if any(speed.verdict == "above_peak" for speed in plain):
        yield "a rate above the machine's fastest product of matrices has no number: the time cannot be right"
    if benched.interrupted:
        missing = sum(speed.verdict == "interrupted" for speed in plain)
        yield f"interrupted: {missing} of {len(plain)} cells were not measured; whole rounds are kept, the same command goes on"


def status(benched: Benched) -> int:
    """130 interrupted; 1 where something differs from the reference; 3 where a cell has no number. Too few quiet rounds are
    told, and nothing is ranked by them."""
    if benched.interrupted:
        return 130
    plain = [speed for speed in benched.speeds if not speed.role]
    judged = exit_status(speed.verdict for speed in plain if speed.verdict in WORST_FIRST) if plain else 5
    if judged == 1:
        return 1
    lacking = [speed for speed in plain if not complete(speed)]
    numbers = any(speed.processes and complete(speed) for speed in plain)
    return 3 if lacking or not numbers else 0


def complete(speed: Speed) -> bool:
    """Whether a cell has a number, or its framework declares that it cannot do this."""
    return speed.verdict == "unsupported" or timed.measured(speed)


def measured(
    speeds: Sequence[Speed],
    command: str,
    workloads: Sequence[Mapping[str, Any]] = (),
    overheads: Sequence[Mapping[str, Any]] = (),
) -> Timed:
    """The raw samples as they leave parity. command: what was asked. workloads: what the samples say of each workload.
    overheads: what realizations cost over hand-written steps."""
    cells = tuple(cast(Timing, asdict(speed)) for speed in speeds)
    results = tuple(dict(workload) for workload in workloads)
    over = tuple(dict(overhead) for overhead in overheads)
    here = machine.here()
    return Timed(parity=parity.__version__, command=command, machine=here, results=cells, workloads=results, overheads=over)
