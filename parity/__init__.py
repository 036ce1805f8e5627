"""parity: do deep-learning frameworks compute the same thing, and how fast do they train it?

Importing this package imports nothing else: a worker's interpreter has numpy and one framework only. The verbs are loaded
when they are named: `parity.check(["lenet"], frameworks=["torch"])`.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # typing's own is not asked: `python -m parity` comes here before its path is in order (__main__.py)
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

_VERBS = {name: f"parity.verbs.{name}" for name in ("check", "bisect", "bench", "compare")}


def __getattr__(name: str) -> Any:
    if name in _VERBS:
        return getattr(import_module(_VERBS[name]), name)
    raise AttributeError(f"module 'parity' has no attribute {name!r}")
