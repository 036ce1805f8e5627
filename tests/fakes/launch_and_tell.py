"""A harness to be killed: launches a request and prints the key of each record when it is told of it.

python launch_and_tell.py REQUEST_DIR OUT_DIR FAKES_DIR
"""

import sys
from pathlib import Path

from parity.execution.launcher.launching import launch
from parity.execution.launcher.worker_process import Limits
from parity.execution.records import Record


def tell(record: Record) -> None:
    sys.stdout.write(f"{record.outcome} {record.key}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    request, out, fakes = (Path(argument) for argument in sys.argv[1:])
    launch(request, Path(sys.executable), out, limits=Limits(timeout=60, startup=60), python_path=[fakes], on_record=tell)
