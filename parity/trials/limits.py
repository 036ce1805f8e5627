"""Owns the check of sizes before anything is drawn: numbers of a case, steps, batches and seeds.

It refuses to look at the machine: a request that is refused here is refused on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable

from parity.errors import UsageError
from parity.spec.extent import MOST_NUMBERS, drawn, of_case
from parity.spec.graph import Graph
from parity.spec.suites import LARGEST_BATCH, LARGEST_SEED, MOST_STEPS

MOST_PROCESSES = 1_000
"""The greatest number of processes in one cell of `parity bench`."""


def check_case(graph: Graph, batch_size: int, batches: int = 1, *, walked: bool = True) -> None:
    """Raises UsageError if a case has more numbers than any case may have. walked: whether the reference walks it as well."""
    size = of_case(graph, batch_size, batches) if walked else drawn(graph, batch_size, batches)
    if size > MOST_NUMBERS:
        what = f"{batches:,} batch{'es' if batches > 1 else ''} of {batch_size:,}"
        raise UsageError(
            f"{graph.name}: {what}{', the values of a pass' if walked else ''} and the parameters are {size:.3g} numbers; one "
            f"case may have {MOST_NUMBERS:.3g}: take a smaller size, batch or number of steps"
        )


def check_numbers(
    *, seeds: Iterable[int] = (), batch_sizes: Iterable[int] = (), steps: int | None = None, processes: int | None = None
) -> None:
    """Raises UsageError for the first number that is outside of its limits."""
    for name, number, least, most in (
        *(("seed", seed, 0, LARGEST_SEED) for seed in seeds),
        *(("batch size", size, 1, LARGEST_BATCH) for size in batch_sizes),
        *(("number of steps", count, 1, MOST_STEPS) for count in ([] if steps is None else [steps])),
        *(("number of processes", count, 1, MOST_PROCESSES) for count in ([] if processes is None else [processes])),
    ):
        if not least <= number <= most:
            raise UsageError(f"a {name} lies between {least} and {most:,}, and {number:.6g} does not")
