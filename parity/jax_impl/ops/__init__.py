"""The ops of the specs in JAX, by family; the table of ops is layers.py beside this folder."""
