"""A user's own MXNet model: its observation, and the kinds of its layers."""
