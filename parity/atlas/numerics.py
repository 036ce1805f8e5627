"""Owns the questions about numerics: NaN, ties, rounding, types.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.inputs import number, typed
from parity.atlas.question import Question, form

YES_NO = {"yes": form(1.0), "no": form(0.0)}


QUESTIONS = (
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
