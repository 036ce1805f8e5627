"""Every native optimizer of a framework, fingerprinted: the installed package lists them, native_optimizers.yaml names them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from parity.errors import UsageError
from parity.execution.launcher.environments import installed
from parity.verbs import fingerprint as verb
from parity.verbs.fingerprint import driving

MODULES = {"torch": "torch.optim", "keras": "keras.optimizers", "mxnet": "mxnet.optimizer"}
LISTING = """
import importlib, inspect, json, sys
module = importlib.import_module(sys.argv[1])
found = [name for name, item in vars(module).items() if inspect.isclass(item) and issubclass(item, module.Optimizer)]
print(json.dumps(found))
"""
Told = dict[str, str]


def natives(framework: str) -> list[str]:
    """The optimizer classes that the installed package offers."""
    interpreter = installed(framework).interpreter
    done = subprocess.run([interpreter, "-c", LISTING, MODULES[framework]], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def told(framework: str) -> Told:
    """Each native optimizer's name, or the reason why it has none: one process for all."""
    asked = [
        driving.NativeObject(f"{MODULES[framework]}.{name}", f"{MODULES[framework]}.{name}", {}) for name in natives(framework)
    ]
    answers = {}
    for one, driven in zip(asked, driving.drive(framework, asked), strict=True):
        try:
            answers[one.path.rpartition(".")[2]] = verb.fingerprint_of(one.target, driven).name
        except UsageError as error:
            answers[one.path.rpartition(".")[2]] = str(error)
    return answers


def test_every_native_optimizer_has_its_name(framework: str, told: Told) -> None:
    expected = YAML(typ="safe", pure=True).load(Path(__file__).with_name("native_optimizers.yaml"))[framework]
    assert set(told) == {*expected["named"], *expected["fails"]}
    assert {name: told[name] for name in expected["named"]} == expected["named"]
    assert all(reason in told[name] for name, reason in expected["fails"].items()), told
