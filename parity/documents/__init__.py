"""What leaves parity as data, and what `import parity` gives back: results, tables, and how each medium shows them."""
