"""Owns the reference's training runs in the store: what was computed once is taken over while nothing that determines it moved.

It refuses to compute: it is handed the way to do so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from parity.execution import sealed
from parity.execution.damage import Damaged
from parity.execution.launcher import own_sources
from parity.execution.names import FINAL, LOSSES, put_under, under
from parity.execution.records import record_key
from parity.reference_impl.training import TrainingRun
from parity.spec.cases import Case

COMPUTES = "parity.reference_impl.training"


def remembered(store: Path, case: Case, rule: str, draws: str, compute: Callable[[], TrainingRun]) -> TrainingRun:
    """The run, out of the store or computed and put there. rule: the optimizer's formulas; draws: digest of the case's arrays
    and of where the run starts."""
    computes = own_sources.digest([COMPUTES])
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
