"""Owns products, joins, moves of axes and formulas.

It refuses windows, norms, recurrence and attention: those have files of their own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from parity.formulas.formula import Formula
from parity.onnx_impl.writing import Site


def dense(site: Site) -> str:
    return product(site, site.x, site.arrays["kernel"], site.arrays.get("bias", ""), len(site.shape))


def product(site: Site, x: str, kernel: str, bias: str, rank: int) -> str:
    """x·Wᵀ + b over the last axis: Gemm for single vectors, MatMul for sequences. rank: axes of x without the batch."""
    if rank == 1:
        return site.one("Gemm", x, kernel, *([bias] if bias else []), transB=1)
    y = site.one("MatMul", x, site.one("Transpose", kernel, perm=[1, 0]))
    return site.one("Add", y, bias) if bias else y


def matmul(site: Site) -> str:
    other = str(site.inputs["other"])
    if site["transpose_other"]:
        rank = len(site.shapes["other"]) + 1
        other = site.one("Transpose", other, perm=[*range(rank - 2), rank - 1, rank - 2])
    return site.one("MatMul", site.x, other)


def joined(kind: str) -> Callable[[Site], str]:
    """A join by a chain of binary operators; a branch without a batch broadcasts."""
    return lambda site: functools.reduce(lambda a, b: site.one(kind, a, b), site.inputs["branches"])


def concat(site: Site) -> str:
    """A branch without a batch is repeated for every example."""
    branches, batched = list(site.inputs["branches"]), site.batched["branches"]
    if len(set(batched)) > 1:
        like = branches[batched.index(True)]
        ranks = [len(shape) for shape in site.shapes["branches"]]
        branches = [
            branch if has else site.stretched(branch, like, rank)
            for branch, has, rank in zip(branches, batched, ranks, strict=True)
        ]
    return site.one("Concat", *branches, axis=site.axis(role="branches"))


def crop(site: Site) -> str:
    start, end, axis = (site.writer.integers([number]) for number in (site["start"], site["start"] + site["size"], site.axis()))
    return site.one("Slice", site.x, start, end, axis)


def select(site: Site) -> str:
    return site.one("Gather", site.x, site.writer.integers(site["index"]), axis=site.axis())


def total(site: Site) -> str:
    return site.one("ReduceSum", site.x, site.writer.integers([site.axis()]), keepdims=0)


@dataclass(frozen=True)
class Term:
    """A value in a formula; arithmetic on it writes ONNX nodes."""

    site: Site
    name: str

    def __add__(self, other: Any) -> Term:
        return apply("Add", self, other)

    def __radd__(self, other: Any) -> Term:
        return apply("Add", other, self)

    def __sub__(self, other: Any) -> Term:
        return apply("Sub", self, other)

    def __rsub__(self, other: Any) -> Term:
        return apply("Sub", other, self)

    def __mul__(self, other: Any) -> Term:
        return apply("Mul", self, other)

    def __rmul__(self, other: Any) -> Term:
        return apply("Mul", other, self)

    def __truediv__(self, other: Any) -> Term:
        return apply("Div", self, other)

    def __rtruediv__(self, other: Any) -> Term:
        return apply("Div", other, self)

    def __pow__(self, other: Any) -> Term:
        return apply("Pow", self, other)

    def __rpow__(self, other: Any) -> Term:
        return apply("Pow", other, self)

    def __neg__(self) -> Term:
        return Term(self.site, self.site.one("Neg", self.name))


def apply(kind: str, *operands: Any) -> Term:
    """Writes an operator on terms and numbers, at least one of which is a term."""
    site = next(term.site for term in operands if isinstance(term, Term))
    names = [term.name if isinstance(term, Term) else site.writer.floats(float(term)) for term in operands]
    return Term(site, site.one(kind, *names))


def formula(site: Site) -> str:
    """Writes the formula by evaluating it on terms."""
    rank = max((len(shape) for shape in site.shapes.values()), default=0)
    terms = {}
    for role, name in site.inputs.items():
        alone = rank and not site.shapes[role]  # single numbers among larger values
        wide = site.one("Reshape", name, site.writer.integers([-1, *(1,) * rank])) if alone else name
        terms[role] = Term(site, wide)
    result = Formula(site["text"]).evaluate(terms, FUNCTIONS)
    return str(result.name)


def _function(kind: str, plain: Callable[[float], float]) -> Callable[..., Any]:
    return lambda x: apply(kind, x) if isinstance(x, Term) else plain(x)


def _bound(kind: str, plain: Callable[..., float]) -> Callable[..., Any]:
    return lambda *inputs: apply(kind, *inputs) if any(isinstance(item, Term) for item in inputs) else plain(inputs)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": _function("Sqrt", math.sqrt),
    "exp": _function("Exp", math.exp),
    "log": _function("Log", math.log),
    "abs": _function("Abs", abs),
    "sign": _function("Sign", lambda x: (x > 0) - (x < 0)),
    "sigmoid": _function("Sigmoid", lambda x: 1 / (1 + math.exp(-x))),
    "tanh": _function("Tanh", math.tanh),
    "maximum": _bound("Max", max),
    "max": _bound("Max", max),
    "minimum": _bound("Min", min),
    "min": _bound("Min", min),
}
