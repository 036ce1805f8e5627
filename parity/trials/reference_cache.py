"""Owns the reference's training runs in the store: a run is reused as long as nothing that determines it has changed.

It refuses to compute: its caller passes in the function that does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from parity.execution import sealed
from parity.execution.damaged_files import Damaged
from parity.execution.launcher import target_sources
from parity.execution.names import FINAL, LOSSES, put_under, under
from parity.execution.records import record_key
from parity.reference_impl.training import TrainingRun
from parity.spec.cases import Case

COMPUTES = "parity.reference_impl.training"


def remembered(store: Path, case: Case, rule: str, draws: str, compute: Callable[[], TrainingRun]) -> TrainingRun:
    """The run from the store; if it is not there, it is computed and stored. rule: the optimizer's formulas; draws: digest of
    the case's arrays and of the start of the run."""
    computes = target_sources.digest([COMPUTES])
    folder = store / "references"
    versions = {"numpy": np.__version__, "rule": rule, "file": "sealed"}
    path = folder / f"{record_key(case, draws, 'reference', versions, computes)}.npz"
    if path.exists():
        mend = "remove the file, and the same command trains the reference again"
        kept = sealed.read_sealed_arrays(path, mend)
        if LOSSES not in kept:
            raise Damaged(f"{path} holds no losses: {mend}")
        return TrainingRun(kept[LOSSES], under(kept, FINAL))
    run = compute()
    folder.mkdir(parents=True, exist_ok=True)
    sealed.write_sealed_arrays(path, {LOSSES: run.losses, **put_under(run.final, FINAL)})
    return run
