"""nn.Embedding(dtype=float64) makes its table in float32.

    pip install mindspore==2.10.0 "numpy<2"; python embedding_ignores_dtype.py

A float64 model with an embedding computes on with float32 rows: nothing says so. nn.Dense(dtype=float64) is of float64.
"""

from __future__ import annotations

import mindspore
from mindspore import nn

if __name__ == "__main__":
    table = nn.Embedding(3, 2, dtype=mindspore.float64).embedding_table
    kernel = nn.Dense(3, 2, dtype=mindspore.float64).weight
    print(f"mindspore {mindspore.__version__}: nn.Embedding {table.dtype}, nn.Dense {kernel.dtype}")  # noqa: T201
