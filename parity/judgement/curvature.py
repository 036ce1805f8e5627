"""Owns the judgement of a curvature case: gradients, Hessian-vector products, and the steps and the end of Newton's method.

It refuses to know a framework, and to solve as Newton's method did: what a step should be comes of a Hessian written out; only
the shadows, which say what rounding may do, go the same way, in the tested precision. Quantities: loss, gradient,
hessian_vector_product, unchanged, newton_step (each from where the framework stood), minimum (where its last step ended).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution import newton
from parity.judgement import budgets, precision
from parity.judgement.comparison import Comparison, Finding, judge_bits, named
from parity.judgement.comparison import judge as judge_tensor
from parity.judgement.references import moved, one_pass
from parity.judgement.verdicts import GREEN
from parity.reference_impl import curvature
from parity.reference_impl.observation import observe
from parity.spec.cases import Case
from parity.spec.graph import Graph

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

TELLING = 1 / budgets.HALVED
"""A step of Newton's method is judged while its budget is below this share of it; the first one has to be."""


@dataclass(frozen=True)
class Given:
    """What a case is about: its graph, where the parameters start, its batch, and the directions of the products."""

    case: Case
    graph: Graph
    initial: Arrays
    batch: Arrays
    directions: tuple[Arrays, ...]

    @property
    def u(self) -> float:
        return budgets.roundoff(self.case.dtype)

    def at(self, parameters: Arrays) -> dict[str, Array]:
        """All values, with the parameters somewhere else."""
        return {**self.initial, **parameters, **self.batch}


def judge(given: Given) -> Callable[[Arrays], list[Comparison]]:
    """The judgement as a function of a record's arrays: beside few shadows, and where not all is green, beside more."""

    def comparisons(arrays: Arrays) -> list[Comparison]:
        if not arrays:
            return [named(given.case, "gradient", "", Finding("not_compared", reason="the record holds no arrays"))]
        for shadows in budgets.STAGES:
            found = [*_first(given, arrays, shadows), *_steps(given, arrays, shadows)]
            if all(one.verdict in GREEN for one in found):
                break
        return precision.reduced(found)

    return comparisons


def _first(given: Given, arrays: Arrays, shadows: int) -> Iterator[Comparison]:
    """Loss, gradient and products, where the parameters start, and that asking has changed nothing."""
    case, values = given.case, given.at({})
    one = one_pass(given.graph, values, case.dtype, training=True, shadows=shadows)
    loss, beside = one.loss()
    if loss is not None:
        yield named(case, "loss", "loss", judge_tensor(arrays.get("loss"), loss, beside, given.u))
    for name in one.names("gradients"):
        finding = judge_tensor(
            arrays.get(f"gradient/{name}"), one.array("gradients", name), one.beside("gradients", name), given.u
        )
        yield named(case, "gradient", name, finding)
    for number, direction in enumerate(given.directions):
        reference = curvature.product(given.graph, values, direction)
        around = [_product(given, values, direction, seed) for seed in range(shadows)]
        for name, array in reference.items():
            spread = budgets.spread(array, [shadow[name] for shadow in around])
            finding = judge_tensor(arrays.get(f"product/{number}/{name}"), array, spread, given.u)
            yield named(case, "hessian_vector_product", f"{name} direction {number}", finding)
    for name, array in given.initial.items():
        yield named(case, "unchanged", name, judge_bits(arrays.get(f"after/{name}"), array))


def _product(given: Given, values: Arrays, direction: Arrays, seed: int) -> Arrays:
    """A shadow of H·v."""
    dtype = given.case.dtype
    if seed % 2:
        values, direction = moved(values, dtype, seed), moved(direction, dtype, seed)
    return curvature.product(given.graph, values, direction, dtype, seed)


def _steps(given: Given, arrays: Arrays, shadows: int) -> Iterator[Comparison]:
    """Each step that can tell, and where the last one ended."""
    before = given.initial
    for step in range(given.case.steps):
        findings = _step(given, arrays, before, step, shadows)
        if findings is None:
            if step == 0:
                reason = "rounding moves the first step of Newton's method by more than a tenth of it"
                yield named(given.case, "newton_step", "", Finding("mistrusted", reason=reason))
            break
        for name, finding in findings.items():
            yield named(given.case, "newton_step", f"{name} step {step}", finding)
        after = {name: arrays.get(f"newton/{step}/parameter/{name}") for name in given.initial}
        before = {
            name: array for name, array in after.items() if array is not None and array.shape == given.initial[name].shape
        }
        if len(before) < len(given.initial) or not all(np.isfinite(array).all() for array in before.values()):
            break
    if given.case.steps:
        yield from _minimum(given, arrays, shadows)


def _step(given: Given, arrays: Arrays, before: Arrays, step: int, shadows: int) -> dict[str, Finding] | None:
    """One step from where the framework stood; None where rounding hides it."""
    values = given.at(before)
    reference = curvature.newton_step(given.graph, values)
    around = [_solved(given, values, seed) for seed in range(shadows)]
    found = {}
    for name, array in reference.items():
        spread = budgets.spread(array, [shadow[name] for shadow in around])
        if not (budgets.shadowed(array, spread, given.u).maximum < TELLING * budgets.greatest(array)):
            return None
        found[name] = judge_tensor(arrays.get(f"newton/{step}/step/{name}"), array, spread, given.u)
    return found


def _solved(given: Given, values: Arrays, seed: int) -> Arrays:
    """A shadow of a step: Newton's method on the reference's gradient and products, in the tested precision."""
    dtype = given.case.dtype
    values = moved(values, dtype, seed) if seed % 2 else values
    first, gradients = (observe(given.graph, at, dtype, seed).gradients for at in (given.at({}), values))
    return newton.step(lambda v: curvature.product(given.graph, values, v, dtype, seed), gradients, first)


def _minimum(given: Given, arrays: Arrays, shadows: int) -> Iterator[Comparison]:
    """The parameters behind the last step, against the minimum of the loss."""
    reference = curvature.minimum(given.graph, given.at({}))
    around = [_ended(given, seed) for seed in range(shadows)]
    for name, array in reference.items():
        spread = budgets.spread(array, [shadow[name] for shadow in around])
        finding = judge_tensor(arrays.get(f"newton/{given.case.steps - 1}/parameter/{name}"), array, spread, given.u)
        if not (budgets.shadowed(array, spread, given.u).maximum < TELLING * budgets.greatest(array - given.initial[name])):
            finding = Finding("mistrusted", reason="rounding hides a tenth of the way to the minimum")
        yield named(given.case, "minimum", name, finding)


def _ended(given: Given, seed: int) -> Arrays:
    """A shadow of the end: as many steps as the framework took."""
    held = {name: array.astype(given.case.dtype) for name, array in given.initial.items()}
    for _ in range(given.case.steps):
        held |= {name: held[name] - move for name, move in _solved(given, given.at(held), seed).items()}
    return held
