"""A small residual network; `ported` took Keras's default epsilon along in the shortcut's batch norm."""

from mxnet.gluon import HybridBlock, nn

INPUTS = ["3x3x8x8"]


class Block(HybridBlock):
    def __init__(self, channels, stride, shortcut, epsilon=1e-5):
        super().__init__()
        self.body, self.shortcut = nn.HybridSequential(), None
        self.body.add(
            nn.Conv2D(channels, 3, stride, 1, use_bias=False),
            nn.BatchNorm(),
            nn.Activation("relu"),
            nn.Conv2D(channels, 3, 1, 1, use_bias=False),
            nn.BatchNorm(),
        )
        if shortcut:
            self.shortcut = nn.HybridSequential()
            self.shortcut.add(nn.Conv2D(channels, 1, stride, use_bias=False), nn.BatchNorm(epsilon=epsilon))

    def hybrid_forward(self, F, x):
        return F.relu(self.body(x) + (self.shortcut(x) if self.shortcut else x))


def network(epsilon):
    made = nn.HybridSequential()
    made.add(nn.Conv2D(9, 3, padding=1, use_bias=False), nn.BatchNorm(), nn.Activation("relu"))
    made.add(Block(9, 1, False), Block(7, 2, True, epsilon), nn.GlobalAvgPool2D(), nn.Flatten(), nn.Dense(4))
    made.initialize()
    return made


def build():
    return network(1e-5)


def ported():
    return network(1e-3)
