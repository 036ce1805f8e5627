"""LeNet as people write it, to be held against the spec; `rectified` has another activation in one place."""

from mxnet.gluon import nn


def build(second="sigmoid"):
    network = nn.HybridSequential()
    network.add(
        nn.Conv2D(6, 5, padding=2, activation="sigmoid"),
        nn.AvgPool2D(),
        nn.Conv2D(16, 5, activation=second),
        nn.AvgPool2D(),
        nn.Dense(120, activation="sigmoid"),
        nn.Dense(84, activation="sigmoid"),
        nn.Dense(10),
    )
    network.initialize()
    return network


def rectified():
    return build("relu")
