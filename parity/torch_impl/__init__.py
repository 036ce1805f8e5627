"""The PyTorch realization of cases, built from a graph as a good user of torch would write it."""
