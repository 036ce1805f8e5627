"""Owns the judgement of a curvature case: gradients, Hessian-vector products, and the steps and the end of Newton's method.

It refuses to know a framework, and to solve as Newton's method did: what a step should be comes of a Hessian written out; only
the shadows, which say what rounding may do, go the same way, in the tested precision. Quantities: loss, gradient,
hessian_vector_product, unchanged, newton_step (each from where the framework stood), minimum (where its last step ended).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution import newton
from parity.execution.names import AFTER, GRADIENT, LOSS, NEWTON, PARAMETER, PRODUCT, STEP, array_name
from parity.judgement import blind_spots, budgets, precision
from parity.judgement.agreement import settled
from parity.judgement.comparison import Comparison, Finding, judge_bits, named
from parity.judgement.comparison import judge as judge_tensor
from parity.judgement.references import References, moved
from parity.reference_impl import curvature
from parity.reference_impl.observation import observe
from parity.spec.cases import Case
from parity.spec.graph import Graph

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class CurvatureInputs:
    """What a case is about: where its parameters start, the directions of its products, and the reference of its one batch."""

    case: Case
    initial: Arrays
    directions: tuple[Arrays, ...]
    known: References

    @property
    def graph(self) -> Graph:
        return self.known.graph

    def at(self, parameters: Arrays) -> dict[str, Array]:
        """All values, with the parameters somewhere else."""
        return {**self.known.values, **parameters}


def judge(given: CurvatureInputs) -> Callable[[Arrays], list[Comparison]]:
    """The judgement as a function of a record's arrays: beside some shadows, and where not all is green, beside more."""

    def comparisons(arrays: Arrays, known: References) -> list[Comparison]:
        if not arrays:
            return [named(given.case, "gradient", "", Finding("not_compared", reason="the record holds no arrays"))]
        return precision.reduced(_all(replace(given, known=known), arrays))

    return settled(given.known, comparisons)


def _all(given: CurvatureInputs, arrays: Arrays) -> list[Comparison]:
    return [*_gradients(given, arrays), *_products(given, arrays), *_steps(given, arrays)]


def _gradients(given: CurvatureInputs, arrays: Arrays) -> Iterator[Comparison]:
    """Loss and gradient where the parameters start, and that asking for products has changed nothing."""
    case, one, u = given.case, given.known.training, given.known.u
    zeros = blind_spots.cancelled(given.graph, given.known.values, one)
    loss, beside = one.loss()
    if loss is not None:
        yield named(case, "loss", "loss", judge_tensor(arrays.get(LOSS), loss, beside, u))
    for name in one.names("gradients"):
        reference, beside = one.array("gradients", name), one.beside("gradients", name)
        finding = judge_tensor(arrays.get(array_name(GRADIENT, name)), reference, beside, u, zeros.get(name, ""))
        yield named(case, "gradient", name, finding)
    for name, array in given.initial.items():
        yield named(case, "unchanged", name, judge_bits(arrays.get(array_name(AFTER, name)), array))


def _products(given: CurvatureInputs, arrays: Arrays) -> Iterator[Comparison]:
    """H·v where the parameters start. What has no slope, whatever the parameters are, has no curvature either."""
    values, u = given.known.values, given.known.u
    zeros = blind_spots.cancelled(given.graph, values, given.known.training)
    for number, direction in enumerate(given.directions):
        reference = curvature.product(given.graph, values, direction)
        around = [_product(given, values, direction, seed) for seed in range(given.known.shadows)]
        for name, array in reference.items():
            spread = budgets.spread(array, [shadow[name] for shadow in around])
            finding = judge_tensor(arrays.get(array_name(PRODUCT, number, name)), array, spread, u, zeros.get(name, ""))
            yield named(given.case, "hessian_vector_product", f"{name} direction {number}", finding)


def _product(given: CurvatureInputs, values: Arrays, direction: Arrays, seed: int) -> Arrays:
    """A shadow of H·v."""
    dtype = given.case.dtype
    if seed % 2:
        values, direction = moved(values, dtype, seed), moved(direction, dtype, seed)
    return curvature.product(given.graph, values, direction, dtype, seed)


def _steps(given: CurvatureInputs, arrays: Arrays) -> Iterator[Comparison]:
    """Each step that can tell, and where the last one ended."""
    before = given.initial
    for step in range(given.case.steps):
        findings = _step(given, arrays, before, step)
        if findings is None:
            if step == 0:
                reason = "rounding moves the first step of Newton's method by more than a tenth of it"
                yield named(given.case, "newton_step", "", Finding("mistrusted", reason=reason))
            break
        for name, finding in findings.items():
            yield named(given.case, "newton_step", f"{name} step {step}", finding)
        after = {name: arrays.get(array_name(NEWTON, step, PARAMETER, name)) for name in given.initial}
        before = {
            name: array for name, array in after.items() if array is not None and array.shape == given.initial[name].shape
        }
        if len(before) < len(given.initial) or not all(np.isfinite(array).all() for array in before.values()):
            break
    if given.case.steps:
        yield from _minimum(given, arrays)


def _step(given: CurvatureInputs, arrays: Arrays, before: Arrays, step: int) -> dict[str, Finding] | None:
    """One step from where the framework stood; None where rounding hides it."""
    values = given.at(before)
    reference = curvature.newton_step(given.graph, values)
    around = [_solved(given, values, seed) for seed in range(given.known.shadows)]
    found = {}
    for name, array in reference.items():
        spread = budgets.spread(array, [shadow[name] for shadow in around])
        if not (budgets.shadowed(array, spread, given.known.u).maximum < budgets.CURVATURE_SHARE * budgets.greatest(array)):
            return None
        found[name] = judge_tensor(arrays.get(array_name(NEWTON, step, STEP, name)), array, spread, given.known.u)
    return found


def _solved(given: CurvatureInputs, values: Arrays, seed: int) -> Arrays:
    """A shadow of a step: Newton's method on the reference's gradient and products, in the tested precision."""
    dtype = given.case.dtype
    values = moved(values, dtype, seed) if seed % 2 else values
    first, gradients = (observe(given.graph, at, dtype, seed).gradients for at in (given.at({}), values))
    return newton.step(lambda v: curvature.product(given.graph, values, v, dtype, seed), gradients, first)


def _minimum(given: CurvatureInputs, arrays: Arrays) -> Iterator[Comparison]:
    """The parameters behind the last step, against the minimum of the loss."""
    reference = curvature.minimum(given.graph, given.at({}))
    around = [_ended(given, seed) for seed in range(given.known.shadows)]
    for name, array in reference.items():
        spread = budgets.spread(array, [shadow[name] for shadow in around])
        got = arrays.get(array_name(NEWTON, given.case.steps - 1, PARAMETER, name))
        finding = judge_tensor(got, array, spread, given.known.u)
        hidden = budgets.CURVATURE_SHARE * budgets.greatest(array - given.initial[name])
        if not (budgets.shadowed(array, spread, given.known.u).maximum < hidden):
            finding = Finding("mistrusted", reason="rounding hides a tenth of the way to the minimum")
        yield named(given.case, "minimum", name, finding)


def _ended(given: CurvatureInputs, seed: int) -> Arrays:
    """A shadow of the end: as many steps as the framework took."""
    held = {name: array.astype(given.case.dtype) for name, array in given.initial.items()}
    for _ in range(given.case.steps):
        held |= {name: held[name] - move for name, move in _solved(given, given.at(held), seed).items()}
    return held
