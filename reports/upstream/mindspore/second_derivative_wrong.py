"""The second derivative of products of matrices is wrong in PyNative mode, without an error; in graph mode it is right.

    pip install mindspore==2.10.0 "numpy<2"; python second_derivative_wrong.py

A Hessian-vector product of sum(y³) by mindspore.grad of mindspore.grad, against central differences of MindSpore's own
gradient in float64. nn.Dense on (batch, time, features), ops.cat and ops.bmm are off by half and more of the greatest number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mindspore
import numpy as np
from mindspore import nn, ops


def check(name: str, function: Callable[[Any], Any], shape: tuple[int, ...]) -> None:
    x, along = np.random.default_rng(0).normal(size=(2, *shape))
    direction = mindspore.Tensor(along, mindspore.float64)

    def loss(given: Any) -> Any:
        y = function(given)
        return ops.sum(y * y * y)

    slope = mindspore.grad(loss)

    def bent(given: Any) -> Any:
        return ops.sum(slope(given) * direction)

    step = 1e-5
    ends = [slope(mindspore.Tensor(x + sign * step * along, mindspore.float64)).asnumpy() for sign in (1, -1)]
    truth = (ends[0] - ends[1]) / (2 * step)
    told = []
    for mode, made in (("PyNative", mindspore.grad(bent)), ("graph mode", mindspore.jit(mindspore.grad(bent)))):
        found = made(mindspore.Tensor(x, mindspore.float64)).asnumpy()
        told.append(f"{mode} off by {np.abs(found - truth).max() / np.abs(truth).max():.1e}")
    print(f"  {name:30} {', '.join(told)}")  # noqa: T201


def doubled(x: Any) -> Any:
    return ops.cat((x, x * x), 1)


def squared(x: Any) -> Any:
    return ops.bmm(x, ops.swapaxes(x, 1, 2))


if __name__ == "__main__":
    print(f"mindspore {mindspore.__version__}: Hessian-vector products of sum(y**3)")  # noqa: T201
    dense = nn.Dense(5, 3, dtype=mindspore.float64)
    check("nn.Dense on (4, 5)", dense, (4, 5))
    check("nn.Dense on (2, 4, 5)", dense, (2, 4, 5))
    check("ops.cat((x, x*x), 1)", doubled, (4, 5))
    check("ops.bmm(x, x transposed)", squared, (2, 4, 5))
