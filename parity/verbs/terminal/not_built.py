"""Owns the line that names the frameworks which a command does not ask because they are not built. It refuses to build them."""

from __future__ import annotations

from collections.abc import Sequence

from parity.trials import selected_frameworks
from parity.verbs import terminal


def tell(frameworks: Sequence[str]) -> None:
    """Prints the line on stderr, if a framework is left out. frameworks: the ones that the user named."""
    if left := selected_frameworks.unbuilt(frameworks):
        terminal.say(f"not asked, since not built: {', '.join(left)} (parity env build {' '.join(left)})", error=True)
