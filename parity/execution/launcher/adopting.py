"""Owns the taking over of records between the folders of one framework: a case that ran in another choice of precisions does
not run again.

It refuses to trust what it takes: `launching.py` checks each record and its arrays, as those of any earlier run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from parity.execution import records
from parity.execution.launcher.launching import only_writer


def adopt(out: Path, keys: Collection[str], others: Iterable[Path]) -> int:
    """Appends to `out` the final records of `keys` that it lacks and that another folder has, with their arrays. Gives how
    many. Raises BlockingIOError while another run writes to `out`."""
    if not [other for other in others if other != out]:
        return 0
    taken = 0
    with only_writer(out):
        records.drop_torn_tail(out)
        lacking = set(keys) - {key for key, record in records.read(out).latest().items() if record.outcome in records.FINAL}
        for other in others:
            if other == out or not lacking:
                continue
            for key, record in records.read(other).latest().items():
                if key in lacking and record.outcome in records.FINAL and _linked(other, out, record):
                    records.append(out, record)
                    lacking.discard(key)
                    taken += 1
    return taken


def _linked(source: Path, out: Path, record: records.Record) -> bool:
    """Whether the record's arrays are in `out` now. A link is enough: a file of arrays is never written twice."""
    if record.arrays is None:
        return True
    place = Path("arrays", f"{record.key}.npz")  # one of the asked keys: whatever the record names, nothing else is touched
    given, target = source / place, out / place
    if not given.is_file():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(given, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(given, target)
    return True
