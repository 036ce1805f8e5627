"""The ops as Flax's layers and JAX's functions: a file for each family."""
