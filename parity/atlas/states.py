"""Owns the questions about initial states and the end of a computation: the first number of a mean square, the rate of the
first update, the maximum of AMSGrad, the order of a flatten, whether a call waits for its result, TF32.

It computes each form in float64 from the definition, and refuses to know which framework does what.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from parity.atlas.question import Array, Question, form
from parity.atlas.rules import GRADIENTS, RATES, STEPS

YES_NO = {"yes": form(1.0), "no": form(0.0)}
FOUR = np.arange(4.0)
COSINE = (1 + np.cos(np.pi * np.arange(5.0) / 4)) / 2
IMAGE = np.arange(12.0).reshape(2, 2, 3)


def _amsgrad(corrected: bool) -> list[Array]:
    """β₁ = 1/2, β₂ = 3/4; epsilon is too small to show. The first gradient is the greatest, so that the maximum matters."""
    w, m, v, greatest, seen = 1.0, 0.0, 0.0, 0.0, []
    for t, (rate, g) in enumerate(zip(RATES, GRADIENTS, strict=True), start=1):
        m, v = 0.5 * m + 0.5 * g, 0.75 * v + 0.25 * g * g
        correction = 1 - 0.75**t
        greatest = max(greatest, v / correction if corrected else v)
        w -= rate * m / (1 - 0.5**t) / sqrt(greatest if corrected else greatest / correction)
        seen.append(w)
    return form(seen)


QUESTIONS = (
    Question(
        "adam.amsgrad_maximum",
        "optimizers",
        "adam with amsgrad (whose paper corrects nothing): the maximum is taken over",
        STEPS,
        {"v, before bias correction": _amsgrad(False), "v̂, after bias correction": _amsgrad(True)},
    ),
    Question("rmsprop.mean_square_start", "optimizers", "rmsprop: its mean square starts at"),
    Question("adadelta.mean_square_start", "optimizers", "adadelta: the mean squares of gradients and of updates start at"),
    Question(
        "cosine_decay.rates",
        "optimizers",
        "a cosine schedule from 1 to 0 over 4 steps: the first update has the rate of",
        {},
        {"step 0: 1, 0.854, 0.5, 0.146": form(COSINE[:4]), "step 1: 0.854, 0.5, 0.146, 0": form(COSINE[1:])},
        "MXNet counts from 1: an LRScheduler of your own that gives schedule(n - 1) at n has the others' rates",
    ),
    Question(
        "polynomial_decay.rates",
        "optimizers",
        "a linear schedule (power 1) from 1 to 0 over 4 steps: the first update has the rate of",
        {},
        {"step 0: 1, 0.75, 0.5, 0.25": form(1 - FOUR / 4), "step 1: 0.75, 0.5, 0.25, 0": form(1 - (FOUR + 1) / 4)},
        "MXNet counts from 1: an LRScheduler of your own that gives schedule(n - 1) at n has the others' rates",
    ),
    Question(
        "flatten.walks",
        "convolution",
        "flatten (layer) of an image of 2 channels, in the framework's own layout, walks through",
        {"x": IMAGE},
        {
            "all places of a channel, then the next channel": form(IMAGE.ravel()),
            "all channels of a place, then the next place": form(np.moveaxis(IMAGE, 0, -1).ravel()),
        },
        "Keras: Permute((3, 1, 2)) before Flatten() walks as the others; or permute the next kernel's rows: "
        "conv2d.input_layout",
    ),
    Question(
        "call.waits",
        "numerics",
        "a long matrix product on CPU: the call returns",
        {},
        {"when it is done": form(1.0), "at once: the result is waited for where it is read": form(0.0)},
        "MXNet: nd.waitall(), or y.wait_to_read(), before a clock is read",
    ),
    Question(
        "call.error",
        "numerics",
        "an error in a computation on CPU (a place beyond the table) is raised",
        {"index": np.array([7])},
        {"by the call": form(1.0), "where the result is read": form(0.0)},
        "MXNet: y.wait_to_read() inside of the try",
    ),
    Question(
        "tf32.matmul",
        "numerics",
        "TF32 is allowed by default in float32 matrix products (a GPU's 10 bits of mantissa for 23)",
        {},
        YES_NO,
        "torch.backends.cuda.matmul.allow_tf32 = True in torch; Keras: "
        "tf.config.experimental.enable_tensor_float_32_execution(False)",
    ),
    Question(
        "tf32.convolution",
        "numerics",
        "TF32 is allowed by default in float32 convolutions (a GPU's 10 bits of mantissa for 23)",
        {},
        YES_NO,
    ),
)
