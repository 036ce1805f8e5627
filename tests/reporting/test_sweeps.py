"""Starts, knees and noise of timed cells whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from parity.reporting import sweeps
from parity.reporting.results import Speed


def cell(step_ms: float, batch: int = 32, apart_ms: float = 0.0, framework: str = "torch", processes: int = 5) -> Speed:
    """Processes whose medians lie as far apart, evenly; each has three quiet blocks and one disturbed one."""
    places = np.linspace(-1, 1, processes)
    made = []
    for place in places:
        took = (step_ms + apart_ms * place / 0.7413) * 1e6  # of evenly spread medians the MAD is half the range's half
        blocks = [{"wall_ns": took * 10, "steps": 10, "foreign": share, "steal": 0.0} for share in (0, 0, 0, 0.5)]
        blocks[-1]["wall_ns"] *= 9
        start = {"import_seconds": 2.0, "build_seconds": 0.5, "first_step_ns": 9e7, "second_step_ns": 3e7}
        made.append({**start, "round": len(made), "blocks": blocks})
    about = {"framework": framework, "framework_version": "1", "device": "cpu", "dtype": "float32", "mode": "eager"}
    case = "lenet@full/glorot_uniform/adam/float32/cpu/eager/seed0/speed"
    return Speed(case=case, spec="lenet", batch_size=batch, processes=made, verdict="agrees", size="full", asked=5, **about)


def test_how_a_process_starts_is_said() -> None:
    assert sweeps.start(cell(10)) == sweeps.Start(2.0, 0.5, 0.09, 0.03)
    (told,) = [line for line in sweeps.sentences([cell(10)]) if "starts" in line]
    assert told == "lenet, batch 32, torch (eager) starts: import 2 s, build 0.5 s, first step 90 ms, second 30 ms"


@pytest.mark.parametrize(
    ("milliseconds", "knee"),
    [
        ({1: 1.0, 2: 1.1, 4: 1.4, 8: 2.4, 16: 4.8, 32: 9.6}, 8),
        ({1: 1.0, 2: 1.0, 4: 1.0, 8: 1.0}, None),
        ({8: 8.0, 16: 16.0, 32: 32.0}, 8),
        ({8: 8.0, 16: 16.0, 32: 64.0}, 8),
    ],
    ids=["overhead-then-full", "overhead-alone", "full-from-the-first", "slower-when-large"],
)
def test_a_sweep_has_its_knee(milliseconds: dict[int, float], knee: int | None) -> None:
    (found,) = sweeps.knees([cell(took, batch) for batch, took in milliseconds.items()])
    assert found.batch == knee and found.batches == tuple(milliseconds)
    told = " ".join(sweeps.sentences([cell(took, batch) for batch, took in milliseconds.items()]))
    assert ("still grows" in told) == (knee is None)


def test_two_batches_are_no_sweep_and_frameworks_are_kept_apart() -> None:
    assert not list(sweeps.knees([cell(1, 8), cell(2, 16), cell(1, 8, framework="keras"), cell(2, 16, framework="keras")]))


@pytest.mark.parametrize(("fixed", "share"), [(0.5, 0.0), (0.0, 0.05), (0.2, 0.02)], ids=["additive", "a-share", "both"])
def test_noise_is_taken_apart(fixed: float, share: float) -> None:
    found = sweeps.noise([cell(took, apart_ms=fixed + share * took) for took in (5, 20, 80, 320)])
    assert found is not None and found.cells == 4
    assert found.fixed == pytest.approx(fixed / 1000, abs=1e-6) and found.share == pytest.approx(share, abs=1e-3)


def test_noise_of_cells_of_one_length_is_not_fitted() -> None:
    assert sweeps.noise([cell(10, apart_ms=1), cell(11, apart_ms=1), cell(12, apart_ms=1)]) is None
    assert sweeps.noise([cell(10, apart_ms=1), cell(100, apart_ms=1)]) is None
