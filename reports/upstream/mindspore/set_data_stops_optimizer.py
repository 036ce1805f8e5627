"""After Parameter.set_data an optimizer that has taken a step no longer moves the parameter, and says nothing of it.

    pip install mindspore==2.10.0 "numpy<2"; python set_data_stops_optimizer.py

set_data gives the parameter other memory; the optimizer's compiled step goes on to write into the memory of before. Whoever
loads weights in the middle of training (load_param_into_net calls set_data) trains nothing from there on. ops.assign is right.
"""

from __future__ import annotations

import mindspore
from mindspore import nn, ops

if __name__ == "__main__":
    print(f"mindspore {mindspore.__version__}: nn.SGD with rate 0.5 and gradient 1; every step should move 10 to 9.5")  # noqa: T201
    for name in ("set_data", "assign"):
        weight = mindspore.Parameter(mindspore.Tensor([10.0], mindspore.float32), name="weight")
        optimizer = nn.SGD([weight], 0.5)
        seen = []
        for _ in range(3):
            start = mindspore.Tensor([10.0], mindspore.float32)
            if name == "set_data":
                weight.set_data(start)
            else:
                ops.assign(weight, start)
            optimizer((mindspore.Tensor([1.0], mindspore.float32),))
            seen.append(float(weight.asnumpy()[0]))
        print(f"  {name}: {seen}")  # noqa: T201
