"""A user's own model: its process, the conversation with it, and the description of its layers."""
