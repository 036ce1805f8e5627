"""Owns the judgement of greedy decoding: each token that a framework chose must be the likeliest after the tokens before it.

It refuses to compare two decodings token by token. Where two logits lie within rounding of each other, either token may be
chosen, and all later tokens depend on the choice. So the reference is fed the framework's tokens, and tells how far the logit
of each token falls short of the greatest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import DECODED
from parity.judgement.comparison import Comparison, Finding, named, place
from parity.judgement.references import References, one_pass
from parity.spec.cases import Case

Array = npt.NDArray[Any]
QUANTITY = "decoding"


def judge_decoding(case: Case, arrays: Mapping[str, Array], references: References) -> list[Comparison]:
    """One comparison: the greatest amount by which the logit of a chosen token falls short,
    against twice the budget of the logits."""
    decoding = references.graph.decoding
    if decoding is None or case.size != "small":
        return []
    return [named(case, QUANTITY, str(decoding["from"]), _finding(arrays.get(DECODED), references, decoding))]


def _finding(chosen: Array | None, references: References, decoding: Mapping[str, Any]) -> Finding:
    feed = references.values[decoding["feed"]]
    if chosen is None or chosen.shape != (len(feed), decoding["steps"]) or chosen.dtype.kind not in "iu":
        return Finding("differs", reason="missing, or no whole numbers of shape (batch, steps)")
    words = references.graph.value_shapes()[decoding["from"]][-1]
    if chosen.min() < 0 or chosen.max() >= words:
        return Finding("differs", reason=f"a token outside of 0 … {words - 1}")
    values = {**references.values, decoding["feed"]: _fed(chosen, feed, decoding)}
    pass_ = one_pass(references.graph, values, references.dtype, training=False, shadows=references.shadows)
    logits = pass_.array("values", decoding["from"])[:, : decoding["steps"]]
    ended = np.cumsum(chosen == decoding["end"], axis=1) - (chosen == decoding["end"]) > 0  # positions after an end token
    if np.any(chosen[ended] != decoding["end"]):
        return Finding("differs", reason="something follows an end")
    short = logits.max(axis=-1) - np.take_along_axis(logits, chosen[..., None].astype(np.int64), axis=-1)[..., 0]
    short = np.where(ended, 0.0, short)
    budget = 2 * pass_.budget("values", decoding["from"], references.u).maximum
    worst, where = float(short.max()), place(np.unravel_index(int(short.argmax()), short.shape))
    return Finding("agrees" if worst <= budget else "differs", worst, budget, where)


def _fed(chosen: Array, feed: Array, decoding: Mapping[str, Any]) -> Array:
    """The input of the last pass: `begin`, followed by the chosen tokens."""
    fed = np.zeros_like(feed)
    fed[:, 0] = decoding["begin"]
    count = min(fed.shape[1] - 1, chosen.shape[1])
    fed[:, 1 : count + 1] = chosen[:, :count]
    return fed
