"""Every op's every example and every small graph, in one framework against the reference, in float64, in one process.

    python tests/conformance/examples_check.py torch [MODE]

runs in the framework's environment (numpy and the framework suffice) and exits 1 where anything is off by more than 1e-11
of the greatest number in its array (of a ten-thousandth of the greatest in all arrays of its kind, where it is smaller: a
bias before a batch norm has the gradient 0), or `gradients` leaves a trace. It refuses to derive budgets: judgement does.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from hand_built import Builder, draw  # noqa: E402
from small_graphs import GRAPHS, adversarial  # noqa: E402

from parity.execution.protocol import Unsupported  # noqa: E402
from parity.ops import TABLE  # noqa: E402
from parity.ops.definition import Example  # noqa: E402
from parity.reference_impl.observation import observe  # noqa: E402
from parity.spec.cases import Case  # noqa: E402
from parity.spec.graph import Graph  # noqa: E402

BATCH, BOUND = 3, 1e-11


def graphs() -> Iterator[tuple[str, Graph]]:
    for op, module in TABLE.items():
        for example in module.EXAMPLES:
            yield (f"{op}-{example.name}" if example.name else op), example_graph(op, example)
    for name, build in GRAPHS.items():
        yield name, build()
    yield "adversarial", adversarial()


def example_graph(op: str, example: Example) -> Graph:
    """One node whose loss weighs every output; shapes, attributes and masks as the example says."""
    build, sources = Builder(), dict[str, Any]()
    for role, shape in example.shapes.items():
        if role == "branches":
            sources[role] = tuple(build.input(f"branch{place}", one) for place, one in enumerate(shape))
        elif "Integers" in str(TABLE[op].signature.__annotations__.get(role, "")):
            limits = {"below": example.below[role]} if role in example.below else {"range": example.limits[role]}
            sources[role] = build.input(role, shape, dtype="integer", **limits)
        else:
            sources[role] = build.input(role, shape, range=example.limits.get(role))
    shapes = dict(example.shapes)
    shapes |= {"keys": shapes.get("keys", shapes.get("x")), "values": shapes.get("values")}
    if "masks" in vars(TABLE[op]):
        kinds = inspect.signature(TABLE[op].signature).parameters.values()
        defaults = {kind.name: kind.default for kind in kinds if kind.kind is kind.KEYWORD_ONLY}
        for role, shape in TABLE[op].masks(shapes, **(defaults | dict(example.attributes))).items():
            sources[role] = build.input(f"the {role}", shape)
    build.node(op, "node", sources, **example.attributes)
    terms = []
    for suffix, shape in build.nodes[0].outputs.items():
        value = f"node.{suffix}" if suffix else "node"
        weights = build.input(f"weights.{suffix}", shape, batched=build.batched[value])
        terms.append(build.node("weighted_sum", f"term.{suffix}", {"x": value, "weights": weights}))
    build.node("add", "loss", {"branches": tuple(terms)})
    build.phase(len(terms) + 1)
    return build.graph(tuple(build.nodes[0].value(suffix) for suffix in build.nodes[0].outputs))


def check(framework: Any, name: str, graph: Graph, mode: str) -> tuple[float, str]:
    """The greatest error relative to its array, and where."""
    values = draw(graph, BATCH)
    case = Case(name, "agreement", "float64", mode=mode, graph=graph, batch_size=BATCH)
    realization = framework.realize(case)
    state = {one.name: values[one.name] for one in (*graph.parameters, *graph.statistics, *graph.carried)}
    realization.set_parameters(state)
    batch = realization.place({given.name: values[given.name] for given in graph.batch_inputs()})
    worst = (0.0, "")
    for phase in range(len(graph.phases)):
        seen, expected = realization.gradients(batch, phase), observe(graph, values, phase=phase)
        worst = max(worst, compare("value", seen.values, {key: expected.values[key] for key in seen.values}))
        worst = max(worst, compare("loss", {"": seen.loss}, {"": expected.loss}))
        worst = max(worst, compare("gradient", seen.gradients, expected.gradients))
        worst = max(worst, compare("input_gradient", seen.input_gradients, expected.input_gradients))
        worst = max(worst, compare("state", seen.state, expected.state))
    seen, expected = realization.forward(batch, training=False), observe(graph, values, training=False)
    worst = max(worst, compare("forward", seen.values, {key: expected.values[key] for key in seen.values}))
    after = realization.parameters()
    if set(after) != set(state) or any(not np.array_equal(after[one], state[one]) for one in state):
        worst = max(worst, (np.inf, "parameters after gradients"))
    return worst


def compare(kind: str, seen: Mapping[str, Any], expected: Mapping[str, Any]) -> tuple[float, str]:
    if set(seen) != set(expected):
        return np.inf, f"{kind}: {sorted(set(seen) ^ set(expected))}"
    worst = (0.0, "")
    scale = max((np.abs(wanted).max(initial=0.0) for wanted in expected.values()), default=0.0)
    for name, wanted in expected.items():
        found = np.asarray(seen[name])
        if found.shape != wanted.shape or found.dtype != np.float64:
            return np.inf, f"{kind} {name}: {found.dtype} {found.shape}, not {wanted.shape}"
        error = np.abs(found - wanted).max(initial=0.0) / max(np.abs(wanted).max(initial=0.0), 1e-4 * scale, 1e-30)
        worst = max(worst, (np.inf if np.isnan(error) else float(error), f"{kind} {name}"))
    return worst


def main(name: str, mode: str = "default", only: str = "") -> int:
    framework = import_module(f"parity.{name}_impl.framework").Implementation()
    wrong = 0
    for label, graph in graphs():
        if only not in label:
            continue
        try:
            error, where = check(framework, label, graph, mode)
        except Unsupported as reason:
            print(f"unsupported  {label}: {reason}")  # noqa: T201
            continue
        wrong += not error <= BOUND
        print(f"{'ok   ' if error <= BOUND else 'WRONG'} {error:8.1e}  {label}  {where}")  # noqa: T201
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
