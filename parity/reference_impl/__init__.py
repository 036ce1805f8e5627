"""The reference: walks a graph in NumPy with parity.ops, in any precision; evaluates rules and distributions from formulas."""
