"""The reference: the graph walked with parity.ops in NumPy, any precision; rules and distributions from formulas."""
