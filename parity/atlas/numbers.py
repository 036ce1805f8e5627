"""Owns the questions about gradients at kinks, and about plain arithmetic: NaN, ties, rounding, types.

Answers are numbers or types as they come. It refuses to say which is right: at a kink every number between the sides is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parity.atlas.question import Question, form

ADVICE = "a unit exactly at its kink passes another gradient on"
TYPES = {
    f"{word}{bits}": form([ord(word[0]), bits])
    for word, sizes in (("float", (16, 32, 64)), ("int", (32, 64)))
    for bits in sizes
} | {"bool": form([ord("b"), 8])}


def _kink(name: str, at: Sequence[float], words: str = "") -> Question:
    shown = ", ".join(f"{number:g}" for number in at)
    return Question(f"kink.{name}", "kinks", f"slope of {words or name} at {shown}", {"x": np.array(at)}, None, ADVICE)


def _number(name: str, text: str, advice: str = "", **inputs: Sequence[float]) -> Question:
    given = {key: np.array(values, dtype=float if key in "xy" else int) for key, values in inputs.items()}
    return Question(f"number.{name}", "numerics", text, given, None, advice)


def _type(name: str, text: str, advice: str = "", **inputs: Sequence[float]) -> Question:
    asked = _number(name, text, advice, **inputs)
    return Question(asked.name, asked.chapter, asked.text, asked.inputs, TYPES, advice)


KINKS = (
    _kink("relu", [0.0]),
    _kink("relu6", [0.0, 6.0]),
    _kink("leaky_relu", [0.0], "leaky_relu with slope 0.25"),
    _kink("elu", [0.0], "elu with alpha 2"),
    _kink("abs", [0.0]),
    _kink("sqrt", [0.0]),
    _kink("norm", [0.0, 0.0], "the Euclidean norm"),
    _kink("maximum", [1.0], "maximum(x, 1)"),
    _kink("minimum", [1.0], "minimum(x, 1)"),
    _kink("max", [1.0, 1.0], "the maximum of a vector"),
    _kink("clip", [-1.0, 1.0], "clip(x, -1, 1)"),
    Question("kink.max_pool2d", "kinks", "slope of max_pool2d at a tie 1, 1", {"x": np.array([[1.0, 1.0]])}, None, ADVICE),
    _kink("hard_sigmoid", [-3.0, -2.5, 2.5, 3.0]),
    _kink("huber", [1.0, -1.0], "the Huber loss, delta 1"),
    _kink("sign", [0.0]),
    _kink("round", [0.5]),
    _kink("floor", [1.0]),
    _kink("where_sqrt", [0.0], "where(x > 0, √x, 0)"),
    _kink("power_half", [0.0], "x to the power 0.5"),
    _kink("power_zero", [0.0], "x to the power 0"),
    _kink("log", [0.0]),
    _kink("product", [0.0, 2.0, 3.0], "the product of a vector"),
    _kink("standard_deviation", [1.0, 1.0], "the standard deviation"),
    _kink("max_axis", [1.0, 1.0], "the maximum along an axis"),
    _kink("min", [1.0, 1.0], "the minimum of a vector"),
    _kink("top", [1.0, 1.0], "the greatest of top_k"),
    _kink("hard_tanh", [-1.0, 1.0]),
    _kink("hard_swish", [-3.0, 3.0]),
    _kink("selu", [0.0]),
    _kink("prelu", [0.0], "prelu with slope 0.25"),
    _kink("relu_nan", [np.nan], "relu"),
    _kink("hinge", [0.0], "the hinge loss at its margin, x beyond it"),
    _kink("absolute_error", [0.0], "the absolute error"),
    _kink("logsumexp", [-np.inf, -np.inf]),
    _kink("cosine", [0.0, 0.0], "the cosine with (1, 1)"),
    _kink("arctangent", [0.0], "the angle of (0, x)"),
    _kink("ceil", [1.0]),
)

NUMBERS = (
    _number(
        "round_half", "round of 0.5, 1.5, 2.5, -0.5", "halves go to even numbers, or away from zero", x=[0.5, 1.5, 2.5, -0.5]
    ),
    _number("remainder", "remainder of -7 by 3, 7 by -3", "the sign is the divisor's or the dividend's", x=[-7, 7], y=[3, -3]),
    _number("floor_divide", "floor division of -7 by 2", x=[-7], y=[2]),
    _number("integer_division", "7 / 2 of integers", "divide floats", i=[7], j=[2]),
    _type("integer_division_type", "type of integer / integer", "divide floats", i=[7], j=[2]),
    _number("argmax_tie", "argmax of (1, 3, 3)", x=[1, 3, 3]),
    _number("argmax_nan", "argmax of (1, NaN, 2)", "keep NaN out of argmax", x=[1, np.nan, 2]),
    _number("maximum_nan", "maximum(NaN, 1), maximum(1, NaN)", x=[np.nan, 1], y=[1, np.nan]),
    _number("max_nan", "max of (1, NaN, 2)", x=[1, np.nan, 2]),
    _number("sign_zero", "sign of 0", x=[0.0]),
    _number("variance", "variance of 1, 2, 3, 4 by default", "torch: correction=0 for the biased one", x=[1, 2, 3, 4]),
    _number("median", "median of 1, 2, 3, 4", "torch: the lower middle; quantile(0.5) gives the mean of both", x=[1, 2, 3, 4]),
    _number("zero_by_zero", "0 / 0", x=[0.0]),
    _number("power_zero_zero", "0 to the power 0", x=[0.0]),
    _number("cube_root", "-8 to the power 1/3", x=[-8.0]),
    _number("mean_empty", "mean of nothing", "skip empty batches", x=[]),
    _number("max_empty", "maximum of nothing", x=[]),
    _type("sum_type", "type of the sum of int32", "name the type", i=[1, 2]),
    _number("mean_integers", "mean of the integers 1, 2", "cast to float first", i=[1, 2]),
    _type("range_type", "type of arange(3)", "name the type"),
    _type("zeros_type", "type of zeros(3)"),
    _type("float64_array_type", "type of a tensor made from a float64 array", "precision is lowered silently", x=[1.0]),
    _type("float64_layer_type", "type of a dense layer's result for a float64 input", "precision is lowered silently", x=[1.0]),
    _type("comparison_type", "type of x > 0", "MXNet has no booleans here: compare gives 1.0 and 0.0", x=[1.0]),
    _type("argmax_type", "type of argmax", "cast where it indexes", x=[1.0, 2.0]),
    _type("integer_plus_float_type", "type of integer + 0.5", "cast first: MXNet cuts the scalar to the integer type", i=[1]),
    _number("empty_batch", "shape of dense(2) of an empty batch", "skip empty batches"),
    _number("integer_by_zero", "1 // 0 of integers", "check divisors: an integer has no NaN", i=[1], j=[0]),
    _number("integer_power", "2 to the power -1 of integers", "raise floats", i=[2]),
    _type("one_hot_type", "type of one_hot", "cast it", i=[1]),
    _type("half_plus_single_type", "type of float16 + float32", "cast first: not every framework promotes", x=[1.0]),
    _type("int32_plus_int64_type", "type of int32 + int64", "cast first: not every framework promotes", i=[1]),
    _type("int32_plus_single_type", "type of int32 + float32", "cast first: not every framework promotes", i=[1], x=[1.0]),
    _type("boolean_sum_type", "type of the sum of (x > 0)", "cast before counting", x=[1.0]),
    _type("scalar_type", "type of a tensor made from 1.5", "name the type"),
    _number("byte_overflow", "200 + 100 of unsigned bytes", i=[200], j=[100]),
    _number("half_overflow", "sum of 60000, 60000 in float16", "sum in float32", x=[6e4, 6e4]),
    _number("half_mean", "mean of 60000, 60000 in float16", "take means in float32", x=[6e4, 6e4]),
    _number("float_to_integer", "1.9, -1.9 as int32", x=[1.9, -1.9]),
    _number("variance_of_one", "variance of one number", "torch: correction=0", x=[1.0]),
    _number("min_nan", "min of (1, NaN, 2)", x=[1, np.nan, 2]),
    _number("sort_nan", "sort of (NaN, 2, 1)", "sort numbers only", x=[np.nan, 2, 1]),
    _number("clip_nan", "clip(NaN, 0, 1)", x=[np.nan]),
    _number("top_tie", "places of the 2 greatest of (1, 3, 3, 3)", "break ties by hand where order counts", x=[1, 3, 3, 3]),
    _number("log_negative", "log(-1)", x=[-1.0]),
    _number("argmax_empty", "argmax of nothing", x=[]),
    _number("sum_empty", "sum of nothing", "skip empty batches", x=[]),
    _number("product_empty", "product of nothing", "skip empty batches", x=[]),
    _number("softmax_nan", "softmax of (NaN, 1)", "one NaN may spoil a row, or only itself", x=[np.nan, 1.0]),
    _number("exponential_overflow", "exp(89)", x=[89.0]),
    _number("sigmoid_huge", "1 - sigmoid(20)", x=[20.0]),
)

QUESTIONS = (*KINKS, *NUMBERS)
