"""The reference's ops against torch's own layers and autograd in float64, in torch's interpreter."""

from __future__ import annotations

import subprocess
from pathlib import Path

from parity.execution.launcher.environments import installed

HERE = Path(__file__).parent
WRONG = """
import sys
from parity.ops import gru
right = gru.step
gru.step = lambda *given, **named: tuple((part[0] * (1 + 1e-9),) if place == 0 else part
                                         for place, part in enumerate(right(*given, **named)))
import reference_against_torch
sys.exit(reference_against_torch.main())
"""
"""A gru whose state is off by one part in a thousand million at each step."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(installed("torch").interpreter), "-W", "error", *arguments]
    environment = {"PYTHONPATH": f"{HERE.parents[1]}:{HERE}", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_the_reference_agrees_with_torch() -> None:
    done = run(str(HERE / "reference_against_torch.py"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DIFFERS" not in done.stdout
    assert "greatest error" in done.stdout


def test_a_wrong_reference_does_not() -> None:
    done = run("-c", WRONG)
    assert done.returncode == 1, done.stdout + done.stderr
    differing = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("DIFFERS")}
    assert differing == {"gru", "gru_cell"}
