"""The JAX realization of cases: what a good user of Flax NNX and Optax would write, built from a graph."""
