"""Owns the suite: a named list of things to run together, as a frozen model. It refuses to expand them into cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from parity.spec.mistakes import Mistake, short
from parity.spec.models import Name, Part, Plain, Text, Whole, Word


class QualityPart(Part):
    """What a training must reach; or must not exceed (such as a perceptron on exclusive or).

    measure: a name of parity.judgement.measures. value: the value to measure; by default the first output. target: the input
    to compare it with; by default the one that the data set is about.
    """

    measure: Word
    at_least: Plain | None = None
    at_most: Plain | None = None
    value: Text | None = None
    target: Text | None = None

    def mistakes(self) -> Iterator[Mistake]:
        if self.at_least is None and self.at_most is None:
            yield Mistake(self.place(), "a quality is asked for with `at_least`, `at_most` or both")
        elif self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            yield Mistake(self.place("at_most"), f"no quality is at least {self.at_least:g} and at most {self.at_most:g}")


MOST_STEPS, LARGEST_BATCH, LARGEST_SEED = 1_000_000, 1_000_000, 2**63 - 1
MOST_EXAMPLES = 100_000_000
"""The greatest product of steps and batch size: the order of the examples is an array of this many numbers."""

READ_BY = {
    "dataset": ("training",),
    "initializer": ("training",),
    "optimizer": ("training", "speed"),
    "hyperparameters": ("training",),
    "quality": ("training",),
    "batch_sizes": ("training", "speed"),
}
"""Keys that only some tasks read -> these tasks."""


class SuiteEntry(Part):
    """One task on several specs; all lists are crossed with each other. A key that is left out takes the verb's default.

    nodes: whether every layer is judged alone as well.
    specs: what `parity check` takes: names, kinds, `all`. frameworks: all that train, if empty.
    initializer, optimizer: names; a speed is timed with adam, if nothing is said.
    hyperparameters: of the optimizer, where a training takes other values than the published ones.
    """

    task: Literal["agreement", "training", "speed", "sampling"]
    specs: list[Text] = Field(min_length=1)
    frameworks: list[Text] = []
    dtypes: list[Text] = []
    devices: list[Literal["cpu", "gpu", "tpu"]] = []
    modes: list[Text] = []
    seeds: list[Whole] = [0]
    batch_sizes: list[Whole] = []
    size: Word | None = None
    nodes: bool = True
    initializer: Name | None = None
    optimizer: Name | None = None
    dataset: Name | None = None
    steps: Whole | None = None
    hyperparameters: dict[Word, Plain] = {}
    quality: QualityPart | None = None

    def mistakes(self) -> Iterator[Mistake]:
        for key, least, most in (("seeds", 0, LARGEST_SEED), ("batch_sizes", 1, LARGEST_BATCH)):
            for place, value in zip(self.places(key), getattr(self, key), strict=False):
                if value < least:
                    yield Mistake(place, f"`{key}` are at least {least}, not {value}")
                elif value > most:
                    yield Mistake(place, f"`{key}` are at most {most:,}, not {short(value)}")
        if self.steps is not None and not 1 <= self.steps <= MOST_STEPS:
            bound = "at least 1" if self.steps < 1 else f"at most {MOST_STEPS:,}"
            yield Mistake(self.place("steps"), f"`steps` is {bound}, not {short(self.steps)}")
        largest = max(self.batch_sizes, default=1)
        if self.steps is not None and self.steps * largest > MOST_EXAMPLES:
            message = f"{short(self.steps)} steps of {short(largest)} examples are more than {MOST_EXAMPLES:,} examples"
            yield Mistake(self.place("batch_sizes"), message)
        for key, tasks in READ_BY.items():
            if getattr(self, key) and self.task not in tasks:
                yield Mistake(self.place(key), f"`{key}` is for {' and '.join(tasks)}, not for `{self.task}`")
        if self.quality is not None:
            yield from self.quality.mistakes()


class Suite(Part):
    """A file of kind suite."""

    name: Name
    note: Text | None = None
    entries: list[SuiteEntry] = Field(min_length=1)

    def mistakes(self) -> Iterator[Mistake]:
        for entry in self.entries:
            yield from entry.mistakes()
