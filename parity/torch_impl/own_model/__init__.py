"""A user's own PyTorch model: how it is observed, and the kinds of its layers."""
