"""Every mutant of every op and of every attribute of the specs is caught by the real judgement, or proven equivalent.

Proofs of ops are in equivalent_mutants.yaml, those of attributes in attribute_mutants.equivalent; both are strict: a survivor
without a proof fails, and so does a proof of what is caught. Mutants of formulas have a test of their own.
"""

from __future__ import annotations

from pathlib import Path

import attribute_mutants
import mutants
import mutated_ops
import numpy as np
import pytest
from ruamel.yaml import YAML

from parity.ops import TABLE
from parity.spec.specs import names

PROOFS: dict[str, str] = {
    entry["mutant"]: entry["proof"]
    for entry in YAML(typ="safe", pure=True).load(
        (Path(__file__).parents[1] / "equivalent_mutants.yaml").read_text(encoding="utf-8")
    )
}
DTYPES = ("float64", "float32")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("op", TABLE)
def test_the_right_op_is_green(op: str, dtype: str) -> None:
    assert mutated_ops.samples(op, dtype) or op == "parameter"
    assert [sample.trial.case.id for sample in mutated_ops.samples(op, dtype) if mutated_ops.verdict(sample)] == []


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("file", mutated_ops.FILES)
def test_every_mutant_of_an_op_is_caught(file: str, dtype: str) -> None:
    survivors = {mutant.name for mutant in mutants.mutants(file) if not mutated_ops.caught(mutant, dtype)}
    assert survivors == {name for name in PROOFS if name.startswith(f"{file}.")}


def test_there_are_mutants_enough_and_no_proof_without_a_mutant() -> None:
    every = {mutant.name for file in mutated_ops.FILES for mutant in mutants.mutants(file)}
    assert len(every) >= 2_000
    assert set(PROOFS) <= every
    assert len(PROOFS) <= len(every) / 50


def test_the_table_is_whole_again_after_a_mutant() -> None:
    before = dict(TABLE)
    mutant = next(mutants.mutants("recurrence"))
    with mutated_ops.in_place(mutant):
        assert TABLE["lstm"] is not before["lstm"] and TABLE["gru_cell"] is not before["gru_cell"]
        assert TABLE["dense"] is before["dense"]
    assert before == TABLE


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spec", names("architectures"))
def test_every_attribute_of_a_spec_is_caught(spec: str, dtype: str) -> None:
    trials = attribute_mutants.trials(spec, dtype)
    assert [trial.case.id for trial in trials if not attribute_mutants.right(trial)] == []
    every = list(attribute_mutants.mutants(spec, dtype))
    found = {mutant.name: attribute_mutants.caught(mutant) for mutant in every}
    assert {mutant.name for mutant in every if not found[mutant.name]} == {mutant.name for mutant in every if mutant.equivalent}


def test_a_mutant_is_named_by_its_changed_statement() -> None:
    found = [mutant.name for mutant in mutants.mutants("leaky_relu")]
    assert "leaky_relu.forward: passes = x < 0 if branch is None else branch" not in found  # strict and unstrict alone are near
    assert "leaky_relu.forward: passes = x >= 0 if branch is None else branch" in found
    assert "leaky_relu.vjp: return {'x': np.where(passes, dy, slope / dy)}" in found
    assert len(found) == len(set(found))
    assert np.all([name.startswith("leaky_relu.") for name in found])
