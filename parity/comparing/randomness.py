"""Owns differences in randomness: dropout of layers and functions, in training and in evaluation, and numbers drawn by hand.

Workers make every dropout keep everything, and report each draw. It refuses to judge numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from parity.comparing import judged_tensors
from parity.comparing.judged_tensors import TensorVerdict
from parity.comparing.model_structure import Structure
from parity.comparing.tensor_pairs import Side

Draw = Mapping[str, Any]
INSIDE = ("lstm", "gru", "bidirectional", "multi_head_attention")
"""Kinds of layers that have dropout as one setting among others. It is switched off, and its draws are not reported."""


def verdicts(ours: Side, theirs: Side) -> Iterator[TensorVerdict]:
    """Findings on dropout and random draws in which the two models differ."""
    yield from _in_evaluation(ours, theirs)
    rates = [_dropped(side) for side in (ours, theirs)]
    drawn = [any(entry["what"] == "draw" for entry in side.draws.get("train", ())) for side in (ours, theirs)]
    if rates[0] == rates[1] or (any(drawn) and len(rates[0]) != len(rates[1])):
        return  # a mask drawn by hand may stand for a layer; its effect on numbers is compared
    forms = {form for rate in rates for _, form in rate}
    named = " and ".join(
        f"{_listed(rate, len(forms) > 1)} in {side.structure.label}" for rate, side in zip(rates, (ours, theirs), strict=True)
    )
    said = "the rates in order are" if len(forms) < 2 else "the rates in order, and what is dropped together, are"
    yield TensorVerdict("setting", "dropout", "float64", "differs", reason=f"{said} {named}")


def _in_evaluation(ours: Side, theirs: Side) -> Iterator[TensorVerdict]:
    """Findings on dropout that stays on in evaluation, and on numbers that are drawn there."""
    for what, verb in (("dropout", "keeps dropout on in evaluation"), ("draw", "draws random numbers in evaluation")):
        both = [[entry for entry in side.draws.get("eval", ()) if entry["what"] == what] for side in (ours, theirs)]
        alike = [[(entry["form"], entry["rate"]) for entry in one_side] for one_side in both]
        if alike[0] != alike[1] and not (what == "draw" and all(both)):
            said = "; ".join(
                f"{side.structure.label} {verb}: {'; '.join(map(_said, draws))}"
                if draws
                else f"{side.structure.label} does not"
                for side, draws in sorted(zip((ours, theirs), both, strict=True), key=lambda sides: not sides[1])
            )
            yield TensorVerdict("setting", f"{what} in evaluation", "float64", "differs", reason=said)
        elif both[0]:
            places = ", ".join(dict.fromkeys(entry["where"] for entry in both[0] if entry["where"]))
            reason = f"both models {verb.replace('keeps', 'keep').replace('draws', 'draw')} ({places}): compared with it off"
            yield TensorVerdict("setting", f"{what} in evaluation", "float64", "agrees", reason=reason)


def _said(draw: Draw) -> str:
    rate = f"{draw['rate']:g} ({draw['form']})" if draw["rate"] is not None else draw["form"]
    return f"{rate} at {draw['where']}" if draw["where"] else rate


def _dropped(side: Side) -> list[tuple[float, str]]:
    """The rate and the form (what is dropped together) of every dropout of a training pass, in order."""
    settings = [(place, number) for place, number in _settings(side.structure, not side.draws)]
    own = [
        (entry["call"] - 0.5, (entry["rate"], entry["form"]))
        for entry in side.draws.get("train", ())
        if entry["what"] == "dropout"
    ]
    return [item for _, item in sorted([*settings, *own], key=lambda pair: pair[0])]


def _settings(structure: Structure, whole: bool) -> Iterator[tuple[float, tuple[float, str]]]:
    """The place, rate and form of dropout in the settings of layers. whole: include dropout layers, for a model that reports no
    draws (a spec); otherwise only layers that have dropout beside other settings."""
    for place, call in enumerate(structure.calls):
        leaf = structure.leaf(call.leaf)
        rate = leaf.settings.get("dropout", leaf.settings.get("rate", 0.0) if whole else 0.0)
        if rate and leaf.settings.get("layers", 2) > 1:
            yield float(place), (float(rate), "element")


def _listed(rates: Sequence[tuple[float, str]], forms: bool) -> str:
    return str([f"{rate:g} ({form})" for rate, form in rates] if forms else [rate for rate, _ in rates]).replace("'", "")


def mixed(sides: Sequence[Side]) -> bool:
    """Whether one model may draw its masks by hand (and divide by the share that it keeps) where another uses dropout."""
    kinds = {entry["what"] for side in sides for entry in side.draws.get("train", ())}
    return kinds == {"draw", "dropout"}


def apart(sides: Sequence[Side]) -> float:
    """The greatest distance of the other models' outputs in training from the first model's."""
    first, *others = [side.outputs("train", "float64") for side in sides]
    gaps = [
        judged_tensors.distance(array, other) if array.shape == other.shape else float("inf")
        for outputs in others
        for array, other in zip(first, outputs, strict=False)
    ]
    return max(gaps, default=0.0)


def itself(side: Side, again: Side, mode: str) -> bool:
    """Whether a model gives other numbers when it is run again on the same ones."""
    both = zip(side.outputs(mode, "float64"), again.outputs(mode, "float64"), strict=False)
    return any(array.shape != other.shape or not np.array_equal(array, other, equal_nan=True) for array, other in both)


def without(tensor_verdicts: Sequence[TensorVerdict], labels: Sequence[str], evaluation: bool) -> list[TensorVerdict]:
    """The verdicts without those that a model's own randomness decides, and a finding that says so. labels: of the random
    models; evaluation: whether evaluation is random too."""
    left = (
        []
        if evaluation
        else [
            tensor_verdict
            for tensor_verdict in tensor_verdicts
            if tensor_verdict.quantity in ("activation", "forward", "setting")
        ]
    )
    what = "evaluation and training are" if evaluation else "training is"
    reason = f"{' and '.join(labels)} differs from itself when it is run again on the same numbers, so {what} not compared"
    return [*left, TensorVerdict("setting", "chance", "float64", "mistrusted" if evaluation else "unsupported", reason=reason)]
