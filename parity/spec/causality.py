"""Owns the question whether a value at one step of a sequence sees later steps of an
input. Such a value cannot generate the input.

It refuses to know numbers: it follows the nodes. An op whose file says nothing of STEPS counts as one that mixes all steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from parity.ops import TABLE
from parity.ops.definition import Op
from parity.spec.graph import Node


def look_ahead(nodes: Iterable[Node], feed: str, value: str) -> Node | None:
    """The node through which `value` sees later steps of the input `feed`, or None."""
    mixers: dict[str, Node | None] = {feed: None}  # value that depends on the feed -> the node that mixed its steps
    for node in nodes:
        reading = [name for name in node.sources() if name in mixers]
        if not reading:
            continue
        mixed = next((mixers[name] for name in reading if mixers[name] is not None), None)
        for suffix in node.outputs:
            mixers[node.value(suffix)] = mixed or (None if _stepwise(node, suffix, reading) else node)
    return mixers.get(value)


def _stepwise(node: Node, suffix: str, reading: list[str]) -> bool:
    """Whether step t of an output reads steps 0 … t alone. reading: the sources that
    depend on the feed, each stepwise itself."""
    dependent = {role for role, source in node.inputs.items() if _named(source) & set(reading)}
    if node.op == "scan" and node.body is not None:
        along = set(node.body.sequences.values())
        return not suffix and not {*node.body.state.values(), *node.body.captured} & set(reading) and along >= set(reading)
    steps = Op(TABLE[node.op]).steps
    if steps == "along":
        return _axis(node.attributes, len(node.outputs[""])) != 0
    if steps == "earlier":
        return not suffix and dependent == {"x"}
    if steps == "causal":
        return dependent == {"x"} or (dependent <= {"x", "keys", "values"} and bool(node.attributes.get("causal")))
    return steps == "alone"


def _axis(attributes: Mapping[str, object], rank: int) -> int:
    return int(str(attributes["axis"])) % rank


def _named(source: str | tuple[str, ...]) -> set[str]:
    return {source} if isinstance(source, str) else set(source)
