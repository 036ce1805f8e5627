"""Owns the contact with the machine: threads, devices, versions, precision, waiting, files; it chooses the backend's own part.

Those parts stand in on_tensorflow/, on_jax/ and on_torch/. It refuses to pick a precision or a mode for a case.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

from parity.execution.protocol import Held


def backend() -> str:
    return str(keras.backend.backend())


def _chosen() -> Any:
    """The module `device` of the folder of Keras's own backend; the others' packages are not installed beside it."""
    if backend() == "jax":
        from parity.keras_impl.on_jax import device as on_jax

        return on_jax
    if backend() == "torch":
        from parity.keras_impl.on_torch import device as on_torch

        return on_torch
    from parity.keras_impl.on_tensorflow import device as on_tensorflow

    return on_tensorflow


OWN = _chosen()


def versions() -> dict[str, str]:
    return {"keras": keras.__version__, **OWN.versions(), "numpy": np.__version__, "python": platform.python_version()}


def devices() -> tuple[str, ...]:
    """Every kind of device that the backend finds on this machine."""
    found: tuple[str, ...] = OWN.devices()
    return found


def settings() -> Mapping[str, str]:
    """Settings outside of the spec that can change a number or a time."""
    return {**OWN.settings(), "backend": backend()}


def choose_precision(dtype: str) -> None:
    """Makes Keras compute in this precision, and lets the backend have it."""
    OWN.choose_precision(dtype)
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


def tensor_float_32() -> bool:
    """Whether the backend may compute float32 products in TF32 on a GPU that has it."""
    return bool(OWN.tensor_float_32())


def without_tensor_float_32() -> bool:
    """What `tensor_float_32` gives after TF32 is forbidden; the earlier setting is restored afterwards."""
    return bool(OWN.without_tensor_float_32())


def synchronize() -> None:
    """Returns when the device has finished all of its work."""
    OWN.synchronize()


def place(kind: str) -> AbstractContextManager[Any]:
    """The scope that puts new variables and constants of a case on this kind of device."""
    found: AbstractContextManager[Any] = OWN.place(kind)
    return found


def held(path: Path) -> Held:
    """The arrays of a file that `save_weights` wrote. Links to other files are not followed."""
    shapes: dict[str, tuple[tuple[int, ...], str]] = {}

    def take(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            shapes[name] = (tuple(item.shape), str(item.dtype))

    with h5py.File(path, "r") as file:
        file.visititems(take)
    return shapes
