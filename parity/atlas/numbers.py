"""Owns the questions about gradients at kinks, and about plain arithmetic: NaN, ties, rounding, types.

Answers are numbers or types as they come. It refuses to say which is right: at a kink every number between the sides is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parity.atlas.question import Question, form

ADVICE = "a unit exactly at its kink passes another gradient on"
SHARED = "where several are greatest the gradient is shared out, or each gets all of it: break ties by a little noise"
ONE_SIDE = "at a tie Keras and MXNet give all to one argument, torch half to each"
TYPES = {
    f"{word}{bits}": form([ord(word[0]), bits])
    for word, sizes in (("float", (16, 32, 64)), ("int", (8, 16, 32, 64)), ("uint", (8,)))
    for bits in sizes
} | {"bool": form([ord("b"), 8])}


def kink(name: str, at: Sequence[float], words: str = "", advice: str = ADVICE) -> Question:
    shown = ", ".join(f"{number:g}" for number in at)
    return Question(f"kink.{name}", "kinks", f"slope of {words or name} at {shown}", {"x": np.array(at)}, None, advice)


def number(name: str, text: str, advice: str = "", **inputs: Sequence[float]) -> Question:
    given = {key: np.array(values, dtype=float if key in "xy" else int) for key, values in inputs.items()}
    return Question(f"number.{name}", "numerics", text, given, None, advice)


def typed(name: str, text: str, advice: str = "", **inputs: Sequence[float]) -> Question:
    asked = number(name, text, advice, **inputs)
    return Question(asked.name, asked.chapter, asked.text, asked.inputs, TYPES, advice)


KINKS = (
    kink("relu", [0.0]),
    kink("relu6", [0.0, 6.0]),
    kink("leaky_relu", [0.0], "leaky_relu with slope 0.25"),
    kink("elu", [0.0], "elu with alpha 2"),
    kink("abs", [0.0]),
    kink("sqrt", [0.0]),
    kink("norm", [0.0, 0.0], "the Euclidean norm", "write sqrt(sum(x²) + 1e-12), whose slope at 0 is 0 everywhere"),
    kink("maximum", [1.0], "maximum(x, 1)", ONE_SIDE),
    kink("minimum", [1.0], "minimum(x, 1)", ONE_SIDE),
    kink("max", [1.0, 1.0], "the maximum of a vector", SHARED),
    kink("clip", [-1.0, 1.0], "clip(x, -1, 1)"),
    Question(
        "kink.max_pool2d",
        "kinks",
        "slope of max_pool2d at a tie 1, 1",
        {"x": np.array([[1.0, 1.0]])},
        None,
        ADVICE,
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
    kink("power_zero", [0.0], "x to the power 0", "write 1 where the exponent is 0"),
    kink("log", [0.0]),
    kink("product", [0.0, 2.0, 3.0], "the product of a vector", "MXNet divides by x: multiply the entries one by one"),
    kink("standard_deviation", [1.0, 1.0], "the standard deviation", "write sqrt(variance + 1e-12)"),
    kink("max_axis", [1.0, 1.0], "the maximum along an axis", f"{SHARED}; torch.amax shares it, max(dim) picks one"),
    kink("min", [1.0, 1.0], "the minimum of a vector", SHARED),
    kink("top", [1.0, 1.0], "the greatest of top_k"),
    kink("hard_tanh", [-1.0, 1.0], advice="torch: torch.clamp(x, -1, 1) has slope 1 at its bounds, as Keras's"),
    kink("hard_swish", [-3.0, 3.0]),
    kink("selu", [0.0], advice="a unit exactly at 0 (behind zeros, padding) gets the slope of the other side"),
    kink("prelu", [0.0], "prelu with slope 0.25", "a unit exactly at 0 (behind zeros, padding) learns nothing in Keras"),
    kink("relu_nan", [np.nan], "relu", "check values for NaN: gradients may look sound"),
    kink(
        "hinge", [0.0], "the hinge loss at its margin, x beyond it", "MXNet learns nothing from what lies exactly at the margin"
    ),
    kink("absolute_error", [0.0], "the absolute error"),
    kink("logsumexp", [-np.inf, -np.inf]),
    kink("cosine", [0.0, 0.0], "the cosine with (1, 1)", "leave zero vectors out: the guard's inverse, or NaN, comes out"),
    kink("arctangent", [0.0], "the angle of (0, x)", "make the pair safe first: where both are 0 put 1"),
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
        "torch: fmod has the dividend's sign, remainder the divisor's",
        x=[-7, 7],
        y=[3, -3],
    ),
    number("floor_divide", "floor division of -7 by 2", x=[-7], y=[2]),
    number("integer_division", "7 / 2 of integers", "divide floats", i=[7], j=[2]),
    typed("integer_division_type", "type of integer / integer", "divide floats", i=[7], j=[2]),
    number("argmax_tie", "argmax of (1, 3, 3)", x=[1, 3, 3]),
    number("argmax_nan", "argmax of (1, NaN, 2)", "keep NaN out of argmax", x=[1, np.nan, 2]),
    number("maximum_nan", "maximum(NaN, 1), maximum(1, NaN)", x=[np.nan, 1], y=[1, np.nan]),
    number("max_nan", "max of (1, NaN, 2)", x=[1, np.nan, 2]),
    number("sign_zero", "sign of 0", x=[0.0]),
    number(
        "variance",
        "variance of 1, 2, 3, 4 by default",
        "torch: torch.var(x, correction=0) is the biased one; MXNet: mx.np.var(x, ddof=1) the other",
        x=[1, 2, 3, 4],
    ),
    number("median", "median of 1, 2, 3, 4", "torch: the lower middle; quantile(0.5) gives the mean of both", x=[1, 2, 3, 4]),
    number("zero_by_zero", "0 / 0", x=[0.0]),
    number("power_zero_zero", "0 to the power 0", x=[0.0]),
    number("cube_root", "-8 to the power 1/3", x=[-8.0]),
    number("mean_empty", "mean of nothing", "skip empty batches", x=[]),
    number("max_empty", "maximum of nothing", x=[]),
    typed("sum_type", "type of the sum of int32", "name the type", i=[1, 2]),
    number("mean_integers", "mean of the integers 1, 2", "cast to float first", i=[1, 2]),
    typed("range_type", "type of arange(3)", "name the type: dtype='int32' (torch: torch.int32)"),
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
        "Keras lowers it silently: Dense(…, dtype='float64'); torch: layer.double()",
        x=[1.0],
    ),
    typed("comparison_type", "type of x > 0", "MXNet has no booleans here: compare gives 1.0 and 0.0", x=[1.0]),
    typed("argmax_type", "type of argmax", "cast where it indexes", x=[1.0, 2.0]),
    typed("integer_plus_float_type", "type of integer + 0.5", "cast first: MXNet cuts the scalar to the integer type", i=[1]),
    number("empty_batch", "shape of dense(2) of an empty batch", "skip empty batches"),
    number("integer_by_zero", "1 // 0 of integers", "check divisors: an integer has no NaN", i=[1], j=[0]),
    number("integer_power", "2 to the power -1 of integers", "raise floats", i=[2]),
    typed("one_hot_type", "type of one_hot", "cast it", i=[1]),
    typed("half_plus_single_type", "type of float16 + float32", "cast first: not every framework promotes", x=[1.0]),
    typed("int32_plus_int64_type", "type of int32 + int64", "cast first: not every framework promotes", i=[1]),
    typed("int32_plus_single_type", "type of int32 + float32", "cast first: not every framework promotes", i=[1], x=[1.0]),
    typed("boolean_sum_type", "type of the sum of (x > 0)", "cast before counting", x=[1.0]),
    typed("scalar_type", "type of a tensor made from 1.5", "name the type"),
    number("byte_overflow", "200 + 100 of unsigned bytes", i=[200], j=[100]),
    number("half_overflow", "sum of 60000, 60000 in float16", "sum in float32", x=[6e4, 6e4]),
    number("half_mean", "mean of 60000, 60000 in float16", "take means in float32", x=[6e4, 6e4]),
    number("float_to_integer", "1.9, -1.9 as int32", x=[1.9, -1.9]),
    number("variance_of_one", "variance of one number", "torch: torch.var(x, correction=0)", x=[1.0]),
    number("min_nan", "min of (1, NaN, 2)", x=[1, np.nan, 2]),
    number("sort_nan", "sort of (NaN, 2, 1)", "NaN comes first or last: take it out before", x=[np.nan, 2, 1]),
    number("clip_nan", "clip(NaN, 0, 1)", x=[np.nan]),
    number("top_tie", "places of the 2 greatest of (1, 3, 3, 3)", "break ties by hand where order counts", x=[1, 3, 3, 3]),
    number("log_negative", "log(-1)", x=[-1.0]),
    number("argmax_empty", "argmax of nothing", x=[]),
    number("sum_empty", "sum of nothing", "skip empty batches", x=[]),
    number("product_empty", "product of nothing", "skip empty batches", x=[]),
    number("softmax_nan", "softmax of (NaN, 1)", "one NaN may spoil a row, or only itself", x=[np.nan, 1.0]),
    number("exponential_overflow", "exp(89)", x=[89.0]),
    number("sigmoid_huge", "1 - sigmoid(20)", x=[20.0]),
)

QUESTIONS = (*KINKS, *NUMBERS)
