"""A user's own PyTorch model: its observation, and the kinds of its layers."""
