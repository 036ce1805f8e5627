"""Puts specs/ into the wheel as parity/_specs; everything else about the package stands in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["parity*"]), "parity._specs"],
    package_dir={"parity._specs": "specs"},
)
