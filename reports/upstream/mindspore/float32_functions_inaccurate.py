"""Functions of float32 on a CPU that are off by more than ten units in the last place, or near it.

    pip install mindspore==2.10.0 "numpy<2"; python float32_functions_inaccurate.py

Errors are in units of 2**-24 of the greatest number (absolute), against float64 in NumPy. A libm's functions stay near 1.
"""

from __future__ import annotations

import mindspore
import numpy as np
from mindspore import nn, ops

if __name__ == "__main__":
    x = np.linspace(-6, 6, 100001).astype(np.float32)
    wide, tensor = x.astype(np.float64), mindspore.Tensor(x)
    soft = np.maximum(wide, 0) + np.log1p(np.exp(-np.abs(wide)))
    rows = np.random.default_rng(0).normal(size=(999, 7)).astype(np.float32) * 3
    exponentials = np.exp(rows.astype(np.float64))
    truths = {
        "ops.exp": (ops.exp(ops.minimum(tensor, mindspore.Tensor(0.0))), np.exp(np.minimum(wide, 0))),
        "ops.sigmoid": (ops.sigmoid(tensor), 1 / (1 + np.exp(-wide))),
        "ops.tanh": (ops.tanh(tensor), np.tanh(wide)),
        "nn.ELU": (nn.ELU()(ops.minimum(tensor, mindspore.Tensor(0.0))), np.expm1(np.minimum(wide, 0))),
        "ops.Softplus": (ops.Softplus()(tensor), soft),
        "ops.softmax": (ops.softmax(mindspore.Tensor(rows), -1), exponentials / exponentials.sum(-1, keepdims=True)),
        "ops.log_softmax": (
            ops.log_softmax(mindspore.Tensor(rows), -1),
            rows - np.log(exponentials.sum(-1, keepdims=True)),
        ),
    }
    print(f"mindspore {mindspore.__version__}, float32")  # noqa: T201
    for name, (found, truth) in truths.items():
        error = np.abs(found.asnumpy() - truth).max() / np.abs(truth).max() * 2**24
        print(f"  {name:16} off by {error:.1f} units")  # noqa: T201
