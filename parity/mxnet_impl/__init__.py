"""The MXNet realization of cases: hybridized Gluon blocks of native layers, built from a graph."""
