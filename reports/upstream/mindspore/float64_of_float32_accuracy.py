"""Ops that take and give float64 on a CPU with the accuracy of float32.

    pip install mindspore==2.10.0 "numpy<2"; python float64_of_float32_accuracy.py

Rounding explains 1e-15. log_softmax and softplus are even less accurate than float32: 6e-7 and 3e-7.
"""

from __future__ import annotations

import math

import mindspore
import numpy as np
from mindspore import nn, ops


def shares(old: int, times: int) -> np.ndarray:
    """(old*times, old): the share of each old row in each new row of a bilinear enlargement with half-pixel centres."""
    place = np.clip((np.arange(old * times) + 0.5) / times - 0.5, 0, old - 1)
    return np.maximum(1 - np.abs(place[:, None] - np.arange(old)), 0)


def squared(x: mindspore.Tensor) -> mindspore.Tensor:
    y = nn.MaxPool2d(2, 2)(x)
    return (y * y).sum()


def main() -> None:
    x = np.random.default_rng(0).normal(size=(1, 2, 6, 6))
    tensor = mindspore.Tensor(x, mindspore.float64)
    soft = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    moved = x - x.mean(-1, keepdims=True)
    windows = x.reshape(1, 2, 3, 2, 3, 2)
    truths = {
        "ops.log_softmax": (ops.log_softmax(tensor, -1), x - np.log(np.exp(x).sum(-1, keepdims=True))),
        "ops.Softplus": (ops.Softplus()(tensor), soft),
        "nn.Mish": (nn.Mish()(tensor), x * np.tanh(soft)),
        "nn.SeLU": (nn.SeLU()(tensor), 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
        "nn.GELU, tanh": (
            nn.GELU()(tensor),
            x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        ),
        "nn.LayerNorm": (
            nn.LayerNorm((6,), -1, -1, dtype=mindspore.float64)(tensor),
            moved / np.sqrt((moved**2).mean(-1, keepdims=True) + 1e-7),
        ),
        "nn.AvgPool2d": (nn.AvgPool2d(2, 2)(tensor), windows.mean((3, 5))),
        "ops.mse_loss": (ops.mse_loss(tensor, tensor * tensor), ((x - x * x) ** 2).mean()),
        "nn.Upsample, bilinear": (
            nn.Upsample(size=(18, 18), mode="bilinear")(tensor),
            np.einsum("ih,jw,bchw->bcij", shares(6, 3), shares(6, 3), x),
        ),
    }
    print(f"mindspore {mindspore.__version__}, float64")  # noqa: T201
    for name, (found, truth) in truths.items():
        error = np.abs(found.asnumpy() - truth).max() / np.abs(truth).max()
        print(f"  {name:22} {found.dtype}: off by {error:.1e}")  # noqa: T201
    gradient = mindspore.grad(squared)(tensor).asnumpy()
    exact = 2 * x * (windows == windows.max((3, 5), keepdims=True)).reshape(x.shape)
    print(f"  gradient of nn.MaxPool2d: off by {np.abs(gradient - exact).max() / np.abs(exact).max():.1e}")  # noqa: T201
    kept = nn.Dropout(p=0.3).set_train()(mindspore.Tensor(np.ones(99), mindspore.float64)).asnumpy()
    print(f"  scale of nn.Dropout(p=0.3): off by {abs(kept.max() - 1 / 0.7):.1e}")  # noqa: T201


if __name__ == "__main__":
    main()
