"""Owns the gap between a native object and a definition, in two parts: its formula against the definition, and it against that.

It refuses to add the parts up: the first is a difference in meaning, in float64 on both sides; the second is rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.fingerprinting.forms import draws
from parity.fingerprinting.forms.draws import ExplainedDraws
from parity.fingerprinting.forms.form import Arrays, Form
from parity.fingerprinting.naming import ExplainingForm, SeenRun
from parity.fingerprinting.rules import ClosedForm
from parity.judgement import budgets
from parity.reference_impl.distributions import CUT, Claim
from parity.reference_impl.replay import retrace
from parity.reference_impl.rules import Rule

Array = npt.NDArray[Any]
SAME = {"penalty": "weight_decay"}
"""What a spec calls a hyper-parameter -> what closed forms call it."""


def of_optimizer(run: SeenRun, match: ExplainingForm, spec: Rule, published: Mapping[str, float]) -> tuple[float, float, float]:
    """Greatest relative difference of an update over all steps: the formula against the spec at the object's values, and at
    the published ones; the object against its formula."""
    values = with_absent(match.form, run.hyperparameters)
    own = {name: values.get(SAME.get(name, name), value) for name, value in published.items()}
    rate = values["learning_rate"]
    formula = _updates(match.form.rule(values), values, run)
    at_own = _updates(spec, own, run)
    faster = published["learning_rate"] / rate
    steps = [replace(step, rate=step.rate * faster) for step in run.steps]
    at_published = _updates(spec, published, SeenRun(published, steps, run.dtype))
    native = [(step.after[name].astype(np.float64) - step.before[name]) for step in run.steps for name in step.before]
    return _apart(formula, at_own), _apart(formula, at_published), _apart(native, formula)


def _updates(rule: Rule, values: Mapping[str, float], run: SeenRun) -> list[Array]:
    u = budgets.roundoff("float64")
    with np.errstate(all="ignore"):
        return [
            np.asarray(expected.update, np.float64)
            for step in retrace(rule, values, run.steps, u)
            for expected in step.values()
        ]


def with_absent(form: ClosedForm, values: Mapping[str, float]) -> dict[str, float]:
    """Values for every hyper-parameter that a form reads: what an object leaves at nothing is 0."""
    return {**dict.fromkeys(form.hyperparameters(), 0.0), **values}


def of_native(arrays: Arrays, form: Form, canonical: Form) -> tuple[float, float]:
    """Greatest relative difference: the closed form against the definition (infinite where shapes differ), and what was seen
    against the closed form."""
    shared = [name for name in form.expected if name in arrays]
    meant = [name for name in shared if name in canonical.expected]
    semantic = [_far(form.expected[name], canonical.expected[name]) for name in meant] or [float("inf")]
    return max(semantic), max(_far(np.asarray(arrays[name]), form.expected[name]) for name in shared)


QUANTILES = 2**12
"""At how many even shares two distributions are compared."""


def of_draw(explained: ExplainedDraws, claims: Mapping[str, Claim]) -> float:
    """Greatest over the shapes: the root mean square difference of the quantiles, relative to the definition's.

    A standard deviation that is off by a factor is off by as much here, since then every quantile is; so is a constant, and the
    gain of orthogonal matrices. A draw has no rounding part: chance, not a formula, gives its numbers."""
    return max(_quantiles_apart(explained, deviation, claims[shape]) for shape, deviation in explained.deviations.items())


def _quantiles_apart(explained: ExplainedDraws, deviation: float, claim: Claim) -> float:
    if "orthogonal" in (explained.distribution, claim.kind) or "identity" in (explained.distribution, claim.kind):
        return abs(deviation - claim.scale) / claim.scale if explained.distribution == claim.kind else float("inf")
    shares = (np.arange(QUANTILES) + 0.5) / QUANTILES
    native = explained.middle + deviation * explained.quantiles(shares)
    canonical = claim.scale * CLAIMED[claim.kind](shares)
    return _root(native - canonical) / max(_root(canonical), 1e-300)


def parameters_of_draw(explained: ExplainedDraws, shape: str) -> dict[str, float]:
    """What tells the distribution at this shape: the value, the gain, or the standard deviation, the bound and the mean."""
    deviation, bound = explained.deviations[shape], float("inf")
    if explained.distribution not in ("normal", "constant", "orthogonal", "identity"):
        bound = explained.middle + deviation * float(explained.quantiles(np.array(1.0)))
    known = _parameters(explained.distribution, explained.middle or deviation, deviation, bound)
    return {**known, "mean": explained.middle} if explained.middle and "value" not in known else known


def parameters_of_claim(claim: Claim) -> dict[str, float]:
    """The same of a spec's."""
    return _parameters(claim.kind, claim.scale, claim.standard_deviation, claim.edge)


def _parameters(kind: str, scale: float, deviation: float, bound: float) -> dict[str, float]:
    if kind in ("constant", "orthogonal", "identity"):
        return {"value" if kind == "constant" else "gain": scale}
    return {"standard deviation": deviation, **({"bound": bound} if np.isfinite(bound) else {})}


CLAIMED: Mapping[str, Callable[[Array], Array]] = {
    "constant": np.ones_like,
    "normal": draws.normal_quantiles,
    "uniform": lambda shares: 2 * shares - 1,
    "truncated_normal": lambda shares: draws.cut_quantiles(CUT, shares),
}
"""Kind of a claim of scale 1 -> its quantiles."""


def _root(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _apart(item: Sequence[Array], other: Sequence[Array]) -> float:
    return max(_far(a, b) for a, b in zip(item, other, strict=True))


def _far(array: Array, other: Array) -> float:
    """Relative to the greatest number of the other."""
    array, other = np.asarray(array, np.float64), np.asarray(other, np.float64)
    if array.size == other.size == 1:
        array = array.reshape(other.shape)
    if array.shape != other.shape:
        return float("inf")
    return float(np.max(np.abs(array - other), initial=0.0) / np.max(np.abs(other), initial=1e-300))


def named(forms: Iterable[Form], name: str) -> Form | None:
    """The first form of a name, with or without what a name says further."""
    return next((form for form in forms if form.name.startswith(name)), None)
