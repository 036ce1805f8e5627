"""Owns PyTorch's answers about defaults that no argument shows. There is none: defaults.py has the place of each.

It refuses to know what the answer should be.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.torch_impl.atlas.asking import Answer

ANSWERS: Mapping[str, Answer] = {}
