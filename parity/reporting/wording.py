"""Owns the wording of a report: the text of verdicts, errors and ratios. It refuses layout."""

from __future__ import annotations

from math import isfinite

from parity.atlas.consequences import Consequence
from parity.judgement.timing_statistics import Interval
from parity.reporting.results import Curve
from parity.reporting.speeds import SpeedCell, TimedWorkload
from parity.reporting.summary import Cell

MEANING = {
    "exact": "the same bits",
    "agrees": "within the error that rounding explains",
    "documented_difference": "a known departure of the framework's native behaviour, with cause, source and size",
    "reduced_precision": "right at float32 accuracy, though float64 was asked for",
    "unsupported": "the framework declares that it cannot do this, with a reason",
    "mistrusted": "the data could not have shown a difference",
    "nondeterministic": "two runs gave different numbers, by more than the budget",
    "nonfinite": "NaN or infinity where the reference is finite",
    "differs": "more error than rounding explains",
    "not_compared": "nothing was compared: crashed, timed out, unavailable or incomplete",
}
UNTIMED = {
    "no_quiet_samples": "other programs took the machine in every block of every process: there is no number",
    "above_peak": "the rate exceeds that of the machine's fastest product of matrices, so that the time cannot be right",
    "interrupted": "the run was ended before this was measured",
}
SHORT = {"documented_difference": "documented"}
MARK = {"exact": "✓", "agrees": "✓", "documented_difference": "≈", "unsupported": "–", "not_compared": "?"}


def mark(verdict: str) -> str:
    return MARK.get(verdict, "✗")


def number(value: float | None, digits: int = 2) -> str:
    """A number with this many significant digits, without an exponent where that is readable."""
    if value is None or not isfinite(value):
        return "–"
    if value == 0:
        return "0"
    return f"{value:.{digits}g}" if 1e-3 <= abs(value) < 1e4 else f"{value:.1e}"


def cell_text(cell: Cell) -> str:
    """The text of a matrix's cell, such as `✓ agrees 0.31`, with the share of the budget if a budget decided."""
    is_told = cell.used is not None and cell.verdict in ("agrees", "differs")
    share = f" {number(cell.used)}" if is_told else ""
    return f"{mark(cell.verdict)} {SHORT.get(cell.verdict, cell.verdict).replace('_', ' ')}{share}"


def required_quality(curve: Curve) -> str:
    """The required quality, such as `at least 0.9`. If a guess without a model meets it, the text says that it must fail."""
    bounds = [bound.split() for bound in curve.asked.split(" and ") if bound]
    reached = curve.guess is not None and all(
        curve.guess >= float(limit) if word == "least" else curve.guess <= float(limit) for _, word, limit in bounds
    )
    return f"{curve.asked} (it must fail)" if reached and bounds else curve.asked


def speed_text(cell: SpeedCell, missing: bool = False) -> str:
    """`1.31 (1.24–1.38)`, `tie: …`, `fastest`, or what kept it from a number. missing: other cells have none."""
    if cell.why:
        return cell.why.replace("_", " ")
    if cell.times is None:
        words = {"alone": "alone", "fastest": "fastest", "tie": "tie"}
        words_told = words.get(cell.standing, "1")
        return f"{words_told} of those timed" if missing and words_told == "fastest" else words_told
    if cell.ratio is None:
        return f"{cell.times:.2f} (no interval)"
    interval = f"{cell.ratio.value:.2f} ({cell.ratio.low:.2f}–{cell.ratio.high:.2f})"
    return f"tie: {interval}" if cell.standing == "tie" else interval


def interval(value: Interval | None) -> str:
    """`1.004 (0.998–1.009)`, to three digits behind the point."""
    return "" if value is None else f"{value.value:.3f} ({value.low:.3f}–{value.high:.3f})"


def control_sentence(workload: TimedWorkload) -> str:
    """What the run could see of a workload, in a sentence: its A/A pair and the floor."""
    control = workload.control
    if control is None:
        return "No cell was measured twice (A/A), so that nothing is ranked."
    name = f"{control.speed.framework} ({control.speed.mode})"
    if control.ratio is None or control.floor is None:
        return f"The A/A pair of {name} has too few quiet rounds for an interval, so that nothing is ranked."
    ratio_text = f"{control.ratio.value:.3f} ({control.ratio.low:.3f}–{control.ratio.high:.3f})"
    return f"{name} measured twice (A/A): {ratio_text}; a ratio below {control.floor:.2f} could not be seen."


def utilization(value: float | None) -> str:
    """A utilization: `22 %`."""
    return "–" if value is None else f"{100 * value:.0f} %" if value >= 0.01 else f"{100 * value:.2g} %"


def mebibytes(value: float) -> str:
    return f"{value / 2**20:,.0f}" if isfinite(value) else "–"


def share(value: float) -> str:
    """A size of a consequence: a percentage, a power of ten where it is small, a word where one of two is no number."""
    if not isfinite(value):
        return "a number against none"
    percent = f"{100 * value:.0f}" if value >= 0.1 else f"{100 * value:.2g}"
    return f"{percent} %" if value >= 1e-4 else f"{value:.0e}"


def consequence(unheeded: Consequence) -> str:
    """`silent and large, 90 %: one forward pass in training`."""
    words = {"silent_large": "silent and large", "silent_small": "silent and small", "visible": "shows itself"}
    kind_text = words.get(unheeded.kind, unheeded.kind.replace("_", " "))
    size = f", {share(unheeded.size)}" if unheeded.size else ""
    return f"{kind_text}{size}: {unheeded.how}{'' if unheeded.ordinary else ', for an input that ordinary data do not have'}"


def milliseconds(nanoseconds: float) -> str:
    return number(nanoseconds / 1e6, 3)
