"""Owns the frameworks that a command asks: those it names; otherwise those that the user
has set; otherwise those that are built.

It refuses to build a framework's environment.
"""

from __future__ import annotations

from collections.abc import Sequence

from parity.errors import UsageError
from parity.execution.frameworks import find, offers, split_release, training, trains
from parity.execution.launcher import environments
from parity.trials import config


def chosen(wanted: Sequence[str]) -> tuple[str, ...]:
    """The named frameworks, each of the release that stands behind an `@` or `==`. Without names, those that the user has
    set (`config.py`); without settings, the default ones that are built.

    If none is built, all default ones are returned, so that each says how to build it. Raises
    UsageError for a name that is not in the table.
    """
    return _named(wanted) or _built(training())


def that_train(wanted: Sequence[str], feature: str = "") -> tuple[str, ...]:
    """The same for a verb that needs gradients or steps. feature: a feature that the frameworks must have too.

    Raises UsageError for a named framework that runs forward only or lacks the feature.
    """
    able = tuple(name for name in training(every=True) if not feature or offers(name, feature))
    named = _named(wanted) or _built(tuple(name for name in able if name in training()))
    for name in named:
        if not trains(name):
            names = ", ".join(training(every=True))
            raise UsageError(f"{name} runs forward only: `parity check` judges it; what trains is {names}")
        if split_release(name)[0] not in able:
            having = f"{', '.join(able)} {'have' if len(able) > 1 else 'has'} it" if able else "no framework has it"
            raise UsageError(f"{name} has no feature `{feature}` (its line in parity/execution/frameworks.py); {having}")
    return named


def named(wanted: Sequence[str], feature: str) -> tuple[str, ...]:
    """The frameworks asked for by name; none if no name is given. Raises UsageError as `that_train` does."""
    return that_train(wanted, feature) if _named(wanted) else ()


def unbuilt(wanted: Sequence[str]) -> tuple[str, ...]:
    """The default frameworks that are left out because they are not built; none if any is named, or if none is built."""
    if _named(wanted):
        return ()
    built = _built(training())
    return tuple(name for name in training() if name not in built)


def _named(wanted: Sequence[str]) -> tuple[str, ...]:
    """The frameworks named on the command line or in the user's settings, each once."""
    named, where = (wanted, "") if wanted else config.frameworks()
    named = tuple(dict.fromkeys(name.replace("==", "@", 1) for name in named))  # as pip writes a release
    for name in named:
        try:
            find(name)
        except ValueError as error:
            raise UsageError(f"{where}: {error}" if where else str(error)) from error
    return named


def _built(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if environments.stands(name)) or names
