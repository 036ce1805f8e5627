"""Runs the examples in the docstrings of `import parity`, as they stand there. It refuses to make what they need."""

from __future__ import annotations

import doctest
import inspect

import parity

VERBS = [name for name in parity.__all__ if inspect.isfunction(getattr(parity, name, None))]
"""The functions of the package."""


def examples(*names: str) -> None:
    """Runs the examples of these functions as they stand; fails with what they print otherwise."""
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for name in names:
        for example in doctest.DocTestFinder(recurse=False).find(getattr(parity, name), name, globs={}):
            assert example.examples
            said: list[str] = []
            assert runner.run(example, out=said.append).failed == 0, "".join(said)
