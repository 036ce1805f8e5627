"""Owns the check of a suite's words before anything runs, so that no hour of work ends at an unknown name.

It refuses to run or to expand anything. It reports all mistakes of the suite at once, each at its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from parity.errors import UsageError
from parity.execution import frameworks
from parity.spec import specs as language
from parity.spec.mistakes import Mistake, Place, SpecError, did_you_mean, short
from parity.spec.suites import Suite, SuiteEntry
from parity.trials import options, selection
from parity.trials.datasets import DATASETS


def check(suite: Suite) -> None:
    """Raises SpecError with every word of its entries that names nothing."""
    mistakes = [mistake for entry in suite.entries for mistake in _mistakes(entry)]
    if mistakes:
        raise SpecError(mistakes)


def _mistakes(entry: SuiteEntry) -> Iterator[Mistake]:
    for place, word in zip(entry.places("specs"), entry.specs, strict=True):
        yield from _refused(place, partial(_spec, entry, word))
    for key, item in (("frameworks", frameworks.find), ("dtypes", _precision), ("modes", _mode)):
        for place, word in zip(entry.places(key), getattr(entry, key), strict=False):
            yield from _refused(place, partial(item, word))
    for key, kind in (("initializer", "initializers"), ("optimizer", "optimizers"), ("dataset", "")):
        name, names = getattr(entry, key), language.names(kind) if kind else tuple(DATASETS)
        if name is not None and name not in names:
            yield Mistake(entry.place(key), f"no {key} `{short(name)}`{did_you_mean(name, names)}")


def _refused(place: Place, ask: Callable[[], object]) -> Iterator[Mistake]:
    """The mistake that a verb would report about a word, at the word's place in the suite."""
    try:
        ask()
    except SpecError as error:
        yield from (Mistake(place, mistake.message) if not mistake.file else mistake for mistake in error.mistakes)
    except (UsageError, ValueError) as error:
        yield Mistake(place, str(error))


def _spec(entry: SuiteEntry, word: str) -> None:
    for architecture in selection.select([word]).architectures:
        names = architecture.size_names()
        if entry.size is not None and entry.size not in names:
            message = f"{architecture.name} has no size `{entry.size}`; there are {', '.join(names)}"
            raise SpecError([Mistake(entry.place("size"), message)])


def _precision(word: str) -> None:
    options.check(dtypes=[word])


def _mode(word: str) -> None:
    options.check(modes=[word])
