"""Owns how judged trials are shown: a matrix of verdicts, what does not pass, and the command that shows it again.

It refuses to judge, and to fold a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from parity.documents import tables
from parity.execution.frameworks import trains
from parity.judgement.verdicts import PASSING
from parity.reporting import summary, wording
from parity.reporting.results import Row
from parity.trials import report_rows
from parity.trials.options import STORE
from parity.trials.session import JudgedTrial
from parity.trials.trial import Options
from parity.verbs import terminal
from parity.verbs.terminal import colours, verbosity


@dataclass(frozen=True)
class CheckCall:
    """The parts of a call of `check` that a case does not hold. files: a spec's name -> the user's own YAML that holds it."""

    files: Mapping[str, str] = field(default_factory=dict)
    realizations: Sequence[str] = ()
    store: Path = STORE


def show(judged: Sequence[JudgedTrial], command: str = "", called: CheckCall = CheckCall()) -> None:
    """Prints a matrix of verdicts, then every failing case with the command that shows it again. command: the suite's command.

    A framework that is unavailable takes one line, since all of its cases are. With --quiet nothing is told of what passes."""
    if not verbosity.NOW.quiet:
        console, shown = terminal.console_of(), matrix(judged)
        terminal.show(shown, Measurement.get(console, console.options.update(max_width=1_000), shown).maximum)
    absent = Counter(
        (judged_trial.framework, judged_trial.record.reason)
        for judged_trial in judged
        if judged_trial.record.outcome == "unavailable"
    )
    for (framework, reason), count in absent.items():
        summary = f"{framework}: {count} cases not compared: {reason}"
        terminal.say(summary, colour="red")
    for judged_trial in judged:
        if judged_trial.verdict in PASSING or judged_trial.record.outcome == "unavailable":
            continue
        terminal.say(f"{judged_trial.framework} {judged_trial.trial.case.id}: {judged_trial.verdict}", colour="red")
        bad = sorted(
            (item for item in judged_trial.comparisons if item.verdict == judged_trial.verdict),
            key=report_rows.share,
            reverse=True,
        )
        for comparison in bad[:3]:
            terminal.say(f"    {report_rows.sentence(comparison)}")
        terminal.say(f"    again: {again(judged_trial, command, called)}")
    if verbosity.NOW.quiet:
        return
    counts = report_rows.case_verdicts(judged)
    summary = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in sorted(counts.items()))
    terminal.say(f"{len(judged)} cases × frameworks: {summary}")
    for framework in report_rows.forward_only(judged):
        summary = "evaluation mode alone was judged: no gradient, no loss, no statistic, no update"
        terminal.say(f"{framework} runs forward only: {summary}")


def again(judged_trial: JudgedTrial, command: str = "", called: CheckCall = CheckCall()) -> str:
    """The command that shows a case again. For a training run, which `check` does not run, it is the suite's command."""
    case = judged_trial.trial.case
    if case.task == "training" and command:
        return command
    spec = case.spec.split(":", 1)[0].split("[", 1)[0]
    size = "" if case.size == "small" else f" --size {case.size}"
    seed = f" --seed {case.seed}" if case.seed else ""
    device = "" if case.device == Options().device else f" --device {case.device}"
    mode = "" if case.mode == Options().mode_of(case.dtype) else f" --mode {quote(case.mode)}"
    where = f"--framework '{judged_trial.framework}' --dtype {case.dtype}{device}{mode}{size}{seed}"
    own = [f" --realization {quote(text)}" for text in called.realizations if text.partition("=")[0] == judged_trial.framework]
    store = "" if called.store == STORE else f" --store {quote(str(called.store))}"
    return f"parity check {quote(called.files.get(spec, spec))} {where}{''.join(own)}{store} --case '{case.id}'"


def matrix(judged: Sequence[JudgedTrial]) -> Table:
    """The table of specs by framework and precision: number of cases, worst verdict, and greatest share of a budget."""
    columns, lines = _cells(judged)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("cases", justify="right", no_wrap=True)
    for framework, dtype in columns:
        heading = f"{framework}\n{dtype}" if trains(framework) else f"{framework}\n{dtype}\nforward"
        table.add_column(escape(heading), no_wrap=True)
    for spec, cases, cells in lines:
        texts = (Text(text, colours.of(verdict)) for verdict, text in cells)
        table.add_row(escape(spec), str(cases), *texts)
    return table


def matrix_table(judged: Sequence[JudgedTrial]) -> tables.DataTable:
    """The same as data: a row a spec, a column a framework and precision."""
    columns, lines = _cells(judged)
    rows: tuple[tuple[tables.Cell, ...], ...] = tuple(
        (spec, cases, *(text for _, text in cells)) for spec, cases, cells in lines
    )
    return tables.DataTable(("spec", "cases", *(f"{framework} {dtype}" for framework, dtype in columns)), rows)


def _cells(judged: Sequence[JudgedTrial]) -> tuple[list[tuple[str, str]], list[tuple[str, int, list[tuple[str, str]]]]]:
    """The columns, and for each spec how many cases it has, and the verdict and text of each column."""
    rows = report_rows.rows(judged)
    columns = sorted({(row.framework, row.dtype) for row in rows}, key=lambda column: (column[0], column[1] != "float64"))
    lines = []
    for kind in summary.KINDS:
        made = summary.matrix(rows, kind)
        guilty = _guilty(rows, made)
        for spec in made.specs:
            cells = [made.cells.get((spec, *column)) for column in columns]
            texts = [
                (cell.verdict, cell_text(cell, guilty[(spec, *column)])) if cell else ("", "")
                for cell, column in zip(cells, columns, strict=True)
            ]
            lines.append((spec, sum(cell.cases for cell in cells if cell), texts))
    return columns, lines


def _guilty(rows: Sequence[Row], made: summary.Matrix) -> dict[tuple[str, str, str], int]:
    """How many cases of each cell have its verdict."""
    guilty: dict[tuple[str, str, str], set[str]] = {key: set() for key in made.cells}
    for row in rows:
        key = (summary.label(row), row.framework, row.dtype)
        if key in guilty and row.verdict == made.cells[key].verdict:
            guilty[key].add(row.case)
    return {key: len(cases) for key, cases in guilty.items()}


def cell_text(cell: summary.Cell, guilty: int) -> str:
    """`✓ agrees 0.31`: the share of the budget; `✗ differs in 3 of 28, 41 × the budget` where a case does not pass."""
    if cell.verdict in PASSING:
        return wording.cell_text(cell)
    summary = f"{wording.mark(cell.verdict)} {cell.verdict.replace('_', ' ')} in {guilty} of {cell.cases}"
    if cell.verdict != "differs" or cell.used is None:
        return summary
    return f"{summary}, {wording.number(cell.used)} × the budget"
