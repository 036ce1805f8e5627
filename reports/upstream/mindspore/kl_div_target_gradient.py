"""The gradient of ops.kl_div by its target is 0 on a CPU; the truth is log(target) + 1 - x.

    pip install mindspore==2.10.0 "numpy<2"; python kl_div_target_gradient.py

Distillation that trains the teacher, or any loss that is symmetric in its distributions, gets no gradient there, silently.
"""

from __future__ import annotations

import mindspore
import numpy as np
from mindspore import ops

if __name__ == "__main__":
    logarithms, target = np.log([0.2, 0.8]), np.array([0.3, 0.7])
    x = mindspore.Tensor(logarithms, mindspore.float32)

    def loss(given: mindspore.Tensor) -> mindspore.Tensor:
        return ops.kl_div(x, given, "sum")

    found = mindspore.grad(loss)(mindspore.Tensor(target, mindspore.float32))
    print(f"mindspore {mindspore.__version__}: {found.asnumpy()}; truth {np.log(target) + 1 - logarithms}")  # noqa: T201
