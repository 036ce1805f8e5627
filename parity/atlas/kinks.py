"""Owns the questions about gradients at kinks.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from parity.atlas.question import Question

AT_LEAST = "write where(x >= 1, x, 1): its slope at the tie is 1 everywhere"
AT_MOST = "write where(x <= 1, x, 1): its slope at the tie is 1 everywhere"


def kink(name: str, at: Sequence[float], words: str = "", advice: str = "") -> Question:
    shown = ", ".join(f"{number:g}" for number in at)
    return Question(f"kink.{name}", "kinks", f"slope of {words or name} at {shown}", {"x": np.array(at)}, None, advice)


def smooth(name: str, at: Sequence[float], right: Sequence[float], words: str = "", advice: str = "") -> Question:
    """A question about a slope where the function has no kink: one answer is right, every other is marked wrong."""
    question = kink(name, at, words, advice)
    text = f"{question.text} (no kink: {', '.join(f'{number:g}' for number in right)})"
    return replace(question, text=text, right=np.array(right, dtype=float))


SCANNED = "Keras on TensorFlow is wrong behind a 0, and says nothing: ops.associative_scan(ops.multiply, x) has the right slope"


QUESTIONS = (
    kink("relu", [0.0]),
    kink("relu6", [0.0, 6.0]),
    kink("leaky_relu", [0.0], "leaky_relu with slope 0.25"),
    kink("elu", [0.0], "elu with alpha 2"),
    kink("abs", [0.0]),
    kink("sqrt", [0.0]),
    kink("norm", [0.0, 0.0], "the Euclidean norm", "write sqrt(sum(x**2) + 1e-12), whose slope at 0 is 0 everywhere"),
    kink("maximum", [1.0], "maximum(x, 1), both arrays,", AT_LEAST),
    kink("minimum", [1.0], "minimum(x, 1), both arrays,", AT_MOST),
    kink("minimum_second", [1.0], "minimum(1, x), both arrays,", AT_MOST),
    kink("maximum_number", [1.0], "maximum(1, x), where 1 is a number (torch: clamp(x, min=1)),", AT_LEAST),
    kink("minimum_number", [1.0], "minimum(1, x), where 1 is a number (torch: clamp(x, max=1)),", AT_MOST),
    kink("max", [1.0, 1.0], "the maximum of a vector", "x[argmax(x)] gives all of it to the first one, everywhere"),
    kink("clip", [-1.0, 1.0], "clip(x, -1, 1)"),
    Question(
        "kink.max_pool2d",
        "kinks",
        "slope of max_pool2d at a tie 1, 1",
        {"x": np.array([[1.0, 1.0]])},
    ),
    kink(
        "hard_sigmoid", [-3.0, -2.5, 2.5, 3.0], advice="MXNet: nd.hard_sigmoid(x, alpha=1/6, beta=0.5) has the others' corners"
    ),
    kink("huber", [1.0, -1.0], "the Huber loss, delta 1"),
    kink("sign", [0.0]),
    kink("round", [0.5]),
    kink("floor", [1.0]),
    kink("where_sqrt", [0.0], "where(x > 0, √x, 0)", "make the argument safe first: where(x > 0, sqrt(where(x > 0, x, 1)), 0)"),
    kink("power_half", [0.0], "x to the power 0.5"),
    smooth("power_zero", [0.0], [0.0], "x to the power 0", "write ones_like(x) where the exponent is 0"),
    kink("log", [0.0]),
    smooth(
        "product",
        [0.0, 2.0, 3.0],
        [6.0, 0.0, 0.0],
        "the product of a vector",
        "MXNet's is wrong, it divides by x: multiply the entries one by one: x[0] * x[1] * x[2]",
    ),
    kink("standard_deviation", [1.0, 1.0], "the standard deviation", "write sqrt(var(x) + 1e-12)"),
    kink(
        "max_axis",
        [1.0, 1.0],
        "the maximum along an axis",
        "x[argmax(x)] gives all of it to the first one, everywhere; torch.amax(x, 0) shares it out, as Keras does",
    ),
    kink("min", [1.0, 1.0], "the minimum of a vector", "x[argmin(x)] gives all of it to the first one, everywhere"),
    kink("top", [1.0, 1.0], "the greatest of top_k"),
    kink("hard_tanh", [-1.0, 1.0], advice="torch: torch.clamp(x, -1, 1) has slope 1 at its bounds, as Keras's"),
    kink("hard_swish", [-3.0, 3.0]),
    kink("selu", [0.0], advice="Keras: 1.0507009873554805 * activations.elu(x, 1.6732632423543772) has the others' slope at 0"),
    kink(
        "prelu",
        [0.0],
        "prelu with slope 0.25",
        "Keras: ops.where(x > 0, x, 0.25 * x) learns at 0 (behind zeros, padding) as the others do",
    ),
    kink("relu_nan", [np.nan], "relu", "check for it, isnan(x).any(): gradients may look sound"),
    kink(
        "hinge",
        [0.0],
        "the hinge loss at its margin, x beyond it",
        "MXNet learns nothing at the margin itself: nd.where(x >= 0, x, nd.zeros_like(x)) has the others' slope",
    ),
    kink("absolute_error", [0.0], "the absolute error"),
    kink("logsumexp", [-np.inf, -np.inf]),
    kink(
        "cosine",
        [0.0, 0.0],
        "the cosine with (1, 1)",
        "guard it: divide by sqrt(sum(x**2) + 1e-12), and by the norm of the other",
    ),
    kink(
        "arctangent",
        [0.0],
        "the angle of (0, x)",
        "make the pair safe first: torch: torch.where(x == 0, 1.0, 0.0) as the second; where both are 0 put 1",
    ),
    kink("ceil", [1.0]),
    kink(
        "normalize", [0.0, 0.0], "L2 normalization", "the guard's inverse comes out: name your own: x / sqrt(sum(x**2) + 1e-12)"
    ),
    kink("remainder", [3.0], "the remainder by 3"),
    smooth(
        "power_exponent",
        [2.0],
        [0.0],
        "0 to the power x",
        "MXNet's is NaN through a logarithm of 0: give the base a floor: (0 + 1e-12) ** x",
    ),
    kink("arccosine", [1.0], "the arc cosine"),
    kink("maximum_second", [1.0], "maximum(1, x), both arrays,", AT_LEAST),
    kink(
        "median", [1.0, 2.0, 3.0, 4.0], "the median of a vector", "torch: torch.quantile(x, 0.5) takes the mean of both middles"
    ),
    kink("sort", [1.0, 1.0], "the first of a sorted vector"),
    smooth("cumulative_product", [0.0, 2.0, 3.0], [9.0, 0.0, 0.0], "the sum of the cumulative product of a vector", SCANNED),
    smooth(
        "cumulative_product_behind", [2.0, 0.0, 3.0], [1.0, 8.0, 0.0], "the sum of the cumulative product of a vector", SCANNED
    ),
    kink("entropy", [0.0], "x·log x"),
    kink("root_of_square", [0.0], "√(x²)"),
    kink("where_divide", [0.0], "where(x ≠ 0, 1/x, 0)"),
    smooth("softplus", [-200.0, 200.0], [0.0, 1.0]),
    smooth("sigmoid", [-200.0, 200.0], [0.0, 0.0]),
    smooth("clip_beyond", [-2.0, 2.0], [0.0, 0.0], "clip(x, -1, 1)"),
    smooth("variance", [1.0, 1.0], [0.0, 0.0], "the variance"),
    smooth("absolute_power", [0.0], [0.0], "|x| to the power 1.5"),
)
