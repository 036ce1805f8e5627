"""A package in the style of torchvision: a registry of builders, blocks in a file of their own, sizes in a JSON file."""

from .resnet import ResNet, resnet_tiny

__all__ = ["ResNet", "resnet_tiny"]
