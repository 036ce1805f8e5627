"""Owns the contact with the machine: threads, MXNet's import, devices, settings, files, and waiting.

It refuses graphs. Every other module of this folder takes `mxnet` from here, because MXNet reads the number of
threads while it is imported.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parity.execution.protocol import Held
from parity.mxnet_impl import params

__all__ = ["THREADS", "WEIGHTS", "context", "devices", "held", "mxnet", "read_weights", "settings", "synchronize", "written"]

WEIGHTS = "weights.params"
THREADS = os.environ.get("PARITY_THREADS", "")
if THREADS:
    os.environ["OMP_NUM_THREADS"] = THREADS

with warnings.catch_warnings():
    # mxnet 1.9.1 reads np.bool, np.mirr … and distutils' LooseVersion while it is imported, and never later.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"mxnet\.|numpy")
    warnings.filterwarnings("ignore", "distutils Version classes are deprecated", DeprecationWarning)
    import mxnet


def context(device: str) -> Any:
    """MXNet's context for `cpu` or `gpu`. Raises KeyError for any other word."""
    return {"cpu": mxnet.cpu, "gpu": mxnet.gpu}[device]()


def devices() -> tuple[str, ...]:
    return ("cpu", "gpu") if mxnet.context.num_gpus() else ("cpu",)


def settings() -> dict[str, str]:
    """Settings, other than versions, that can change a number or a time."""
    features = mxnet.runtime.Features()
    kernels = [name for name in ("MKLDNN", "BLAS_OPEN", "BLAS_MKL", "CUDA", "CUDNN", "OPENMP") if features.is_enabled(name)]
    return {
        "threads": os.environ.get("OMP_NUM_THREADS", "unset"),
        "engine": os.environ.get("MXNET_ENGINE_TYPE", "ThreadedEnginePerDevice"),
        "safe_accumulation": os.environ.get("MXNET_SAFE_ACCUMULATION", "0"),
        "kernels": " ".join(kernels),
    }


def synchronize() -> None:
    """Returns when MXNet's engine has finished all of its work; raises the error of an operation that failed meanwhile."""
    mxnet.nd.waitall()


def written(arrays: Mapping[str, Any]) -> bytes:
    """NDArrays in the format of mxnet.nd.save."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, WEIGHTS)
        mxnet.nd.save(str(path), dict(arrays))
        return path.read_bytes()


def read_weights(content: bytes) -> dict[str, Any]:
    """Reads the format of `written`; gives nothing if the arrays have no names. Raises ValueError for any other file."""
    try:
        params.check(content)
    except ValueError as error:
        raise ValueError(f"{WEIGHTS} is damaged: {error}") from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, WEIGHTS)
        path.write_bytes(content)
        try:
            loaded = mxnet.nd.load(str(path))
        except mxnet.base.MXNetError as error:
            raise ValueError(f"{WEIGHTS} cannot be read: {str(error).splitlines()[-1]}") from error
    return loaded if isinstance(loaded, dict) else {}


def held(arrays: Mapping[str, Any]) -> Held:
    return {name: (tuple(array.shape), array.dtype.__name__) for name, array in arrays.items()}
