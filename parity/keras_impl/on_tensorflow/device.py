"""Owns TensorFlow's part of the contact with the machine: threads, devices, versions, waiting.

It refuses to pick a precision or a mode.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import tensorflow as tf

THREADS = int(os.environ.get("PARITY_THREADS", "0"))
"""0 keeps TensorFlow's own choice, one thread per core."""

if THREADS:
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
tf.get_logger().setLevel("ERROR")  # else it warns of retracing when many cases share a process
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)


def versions() -> dict[str, str]:
    return {"tensorflow": tf.__version__}


def devices() -> tuple[str, ...]:
    return tuple(kind.lower() for kind in ("CPU", "GPU", "TPU") if tf.config.list_physical_devices(kind))


def settings() -> Mapping[str, str]:
    return {
        "threads_intra_op": str(tf.config.threading.get_intra_op_parallelism_threads()),
        "threads_inter_op": str(tf.config.threading.get_inter_op_parallelism_threads()),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "tensor_float_32": str(tensor_float_32()),
    }


def choose_precision(dtype: str) -> None:
    """TensorFlow has every precision at any time."""


def tensor_float_32() -> bool:
    return bool(tf.config.experimental.tensor_float_32_execution_enabled())


def without_tensor_float_32() -> bool:
    allowed = tensor_float_32()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    found = tensor_float_32()
    tf.config.experimental.enable_tensor_float_32_execution(allowed)
    return found


def synchronize() -> None:
    tf.test.experimental.sync_devices()


def place(kind: str) -> tf.device:
    return tf.device(f"/{kind.upper()}:0")
