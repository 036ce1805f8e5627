"""How many planted faults `parity compare` names, and how many right pairs it tells apart.

    python tests/conformance/planted_check.py [--only WORD] [--json FILE]

runs in the harness's environment; the interpreters of torch and Keras must be there. `tests/conformance/planted/` has the
models, `planted_table.py` the faults and the right pairs. A fault is *named* if a told cause fits it, *wrong* if another
cause is told first, *unnamed* if the models differ and no cause is told, *unseen* if they agree. Every other thing that is told
behind the first cause must fit too. Exit 1 if fewer than 56 of 59 are named, one is wrong, or a right pair is told apart.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from planted_table import DOUBLE, FAULTS, RIGHT, Double, Fault, Pair
from shared_processes import shared

from parity.errors import UsageError
from parity.execution.own_model.model_client import Crashed
from parity.judgement.verdicts import PASSING
from parity.verbs import compare as verb
from parity.verbs.compare.printing import ComparedPair, lines

MODELS = [Path(__file__).parent / "planted", Path(__file__).parent / "compared"]
NAMED, WRONG, UNNAMED, UNSEEN, RAISED = "named", "WRONG", "unnamed", "unseen", "refused"
AIM = 56 / 59


@dataclass(frozen=True)
class Outcome:
    """What became of a pair. told: the report of `compare`."""

    pair: str
    what: str
    told: str
    seconds: float


def compared(pair: Pair) -> tuple[ComparedPair | None, str]:
    """The comparison, or the error that refused it."""
    try:
        (found,) = verb.compare(pair.sides, inputs=pair.inputs, python_path=MODELS)
    except (UsageError, Crashed) as error:
        return None, str(error)
    return found, "\n".join(lines(found))


def causes(found: ComparedPair) -> Iterator[str]:
    """Everything that is told as a cause: of the departures, and the settings that no number shows."""
    for departure in (found.departure, *found.further):
        yield from departure.causes if departure is not None else ()
    yield from (each.reason for each in found.found if each.quantity == "setting" and each.verdict not in PASSING)


def judged(fault: Fault) -> Outcome:
    begun = time.monotonic()
    found, told = compared(fault)
    if found is None:
        fits = bool(fault.refused and re.search(fault.refused, told))
        what = NAMED if fits else RAISED
    elif found.verdict in PASSING:
        what = UNSEEN
    else:
        said = list(causes(found))
        strange = [cause for cause in said if not re.search(fault.cause, cause)]
        what = UNNAMED if not said else WRONG if strange else NAMED
    return Outcome(str(fault), what, told, time.monotonic() - begun)


def judged_twice(pair: Double) -> Outcome:
    """A pair with two faults: both must be named, each by a cause of its own."""
    begun = time.monotonic()
    found, told = compared(pair)
    said = list(causes(found)) if found is not None else []
    both = all(any(re.search(cause, each) for each in said) for cause in pair.causes)
    what = RAISED if found is None else UNSEEN if found.verdict in PASSING else NAMED if both else UNNAMED
    return Outcome(str(pair), what, told, time.monotonic() - begun)


def agreeing(pair: Pair) -> Outcome:
    begun = time.monotonic()
    found, told = compared(pair)
    what = RAISED if found is None else "agrees" if found.verdict in PASSING else "told apart"
    return Outcome(str(pair), what, told, time.monotonic() - begun)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only the pairs whose line has this word")
    parser.add_argument("--json", type=Path, help="where all reports are written")
    given = parser.parse_args(arguments)
    outcomes = list[Outcome]()
    with shared(verb):
        rows = [(judged, fault) for fault in FAULTS]
        rows += [(judged_twice, pair) for pair in DOUBLE]  # type: ignore[misc]
        rows += [(agreeing, pair) for pair in RIGHT]  # type: ignore[misc]
        for judge, pair in rows:
            if given.only in str(pair):
                outcomes.append(judge(pair))  # type: ignore[arg-type]
                shown = outcomes[-1]
                sys.stdout.write(f"{shown.what:10} {shown.seconds:5.1f} s  {shown.pair}\n")
                if shown.what not in (NAMED, "agrees"):
                    sys.stdout.write("".join(f"    {line}\n" for line in shown.told.splitlines()[:14]))
                sys.stdout.flush()
                if given.json:
                    given.json.write_text(json.dumps([asdict(each) for each in outcomes], indent=1), encoding="utf-8")
    double = [outcome for outcome in outcomes if outcome.pair in {str(pair) for pair in DOUBLE}]
    if double:
        both = sum(outcome.what == NAMED for outcome in double)
        sys.stdout.write(f"of {len(double)} pairs with two faults both are named in {both}\n")
    counts = Counter(outcome.what for outcome in outcomes if outcome not in double)
    sys.stdout.write(", ".join(f"{count} {what}" for what, count in counts.most_common()) + "\n")
    bad = counts[WRONG] + counts["told apart"] + counts[RAISED]
    return int(bool(bad) or (not given.only and counts[NAMED] < AIM * len(FAULTS)))


if __name__ == "__main__":
    sys.exit(main())
