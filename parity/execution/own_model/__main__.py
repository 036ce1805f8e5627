"""Owns the command `python -m parity.execution.own_model`."""

from __future__ import annotations

import sys

from parity.execution.own_model.model_server import main

sys.exit(main(sys.argv[1:]))
