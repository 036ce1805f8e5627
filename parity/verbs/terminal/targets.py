"""Owns arguments of the form `FRAMEWORK=PACKAGE.MODULE:NAME` on the command line. It refuses to import the named object."""

from __future__ import annotations

from collections.abc import Sequence

from parity.errors import UsageError


def own_realizations(given: Sequence[str]) -> dict[str, str]:
    """`torch=package.module:build` -> {"torch": "package.module:build"}."""
    own = {}
    for text in given:
        framework, separator, target = text.partition("=")
        if not separator or ":" not in target:
            raise UsageError(f"`{text}` is not of the form FRAMEWORK=PACKAGE.MODULE:NAME")
        own[framework] = target
    return own
