"""Owns the printing of the atlas's answers: tables and blocks in a terminal, lines in a pipe. It refuses to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from parity.atlas.chapters import CHAPTERS
from parity.reporting import wording
from parity.reporting.atlas import AtlasRow, marked
from parity.verbs import terminal
from parity.verbs.terminal import columns


def show(
    rows: Sequence[AtlasRow],
    frameworks: Sequence[str],
    versions: Mapping[str, str],
    named: bool,
    travelled: bool = False,
    worst: int | None = None,
) -> None:
    """Prints chapter by chapter, each question with its name. For two frameworks, advice stands below the answers, and only
    rows that differ are shown, unless the user named questions. A pipe gets one line per question, which begins with its name.

    versions: of the frameworks that answered. named: whether the user named questions. travelled: whether the answers came with
    parity.
    worst: how many rows to show in place of the chapters, ranked by the consequences of ignoring them.
    """
    if worst is not None:
        _show_worst(rows, frameworks, worst)
        return
    aside = columns.width() is None  # a pipe gets answers alone
    pair = len(frameworks) == 2
    shown = [row for row in rows if row.differs or named or not pair]
    if aside:
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
    told = f"{len(rows)} question{'s' * (len(rows) > 1)}, {count} with different answers; one alone: parity atlas --item NAME"
    terminal.say(told, error=aside)
    measured = f"measured with {', '.join(f'{name} {version}' for name, version in versions.items())}"
    if travelled:
        terminal.say(f"{measured}; --measure asks the frameworks that are installed here", error=aside)
    elif versions:
        terminal.say(f"{measured}, just now", error=aside)


def _show_worst(rows: Sequence[AtlasRow], frameworks: Sequence[str], count: int) -> None:
    """The worst first: what happens stands before the question in a pipe, and below the answers in a terminal."""
    from parity.verbs.atlas import unheeded  # it brings the reference along: an answer that travels must not wait for it

    here, there = frameworks
    pair = (min(here, there), max(here, there))
    found = unheeded.of_rows({row.name: row for row in rows})
    told = [(found[row.name][pair], row) for row in rows if pair in found.get(row.name, {})]
    ranked = sorted(told, key=lambda one: (one[0].rank, one[1].name))
    for consequence, row in ranked[:count]:
        unheeded_row = wording.consequence(consequence)
        if columns.width() is None:
            terminal.say(f"{_line(row, frameworks)} | if not heeded: {unheeded_row}")
        else:
            terminal.say(f"{_block(row, here, there)}    if not heeded  {unheeded_row}\n")
    terminal.say(f"{len(ranked)} rows differ; the worst {min(count, len(ranked))} are shown", error=columns.width() is None)


def _line(row: AtlasRow, frameworks: Sequence[str]) -> str:
    """`NAME | question | torch: … | keras: … | what to do: …`."""
    told = [row.name, row.text, *(f"{name}: {marked(row, name)}" for name in frameworks)]
    remedy = row.remedy(*frameworks) if len(frameworks) == 2 else ""
    return " | ".join([*told, *([f"what to do: {remedy}"] if remedy else [])])


def _block(row: AtlasRow, here: str, there: str) -> str:
    """The question and its NAME, both answers, and the code that gives the first answer in the second framework. Lines are
    never folded, so that they can be copied."""
    remedy = row.remedy(here, there)
    told = [(name, marked(row, name)) for name in (here, there)] + ([("what to do", remedy)] if remedy else [])
    wide = max(len(word) for word, _ in told)
    lines = "".join(f"    {word.ljust(wide)}  {text}\n" for word, text in told)
    return f"{row.text}  {row.name}\n{lines}"


def _table(title: str, rows: Sequence[AtlasRow], frameworks: Sequence[str]) -> Table:
    """The table of a chapter. Each question stands over its NAME, which is never broken into two lines."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("question and NAME", overflow="fold", min_width=max(len(row.name) for row in rows))
    for name in frameworks:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(
            Text.assemble(row.text, "\n", (row.name, "dim")), *(Text(marked(row, framework)) for framework in frameworks)
        )
    return table
