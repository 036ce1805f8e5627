"""Puts specs/ into the wheel as parity/_specs, and the committed records as parity/_answers.

Everything else about the package stands in pyproject.toml.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["parity*"]), "parity._specs", "parity._answers"],
    package_dir={"parity._specs": "specs", "parity._answers": "reports"},
)
