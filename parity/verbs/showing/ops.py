"""Owns `parity show OP`: the inputs, attributes and parameters of an op, and where its definition stands.

It refuses to compute the op.
"""

from __future__ import annotations

from inspect import Parameter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity.spec.signatures import AttributeRule, InputRule

Rows = tuple[tuple[str, str], ...]


def named(name: str) -> str:
    """The op that a word names (`dense`, `layers/dense`), or "". A spec of the same name goes first."""
    from parity.ops import TABLE, kind_of
    from parity.spec import specs

    kind, _, op = name.rpartition("/")
    if op not in TABLE or kind not in ("", kind_of(op)):
        return ""
    return "" if any(op in specs.names(other) for other in specs.KINDS) else op


def summary(op: str) -> str:
    """The first paragraph of the op's file: what the op computes."""
    from parity.ops import TABLE

    return " ".join((TABLE[op].__doc__ or op).strip().partition("\n\n")[0].split())


def parts(op: str) -> Rows:
    """Part -> value: kind, inputs, attributes with defaults, parameters, statistics, definition, and a command."""
    from parity.ops import TABLE, kind_of
    from parity.spec.op_graphs import op_graph
    from parity.spec.signatures import signature_of

    module, signature = TABLE[op], signature_of(op)
    (node,) = op_graph(op, module.EXAMPLES[0]).nodes
    inputs = ["the values in its formula"] if signature.takes_text else list(map(_input, signature.inputs))
    listed = (
        ("inputs", inputs),
        ("attributes", list(map(_attribute, signature.attributes.values()))),
        ("parameters", list(node.parameters)),
        ("statistics", list(node.statistics)),
    )
    definition = f"parity/ops/{module.__name__.rpartition('.')[2]}.py"
    rows = [("kind", kind_of(op)), *((part, ", ".join(names) or "none") for part, names in listed)]
    return (*rows, ("definition", definition), ("judged by", f"parity check {op}"))


def _input(rule: InputRule) -> str:
    return f"{rule.name} (optional)" if rule.optional else rule.name


def _attribute(rule: AttributeRule) -> str:
    """`units` for a required attribute, `bias: true` for one with a default, all words for one of several words."""
    if rule.words:
        return f"{rule.name}: {' | '.join(rule.words)}"
    if rule.default is Parameter.empty:
        return f"{rule.name} (required)"
    return f"{rule.name}: {str(rule.default).lower() if isinstance(rule.default, bool) else rule.default}"
