"""The end of a family of processes where there is no /proc, as on macOS: `ps` tells who belongs to it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from parity.execution.launcher import supervisor

PROGRAM = """
import sys
sys.path[0] = sys.argv.pop(1)
import supervisor
supervisor.LINUX = False
sys.exit(supervisor.main(sys.argv[1:]))
"""
WORKER = """
import subprocess, sys
import time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
print(f"started {child.pid}", flush=True)
time.sleep(300)
"""


def test_ps_tells_the_parents_that_proc_tells() -> None:
    """The same processes, but for those that begin or end between the two looks."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        by_ps, by_proc = (dict(look()) for look in (supervisor._parents_by_ps, supervisor._parents))
        assert by_ps[child.pid] == by_proc[child.pid] == os.getpid()
    finally:
        child.communicate()


def test_a_child_that_left_the_group_ends_with_the_worker(tmp_path: Path) -> None:
    log = tmp_path / "log"
    place = str(Path(supervisor.__file__).parent)
    arguments = ["-1", str(log), "0", "0.2", "-1", "-1", sys.executable, "-c", WORKER]
    launcher = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, place, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    while not (words := log.read_text().split() if log.is_file() else []) and launcher.poll() is None:
        pass
    said, _ = launcher.communicate(timeout=60)
    child = Path("/proc") / words[1] / "stat"
    try:
        assert json.loads(said)["returncode"] == -signal.SIGTERM
        assert not child.exists() or child.read_text().rpartition(")")[2].split()[0] in "ZX"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(words[1]), signal.SIGKILL)
