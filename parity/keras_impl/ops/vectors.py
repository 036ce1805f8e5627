"""Owns the ops on vectors and sequences: dense, embedding, activations, dropout, joins, formulas, moves of axes.

It refuses images, recurrence and attention: those have files of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import keras
import numpy as np
from keras import ops

from parity.execution.protocol import Unsupported
from parity.formulas.formula import Formula
from parity.keras_impl import device
from parity.keras_impl.wiring import DictatedDropout, Site, Tensor, holder, owner


def _of(native: Callable[..., Tensor], plain: Callable[..., Any]) -> Callable[..., Any]:
    """The function of tensors; of plain numbers, in float64: PyTorch would give the root of a whole number in float32."""

    def called(*values: Any) -> Any:
        if all(isinstance(value, (int, float)) for value in values):
            return float(plain(*values))
        return native(*values)

    return called


FUNCTIONS = {
    "sqrt": _of(ops.sqrt, np.sqrt),
    "exp": _of(ops.exp, np.exp),
    "log": _of(ops.log, np.log),
    "abs": _of(ops.abs, np.abs),
    "sign": _of(ops.sign, np.sign),
    "sigmoid": _of(ops.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    "tanh": _of(ops.tanh, np.tanh),
    "maximum": _of(ops.maximum, np.maximum),
    "minimum": _of(ops.minimum, np.minimum),
    "min": lambda *values: reduce(ops.minimum, values),
    "max": lambda *values: reduce(ops.maximum, values),
}


class TiedDense(keras.layers.Layer):  # type: ignore[misc]
    """A dense layer whose kernel is the table of an embedding, or the kernel of another dense layer."""

    def __init__(self, source: keras.layers.Layer, units: int, use_bias: bool, **settings: Any) -> None:
        super().__init__(**settings)
        self.source, self.units, self.use_bias = source, units, use_bias

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, inputs: Tensor) -> Tensor:
        table = isinstance(self.source, keras.layers.Embedding)
        y = ops.matmul(inputs, ops.transpose(self.source.embeddings) if table else self.source.kernel)
        return ops.add(y, self.bias) if self.use_bias else y


def dense(site: Site) -> Tensor:
    first = holder(site.node, "kernel", site.wiring.root)
    if first.parameters == site.node.parameters:
        return site.layer(keras.layers.Dense, site["units"], use_bias=site["bias"])(site.tensor())
    if first.op not in ("embedding", "dense"):
        raise Unsupported(f"{site.name}: a dense kernel tied to the {first.op} {first.name}")
    source = site.wiring.layers[owner(first, site.wiring.root)]
    return site.layer(TiedDense, source, site["units"], site["bias"])(site.tensor())


def embedding(site: Site) -> Tensor:
    if holder(site.node, "table", site.wiring.root).op != "embedding":
        raise Unsupported(f"{site.name}: an embedding whose table another op owns")
    return site.settled(site.layer(keras.layers.Embedding, site["size"], site["units"])(site.plain()))


class TrainableArray(keras.layers.Layer):  # type: ignore[misc]
    """A trainable array as a layer. A functional model wants an input for it, whose values do not matter."""

    def __init__(self, shape: tuple[int, ...], **settings: Any) -> None:
        super().__init__(**settings)
        self.shape = shape

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.value = self.add_weight(shape=self.shape, name="value")

    def call(self, anchor: Tensor) -> Tensor:
        value = ops.convert_to_tensor(self.value)
        return ops.expand_dims(value, 0) if self.shape else value


def parameter(site: Site) -> Tensor:
    anchor = next(iter(site.wiring.values.values()))
    return site.layer(TrainableArray, site.wiring.arrangement[site.name].native_shape)(anchor)


def layer_norm(site: Site) -> Tensor:
    """On PyTorch Keras normalises the last axes whatever it is told, so any other axis is moved there and back."""
    axis = site.lies().axis(site["axis"])
    if device.backend() == "torch":
        return _at_the_end(site, axis, site.layer(keras.layers.LayerNormalization, epsilon=site["epsilon"]))
    return site.layer(keras.layers.LayerNormalization, axis=axis, epsilon=site["epsilon"])(site.tensor())


def rms_norm(site: Site) -> Tensor:
    """Keras puts the scale along the last axis whatever axis it normalises, so any other axis is moved there and back."""
    return _at_the_end(site, site.lies().axis(site["axis"]), site.layer(keras.layers.RMSNormalization, epsilon=site["epsilon"]))


def _at_the_end(site: Site, axis: int, layer: keras.layers.Layer) -> Tensor:
    """The layer of the last axis, applied along another one."""
    x = site.tensor()
    if axis == len(site.shape()):
        return layer(x)
    moved = site.function(lambda t: ops.moveaxis(t, axis, -1), x, suffix="there")
    return site.function(lambda t: ops.moveaxis(t, -1, axis), layer(moved), suffix="back")


def dropout(site: Site) -> Tensor:
    if site.evaluate:
        return site.tensor()
    if site.dictated:
        return DictatedDropout(name=site.layer_name())(site.tensor(), site.tensor("mask"))
    return keras.layers.Dropout(site["rate"], seed=site.seed(), name=site.layer_name())(site.tensor())


def activation(word: str) -> Callable[[Site], Tensor]:
    return lambda site: keras.layers.Activation(word, name=site.layer_name())(site.tensor())


def leaky_relu(site: Site) -> Tensor:
    """TensorFlow keeps the slope in float32, so in float64 the op is composed of others."""
    slope = site["slope"]
    if site.dtype != "float64":
        return keras.layers.LeakyReLU(negative_slope=slope, name=site.layer_name())(site.tensor())
    return site.function(lambda x: ops.where(x > 0, x, slope * x), site.tensor())


def prelu(site: Site) -> Tensor:
    """Keras has one slope per element, and can share it along axes."""
    lies = site.lies()
    own = () if site["shared"] else (lies.axis(0),)
    return site.layer(keras.layers.PReLU, shared_axes=[axis for axis in range(1, len(lies.shape) + 1) if axis not in own])(
        site.tensor()
    )


def elu(site: Site) -> Tensor:
    return keras.layers.ELU(site["alpha"], name=site.layer_name())(site.tensor())


def hard_sigmoid(site: Site) -> Tensor:
    """Keras has the fixed slope 1/6 (Keras 2 had 1/5)."""
    slope = site["slope"]
    if slope == 1 / 6 and not coarse(site):
        return keras.layers.Activation("hard_sigmoid", name=site.layer_name())(site.tensor())
    return site.function(lambda x: ops.clip(slope * x + 0.5, 0.0, 1.0), site.tensor())


def softplus(site: Site) -> Tensor:
    """PyTorch's is x itself above 20, which float64 tells apart; the slope of JAX's far below 0 loses a digit."""
    if not coarse(site) and not (device.backend() == "jax" and site.dtype == "float64"):
        return activation("softplus")(site)
    return site.function(lambda x: ops.maximum(x, ops.zeros_like(x)) + ops.log1p(ops.exp(-ops.abs(x))), site.tensor())


def coarse(site: Site) -> bool:
    """Whether PyTorch's own activations have less than this site's precision."""
    return device.backend() == "torch" and site.dtype == "float64"


def log_softmax(site: Site) -> Tensor:
    axis = site.lies().axis(site["axis"])
    return site.function(lambda x: keras.activations.log_softmax(x, axis), site.tensor())


def gelu(site: Site) -> Tensor:
    """TensorFlow keeps the constants in float32, so in float64 the op is composed of others."""
    smooth = site["form"] == "tanh"
    if site.dtype != "float64":
        return site.function(lambda x: keras.activations.gelu(x, approximate=smooth), site.tensor())
    if smooth:
        factor = np.sqrt(2 / np.pi)
        return site.function(lambda x: 0.5 * x * (1 + ops.tanh(factor * (x + 0.044715 * x * x * x))), site.tensor())
    return site.function(lambda x: 0.5 * x * (1 + ops.erf(x * np.sqrt(0.5))), site.tensor())


def softmax(site: Site) -> Tensor:
    return keras.layers.Softmax(site.lies().axis(site["axis"]), name=site.layer_name())(site.tensor())


def flatten(site: Site) -> Tensor:
    """An image keeps its channels-last order where only dense kernels follow; see arrangements.py."""
    travels = site.wiring.arrangement[site.name].kind == "flat"
    return keras.layers.Flatten(name=site.layer_name())(site.tensor() if travels else site.plain())


def reshape(site: Site) -> Tensor:
    """The rows of an image keep their native order where only a transpose reads them; see arrangements.py."""
    lies = site.wiring.arrangement[site.name]
    if lies.kind == "turned":
        return keras.layers.Reshape(lies.native_shape, name=site.layer_name())(site.tensor())
    return site.settled(keras.layers.Reshape(tuple(site["shape"]), name=site.layer_name("shape"))(site.plain()))


def transpose(site: Site) -> Tensor:
    if site.lies().kind == "turned":
        return site.tensor()
    axes = tuple(axis % len(site["axes"]) + 1 for axis in site["axes"])
    return site.settled(keras.layers.Permute(axes, name=site.layer_name("axes"))(site.plain()))


def select(site: Site) -> Tensor:
    place = (slice(None),) * (site["axis"] % len(site.shape()) + 1)
    return site.settled(site.function(lambda x: x[(*place, site["index"])], site.plain(), suffix="picked"))


def reverse(site: Site) -> Tensor:
    if not site.has("lengths"):
        return site.settled(site.function(lambda x: ops.flip(x, axis=1), site.plain(), suffix="flipped"))

    def turned(x: Tensor, lengths: Tensor) -> Tensor:
        steps, ends = ops.arange(x.shape[1], dtype=lengths.dtype), ops.expand_dims(lengths, 1)
        places = ops.where(steps < ends, ends - 1 - steps, steps)
        return ops.take_along_axis(x, ops.reshape(places, (-1, x.shape[1], *(1,) * (len(x.shape) - 2))), axis=1)

    return site.settled(site.function(turned, site.plain(), site.tensor("lengths"), suffix="turned"))


def crop(site: Site) -> Tensor:
    place = (slice(None),) * site.lies().axis(site["axis"])
    cut = slice(site["start"], site["start"] + site["size"])
    return site.function(lambda x: x[(*place, cut)], site.tensor())


def total(site: Site) -> Tensor:
    axis = site["axis"] % len(site.shape()) + 1
    return site.settled(site.function(lambda x: ops.sum(x, axis=axis), site.plain(), suffix="total"))


def matmul(site: Site) -> Tensor:
    turned = site["transpose_other"]

    def product(x: Tensor, other: Tensor) -> Tensor:
        return ops.matmul(x, ops.swapaxes(other, -1, -2) if turned else other)

    return site.settled(site.function(product, site.plain(), site.plain("other"), suffix="product"))


def join(make: Callable[..., keras.layers.Layer], scalar: Callable[..., Tensor]) -> Callable[[Site], Tensor]:
    """Builder of add and multiply. Keras's merging layers want at least one axis, so scalars get the function `scalar`."""

    def joined(site: Site) -> Tensor:
        branches = site.branches()
        if not all(branch.shape for branch in branches):
            return site.function(lambda *values: reduce(scalar, values), *branches)
        return make(name=site.layer_name())(branches) if len(branches) > 1 else branches[0]

    return joined


def concat(site: Site) -> Tensor:
    branches, axis = site.branches(), site.wiring.arrangement[site.name].axis(site["axis"])
    if len({branch.shape[0] for branch in branches}) == 1:
        return keras.layers.Concatenate(axis, name=site.layer_name())(branches) if len(branches) > 1 else branches[0]

    def concatenated(*values: Tensor) -> Tensor:
        batch = next(ops.shape(value)[0] for value, branch in zip(values, branches, strict=True) if branch.shape[0] is None)
        full = [ops.broadcast_to(value, (batch, *value.shape[1:])) for value in values]
        return ops.concatenate(full, axis)

    return site.function(concatenated, *branches)


def formula(site: Site) -> Tensor:
    """A value of one number per example gets the axes of the other values."""
    text, names = Formula(site["text"]), tuple(site.node.inputs)
    rank = len(site.wiring.arrangement[site.name].shape)

    def value(*tensors: Tensor) -> Tensor:
        full = [ops.reshape(t, (-1, *(1,) * rank)) if len(t.shape) == 1 and rank else t for t in tensors]
        return text.evaluate(dict(zip(names, full, strict=True)), FUNCTIONS)

    return site.function(value, *map(site.tensor, names))
