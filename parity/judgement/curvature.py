"""Owns the judgement of a curvature case: gradients, Hessian-vector products, and the steps and the end of Newton's method.

It refuses to know a framework, and to solve as Newton's method did: the reference of a step comes from a Hessian that
is written out in full. Only the shadows, which show what rounding may do, go the framework's way, in the tested
precision. Quantities: loss, gradient, hessian_vector_product, unchanged, newton_step (each from where the framework
stood), minimum (where its last step ended).
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
    """The inputs of a case: where its parameters start, the directions of its products, and the reference of its one batch."""

    case: Case
    initial: Arrays
    directions: tuple[Arrays, ...]
    known: References

    @property
    def graph(self) -> Graph:
        return self.known.graph

    def at(self, parameters: Arrays) -> dict[str, Array]:
        """All values, with these parameters instead of the initial ones."""
        return {**self.known.values, **parameters}


def judge(inputs: CurvatureInputs) -> Callable[[Arrays], list[Comparison]]:
    """The judgement, as a function of a record's arrays. It takes few shadows first, and
    more while a comparison is not green."""

    def comparisons(arrays: Arrays, references: References) -> list[Comparison]:
        if not arrays:
            return [named(inputs.case, "gradient", "", Finding("not_compared", reason="the record holds no arrays"))]
        return precision.reduced(_all(replace(inputs, known=references), arrays))

    return settled(inputs.known, comparisons)


def _all(inputs: CurvatureInputs, arrays: Arrays) -> list[Comparison]:
    return [*_gradients(inputs, arrays), *_products(inputs, arrays), *_steps(inputs, arrays)]


def _gradients(inputs: CurvatureInputs, arrays: Arrays) -> Iterator[Comparison]:
    """Loss and gradient at the initial parameters; and that the computation of products has left the parameters unchanged."""
    case, pass_, u = inputs.case, inputs.known.training, inputs.known.u
    zeros = blind_spots.cancelled(inputs.graph, inputs.known.values, pass_)
    loss, beside = pass_.loss()
    if loss is not None:
        yield named(case, "loss", "loss", judge_tensor(arrays.get(LOSS), loss, beside, u))
    for name in pass_.names("gradients"):
        reference, beside = pass_.array("gradients", name), pass_.beside("gradients", name)
        finding = judge_tensor(arrays.get(array_name(GRADIENT, name)), reference, beside, u, zeros.get(name, ""))
        yield named(case, "gradient", name, finding)
    for name, array in inputs.initial.items():
        yield named(case, "unchanged", name, judge_bits(arrays.get(array_name(AFTER, name)), array))


def _products(inputs: CurvatureInputs, arrays: Arrays) -> Iterator[Comparison]:
    """H·v at the initial parameters. A parameter whose gradient is zero for all parameter values has a product of zero too."""
    values, u = inputs.known.values, inputs.known.u
    zeros = blind_spots.cancelled(inputs.graph, values, inputs.known.training)
    for number, direction in enumerate(inputs.directions):
        reference = curvature.product(inputs.graph, values, direction)
        around = [_product(inputs, values, direction, seed) for seed in range(inputs.known.shadows)]
        for name, array in reference.items():
            spread = budgets.spread(array, [shadow[name] for shadow in around])
            finding = judge_tensor(arrays.get(array_name(PRODUCT, number, name)), array, spread, u, zeros.get(name, ""))
            yield named(inputs.case, "hessian_vector_product", f"{name} direction {number}", finding)


def _product(inputs: CurvatureInputs, values: Arrays, direction: Arrays, seed: int) -> Arrays:
    """A shadow of H·v."""
    dtype = inputs.case.dtype
    if seed % 2:
        values, direction = moved(values, dtype, seed), moved(direction, dtype, seed)
    return curvature.product(inputs.graph, values, direction, dtype, seed)


def _steps(inputs: CurvatureInputs, arrays: Arrays) -> Iterator[Comparison]:
    """Each step of Newton's method that rounding does not hide, and where the last step ended."""
    before = inputs.initial
    for step in range(inputs.case.steps):
        findings = _step(inputs, arrays, before, step)
        if findings is None:
            if step == 0:
                reason = "rounding moves the first step of Newton's method by more than a tenth of it"
                yield named(inputs.case, "newton_step", "", Finding("mistrusted", reason=reason))
            break
        for name, finding in findings.items():
            yield named(inputs.case, "newton_step", f"{name} step {step}", finding)
        after = {name: arrays.get(array_name(NEWTON, step, PARAMETER, name)) for name in inputs.initial}
        before = {
            name: array for name, array in after.items() if array is not None and array.shape == inputs.initial[name].shape
        }
        if len(before) < len(inputs.initial) or not all(np.isfinite(array).all() for array in before.values()):
            break
    if inputs.case.steps:
        yield from _minimum(inputs, arrays)


def _step(inputs: CurvatureInputs, arrays: Arrays, before: Arrays, step: int) -> dict[str, Finding] | None:
    """One step from where the framework stood; None if rounding hides it."""
    values = inputs.at(before)
    reference = curvature.newton_step(inputs.graph, values)
    around = [_solved(inputs, values, seed) for seed in range(inputs.known.shadows)]
    findings = {}
    for name, array in reference.items():
        spread = budgets.spread(array, [shadow[name] for shadow in around])
        if not (budgets.shadowed(array, spread, inputs.known.u).maximum < budgets.CURVATURE_SHARE * budgets.greatest(array)):
            return None
        findings[name] = judge_tensor(arrays.get(array_name(NEWTON, step, STEP, name)), array, spread, inputs.known.u)
    return findings


def _solved(inputs: CurvatureInputs, values: Arrays, seed: int) -> Arrays:
    """A shadow of a step: Newton's method on the reference's gradient and products, in the tested precision."""
    dtype = inputs.case.dtype
    values = moved(values, dtype, seed) if seed % 2 else values
    first, gradients = (observe(inputs.graph, at, dtype, seed).gradients for at in (inputs.at({}), values))
    return newton.step(lambda v: curvature.product(inputs.graph, values, v, dtype, seed), gradients, first)


def _minimum(inputs: CurvatureInputs, arrays: Arrays) -> Iterator[Comparison]:
    """The parameters after the last step, against the minimum of the loss."""
    reference = curvature.minimum(inputs.graph, inputs.at({}))
    around = [_ended(inputs, seed) for seed in range(inputs.known.shadows)]
    for name, array in reference.items():
        spread = budgets.spread(array, [shadow[name] for shadow in around])
        got = arrays.get(array_name(NEWTON, inputs.case.steps - 1, PARAMETER, name))
        finding = judge_tensor(got, array, spread, inputs.known.u)
        hidden = budgets.CURVATURE_SHARE * budgets.greatest(array - inputs.initial[name])
        if not (budgets.shadowed(array, spread, inputs.known.u).maximum < hidden):
            finding = Finding("mistrusted", reason="rounding hides a tenth of the way to the minimum")
        yield named(inputs.case, "minimum", name, finding)


def _ended(inputs: CurvatureInputs, seed: int) -> Arrays:
    """A shadow of the end: as many steps as the framework took, in the tested precision."""
    held = {name: array.astype(inputs.case.dtype) for name, array in inputs.initial.items()}
    for _ in range(inputs.case.steps):
        held |= {name: held[name] - move for name, move in _solved(inputs, inputs.at(held), seed).items()}
    return held
