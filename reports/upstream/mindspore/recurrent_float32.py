"""nn.RNN in float32 on a CPU is less accurate than a loop in NumPy's float32, since its tanh is.

    pip install mindspore==2.10.0 "numpy<2"; python recurrent_float32.py

Errors against float64 in NumPy, with states whose sums reach 4. Beside it: the same loop in NumPy's float32.
"""

from __future__ import annotations

import mindspore
import numpy as np
from mindspore import nn


def looped(x: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """States of a plain recurrent layer, in the precision of x."""
    hidden = np.zeros((len(x), len(weights["hh"])), x.dtype)
    for time in range(x.shape[1]):
        hidden = np.tanh(x[:, time] @ weights["ih"].T + hidden @ weights["hh"].T + weights["bias"])
    return hidden


if __name__ == "__main__":
    random, time, features, units = np.random.default_rng(0), 5, 3, 7
    x = random.normal(size=(4, time, features)).astype(np.float32)
    shapes = {"ih": (units, features), "hh": (units, units), "bias": (units,)}
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    layer = nn.RNN(features, units, batch_first=True)
    zero = np.zeros(units, np.float32)
    lists = {"w_ih_list": weights["ih"], "w_hh_list": weights["hh"], "b_ih_list": weights["bias"], "b_hh_list": zero}
    for name, array in lists.items():
        getattr(layer, name)[0].set_data(mindspore.Tensor(array))
    start = mindspore.Tensor(np.zeros((1, 4, units), np.float32))
    found = layer(mindspore.Tensor(x), start)[1].asnumpy()[0]
    truth = looped(x.astype(np.float64), {name: array.astype(np.float64) for name, array in weights.items()})
    own = looped(x, weights)
    print(f"mindspore {mindspore.__version__}: nn.RNN off by {np.abs(found - truth).max():.1e}")  # noqa: T201
    print(f"  the same loop in NumPy's float32: off by {np.abs(own - truth).max():.1e}")  # noqa: T201
