"""Owns the questions about arithmetic: mixed types, overflow, indices.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.inputs import number, typed
from parity.atlas.question import Question, form

INDEX = {"index": np.array([7])}
BEHIND = {"index": np.array([-1])}


QUESTIONS = (
    number(
        "subnormal",
        "exp(-95), below the least normal number",
        "TensorFlow flushes to 0: log(exp(x) + 1e-30) before a logarithm or division",
        x=[-95],
    ),
    number(
        "sign_nan",
        "sign of NaN",
        "torch: torch.where(torch.isnan(x), x, torch.sign(x)); MXNet: nd.where(nd.contrib.isnan(x), x, nd.sign(x))",
        x=[np.nan],
    ),
    number("relu_infinite", "relu(inf) - relu(inf)", x=[np.inf]),
    number(
        "clip_crossed",
        "clip(0, 1, -1): the least above the greatest",
        "order the bounds: clip(x, min(1, -1), max(1, -1)) (torch: clamp)",
        x=[0.0],
    ),
    number(
        "remainder_by_zero",
        "remainder of 1 by 0",
        "MXNet: nd.where(y == 0, …, nd.modulo(x, y)), NaN where the divisor is 0",
        x=[1.0],
        y=[0.0],
    ),
    number(
        "boolean_plus",
        "True + True",
        "cast first: torch: mask.int(); Keras: ops.cast(mask, 'int32'); MXNet: mask.astype('int32')",
        i=[1],
    ),
    number(
        "boolean_minus",
        "True - True",
        "cast first: torch: mask.int(); Keras: ops.cast(mask, 'int32'); MXNet: mask.astype('int32')",
        i=[1],
    ),
    number("mean_boolean", "mean of (True, False): an accuracy", "torch: mask.float().mean()", i=[1, 0]),
    typed(
        "integers_type",
        "type of a tensor made from the list [1, 2]",
        "name it: torch: torch.tensor([1, 2], dtype=torch.int32); MXNet: nd.array([1, 2], dtype='int32')",
    ),
    typed(
        "int64_array_type",
        "type of a tensor made from an int64 array",
        "MXNet: nd.array(x, dtype='int64'): float32 holds no more than 2^24",
        i=[1],
    ),
    typed("full_type", "type of full(2, 1)", "torch: torch.full((2,), 1.0)"),
    typed("float_list_type", "type of a tensor made from the list [1.0, 2.0]"),
    typed("cumulative_sum_type", "type of the cumulative sum of int32", "torch: torch.cumsum(x, 0, dtype=torch.int32)", i=[1]),
    typed(
        "bytes_type",
        "type of uint8 + int8",
        "cast both to int32 first: MXNet does not promote and has no int16: i.astype('int32')",
        i=[1],
    ),
    typed(
        "integer_plus_half_type", "type of int64 + float16", "MXNet does not promote: i.astype('float16') first", i=[1], x=[1.0]
    ),
    typed(
        "single_plus_double_type",
        "type of float32 + float64",
        "MXNet does not promote: x.astype('float64') first; elsewhere one float64 array makes all of it float64",
        x=[1.0],
    ),
    typed("byte_plus_number_type", "type of uint8 + 1", i=[1]),
    typed(
        "integer_mean_type",
        "type of the mean of int32",
        "cast first: torch: i.float(); Keras: ops.cast(i, 'float32'); MXNet: i.astype('float32')",
        i=[1],
    ),
    typed(
        "half_layer_type",
        "type of a float32 dense layer's result for a float16 input",
        "cast inputs: torch: x.float(); Keras: ops.cast(x, 'float32'); MXNet: x.astype('float32')",
        x=[1.0],
    ),
    number(
        "integer_sum_overflow",
        "sum of the int32 2147483647, 1",
        "sum in int64: Keras: ops.cast(i, 'int64'); MXNet: i.astype('int64')",
        i=[2**31 - 1, 1],
    ),
    number("integer_root", "root of the integer 2", "MXNet cuts to the integer type: nd.sqrt(i.astype('float32'))", i=[2]),
    number("half_sum", "sum of 4096 ones in float16"),
    number("half_loop", "2048 + 1 in float16"),
    number(
        "argmax_far",
        "argmax of 2^24 + 2 numbers whose last is the greatest, minus 2^24",
        "MXNet's argmax is float32, which ends at 2^24: MXNet: nd.topk(x, k=1, dtype='int64')",
    ),
    number("argmax_axes", "argmax of ((1, 5), (7, 2)) without naming an axis", x=[1, 5, 7, 2]),
    number("nan_to_integer", "NaN as int32", x=[np.nan]),
    number("reversed", "(1, 2) sliced by a step of -1", "torch: torch.flip(x, (0,))", x=[1, 2]),
    number(
        "scalar_axes",
        "number of axes of a sum over everything",
        "MXNet has no scalars: its sum has one axis; x.sum().asscalar() is a number",
        x=[1, 2],
    ),
    number("broadcast", "shape of (2, 3) + (3)"),
    number("softmax_integers", "softmax of the integers 1, 1", i=[1, 1]),
    typed(
        "argsort_type",
        "type of argsort",
        "cast where it indexes: torch: to(torch.int64); Keras: ops.cast(…, 'int64'); MXNet: astype('int64')",
        x=[2.0, 1.0],
    ),
    number(
        "mask_index",
        "x[x > 5] of (5, 6, 7)",
        "MXNet reads the mask as places 0 and 1: nd.contrib.boolean_mask(x, x > 5)",
        x=[5, 6, 7],
    ),
    number(
        "integer_product",
        "matrix product of the integers (1, 2) and (3, 4)",
        "MXNet: cast first: i.astype('float32')",
        i=[1, 2],
        j=[3, 4],
    ),
    number("remainder_integers", "remainder of the integers -7 by 3, 7 by -3", i=[-7, 7], j=[3, -3]),
    number("top_returns", "first result of top_k of (5, 9, 7), k = 1", "MXNet: nd.topk(x, k=1, ret_typ='value')", x=[5, 9, 7]),
    Question(
        "number.take_beyond",
        "numerics",
        "take (gather): place 7 of 0, 10, 20, 30, 40",
        INDEX,
        None,
        "check before: index.min() >= 0 and index.max() < count; MXNet clips by default",
    ),
    Question(
        "number.take_behind",
        "numerics",
        "take (gather): place -1 of 0, 10, 20, 30, 40",
        BEHIND,
        {"the last: 40": form(40.0), "the first: 0": form(0.0)},
        "MXNet: nd.take(x, i, mode='wrap') counts from the end",
    ),
)
