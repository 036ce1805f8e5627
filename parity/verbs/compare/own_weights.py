"""Owns a comparison of models that keep their own weights: which arrays are not the same, and what of it the outputs show.

It refuses to blame the code: what drawn weights say of it is told beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from parity.comparing import departures, judged_tensors, layer_mapping, notes, tensor_pairs, weight_differences
from parity.comparing.departures import Departure
from parity.comparing.judged_tensors import TensorVerdict
from parity.judgement.verdicts import PASSING
from parity.verbs.compare.model_runs import ObservedModels
from parity.verbs.compare.pair_judgement import judged
from parity.verbs.compare.printing import ComparedPair

Array = npt.NDArray[Any]
OWN = "own"
NAMED = 4
"""Arrays that the cause names; the others have lines of their own."""


def compared(run: ObservedModels, drawn: ComparedPair) -> ComparedPair:
    """The two models of a comparison with their own weights. run: with drawn weights; drawn: what these say."""
    other, labels = drawn.other, (drawn.base.label, drawn.other.label)
    arrays = weight_differences.rows(run.mapped, run.initial, labels)
    run = run.alone(other, weight_differences.aligned(run.mapped, run.initial, labels))
    (ours, theirs), inputs = run.observed(0)
    wrong = [tensor_verdict for tensor_verdict in arrays if tensor_verdict.verdict not in PASSING]
    sentences = f"{labels[0]} and {labels[1]} ran with their own weights: {_count(arrays, wrong)}", _of_code(drawn)
    if not wrong:
        pair = judged(run, other, ours, theirs, inputs)
        return replace(pair, found=[*arrays, *pair.found], notes=(*sentences, *pair.notes), weights=OWN)
    calls = layer_mapping.calls(ours.structure, theirs.structure, run.mapped)
    dtypes = [dtype for dtype in ("float64", "float32") if not any(dtype in run.lacking[label] for label in labels)]
    verdicts = [
        tensor_verdict
        for pairs in tensor_pairs.passes(ours, theirs, run.mapped, calls)
        for tensor_verdict in judged_tensors.judged(pairs)
        if tensor_verdict.dtype in dtypes
    ]
    departure = departures.first(ours, theirs, calls, "eval", run.means(inputs))
    said = notes.of(ours.structure, theirs.structure, run.mapped, run.initial, own=True)
    first = replace(departure, causes=_causes(departure, wrong, drawn)) if departure is not None else None
    behind = [departure for departure in (drawn.departure, *drawn.further) if departure is not None]
    return ComparedPair(run.models[0], other, [*arrays, *verdicts], first, (*sentences, *said), tuple(behind), OWN)


def _causes(departure: Departure, wrong: Sequence[TensorVerdict], drawn: ComparedPair) -> tuple[str, ...]:
    """The arrays of the layer that departs first, or all that differ."""
    layer = departure.title.partition(" (")[0]
    here = [tensor_verdict for tensor_verdict in wrong if tensor_verdict.tensor.startswith(f"{layer} ")] or list(wrong)
    tested = " (tested: with the same weights in both the models agree)" if drawn.verdict in PASSING else ""
    more = [f"and {len(here) - NAMED} further arrays, named below"] if len(here) > NAMED else []
    return (*(f"weights: {tensor_verdict.tensor}: {tensor_verdict.reason}{tested}" for tensor_verdict in here[:NAMED]), *more)


def _count(arrays: Sequence[TensorVerdict], wrong: Sequence[TensorVerdict]) -> str:
    if wrong:
        summary = f"{len(wrong)} of {len(arrays)} arrays are not the same"
        fresh = all(tensor_verdict.reason.startswith("another value") for tensor_verdict in wrong)
        return (
            f"{summary}; a model that was neither loaded (--checkpoint) nor given a seed draws new ones whenever it is built"
            if fresh
            else summary
        )
    rounded = " but for float32's rounding" if any(tensor_verdict.error for tensor_verdict in arrays) else ""
    return f"all {len(arrays)} arrays are the same{rounded}"


def _of_code(drawn: ComparedPair) -> str:
    """What drawn weights say."""
    if drawn.verdict in PASSING:
        return "with the same drawn weights in both they agree: what the models compute is the same"
    place = drawn.departure.title if drawn.departure is not None else "a setting or a count, named without `--weights own`"
    return f"with the same drawn weights in both they give {drawn.verdict} too, first at {place}"
