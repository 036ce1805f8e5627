"""Owns results as JUnit: what differs is a failure, what could not be compared an error, what a framework lacks is skipped.

A documented difference passes, and says so. It refuses to judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from parity import escaping
from parity.documents.results import CaseResult, Checked, Result
from parity.judgement.verdicts import INCOMPLETE, PASSING

MOST_TOLD = 10


def junit(checked: Checked) -> str:
    """One test case a case and framework, with its seconds and its properties."""
    suite = ElementTree.Element("testsuite", name="parity", tests=str(len(checked.cases)))
    machine = checked.machine
    about = {
        "parity": checked.parity,
        "command": checked.command,
        "processor": machine.processor,
        "system": machine.system,
        "python": machine.python,
        "numpy": machine.numpy,
    }
    _properties(suite, [*about.items(), *(("forward only", name) for name in checked.summary.forward_only)])
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in checked.results:
        groups.setdefault((result.case, result.framework), []).append(result)
    counts = {"failures": 0, "errors": 0, "skipped": 0}
    for case in checked.cases:
        counts = _counted(counts, _case(suite, case, groups.get((case.case, case.framework), [])))
    for name, count in counts.items():
        suite.set(name, str(count))
    suite.set("time", f"{sum(case.seconds or 0.0 for case in checked.cases):.3f}")
    return ElementTree.tostring(suite, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, case: CaseResult, results: Sequence[Result]) -> str:
    """Adds a test case; gives the count that it belongs to, or nothing."""
    item = ElementTree.SubElement(
        suite,
        "testcase",
        classname=escaping.junit(case.framework),
        name=escaping.junit(case.case),
        time=f"{case.seconds or 0.0:.3f}",
    )
    share = "" if case.share is None else f"{case.share:.4g}"
    properties = {"verdict": case.verdict, "outcome": case.outcome, "mode": case.mode, "share of the budget": share}
    properties |= {"seed": "" if case.seed is None else str(case.seed), "versions": _version(results), "again": case.again}
    _properties(item, list(properties.items()))
    bad = [sentence(result) for result in results if result.verdict == case.verdict][:MOST_TOLD]
    if case.verdict == "unsupported":
        ElementTree.SubElement(item, "skipped", message=escaping.junit(case.reason))
        return "skipped"
    if case.verdict == "documented_difference":
        ElementTree.SubElement(item, "system-out").text = escaping.junit("\n".join(["a documented difference:", *bad]))
    if case.verdict in PASSING:
        return ""
    tag, kind = ("error", case.outcome) if case.verdict in INCOMPLETE else ("failure", case.verdict)
    message = case.reason.partition("\n")[0] or case.verdict
    element = ElementTree.SubElement(item, tag, type=kind, message=escaping.junit(f"{case.verdict}: {message}"))
    element.text = escaping.junit("\n".join([*bad, *([f"again: {case.again}"] if case.again else [])]))
    return f"{tag}s"


def sentence(result: Result) -> str:
    """`gradient conv1.kernel: error 3.1e-05, budget 2.0e-06 at [0, 3]: differs`."""
    numbers = "" if result.error is None or result.budget is None else f": error {result.error:.2g}, budget {result.budget:.2g}"
    place = f" at {result.where}" if result.where else ""
    reason = result.reason.partition("\n")[0]
    return f"{result.quantity} {result.tensor}{numbers}{place}: {result.verdict}{f' ({reason})' if reason else ''}"


def _version(results: Sequence[Result]) -> str:
    return next((f"{result.framework} {result.framework_version}" for result in results if result.framework_version), "")


def _properties(parent: ElementTree.Element, pairs: Sequence[tuple[str, str]]) -> None:
    """Those that are not empty."""
    if kept := [(name, value) for name, value in pairs if value]:
        element = ElementTree.SubElement(parent, "properties")
        for name, value in kept:
            ElementTree.SubElement(element, "property", name=name, value=escaping.junit(value))


def _counted(counts: Mapping[str, int], name: str) -> dict[str, int]:
    return {key: count + (key == name) for key, count in counts.items()}
