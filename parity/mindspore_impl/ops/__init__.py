"""The native form of each op, by kind."""
