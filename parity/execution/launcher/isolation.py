"""Owns what a worker's process sees: its environment variables, its module path, its working directory.

It refuses to let the harness's packages, the user's Python settings or the number of cores leak in; standard library only.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import parity

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
"""glibc keeps what it once got: without this a step has 0 or 4,400 page faults by chance, and takes 13 or 23 ms."""

DROPPED = ("PYTHON", "VIRTUAL_ENV", "PIP_", "COVERAGE_", "PYTEST_", "MALLOC_")


def variables(
    directory: Path, own: Mapping[str, str], *, threads: int = 1, timed: bool = False, python_path: Sequence[Path] = ()
) -> dict[str, str]:
    """Every environment variable of a worker whose links lie in `directory`. own: those that its framework needs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(DROPPED)}
    path = os.pathsep.join(str(entry) for entry in (package_link(directory), *python_path))
    counts = dict.fromkeys(THREADS, str(threads))
    return {**kept, **PINNED, **counts, **(ALLOCATOR if timed else {}), **own, "PYTHONPATH": path}


def package_link(directory: Path) -> Path:
    """A directory that holds nothing but a link to this parity package, so that no neighbour of it can be imported."""
    place = directory / "package"
    place.mkdir(parents=True, exist_ok=True)
    link, package = place / "parity", Path(parity.__file__).resolve().parent
    if not link.is_symlink() or link.readlink() != package:
        with contextlib.suppress(FileNotFoundError):
            link.unlink()
        link.symlink_to(package)
    return place


def working_directory(directory: Path) -> Path:
    """An empty place to run in: a folder that bears a framework's name elsewhere cannot shadow it."""
    place = directory / "scratch"
    place.mkdir(parents=True, exist_ok=True)
    return place
