"""nn.Momentum(use_nesterov=True) takes the steps of plain momentum on a CPU.

    pip install mindspore==2.10.0 "numpy<2"; python momentum_ignores_nesterov.py

Its documentation says p - (grad*lr + v*momentum*lr). nn.SGD(momentum, nesterov=True) follows it.
"""

from __future__ import annotations

import mindspore
import numpy as np
from mindspore import nn

RATE, MOMENTUM = 0.1, 0.9

if __name__ == "__main__":
    gradients = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    plain, nesterov, velocity = np.zeros(3), np.zeros(3), np.zeros(3)
    for gradient in gradients.astype(np.float64):
        velocity = MOMENTUM * velocity + gradient
        plain, nesterov = plain - RATE * velocity, nesterov - RATE * (gradient + MOMENTUM * velocity)
    makers = {
        "nn.Momentum(use_nesterov=True)": lambda weights: nn.Momentum(weights, RATE, MOMENTUM, use_nesterov=True),
        "nn.SGD(nesterov=True)": lambda weights: nn.SGD(weights, RATE, MOMENTUM, nesterov=True),
    }
    print(f"mindspore {mindspore.__version__}, after four steps")  # noqa: T201
    for name, make in makers.items():
        weight = mindspore.Parameter(mindspore.Tensor(np.zeros(3), mindspore.float32), name="weight")
        optimizer = make([weight])
        for gradient in gradients:
            optimizer((mindspore.Tensor(gradient),))
        found = weight.asnumpy()
        away = f"{np.abs(found - nesterov).max():.1e} from Nesterov's, {np.abs(found - plain).max():.1e} from plain momentum's"
        print(f"  {name}: {away}")  # noqa: T201
