"""A user's own MXNet model: how it is observed, and the kinds of its layers."""
