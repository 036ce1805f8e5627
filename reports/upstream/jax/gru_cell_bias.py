"""nnx.GRUCell has no bias within the reset gate, though its documentation has one, and flax.linen's GRUCell as well.

    pip install jax==0.10.2 jaxlib==0.10.2 flax==0.12.8 numpy==2.4.6; python gru_cell_bias.py

The docstring says n = tanh(W_in·x + b_in + r·(W_hn·h + b_hn)). The code has `self.dense_h = Linear(…, use_bias=False)`, so that
b_hn does not exist: 135 parameters for 3 features and 5 units, where Linen and Keras have more, and no
choice of weights gives the numbers of a PyTorch GRU whose b_hn is not 0.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen, nnx

if __name__ == "__main__":
    own = nnx.GRUCell(3, 5, rngs=nnx.Rngs(0))
    carry = jnp.zeros((1, 5))
    variables = linen.GRUCell(5).init(jax.random.key(0), carry, jnp.zeros((1, 3)))
    counts = [sum(np.size(leaf) for leaf in jax.tree.leaves(tree)) for tree in (nnx.state(own, nnx.Param), variables)]
    print(f"nnx.GRUCell has {counts[0]} parameters, linen.GRUCell {counts[1]}")  # noqa: T201
    print(f"a bias of the recurrent product: {own.dense_h.bias} in nnx, 'hn' has {list(variables['params']['hn'])}")  # noqa: T201
