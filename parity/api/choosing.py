"""Owns the functions that choose and publish from committed records: recommend, site. It refuses to run a framework."""

from __future__ import annotations

from pathlib import Path

from parity.documents.table_results import Tabled, Written
from parity.documents.tables import DataTable
from parity.verbs import recommend as choosing
from parity.verbs import site as pages
from parity.verbs import terminal

COLUMNS = ("place", "framework", "score", "low", "high", "front")


def recommend(
    *,
    task: str = "anything",
    device: str = "cpu",
    needs: str = "",
    weights: str = "",
    source: str = "",
    mode: str = "default",
    retired: bool = False,
    reports: str | Path | None = None,
) -> Tabled:
    """An order of the frameworks under your weights, from committed records alone.

    Parameters:
        task: `anything`, `vision`, `language`, `generation`, `transfer` or `tables`. device: `cpu`, `gpu` or `tpu`.
        needs: what a framework must have, with commas: `onnx,float64,small-install`.
        weights: what counts, and how much: `speed=3,agreement=2`. Empty: every criterion alike.
        source: the framework that your code comes from; porting is counted from it alone.
        mode: speed in this mode alone; modes are never mixed.
        retired: frameworks that are retired as well.
        reports: the folder of other records than the committed ones.

    Returns:
        A row a framework: its score from 0 to 1, the interval that what is not on record leaves open, and whether no other
        beats it by every criterion. The heading is the answer in a sentence. `.exit_status`: 3 if nothing is on record, 5 if no
        framework meets the needs.

    Raises:
        UsageError: a word without meaning, or needs that exclude each other.

    Example:
        >>> import parity
        >>> parity.recommend(task="vision", weights="agreement=1").table.columns
        ('place', 'framework', 'score', 'low', 'high', 'front')
    """
    place = None if reports is None else Path(reports)
    ranking, _ = choosing.chosen(task, device, needs, weights, source, mode, retired, place)
    rows = tuple(
        (number, place.candidate.name, place.score, place.low, place.high, place.front)
        for number, place in enumerate(ranking.places, start=1)
    )
    return Tabled(choosing.sentence(ranking), DataTable(COLUMNS, rows), choosing.status(ranking))


def site(
    reports: str | Path | None = None, *, output: str | Path = Path("site"), verify: bool = False, front: bool = False
) -> Written:
    """Every record as a site of linked pages, for a browser and from a disk.

    Parameters:
        reports: the folder of the records; None is the committed ones, which travel with parity.
        output: where the pages go.
        verify: write nothing; the status is 1 if a page would change.
        front: the start page and the data alone.

    Returns:
        The start page, and what was said.

    Raises:
        UsageError: the folder holds files that are none of a site's.

    Example:
        >>> import parity, tempfile
        >>> [file.name for file in parity.site(output=tempfile.mkdtemp(), front=True).files]
        ['index.html']
    """
    folder = Path(output)
    with terminal.heard() as said:
        status = pages.main(None if reports is None else Path(reports), folder, verify, front)
    return Written(files=tuple(path for path in (folder / "index.html",) if path.is_file()), said=tuple(said), status=status)
