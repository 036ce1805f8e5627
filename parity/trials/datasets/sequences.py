"""Owns sequences that an encoder reads and a decoder writes: reversed letters and sorted letters.

It refuses to leave the separation of training and test to chance: sources of the test are removed from training.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from parity.spec.graph import Graph
from parity.trials.datasets.dataset import Array, Dataset, DatasetError, input_named, only
from parity.trials.streams import stream

PADDING, BEGIN, END, FIRST = 0, 1, 2, 3
LETTERS, SHORTEST = 10, 3
EXAMPLES, TESTED = 4000, 400


def reversed_letters(graph: Graph) -> Dataset:
    """The target is the source in reverse order."""
    return _transduced(graph, "reversed_letters", lambda letters: letters[::-1])


def sorted_letters(graph: Graph) -> Dataset:
    """The target holds the letters of the source, sorted."""
    return _transduced(graph, "sorted_letters", np.sort)


def _transduced(graph: Graph, name: str, change: Callable[[Array], Array]) -> Dataset:
    """Inputs of an encoder with a decoder: `source`; `target`, which starts with a begin token (teacher forcing); `labels`,
    which end with an end token."""
    only(graph, "source", "source_length", "target", "target_length", "labels")
    source, target = input_named(graph, "source", "integer", 1), input_named(graph, "target", "integer", 1)
    letters = min(LETTERS, *((graph_input.below or 0) - FIRST for graph_input in (source, target)))
    longest = min(source.shape[0], target.shape[0] - 1)
    if letters < 2 or longest < SHORTEST:
        raise DatasetError(f"{graph.name}: letters need {FIRST + 2} tokens and a target of {SHORTEST + 1} steps at least")
    numbers = stream(name)
    drawn = [numbers.randint(FIRST, FIRST + letters, numbers.randint(SHORTEST, longest + 1)) for _ in range(EXAMPLES + TESTED)]
    tested = {letters.tobytes() for letters in drawn[:TESTED]}
    learned = [letters for letters in drawn[TESTED:] if letters.tobytes() not in tested]
    sizes = source.shape[0], target.shape[0]
    train, test = (_arrays(part, change, *sizes) for part in (learned, drawn[:TESTED]))
    written = np.arange(target.shape[0]) < test["target_length"][:, None]
    return Dataset(name, f"{letters} letters, {SHORTEST} to {longest} at a time", train, test, "labels", counted=written)


def _arrays(drawn: list[Array], change: Callable[[Array], Array], source_time: int, target_time: int) -> dict[str, Array]:
    source = np.full((len(drawn), source_time), PADDING, dtype=np.int64)
    target, labels = (np.full((len(drawn), target_time), PADDING, dtype=np.int64) for _ in range(2))
    for row, letters in enumerate(drawn):
        source[row, : len(letters)] = letters
        target[row, : len(letters) + 1] = [BEGIN, *change(letters)]
        labels[row, : len(letters) + 1] = [*change(letters), END]
    lengths = np.asarray([len(letters) for letters in drawn])
    return {"source": source, "source_length": lengths, "target": target, "target_length": lengths + 1, "labels": labels}
