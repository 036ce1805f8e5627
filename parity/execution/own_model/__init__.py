"""A user's own model: its process, the conversation with it, and the layers that it tells of."""
