"""Generates what a process of `parity bench --twin` measures, with a truth that is known.

It refuses to time anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from parity.judgement import budgets

LOSSES = {"realization": [2.3, 2.2, 2.1], "twin": [2.3, 2.2, 2.1], "again": [2.3, 2.2, 2.1]}


def process(
    seed: int, slower: float = 1.0, foreign: Sequence[float] = (0.0,) * 10, losses: Mapping[str, Any] = LOSSES
) -> dict[str, Any]:
    """Blocks of twenty rounds. A round has a speed of its own, a turn 1 % of noise; a disturbed block is thrice as slow."""
    numbers = np.random.RandomState(seed)
    blocks = []
    for share in foreign:
        speeds = 2e7 * numbers.uniform(1.0, 1.3, (20, 1)) * (1 + 0.01 * numbers.standard_normal((20, 3)))
        turns = speeds * [slower * (3.0 if share > budgets.FOREIGN else 1.0), 1.0, 1.0]
        blocks.append({"foreign": share, "steal": 0.0, "throttled": 0.0, "turns": turns.astype(int).tolist()})
    return {"losses": losses, "steps_a_turn": 2, "blocks": blocks}
