"""The atlas in one real framework: answers have names, and a row changes when the installed class does."""

from __future__ import annotations

from pathlib import Path

import changed_package
import pytest

from parity.atlas.chapters import QUESTIONS
from parity.verbs.atlas import ask, chosen

CHANGED = {
    "torch": (
        "batch_norm.epsilon",
        "import torch\ntorch.nn.BatchNorm2d.__init__ = lambda self, n, eps=0.125, momentum=0.1: None\n",
    ),
    "keras": (
        "batch_norm.epsilon",
        "import keras\nkeras.layers.BatchNormalization.__init__ = lambda self, epsilon=0.125, momentum=0.1: None\n",
    ),
    "mxnet": ("batch_norm.epsilon", "import mxnet\nmxnet.gluon.nn.BatchNorm.__init__ = lambda self, epsilon=0.125: None\n"),
    "jax": ("batch_norm.epsilon", "from flax import nnx\nnnx.BatchNorm.__init__.__kwdefaults__['epsilon'] = 0.125\n"),
}


BEHAVES = {
    "torch": ("split.number_means", "import torch\ntorch.split = torch.chunk\n", "pieces of 2", "2 pieces"),
    "keras": (
        "repeat.order",
        "from keras import ops\nops.repeat = ops.tile\n",
        "1, 1, 2, 2: each number",
        "1, 2, 1, 2: the whole",
    ),
    "mxnet": (
        "repeat.order",
        "import mxnet\nmxnet.nd.repeat = mxnet.nd.tile\n",
        "1, 1, 2, 2: each number",
        "1, 2, 1, 2: the whole",
    ),
    "jax": (
        "repeat.order",
        "import jax\njax.numpy.repeat = jax.numpy.tile\n",
        "1, 1, 2, 2: each number",
        "1, 2, 1, 2: the whole",
    ),
}


def test_every_answer_has_a_name(framework: str) -> None:
    rows, versions = ask(QUESTIONS, [framework])
    assert list(versions) == [framework]
    unnamed = [f"{row.name}: {row.answers[framework].text}" for row in rows if "no known form" in row.answers[framework].text]
    assert unnamed == []
    assert sum(row.answers[framework].measured for row in rows) >= 300


def test_a_changed_default_changes_its_row(framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, change = CHANGED[framework]
    before = ask(chosen(None, name), [framework])[0][0].answers[framework]
    changed_package.install(framework, change, tmp_path, monkeypatch)
    after = ask(chosen(None, name), [framework])[0][0].answers[framework]
    assert before.text != after.text == "0.125"
    assert before.where == after.where


def test_a_changed_behaviour_changes_its_row(framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, change, was, becomes = BEHAVES[framework]
    before = ask(chosen(None, name), [framework])[0][0].answers[framework]
    changed_package.install(framework, change, tmp_path, monkeypatch)
    after = ask(chosen(None, name), [framework])[0][0].answers[framework]
    assert (before.text, after.text) == (was, becomes)
