"""How near right pairs of two frameworks come to the float32 bounds of `parity compare`, and how often they are told apart.

`python tests/conformance/compared_alarms.py --seeds 8`, in the harness's environment; the interpreters of the pairs' frameworks
must be there. A share above 1 in each of a seed's draws is a false alarm.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from test_compared import ACROSS, MODELS, Planted, of

from parity.verbs.compare import compare

TOLD = ("differs", "nonfinite")


def right() -> Iterator[tuple[str, str, Planted]]:
    """The pairs of test_compared.py in which nothing is planted."""
    return (pair for pair in ACROSS if not pair[2].layer and not pair[2].cause)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--model", default="", help="only pairs whose first model is called so: mobile:build")
    asked = parser.parse_args()
    for first, second, planted in right():
        if not planted.ours.startswith(asked.model):
            continue
        shares, alarms = defaultdict[str, float](float), 0
        for seed in range(asked.first, asked.first + asked.seeds):
            sides = [of(first, planted.ours), of(second, planted.theirs)]
            with tempfile.TemporaryDirectory() as folder:
                (one,) = compare(sides, seed=seed, python_path=[MODELS], map_path=Path(folder) / "map.yaml")
            alarms += one.verdict in TOLD
            for found in one.found:
                if found.dtype == "float32" and found.budget and found.error is not None and found.quantity != "statistic":
                    shares[found.quantity] = max(shares[found.quantity], found.error / found.budget)
        told = ", ".join(f"{quantity} {share:.2f}" for quantity, share in shares.items())
        heading = f"{first} {second} {planted.id}: {alarms} of {asked.seeds} seeds told apart"
        print(f"{heading}; greatest share of a bound: {told}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
