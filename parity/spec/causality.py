"""Owns the question whether a value sees, at one step of a sequence, later steps of an input: then it can't generate one.

It refuses to know numbers: it follows the nodes, and takes an op that it does not know for one that mixes steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from parity.ops import ACTIVATIONS
from parity.spec.graph import Node

ALONG = frozenset({"concat", "layer_norm", "log_softmax", "softmax"})
"""Ops whose step t reads step t alone if they work along another axis than time."""
STEPWISE = frozenset(
    {"dense", "dropout", "embedding", "learned_positions", "sinusoidal_positions", "formula", "add", "multiply", *ACTIVATIONS}
)
"""The same, whatever their attributes (an activation along an axis is asked of ALONG first)."""
RECURRENT = frozenset({"rnn", "gru", "lstm"})


def look_ahead(nodes: Iterable[Node], feed: str, value: str) -> Node | None:
    """The node through which `value` sees later steps of the input `feed`, or None."""
    seen: dict[str, Node | None] = {feed: None}  # what depends on the feed -> the node that mixed its steps
    for node in nodes:
        reading = [name for name in node.sources() if name in seen]
        if not reading:
            continue
        mixed = next((seen[name] for name in reading if seen[name] is not None), None)
        for suffix in node.outputs:
            seen[node.value(suffix)] = mixed or (None if _stepwise(node, suffix, reading) else node)
    return seen.get(value)


def _stepwise(node: Node, suffix: str, reading: list[str]) -> bool:
    """Whether step t of an output reads steps 0 … t alone, given which sources depend on the feed, each stepwise itself."""
    dependent = {role for role, source in node.inputs.items() if _named(source) & set(reading)}
    if node.op in ALONG:
        return _axis(node.attributes, len(node.outputs[""])) != 0
    if node.op in STEPWISE:
        return True
    if node.op in RECURRENT:
        return not suffix and dependent == {"x"}
    if node.op == "scan" and node.body is not None:
        along = set(node.body.sequences.values())
        return not suffix and not {*node.body.state.values(), *node.body.captured} & set(reading) and along >= set(reading)
    if node.op in ("multi_head_attention", "additive_attention"):
        return dependent == {"x"} or (dependent <= {"x", "keys", "values"} and bool(node.attributes.get("causal")))
    return False


def _axis(attributes: Mapping[str, object], rank: int) -> int:
    return int(str(attributes["axis"])) % rank


def _named(source: str | tuple[str, ...]) -> set[str]:
    return {source} if isinstance(source, str) else set(source)
