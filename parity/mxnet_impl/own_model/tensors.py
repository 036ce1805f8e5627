"""Owns how tensors are found in what a user's gluon block takes and gives, and read as arrays.

It refuses to know a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from parity.execution.names import of_calls
from parity.execution.own_model.nesting import paths, tensors_of
from parity.execution.protocol import Array
from parity.mxnet_impl.device import mxnet

Record = tuple[str, Any, list[Array], list[Array]]
"""A call of a leaf: its name, its arguments without their tensors, what it took, what it gave."""


def is_tensor(value: Any) -> bool:
    return isinstance(value, mxnet.nd.NDArray)


def tensors_in(value: Any) -> list[Any]:
    return tensors_of(value, is_tensor)


def floating(value: Any) -> list[Any]:
    return [tensor for tensor in tensors_in(value) if _floats(tensor)]


def float_paths(value: Any) -> list[str]:
    """Where each of them lies in the value."""
    return [path for path, tensor in paths(value, is_tensor) if _floats(tensor)]


def floats(value: Any) -> list[Array]:
    return [tensor.asnumpy() for tensor in floating(value)]


def recorded(records: Sequence[Record]) -> dict[str, Array]:
    return of_calls((inputs, outputs) for _, _, inputs, outputs in records)


def _floats(tensor: Any) -> bool:
    return bool(np.dtype(tensor.dtype).kind == "f")
