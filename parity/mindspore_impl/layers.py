"""Owns the table of ops: how each op is computed natively, and how its parameters lie in the framework.

It refuses to wire layers together (model.py). An op that is not in the table is `unsupported`: add a line, and its cells run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from parity.execution.protocol import ParameterLayout, Transpose
from parity.spec.graph import Node
from parity.mindspore_impl import tape
from parity.mindspore_impl.tape import Tensor

Layer = Callable[[Node, Mapping[str, Any]], Tensor]
"""Function from a node, and native tensors by role (`x`, `kernel`, `bias` …; `branches` are several), to its value."""


def dense(node: Node, given: Mapping[str, Any]) -> Tensor:
    """parity/ops/dense.py defines it: y = x·Wᵀ + b. Compute what a node may ask for (no bias), or raise Unsupported."""
    product = tape.matmul(given["x"], given["kernel"])
    return tape.add_bias(product, given["bias"]) if node.attributes["bias"] else product


LAYERS: Mapping[str, Layer] = {
    "dense": dense,
    "relu": lambda node, given: tape.relu(given["x"]),
    # The loss of an op that is judged alone is a sum of inner products, which give the op a gradient that the harness drew.
    "weighted_sum": lambda node, given: tape.inner(given["x"], given["weights"]),
    "add": lambda node, given: tape.add(*given["branches"]),
}


def layout(node: Node, role: str) -> ParameterLayout:
    """How a parameter of a node lies in the framework: the spec's dense kernel is (units, inputs), this one its transpose."""
    turned = (Transpose((1, 0)),) if (node.op, role) == ("dense", "kernel") else ()
    return ParameterLayout((node.parameters[role],), (node.parameters[role],), turned)
