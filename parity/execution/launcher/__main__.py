"""Owns the command `python -m parity.execution.launcher`."""

from __future__ import annotations

import sys

from parity.execution.launcher.plan import main

sys.exit(main())
