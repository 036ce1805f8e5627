"""Noise becomes an image: a dense layer, reshaped, transposed convolutions. `shifted` pads as PyTorch's examples do."""

from torch import nn


class Generator(nn.Module):
    def __init__(self, kernel, more):
        super().__init__()
        self.row, self.norm = nn.Linear(5, 6 * 4 * 3), nn.BatchNorm2d(6, eps=1e-3, momentum=0.01)
        self.up = nn.ConvTranspose2d(6, 4, kernel, stride=2, padding=1, output_padding=more)
        self.out = nn.ConvTranspose2d(4, 2, 4, stride=2, padding=1)

    def forward(self, noise):
        image = self.norm(self.row(noise).view(-1, 6, 4, 3)).relu()
        return self.out(self.up(image).relu()).tanh()


def build():
    return Generator(4, 0)


def shifted():
    return Generator(3, 1)
