"""Owns results as GitHub shows them: annotations as commands of its log, and the summary of a step, within its limits.

Limits: docs.github.com, "Workflow commands" and "Usage limits": 10 annotations of each kind a step, 1 MiB of summary a step.
It refuses to write: the verbs do.
"""

from __future__ import annotations

from collections.abc import Sequence

from parity import escaping
from parity.documents import tables
from parity.documents.junit import sentence
from parity.documents.results import CaseResult, Checked, Result
from parity.judgement.verdicts import INCOMPLETE, PASSING
from parity.reporting.wording import mark

MOST_ANNOTATIONS = 10
MOST_BYTES = 1024 * 1024
LONGEST_TITLE, LONGEST_MESSAGE = 200, 2_000


def annotated(checked: Checked) -> list[str]:
    """Lines of `::error …::`, `::warning …::`, `::notice …::`: at most ten of each kind, the last of which counts the rest."""
    kinds: dict[str, list[tuple[str, str]]] = {"error": [], "warning": [], "notice": []}
    groups = _groups(checked.results)
    for case in checked.cases:
        kind = _kind(case.verdict)
        if kind:
            kinds[kind].append((f"parity: {case.framework} {case.verdict.replace('_', ' ')}", _message(case, groups)))
    lines = []
    for kind, results in kinds.items():
        shown = results if len(results) <= MOST_ANNOTATIONS else results[: MOST_ANNOTATIONS - 1]
        lines += [command(kind, title, message) for title, message in shown]
        if left := len(results) - len(shown):
            lines.append(command(kind, "parity", f"and {left} more: the summary of this step has them"))
    return lines


def command(kind: str, title: str, message: str) -> str:
    """One command of the log; what the log would take for its end or for another command is written by its number."""
    return f"::{kind} title={_property(title[:LONGEST_TITLE])}::{_data(message[:LONGEST_MESSAGE])}"


def summary(checked: Checked, most: int = MOST_BYTES) -> str:
    """Markdown of at most so many bytes: counts, then what does not pass, then everything as a table."""
    head = [f"### parity {escaping.markdown(checked.verb)}: {escaping.markdown(checked.verdict.replace('_', ' '))}", ""]
    head += [escaping.markdown(f"{len(checked.cases)} cases × frameworks on {checked.machine.processor or 'this machine'}"), ""]
    counts = sorted(checked.summary.case_verdicts.items())
    head.append(
        tables.markdown(
            tables.DataTable(("verdict", "cases"), tuple((f"{mark(name)} {name}", count) for name, count in counts))
        )
    )
    if checked.command:
        head += ["", f"`{escaping.markdown_code(checked.command)}`"]
    rows = _rows(checked)
    if rows:
        head += ["", "| verdict | framework | case | what | again |", "| --- | --- | --- | --- | --- |"]
    text = "\n".join(head) + "\n"
    for number, row in enumerate(rows):
        left = f"\n{len(rows) - number} more rows do not fit in GitHub's summary; `--json FILE` has them.\n"
        if len((text + row + "\n" + left).encode()) > most:
            return text + left
        text += row + "\n"
    return text


def _rows(checked: Checked) -> list[str]:
    """A row a case that is not simply green, failures first."""
    groups = _groups(checked.results)
    order = {"error": 0, "warning": 1, "notice": 2}
    cases = sorted((case for case in checked.cases if _kind(case.verdict)), key=lambda case: order[_kind(case.verdict)])
    made = []
    for case in cases:
        again = f"`{escaping.markdown_code(case.again)}`" if case.again else ""
        what = _message(case, groups).removeprefix(f"{case.case}\n")
        cells = (f"{mark(case.verdict)} {case.verdict}", case.framework, case.case, what[:300])
        made.append(f"| {' | '.join(map(escaping.markdown, cells))} | {again} |")
    return made


def _kind(verdict: str) -> str:
    """`error` for a difference, `warning` where nothing was compared, `notice` for what is documented; else nothing."""
    if verdict in PASSING:
        return "notice" if verdict == "documented_difference" else ""
    return "warning" if verdict in INCOMPLETE else "error"


def _message(case: CaseResult, groups: dict[tuple[str, str], list[Result]]) -> str:
    bad = [result for result in groups.get((case.case, case.framework), ()) if result.verdict == case.verdict]
    reason = case.reason.partition("\n")[0]
    sentences = [sentence(result) for result in bad[:3]]
    if reason and not any(reason in line for line in sentences):
        sentences.insert(0, reason)
    return "\n".join([case.case, *sentences])


def _groups(results: Sequence[Result]) -> dict[tuple[str, str], list[Result]]:
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.case, result.framework), []).append(result)
    return groups


def _data(text: str) -> str:
    """As @actions/core escapes what a command says."""
    lines = "\n".join(escaping.visible(line) for line in text.splitlines())
    return lines.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """As @actions/core escapes a property of a command."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
