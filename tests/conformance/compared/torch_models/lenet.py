"""LeNet as people write it, to be held against the spec; `rectified` has another activation in one place."""

import torch
import torch.nn.functional as F
from torch import nn


class LeNet(nn.Module):
    def __init__(self, second=torch.sigmoid):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3, self.second = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10), second

    def forward(self, x):
        x = F.avg_pool2d(torch.sigmoid(self.conv1(x)), 2)
        x = F.avg_pool2d(self.second(self.conv2(x)), 2).flatten(1)
        return self.fc3(torch.sigmoid(self.fc2(torch.sigmoid(self.fc1(x)))))


def build():
    return LeNet()


def rectified():
    return LeNet(torch.relu)
