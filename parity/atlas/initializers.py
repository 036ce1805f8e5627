"""Owns the questions about initializers, and about the default initializer of each layer. A candidate's name is the formula
that the fans enter.

It refuses to know which framework draws from what.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from parity.atlas.distributions import Distribution, normal, two_uniforms, uniform
from parity.atlas.question import Question, form

CUT_DEVIATION = 0.8796256610342398
"""The standard deviation of a standard normal cut at ±2."""


def _candidates(fan_in: int, fan_out: int, units: int = 0) -> dict[str, Distribution]:
    distributions: dict[str, Distribution] = {
        "uniform ±√(6/(fan_in + fan_out)) (Glorot)": uniform(sqrt(6 / (fan_in + fan_out))),
        "uniform ±√(3/fan_in) (LeCun)": uniform(sqrt(3 / fan_in)),
        "uniform ±√(6/fan_in) (He)": uniform(sqrt(6 / fan_in)),
        "uniform ±1/√fan_in": uniform(1 / sqrt(fan_in)),
        "uniform ±1/√fan_out": uniform(1 / sqrt(fan_out)),
        "uniform ±0.05": uniform(0.05),
        "uniform ±0.07": uniform(0.07),
        "normal, σ = 1": normal(1.0),
        "normal, σ = 0.05": normal(0.05),
        "normal, σ = 0.01": normal(0.01),
        "normal, σ = √(2/fan_in) (He)": normal(sqrt(2 / fan_in)),
        "normal, σ = √(2/(fan_in + fan_out)) (Glorot)": normal(sqrt(2 / (fan_in + fan_out))),
    }
    if units:
        distributions |= {
            "uniform ±1/√units": uniform(1 / sqrt(units)),
            "the sum of two uniform ±1/√units": two_uniforms(1 / sqrt(units)),
        }
    return distributions


def _normals(deviation: float) -> dict[str, Distribution]:
    """A normal; a normal cut at two deviations; and a cut normal that is widened so that it has the claimed deviation."""
    return {
        "normal": normal(deviation),
        "normal cut at 2σ": normal(deviation, 2.0),
        "normal cut at 2σ, widened so that σ holds": normal(deviation / CUT_DEVIATION, 2.0),
    }


def _depthwise() -> dict[str, Distribution]:
    """Candidates for 53 channels of 3 by 3, multiplier 11: fans of one group, or of the kernel read as dense."""
    return {
        "uniform ±√(6/(fan_in + fan_out)) (Glorot), fans as of a dense kernel": uniform(sqrt(6 / (9 * (53 + 11)))),
        "uniform ±√(6/(fan_in + fan_out)) (Glorot), fans of one group": uniform(sqrt(6 / (9 * (1 + 53 * 11)))),
        "uniform ±1/√fan_in, of one group": uniform(1 / 3),
        "uniform ±0.07": uniform(0.07),
    }


def _grouped(outputs_as_inputs: bool = False) -> dict[str, Distribution]:
    """Candidates for 145 to 305 channels in 5 groups, 3 by 3. outputs_as_inputs: for a transposed convolution."""
    into, out = (61, 145) if outputs_as_inputs else (29, 305)
    return {
        "uniform ±√(6/(fan_in + fan_out)) (Glorot), fan_in of one group, fan_out of all": uniform(sqrt(6 / (9 * (into + out)))),
        "uniform ±√(6/(fan_in + fan_out)) (Glorot), fans of one group": uniform(sqrt(6 / (9 * (29 + 61)))),
        "uniform ±1/√fan_in, of one group": uniform(1 / sqrt(9 * 29)),
        "uniform ±1/√fan_in, of all groups": uniform(1 / sqrt(9 * 145)),
        "uniform ±1/√fan_out, of one group": uniform(1 / sqrt(9 * 61)),
        "uniform ±0.07": uniform(0.07),
    }


def _heads() -> dict[str, Distribution]:
    """96 features, 4 heads of 24: three projections in one matrix, or a kernel (features, heads, size) read as an image's."""
    return {
        "uniform ±1/√fan_in": uniform(1 / sqrt(96)),
        "uniform ±√(6/(fan_in + fan_out)) (Glorot)": uniform(sqrt(6 / (2 * 96))),
        "uniform ±√(6/(fan_in + fan_out)) (Glorot), of the three projections together": uniform(sqrt(6 / (4 * 96))),
        "uniform ±√(6/(features·(heads + size))): the features are taken for pixels": uniform(sqrt(6 / (96 * (4 + 24)))),
    }


CANDIDATES: Mapping[str, Mapping[str, Distribution]] = {
    "dense.kernel": _candidates(37, 503),
    "dense.bias": _candidates(37, 5003),
    "conv2d.kernel": _candidates(99, 909),
    "conv_transpose2d.kernel": _candidates(99, 909),
    "embedding.table": _candidates(1009, 301),
    "lstm.kernel": _candidates(37, 268, 67),
    "lstm.recurrent_kernel": _candidates(67, 268),
    "lstm.start_bias": _candidates(13, 2012, 503),
    "gru.recurrent_kernel": _candidates(79, 237),
    "gru.kernel": _candidates(37, 237, 79),
    "rnn.kernel": {name: candidate for name, candidate in _candidates(37, 307, 307).items() if "1/√fan_out" not in name},
    "conv2d.bias_start": _candidates(99, 9 * 5003),
    "depthwise_conv2d.kernel": _depthwise(),
    "grouped_conv2d.kernel": _grouped(),
    "grouped_conv_transpose2d.kernel": _grouped(True),
    "multi_head_attention.kernel": _heads(),
    "multi_head_attention.out_kernel": _heads(),
    "batch_norm.start_gamma": {},
    "he_normal.draws": _normals(sqrt(2 / 101)),
    "he_uniform.draws": _candidates(101, 307),
    "glorot_normal.draws": _normals(sqrt(2 / 408)),
    "glorot_uniform.draws": _candidates(101, 307),
    "truncated_normal.draws": _normals(2.0) | {"normal cut at ±2, which is 1σ": normal(2.0, 1.0)},
}
"""Question -> its candidates. Draws have 101 inputs and 307 outputs."""


def _text(name: str) -> str:
    item, _, aspect = name.partition(".")
    if aspect == "draws":
        return f"{item}{' of σ = 2' if item == 'truncated_normal' else ''} draws"
    return f"{item}: default start of the {aspect.removeprefix('start_').removesuffix('_start').replace('_', ' ')}"


GLOROT = (
    "Keras's: torch nn.init.xavier_uniform_(w), MXNet weight_initializer=init.Xavier(); "
    "torch's: Keras VarianceScaling(1/3, 'fan_in', 'uniform')"
)
SMALL = "MXNet's in Keras: RandomUniform(-0.07, 0.07), in torch: nn.init.uniform_(w, -0.07, 0.07)"
UNITS = "torch's in Keras: RandomUniform(-k, k) with k = units**-0.5, in MXNet: init.Uniform(units**-0.5)"
PLAIN = (
    "plain: Keras VarianceScaling({scale}, '{fan}', 'untruncated_normal'); "
    "cut: torch trunc_normal_(w, 0, s, -2*s, 2*s) with s = σ/0.8796"
)
ADVICE: Mapping[str, str] = {
    "dense.kernel": GLOROT,
    "conv2d.kernel": GLOROT,
    "dense.bias": "torch: nn.init.zeros_(layer.bias); torch's in Keras: RandomUniform(-k, k) with k = fan_in**-0.5",
    "conv2d.bias_start": "torch: nn.init.zeros_(layer.bias); torch's in Keras: RandomUniform(-k, k) with k = fan_in**-0.5",
    "conv_transpose2d.kernel": "Keras's: torch nn.init.xavier_uniform_(w), MXNet init.Xavier(); torch's: "
    "Keras VarianceScaling(1/3, 'fan_in', 'uniform'), whose fan_in is of the "
    "outputs",
    "embedding.table": "torch's in Keras: RandomNormal(stddev=1.0), in MXNet: init.Normal(1.0); "
    "Keras's in torch: nn.init.uniform_(w, -0.05, 0.05)",
    "lstm.kernel": UNITS,
    "gru.kernel": UNITS,
    "rnn.kernel": UNITS,
    "lstm.recurrent_kernel": "torch: nn.init.orthogonal_ of weight_hh_l0 as a whole (4·units, "
    "units) is Keras's; torch's: uniform ±units**-0.5",
    "gru.recurrent_kernel": "torch: nn.init.orthogonal_ of weight_hh_l0 as a whole (3·units, "
    "units) is Keras's; torch's: uniform ±units**-0.5",
    "lstm.start_bias": "torch: zeros, and lstm.bias_ih_l0.data[units:2*units] = 1 is Keras's; Keras: "
    "unit_forget_bias=False is MXNet's",
    "depthwise_conv2d.kernel": SMALL,
    "grouped_conv2d.kernel": SMALL,
    "grouped_conv_transpose2d.kernel": "MXNet's in torch: nn.init.uniform_(w, -0.07, 0.07)",
    "multi_head_attention.kernel": "torch: nn.init.xavier_uniform_ of each third of in_proj_weight is Keras's",
    "multi_head_attention.out_kernel": "torch: nn.init.xavier_uniform_(layer.out_proj.weight) is Keras's",
    "he_normal.draws": PLAIN.format(scale="2.0", fan="fan_in"),
    "glorot_normal.draws": PLAIN.format(scale="1.0", fan="fan_avg"),
    "truncated_normal.draws": "torch's bounds are numbers, not deviations: trunc_normal_(w, std=s, a=-2*s, b=2*s)",
}

QUESTIONS = (
    Question(
        "initializer.twice",
        "initializers",
        "one he_normal for two kernels of one shape: the second kernel is",
        {},
        {"the first again": form(0.0), "another draw": form(1.0)},
        "Keras keeps an initializer's seed: make an object for each layer, HeNormal(), or pass 'he_normal'; "
        "torch: torch.manual_seed(7) before each",
    ),
    *(Question(name, "initializers", _text(name), advice=ADVICE.get(name, "")) for name in CANDIDATES),
)
