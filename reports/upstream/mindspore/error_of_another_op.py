"""PyNative raises the error of one op from a later op that can do what it is asked.

    pip install mindspore==2.10.0 "numpy<2"; python error_of_another_op.py

ops.tanh has no fault below; the kernel of an op before it is missing on a CPU. With mindspore.runtime.launch_blocking() the
right op raises.
"""

from __future__ import annotations

import mindspore
import numpy as np
from mindspore import mint, ops

if __name__ == "__main__":
    x = mindspore.Tensor(np.ones((3, 5)), mindspore.float32)
    mint.nn.functional.log_softmax(x, dim=-1)  # has no kernel on a CPU
    try:
        print(ops.tanh(x).asnumpy().max())  # noqa: T201
    except RuntimeError as error:
        print(f"mindspore {mindspore.__version__}: ops.tanh says: {str(error).splitlines()[0]}")  # noqa: T201
