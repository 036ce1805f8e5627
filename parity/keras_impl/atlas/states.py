"""Owns Keras's answers to the atlas about initial states and the end of a computation.

It refuses to know what the answer should be. Inputs are arrays under the question's names, channels first: moved to last here.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import keras
import numpy as np
from keras import layers, ops, optimizers
from keras.optimizers import schedules

from parity.keras_impl import device
from parity.keras_impl.atlas.answers import Answer, Inputs, call, optimized, slope, t
from parity.keras_impl.atlas.steps import rates


def moved(optimizer: Any, gradient: float) -> float:
    """How far the first step moves a weight."""
    w = keras.Variable(np.zeros(1), dtype="float64")
    optimizer.build([w])
    optimizer.apply([ops.full((1,), gradient, "float64")])
    return -float(w.numpy()[0])


def _adadelta(_: Inputs) -> list[float]:
    """Both initial mean squares. With ρ = 3/4, ε = 1 and the gradients 1 and 2, (gradient/move)² is
    (ρ·start + gradient²/4 + 1)/(start of the updates' mean square + 1)."""
    first, second = ((g / moved(optimizers.Adadelta(1.0, rho=0.75, epsilon=1.0), g)) ** 2 for g in (1.0, 2.0))
    divisor = 0.75 / (second - first)
    return [round((first * divisor - 1.25) / 0.75, 4) + 0.0, round(divisor - 1, 4) + 0.0]


def _rmsprop(_: Inputs) -> float:
    return round((moved(optimizers.RMSprop(1.0, rho=0.75, epsilon=2.0**-80), 1.0) ** -2 - 0.25) / 0.75, 4) + 0.0


def _waits(_: Inputs) -> float:
    """Whether the call alone takes more than half of the time until the result can be read."""
    x = ops.ones((1200, 1200))
    start = perf_counter()
    y = ops.matmul(x, x)
    returned = perf_counter()
    float(y[0, 0])
    return float(returned - start > (perf_counter() - start) / 2)


def _raised(inputs: Inputs) -> float:
    try:
        found = ops.take(ops.arange(5.0), t(inputs["index"]))
    except Exception:
        return 1.0
    return float(found[0]) * 0


STATES: Mapping[str, Answer] = {
    "adam.amsgrad_maximum": optimized(lambda: optimizers.Adam(beta_1=0.5, beta_2=0.75, epsilon=2.0**-40, amsgrad=True)),
    "rmsprop.mean_square_start": _rmsprop,
    "adadelta.mean_square_start": _adadelta,
    "cosine_decay.rates": lambda _: rates(schedules.CosineDecay(1.0, 4), 4),
    "polynomial_decay.rates": lambda _: rates(schedules.PolynomialDecay(1.0, 4, 0.0), 4),
    "flatten.walks": call(lambda x: layers.Flatten()(ops.transpose(x, (1, 2, 0))[None])[0]),
    "call.waits": _waits,
    "call.error": _raised,
    "tf32.matmul": lambda _: float(device.tensor_float_32()),
    "tf32.convolution": lambda _: float(device.tensor_float_32()),
    "kink.maximum_number": slope(lambda x: ops.maximum(1, x)),
    "kink.minimum_second": slope(lambda x: ops.minimum(ops.ones_like(x), x)),
    "kink.minimum_number": slope(lambda x: ops.minimum(1, x)),
    "kink.cumulative_product_behind": slope(ops.cumprod),
}
