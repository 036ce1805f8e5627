"""mindspore.experimental.optim.Adagrad does not move float64 parameters on a CPU, and says nothing of it.

    pip install mindspore==2.10.0 "numpy<2"; python adagrad_float64_moves_nothing.py

The first step from 1 with rate 0.1 and gradient 1 leads to 0.9. In float32 it does.
"""

from __future__ import annotations

import mindspore
from mindspore.experimental import optim

if __name__ == "__main__":
    print(f"mindspore {mindspore.__version__}")  # noqa: T201
    for dtype in (mindspore.float32, mindspore.float64):
        weight = mindspore.Parameter(mindspore.Tensor([1.0], dtype), name="weight")
        optim.Adagrad([weight], lr=0.1)((mindspore.Tensor([1.0], dtype),))
        print(f"  {dtype}: 1 becomes {weight.asnumpy()[0]:.6f}, truth 0.9")  # noqa: T201
