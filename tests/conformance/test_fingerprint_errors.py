"""`parity fingerprint` on what is no optimizer, does not exist, returns NaN or fails: one clear sentence, and exit status 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.errors import UsageError
from parity.verbs import fingerprint as verb
from parity.verbs.fingerprint import driving

USERS = {
    "torch": """
import torch

class Base(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                w.data.fill_(self.moved())
""",
    "keras": """
import keras

class Base(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.1):
        super().__init__(learning_rate)

    def update_step(self, gradient, variable, learning_rate):
        variable.assign(keras.ops.full_like(variable, self.moved()))
""",
    "mxnet": """
import mxnet

class Base(mxnet.optimizer.Optimizer):
    def __init__(self, learning_rate=0.1):
        super().__init__(learning_rate=learning_rate)

    def create_state(self, index, weight):
        return None

    def update(self, index, weight, grad, state):
        weight[:] = self.moved()
""",
}
BOTH = """
class ReturnsNan(Base):
    def moved(self):
        return float("nan")

class Fails(Base):
    def moved(self):
        raise ValueError("out of luck")

class NoOptimizer:
    def __init__(self, *weights, learning_rate=0.1):
        self.learning_rate = learning_rate

number = 3
"""
TOLD = {
    "users_rules:ReturnsNan": "returned NaN or infinity in step 1",
    "users_rules:Fails": "ValueError: out of luck",
    "users_rules:NoOptimizer": "it is no optimizer: a NoOptimizer is no",
    "users_rules:number": "cannot be called: it is of type int",
    "users_rules:Nothing": "does not exist: users_rules has no `Nothing`",
    "not_there.at_all:Rule": "does not exist: no module `not_there.at_all`",
    "json.JSONDecoder": "is no optimizer: none of its arguments is a learning rate",
    "users_rules": "is no import path",
}


def test_what_cannot_be_fingerprinted_is_told(framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them in one process; no one's fault costs another its answer."""
    (tmp_path / "users_rules.py").write_text(USERS[framework] + BOTH)
    monkeypatch.chdir(tmp_path)
    asked = [driving.NativeObject(path, path, {}) for path in TOLD]
    for one, driven in zip(asked, driving.drive(framework, asked), strict=True):
        with pytest.raises(UsageError) as caught:
            verb.fingerprint_of(one.target, driven)
        assert TOLD[one.path] in str(caught.value)
        assert one.path in str(caught.value) and caught.value.status == 2
