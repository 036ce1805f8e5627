"""ONNX models in ONNX Runtime against the reference, forward; what cannot run there, counted and with its reason."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from parity.cli import status
from parity.execution.launcher.environments import installed
from parity.judgement import agreement
from parity.judgement.verdicts import GREEN
from parity.spec.cases import Case
from parity.spec.networks import network_graph
from parity.spec.specs import Architecture, load
from parity.trials import draws as drawing
from parity.trials import report_rows, selection
from parity.trials.session import JudgedTrial, Session
from parity.trials.trial import Options, Trial, forward_only
from parity.verbs.check import check, make_trials

HERE = Path(__file__).parent
FAMILIES = (
    *("mlp_dropout", "lenet_batch_norm", "googlenet", "densenet_small", "resnet18_small_images", "mobilenet_v2"),
    *("lstm_language_model", "truncated_bptt", "bidirectional_lstm", "seq2seq_attention", "transformer", "bert_small"),
    *("vit_b_16", "siamese"),
)
"""Architectures that together have every op that any has, and scans, carried state, lengths, tied tables."""

TRAINING_ALONE = {"mean", "weighted_sum", "dropout[native]"}
WITHOUT_FLOAT64 = {
    *("conv1d", "conv2d", "conv3d", "conv_transpose2d", "average_pool1d", "average_pool2d", "global_max_pool2d"),
    *("local_response_norm", "upsample2d", "rnn", "lstm", "gru", "gru_cell", "gelu", "mish", "softplus"),
}
"""Ops some of whose operators have no float64 kernel in ONNX Runtime (gelu: in its erf form)."""


def bad(judged: Sequence[JudgedTrial]) -> list[str]:
    return [
        f"{one.trial.case.id}: {one.verdict}: {report_rows.sentence(comparison)}"
        for one in judged
        for comparison in one.comparisons
        if one.verdict not in GREEN and comparison.verdict == one.verdict
    ]


def base(judged: JudgedTrial) -> str:
    return judged.trial.case.spec.partition(":")[0]


def test_every_op_agrees_or_says_why_not(framework: str, tmp_path: Path) -> None:
    judged = check(["layers", "activations"], frameworks=[framework], store=tmp_path)
    lacking = [one for one in judged if one.verdict == "unsupported"]
    assert bad([one for one in judged if one not in lacking]) == []
    assert all({comparison.quantity for comparison in one.comparisons} == {"forward"} for one in judged if one not in lacking)
    assert {base(one) for one in lacking if one.trial.case.dtype == "float32"} == TRAINING_ALONE
    assert {base(one) for one in lacking if one.trial.case.dtype == "float64"} == TRAINING_ALONE | WITHOUT_FLOAT64
    told = [one.record.reason for one in lacking if base(one) not in TRAINING_ALONE]
    assert all("has no float64 kernel of" in reason for reason in told)


def test_architectures_agree(framework: str, tmp_path: Path) -> None:
    judged = check(FAMILIES, frameworks=[framework], dtypes=["float32"], nodes=False, store=tmp_path)
    assert bad(judged) == []
    assert len(judged) == len(FAMILIES)
    # every layer of the whole graph was looked at, not the outputs alone
    assert all(len(one.comparisons) >= len(one.trial.case.graph.nodes) for one in judged if one.trial.case.graph)
    assert {base(one) for one in judged if any(item.quantity == "decoding" for item in one.comparisons)}


def test_networks_of_adversarial_training_agree_by_themselves(framework: str, tmp_path: Path) -> None:
    made = [trial(spec, network) for spec in ("gan", "dcgan", "cyclegan") for network in networks(spec)]
    judged = Session(tmp_path, [framework]).run(made)
    assert bad(judged) == [] and len(judged) == 8
    whole = check(["gan"], frameworks=[framework], dtypes=["float32"], nodes=False, store=tmp_path / "whole")
    assert {one.verdict for one in whole} == {"unsupported"}


def networks(spec: str) -> list[str]:
    return list(architecture(spec).networks)


def architecture(spec: str) -> Architecture:
    found = load(f"architectures/{spec}")
    assert isinstance(found, Architecture)
    return found


def trial(spec: str, network: str) -> Trial:
    """One network of a spec by itself, in evaluation mode."""
    graph, initializer = network_graph(architecture(spec), network, "small"), selection.initializer("glorot_uniform")
    draws = drawing.draw(graph, initializer, "float32")
    case = Case(graph.name, "agreement", "float32", initializer="glorot_uniform", graph=graph)
    known = agreement.references(graph, draws.values(), "float32")
    judge = agreement.judge_forward(case, draws, known)
    return Trial(case, draws.arrays, judge, "architectures", forward=judge)


@pytest.mark.parametrize(
    ("fault", "op"),
    [
        *(("GATES", "lstm"), ("RESET", "gru"), ("PADS", "conv2d"), ("ALPHA", "local_response_norm")),
        *(("EPSILON", "group_norm"), ("MASK", "multi_head_attention"), ("MASK", "additive_attention")),
    ],
)
def test_a_planted_fault_differs(framework: str, fault: str, op: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    own = f"{framework}=onnx_planted:{fault}"
    counts = Counter(
        one.verdict for one in check([op], frameworks=[framework], dtypes=["float32"], realizations=[own], store=tmp_path)
    )
    assert counts["differs"] > 0 and set(counts) <= {"differs", *GREEN}, counts


@pytest.mark.parametrize("spec", ["resnet18_small_images", "lstm_language_model", "seq2seq_attention", "vit_b_16"])
def test_every_opset_is_valid_and_gives_the_same(framework: str, spec: str, tmp_path: Path) -> None:
    (made,) = make_trials(selection.select([spec]), Options(dtypes=["float32"], nodes=False, steps=1))
    asked = forward_only(made)
    assert asked.case.graph is not None
    (tmp_path / "graph.json").write_text(json.dumps(asked.case.graph.to_json()), encoding="utf-8")
    np.savez(tmp_path / "arrays.npz", **asked.arrays)
    command = [str(installed(framework).interpreter), str(HERE / "onnx_check.py"), "graph.json", "arrays.npz"]
    environment = {"PYTHONPATH": f"{HERE.parents[1]}", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_verb_writes_a_model_or_says_why_not(framework: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file, weights = tmp_path / "model.onnx", tmp_path / "weights.npz"
    assert status(["export", "lenet", "--onnx", str(file)]) == 0
    told = " ".join(capfd.readouterr().out.split())
    assert "lenet, opset 17, float32, 61,706 parameters" in told and "not trained" in told
    assert "takes image (batch, 1, 28, 28) gives logits (batch, 10)" in told
    first = file.read_bytes()
    assert status(["weights", "export", "lenet", str(file), "-f", framework, "-o", str(weights), "--size", "full"]) == 0
    file.unlink()
    assert status(["export", "lenet", "--onnx", str(file), "--weights", str(weights)]) == 0
    assert file.read_bytes() == first
    assert status(["export", "lenet", "--onnx", str(file), "--opset", "9"]) == 2
    assert "no opset 9: models are written for opsets 17 to 23" in capfd.readouterr().err
    assert status(["export", "gan", "--onnx", str(file)]) == 2
    assert "choose one by --network: generator, discriminator" in capfd.readouterr().err
    assert status(["export", "gan", "--network", "generator", "--onnx", str(file)]) == 0
