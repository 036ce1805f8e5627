"""Optimizers as users write them in each framework: `parity fingerprint` names each rightly, and foreign ones not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from users_optimizers import MODULES
from users_rules import Written
from users_table import DEPARTING, FOREIGN, NAMED, TABLE

from parity.errors import UsageError
from parity.trials.fingerprint_runs import RUNS, DrivenRun
from parity.verbs import fingerprint as verb
from parity.verbs.fingerprint import driving


def test_there_are_rules_enough() -> None:
    assert len(NAMED) >= 80 and len(FOREIGN) >= 25 and len(DEPARTING) >= 8


def further(place: int, rule: Written) -> tuple[DrivenRun, ...]:
    """All runs for every fourth named rule, and for those that depart in one; a hundred steps of Keras take a second."""
    whole = rule in DEPARTING or (rule in NAMED and place % 4 == 0)
    return RUNS if whole else RUNS[:1]


def test_users_optimizers_have_their_names(framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them in one process. A wrong name is worse than none, so both are shown."""
    (tmp_path / "users_module.py").write_text(MODULES[framework])
    for name in ("users_rules.py", "users_table.py"):
        (tmp_path / name).write_text(Path(__file__).with_name(name).read_text())
    monkeypatch.chdir(tmp_path)
    asked = [driving.NativeObject(name, f"users_module:{name}", {}) for name in TABLE]
    runs = [further(place, rule) for place, rule in enumerate(TABLE.values())]
    told = {}
    for one, driven in zip(asked, driving.drive(framework, asked, further=runs), strict=True):
        try:
            told[one.target] = verb.fingerprint_of(one.target, driven).name
        except UsageError as error:
            told[one.target] = str(error)
    assert {name: (rule.name, told[name]) for name, rule in TABLE.items() if told[name] != rule.name} == {}
