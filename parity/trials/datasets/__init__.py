"""Owns the table of data sets, real and generated, that `training` cases learn from.

It refuses to download anything: real images are in `data/`, text comes with Python, the rest is computed.
"""

from __future__ import annotations

from collections.abc import Callable

from parity.spec.graph import Graph
from parity.trials.datasets.dataset import Dataset, DatasetError, order
from parity.trials.datasets.digits import digit_pairs, digits, digits_and_noise
from parity.trials.datasets.numbers import exclusive_or, noisy_sine
from parity.trials.datasets.photographs import photograph_domains, photograph_patches, photograph_styles
from parity.trials.datasets.sequences import reversed_letters, sorted_letters
from parity.trials.datasets.text import characters, masked_characters

__all__ = ["DATASETS", "Dataset", "DatasetError", "digits", "load", "order"]

DATASETS: dict[str, Callable[[Graph], Dataset]] = {
    "characters": characters,
    "digit_pairs": digit_pairs,
    "digits": digits,
    "digits_and_noise": digits_and_noise,
    "exclusive_or": exclusive_or,
    "masked_characters": masked_characters,
    "noisy_sine": noisy_sine,
    "photograph_domains": photograph_domains,
    "photograph_patches": photograph_patches,
    "photograph_styles": photograph_styles,
    "reversed_letters": reversed_letters,
    "sorted_letters": sorted_letters,
}


def load(name: str, graph: Graph) -> Dataset:
    """The data set's arrays, shaped for the graph."""
    if name not in DATASETS:
        raise DatasetError(f"no data set `{name}`; there are: {', '.join(sorted(DATASETS))}")
    return DATASETS[name](graph)
