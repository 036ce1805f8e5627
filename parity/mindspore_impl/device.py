"""Owns the contact with the machine: precisions, devices, versions, settings.

It refuses to pick a precision for a case.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.mindspore_impl import tape

DTYPES: Mapping[str, Any] = {"float64": np.float64, "float32": np.float32}
"""Precision, as a case names it -> the framework's own type. A case in any other precision is `unsupported`."""


def devices() -> tuple[str, ...]:
    """Add "gpu" or "tpu" if this machine has that device. A case on a device that is not named here is `unavailable`."""
    return ("cpu",)


def versions() -> dict[str, str]:
    """Every package whose version can change a number. Records contain these versions."""
    return {"mindspore": tape.__version__, "numpy": np.__version__, "python": platform.python_version()}


def settings() -> dict[str, str]:
    """Other settings that can change a number or a time: threads, the BLAS, reduced precision of products."""
    return {}
