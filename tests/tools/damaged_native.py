"""Damages files of weights in a framework's own format, many in one process, where no checksum stands beside them.

    python -m tests.tools.damaged_native keras --files 500 --seed 0       # from the harness: a process of the framework

A file of the user's own may hold any numbers: other numbers are *taken*, as far as names and shapes fit. Bad is what ends the
process, what takes more than a minute, and an exception without a message. `python tests/tools/damaged_native.py --here …` is
that process: NumPy and the framework suffice.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "tools")]

from tests.tools.damages import DAMAGES  # noqa: E402

SECONDS = 60.0
"""Longest time that one file may take."""
START = 300.0
"""Longest time until the first answer: the framework's start."""
BAD = ("ended", "too slow", "wordless")


@dataclass(frozen=True)
class Outcome:
    """What became of one damaged file."""

    damage: str
    outcome: str
    told: str = ""


def here(framework: str, first: int, last: int, seed: int) -> Iterator[dict[str, Any]]:
    """The outcomes of these files, in a process of the framework."""
    import numpy as np
    from small_graphs import GRAPHS

    from parity.spec.cases import Case

    graph = GRAPHS["dense"]() if "dense" in GRAPHS else next(iter(GRAPHS.values()))()
    implementation = importlib.import_module(f"parity.{framework}_impl.framework").Implementation()
    realization = implementation.realize(Case("damaged", "weights", "float32", graph=graph, batch_size=3))
    values = {one.name: np.random.RandomState(3).standard_normal(one.shape).astype("f") for one in graph.parameters}
    realization.set_parameters(values | {one.name: np.ones(one.shape, "f") for one in graph.statistics})
    whole, kept = dict(realization.save()), realization.parameters()
    name = next(iter(whole))
    for number in range(first, last):
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - damage, no secret
        damage = list(DAMAGES)[number % len(DAMAGES)]
        content = DAMAGES[damage](whole[name], chance) or b""
        realization.set_parameters(kept)
        outcome, told = _loaded(realization, {**whole, name: content}, kept)
        yield {"damage": damage, "outcome": outcome, "told": told}


def _loaded(realization: Any, files: Mapping[str, bytes], kept: Mapping[str, Any]) -> tuple[str, str]:
    import numpy as np

    try:
        realization.load(files)
        found = realization.parameters()
    except Exception as error:  # what a framework raises becomes the sentence of a refusal
        return ("refused" if str(error).strip() else "wordless"), f"{type(error).__name__}: {error}"[:300]
    same = found.keys() == kept.keys() and all(np.array_equal(found[name], kept[name]) for name in kept)
    return ("unchanged" if same else "taken"), ""


def outcomes(framework: str, count: int, seed: int) -> Iterator[Outcome]:
    """The outcomes of so many files. A process that ends is started again behind the file that ended it."""
    from parity.execution import frameworks
    from parity.execution.launcher.environments import installed

    done = 0
    while done < count:
        command = [
            str(installed(framework).interpreter),
            __file__,
            framework,
            "--here",
            str(done),
            str(count),
            "--seed",
            str(seed),
        ]
        own = {**os.environ, **frameworks.environment(framework), "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=own, text=True) as process:
            began = time.monotonic()
            for outcome in _answers(process, count - done):
                done += 1
                began = time.monotonic()
                yield outcome
            if done < count:
                slow = process.poll() is None and time.monotonic() - began > SECONDS
                process.kill()
                said = process.stderr.read()[-500:] if process.stderr is not None else ""
                yield Outcome(list(DAMAGES)[done % len(DAMAGES)], "too slow" if slow else "ended", said)
                done += 1


def _answers(process: subprocess.Popen[str], count: int) -> Iterator[Outcome]:
    assert process.stdout is not None
    for number in range(count):
        if not select.select([process.stdout], [], [], SECONDS if number else START)[0]:
            return
        line = process.stdout.readline()
        if not line:
            return
        yield Outcome(**json.loads(line))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.damaged_native")
    parser.add_argument("framework")
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--here", type=int, nargs=2, metavar=("FIRST", "LAST"), help="in the framework's own process")
    given = parser.parse_args(arguments)
    if given.here is not None:
        answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)  # what the framework prints is no answer
        first, last = given.here
        for answer in here(given.framework, first, last, given.seed):
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
        return 0
    found = list(outcomes(given.framework, given.files, given.seed))
    for outcome in found:
        if outcome.outcome in BAD:
            sys.stdout.write(f"{given.framework}, {outcome.damage}: {outcome.outcome}: {outcome.told}\n")
    counts = {outcome: sum(one.outcome == outcome for one in found) for outcome in sorted({one.outcome for one in found})}
    sys.stdout.write(f"{given.framework}: {len(found)} damaged files: {counts}\n")
    return int(any(one.outcome in BAD for one in found))


if __name__ == "__main__":
    sys.exit(main())
