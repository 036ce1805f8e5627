"""Owns the printing of the atlas's answers: tables and blocks in a terminal, lines in a pipe. It refuses to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import rich.table
from rich.text import Text

from parity.atlas.chapters import CHAPTERS
from parity.atlas.consequences import Consequence
from parity.documents.tables import DataTable
from parity.reporting import wording
from parity.reporting.atlas import AtlasRow, marked
from parity.verbs import terminal
from parity.verbs.terminal import columns, tables


def show(
    rows: Sequence[AtlasRow],
    frameworks: Sequence[str],
    versions: Mapping[str, str],
    named: bool,
    travelled: bool = False,
    how: str = "table",
    worst: int | None = None,
) -> None:
    """Prints chapter by chapter, each question with its name. For two frameworks, advice stands below the answers, and only
    rows that differ are shown, unless the user named questions. A pipe gets one line per question, which begins with its name.

    versions: of the frameworks that answered. named: whether the user named questions. travelled: whether the answers came with
        parity. how: the format. worst: how many rows to show in place of the chapters, ranked by the consequences of ignoring
        them.
    """
    if worst is not None:
        _show_worst(rows, frameworks, worst)
        return
    aside = columns.width() is None  # a pipe gets answers alone
    pair = len(frameworks) == 2
    shown = [row for row in rows if row.differs or named or not pair]
    if how != "table":
        tables.write(table(shown, frameworks), how, "atlas")
        aside = True
    elif aside:
        for row in shown:
            terminal.say(_line(row, frameworks))
    for chapter, title in CHAPTERS.items() if not aside else ():
        mine = [row for row in shown if row.chapter == chapter]
        if mine and pair:
            terminal.show(Text(f"{title}\n", "italic"))
            for row in mine:
                terminal.say(_block(row, *frameworks))
        elif mine:
            terminal.show(_table(title, mine, frameworks))
            terminal.say()
    count = sum(row.differs for row in rows)
    summary = (
        f"{len(rows)} question{'s' * (len(rows) > 1)}, {count} with different answers; one alone: parity atlas --item NAME"
    )
    terminal.say(summary, error=aside)
    measured = f"measured with {', '.join(f'{name} {version}' for name, version in versions.items())}"
    if travelled:
        terminal.say(f"{measured}; --measure asks the frameworks that are installed here", error=aside)
    elif versions:
        terminal.say(f"{measured}, just now", error=aside)


def table(rows: Sequence[AtlasRow], frameworks: Sequence[str]) -> DataTable:
    """A row a question: its chapter and NAME, each framework's answer, and between two what to do."""
    pair = len(frameworks) == 2
    headings = ("name", "chapter", "question", *frameworks, "differs", *(("what to do",) if pair else ()))
    cells = tuple(
        (
            *(row.name, row.chapter, row.text),
            *(row.answers[name].text for name in frameworks),
            row.differs,
            *((row.remedy(*frameworks),) if pair else ()),
        )
        for row in rows
    )
    return DataTable(headings, cells)


def worst_first(rows: Sequence[AtlasRow], frameworks: Sequence[str]) -> list[tuple[Consequence, AtlasRow]]:
    """The rows that differ between two frameworks, the largest consequence first."""
    from parity.verbs.atlas import row_effects  # imports the reference: answers that come with parity must not wait for it

    pair = (min(frameworks), max(frameworks))
    consequences = row_effects.of_rows({row.name: row for row in rows})
    ranked = [(consequences[row.name][pair], row) for row in rows if pair in consequences.get(row.name, {})]
    return sorted(ranked, key=lambda both: (both[0].rank, both[1].name))


def _show_worst(rows: Sequence[AtlasRow], frameworks: Sequence[str], count: int) -> None:
    """The worst first: what happens stands before the question in a pipe, and below the answers in a terminal."""
    here, there = frameworks
    ranked = worst_first(rows, frameworks)
    for consequence, row in ranked[:count]:
        unheeded_row = wording.consequence(consequence)
        if columns.width() is None:
            terminal.say(f"{_line(row, frameworks)} | if not heeded: {unheeded_row}")
        else:
            terminal.say(f"{_block(row, here, there)}    if not heeded  {unheeded_row}\n")
    terminal.say(f"{len(ranked)} rows differ; the worst {min(count, len(ranked))} are shown", error=columns.width() is None)


def _line(row: AtlasRow, frameworks: Sequence[str]) -> str:
    """`NAME | question | torch: … | keras: … | what to do: …`."""
    cells = [row.name, row.text, *(f"{name}: {marked(row, name)}" for name in frameworks)]
    remedy = row.remedy(*frameworks) if len(frameworks) == 2 else ""
    return " | ".join([*cells, *([f"what to do: {remedy}"] if remedy else [])])


def _block(row: AtlasRow, here: str, there: str) -> str:
    """The question and its NAME, both answers, and the code that gives the first answer in the second framework. Lines are
    never folded, so that they can be copied."""
    remedy = row.remedy(here, there)
    pairs = [(name, marked(row, name)) for name in (here, there)] + ([("what to do", remedy)] if remedy else [])
    wide = max(len(word) for word, _ in pairs)
    lines = "".join(f"    {word.ljust(wide)}  {text}\n" for word, text in pairs)
    return f"{row.text}  {row.name}\n{lines}"


def _table(title: str, rows: Sequence[AtlasRow], frameworks: Sequence[str]) -> rich.table.Table:
    """The table of a chapter. Each question stands over its NAME, which is never broken into two lines."""
    shown = rich.table.Table(title=title, title_justify="left", box=None, pad_edge=False)
    shown.add_column("question and NAME", overflow="fold", min_width=max(len(row.name) for row in rows))
    for name in frameworks:
        shown.add_column(name, overflow="fold")
    for row in rows:
        shown.add_row(
            Text.assemble(row.text, "\n", (row.name, "dim")), *(Text(marked(row, framework)) for framework in frameworks)
        )
    return shown
