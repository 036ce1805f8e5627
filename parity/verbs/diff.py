"""Owns `parity diff A B`: what changed between two runs, versions, machines or days, in verdicts, defaults and speed.

It refuses to run a framework: both sides are on record, as a report's folder or as the JSON of `parity check`.
"""

from __future__ import annotations

from pathlib import Path

from parity.documents import schema
from parity.documents.results import Checked
from parity.documents.table_results import Tabled
from parity.documents.tables import DataTable
from parity.errors import UsageError
from parity.reporting import atlas, differing, results, speeds
from parity.reporting.differing import GONE, WORSE, Difference, RecordedSide
from parity.verbs import terminal
from parity.verbs.terminal import tables

COLUMNS = ("kind", "how", "name", "framework", "before", "after")
SHOWN = 40
"""Rows of a kind that a terminal shows; the formats hold all."""


def main(first: Path, second: Path, how: str) -> int:
    """Prints what changed. 0: nothing got worse; 1: a verdict got worse; 5: the two have nothing in common."""
    told = compared(first, second)
    if how != "table":
        tables.write(told.content, how, "diff")
        terminal.say(told.title, error=True)
        return told.status
    for kind in ("surroundings", "verdict", "default", "speed"):
        rows = [row for row in told.content.rows if row[0] == kind]
        for _, way, name, framework, before, after in rows[:SHOWN]:
            who = f" | {framework}" if framework else ""
            terminal.say(f"{kind} | {way} | {name}{who} | {before or 'none'} -> {after or 'none'}")
        if len(rows) > SHOWN:
            terminal.say(f"{kind}: {len(rows) - SHOWN} more; `--format csv` gives all", error=True)
    terminal.say(told.title)
    return told.status


def compared(first: Path, second: Path) -> Tabled:
    """What changed, as a table. Raises UsageError for a path without results, and Damaged for results that are not whole."""
    sides = side(first), side(second)
    found = differing.differences(*sides)
    shared = differing.common(*sides)
    cells = tuple((one.kind, one.how, one.name, one.framework, one.before, one.after) for one in found)
    worse = any(one.kind == "verdict" and one.how == WORSE for one in found)
    status = 5 if not any(shared.values()) else 1 if worse else 0
    return Tabled(_title(found, shared, sides), DataTable(COLUMNS, cells, "how"), status, (WORSE, GONE))


def side(place: Path) -> RecordedSide:
    """What a path holds: a report's folder, its data, or a file that `parity check --json` wrote."""
    if place.is_file():
        return _of_document(place)
    folder = next((each for each in (place, place / "data") if (each / "manifest.json").is_file()), None)
    if folder is None:
        raise UsageError(
            f"{place} holds no results: name a report's folder (`parity run quick -o {place}` makes one), or a file of "
            f"`parity check SPEC --json FILE`"
        )
    found = results.read(folder)
    answers = {}
    if (file := folder / "atlas.json").is_file():
        rows, _, _ = atlas.read(file)
        answers = differing.answers_of(rows)
    return RecordedSide(
        str(place),
        differing.surroundings_of(found.environment, found.made),
        differing.verdicts_of(found.rows),
        answers,
        differing.timed_of(speeds.workloads(found)),
    )


def _of_document(place: Path) -> RecordedSide:
    found = schema.read(place)
    if not isinstance(found, Checked):
        raise UsageError(f"{place} is of `parity {found.verb}`: `parity diff` takes what `parity check --json` writes")
    versions = {one.framework: one.framework_version for one in found.results if one.framework_version}
    return RecordedSide(str(place), versions, differing.verdicts_of(found.results))


def _title(found: list[Difference], shared: dict[str, int], sides: tuple[RecordedSide, RecordedSide]) -> str:
    told = []
    for kind, counted in differing.counts(found).items():
        told.append(f"{kind}: {', '.join(f'{number} {how}' for how, number in counted.items())}")
    whole = ", ".join(f"{number} {kind}s" for kind, number in shared.items() if number) or "nothing"
    return f"{sides[0].name} to {sides[1].name}: {'; '.join(told) or 'nothing changed'}. In both: {whole}"
