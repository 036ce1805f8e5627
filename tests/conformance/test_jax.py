"""A minute of JAX for every run: a few questions of the complete conformance, which is `tox run -e conformance-jax`.

The complete one judges every spec, and takes many times as long.
"""

from __future__ import annotations

from pathlib import Path

from test_compared import MODELS, WITHIN, judge, of

from parity.atlas.chapters import QUESTIONS
from parity.judgement.verdicts import PASSING
from parity.trials import report_rows
from parity.verbs import fingerprint as verb
from parity.verbs.atlas import ask
from parity.verbs.check import check
from parity.verbs.compare import compare
from parity.verbs.fingerprint import driving

SPECS = ("mlp", "adam", "glorot_uniform")
ASKED = ("attention",)
NAMED = {"optax.adam": "adam", "optax.sgd": "momentum"}


def test_a_few_specs_agree(framework: str, tmp_path: Path) -> None:
    judged = check(SPECS, frameworks=[framework], nodes=False, store=tmp_path)
    bad = [
        f"{one.trial.case.id}: {report_rows.sentence(found)}"
        for one in judged
        for found in one.comparisons
        if one.verdict not in PASSING
    ]
    assert judged and not bad, bad
    assert {one.trial.case.dtype for one in judged} == {"float64", "float32"}


def test_own_models_in_both_of_flaxs_ways(framework: str, tmp_path: Path) -> None:
    planted = WITHIN[framework][1]
    sides = [of(framework, planted.ours), of(framework, planted.theirs)]
    (compared,) = compare(sides, python_path=[MODELS], map_path=tmp_path / "map.yaml")
    judge(compared, planted)


def test_answers_have_names(framework: str) -> None:
    rows, _ = ask([question for question in QUESTIONS if question.chapter in ASKED], [framework])
    assert sum(row.answers[framework].measured for row in rows) > 10
    assert [row.name for row in rows if "no known form" in row.answers[framework].text] == []


def test_optimizers_are_named_by_what_they_do(framework: str) -> None:
    asked = [driving.NativeObject(path, path, {}) for path in NAMED]
    told = {
        one.path: verb.fingerprint_of(one.target, driven).name
        for one, driven in zip(asked, driving.drive(framework, asked), strict=True)
    }
    assert {path: name.split(",")[0] for path, name in told.items()} == NAMED
