"""Runs the reference with one changed op file, as if it were a framework, on the examples of the ops that use the file.

It refuses to change parity.ops for longer than one run, and to make mutants.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from conformance.examples_check import example_graph
from hand_built import Array, Builder, draw
from judged import Trial
from mutants import OPS, Mutant
from reference_framework import ORDER, Implementation, Realized

import parity.ops
from parity.judgement import agreement, kinks
from parity.judgement.budgets import SHADOWS
from parity.judgement.verdicts import GREEN, worst
from parity.ops import TABLE
from parity.ops.definition import Example, Run, evaluate
from parity.reference_impl.observation import Reference, observe
from parity.spec.cases import Case
from parity.spec.graph import Graph
from parity.trials.draws import Draws, rounded

BATCH = 4
"""The batch size, which no example has as another size: with equal sizes, a swap of two axes would not show."""

SPECIAL: Mapping[str, tuple[float, float]] = {
    "relu6": (6.0, 7.5),
    "hard_sigmoid": (3.0, -3.0),
    "hard_swish": (3.0, -3.0),
    "hinge": (1.0, 1.0),
}
"""Op -> numbers that it treats specially."""

FURTHER: Mapping[str, tuple[Example, ...]] = {
    "conv2d": (Example({"x": (2, 5, 7)}, {"channels": 3, "kernel": (3, 2), "padding": ((0, 1), (2, 0))}),),
    "dropout": (Example({"x": (5, 7)}, {"rate": 0.0}),),
    "formula": (
        Example({"x": (3, 5), "y": (3, 5)}, {"text": "(2 + x**2)**y"}),
        Example({"x": (3, 5), "y": (3, 5)}, {"text": "maximum(x, 0.5*y)*abs(y) + minimum(y, 1/3)"}),
    ),
    "gru": (Example({"x": (5, 3)}, {"units": 7, "layers": 3, "dropout": 0.5}),),
    "local_response_norm": (Example({"x": (7, 2, 3)}, {"size": 5, "alpha": 0.75, "beta": 0.5, "k": 1.5}),),
    "lstm": (Example({"x": (5, 3)}, {"units": 7, "layers": 3, "dropout": 0.5}),),
    "multi_head_attention": (Example({"x": (5, 6), "lengths": ()}, {"heads": 2, "causal": True}, limits={"lengths": (1, 5)}),),
    "rnn": (Example({"x": (5, 3)}, {"units": 7, "layers": 3, "dropout": 0.5}),),
    "upsample2d": (Example({"x": (2, 2, 5)}, {"scale": (1, 2), "mode": "bilinear", "corners": "aligned"}),),
    "softmax_cross_entropy": (
        Example(
            {"x": (5, 7), "labels": (5,), "lengths": ()}, {"smoothing": 0.25}, below={"labels": 7}, limits={"lengths": (1, 5)}
        ),
    ),
}
"""Op -> further examples, which distinguish some mutants."""


def _one_output(op: str, output: str) -> Callable[[], Graph]:
    """A graph with a recurrent layer, whose loss reads one output only."""

    def build() -> Graph:
        made = Builder()
        made.input("x", (5, 3))
        made.node(op, "node", {"x": "x"}, units=7, layers=2)
        made.input("weights", made.shapes[output])
        made.node("weighted_sum", "loss", {"x": output, "weights": "weights"})
        made.phase(1)
        return made.graph((output,))

    return build


GRAPHS: Mapping[str, tuple[Callable[[], Graph], ...]] = {
    "gru": (_one_output("gru", "node"), _one_output("gru", "node.state")),
    "lstm": (_one_output("lstm", "node"), _one_output("lstm", "node.state"), _one_output("lstm", "node.cell")),
    "rnn": (_one_output("rnn", "node"), _one_output("rnn", "node.state")),
}

FILES = tuple(sorted(path.stem for path in OPS.glob("*.py") if path.stem not in ("__init__", "_grids", "definition")))


@cache
def serves(module: str) -> tuple[str, ...]:
    """This file and the files that import it, in an order in which they can be executed again."""
    found = [module]
    for other in FILES:
        if other not in found and _imports(other) & set(found):
            found.append(other)
    again = [other for other in FILES if other not in found and _imports(other) & set(found)]
    return tuple(found + again)


@cache
def _imports(module: str) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse((OPS / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "parity.ops":
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("parity.ops."):
            names.add((node.module or "").rsplit(".", 1)[1])
    return frozenset(names)


@contextmanager
def in_place(mutant: Mutant) -> Iterator[None]:
    """Inside it, TABLE holds ops made from the mutant."""
    names = serves(mutant.module)
    known, table = {name: sys.modules[f"parity.ops.{name}"] for name in names}, dict(TABLE)
    try:
        for name in names:
            tree = mutant.tree if name == mutant.module else ast.parse((OPS / f"{name}.py").read_text(encoding="utf-8"))
            made = ModuleType(f"parity.ops.{name}")
            exec(compile(tree, f"<{mutant.name}>", "exec"), made.__dict__)  # noqa: S102 - our own files, changed by us
            sys.modules[made.__name__] = made
            setattr(parity.ops, name, made)
            if name in TABLE:
                TABLE[name] = made
        yield
    finally:
        TABLE.update(table)
        for name, original in known.items():
            sys.modules[f"parity.ops.{name}"] = original
            setattr(parity.ops, name, original)


@dataclass(frozen=True)
class Sample:
    """One graph with its references. branches: the branches dictated at kinks, opposite to the natural branches."""

    trial: Trial
    branches: dict[str, Any]


@cache
def samples(op: str, dtype: str) -> tuple[Sample, ...]:
    """Samples of the op's examples and further examples, near and far from 0, with natural and with dictated branches."""
    graphs = [*(example_graph(op, one) for one in _examples(op)), *(build() for build in GRAPHS.get(op, ()))]
    found = []
    for place, plain in enumerate(graphs):
        graph = replace(plain, name=f"{op}{place}")
        values = _values(graph, op, dtype)
        found.append(_sample(graph, values, dtype, {}))
        opposite = _opposite(graph, values)
        further = [_sample(graph, _far(graph, values), dtype, {})]
        if opposite:
            further.append(_sample(graph, values, dtype, opposite))
        found += [sample for sample in further if verdict(sample) == ""]
    return tuple(found)


def _examples(op: str) -> tuple[Example, ...]:
    return (*TABLE[op].EXAMPLES, *FURTHER.get(op, ()))


def _sample(graph: Graph, values: dict[str, Array], dtype: str, branches: dict[str, Any]) -> Sample:
    kinds = {one.name: "parameter" for one in graph.parameters} | {one.name: "statistic" for one in graph.statistics}
    draws = Draws({f"{kinds[name]}/{name}" if name in kinds else f"batch/0/{name}": array for name, array in values.items()})
    with np.errstate(all="ignore"):
        references = agreement.references(graph, draws.values(), dtype, shadows=SHADOWS, branches=branches)  # of the right op
    case = Case(spec=graph.name, task="agreement", dtype=dtype, graph=graph)
    return Sample(Trial(case, None, draws, references), branches)


def _values(graph: Graph, op: str, dtype: str) -> dict[str, Array]:
    """Values drawn away from kinks, with exact zeros, both ends of every range of integers, and the op's special numbers."""
    for seed in range(50):
        values = draw(graph, BATCH, seed)
        for given in graph.batch_inputs():
            flat = values[given.name].reshape(-1)
            if given.dtype == "integer":
                low, high = (0, given.below - 1) if given.below else given.range or (0, 1)
                flat[:2] = (high, low)[: flat.size]
            elif not given.name.startswith("weights") and flat.size > 4:
                flat[1] = 0.0
                flat[2:4] = SPECIAL.get(op, tuple(flat[2:4]))
        values = {name: rounded(array, dtype) for name, array in values.items()}
        if not kinks.near(agreement.references(graph, values, dtype, shadows=2)):
            return values
    raise AssertionError(f"no draw of {graph.name} stays away from the kinks")


def _far(graph: Graph, values: dict[str, Array]) -> dict[str, Array]:
    """The values with the first example times 1000 and `x` plus 1000, where exp overflows."""
    far = dict(values)
    for given in graph.inputs:
        if given.dtype == "float" and given.name in ("x", "branch0"):
            far[given.name] = values[given.name] + values[given.name].dtype.type(1000)
            far[given.name][0] = values[given.name][0] * values[given.name].dtype.type(1000)
    return far


def _opposite(graph: Graph, values: dict[str, Array]) -> dict[str, Any]:
    """For every node with kinks, the branch that its values do not choose."""
    found: dict[str, Any] = {}
    for node in graph.nodes:
        if "taken" not in vars(TABLE[node.op]):
            continue
        given = {role: values[source].astype(np.float64) for role, source in node.inputs.items() if isinstance(source, str)}
        given |= {role: values[name].astype(np.float64) for role, name in node.parameters.items()}
        _, saved = evaluate(TABLE[node.op], Run("float64"), given, node.attributes)
        taken = TABLE[node.op].taken(saved)
        found[node.name] = tuple(map(_other, taken)) if isinstance(taken, tuple) else _other(taken)
    return found


def _other(taken: Array) -> Array:
    """The opposite branch: the other side, the opposite sign, or another position."""
    if taken.dtype == bool:
        return ~taken
    return -taken if taken.dtype.kind == "f" else np.where(taken == 0, 1, 0)


def caught(mutant: Mutant, dtype: str) -> str:
    """How the judgement catches the mutant: its verdict, or `crashed`; empty if no sample distinguishes it."""
    every = [sample for name in serves(mutant.module) if name in TABLE for sample in samples(name, dtype)]
    with np.errstate(all="ignore"), in_place(mutant):
        return next((found for sample in every if (found := verdict(sample))), "")


def verdict(sample: Sample) -> str:
    """The verdict on the reference with the present TABLE; empty if it is green."""

    class Dictated(Realized):
        def walked(self, values: Mapping[str, Array], training: bool, phase: int = 0) -> Reference:
            return observe(self.graph, values, self.case.dtype, ORDER, training=training, phase=phase, branches=sample.branches)

    class Framework(Implementation):
        realized = Dictated

    try:
        with np.errstate(all="ignore"):
            arrays = sample.trial.record(Framework())
    except Exception as error:  # whatever a changed file raises, a worker would record as a crash
        return f"crashed: {type(error).__name__}"
    found = worst(one.verdict for one in sample.trial.judge(arrays))
    return "" if found in GREEN else found
