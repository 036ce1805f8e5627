"""A small version of `python -m tests.tools.killed_commands`: commands that are killed leave nothing behind."""

from __future__ import annotations

import pytest
from killed_commands import COMMANDS, rounds


@pytest.mark.parametrize("command", COMMANDS)
def test_a_killed_command_leaves_no_process_folder_or_lock(command: str) -> None:
    found = list(rounds(command, 6, seed=1))
    assert [left for left in found if left] == []
    assert any(left.status < 0 or left.status == 130 for left in found)
