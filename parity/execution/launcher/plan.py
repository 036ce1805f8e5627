"""Owns the running of a plan: every request of a folder on a machine without the harness, and timed ones in shuffled rounds.

    python -m parity.execution.launcher PLAN --python torch=/path/to/python [--python …] [--timeout SECONDS]

It refuses to import a framework or numpy, and to time two processes at once. What it has run it does not run again: after an
interruption the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from parity.execution import request
from parity.execution.damaged_files import Damaged, checksummed, parsed, read_text, verified
from parity.execution.launcher import launching
from parity.execution.launcher.worker_process import Limits
from parity.execution.records import Record

FILE = "plan.json"
FORMAT = 1


@dataclass(frozen=True)
class PlannedRun:
    """One process: the folder of its request below the plan, and where below that its records go."""

    request: str
    results: str


def write(folder: Path, runs: Sequence[PlannedRun]) -> None:
    """The order in which a plan runs. It is written last."""
    body = {"format": FORMAT, "runs": [[run.request, run.results] for run in runs]}
    (folder / FILE).write_text(json.dumps(checksummed(body), indent=1))


def read(folder: Path) -> list[PlannedRun]:
    """The runs of a plan in order. Raises Damaged for a file that is not as it was written."""
    path = folder / FILE
    try:
        data = parsed(read_text(path.read_bytes()))
        if not verified(data) or data["format"] != FORMAT:
            raise ValueError("its checksum or format does not match")
        runs = [PlannedRun(*map(str, pair)) for pair in data["runs"]]
    except FileNotFoundError:
        raise Damaged(f"{path} is missing: {folder} holds no plan") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Damaged(f"{path}: {error}: write the plan again with `parity run SUITE --plan`") from None
    for run in runs:
        if any("/" in part or part in ("", ".", "..") for part in (run.request, run.results)):
            raise Damaged(f"{path}: a run lies outside of the plan: write the plan again with `parity run SUITE --plan`")
    return runs


def run(
    folder: Path,
    interpreters: Mapping[str, Path],
    limits: Limits,
    on_record: Callable[[Record], None],
    on_notice: Callable[[str], None],
) -> list[str]:
    """Runs a plan in its order, one process at a time. Gives the frameworks without an interpreter; their runs are left out."""
    lacking = dict[str, None]()
    for planned in read(folder):
        place = folder / planned.request
        framework = request.read(place).framework
        interpreter = interpreters.get(framework)
        if interpreter is None:
            lacking[framework] = None
            continue
        launching.launch(place, interpreter, place / planned.results, limits=limits, on_record=on_record, on_notice=on_notice)
    return list(lacking)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a plan, or one request with this interpreter (launching.main)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or not (Path(given[0]) / FILE).is_file():
        return launching.main(given)
    parser = argparse.ArgumentParser(prog="python -m parity.execution.launcher")
    parser.add_argument("plan", type=Path)
    parser.add_argument("--python", action="append", default=[], metavar="FRAMEWORK=PATH", help="may be repeated")
    parser.add_argument("--timeout", type=float, default=Limits.timeout, help="seconds of one case")
    options = parser.parse_args(given)
    pairs = [str(pair).partition("=") for pair in options.python]
    if bad := [pair for pair in pairs if not (pair[0] and pair[2] and Path(pair[2]).is_file())]:
        parser.error(f"--python {''.join(bad[0])}: write FRAMEWORK=/path/to/its/python, a file that is there")
    if not pairs:
        parser.error("--python FRAMEWORK=/path/to/its/python is needed for each framework that is here")
    limits = Limits(options.timeout)
    lacking = run(
        options.plan,
        {name: Path(path) for name, _, path in pairs},
        limits,
        on_record=lambda record: launching.say(f"{record.outcome:13} {record.case}"),
        on_notice=launching.say,
    )
    for name in lacking:
        launching.say(f"left out: {name}, which has no --python")
    return 3 if lacking else 0
