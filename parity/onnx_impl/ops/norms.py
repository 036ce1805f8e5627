"""Owns normalization: batch, layer, group, instance, root mean square, local response; in evaluation mode.

It refuses to compute statistics of a batch: an exported model normalises by running statistics.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parity.onnx_impl.writing import Site


def batch_norm(site: Site) -> str:
    """BatchNormalization; written out where its float32 epsilon is not the spec's."""
    arrays, size = site.arrays, site.shape[0]
    scale = arrays.get("scale") or site.writer.floats(np.ones(size))
    shift = arrays.get("shift") or site.writer.floats(np.zeros(size))
    mean, variance = arrays["running_mean"], arrays["running_variance"]
    if site.held(site["epsilon"]):
        return site.one("BatchNormalization", site.x, scale, shift, mean, variance, epsilon=float(site["epsilon"]))
    deviation = site.one("Sqrt", site.shifted(_wide(site, variance, 1), site["epsilon"]))
    normal = site.one("Div", site.one("Sub", site.x, _wide(site, mean, 1)), deviation)
    return site.one("Add", site.one("Mul", normal, _wide(site, scale, 1)), _wide(site, shift, 1))


def layer_norm(site: Site) -> str:
    """LayerNormalization over the last axis in float32, in which it computes its moments; written out in all other cases."""
    axis = site.axis()
    if axis == len(site.shape) and site.writer.dtype == "float32":
        inputs = (site.x, site.arrays["scale"], site.arrays["shift"])
        return site.one("LayerNormalization", *inputs, axis=-1, epsilon=float(site["epsilon"]))
    return _affine(site, _normal(site, site.x, [axis], site["epsilon"]), axis)


def group_norm(site: Site) -> str:
    """Makes the groups an axis, and normalises over all axes after it."""
    count = int(np.prod(site.shape)) // int(site["groups"])
    grouped = site.reshaped(site.x, (site["groups"], count))
    normal = site.reshaped(_normal(site, grouped, [2], site["epsilon"]), site.shape)
    return _affine(site, normal, 1) if site["affine"] else normal


def instance_norm(site: Site) -> str:
    normal = _normal(site, site.x, [2, 3], site["epsilon"])
    return _affine(site, normal, 1) if site["affine"] else normal


def rms_norm(site: Site) -> str:
    axis = site.axis()
    square = site.mean(site.one("Mul", site.x, site.x), [axis])
    normal = site.one("Div", site.x, site.one("Sqrt", site.shifted(square, site["epsilon"])))
    return site.one("Mul", normal, _wide(site, site.arrays["scale"], axis))


def local_response_norm(site: Site) -> str:
    """LRN divides its alpha by the size of the window; the spec does not."""
    alpha, size = float(site["alpha"]) * int(site["size"]), int(site["size"])
    return site.one("LRN", site.x, alpha=alpha, beta=float(site["beta"]), bias=float(site["k"]), size=size)


def _normal(site: Site, x: str, axes: Sequence[int], epsilon: float) -> str:
    """(x - mean)/sqrt(biased variance + epsilon)."""
    centred = site.one("Sub", x, site.mean(x, axes))
    variance = site.mean(site.one("Mul", centred, centred), axes)
    return site.one("Div", centred, site.one("Sqrt", site.shifted(variance, epsilon)))


def _affine(site: Site, x: str, axis: int) -> str:
    scale, shift = (_wide(site, site.arrays[role], axis) for role in ("scale", "shift"))
    return site.one("Add", site.one("Mul", x, scale), shift)


def _wide(site: Site, array: str, axis: int) -> str:
    """An array of one number per position of an axis, shaped so that it broadcasts to x."""
    behind = len(site.shape) - axis
    return site.one("Reshape", array, site.writer.integers([-1, *(1,) * behind])) if behind else array
