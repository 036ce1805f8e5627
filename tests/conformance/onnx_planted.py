"""ONNX emitters with one fault each, which the check must see: `onnx=onnx_planted:GATES`. They run in ONNX's interpreter."""

from __future__ import annotations

from typing import Any

from parity.onnx_impl import layers
from parity.onnx_impl.framework import Implementation
from parity.onnx_impl.ops import attention, images, norms, recurrent


def planted(module: Any, name: str, wrong: Any) -> type[Implementation]:
    """An implementation that, once made, has `wrong` in the place of what a module calls `name`."""

    class Planted(Implementation):
        def __init__(self) -> None:
            if isinstance(module, dict):
                module[name] = wrong
            else:
                setattr(module, name, wrong)

    return Planted


def unscaled(site: Any) -> str:
    """torch's and ONNX's alpha, which the size divides."""
    attributes = {"alpha": float(site["alpha"]), "beta": float(site["beta"]), "bias": float(site["k"])}
    return str(site.one("LRN", site.x, size=int(site["size"]), **attributes))


GATES = planted(recurrent.ORDERS, "lstm", (0, 1, 2, 3))
RESET = planted(layers.EMITTERS, "gru", lambda site: recurrent._over_time(site, "GRU", ("state",), linear_before_reset=0))
PADS = planted(images, "pads", lambda padding: [border for side in padding for border in side])
ALPHA = planted(layers.EMITTERS, "local_response_norm", unscaled)
EPSILON = planted(norms, "_normal", lambda site, x, axes, epsilon, right=norms._normal: right(site, x, axes, 2 * epsilon))
MASK = planted(attention, "_hidden", lambda site, scores, seen: scores)
"""Attention to keys that may not be seen."""
