"""The arithmetic that specs may contain: read by specs, ops, the reference, and every framework. Standard library only."""
