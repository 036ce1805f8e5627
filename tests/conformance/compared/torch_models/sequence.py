"""A convolution over time, its batch norm, and a mean over time without a layer."""

from torch import nn

INPUTS = ["3x5x11"]


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(5, 6, 3)
        self.norm = nn.BatchNorm1d(6, eps=1e-3, momentum=0.01)
        self.relu = nn.ReLU()
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        return self.head(self.relu(self.norm(self.conv(x))).mean(2))


def build():
    return Sequence()
