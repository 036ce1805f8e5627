"""Owns the contact with the machine: threads, devices, precision switches, versions, waiting.

It refuses to pick a dtype or a mode for a case, and refuses weights that would have to be cast or completed.
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
    """Sets the request's number of threads, and forbids TF32, which torch's own convolutions use on a GPU for float32."""
    threads = int(os.environ.get("PARITY_THREADS", "0"))
    if threads:
        torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with this
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.cudnn.conv.fp32_precision = "ieee"
    torch.backends.cudnn.rnn.fp32_precision = "ieee"


def choose_algorithms(deterministic: bool) -> None:
    """Chooses deterministic algorithms where torch has them; timed cases run with torch's own choice."""
    torch.use_deterministic_algorithms(deterministic, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False


def compiler() -> Callable[[Any], Any]:
    """torch.compile with an empty cache: torch counts earlier compilations, and beyond a limit it silently runs eagerly."""
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
    packages = {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
    return packages | ({"cuda": str(torch.version.cuda)} if torch.cuda.is_available() else {})


def settings() -> dict[str, str]:
    """Settings outside of the spec that can change a number or a time."""
    return {
        "threads": str(torch.get_num_threads()),
        "onednn": str(torch.backends.mkldnn.is_available()),
        "mkl": str(torch.backends.mkl.is_available()),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "float32_products": torch.backends.cuda.matmul.fp32_precision,
    }


def synchronize(kind: str) -> None:
    """Returns when the device has finished all of its work; a CPU has nothing pending."""
    if kind == "gpu":
        torch.cuda.synchronize()


@contextmanager
def building(kind: str, dtype: str) -> Iterator[None]:
    """Inside it, new modules have their tensors on this kind of device, in this dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(DTYPES[dtype])
    try:
        with torch.device(NATIVE[kind]):
            yield
    finally:
        torch.set_default_dtype(before)


def array(tensor: torch.Tensor) -> Array:
    """A copy as a NumPy array; bfloat16 and float16 are widened to float32."""
    own = tensor.detach().to("cpu", copy=True)
    copied: Array = (own if own.dtype not in (torch.bfloat16, torch.float16) else own.float()).numpy()
    return copied


def read_weights(name: str, content: bytes, own: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state dict in a file. Raises ValueError unless its names, shapes and types are those of the model.

    The archive has a checksum of every tensor, but torch.load does not notice flipped bits.
    """
    with io.BytesIO(content) as file:
        loaded = torch.load(file, weights_only=True)
    check_native(name, _held(loaded if isinstance(loaded, dict) else {}), _held(own))
    if zipfile.is_zipfile(io.BytesIO(content)) and (torn := zipfile.ZipFile(io.BytesIO(content)).testzip()):
        raise ValueError(f"{name} is damaged: the checksum of {torn} is wrong")
    return dict(loaded)


def _held(weights: Mapping[str, Any]) -> Held:
    tensors = {name: weight for name, weight in weights.items() if isinstance(weight, torch.Tensor)}
    return {name: (tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")) for name, tensor in tensors.items()}
