"""A kind of file that parity reads: how a small whole one is written, how it is read, and when two readings are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Reading = Callable[[Path], Any]


def equal(whole: Any, found: Any) -> bool:
    """Equal as JSON or as arrays are, NaN included."""
    if isinstance(whole, dict) and isinstance(found, dict):
        return whole.keys() == found.keys() and all(equal(one, found[key]) for key, one in whole.items())
    if isinstance(whole, np.ndarray):
        return isinstance(found, np.ndarray) and whole.dtype == found.dtype and np.array_equal(whole, found, equal_nan=True)
    return bool(whole == found)


@dataclass(frozen=True)
class Kind:
    """make: writes whole files into a folder and gives the one to damage. read: as parity does. corrected: users write it."""

    name: str
    make: Callable[[Path], Path]
    read: Reading
    corrected: bool = False
    same: Callable[[Any, Any], bool] = equal
