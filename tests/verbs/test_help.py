"""The help texts: the words and frameworks that an option accepts, from the code that accepts them; no advice that fails."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from parity.cli import status
from parity.commands import exporting, options, parity, reading
from parity.execution import frameworks
from parity.reporting.recommendation import choice, criteria


def test_an_object_of_a_framework_without_fingerprints_gets_no_advice_that_fails(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(frameworks.TABLE, "jax", replace(frameworks.TABLE["jax"], features=()))
    assert status(["fingerprint", "optax.adam"]) == 2
    told = " ".join(capfd.readouterr().err.split())
    assert "jax has no feature `fingerprint`" in told and "did you mean" not in told
    assert "Write FRAMEWORK=optax.adam with one of keras, torch, mxnet;" in told


def test_the_help_names_the_words_and_frameworks_that_a_command_accepts() -> None:
    assert tuple(reading.TASKS.split(", ")) == tuple(criteria.TASKS)
    assert tuple(reading.CRITERIA.split(", ")) == tuple(choice.CRITERIA)
    assert tuple(reading.NEEDS.split(", ")) == tuple(criteria.NEEDS)
    written = ast.parse((Path(frameworks.__file__).parents[1] / "onnx_impl" / "framework.py").read_text())
    assert f"OPSETS = {exporting.OPSETS}" in [ast.unparse(line) for line in written.body if isinstance(line, ast.Assign)]
    able = {
        "check": options.ALL,
        "bench": options.TRAINING,
        "run": options.TRAINING,
        "atlas": options.ANSWERING,
    }
    for name, accepted in able.items():
        (option,) = [option for option in parity.commands[name].params if option.name == "frameworks"]
        assert str(getattr(option, "help", "")).startswith(f"{accepted}.")
    for name, accepted in {"compare": options.OBSERVING, "fingerprint": options.DRIVING}.items():
        assert f"Frameworks: {accepted}." in str(parity.commands[name].epilog)
    assert "onnx" in options.ALL and "onnx" not in options.TRAINING
    for feature in frameworks.FEATURES:
        listed = options.offering(feature).split(", ")
        assert listed == [name for name in frameworks.training(every=True) if frameworks.offers(name, feature)]
