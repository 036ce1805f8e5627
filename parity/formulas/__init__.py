"""The arithmetic that specs may contain. Specs, ops, the reference and all frameworks read it. Standard library only."""
