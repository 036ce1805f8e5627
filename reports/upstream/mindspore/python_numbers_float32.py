"""Arithmetic of a float64 tensor with a Python number rounds the number to float32, and says nothing of it.

    pip install mindspore==2.10.0 "numpy<2"; python python_numbers_float32.py

`x*0.1`, `x + 0.1`, `x**0.3`, ops.clamp, Tensor.masked_fill and ops.leaky_relu are concerned; the result is of type float64 and
off by up to 3e-8. NumPy and PyTorch use the number as it is. A tensor of the number, mindspore.Tensor(0.1, float64), is right.
"""

from __future__ import annotations

import mindspore
import numpy as np
from mindspore import ops

if __name__ == "__main__":
    x = np.random.default_rng(0).normal(size=(3, 5))
    tensor = mindspore.Tensor(x, mindspore.float64)
    exact = {"x*0.1": x * 0.1, "x+0.1": x + 0.1, "(x*x)**0.3": (x * x) ** 0.3, "clamp": np.clip(x, -0.1, 0.1)}
    given = {
        "x*0.1": tensor * 0.1,
        "x+0.1": tensor + 0.1,
        "(x*x)**0.3": (tensor * tensor) ** 0.3,
        "clamp": ops.clamp(tensor, -0.1, 0.1),
    }
    print(f"mindspore {mindspore.__version__}, float64 tensors and Python numbers")  # noqa: T201
    for name, truth in exact.items():
        print(f"  {name:12} {given[name].dtype}: off by {np.abs(given[name].asnumpy() - truth).max():.1e}")  # noqa: T201
    right = (tensor * mindspore.Tensor(0.1, mindspore.float64)).asnumpy()
    print(f"  x*Tensor(0.1): off by {np.abs(right - x * 0.1).max():.1e}")  # noqa: T201
