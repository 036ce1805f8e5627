"""How the time of `parity compare` grows with the number of layers.

    python tests/conformance/growth_check.py [--layers 250 500 1000 2000] [--fault]

compares a torch model of so many small layers with itself, and prints the CPU time of all its processes, in all and for each
layer more. Exit 1 if a further layer costs more than twice what it costs between the two smallest models. --fault plants
another epsilon at nine tenths of the depth.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

MODELS = Path(__file__).parent / "planted"
MOST = 2.0
"""Greatest ratio of the costs of a layer that counts as linear growth."""


def cost(layers: int, fault: bool) -> float:
    """Seconds of CPU that a comparison takes, in the harness and in the models' processes. Raises CalledProcessError."""
    sides = [f"torch=planted_torch.deep:Stack?layers={layers}{'&eps=0.01' if fault and side else ''}" for side in (0, 1)]
    path = os.pathsep.join([str(Path.cwd()), str(MODELS)])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "parity", "compare", *sides, "--inputs", "3x6"]
        told = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": path}, cwd=folder, capture_output=True, text=True, check=False
        )
    if told.returncode != int(fault):
        raise SystemExit(f"{' '.join(command)} ends with {told.returncode}:\n{told.stdout[-2000:]}{told.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, nargs="+", default=[250, 500, 1000, 2000])
    parser.add_argument("--fault", action="store_true")
    given = parser.parse_args(arguments)
    start = cost(4, fault=False)
    sys.stdout.write(f"      4 layers: {start:6.1f} s of CPU, the start\n")
    each, before = list[float](), (4, start)
    for layers in given.layers:
        seconds = cost(layers, given.fault)
        each.append((seconds - before[1]) / (layers - before[0]))
        sys.stdout.write(f"{layers:7,} layers: {seconds:6.1f} s of CPU, {1000 * each[-1]:.1f} ms for each layer more\n")
        sys.stdout.flush()
        before = layers, seconds
    return int(max(each[1:], default=0.0) > MOST * each[1 % len(each)])


if __name__ == "__main__":
    sys.exit(main())
