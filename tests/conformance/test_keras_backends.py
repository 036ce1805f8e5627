"""A small conformance of Keras on its other backends, a minute each: `pytest FILE --framework 'keras[jax]'`.

The complete one is `pytest tests/conformance --framework 'keras[jax]'` (docs/keras-backends.md).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.execution.frameworks import find
from parity.judgement.verdicts import PASSING
from parity.trials import report_rows
from parity.verbs.check import check

FEW = ("mlp", "dense", "layer_norm", "softplus", "softmax_cross_entropy", "adam", "sgd_l2", "cosine", "glorot_uniform")
"""What Keras's backends compute in code of their own: products, norms, activations, losses, updates, schedules, draws."""


def test_a_few_cases_agree_and_none_is_unsupported(framework: str, tmp_path: Path) -> None:
    if find(framework)[1].package != "parity.keras_impl":
        pytest.skip("only Keras has several backends")
    judged = check(FEW, frameworks=[framework], nodes=False, store=tmp_path)
    told = [
        f"{one.trial.case.id}: {one.verdict}: {one.record.reason} {' '.join(map(report_rows.sentence, one.comparisons[:1]))}"
        for one in judged
        if one.verdict not in PASSING or one.verdict == "unsupported"
    ]
    assert not told, "\n".join(told)
    assert {one.trial.case.dtype for one in judged} == {"float64", "float32"} and len(judged) > 40


def test_the_record_says_which_backend_ran(framework: str, tmp_path: Path) -> None:
    if find(framework)[1].package != "parity.keras_impl":
        pytest.skip("only Keras has several backends")
    (one, *_) = check(["relu"], frameworks=[framework], dtypes=["float32"], nodes=False, store=tmp_path)
    assert one.record.framework == framework
    assert one.record.settings is not None and one.record.settings["backend"] == find(framework)[2].name
    assert find(framework)[2].name in one.record.versions
