"""Requests for the fakes of tests/fakes/processes.py: one small array per case, seeds 0, 1, 2, …"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from parity.execution.launcher.planning import PlannedCase, write_request
from parity.execution.request import Request
from parity.spec.cases import Case


def tiny_case(seed: int, **changes: object) -> Case:
    return Case(**{"spec": "tiny", "task": "agreement", "dtype": "float32", "seed": seed, **changes})


def write(directory: Path, fake: str, count: int = 4, **changes: object) -> Request:
    """Writes a request of `count` cases for `processes:FAKE`, which misbehaves in the case with seed 1."""
    asked = [
        PlannedCase(tiny_case(seed, **changes), {"batch/0/x": np.arange(3, dtype=np.float32) + seed}) for seed in range(count)
    ]
    return write_request(directory, "fake", asked, versions={"fake": "1"}, implementation=fake, realization=f"processes:{fake}")
