"""Owns `parity clean`: what lies in the store, how much it takes, and its removal.

It refuses to remove a file that parity did not put there, and to remove anything unless it is told to.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

from parity.documents.table_results import Tabled
from parity.documents.tables import DataTable
from parity.execution.launcher.launching import only_writer
from parity.trials import options
from parity.verbs import terminal
from parity.verbs.terminal import columns

HELD = {
    "requests": "what frameworks were asked",
    "records": "what they answered, with their arrays",
    "settled": "verdicts of networks at full size",
    "references": "training runs of the reference",
    "bench": "samples of speed",
    "reports": "reports of suites",
}
"""Folder of the store -> what lies there."""


def held(store: str | Path | None = None) -> Tabled:
    """A row a folder of the store, with its files and bytes."""
    place = options.store(store)
    rows = []
    for name, what in HELD.items():
        files = [path for path in (place / name).rglob("*") if path.is_file() and not path.is_symlink()]
        if (place / name).is_dir():
            rows.append((name, what, len(files), sum(path.stat().st_size for path in files)))
    total = sum(row[3] for row in rows)
    return Tabled(f"{place.absolute()} holds {size(total)}", DataTable(("folder", "what", "files", "bytes"), tuple(rows)))


def emptied(store: str | Path | None = None) -> Tabled:
    """The same, and removes it all. Raises BlockingIOError where another parity writes there."""
    content, place = held(store), options.store(store)
    with ExitStack() as stack:
        for request in sorted((place / "requests").glob("*/lock")):
            stack.enter_context(only_writer(request.parent))
        for name in HELD:
            if (place / name).is_dir() and not (place / name).is_symlink():
                shutil.rmtree(place / name)
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()
    return content


def main(store: Path | None, yes: bool) -> int:
    """The verb: prints what lies there; with `yes` removes it."""
    tabled = emptied(store) if yes else held(store)
    rows = [_row(row) for row in tabled.content.rows]
    for line in columns.table(("folder", "what", "files", "size"), rows, (2, 3), None) if rows else ():
        terminal.say(line)
    if not tabled.content.rows:
        terminal.say(f"{options.store(store).absolute()} holds nothing of parity")
    elif yes:
        terminal.say(f"{tabled.title}: removed")
    else:
        terminal.say(
            f"{tabled.title}; nothing was removed: `parity clean --yes` removes it, and the next run computes it again"
        )
    return 0


def _row(row: tuple[object, ...]) -> tuple[str, ...]:
    name, what, files, taken = row
    return str(name), str(what), f"{files:,}", size(int(str(taken)))


def size(count: int) -> str:
    """Bytes as one reads them: `3.2 MB`."""
    for unit, least in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return f"{count} bytes"
