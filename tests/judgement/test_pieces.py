"""Large parameters are replayed in pieces: the findings are those of the whole, down to the place of the worst element."""

from __future__ import annotations

import numerical
import pytest
import updating
from judged import classifier, optimizer_trial, trial

from parity.judgement import references, updates
from parity.reference_impl.rules import Rule
from parity.spec.specs import Optimizer, load, names


@pytest.mark.parametrize("fake", [numerical.Right, updating.WrongEpsilon, numerical.StaleParameters])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_pieces_add_up_to_the_whole(fake: type, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = trial("classifier", classifier(), dtype)
    record = asked.record(fake())
    whole = asked.judge(record)
    monkeypatch.setattr(updates, "PIECE", 4)
    assert asked.judge(record) == whole


def test_a_moved_neighbour_is_the_same_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    values = optimizer_trial("adam", "float32").references.values
    whole = references.moved(values, "float32", 1)
    monkeypatch.setattr(references, "PIECE", 4)
    pieces = references.moved(values, "float32", 1)
    assert whole.keys() == pieces.keys()
    assert all((whole[name] == pieces[name]).all() for name in whole)


def test_a_rule_that_looks_at_a_whole_tensor_is_not_cut() -> None:
    rules = [rule for name in names("optimizers") if isinstance(rule := load(f"optimizers/{name}"), Optimizer)]
    whole = {rule.name for rule in rules if not Rule.of(rule).elementwise()}
    assert whole == {"adafactor", "lamb", "muon", "sgd_clip_global_norm", "sgd_clip_norm"}
