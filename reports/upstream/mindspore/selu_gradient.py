"""The gradient of ops.selu and nn.SeLU is wrong below 0 on a CPU: at x = -3 it is -0.70, the truth is 0.088.

    pip install mindspore==2.10.0 "numpy<2"; python selu_gradient.py

Below 0 selu is scale*alpha*(exp(x) - 1), whose slope is scale*alpha*exp(x). The gradient that MindSpore gives even has another
sign, in float32 and float64 alike; the forward values are right. A network with selu trains in a wrong direction, silently.
"""

from __future__ import annotations

import mindspore
import numpy as np
from mindspore import ops

SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772

if __name__ == "__main__":
    x = np.array([-3.0, -1.0, -0.5, 0.5, 1.0])
    truth = np.where(x > 0, SCALE, SCALE * ALPHA * np.exp(x))
    for dtype in (mindspore.float32, mindspore.float64):
        slope = mindspore.grad(ops.selu)(mindspore.Tensor(x, dtype)).asnumpy()
        print(f"mindspore {mindspore.__version__}, {dtype}: {slope}")  # noqa: T201
    print(f"truth: {truth}")  # noqa: T201
