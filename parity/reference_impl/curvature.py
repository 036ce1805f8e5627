"""Owns second derivatives of the reference: Hessian-vector products by the complex step, and Newton's step solved with them.

It refuses ops that are not known to be analytic as they are written (`definition.Op.analytic`), and to judge.

The walk gives the gradient of a real loss. One walk in complex numbers, at w + i·h·v, gives H·v as Im ∇f(w + i·h·v)/h (Squire &
Trapp 1998, SIAM Review 40). This subtracts nothing, so h can be so small that its square vanishes: H·v is right to rounding in
the precision of the walk.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from parity.ops import TABLE
from parity.ops.definition import Array, Op, Run
from parity.reference_impl import walk as walking
from parity.reference_impl.observation import cast, observe
from parity.spec.graph import Graph, Node

Values = Mapping[str, Array]

COMPLEX = {"float64": "complex128", "float32": "complex64"}
STEP = 2.0**-50
"""h: a power of two, so that it rounds nothing. Its square is below 2^-53, and far above the smallest numbers of float32."""
STEPS, SETTLED = 50, 2.0**-40
"""Newton's method has found a minimum when a step is no longer than SETTLED times the parameters. It may take STEPS steps."""
FLAT = 2.0**-40
"""There is no minimum if the norm of the Hessian falls below FLAT times its norm at the start: the parameters have run away to
where the loss is flat in every direction (separable data). There a step is rounding alone, and may be 0 by chance."""

NOT_IN_FORMULAS = frozenset({"abs", "sign"})


class NotTwice(Exception):
    """The reference has no second derivative; the message says of which op, graph or precision."""


def product(graph: Graph, values: Values, direction: Values, dtype: str = "float64", order_seed: int | None = None) -> Values:
    """H·v of the first phase's loss over the variables that v names: parameters that the phase updates, or float inputs.

    dtype: the precision to compute in, float64 or float32. order_seed: see observation.observe. Raises NotTwice.
    """
    check(graph, dtype)
    wide = COMPLEX[dtype]
    complex_values = cast(cast(values, dtype), wide)
    complex_values |= {name: complex_values[name] + (1j * STEP * array).astype(wide) for name, array in direction.items()}
    order = np.random.RandomState(order_seed) if order_seed else None
    run = Run(wide, True, order, running=order_seed is not None and order_seed % 2 == 0)
    gradients = walking.backward(walking.forward(graph, complex_values, run, graph.phases[0]))
    slopes = {**gradients.inputs, **gradients.parameters}
    return {name: np.asarray(slopes[name].imag / np.dtype(dtype).type(STEP)) for name in direction}


def check(graph: Graph, dtype: str = "float64") -> None:
    """Raises NotTwice if the graph has no loss, if it has an op without a known second
    derivative, or if dtype is not supported."""
    if dtype not in COMPLEX:
        raise NotTwice(f"the reference has Hessian-vector products in {' and '.join(COMPLEX)}, not in {dtype}")
    if not graph.phases:
        raise NotTwice(f"{graph.name} has no loss, and so no Hessian")
    other = sorted(set(_refused((*graph.nodes, *graph.phases[0].nodes))))
    if other:
        raise NotTwice(f"the reference has no second derivative of {', '.join(other)}, which {graph.name} uses")


def _refused(nodes: Iterable[Node]) -> Iterator[str]:
    """Ops that are not known to be analytic. For a scan the ops of its body count, for
    a formula the functions that it calls."""
    for node in nodes:
        if node.body is not None:
            yield from _refused(node.body.nodes)
        elif node.op == "formula":
            called = ast.walk(ast.parse(str(node.attributes["text"])))
            yield from NOT_IN_FORMULAS & {node.id for node in called if isinstance(node, ast.Name)}
        elif not Op(TABLE[node.op]).analytic:
            yield node.op


def newton_step(graph: Graph, values: Values) -> dict[str, Array]:
    """The shortest s with H·s = g, in float64: the Hessian is written out column by column,
    and the system solved by least squares."""
    return _step_and_curvature(graph, values)[0]


def _step_and_curvature(graph: Graph, values: Values) -> tuple[dict[str, Array], float]:
    """Newton's step, and the norm of the Hessian."""
    gradients = observe(graph, values).gradients
    shapes = {name: array.shape for name, array in gradients.items()}
    g = flat(gradients)
    hessian = np.stack([flat(product(graph, values, unflat(array, shapes))) for array in np.eye(len(g))], axis=1)
    return unflat(np.linalg.lstsq(hessian, g)[0], shapes), float(np.linalg.norm(hessian))


def minimum(graph: Graph, values: Values) -> dict[str, Array]:
    """The parameters at which Newton's steps from `values` end, in float64. Raises NotTwice if they do
    not end, or end where the loss is flat."""
    arrays, first = dict(values), 0.0
    for _ in range(STEPS):
        step, curvature = _step_and_curvature(graph, arrays)
        first = first or curvature
        if curvature <= FLAT * first:
            break
        arrays |= {name: arrays[name] - array for name, array in step.items()}
        if np.linalg.norm(flat(step)) <= SETTLED * np.linalg.norm(flat({name: arrays[name] for name in step})):
            return {name: arrays[name] for name in step}
    raise NotTwice(
        f"Newton's method finds no minimum of {graph.name} in {STEPS} steps: is its loss convex, and bounded by data?"
    )


def flat(arrays: Values) -> Any:
    """All arrays as one vector, in the order of the mapping."""
    return np.concatenate([array.reshape(-1) for array in arrays.values()])


def unflat(vector: Any, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """Cuts a vector back into arrays of these shapes, in the order of `flat`."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    parts = np.split(vector, ends[:-1])
    return {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
