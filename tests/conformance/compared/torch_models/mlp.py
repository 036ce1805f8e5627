"""A perceptron with two hidden layers: as a class, and as a Sequential."""

from torch import nn

INPUTS = ["5x13"]


class Perceptron(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(13, 11)
        self.second = nn.Linear(11, 7)
        self.last = nn.Linear(7, 3)

    def forward(self, x):
        x = self.first(x).relu()
        x = self.second(x).relu()
        return self.last(x)


def build():
    return Perceptron()


def sequential():
    return nn.Sequential(nn.Linear(13, 11), nn.ReLU(), nn.Linear(11, 7), nn.ReLU(), nn.Linear(7, 3))


def classes():
    return nn.Sequential(nn.Linear(13, 11), nn.ReLU(), nn.Linear(11, 10), nn.LogSoftmax(-1))


def wider():
    return nn.Sequential(nn.Linear(13, 11), nn.ReLU(), nn.Linear(11, 9), nn.ReLU(), nn.Linear(9, 3))


def dropping():
    return nn.Sequential(nn.Linear(13, 11), nn.ReLU(), nn.Dropout(0.1), nn.Linear(11, 7), nn.ReLU(), nn.Linear(7, 3))


class Detached(Perceptron):
    """The first layer is told to learn, and cannot."""

    def forward(self, x):
        x = self.first(x).relu().detach()
        return self.last(self.second(x).relu())


def detached():
    return Detached()


def nothing():
    build()
