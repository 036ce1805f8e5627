"""Owns the activations that take several ONNX nodes, or whose constants an ONNX attribute cannot represent in float64.

It refuses ops that mix elements.
"""

from __future__ import annotations

from math import pi, sqrt

from parity.onnx_impl.writing import Site

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def clipped(site: Site, x: str, low: float, high: float) -> str:
    return site.one("Clip", x, site.writer.floats(low), site.writer.floats(high))


def clipped_line(site: Site, slope: float) -> str:
    """min(max(slope·x + 1/2, 0), 1)."""
    return clipped(site, site.shifted(site.scaled(site.x, slope), 0.5), 0.0, 1.0)


def leaky_relu(site: Site) -> str:
    if site.held(site["slope"]):
        return site.one("LeakyRelu", site.x, alpha=float(site["slope"]))
    return site.one("PRelu", site.x, site.writer.floats(site["slope"]))


def prelu(site: Site) -> str:
    """ONNX aligns the slopes with the last axes; the spec has a slope for each position of the first axis after the batch."""
    wide = [1 if site["shared"] else site.shape[0], *(1,) * (len(site.shape) - 1)]
    return site.one("PRelu", site.x, site.one("Reshape", site.arrays["slope"], site.writer.integers(wide)))


def elu(site: Site) -> str:
    return _elu(site, site["alpha"])


def selu(site: Site) -> str:
    """ONNX's Selu keeps its constants in float32, so selu is written as a scaled elu."""
    return site.scaled(_elu(site, SELU_ALPHA), SELU_SCALE)


def _elu(site: Site, alpha: float) -> str:
    """ONNX's Elu in float32; written out otherwise: Elu's alpha is a float32, and ONNX Runtime has no float64 kernel of it."""
    if site.writer.dtype == "float32":
        return site.one("Elu", site.x, alpha=float(alpha))
    below = site.one("Min", site.x, site.writer.floats(0.0))
    grown = site.scaled(site.shifted(site.one("Exp", below), -1.0), alpha)
    return site.one("Where", site.one("Greater", site.x, site.writer.floats(0.0)), site.x, grown)


def gelu(site: Site) -> str:
    """x/2·(1 + erf(x/√2)), or with tanh(√(2/π)·(x + 0.044715·x³)). ONNX has Gelu since opset 20."""
    if site["form"] == "erf":
        share = site.one("Erf", site.scaled(site.x, sqrt(0.5)))
    else:
        cube = site.one("Mul", site.x, site.one("Mul", site.x, site.x))
        inner = site.one("Add", site.x, site.scaled(cube, 0.044715))
        share = site.one("Tanh", site.scaled(inner, sqrt(2 / pi)))
    return site.one("Mul", site.x, site.scaled(site.shifted(share, 1.0), 0.5))


def softsign(site: Site) -> str:
    return site.one("Div", site.x, site.shifted(site.one("Abs", site.x), 1.0))
