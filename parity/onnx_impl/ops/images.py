"""Owns the ops on images and volumes: convolutions, pooling, padding, resizing.

It refuses sequences, which sequences.py writes as images with one axis less.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parity.onnx_impl.writing import Site

Borders = Sequence[Sequence[int]]


def _arrays(site: Site) -> list[str]:
    return [site.arrays[role] for role in ("kernel", "bias") if role in site.arrays]


def _window(site: Site) -> dict[str, list[int]]:
    """The attributes of a window that every operator with a window takes."""
    return {"kernel_shape": list(site["kernel"]), "strides": list(site["stride"]), "pads": pads(site["padding"])}


def convolution(site: Site) -> str:
    """Conv of an image or a volume; ONNX's layout of kernels is the spec's."""
    return site.one(
        "Conv",
        site.x,
        *_arrays(site),
        **_window(site),
        dilations=list(site["dilation"]),
        group=int(site["groups"]),
    )


def conv_transpose2d(site: Site) -> str:
    return site.one(
        "ConvTranspose",
        site.x,
        *_arrays(site),
        **_window(site),
        dilations=list(site["dilation"]),
    )


def max_pool2d(site: Site) -> str:
    return site.one("MaxPool", site.x, **_window(site))


def average_pool2d(site: Site) -> str:
    return site.one(
        "AveragePool",
        site.x,
        **_window(site),
        count_include_pad=int(site["count_padding"]),
    )


def adaptive_average_pool2d(site: Site) -> str:
    """Products with the shares of rows and columns in the bins: ONNX has no operator for bins of different sizes."""
    rows, columns = (_shares(length, wanted) for length, wanted in zip(site.shape[1:], site["size"], strict=True))
    pooled = site.one("MatMul", site.writer.floats(rows), site.x)
    return site.one("MatMul", pooled, site.writer.floats(columns.T))


def _shares(length: int, wanted: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(wanted, length): bin i runs from floor(i·length/wanted) to ceil((i + 1)·length/wanted)."""
    number, place = np.arange(wanted)[:, None], np.arange(length)
    first, end = number * length // wanted, -(-(number + 1) * length // wanted)
    return np.asarray(((first <= place) & (place < end)) / (end - first), np.float64)


def pad2d(site: Site) -> str:
    mode = {"zero": "constant"}.get(site["mode"], site["mode"])
    (top, bottom), (left, right) = site["padding"]
    return site.one("Pad", site.x, site.writer.integers([0, 0, top, left, 0, 0, bottom, right]), mode=mode)


def upsample2d(site: Site) -> str:
    """Resize by integer factors."""
    scales = site.writer.one("Cast", site.writer.integers([1, 1, *site["scale"]]), to=1)
    if site["mode"] == "nearest":
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    else:
        place = "align_corners" if site["corners"] == "aligned" else "half_pixel"
        how = {"mode": "linear", "coordinate_transformation_mode": place}
    return site.one("Resize", site.x, "", scales, **how)


def pads(padding: Borders) -> list[int]:
    """ONNX's pads: the padding before every axis, then the padding after every axis."""
    return [before for before, _ in padding] + [after for _, after in padding]
