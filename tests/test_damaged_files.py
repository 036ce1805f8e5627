"""Of every kind of file that parity reads some are damaged in every way: none is accepted, none gives a raw exception.

`python -m tests.tools.damaged_files --rounds 5000` is the same at length.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from parity.execution.damaged_files import Damaged
from tests.tools.damaged_files import BAD, Result, Whole, main, one, run
from tests.tools.damaged_kind import Kind
from tests.tools.damaged_kinds import KINDS
from tests.tools.damages import DAMAGES

ROUNDS = 3 * len(DAMAGES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_damaged_file_is_accepted_or_raw(kind: Kind) -> None:
    bad: list[Result] = []
    counts = run([kind], ROUNDS, 1, bad.append)
    assert not bad
    assert sum(counts[kind.name].values()) == ROUNDS


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_changes_a_file(damage: str) -> None:
    whole = b'{"a": 1}\n{"a": [2, {"b": "c"}]}\n{"a": 3}\n'
    assert any(DAMAGES[damage](whole, random.Random(seed)) != whole for seed in range(9))  # noqa: S311


def written(folder: Path) -> Path:
    (folder / "file").write_text("17\n")
    return folder / "file"


NUMBER = Kind("a number", written, lambda path: int(path.read_text()))


def test_what_believes_a_file_is_seen(tmp_path: Path) -> None:
    whole = Whole.of(NUMBER, tmp_path / "one")
    assert one(NUMBER, whole, "another digit", random.Random(0)).outcome == "accepted"  # noqa: S311
    assert one(replace(NUMBER, corrected=True), whole, "another digit", random.Random(0)).outcome == "taken"  # noqa: S311


def test_what_lets_an_exception_through_is_seen(tmp_path: Path) -> None:
    whole = Whole.of(NUMBER, tmp_path / "one")
    found = {one(NUMBER, whole, "something else", random.Random(seed)).outcome for seed in range(20)}  # noqa: S311
    assert "raw" in found


def test_a_refusal_without_the_file_is_seen(tmp_path: Path) -> None:
    def refuse(path: Path) -> int:
        if path.read_text() != "17\n":
            raise Damaged("it is damaged")
        return 17

    kind = replace(NUMBER, read=refuse)
    whole = Whole.of(kind, tmp_path / "one")
    assert one(kind, whole, "another digit", random.Random(0)).outcome == "nameless"  # noqa: S311


def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rounds", "11", "--kind", "sealed lines"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("sealed lines: 11 damaged files: ") and told[1].endswith(f" 0 {BAD[0]}, 0 {BAD[1]}, 0 {BAD[2]}")
