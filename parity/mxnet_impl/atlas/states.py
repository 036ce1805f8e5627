"""Owns MXNet's answers to the atlas about initial states and the end of a computation.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from parity.mxnet_impl.atlas.answers import Answer, Inputs, call, slope, t
from parity.mxnet_impl.atlas.steps import rates
from parity.mxnet_impl.device import mxnet

nd, nn, optimizer, schedules = mxnet.nd, mxnet.gluon.nn, mxnet.optimizer, mxnet.lr_scheduler


def documented(operator: Callable[..., Any], argument: str) -> str:
    """The default that an operator registers for an argument. The signature hides it; the generated documentation tells it."""
    (found,) = re.findall(rf"^{argument} : .*default='?([^'\n]*)'?$", operator.__doc__ or "", re.MULTILINE)
    return str(found)


def moved(rule: Any, gradient: float) -> float:
    """How far the first step moves a weight."""
    w = nd.zeros(1)
    optimizer.get_updater(rule)(0, nd.full(1, gradient), w)
    return -float(w.asscalar())


def _adadelta(_: Inputs) -> list[float]:
    """Both initial mean squares. With ρ = 3/4, ε = 1 and the gradients 1 and 2, (gradient/move)² is
    (ρ·start + gradient²/4 + 1)/(start of the updates' mean square + 1)."""
    first, second = ((g / moved(optimizer.AdaDelta(rho=0.75, epsilon=1.0), g)) ** 2 for g in (1.0, 2.0))
    divisor = 0.75 / (second - first)
    return [round((first * divisor - 1.25) / 0.75, 4) + 0.0, round(divisor - 1, 4) + 0.0]


def _rmsprop(_: Inputs) -> float:
    rule = optimizer.RMSProp(learning_rate=1.0, gamma1=0.75, epsilon=2.0**-80)
    return round((moved(rule, 1.0) ** -2 - 0.25) / 0.75, 4) + 0.0


def _adagrad(_: Inputs) -> float:
    return round(moved(optimizer.AdaGrad(learning_rate=1.0, eps=2.0**-80), 1.0) ** -2 - 1, 4) + 0.0


def _ftrl(_: Inputs) -> float:
    """The initial accumulator: the first step with rate 1 and no penalties is 1/√(start + 1)."""
    return round(moved(optimizer.Ftrl(learning_rate=1.0, beta=0.0, lamda1=0.0), 1.0) ** -2 - 1, 4) + 0.0


def _waits(_: Inputs) -> float:
    """Whether the call alone takes more than half of the time until the result can be read."""
    x = nd.ones((1200, 1200))
    nd.waitall()
    start = perf_counter()
    y = nd.dot(x, x)
    returned = perf_counter()
    y.wait_to_read()
    return float(returned - start > (perf_counter() - start) / 2)


def _raised(inputs: Inputs) -> float:
    try:
        found = nd.take(nd.arange(5), t(inputs["index"]), mode="raise")
    except mxnet.base.MXNetError:
        return 1.0
    try:
        found.wait_to_read()
    except mxnet.base.MXNetError:
        return 0.0
    return float("nan")


STATES: Mapping[str, Answer] = {
    "softmax.axis": lambda _: int(documented(nd.softmax, "axis")),
    "log_softmax.axis": lambda _: int(documented(nd.log_softmax, "axis")),
    "upsample.align_corners": lambda _: int(documented(nd.contrib.BilinearResize2D, "align_corners")),
    "uniform.low": lambda _: -mxnet.init.Uniform().scale,
    "adagrad.start": _adagrad,
    "ftrl.start": _ftrl,
    "cross_entropy.smoothing": lambda _: float(documented(nd.SoftmaxOutput, "smooth_alpha")),
    "rmsprop.mean_square_start": _rmsprop,
    "adadelta.mean_square_start": _adadelta,
    "cosine_decay.rates": lambda _: rates(schedules.CosineScheduler(4, base_lr=1.0), 4),
    "polynomial_decay.rates": lambda _: rates(schedules.PolyScheduler(4, base_lr=1.0, pwr=1), 4),
    "flatten.walks": call(lambda x: nn.Flatten()(x[None])[0]),
    "call.waits": _waits,
    "call.error": _raised,
    "kink.maximum_number": slope(lambda x: nd.maximum(1, x)),
    "kink.minimum_second": slope(lambda x: nd.minimum(nd.ones_like(x), x)),
    "kink.minimum_number": slope(lambda x: nd.minimum(1, x)),
}
