"""What grows with a run: the list of its cases passes no command line, and the log of a worker has a greatest size."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from requests_for_fakes import write

from parity.execution.launcher import isolation, supervisor
from parity.execution.launcher.supervisor_client import Supervised, Surroundings
from parity.execution.launcher.worker_process import LIMITS, WorkerSetting, run_process

COUNTING = """#!{python} -IS
import sys
places = open(sys.argv[-1].removeprefix("@")).read().split(",")
sys.exit(int(places != [str(number) for number in range(60_000)]))
"""

FLOODING = """
import os, sys
for _ in range(70):
    os.write(1, b"x" * (1 << 20))
while not 1 << 20 < os.fstat(1).st_size < 1 << 24:
    os.sched_yield()
os.write(1, b"the end")
"""


def test_a_process_takes_more_cases_than_a_command_line_holds(tmp_path: Path) -> None:
    """A single argument of more than 131,072 bytes is refused by Linux: that is 22,000 numbers."""
    interpreter = tmp_path / "python"
    interpreter.write_text(COUNTING.format(python=sys.executable))
    interpreter.chmod(0o755)
    asked = write(tmp_path / "request", "Sound", 1)
    (tmp_path / "out").mkdir()
    place = WorkerSetting(interpreter, tmp_path / "out", LIMITS, (), -1)
    ending = run_process(asked, range(60_000), place, lambda _: 1)
    assert (ending.returncode, ending.log) == (0, "")


def test_a_log_keeps_its_end_alone_where_it_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LARGEST_LOG", 100)
    monkeypatch.setattr(supervisor, "KEPT_OF_LOG", 10)
    log = tmp_path / "log"
    for text in ("x" * 100, "x" * 95 + "the end"):
        log.write_text(text)
        supervisor.shorten(str(log))
    assert log.read_text() == "[parity: this log was longer than 100 bytes; its end follows]\nxxxthe end"
    supervisor.shorten(str(tmp_path / "missing"))
    supervisor.shorten("")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sched_yield is Linux's")
def test_a_worker_that_prints_for_ever_does_not_fill_the_disk(tmp_path: Path) -> None:
    seen = Surroundings(isolation.allowed(os.environ), tmp_path, tmp_path / "log", grace=0.0)
    process = Supervised([sys.executable, "-I", "-S", "-c", FLOODING], seen)
    assert process.ended(120.0)
    assert process.end() == 0
    assert process.printed_bytes() < 1 << 24
    assert process.printed().endswith("xxthe end")
