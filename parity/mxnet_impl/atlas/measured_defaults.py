"""Owns MXNet's answers to the atlas about defaults that no argument shows: they are measured (defaults.py holds the others).

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.mxnet_impl.atlas.asking import Answer, Inputs, moved, started
from parity.mxnet_impl.device import mxnet

nd, nn, optimizer = mxnet.nd, mxnet.gluon.nn, mxnet.optimizer


def _response(x: float) -> float:
    """The factor of the normalization for a single number x: 1/(offset + alpha·x²)^exponent."""
    return float(nd.LRN(nd.full((1, 1, 1, 1), x), nsize=1).asscalar()) / x


def _exponent(_: Inputs) -> float:
    return float(np.log10(_response(1e5) / _response(1e6)) / 2)


def documented(operator: Callable[..., Any], argument: str) -> str:
    """The default that an operator registers for an argument. The signature hides it; the generated documentation tells it."""
    (default,) = re.findall(rf"^{argument} : .*default='?([^'\n]*)'?$", operator.__doc__ or "", re.MULTILINE)
    return str(default)


def _adagrad(_: Inputs) -> float:
    return round(moved(optimizer.AdaGrad(learning_rate=1.0, eps=2.0**-80), 1.0) ** -2 - 1, 4) + 0.0


def _ftrl(_: Inputs) -> float:
    """The initial accumulator: the first step with rate 1 and no penalties is 1/√(start + 1)."""
    return round(moved(optimizer.Ftrl(learning_rate=1.0, beta=0.0, lamda1=0.0), 1.0) ** -2 - 1, 4) + 0.0


ANSWERS: Mapping[str, Answer] = {
    "sgd.learning_rate": lambda _: mxnet.optimizer.SGD().learning_rate,
    "adagrad.learning_rate": lambda _: mxnet.optimizer.AdaGrad().learning_rate,
    "adadelta.learning_rate": lambda _: mxnet.optimizer.AdaDelta().learning_rate,
    "leaky_relu.function_slope": lambda _: -nd.LeakyReLU(nd.full(1, -1.0)).asscalar(),
    "prelu.start": lambda _: started(nn.PReLU()).alpha.data().asscalar(),
    "local_response_norm.exponent": _exponent,
    "local_response_norm.offset": lambda inputs: _response(1e-3) ** (-1 / _exponent(inputs)),
    "local_response_norm.alpha": lambda inputs: _response(1e6) ** (-1 / _exponent(inputs)) / 1e12,
    "softmax.axis": lambda _: int(documented(nd.softmax, "axis")),
    "log_softmax.axis": lambda _: int(documented(nd.log_softmax, "axis")),
    "upsample.align_corners": lambda _: int(documented(nd.contrib.BilinearResize2D, "align_corners")),
    "uniform.low": lambda _: -mxnet.init.Uniform().scale,
    "adagrad.start": _adagrad,
    "ftrl.start": _ftrl,
    "cross_entropy.smoothing": lambda _: float(documented(nd.SoftmaxOutput, "smooth_alpha")),
}
