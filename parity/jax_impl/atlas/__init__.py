"""The answers of JAX, Flax and Optax to the questions of the atlas, and the places of their default arguments."""
