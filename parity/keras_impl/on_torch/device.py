"""Owns PyTorch's part of the contact with the machine: threads, devices, versions, waiting.

It refuses to pick a precision or a mode.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import keras
import torch

from parity.keras_impl import widths

if THREADS := int(os.environ.get("PARITY_THREADS", "0")):
    torch.set_num_threads(THREADS)
TF32 = bool(torch.backends.cuda.matmul.allow_tf32)
"""Whether torch itself allows TF32, read before it is forbidden below."""
torch.backends.cuda.matmul.fp32_precision = "ieee"
torch.backends.cudnn.conv.fp32_precision = "ieee"
torch.backends.cudnn.rnn.fp32_precision = "ieee"


def versions() -> dict[str, str]:
    return {"torch": torch.__version__, **({"cuda": str(torch.version.cuda)} if torch.cuda.is_available() else {})}


def devices() -> tuple[str, ...]:
    return ("cpu", "gpu") if torch.cuda.is_available() else ("cpu",)


def settings() -> Mapping[str, str]:
    return {
        "threads": str(torch.get_num_threads()),
        "onednn": str(torch.backends.mkldnn.is_available()),
        "mkl": str(torch.backends.mkl.is_available()),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "float32_products": torch.backends.cuda.matmul.fp32_precision,
    }


def choose_precision(dtype: str) -> None:
    """PyTorch has every precision at any time; Keras's own table of types does not."""
    widths.keep_float64(dtype == "float64")


def tensor_float_32() -> bool:
    return TF32


def without_tensor_float_32() -> bool:
    return bool(torch.backends.cuda.matmul.fp32_precision != "ieee")


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def place(kind: str) -> AbstractContextManager[Any]:
    found: AbstractContextManager[Any] = keras.device(f"{kind}:0" if kind == "gpu" else kind)
    return found
