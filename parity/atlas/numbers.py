"""Owns the questions about gradients at kinks, and about plain arithmetic: NaN, ties, rounding, types.

Answers are the numbers or types themselves. It refuses to say which slope is right at a kink, where every number between the
slopes of both sides is right. Where a function has a single slope, that slope is right, and the others are wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from parity.atlas.question import Question, form

AT_LEAST = "write where(x >= 1, x, 1): its slope at the tie is 1 everywhere"
AT_MOST = "write where(x <= 1, x, 1): its slope at the tie is 1 everywhere"
TYPES = {
    f"{word}{bits}": form([ord(word[0]), bits])
    for word, sizes in (("float", (16, 32, 64)), ("int", (8, 16, 32, 64)), ("uint", (8,)))
    for bits in sizes
} | {"bool": form([ord("b"), 8])}


def kink(name: str, at: Sequence[float], words: str = "", advice: str = "") -> Question:
    shown = ", ".join(f"{number:g}" for number in at)
    return Question(f"kink.{name}", "kinks", f"slope of {words or name} at {shown}", {"x": np.array(at)}, None, advice)


def smooth(name: str, at: Sequence[float], right: Sequence[float], words: str = "", advice: str = "") -> Question:
    """A question about a slope where the function has no kink: one answer is right, every other is marked wrong."""
    question = kink(name, at, words, advice)
    text = f"{question.text} (no kink: {', '.join(f'{number:g}' for number in right)})"
    return replace(question, text=text, right=np.array(right, dtype=float))


def number(name: str, text: str, advice: str = "", **inputs: Sequence[float]) -> Question:
    given = {key: np.array(values, dtype=float if key in "xy" else int) for key, values in inputs.items()}
    return Question(f"number.{name}", "numerics", text, given, None, advice)


def typed(name: str, text: str, advice: str = "", **inputs: Sequence[float]) -> Question:
    question = number(name, text, advice, **inputs)
    return Question(question.name, question.chapter, question.text, question.inputs, TYPES, advice)


KINKS = (
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
)

NUMBERS = (
    number(
        "round_half",
        "round of 0.5, 1.5, 2.5, -0.5",
        "MXNet: mx.np.round takes halves to even numbers, nd.round away from zero",
        x=[0.5, 1.5, 2.5, -0.5],
    ),
    number(
        "remainder",
        "remainder of -7 by 3, 7 by -3",
        x=[-7, 7],
        y=[3, -3],
    ),
    number("floor_divide", "floor division of -7 by 2", x=[-7], y=[2]),
    number("integer_division", "7 / 2 of integers", "divide floats: MXNet: i.astype('float32')", i=[7], j=[2]),
    typed("integer_division_type", "type of integer / integer", "divide floats: MXNet: i.astype('float32')", i=[7], j=[2]),
    number("argmax_tie", "argmax of (1, 3, 3)", x=[1, 3, 3]),
    number(
        "argmax_nan",
        "argmax of (1, NaN, 2)",
        "keep NaN out: argmax(where(isnan(x), -inf, x)); MXNet: nd.contrib.isnan(x)",
        x=[1, np.nan, 2],
    ),
    number("maximum_nan", "maximum(NaN, 1), maximum(1, NaN)", x=[np.nan, 1], y=[1, np.nan]),
    number("max_nan", "max of (1, NaN, 2)", x=[1, np.nan, 2]),
    number("sign_zero", "sign of 0", x=[0.0]),
    number(
        "variance",
        "variance of 1, 2, 3, 4 by default",
        "torch: torch.var(x, correction=0) is the others'; torch's: MXNet: mx.np.var(x, ddof=1), Keras: "
        "ops.var(x) * n / (n - 1)",
        x=[1, 2, 3, 4],
    ),
    number(
        "median",
        "median of 1, 2, 3, 4",
        "torch: the lower middle; torch.quantile(x, 0.5) gives the mean of both",
        x=[1, 2, 3, 4],
    ),
    number("zero_by_zero", "0 / 0", x=[0.0]),
    number("power_zero_zero", "0 to the power 0", x=[0.0]),
    number("cube_root", "-8 to the power 1/3", x=[-8.0]),
    number("mean_empty", "mean of nothing", "mean(x) if len(x) else 0.0", x=[]),
    number("max_empty", "maximum of nothing", x=[]),
    typed("sum_type", "type of the sum of int32", "torch: x.sum(dtype=torch.int32)", i=[1, 2]),
    number(
        "mean_integers",
        "mean of the integers 1, 2",
        "cast first: torch: i.float(); Keras: ops.cast(i, 'float32'); MXNet: i.astype('float32')",
        i=[1, 2],
    ),
    typed(
        "range_type",
        "type of arange(3)",
        "name it: Keras: ops.arange(3, dtype='int64') is torch's; MXNet: nd.arange(3, dtype='int32'), torch: "
        "dtype=torch.int32 are Keras's",
    ),
    typed("zeros_type", "type of zeros(3)"),
    typed(
        "float64_array_type",
        "type of a tensor made from a float64 array",
        "precision is lowered silently: MXNet: nd.array(x, dtype='float64')",
        x=[1.0],
    ),
    typed(
        "float64_layer_type",
        "type of a dense layer's result for a float64 input",
        "Keras lowers it silently: Keras: Dense(2, dtype='float64'); torch: layer.double(); MXNet: layer.cast('float64')",
        x=[1.0],
    ),
    typed(
        "comparison_type",
        "type of x > 0",
        "MXNet has no booleans here: Keras: ops.cast(x > 0, 'float32') and torch: (x > 0).float() are its 1.0 and 0.0",
        x=[1.0],
    ),
    typed(
        "argmax_type",
        "type of argmax",
        "cast where it indexes: torch: to(torch.int64); Keras: ops.cast(…, 'int64'); MXNet: astype('int64')",
        x=[1.0, 2.0],
    ),
    typed(
        "integer_plus_float_type",
        "type of integer + 0.5",
        "MXNet cuts the scalar to the integer type: i.astype('float32') + 0.5",
        i=[1],
    ),
    number("empty_batch", "shape of dense(2) of an empty batch", "leave empty batches out: for x in batches if len(x)"),
    number("integer_by_zero", "1 // 0 of integers", i=[1], j=[0]),
    number(
        "integer_power",
        "2 to the power -1 of integers",
        "raise floats: torch: i.float() ** -1; Keras: ops.cast(i, 'float32') ** -1; MXNet: i.astype('float32') ** -1",
        i=[2],
    ),
    typed("one_hot_type", "type of one_hot", "torch: F.one_hot(i, 3).float()", i=[1]),
    typed("half_plus_single_type", "type of float16 + float32", "MXNet does not promote: x.astype('float32') first", x=[1.0]),
    typed("int32_plus_int64_type", "type of int32 + int64", "MXNet does not promote: i.astype('int64') first", i=[1]),
    typed(
        "int32_plus_single_type", "type of int32 + float32", "MXNet does not promote: i.astype('float32') first", i=[1], x=[1.0]
    ),
    typed(
        "boolean_sum_type",
        "type of the sum of (x > 0)",
        "cast before counting: torch: to(torch.int64); Keras: ops.cast(x > 0, 'int64'); MXNet: astype('int64')",
        x=[1.0],
    ),
    typed("scalar_type", "type of a tensor made from 1.5"),
    number("byte_overflow", "200 + 100 of unsigned bytes", i=[200], j=[100]),
    number("half_overflow", "sum of 60000, 60000 in float16", x=[6e4, 6e4]),
    number(
        "half_mean",
        "mean of 60000, 60000 in float16",
        "take means in float32: torch: x.float(); Keras: ops.cast(x, 'float32'); MXNet: x.astype('float32')",
        x=[6e4, 6e4],
    ),
    number("float_to_integer", "1.9, -1.9 as int32", x=[1.9, -1.9]),
    number("variance_of_one", "variance of one number", "torch: torch.var(x, correction=0)", x=[1.0]),
    number("min_nan", "min of (1, NaN, 2)", x=[1, np.nan, 2]),
    number(
        "sort_nan",
        "sort of (NaN, 2, 1)",
        "NaN comes first or last: take it out: torch: x[~torch.isnan(x)]; Keras: x[~ops.isnan(x)]; MXNet: "
        "nd.contrib.boolean_mask(x, 1 - nd.contrib.isnan(x))",
        x=[np.nan, 2, 1],
    ),
    number("clip_nan", "clip(NaN, 0, 1)", x=[np.nan]),
    number(
        "top_tie",
        "places of the 2 greatest of (1, 3, 3, 3)",
        "torch: torch.argsort(-x, stable=True)[:2] are the others' places",
        x=[1, 3, 3, 3],
    ),
    number("log_negative", "log(-1)", x=[-1.0]),
    number("argmax_empty", "argmax of nothing", x=[]),
    number("sum_empty", "sum of nothing", "sum(x) if len(x) else 0.0", x=[]),
    number("product_empty", "product of nothing", "a product too: prod(x) if len(x) else a number of your own", x=[]),
    number(
        "softmax_nan",
        "softmax of (NaN, 1)",
        "one NaN may spoil a row: softmax(where(isnan(x), -inf, x)); MXNet: nd.contrib.isnan(x)",
        x=[np.nan, 1.0],
    ),
    number("exponential_overflow", "exp(89)", x=[89.0]),
    number("sigmoid_huge", "1 - sigmoid(20)", x=[20.0]),
)

QUESTIONS = (*KINKS, *NUMBERS)
