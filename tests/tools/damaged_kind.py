"""A kind of file that parity reads: how to write a small whole file, how to read it, and when two readings are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Reading = Callable[[Path], Any]


def equal(whole: Any, found: Any) -> bool:
    """Whether two readings are equal as JSON or as arrays; NaN equals NaN."""
    if isinstance(whole, dict) and isinstance(found, dict):
        return whole.keys() == found.keys() and all(equal(one, found[key]) for key, one in whole.items())
    if isinstance(whole, np.ndarray):
        return isinstance(found, np.ndarray) and whole.dtype == found.dtype and np.array_equal(whole, found, equal_nan=True)
    return bool(whole == found)


@dataclass(frozen=True)
class Kind:
    """A kind of file. make: writes whole files into a folder, and gives the file to damage. read: reads it as parity does.
    corrected: whether users write such files."""

    name: str
    make: Callable[[Path], Path]
    read: Reading
    corrected: bool = False
    same: Callable[[Any, Any], bool] = equal
