"""Owns real and generated data: the table of what `training` cases learn from.

It refuses to download anything: real images come with scikit-learn, text with Python, the rest is computed.
"""

from __future__ import annotations

from collections.abc import Callable

from parity.execution.datasets.dataset import Dataset, DatasetError, order
from parity.execution.datasets.digits import digit_pairs, digits, digits_and_noise
from parity.execution.datasets.numbers import exclusive_or, noisy_sine
from parity.execution.datasets.photographs import photograph_domains, photograph_patches, photograph_styles
from parity.execution.datasets.sequences import reversed_letters, sorted_letters
from parity.execution.datasets.text import characters, masked_characters
from parity.spec.graph import Graph

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
