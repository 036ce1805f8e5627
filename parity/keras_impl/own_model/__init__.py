"""A user's own Keras model: how it is observed, and the kinds of its layers."""
