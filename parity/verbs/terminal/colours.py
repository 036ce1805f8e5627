"""Owns the colour of a verdict in a terminal. It refuses to know whether a terminal shows colours (`terminal.write`, rich)."""

from __future__ import annotations

from parity.judgement.verdicts import GREEN, INCOMPLETE, PASSING


def of(verdict: str) -> str:
    """green, yellow (documented, unsupported), bright_black (nothing was compared) or red; nothing for no verdict."""
    if not verdict:
        return ""
    if verdict in GREEN:
        return "green"
    return "yellow" if verdict in PASSING else "bright_black" if verdict in INCOMPLETE else "red"
