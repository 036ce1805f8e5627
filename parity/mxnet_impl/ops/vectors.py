"""Owns ops without parameters: activations, joins, and ops that only move numbers.

It refuses images, losses, and ops with parameters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce

from parity.mxnet_impl.ops.terms import formula
from parity.mxnet_impl.wiring import Layer, Tensor, Use


def activation(kind: str) -> Layer:
    """relu, sigmoid or tanh, as gluon.nn.Activation computes them."""
    return Layer(lambda use: use.F.Activation(use.x, act_type=kind))


def relu6(use: Use) -> Tensor:
    return use.F.clip(use.x, a_min=0, a_max=6)


def leaky_relu(use: Use) -> Tensor:
    """The native kernel multiplies in float32 whatever the precision of x, so in float64 both sides are composed."""
    if use.site.dtype != "float64":
        return use.F.LeakyReLU(use.x, act_type="leaky", slope=use["slope"])
    return use.F.where(use.x > 0, use.x, use.x * use["slope"])


def gelu(use: Use) -> Tensor:
    """The native kernel keeps 1/sqrt(2) in float32, and has no tanh form; erf's native slope keeps sqrt(pi) in float32."""
    F, x = use.F, use.x
    if use["form"] == "tanh":
        return 0.5 * x * (1 + F.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    if use.site.dtype != "float64":
        return F.LeakyReLU(x, act_type="gelu")
    still = F.BlockGrad(x)
    slope = F.exp(-0.5 * still * still) / math.sqrt(2 * math.pi)
    return x * (0.5 * (1 + F.erf(still * math.sqrt(0.5))) + (x - still) * slope)


def elu(use: Use) -> Tensor:
    """The native kernel computes in float32 whatever the precision of x, so float64 is composed."""
    F, x = use.F, use.x
    if use.site.dtype != "float64":
        return F.LeakyReLU(x, act_type="elu", slope=use["alpha"])
    return F.where(x > 0, x, F.expm1(F.minimum(x, 0)) * use["alpha"])


ALPHA, SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
"""selu's constants (Klambauer et al. 2017)."""


def selu(use: Use) -> Tensor:
    """Composed: the native kernel's gradient below 0 is scale·(alpha + y), where it should be scale·alpha + y."""
    F, x = use.F, use.x
    return F.where(x > 0, x, F.expm1(F.minimum(x, 0)) * ALPHA) * SCALE


def silu(use: Use) -> Tensor:
    """Computes gluon.nn.Swish."""
    return use.x * use.F.sigmoid(use.x)


def softplus(use: Use) -> Tensor:
    """Above 20 the native kernel returns x, with an error of up to 2e-9: in float64 that part is added."""
    F, x = use.F, use.x
    y = F.Activation(x, act_type="softrelu")
    if use.site.dtype != "float64":
        return y
    return F.where(x > 20, x + F.exp(-F.maximum(x, 20)), y)


def mish(use: Use) -> Tensor:
    """Composed without the native softplus: oneDNN's has an error of 2e-6 where it should vanish, and here x multiplies it."""
    F, x = use.F, use.x
    return x * F.tanh(F.relu(x) + F.log1p(F.exp(-F.abs(x))))


def hard_sigmoid(use: Use) -> Tensor:
    """The native kernel keeps the slope in float32; where that changes its value, the op is composed of others."""
    F = use.F
    if use.site.holds("slope"):
        return F.hard_sigmoid(use.x, alpha=use["slope"], beta=0.5)
    return F.clip(use.x * use["slope"] + 0.5, a_min=0, a_max=1)


def hard_swish(use: Use) -> Tensor:
    return use.x * use.F.clip(use.x * (1 / 6) + 0.5, a_min=0, a_max=1)


def log_softmax(use: Use) -> Tensor:
    """A temperature of 1 changes no number; it avoids oneDNN's kernel, which takes none and errs by 60 u in float32."""
    return use.F.log_softmax(use.x, axis=use.site.axis(), temperature=1.0)


def softmax(use: Use) -> Tensor:
    return use.F.softmax(use.x, axis=use.site.axis())


def dropout(use: Use) -> Tensor:
    dropped = use.drop(use.x, use["rate"], use.inputs.get("mask"))
    return use.F.identity(use.x) if dropped is use.x else dropped


def flatten(use: Use) -> Tensor:
    return use.F.Flatten(use.x)


def reshape(use: Use) -> Tensor:
    return use.F.reshape(use.x, shape=(-1, *use["shape"]))


def transpose(use: Use) -> Tensor:
    rank = len(use.site.x)
    return use.F.transpose(use.x, axes=(0, *(axis % rank + 1 for axis in use["axes"])))


def select(use: Use) -> Tensor:
    axis = use.site.axis()
    place = use["index"] % use.site.x[axis - 1]
    return _without(use, use.F.slice_axis(use.x, axis=axis, begin=place, end=place + 1), axis)


def _without(use: Use, x: Tensor, axis: int) -> Tensor:
    """x without an axis of size 1, by a reshape, which keeps the batch axis whatever its size."""
    sizes = [*use.site.x[: axis - 1], *use.site.x[axis:]]
    return use.F.reshape(x, shape=(-1, *sizes))


def reverse(use: Use) -> Tensor:
    """MXNet's reversal by lengths wants time before the batch."""
    F, lengths = use.F, use.inputs.get("lengths")
    if lengths is None:
        return F.reverse(use.x, axis=1)
    ends = F.cast(lengths, dtype=use.site.dtype)
    return F.swapaxes(F.SequenceReverse(F.swapaxes(use.x, 0, 1), ends, use_sequence_length=True), 0, 1)


def crop(use: Use) -> Tensor:
    return use.F.slice_axis(use.x, axis=use.site.axis(), begin=use["start"], end=use["start"] + use["size"])


def total(use: Use) -> Tensor:
    """The sum over one axis."""
    return use.F.sum(use.x, axis=use.site.axis())


def matmul(use: Use) -> Tensor:
    """The product over the last two axes; leading axes are folded into the batch."""
    F, shape, other = use.F, use.site.x, tuple(use.site.shapes["other"])
    flat = F.reshape(use.x, shape=(-1, *shape[-2:]))
    y = F.batch_dot(flat, F.reshape(use.inputs["other"], shape=(-1, *other[-2:])), transpose_b=use["transpose_other"])
    columns = other[-2] if use["transpose_other"] else other[-1]
    return F.reshape(y, shape=(-1, *shape[:-1], columns))


def add(use: Use) -> Tensor:
    return reduce(use.F.broadcast_add, use.inputs["branches"])


def multiply(use: Use) -> Tensor:
    return reduce(use.F.broadcast_mul, use.inputs["branches"])


BLOCK = 16
"""oneDNN keeps images in blocks of 8 or 16 channels."""


def concat(use: Use) -> Tensor:
    """oneDNN cannot split a gradient inside of a block of channels ("could not construct a sub-memory").

    Where it would have to, the branches are joined as rows of numbers, which gives the same result.
    """
    F, axis, branches = use.F, int(use["axis"]), use.inputs["branches"]
    shapes = use.site.shapes["branches"]
    place = axis + 1 if axis >= 0 else axis + 1 + len(shapes[0])
    blocks = len(shapes[0]) == 3 and place == 1 and use.site.dtype == "float32"
    if not blocks or all(shape[0] % BLOCK == 0 for shape in shapes):
        return F.concat(*branches, dim=place)
    rows = F.concat(*(F.Flatten(branch) for branch in branches), dim=1)
    return F.reshape(rows, shape=(-1, *use.site.node.outputs[""]))


LAYERS: Mapping[str, Layer] = {
    "add": Layer(add),
    "concat": Layer(concat),
    "crop": Layer(crop),
    "dropout": Layer(dropout),
    "elu": Layer(elu),
    "flatten": Layer(flatten),
    "formula": Layer(formula),
    "gelu": Layer(gelu),
    "hard_sigmoid": Layer(hard_sigmoid),
    "hard_swish": Layer(hard_swish),
    "leaky_relu": Layer(leaky_relu),
    "log_softmax": Layer(log_softmax),
    "matmul": Layer(matmul),
    "mish": Layer(mish),
    "multiply": Layer(multiply),
    "relu": activation("relu"),
    "relu6": Layer(relu6),
    "reshape": Layer(reshape),
    "reverse": Layer(reverse),
    "select": Layer(select),
    "selu": Layer(selu),
    "sigmoid": activation("sigmoid"),
    "silu": Layer(silu),
    "softmax": Layer(softmax),
    "softplus": Layer(softplus),
    "softsign": activation("softsign"),
    "sum": Layer(total),
    "tanh": activation("tanh"),
    "transpose": Layer(transpose),
}
