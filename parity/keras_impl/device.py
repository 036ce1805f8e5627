"""Owns the contact with the machine: threads, devices, versions, waiting. Besides model.py, only this file uses the backend.

It refuses to pick a precision or a mode.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf

from parity.execution.protocol import Held

THREADS = int(os.environ.get("PARITY_THREADS", "0"))
"""0 keeps TensorFlow's own choice, one thread per core."""

if THREADS:
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
tf.get_logger().setLevel("ERROR")  # else it warns of retracing when many cases share a process
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)


def backend() -> str:
    return str(keras.backend.backend())


def versions() -> dict[str, str]:
    packages = {"keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__}
    return {**packages, "python": platform.python_version()}


def devices() -> tuple[str, ...]:
    """Every kind of device that TensorFlow finds on this machine."""
    return tuple(kind.lower() for kind in ("CPU", "GPU", "TPU") if tf.config.list_physical_devices(kind))


def settings() -> Mapping[str, str]:
    """Settings outside of the spec that can change a number or a time."""
    return {
        "threads_intra_op": str(tf.config.threading.get_intra_op_parallelism_threads()),
        "threads_inter_op": str(tf.config.threading.get_inter_op_parallelism_threads()),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "tensor_float_32": str(tensor_float_32()),
        "backend": backend(),
    }


def tensor_float_32() -> bool:
    """Whether TensorFlow may compute float32 products in TF32 on a GPU that has it."""
    return bool(tf.config.experimental.tensor_float_32_execution_enabled())


def without_tensor_float_32() -> bool:
    """What `tensor_float_32` gives after TF32 is forbidden; the earlier setting is restored afterwards."""
    allowed = tensor_float_32()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    was_on = tensor_float_32()
    tf.config.experimental.enable_tensor_float_32_execution(allowed)
    return was_on


def synchronize() -> None:
    """Returns when the device has finished all of its work."""
    tf.test.experimental.sync_devices()


def place(kind: str) -> tf.device:
    """The scope that puts new variables and constants of a case on this kind of device."""
    return tf.device(f"/{kind.upper()}:0")


def held(path: Path) -> Held:
    """The arrays of a file that `save_weights` wrote. Links to other files are not followed."""
    shapes: dict[str, tuple[tuple[int, ...], str]] = {}

    def take(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            shapes[name] = (tuple(item.shape), str(item.dtype))

    with h5py.File(path, "r") as file:
        file.visititems(take)
    return shapes
