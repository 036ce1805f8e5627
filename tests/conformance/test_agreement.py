"""Every spec in one real framework against the reference: `pytest tests/conformance --framework torch`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from parity.judgement.verdicts import PASSING
from parity.trials import report_rows
from parity.trials.session import JudgedTrial
from parity.verbs.check import check

KINDS = ("architectures", "nodes", "initializers", "optimizers", "curvature", "layers", "activations", "losses")
TAKEN_APART = (
    *("lenet_batch_norm", "googlenet", "densenet_small", "resnet18_small_images"),
    *("lstm_language_model", "seq2seq_attention", "transformer", "dcgan"),
)
"""Architectures of which every different layer runs alone here. `parity check architectures` takes all of them apart, in a
quarter of an hour; here their ops are judged alone on inputs of their own, and every architecture whole."""


@pytest.fixture(scope="session")
def judged(framework: str, tmp_path_factory: pytest.TempPathFactory) -> list[JudgedTrial]:
    """All specs at small size, float64 and float32, layers of some alone as well: one run for all tests below."""
    store: Path = tmp_path_factory.mktemp("store")
    whole = check(["all"], frameworks=[framework], nodes=False, store=store)
    apart = check(TAKEN_APART, frameworks=[framework], store=store)  # whole graphs are in the store already
    return whole + [one for one in apart if one.trial.kind == "nodes"]


def told(judged: list[JudgedTrial]) -> str:
    return "\n".join(
        f"{one.trial.case.id}: {one.verdict}: {report_rows.sentence(comparison)}"
        for one in judged
        for comparison in one.comparisons
        if comparison.verdict == one.verdict
    )


def test_every_case_agrees_or_is_documented(judged: list[JudgedTrial]) -> None:
    bad = [one for one in judged if one.verdict not in PASSING]
    assert not bad, told(bad)


def test_every_kind_was_compared(judged: list[JudgedTrial]) -> None:
    counts = Counter(one.trial.kind for one in judged)
    assert all(counts[kind] for kind in KINDS), counts
    assert all(one.comparisons for one in judged)


def test_what_is_unsupported_has_a_reason(framework: str, judged: list[JudgedTrial]) -> None:
    unsupported = [one for one in judged if one.verdict == "unsupported"]
    assert all(one.record.reason for one in unsupported)
    if framework in ("torch", "keras"):
        assert not unsupported, told(unsupported)


def test_counts_add_up(judged: list[JudgedTrial]) -> None:
    assert sum(report_rows.case_verdicts(judged).values()) == len(judged) == len({one.trial.case.id for one in judged})
