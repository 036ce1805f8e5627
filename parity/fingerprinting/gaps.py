"""Measures how far a native object is from a definition, in two numbers: how the formula recognised in it differs from the
definition, and how the object differs from that formula.

It refuses to add the numbers up: the first is a difference in meaning, in float64 on both sides; the second is rounding.
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
"""A spec's name of a hyper-parameter -> its name in closed forms."""


def of_optimizer(run: SeenRun, match: ExplainingForm, spec: Rule, published: Mapping[str, float]) -> tuple[float, float, float]:
    """Greatest relative differences of an update over all steps: of the formula from the spec at the object's values, of the
    formula from the spec at the published values, and of the object from its formula."""
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
    """Values for every hyper-parameter that a form reads; a hyper-parameter without a value is 0."""
    return {**dict.fromkeys(form.hyperparameters(), 0.0), **values}


def of_native(arrays: Arrays, form: Form, canonical: Form) -> tuple[float, float]:
    """The greatest relative difference, as two numbers: of the closed form from the definition (infinite if shapes differ), and
    of the object's results from the closed form."""
    shared = [name for name in form.expected if name in arrays]
    meant = [name for name in shared if name in canonical.expected]
    semantic = [_far(form.expected[name], canonical.expected[name]) for name in meant] or [float("inf")]
    return max(semantic), max(_far(np.asarray(arrays[name]), form.expected[name]) for name in shared)


QUANTILES = 2**12
"""Number of evenly spaced quantiles at which two distributions are compared."""


def of_draw(explained: ExplainedDraws, claims: Mapping[str, Claim]) -> float:
    """The greatest over the shapes of the root mean square difference of the quantiles, relative to the definition's quantiles.

    A relative error of a standard deviation gives the same number here, since every quantile has it; so does an error of a
    constant, and of the gain of orthogonal matrices. A draw has no rounding part: its numbers come from chance."""
    return max(_quantiles_apart(explained, deviation, claims[shape]) for shape, deviation in explained.deviations.items())


def _quantiles_apart(explained: ExplainedDraws, deviation: float, claim: Claim) -> float:
    if "orthogonal" in (explained.distribution, claim.kind) or "identity" in (explained.distribution, claim.kind):
        return abs(deviation - claim.scale) / claim.scale if explained.distribution == claim.kind else float("inf")
    shares = (np.arange(QUANTILES) + 0.5) / QUANTILES
    native = explained.middle + deviation * explained.quantiles(shares)
    canonical = claim.scale * CLAIMED[claim.kind](shares)
    return _root(native - canonical) / max(_root(canonical), 1e-300)


def parameters_of_draw(explained: ExplainedDraws, shape: str) -> dict[str, float]:
    """The parameters of the distribution at this shape: value, gain, or standard deviation, bound and mean."""
    deviation, bound = explained.deviations[shape], float("inf")
    if explained.distribution not in ("normal", "constant", "orthogonal", "identity"):
        bound = explained.middle + deviation * float(explained.quantiles(np.array(1.0)))
    parameters = _parameters(explained.distribution, explained.middle or deviation, deviation, bound)
    return {**parameters, "mean": explained.middle} if explained.middle and "value" not in parameters else parameters


def parameters_of_claim(claim: Claim) -> dict[str, float]:
    """The parameters of a spec's distribution."""
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
"""Kind of a claim -> its quantiles at scale 1."""


def _root(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _apart(item: Sequence[Array], other: Sequence[Array]) -> float:
    return max(_far(a, b) for a, b in zip(item, other, strict=True))


def _far(array: Array, other: Array) -> float:
    """The greatest difference, relative to the greatest number of `other`; infinite if shapes differ."""
    array, other = np.asarray(array, np.float64), np.asarray(other, np.float64)
    if array.size == other.size == 1:
        array = array.reshape(other.shape)
    if array.shape != other.shape:
        return float("inf")
    return float(np.max(np.abs(array - other), initial=0.0) / np.max(np.abs(other), initial=1e-300))


def named(forms: Iterable[Form], name: str) -> Form | None:
    """The first form whose name is this name, or begins with it."""
    return next((form for form in forms if form.name.startswith(name)), None)
