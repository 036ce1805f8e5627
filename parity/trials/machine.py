"""Owns what is said of the machine that computes the reference. It refuses to ask a framework."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

import numpy

from parity.documents.results import Machine


@cache
def here() -> Machine:
    """Processor, system, Python and NumPy of this process."""
    return Machine(processor(), f"{platform.system()} {platform.machine()}", platform.python_version(), numpy.__version__)


def processor() -> str:
    """`NAME, 2 cores`, as Linux names it; elsewhere what Python knows."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    names = {line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")}
    return f"{', '.join(sorted(names)) or platform.processor()}, {os.cpu_count()} cores"
