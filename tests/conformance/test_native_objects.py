"""Native objects of a framework that are no optimizers, fingerprinted in one process: native_objects.yaml names them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from parity.errors import UsageError
from parity.fingerprinting.forms.kinds import kind_of
from parity.verbs.fingerprint import objects

NAMES = YAML(typ="safe", pure=True).load(Path(__file__).with_name("native_objects.yaml"))
USERS = """
class NoNorm:
    def __init__(self, eps=1e-5):
        raise ValueError("out of luck")

number = 3
"""
TOLD = {
    "users_layers:NoNorm": "ValueError: out of luck",
    "users_layers:number": "cannot be called",
    "users_layers:NothingNorm": "has no `NothingNorm`",
    "not_there.at_all:Norm": "no module `not_there.at_all`",
}


def test_every_native_object_has_its_name(framework: str) -> None:
    asked = [objects.NativeTarget(path, path, kind_of(path), {}) for path in NAMES[framework]]
    found = objects.drive(framework, asked)
    assert {
        one.path: str(answer) if isinstance(answer, UsageError) else answer.name
        for one, answer in zip(asked, found, strict=True)
    } == NAMES[framework]


def test_what_cannot_be_driven_is_told(framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users_layers.py").write_text(USERS)
    monkeypatch.chdir(tmp_path)
    asked = [objects.NativeTarget(path, path, "normalization", {}) for path in TOLD]
    for one, answer in zip(asked, objects.drive(framework, asked), strict=True):
        assert isinstance(answer, UsageError) and answer.status == 2
        assert TOLD[one.path] in str(answer) and one.path in str(answer)
