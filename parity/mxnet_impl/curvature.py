"""Owns the ops that MXNet can differentiate twice: a few, composed of operators with a correct second derivative.

It refuses every other op. On mxnet 1.9.1 sum, mean, log_softmax, pick, broadcast_sub, multiplications and dot have no second
derivative ("_backward_mean is non-differentiable"), and FullyConnected has a wrong one: zero for the gradient of its output
(differences.yaml). batch_dot, elemwise_add, transpose, square, exp, log, relu, sigmoid and tanh are right; constants are
matrices here. The composition runs operator by operator in every mode. Inside of it a value is (1, batch, features).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array, Unsupported
from parity.mxnet_impl.device import mxnet
from parity.spec.graph import Graph, Node

nd, autograd = mxnet.nd, mxnet.autograd
Tensor = Any
Arrays = Mapping[str, Array]
Form = Callable[[Node, Mapping[str, Tensor]], Tensor]
"""Function from a node, and the tensors of its inputs and parameters by role, to the node's value."""


def constant(like: Tensor, array: Array) -> Tensor:
    return nd.array(array, ctx=like.context, dtype=like.dtype)


def dense(node: Node, tensors: Mapping[str, Tensor]) -> Tensor:
    x = tensors["x"]
    y = nd.batch_dot(x, tensors["kernel"], transpose_b=True)
    return (
        nd.elemwise_add(y, nd.batch_dot(constant(x, np.ones((1, x.shape[1], 1))), tensors["bias"])) if "bias" in tensors else y
    )


def total(x: Tensor, weight: float) -> Tensor:
    """weight·Σx, (1, 1, 1)."""
    _, rows, columns = x.shape
    return nd.batch_dot(nd.batch_dot(constant(x, np.full((1, 1, rows), weight)), x), constant(x, np.ones((1, columns, 1))))


def squared_error(node: Node, tensors: Mapping[str, Tensor]) -> Tensor:
    error = nd.square(nd.elemwise_add(tensors["x"], nd.negative(tensors["target"])))
    return total(error, 1 / error.size if node.attributes["reduction"] == "mean" else 1)


def softmax_cross_entropy(node: Node, tensors: Mapping[str, Tensor]) -> Tensor:
    """The mean of log Σ exp(x) - target·x. The greatest logit is subtracted as a constant; it and its slope cancel."""
    x, smoothing = tensors["x"], node.attributes["smoothing"]
    with autograd.pause():
        top = nd.broadcast_like(nd.max(x, axis=2, keepdims=True), x)
    _, count, classes = x.shape
    x = nd.elemwise_add(x, nd.negative(top))
    sums = nd.log(nd.batch_dot(nd.exp(x), constant(x, np.ones((1, classes, 1)))))
    labels = tensors["labels"].asnumpy().astype(int).reshape(-1)
    target = (1 - smoothing) * np.eye(classes)[labels] + smoothing / classes
    chosen = nd.batch_dot(nd.transpose(x, axes=(1, 0, 2)), constant(x, target[:, :, None]))  # one matrix per example
    return nd.elemwise_add(total(sums, 1 / count), total(nd.transpose(chosen, axes=(1, 0, 2)), -1 / count))


FORMS: Mapping[str, Form] = {
    "dense": dense,
    "relu": lambda node, inputs: nd.relu(inputs["x"]),
    "sigmoid": lambda node, inputs: nd.sigmoid(inputs["x"]),
    "softmax_cross_entropy": softmax_cross_entropy,
    "squared_error": squared_error,
    "tanh": lambda node, inputs: nd.tanh(inputs["x"]),
}


def product(graph: Graph, batch: Mapping[str, Tensor], parameters: Arrays, direction: Arrays) -> dict[str, Array]:
    """H·v over the parameters in `direction`: the gradient of (gradient·v), by autograd.grad(create_graph=True)."""
    _check(graph)
    context = next(iter(batch.values())).context
    leaves = {name: nd.array(_matrix(array), ctx=context, dtype=array.dtype) for name, array in parameters.items()}
    sources = [leaves[name] for name in direction]
    for leaf in sources:
        leaf.attach_grad()
    tensors = {name: array if len(array.shape) == 1 else _matrix(array) for name, array in batch.items()}
    with autograd.record():
        slopes = autograd.grad(_loss(graph, tensors, leaves), sources, create_graph=True, retain_graph=True)
    gradients = autograd.grad(slopes, sources, head_grads=[constant(leaves[name], _matrix(v)) for name, v in direction.items()])
    return {name: item.asnumpy().reshape(v.shape) for (name, v), item in zip(direction.items(), gradients, strict=True)}


def _check(graph: Graph) -> None:
    nodes = (*graph.nodes, *graph.phases[0].nodes)
    shapes = graph.value_shapes()
    if missing := sorted({node.op for node in nodes} - set(FORMS)):
        forms = f"of operators that MXNet differentiates twice there is {', '.join(FORMS)}"
        raise Unsupported(f"no right second derivative of {', '.join(missing)}: {forms}")
    for node in nodes:
        if len(shapes[str(node.inputs["x"])]) != 1 or "lengths" in node.inputs:
            raise Unsupported(f"{node.op} ({node.name}): here MXNet differentiates vectors twice, one an example")


def _matrix(array: Any) -> Any:
    """A batch of one matrix: `array` (rows, columns), or a vector as one row."""
    return array.reshape((1, -1, array.shape[-1]))


def _loss(graph: Graph, values: dict[str, Tensor], leaves: Mapping[str, Tensor]) -> Tensor:
    for node in (*graph.nodes, *graph.phases[0].nodes):
        tensors = {role: values[str(source)] for role, source in node.inputs.items()}
        tensors |= {role: leaves[name] for role, name in node.parameters.items()}
        values[node.name] = FORMS[node.op](node, tensors)
    return values[graph.phases[0].loss]
