"""A perceptron with two hidden layers: sequential, and as a block with its activations apart."""

from mxnet.gluon import HybridBlock, nn

INPUTS = ["5x13"]


def build():
    network = nn.HybridSequential()
    network.add(nn.Dense(11, activation="relu"), nn.Dense(7, activation="relu"), nn.Dense(3))
    network.initialize()
    network.hybridize()
    return network


class Perceptron(HybridBlock):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.last = nn.Dense(11), nn.Dense(7), nn.Dense(3)

    def hybrid_forward(self, F, x):
        return self.last(F.relu(self.second(F.relu(self.first(x)))))


def written():
    return Perceptron()


class Classes(HybridBlock):
    """The logarithms of ten classes' probabilities."""

    def __init__(self):
        super().__init__()
        self.hidden, self.last = nn.Dense(11, activation="relu"), nn.Dense(10)

    def hybrid_forward(self, F, x):
        return F.log_softmax(self.last(self.hidden(x)))


def classes():
    return Classes()


def nothing():
    build()
