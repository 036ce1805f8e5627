"""Shows what `parity bench` can see on this machine, in many trials: equal cells, cells made slower, and busy neighbours.

    python -m tests.tools.speed_run --trials 40 --neighbour 10 --busy 2 --alternating 5 --output /tmp/speed

A trial measures a cell, the same cell again (A/A), and the same made 5 % and 20 % slower, in rounds of fresh processes. In the
trials of --neighbour a program takes a core for five of twenty seconds; in those of --busy programs take every core all the
time, so that there must be no number. A trial of --alternating takes turns in one process, with a twin that is made 2 % slower.
The numbers are totals: after an interruption the same command goes on. It refuses to add to the trials of another code.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from parity.execution.launcher import target_sources
from parity.judgement import alternation
from parity.judgement.timing_statistics import paired_interval
from parity.reporting import speeds
from parity.trials import overheads, selection, speed
from parity.trials.bench_rounds import CONTROL, TimedCell, measure
from parity.trials.session import Session
from parity.trials.speed import Workload
from parity.trials.trial import Options
from parity.verbs import bench

ROWS, FORMAT = "speed_trials.jsonl", 1
LEVEL = 0.99
SLOWED = {"+5 %": 0.05, "+20 %": 0.20}
IN_ONE, SHARE = "+2 % in one process", 0.02
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
KINDS = ("trials", "neighbour", "busy", "alternating")
ON, OFF = 5.0, 15.0
"""Seconds that the neighbour takes a core, and that it does not."""


def code() -> str:
    """Of everything that a trial runs."""
    return target_sources.digest([bench.__name__, "parity.execution.worker.__main__"])[:16]


def cells(load: Workload, framework: str) -> dict[str, TimedCell]:
    """Name -> cell: the plain one, the same again, and the slower ones."""
    made = {"": TimedCell(load, framework), CONTROL: TimedCell(load, framework, CONTROL)}
    for name, share in SLOWED.items():
        case = load.timed.case
        slowed = replace(load.timed, case=replace(case, arguments={**case.arguments, "slowed": share}))
        made[name] = TimedCell(replace(load, timed=slowed), framework, name)
    return made


@contextmanager
def neighbours(count: int, whole: bool) -> Iterator[None]:
    """Programs that take a core each while the block runs: all the time, or ON seconds of each ON + OFF."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    over = threading.Event()

    def breathe() -> None:
        while not over.wait(ON):
            for one in started:
                one.send_signal(signal.SIGSTOP)
            over.wait(OFF)
            for one in started:
                one.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=breathe)
    if not whole:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if not whole:
            thread.join()
        for one in started:
            one.send_signal(signal.SIGCONT)
            one.kill()
            one.wait()


def rounds_row(load: Workload, session: Session, processes: int) -> dict[str, Any]:
    """A trial of rounds: the ratio of each cell to the plain one, with its interval; None where there was no quiet round."""
    made = cells(load, session.frameworks[0])
    found = measure(list(made.values()), session, processes, lambda m: any(map(speeds.quiet, m["blocks"])), again=True)
    if found.interrupted:
        raise KeyboardInterrupt
    seen = {name: speeds.rounds(bench._speed(cell, found, processes)) for name, cell in made.items()}
    intervals = {name: paired_interval(seen[name], seen[""], level=LEVEL) for name in (CONTROL, *SLOWED)}
    told = {name: asdict(interval) if interval else None for name, interval in intervals.items()}
    return {"ratios": told, "quiet": len(seen[""]), "measured": len(found.of(made[""]))}


def alternating_row(load: Workload, session: Session, processes: int) -> dict[str, Any]:
    """A trial of turns in one process, whose control is slower."""
    framework, case = session.frameworks[0], load.timed.case
    arguments = {**case.arguments, "slowed": SHARE}
    slowed = replace(load, timed=replace(load.timed, case=replace(case, arguments=arguments)))
    file = overheads.file_of(BENCHMARKS, framework)
    samples = [overheads.sampled(slowed, framework, file, session)[2] for _ in range(processes)]
    found = alternation.overhead([sample for sample in samples if sample])
    ratio, control = found.ratio, found.control
    return {
        "ratios": {IN_ONE: asdict(control) if control else None, "realization": asdict(ratio) if ratio else None},
        "quiet": found.rounds,
        "measured": len(samples),
    }


def trial(kind: str, load: Workload, session: Session, processes: int) -> dict[str, Any]:
    cores = os.cpu_count() or 1
    if kind == "alternating":
        return alternating_row(load, session, 1)
    with neighbours({"neighbour": 1, "busy": cores}.get(kind, 0), whole=kind == "busy"):
        return rounds_row(load, session, processes)


def summary(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, bool]]:
    """(what, what came of it, whether the goal is met) for each goal."""
    quiet = [row for row in rows if row["kind"] in ("trials", "neighbour")]
    told = []
    held = [row["ratios"][CONTROL] for row in quiet if row["ratios"][CONTROL]]
    false = sum(not one["low"] <= 1 <= one["high"] for one in held)
    told.append((f"A/A at {LEVEL:.0%}", f"{false} false positives in {len(held)} trials", 20 * false <= len(held) > 0))
    for name, share in SLOWED.items():
        found = [row["ratios"][name] for row in quiet if row["ratios"][name]]
        seen = sum(one["low"] > 1 for one in found)
        right = sum(one["low"] <= 1 + share <= one["high"] for one in found)
        what = f"seen in {seen} of {len(found)}; the interval holds {1 + share:.2f} in {right}"
        told.append((name, what, 10 * seen >= 9 * len(found) > 0))
    busy = [row for row in rows if row["kind"] == "busy"]
    numbers = sum(row["quiet"] > 0 for row in busy)
    told.append(("every core taken", f"{numbers} of {len(busy)} trials gave a number", not numbers and bool(busy)))
    one = [row["ratios"][IN_ONE] for row in rows if row["kind"] == "alternating" and row["ratios"][IN_ONE]]
    seen = sum(interval["low"] > 1 for interval in one)
    told.append((IN_ONE, f"seen in {seen} of {len(one)}", 10 * seen >= 9 * len(one) > 0))
    lost = sum(not any(row["ratios"].values()) for row in quiet)
    told.append(("trials without a quiet pair", f"{lost} of {len(quiet)}", True))
    return told


def read(path: Path) -> list[dict[str, Any]]:
    """The trials so far. Exits where they are of another code."""
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    if rows and {(row["code"], row["format"]) for row in rows} != {(code(), FORMAT)}:
        raise SystemExit(f"{path} has trials of another code: --anew begins again")
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, default=0)
    parser.add_argument("--framework", default="torch")
    parser.add_argument("--spec", default="lenet_relu")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--anew", action="store_true")
    given = parser.parse_args(arguments)
    given.output.mkdir(parents=True, exist_ok=True)
    path = given.output / ROWS
    if given.anew:
        path.unlink(missing_ok=True)
    rows = read(path)
    architecture = selection.select([given.spec]).architectures[0]
    started = selection.initializer(bench.INITIALIZER), selection.optimizer(bench.OPTIMIZER)
    load = speed.workload(architecture, *started, Options(size="full"), given.batch_size)
    session = Session(given.output / "store", (given.framework,), threads=bench.THREADS)
    for kind in KINDS:
        for number in range(sum(row["kind"] == kind for row in rows), getattr(given, kind)):
            begin = time.monotonic()
            made = trial(kind, load, session, given.processes)
            row = {"format": FORMAT, "code": code(), "kind": kind, "number": number, **made}
            rows.append({**row, "seconds": round(time.monotonic() - begin, 1)})
            with path.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
            sys.stdout.write(f"{kind} {number}: {made['quiet']} quiet, {made['ratios']}\n")
            sys.stdout.flush()
    goals = summary(rows)
    for what, told, met in goals:
        sys.stdout.write(f"{'met  ' if met else 'OPEN '} {what}: {told}\n")
    return 0 if all(met for _, _, met in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
