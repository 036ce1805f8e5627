"""Owns the contact with the machine: threads, devices, precision switches, versions, waiting.

It refuses to pick a dtype or a mode for a case, and weights that would have to be cast or completed.
"""

from __future__ import annotations

import io
import os
import platform
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from parity.execution.protocol import Array, Held, Unsupported, check_native

DTYPES: Mapping[str, torch.dtype] = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
NATIVE = {"cpu": "cpu", "gpu": "cuda"}
TF32 = {"matmul": bool(torch.backends.cuda.matmul.allow_tf32), "convolution": bool(torch.backends.cudnn.allow_tf32)}
"""Whether torch itself allows TF32, read before `prepare` forbids it."""


def prepare() -> None:
    """Threads as the request says, and float32 products in float32: torch's own convolutions on a GPU use TF32."""
    threads = int(os.environ.get("PARITY_THREADS", "0"))
    if threads:
        torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS needs to be deterministic
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.cudnn.conv.fp32_precision = "ieee"
    torch.backends.cudnn.rnn.fp32_precision = "ieee"


def choose_algorithms(deterministic: bool) -> None:
    """Deterministic ones where there are; timing takes torch's own choice."""
    torch.use_deterministic_algorithms(deterministic, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False


def compiler() -> Callable[[Any], Any]:
    """torch.compile, fresh: what earlier cases compiled counts towards a limit, behind which torch silently runs eagerly."""
    wanted = os.environ.get("CXX", "g++")
    if shutil.which(wanted) is None:
        raise Unsupported(f"torch.compile needs a C++ compiler, and there is no {wanted} here")
    torch.compiler.reset()
    torch._dynamo.config.fail_on_recompile_limit_hit = True
    compiled: Callable[[Any], Any] = torch.compile
    return compiled


def devices() -> tuple[str, ...]:
    return ("cpu", "gpu") if torch.cuda.is_available() else ("cpu",)


def versions() -> dict[str, str]:
    found = {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
    return found | ({"cuda": str(torch.version.cuda)} if torch.cuda.is_available() else {})


def settings() -> dict[str, str]:
    """What can move a number or a time, and is set outside of the spec."""
    return {
        "threads": str(torch.get_num_threads()),
        "onednn": str(torch.backends.mkldnn.is_available()),
        "mkl": str(torch.backends.mkl.is_available()),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "float32_products": torch.backends.cuda.matmul.fp32_precision,
    }


def synchronize(kind: str) -> None:
    """Returns when all work handed to the device is done; a CPU does its work at once."""
    if kind == "gpu":
        torch.cuda.synchronize()


@contextmanager
def building(kind: str, dtype: str) -> Iterator[None]:
    """Modules made inside have their tensors on this kind of device, in this dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(DTYPES[dtype])
    try:
        with torch.device(NATIVE[kind]):
            yield
    finally:
        torch.set_default_dtype(before)


def array(tensor: torch.Tensor) -> Array:
    """A copy of its own; bfloat16 and float16 widened to float32."""
    own = tensor.detach().to("cpu", copy=True)
    found: Array = (own if own.dtype not in (torch.bfloat16, torch.float16) else own.float()).numpy()
    return found


def read_weights(name: str, content: bytes, own: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state dict in a file, if it is of the same names, shapes and types as the model's own. Raises ValueError.

    torch.load takes flipped bits for numbers, though the archive has a checksum of every tensor.
    """
    with io.BytesIO(content) as file:
        given = torch.load(file, weights_only=True)
    check_native(name, _held(given if isinstance(given, dict) else {}), _held(own))
    if zipfile.is_zipfile(io.BytesIO(content)) and (torn := zipfile.ZipFile(io.BytesIO(content)).testzip()):
        raise ValueError(f"{name} is damaged: the checksum of {torn} is wrong")
    return dict(given)


def _held(weights: Mapping[str, Any]) -> Held:
    tensors = {name: weight for name, weight in weights.items() if isinstance(weight, torch.Tensor)}
    return {name: (tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")) for name, tensor in tensors.items()}
