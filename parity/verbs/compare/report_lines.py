"""Owns the lines that a comparison of the user's own models prints: the verdict and its causes first, then notes, then counts.

It refuses to repeat itself: a reason takes one line, for both precisions and for any number of tensors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from parity.comparing.departures import Departure
from parity.comparing.judged_tensors import TensorVerdict
from parity.judgement.verdicts import PASSING

NAMED = 3
"""Tensors that are named where many have the same reason."""
ARRAYS = 12
"""Weights of a model's own that are named where many became the same."""
SETTING, WEIGHT = "setting", "weight"


def lines(
    heading: str,
    departure: Departure | None,
    tensor_verdicts: Sequence[TensorVerdict],
    notes: Sequence[str],
    further: Sequence[Departure] = (),
) -> Iterator[str]:
    """All lines. heading: the two models and the verdict; further: departures behind the first with causes of their own."""
    yield heading
    if departure is not None:
        yield from _departure(departure)
    for here in further:
        yield f"departs further at {here.title}{f' ~ {here.match}' if here.match else ''}: {here.quantity}, of itself"
        yield from (f"    cause: {cause}" for cause in here.causes)
    yield from _reasons([tensor_verdict for tensor_verdict in tensor_verdicts if tensor_verdict.quantity == SETTING])
    yield from (f"    note: {note}" for note in notes)
    yield from _reasons([tensor_verdict for tensor_verdict in tensor_verdicts if tensor_verdict.quantity == WEIGHT], ARRAYS)
    yield from _reasons(
        [tensor_verdict for tensor_verdict in tensor_verdicts if tensor_verdict.quantity not in (SETTING, WEIGHT)]
    )
    yield from _counts(tensor_verdicts)


def _departure(departure: Departure) -> Iterator[str]:
    what = "before it, between layers: it adds nothing itself" if departure.between else departure.quantity
    if departure.gap is not None and departure.gap.last:
        what = "every layer that both have agrees, so it is what comes after them"
    yield f"departs first at {departure.title}{f' ~ {departure.match}' if departure.match else ''}: {what}"
    if departure.added is not None and departure.inherited is not None:
        yield f"    error {departure.error:.2g}: inherited {departure.inherited:.2g}, added {departure.added:.2g}"
    else:
        yield f"    error {departure.error:.2g}"
    for cause in departure.causes or ("none of the causes that parity can test explains it",):
        yield f"    cause: {cause}"


def _reasons(tensor_verdicts: Sequence[TensorVerdict], named: int = NAMED) -> Iterator[str]:
    """A line for each reason, with the tensors that have it."""
    groups: dict[str, list[str]] = {}
    for tensor_verdict in tensor_verdicts:
        if tensor_verdict.reason:
            names = groups.setdefault(tensor_verdict.reason, [])
            names += [] if tensor_verdict.tensor in names else [tensor_verdict.tensor]
    for reason, names in groups.items():
        more = f" and {len(names) - named} more" if len(names) > named else ""
        yield f"    {', '.join(names[:named])}{more}: {reason}"


def _counts(tensor_verdicts: Sequence[TensorVerdict]) -> Iterator[str]:
    """A line for each quantity, with both precisions, and the worst tensor if something does not pass."""
    groups: dict[str, dict[str, list[TensorVerdict]]] = {}
    for tensor_verdict in tensor_verdicts:
        groups.setdefault(tensor_verdict.quantity, {}).setdefault(tensor_verdict.dtype, []).append(tensor_verdict)
    for quantity, precisions in groups.items():
        counts = [f"{dtype} {_counted(group)}" for dtype, group in precisions.items()]
        yield f"    {quantity}: {'; '.join(counts)}"


def _counted(group: Sequence[TensorVerdict]) -> str:
    counts = Counter(tensor_verdict.verdict for tensor_verdict in group)
    counts_text = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    top = max(group, key=_share)
    if top.error is None or top.budget is None or not counts.keys() - PASSING:
        return counts_text
    return f"{counts_text} (most: {top.tensor}, error {top.error:.2g}, budget {top.budget:.2g})"


def _share(tensor_verdict: TensorVerdict) -> float:
    return tensor_verdict.error / tensor_verdict.budget if tensor_verdict.error is not None and tensor_verdict.budget else 0.0
