"""formula: element-wise arithmetic over the values that its text names. The roles of its inputs are these names.

Values broadcast if their ranks are equal (an axis of size 1 stretches), or if a value is a single number; in no other case. It
refuses `//` and `%` on values: they have no useful derivative.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from parity.formulas.formula import Formula
from parity.formulas.syntax import dotted
from parity.ops._elementwise import OPERATORS, PLAIN, SMOOTH, choice, chosen, chosen_slopes, margin
from parity.ops.definition import Array, Example, Floats, Rules, Run, Shape, ShapeError, Text, unbroadcast


@dataclass(frozen=True)
class _Walk:
    """One evaluation: the result of every step that reads a value, and the branch taken at each kink."""

    run: Run
    values: Mapping[str, Array]
    branches: Iterator[Array]  # branches for the next kinks; after the last, the values decide
    results: dict[ast.expr, Any] = field(default_factory=dict)
    taken: dict[ast.expr, Array] = field(default_factory=dict)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Formula:
    return Formula(text)


def _arguments(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    return list(node.args) if isinstance(node, ast.Call) else []


def _reads(node: ast.expr) -> bool:
    """Whether this part of the tree contains a value. A part without values is folded to a Python number."""
    return isinstance(node, (ast.Name, ast.Attribute)) or any(_reads(argument) for argument in _arguments(node))


def signature(*, text: Text, **values: Floats) -> Rules:
    yield from ()
    formula = _parsed(text)
    if missing := formula.names ^ set(values):
        raise ShapeError(f"the text and the inputs do not name the same values: {', '.join(sorted(missing))}")
    if not values:
        raise ShapeError("the text reads no value")
    for node in ast.walk(formula.tree):
        if isinstance(node, ast.BinOp) and type(node.op) not in OPERATORS and _reads(node):
            raise ShapeError("`//` and `%` work on numbers, not on values")
    full = [shape for shape in values.values() if shape]
    if len({len(shape) for shape in full}) > 1 or any(len(set(sizes) - {1}) > 1 for sizes in zip(*full, strict=False)):
        raise ShapeError(f"shapes differ: {', '.join(f'{name} {shape}' for name, shape in values.items())}")
    return tuple(max(sizes) for sizes in zip(*full, strict=True))


def flops(shapes: dict[str, Shape], outputs: dict[str, Shape], *, text: str) -> int:
    steps = [node for node in ast.walk(_parsed(text).tree) if isinstance(node, ast.expr) and _arguments(node)]
    return prod(outputs[""]) * sum(_reads(node) for node in steps)


def _aligned(values: Mapping[str, Array]) -> dict[str, Array]:
    """Gives single numbers (one per example) as many axes as the other values."""
    rank = max((value.ndim for value in values.values()), default=0)
    return {name: value.reshape(-1, *(1,) * (rank - 1)) if value.ndim == 1 else value for name, value in values.items()}


def _evaluate(walk: _Walk, node: ast.expr) -> Any:
    if not _reads(node):
        result: Any = Formula(ast.unparse(node)).evaluate({}, PLAIN)
    elif isinstance(node, (ast.Name, ast.Attribute)):
        result = walk.values[dotted(node)]
    else:
        result = _step(walk, node, [_evaluate(walk, argument) for argument in _arguments(node)])
    walk.results[node] = result
    return result


def _step(walk: _Walk, node: ast.expr, arguments: list[Any]) -> Any:
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)][0](*arguments)
    if not isinstance(node, ast.Call):
        return -arguments[0]
    name = dotted(node.func)
    if name in SMOOTH:
        return SMOOTH[name][0](*arguments)
    arrays = [np.asarray(argument, walk.run.dtype) for argument in arguments]
    dictated = next(walk.branches, None)
    walk.taken[node] = choice(name, arrays) if dictated is None else dictated
    return chosen(name, arrays, walk.taken[node])


def _slopes(walk: _Walk, node: ast.expr) -> tuple[Any, ...]:
    arguments = [walk.results[argument] for argument in _arguments(node)]
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)][1](arguments, walk.results[node])
    if not isinstance(node, ast.Call):
        return (-1,)
    name = dotted(node.func)
    if name in SMOOTH:
        return SMOOTH[name][1](arguments, walk.results[node])
    return chosen_slopes(name, len(arguments), walk.taken[node], walk.run.dtype)


def forward(run: Run, /, *, text: str, branch: Sequence[Array] = (), **values: Array) -> tuple[Array, Any]:
    """branch: the branch for each kink, in the order of the text (index of an argument; for abs and sign 1 or -1)."""
    walk = _Walk(run, _aligned(values), iter(branch))
    tree = _parsed(text).tree
    y = np.asarray(_evaluate(walk, tree), run.dtype)
    return y, (walk, tree, {name: value.shape for name, value in values.items()})


def vjp(run: Run, saved: Any, dy: Array) -> dict[str, Array]:
    walk, tree, shapes = saved
    gradients = {name: np.zeros(value.shape, dy.dtype) for name, value in walk.values.items()}

    def back(node: ast.expr, slope: Array) -> None:
        if isinstance(node, (ast.Name, ast.Attribute)):
            gradients[dotted(node)] = gradients[dotted(node)] + slope
            return
        for argument, factor in zip(_arguments(node), _slopes(walk, node), strict=True):
            if _reads(argument):
                back(argument, unbroadcast(run, np.asarray(slope * factor), np.shape(walk.results[argument])))

    if _reads(tree):
        back(tree, dy)
    return {name: gradient.reshape(shapes[name]) for name, gradient in gradients.items()}


def kinks(saved: Any) -> Array:
    """The least margin over all kinks of the text; inf if it has no kink."""
    walk, tree, _ = saved
    least = np.full(np.shape(walk.results[tree]), np.inf, walk.run.dtype)
    for node in walk.taken:
        arrays = [np.asarray(walk.results[argument], walk.run.dtype) for argument in _arguments(node)]
        least = np.minimum(least, margin(dotted(node.func), arrays))
    return least


def taken(saved: Any) -> tuple[Array, ...]:
    """Which branch each element took, in the form that `forward` takes as `branch`."""
    return tuple(saved[0].taken.values())


EXAMPLES = (
    Example({"x": (3, 5), "y": (3, 5)}, {"text": "4*sigmoid(x)/(2 + y**2) - exp(-x)*tanh(y)"}),
    Example({"x": (3, 5), "gain": (), "row": (1, 5)}, {"text": "gain*x**3 + sqrt(1 + row**2) - 0.25"}, name="broadcast"),
    Example(
        {"x": (3, 5), "y": (3, 5)},
        {"text": "maximum(x, 0.5*y)*abs(y) + minimum(y, 1/3) + sign(x)*min(x, y, 0.25) + log(2 + max(x, y, 0.125))"},
        name="kinks",
    ),
)
STEPS = "alone"
