"""A user's own Keras model: its observation, and the kinds of its layers."""
