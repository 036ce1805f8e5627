"""Owns the judgement of what a timed process answers behind the clock: the arrays of the check, without steps, once more.

It refuses to judge an update there: the optimizer's state is of thousands of steps. What `step` computes shows in its loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import FORWARD, LOSS, TIMED, array_name, lies_under
from parity.judgement import agreement
from parity.judgement.comparison import Comparison, Finding, judge, named
from parity.spec.cases import Case

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]


def judge_behind(
    case: Case, draws: agreement.DrawnArrays, references: agreement.References, *, dropping: bool
) -> Callable[[Arrays], list[Comparison]]:
    """The judgement as a function of a record's arrays. case: of the check, with its steps. dropping: the timed graph drops
    units of its own, so that only evaluation mode has a reference."""
    alone = replace(case, steps=0, activations=False)
    if dropping:
        forward = agreement.judge_forward(alone, draws, references)
        return lambda arrays: forward({name: array for name, array in arrays.items() if lies_under(name, FORWARD)})
    whole = agreement.judge(alone, None, draws, references)

    def judged(arrays: Arrays) -> list[Comparison]:
        return [*whole(arrays), *_stepped(alone, references, arrays)]

    return judged


def _stepped(case: Case, references: agreement.References, arrays: Arrays) -> list[Comparison]:
    """The loss that `step` gave. Of several phases it is the last one's, which follows the first's update: must be finite."""
    got = arrays.get(array_name(TIMED, LOSS))
    reference, beside = references.training.loss()
    if reference is None:
        return []
    if len(references.graph.phases) == 1:
        return [named(case, "loss", "step", judge(got, reference, beside, references.u))]
    verdict = "agrees" if got is not None and np.isfinite(got) else "nonfinite"
    return [named(case, "loss", "step", Finding(verdict, reason="of the last phase: only whether it is finite is asked"))]
