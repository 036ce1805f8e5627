"""Owns what the atlas advises for JAX, as code that runs. There is none: its advice names the frameworks that run by default.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.jax_impl.atlas.asking import Answer

REMEDIES: Mapping[str, Answer] = {}
