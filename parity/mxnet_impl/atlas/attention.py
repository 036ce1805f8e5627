"""Owns MXNet's answers to the atlas about attention: there is none, since MXNet has no layer of attention.

It refuses to know what the answer should be.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.mxnet_impl.atlas.asking import Answer

ANSWERS: Mapping[str, Answer] = {}
