"""Owns MXNet's answers to the atlas about edges and modes: shapes, labels out of range, unstated settings, types.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from parity.execution.protocol import Array
from parity.mxnet_impl.atlas.answers import Answer, Inputs, call, dtype, sampled, slope, started, t
from parity.mxnet_impl.device import mxnet

nd, gluon, autograd = mxnet.nd, mxnet.gluon, mxnet.autograd
nn, rnn, losses = gluon.nn, gluon.rnn, gluon.loss


def shape(function: Callable[[Any], Any]) -> Answer:
    return lambda inputs: function(t(inputs["x"])).shape


def _moved(inputs: Inputs) -> Array:
    layer = started(nn.BatchNorm(momentum=0.25))
    with autograd.record():
        layer(t(inputs["x"])).wait_to_read()
    return np.asarray(layer.running_mean.data().asnumpy())


def _trained(layer: Any, inputs: Inputs) -> Array:
    started(layer)
    with autograd.record():
        return np.asarray(layer(t(inputs["x"])).asnumpy())


def _twice(inputs: Inputs) -> Array:
    x = t(inputs["x"].reshape(1))
    x.attach_grad()
    for _ in range(2):
        with autograd.record():
            y = x**2
        y.backward()
    return np.asarray(x.grad.asnumpy())


def _stepped(inputs: Inputs) -> float:
    parameter = gluon.Parameter("w", shape=(1,), init="ones")
    parameter.initialize()
    trainer = gluon.Trainer({"w": parameter}, "sgd", {"learning_rate": float(inputs["rate"])})
    with autograd.record():
        total = (parameter.data() * float(inputs["gradient"])).sum()
    total.backward()
    trainer.step(int(inputs["batch"]))
    return float(parameter.data().asscalar())


def _decayed(inputs: Inputs) -> float:
    rate, w = float(inputs["rate"]), nd.ones(1)
    mxnet.optimizer.get_updater(mxnet.optimizer.SGD(learning_rate=rate, wd=0.25))(0, nd.zeros(1), w)
    return (1 - float(w.asscalar())) / rate


def _clipped(inputs: Inputs) -> Array:
    gradients = [nd.full(1, float(gradient)) for gradient in inputs["x"]]
    gluon.utils.clip_global_norm(gradients, 1.0)
    return np.asarray([gradient.asscalar() for gradient in gradients])


def _rates(_: Inputs) -> Array:
    schedule = mxnet.lr_scheduler.FactorScheduler(2, 0.5, base_lr=1.0)
    update, w, places = mxnet.optimizer.get_updater(mxnet.optimizer.SGD(lr_scheduler=schedule)), nd.zeros(1), [0.0]
    for _number in range(6):
        update(0, nd.ones(1), w)
        places.append(-float(w.asscalar()))
    return np.diff(places)


def _dropped(inputs: Inputs) -> float:
    out = _trained(rnn.LSTM(5, dropout=0.75, layout="NTC"), inputs)
    return float(abs(out - out[:1]).max() > 1e-3)


def _normalized(x: Any, variance: float, **arguments: Any) -> Any:
    return nd.BatchNorm(x, nd.full(1, 3.0), nd.zeros(1), nd.zeros(1), nd.full(1, variance), **arguments)


def _epsilon(inputs: Inputs) -> float:
    """Epsilon, computed from the output of a normalization for 1 at variance 0."""
    return float(_normalized(t(inputs["x"]), 0.0).asnumpy()[0, 0]) ** -2


def _scored(loss: Any) -> Answer:
    return call(loss, "x", "labels")


def _probabilities(inputs: Inputs) -> Array:
    loss = losses.SoftmaxCrossEntropyLoss(from_logits=True)
    return np.asarray(loss(t(inputs["x"]).log(), t(inputs["labels"])).asnumpy())


def _classes(inputs: Inputs) -> float:
    x = t(inputs["x"])
    return float(losses.SoftmaxCrossEntropyLoss()(x, nd.zeros(x.shape[:-1])).asnumpy()[0])


def _empty_norm(inputs: Inputs) -> Array:
    layer = started(nn.BatchNorm(in_channels=2))
    with autograd.record():
        total = layer(t(inputs["x"])).sum()
    total.backward()
    return np.asarray(layer.running_mean.data().asnumpy())


def _drawn(**arguments: Any) -> Answer:
    """Weights that Xavier draws for 101 inputs and 307 outputs, with the paper's rule as arguments: it is the only class."""

    def answer(_: Inputs) -> Array:
        mxnet.random.seed(0)
        weights = nd.zeros((307, 101))
        mxnet.init.Xavier(**arguments)(mxnet.init.InitDesc("weight"), weights)
        return np.asarray(weights.asnumpy())

    return answer


def _fans(item: str, start: Any) -> dict[str, Answer]:
    """Kernels of native layers, initialized by `item`."""
    kernels = {
        "grouped": partial(nn.Conv2D, 305, 3, groups=5, in_channels=145),
        "depthwise": partial(nn.Conv2D, 1006, 3, groups=503, in_channels=503),
        "transposed": partial(nn.Conv2DTranspose, 101, 3, in_channels=11),
        "grouped_transposed": partial(nn.Conv2DTranspose, 305, 3, groups=5, in_channels=145),
    }
    return {
        f"{item}.{aspect}_fan": sampled(partial(make, weight_initializer=start), "weight") for aspect, make in kernels.items()
    }


EDGES: Mapping[str, Answer] = {
    "batch_norm.mode": lambda inputs: started(nn.BatchNorm(epsilon=2.0**-10))(t(inputs["x"])).asnumpy(),
    "dropout.mode": lambda inputs: nn.Dropout(0.75)(t(inputs["x"])).max().asscalar(),
    "batch_norm.moves": _moved,
    "batch_norm.one_example": lambda inputs: _trained(nn.BatchNorm(), inputs),
    "gradient.twice": _twice,
    "step.rescaling": _stepped,
    "penalty.factor": _decayed,
    "clip_norm.over": _clipped,
    "step_decay.rates": _rates,
    "squared_error.shapes": call(lambda x, y: 2 * losses.L2Loss()(x, y), "x", "y"),
    "lstm.dropout_reaches": _dropped,
    "batch_norm.function_scale": call(lambda x: _normalized(x, 1.0, eps=2.0**-10)[0]),
    "batch_norm.function_epsilon": _epsilon,
    "layer_norm.variance": call(lambda x: started(nn.LayerNorm(epsilon=0.25))(x)[0]),
    "squared_error.empty": call(lambda x: losses.L2Loss()(x, x)),
    "batch_norm.empty": _empty_norm,
    "dense.flattens": shape(started(nn.Dense(5))),
    "global_average_pool2d.shape": shape(nn.GlobalAvgPool2D()),
    "max_pool2d.function_stride": lambda inputs: nd.Pooling(t(inputs["x"])[None, None], kernel=(1, 2), pool_type="max").shape[
        -1
    ],
    "max_pool2d.padding_value": call(lambda x: nn.MaxPool2D((1, 2), 1, (0, 1))(x[None, None])[0, 0, 0, 0]),
    "average_pool2d.ceil_divisor": call(lambda x: nn.AvgPool2D((1, 2), ceil_mode=True)(x[None, None])[0, 0, 0, -1]),
    "conv_transpose2d.kernel_layout": lambda _: nn.Conv2DTranspose(7, (2, 3), in_channels=5).weight.shape,
    "depthwise_conv2d.kernel_layout": lambda _: nn.Conv2D(10, (2, 3), groups=5, in_channels=5).weight.shape,
    "resize.antialias": call(lambda x: nd.contrib.BilinearResize2D(x[None, None, None], height=1, width=2)[0, 0, 0]),
    "concat.axis": shape(lambda x: nd.concat(x, x)),
    "reshape.zero": shape(lambda x: x.reshape((0, -1))),
    "conv2d.empty": lambda _: started(nn.Conv2D(5, 1, in_channels=3))(nd.zeros((0, 3, 4, 4))).shape,
    "prelu.count": lambda _: started(nn.PReLU()).alpha.data().size,
    "cross_entropy.axis": _classes,
    "cross_entropy.label_beyond": _scored(losses.SoftmaxCrossEntropyLoss()),
    "cross_entropy.negative_label": _scored(losses.SoftmaxCrossEntropyLoss()),
    "cross_entropy.unnormalized": _probabilities,
    "cross_entropy.at_zero": _probabilities,
    "cross_entropy.huge": _scored(losses.SoftmaxCrossEntropyLoss()),
    "binary_cross_entropy.huge": call(losses.SigmoidBinaryCrossEntropyLoss(), "x", "y"),
    "binary_cross_entropy.first_argument": call(losses.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True), "x", "y"),
    "binary_cross_entropy.weighted": call(losses.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True), "x", "y", "weights"),
    "kl_divergence.takes": call(losses.KLDivLoss(), "q", "p"),
    "ctc.blank": _scored(losses.CTCLoss()),
    "ctc.reduction": _scored(losses.CTCLoss()),
    "poisson.takes": call(losses.PoissonNLLLoss(), "x", "y"),
    "conv2d.bias_start": sampled(lambda: nn.Conv2D(5003, 3, in_channels=11), "bias"),
    "depthwise_conv2d.kernel": sampled(lambda: nn.Conv2D(583, 3, groups=53, in_channels=53), "weight"),
    "gru.kernel": sampled(lambda: rnn.GRU(79, input_size=37), "i2h_weight"),
    "rnn.kernel": sampled(lambda: rnn.RNN(307, input_size=37), "i2h_weight"),
    "batch_norm.start_gamma": sampled(lambda: nn.BatchNorm(in_channels=7), "gamma"),
    "he_normal.draws": _drawn(rnd_type="gaussian", factor_type="in", magnitude=2),
    "he_uniform.draws": _drawn(factor_type="in", magnitude=6),
    "glorot_normal.draws": _drawn(rnd_type="gaussian", magnitude=1),
    "glorot_uniform.draws": _drawn(),
    "grouped_conv2d.kernel": sampled(lambda: nn.Conv2D(305, 3, groups=5, in_channels=145), "weight"),
    "grouped_conv_transpose2d.kernel": sampled(lambda: nn.Conv2DTranspose(305, 3, groups=5, in_channels=145), "weight"),
    **_fans("he_normal", mxnet.init.MSRAPrelu(factor_type="in", slope=0)),
    **_fans("glorot_uniform", mxnet.init.Xavier()),
    "kink.max_axis": slope(lambda x: nd.max(x.reshape((1, -1)), axis=1)),
    "kink.min": slope(nd.min),
    "kink.selu": slope(lambda x: nd.LeakyReLU(x, act_type="selu")),
    "kink.hinge": slope(lambda x: losses.HingeLoss()(x.reshape((-1, 1)) - 1, -nd.ones_like(x).reshape((-1, 1)))),
    "kink.absolute_error": slope(lambda x: losses.L1Loss()(x.reshape((-1, 1)), nd.zeros_like(x).reshape((-1, 1)))),
    "kink.ceil": slope(nd.ceil),
    "kink.cosine": slope(
        lambda x: -losses.CosineEmbeddingLoss()(x.reshape((1, -1)), nd.ones_like(x).reshape((1, -1)), nd.ones(1))
    ),
    "kink.top": slope(lambda x: nd.topk(x, k=1, ret_typ="value")),
    "kink.arctangent": slope(lambda x: mxnet.np.arctan2(x.as_np_ndarray(), 0 * x.as_np_ndarray()).as_nd_ndarray()),
    "kink.prelu": slope(lambda x: nd.LeakyReLU(x.reshape((1, 1)), nd.full(1, 0.25), act_type="prelu")),
    "kink.relu_nan": slope(nd.relu),
    "number.integer_power": call(lambda i: i**-1, "i"),
    "number.one_hot_type": dtype(lambda inputs: nd.one_hot(t(inputs["i"]), 3)),
    "number.half_plus_single_type": dtype(lambda inputs: t(inputs["x"]).astype("float16") + t(inputs["x"])),
    "number.int32_plus_int64_type": dtype(lambda inputs: t(inputs["i"]) + t(inputs["i"]).astype("int64")),
    "number.int32_plus_single_type": dtype(lambda inputs: t(inputs["i"]) + t(inputs["x"])),
    "number.boolean_sum_type": dtype(lambda inputs: (t(inputs["x"]) > 0).sum()),
    "number.scalar_type": dtype(lambda _: nd.array([1.5])),
    "number.byte_overflow": lambda inputs: (t(inputs["i"]).astype("uint8") + t(inputs["j"]).astype("uint8")).asnumpy(),
    "number.half_overflow": lambda inputs: t(inputs["x"]).astype("float16").sum().astype("float32").asnumpy(),
    "number.half_mean": lambda inputs: t(inputs["x"]).astype("float16").mean().astype("float32").asnumpy(),
    "number.float_to_integer": lambda inputs: t(inputs["x"]).astype("int32").asnumpy(),
    "number.variance_of_one": call(lambda x: nd.moments(x, axes=(0,))[1]),
    "number.min_nan": call(nd.min),
    "number.sort_nan": call(nd.sort),
    "number.clip_nan": call(lambda x: nd.clip(x, 0, 1)),
    "number.top_tie": call(lambda x: nd.topk(x, k=2)),
    "number.log_negative": call(nd.log),
    "number.sum_empty": lambda _: nd.zeros((0,)).sum().asnumpy(),
    "number.product_empty": lambda _: nd.zeros((0,)).prod().asnumpy(),
    "number.softmax_nan": call(nd.softmax),
    "number.exponential_overflow": call(nd.exp),
    "number.sigmoid_huge": call(lambda x: 1 - nd.sigmoid(x)),
}
