"""The JAX realization of cases, built from a graph as a good user of Flax NNX and Optax would write it."""
