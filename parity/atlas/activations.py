"""Owns the questions about activations.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

import math

import numpy as np

from parity.atlas.question import Question, form


def _gelu_tanh(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


QUESTIONS = (
    Question(
        "hard_sigmoid.form",
        "activations",
        "hard_sigmoid",
        {"x": np.array([1.0, -1.0])},
        {"clip(x/6 + 1/2, 0, 1)": form([2 / 3, 1 / 3]), "clip(0.2·x + 0.5, 0, 1)": form([0.7, 0.3])},
        "MXNet: nd.hard_sigmoid(x, alpha=1/6, beta=0.5) is the others'; elsewhere clip(0.2 * x + 0.5, 0, 1) is MXNet's",
    ),
    Question(
        "gelu.form",
        "activations",
        "gelu",
        {"x": np.array([-2.3])},
        {"x·Φ(x) (erf)": form([-2.3 * 0.5 * (1 + math.erf(-2.3 / math.sqrt(2)))]), "the tanh form": form([_gelu_tanh(-2.3)])},
    ),
    Question(
        "hard_swish.form",
        "activations",
        "hard_swish",
        {"x": np.array([1.0, -1.0])},
        {"x·relu6(x + 3)/6": form([2 / 3, -1 / 3])},
    ),
    Question(
        "softmax.implicit_axis",
        "activations",
        "softmax of (2, 3, 4) without naming an axis goes over",
        {"x": np.zeros((2, 3, 4))},
        {"axis 0": form(1 / 2), "axis 1": form(1 / 3), "the last axis": form(1 / 4)},
        "always name it: Keras: axis=-1; torch: dim=-1; MXNet: axis=-1",
    ),
    Question("softmax.all_masked", "activations", "softmax of (-inf, -inf)", {"x": np.array([-np.inf, -np.inf])}),
    Question(
        "log_softmax.huge",
        "activations",
        "log_softmax of (1e4, 0)",
        {"x": np.array([1e4, 0.0])},
        advice="MXNet: nd.log_softmax(x - x.max()) rounds as the others",
    ),
    Question("relu.nan", "activations", "relu(NaN)", {"x": np.array([np.nan])}),
    Question(
        "relu.minus_zero",
        "activations",
        "1 / relu(-0.0): the sign of zero",
        {"x": np.array([-0.0])},
        advice="relu(x) + 0.0 has no sign at zero, everywhere",
    ),
    Question("softplus.huge", "activations", "softplus(1e4)", {"x": np.array([1e4])}),
    Question(
        "elu.function_alpha",
        "activations",
        "elu (function) of -1e4: minus alpha by default",
        {"x": np.array([-1e4])},
        None,
        "MXNet: nd.LeakyReLU(x, act_type='elu', slope=1.0), as nn.ELU; MXNet's elsewhere: elu(x, alpha=0.25)",
    ),
    Question(
        "rrelu.evaluation",
        "activations",
        "rrelu of -1 outside of training: minus its slope",
        {"x": np.array([-1.0])},
        None,
        "torch: F.rrelu(x, lower=0.125, upper=0.334) is MXNet's; MXNet: lower_bound=1/8, upper_bound=1/3 is torch's",
    ),
    Question(
        "log_sigmoid.huge",
        "activations",
        "log_sigmoid(-1e4)",
        {"x": np.array([-1e4])},
        None,
    ),
    Question(
        "prelu.count",
        "activations",
        "prelu of (3, 4, 5): number of slopes by default",
        {},
        {"1": form(1), "one per element": form(60), "one per channel": form(3)},
        "one per channel: Keras: PReLU(shared_axes=[1, 2]); torch: nn.PReLU(5); MXNet: nn.PReLU(in_channels=5)",
    ),
)
