"""The PyTorch realization of cases: what a good user of torch would write, built from a graph."""
