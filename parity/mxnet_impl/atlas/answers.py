"""Owns MXNet's answers to the atlas: a line or a few per question, which ask the native layer, function or optimizer.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.device import mxnet

Inputs = Mapping[str, Array]
Answer = Callable[[Inputs], Any]
nd, gluon, autograd = mxnet.nd, mxnet.gluon, mxnet.autograd
nn, rnn = gluon.nn, gluon.rnn


def t(array: Array) -> Any:
    return nd.array(array, dtype="float32" if array.dtype.kind == "f" else "int32")


def call(function: Callable[..., Any], *names: str) -> Answer:
    """The value of a function of the inputs (`x` alone, unless named)."""
    return lambda inputs: function(*(t(inputs[name]) for name in names or ("x",))).asnumpy()


def slope(function: Callable[[Any], Any]) -> Answer:
    """The gradient of the sum of function(x)."""

    def answer(inputs: Inputs) -> Array:
        x = t(inputs["x"])
        x.attach_grad()
        with autograd.record():
            total = function(x).sum()
        total.backward()
        return np.asarray(x.grad.asnumpy())

    return answer


def dtype(function: Callable[[Inputs], Any]) -> Answer:
    """The type of the function's result: its first letter's code, and its bits."""

    def answer(inputs: Inputs) -> Array:
        kind = np.dtype(function(inputs).dtype)
        return np.asarray([ord(kind.kind), kind.itemsize * 8])

    return answer


def started(layer: Any) -> Any:
    layer.initialize()
    return layer


def _batch_norm(inputs: Inputs) -> Any:
    layer = started(nn.BatchNorm(momentum=0.25))
    with autograd.record():
        total = layer(t(inputs["x"])).sum()
    total.backward()  # MXNet moves running values in the backward pass
    nd.waitall()
    return layer


def _frozen(inputs: Inputs) -> Array:
    layer = started(nn.BatchNorm(epsilon=2.0**-10))
    layer.collect_params().setattr("grad_req", "null")
    with autograd.record():
        return np.asarray(layer(t(inputs["x"])).asnumpy())


def _conv(inputs: Inputs, **arguments: Any) -> Array:
    layer = started(nn.Conv2D(1, inputs["kernel"].shape, use_bias=False, in_channels=1, **arguments))
    layer.weight.set_data(t(inputs["kernel"])[None, None])
    return np.asarray(layer(t(inputs["x"])[None, None]).asnumpy()[0, 0])


def _recurrent(layer: Any, inputs: Inputs) -> Array:
    layer.initialize(mxnet.init.Zero())
    values = layer.collect_params()
    (kernel,) = (value for name, value in values.items() if name.endswith("i2h_weight"))
    (recurrent,) = (value for name, value in values.items() if name.endswith("h2h_weight"))
    kernel.set_data(t(inputs["kernel"])[:, None])
    recurrent.set_data(t(inputs["recurrent"])[:, None])
    if "bias" in inputs:
        (bias,) = (value for name, value in values.items() if name.endswith("h2h_bias"))
        bias.set_data(t(inputs["bias"]))
    return np.asarray(layer(t(inputs["x"])[:, None, None]).asnumpy().ravel())


def optimized(make: Callable[[], Any]) -> Answer:
    """The weight, which starts at 1, after each step on the question's gradients. rates: the learning rate of each step."""

    def answer(inputs: Inputs) -> Array:
        w, optimizer, seen = nd.ones(1), make(), []
        update = mxnet.optimizer.get_updater(optimizer)
        for rate, gradient in zip(inputs["rates"], inputs["gradients"], strict=True):
            optimizer.lr = float(rate)
            update(0, nd.full(1, float(gradient)), w)
            seen.append(w.asscalar())
        return np.asarray(seen)

    return answer


def _clipped(inputs: Inputs) -> Array:
    x = t(inputs["x"])
    gluon.utils.clip_global_norm([x], float(inputs["threshold"]))
    return np.asarray(x.asnumpy())


def sampled(make: Callable[[], Any], ending: str) -> Answer:
    """The initial value of one weight of a layer, its output axis first."""

    def answer(_: Inputs) -> Array:
        mxnet.random.seed(0)
        layer = started(make())
        (found,) = (value for name, value in layer.collect_params().items() if name.endswith(ending))
        return np.asarray(found.data().asnumpy())

    return answer


def _dropped(inputs: Inputs) -> float:
    with autograd.record():
        return float(nd.Dropout(t(inputs["x"]), p=0.75).max().asscalar())


def _states(layer: Any) -> Any:
    return layer(nd.zeros((3, 2, 4)), layer.begin_state(batch_size=2))[1][0]


def _count(layer: Any) -> int:
    started(layer)
    return sum(int(np.prod(value.shape)) for value in layer.collect_params().values())


def _embedded(inputs: Inputs) -> Array:
    table = nd.arange(5).reshape((5, 1)) * 10
    return np.asarray(nd.Embedding(t(inputs["index"]), table, input_dim=5, output_dim=1).asnumpy())


def _lrn(x: Any) -> Any:
    return nd.LRN(x, nsize=3, alpha=3.0, beta=1.0, knorm=1.0)[0, 1, 0, 0]


_LOSSES = gluon.loss
_KL = _LOSSES.KLDivLoss(from_logits=True)

ANSWERS: Mapping[str, Answer] = {
    "sgd.learning_rate": lambda _: mxnet.optimizer.SGD().learning_rate,
    "adagrad.learning_rate": lambda _: mxnet.optimizer.AdaGrad().learning_rate,
    "adadelta.learning_rate": lambda _: mxnet.optimizer.AdaDelta().learning_rate,
    "leaky_relu.function_slope": lambda _: -nd.LeakyReLU(nd.full(1, -1.0)).asscalar(),
    "prelu.start": lambda _: started(nn.PReLU()).alpha.data().asscalar(),
    "batch_norm.momentum_means": lambda inputs: _batch_norm(inputs).running_mean.data().asnumpy(),
    "batch_norm.running_variance": lambda inputs: _batch_norm(inputs).running_var.data().asnumpy(),
    "batch_norm.axis": lambda inputs: _called(nn.BatchNorm(), inputs).gamma.shape[0],
    "batch_norm.frozen": _frozen,
    "normalize.tiny": call(lambda x: nd.L2Normalization(x[None])[0]),
    "conv2d.kernel_layout": lambda _: nn.Conv2D(7, (2, 3), in_channels=5).weight.shape,
    "conv2d.input_layout": lambda inputs: _called(nn.Conv2D(2, 1), inputs).weight.shape[1],
    "conv2d.flips": _conv,
    "conv2d.same_stride_2": lambda inputs: _conv(inputs, strides=2, padding="same"),
    "dense.kernel_layout": lambda _: nn.Dense(7, in_units=5).weight.shape,
    "average_pool2d.corner": call(lambda x: nn.AvgPool2D(3, 1, 1)(x[None, None])[0, 0, 0, 0]),
    "max_pool2d.odd_end": lambda inputs: nn.MaxPool2D((1, 2))(t(inputs["x"])[None, None]).shape[-1],
    "upsample.bilinear": call(lambda x: nd.contrib.BilinearResize2D(x[None, None], height=4, width=4)[0, 0, 0]),
    "conv_transpose2d.size": lambda _: started(nn.Conv2DTranspose(1, 3, strides=2))(nd.zeros((1, 1, 4, 4))).shape[-1],
    "dropout.survivors": _dropped,
    "local_response_norm.alpha_means": call(_lrn),
    "embedding.beyond": _embedded,
    "embedding.negative": _embedded,
    "one_hot.beyond": call(lambda i: nd.one_hot(i, 3), "index"),
    "hard_sigmoid.form": call(nd.hard_sigmoid),
    "gelu.form": call(lambda x: nd.LeakyReLU(x, act_type="gelu")),
    "softmax.implicit_axis": call(lambda x: nd.softmax(x)[0, 0, 0]),
    "softmax.all_masked": call(nd.softmax),
    "log_softmax.huge": call(nd.log_softmax),
    "relu.nan": call(nd.relu),
    "relu.minus_zero": call(lambda x: 1 / nd.relu(x)),
    "softplus.huge": call(lambda x: nd.Activation(x, act_type="softrelu")),
    "lstm.gate_order": lambda inputs: _recurrent(rnn.LSTM(1, input_size=1), inputs),
    "gru.form": lambda inputs: _recurrent(rnn.GRU(1, input_size=1), inputs),
    "lstm.count": lambda _: _count(rnn.LSTM(5, input_size=3)),
    "gru.count": lambda _: _count(rnn.GRU(5, input_size=3)),
    "rnn.count": lambda _: _count(rnn.RNN(5, input_size=3)),
    "lstm.outputs": lambda _: started(rnn.LSTM(5))(nd.zeros((3, 2, 4))).ndim,
    "lstm.bidirectional_width": lambda _: started(rnn.LSTM(5, bidirectional=True))(nd.zeros((3, 2, 4))).shape[-1],
    "lstm.time_axis": lambda _: _states(started(rnn.LSTM(5))).shape[1],
    "dense.kernel": sampled(lambda: nn.Dense(503, in_units=37), "weight"),
    "dense.bias": sampled(lambda: nn.Dense(5003, in_units=37), "bias"),
    "conv2d.kernel": sampled(lambda: nn.Conv2D(101, 3, in_channels=11), "weight"),
    "conv_transpose2d.kernel": sampled(lambda: nn.Conv2DTranspose(101, 3, in_channels=11), "weight"),
    "embedding.table": sampled(lambda: nn.Embedding(1009, 301), "weight"),
    "lstm.kernel": sampled(lambda: rnn.LSTM(67, input_size=37), "i2h_weight"),
    "lstm.recurrent_kernel": sampled(lambda: rnn.LSTM(67, input_size=37), "h2h_weight"),
    "lstm.start_bias": sampled(lambda: rnn.LSTM(503, input_size=13), "i2h_bias"),
    "gru.recurrent_kernel": sampled(lambda: rnn.GRU(79, input_size=37), "h2h_weight"),
    "sgd.velocity": optimized(lambda: mxnet.optimizer.SGD(momentum=0.5)),
    "sgd.nesterov_form": optimized(lambda: mxnet.optimizer.NAG(momentum=0.5)),
    "sgd.decay": optimized(lambda: mxnet.optimizer.SGD(momentum=0.5, wd=0.25)),
    "adam.decay": optimized(lambda: mxnet.optimizer.Adam(beta1=0.5, beta2=0.75, epsilon=2.0**-10, wd=0.25)),
    "adam.epsilon_form": optimized(lambda: mxnet.optimizer.Adam(beta1=0.5, beta2=0.75, epsilon=0.25)),
    "rmsprop.epsilon_form": optimized(lambda: mxnet.optimizer.RMSProp(gamma1=0.75, epsilon=0.25)),
    "adagrad.epsilon_form": optimized(lambda: mxnet.optimizer.AdaGrad(eps=0.25)),
    "adadelta.rate": optimized(lambda: mxnet.optimizer.AdaDelta(rho=0.75, epsilon=0.25)),
    "adamax.form": optimized(lambda: mxnet.optimizer.Adamax(beta1=0.5, beta2=0.75)),
    "clip_norm.guard": _clipped,
    "squared_error.form": call(lambda x: _LOSSES.L2Loss()(x, nd.zeros_like(x))),
    "absolute_error.form": call(lambda x: _LOSSES.L1Loss()(x, nd.zeros_like(x))),
    "huber.form": call(lambda x: _LOSSES.HuberLoss()(x, nd.zeros_like(x))),
    "cross_entropy.takes": call(_LOSSES.SoftmaxCrossEntropyLoss(), "x", "labels"),
    "binary_cross_entropy.at_zero": call(
        lambda x: _LOSSES.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True)(x[None], nd.ones_like(x)[None])
    ),
    "cross_entropy.weighted": lambda inputs: _LOSSES.SoftmaxCrossEntropyLoss()(
        t(inputs["x"]), t(inputs["labels"]), t(inputs["weights"])[:, None]
    ).asnumpy(),
    "kl_divergence.form": lambda inputs: _KL(t(inputs["q"]).log(), t(inputs["p"])).asnumpy(),
    "binary_cross_entropy.takes": call(lambda x: _LOSSES.SigmoidBinaryCrossEntropyLoss()(x[None], nd.ones_like(x)[None])),
    "hinge.zero_label": call(lambda x, labels: _LOSSES.HingeLoss()(x[None], labels[None]), "x", "labels"),
    "kink.relu": slope(nd.relu),
    "kink.leaky_relu": slope(lambda x: nd.LeakyReLU(x, slope=0.25)),
    "kink.elu": slope(lambda x: nd.LeakyReLU(x, act_type="elu", slope=2.0)),
    "kink.abs": slope(nd.abs),
    "kink.sqrt": slope(nd.sqrt),
    "kink.norm": slope(nd.norm),
    "kink.maximum": slope(lambda x: nd.maximum(x, nd.ones_like(x))),
    "kink.minimum": slope(lambda x: nd.minimum(x, nd.ones_like(x))),
    "kink.max": slope(nd.max),
    "kink.clip": slope(lambda x: nd.clip(x, -1, 1)),
    "kink.max_pool2d": slope(lambda x: nn.MaxPool2D((1, 2))(x[None, None].copy())),  # a copy, since views differ: steps.py
    "kink.hard_sigmoid": slope(nd.hard_sigmoid),
    "kink.huber": slope(lambda x: _LOSSES.HuberLoss()(x[:, None], nd.zeros_like(x)[:, None])),
    "kink.sign": slope(nd.sign),
    "kink.round": slope(nd.round),
    "kink.floor": slope(nd.floor),
    "kink.where_sqrt": slope(lambda x: nd.where(x > 0, nd.sqrt(x), nd.zeros_like(x))),
    "kink.power_half": slope(lambda x: x**0.5),
    "kink.power_zero": slope(lambda x: x**0.0),
    "kink.log": slope(nd.log),
    "kink.product": slope(nd.prod),
    "number.round_half": call(nd.round),
    "number.remainder": call(nd.modulo, "x", "y"),
    "number.integer_division": call(nd.divide, "i", "j"),
    "number.integer_division_type": dtype(lambda inputs: t(inputs["i"]) / t(inputs["j"])),
    "number.argmax_tie": call(lambda x: nd.argmax(x, axis=0)),
    "number.argmax_nan": call(lambda x: nd.argmax(x, axis=0)),
    "number.maximum_nan": call(nd.maximum, "x", "y"),
    "number.max_nan": call(nd.max),
    "number.sign_zero": call(nd.sign),
    "number.variance": call(lambda x: nd.moments(x, axes=(0,))[1]),
    "number.zero_by_zero": call(nd.divide, "x", "x"),
    "number.power_zero_zero": call(nd.power, "x", "x"),
    "number.cube_root": call(lambda x: x ** (1 / 3)),
    "number.mean_empty": lambda _: nd.zeros((0,)).mean().asnumpy(),
    "number.max_empty": lambda _: nd.zeros((0,)).max().asnumpy(),
    "number.sum_type": dtype(lambda inputs: t(inputs["i"]).sum()),
    "number.mean_integers": call(nd.mean, "i"),
    "number.range_type": dtype(lambda _: nd.arange(3)),
    "number.zeros_type": dtype(lambda _: nd.zeros(3)),
    "number.float64_array_type": dtype(lambda inputs: nd.array(inputs["x"].astype(np.float64))),
    "number.float64_layer_type": dtype(lambda inputs: started(nn.Dense(2))(nd.array(inputs["x"][:, None], dtype="float64"))),
    "number.comparison_type": dtype(lambda inputs: t(inputs["x"]) > 0),
    "number.argmax_type": dtype(lambda inputs: nd.argmax(t(inputs["x"]), axis=0)),
    "number.integer_plus_float_type": dtype(lambda inputs: t(inputs["i"]) + 0.5),
    "number.empty_batch": lambda _: started(nn.Dense(2, in_units=3))(nd.zeros((0, 3))).shape,
}


def _called(layer: Any, inputs: Inputs) -> Any:
    """The layer after its first call, from which it learns its number of channels."""
    started(layer)(t(inputs["x"]))
    return layer
