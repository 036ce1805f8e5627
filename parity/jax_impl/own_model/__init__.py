"""A user's own Flax model, NNX or Linen: its observation, and the kinds of its layers."""
