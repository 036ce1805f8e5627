"""Owns how MXNet enters the process: threads, the import itself, the device, its settings, and waiting for it.

It refuses graphs and arrays. Every other module of this folder takes `mxnet` from here, because MXNet reads the number of
threads while it is imported.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

__all__ = ["THREADS", "context", "devices", "mxnet", "settings", "synchronize"]

THREADS = os.environ.get("PARITY_THREADS", "")
if THREADS:
    os.environ["OMP_NUM_THREADS"] = THREADS

with warnings.catch_warnings():
    # mxnet 1.9.1 reads np.bool, np.mirr … and distutils' LooseVersion while it is imported, and nothing of them later.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"mxnet\.|numpy")
    warnings.filterwarnings("ignore", "distutils Version classes are deprecated", DeprecationWarning)
    import mxnet


def context(device: str) -> Any:
    """cpu or gpu as MXNet's context; KeyError for any other word."""
    return {"cpu": mxnet.cpu, "gpu": mxnet.gpu}[device]()


def devices() -> tuple[str, ...]:
    return ("cpu", "gpu") if mxnet.context.num_gpus() else ("cpu",)


def settings() -> dict[str, str]:
    """What beside the versions could move a number or a time."""
    features = mxnet.runtime.Features()
    kernels = [name for name in ("MKLDNN", "BLAS_OPEN", "BLAS_MKL", "CUDA", "CUDNN", "OPENMP") if features.is_enabled(name)]
    return {
        "threads": os.environ.get("OMP_NUM_THREADS", "unset"),
        "engine": os.environ.get("MXNET_ENGINE_TYPE", "ThreadedEnginePerDevice"),
        "safe_accumulation": os.environ.get("MXNET_SAFE_ACCUMULATION", "0"),
        "kernels": " ".join(kernels),
    }


def synchronize() -> None:
    """Returns when the engine has done everything that it was handed; raises what an operation raised meanwhile."""
    mxnet.nd.waitall()
