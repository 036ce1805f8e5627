"""LeNet-5 as the spec has it, channels last; `rectified` has relu where the spec has a sigmoid."""

from flax import nnx


class LeNet(nnx.Module):
    def __init__(self, act, rngs):
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding=2, rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.fc1 = nnx.Linear(400, 120, rngs=rngs)
        self.fc2 = nnx.Linear(120, 84, rngs=rngs)
        self.fc3 = nnx.Linear(84, 10, rngs=rngs)
        self.act = act

    def __call__(self, x):
        x = nnx.avg_pool(self.act(self.conv1(x)), (2, 2), strides=(2, 2))
        x = nnx.avg_pool(self.act(self.conv2(x)), (2, 2), strides=(2, 2))
        x = x.reshape(len(x), -1)
        return self.fc3(self.act(self.fc2(self.act(self.fc1(x)))))


def build():
    return LeNet(nnx.sigmoid, nnx.Rngs(0))


def rectified():
    return LeNet(nnx.relu, nnx.Rngs(0))
