"""Owns the surroundings of a worker's process: its environment variables, its module path, its working directory.

It refuses to let in the harness's packages, the user's secrets, the user's Python settings, or the number of cores.
Standard library only.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import parity
from parity.execution.own_path import FOLDER, VARIABLE

THREADS = (
    "PARITY_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "MXNET_OMP_MAX_THREADS",
)
PINNED = {"PYTHONHASHSEED": "0", "PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1", "TF_NUM_INTEROP_THREADS": "1"}
ALLOCATOR = {
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TOP_PAD_": "134217728",
}
"""Settings that make glibc keep all memory that it once got. Without them a step has 0 or 4,400 page faults by chance, and
takes 13 or 23 ms."""

SYSTEM = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR", "TEMP", "TMP", "HOSTNAME"),
        *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "CC", "CXX", "SYSTEMROOT"),
        *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE"),
    )
)
FRAMEWORKS = (
    *("LC_", "PARITY_", "CUDA_", "CUDNN_", "CUBLAS_", "NCCL_", "NVIDIA_", "HIP_", "ROCR_", "HSA_", "MIOPEN_", "TPU_", "NPY_"),
    *("TF_", "XLA_", "KERAS_", "JAX_", "TORCH_", "TORCHINDUCTOR_", "PYTORCH_", "MXNET_", "DMLC_", "ORT_", "ONNX_", "TRITON_"),
    *("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "BLIS_", "NUMEXPR_", "VECLIB_", "ONEDNN_", "DNNL_", "TBB_", "GLIBC_"),
)
"""Beginnings of the names of variables that frameworks and their libraries read."""

INSTALLATION = ("PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Beginnings of the names, in capitals or not, of further variables that an installation reads."""

SECRET = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY")
VARIABLES_OF_OTHERS = ("TF_VAR_", "TF_CLI_")
"""Beginnings of Terraform's variables, which look like TensorFlow's."""

PASS = "PARITY_PASS_ENV"  # noqa: S105  a name, no password
"""Variable that lists, with commas, the names of further variables that workers shall see. `--pass-env` sets it."""


def variables(
    directory: Path, own: Mapping[str, str], *, threads: int = 1, timed: bool = False, python_path: Sequence[Path] = ()
) -> dict[str, str]:
    """Every environment variable of a worker. directory: where its links lie; own: the variables that its framework needs.

    python_path: where the user's modules lie; they come behind the standard library and the framework's packages.
    Where there are any, relative names of files are meant from the folder that the user's command runs in.
    """
    counts = dict.fromkeys(THREADS, str(threads))
    fixed = {**PINNED, **counts, **(ALLOCATOR if timed else {}), **own, "PYTHONPATH": str(package_link(directory))}
    users = {VARIABLE: os.pathsep.join(map(str, python_path)), FOLDER: str(Path.cwd()) if python_path else ""}
    return {**allowed(os.environ), **fixed, **users}


def of_installation() -> dict[str, str]:
    """The environment variables of a step that installs packages."""
    more = {name: value for name, value in os.environ.items() if name.upper().startswith(INSTALLATION)}
    return {**allowed(os.environ), **more}


def allowed(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables among `given` that any process may see: the system's, the frameworks', and those that the user passes by
    name."""
    passed = _passed(environment)
    return {name: value for name, value in environment.items() if name in passed or name in SYSTEM or _of_a_framework(name)}


def _of_a_framework(name: str) -> bool:
    if not name.startswith(FRAMEWORKS) or name.startswith(VARIABLES_OF_OTHERS):
        return False
    return not any(word in name.upper() for word in SECRET)


def _passed(environment: Mapping[str, str]) -> Iterable[str]:
    return {name.strip() for name in environment.get(PASS, "").split(",")}


def package_link(directory: Path) -> Path:
    """A directory that holds only a link to this parity package, so that the package's neighbours cannot be imported."""
    place = directory / "package"
    place.mkdir(parents=True, exist_ok=True)
    link, package = place / "parity", Path(parity.__file__).resolve().parent
    if not link.is_symlink() or link.readlink() != package:
        with contextlib.suppress(FileNotFoundError):
            link.unlink()
        link.symlink_to(package)
    return place


def working_directory(directory: Path) -> Path:
    """An empty directory to run in, so that no folder with a framework's name shadows the framework."""
    place = directory / "scratch"
    place.mkdir(parents=True, exist_ok=True)
    return place
