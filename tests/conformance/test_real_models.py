"""`parity compare` on models as they are written elsewhere, each in a process of its own: real_models_check.py has all twelve.

Here are those that need what the others do not: a package with a configuration, a relative path, tables in and out, symbols.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from real_models_check import MODELS, PAIRS, Pair, judged

from parity.cli import status
from parity.execution.launcher import isolation
from parity.execution.launcher.environments import Unavailable, installed

HERE = ("vision", "encoder", "symbols")


@pytest.mark.parametrize("name", HERE)
def test_a_pair_of_real_models(framework: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = PAIRS[name]
    needed(framework, pair)
    told = judged(pair, tmp_path / "map.yaml", monkeypatch.chdir)
    assert not told, told


def needed(framework: str, pair: Pair) -> None:
    """Runs once, by the framework of its first side, where both interpreters are there."""
    names = [side.partition("=")[0] for side in pair.sides]
    if framework != names[0]:
        pytest.skip(f"runs once, with --framework {names[0]}")
    for name in names:
        try:
            installed(name)
        except Unavailable as error:
            pytest.skip(f"needs the interpreters of {' and '.join(names)}: {error}")


def test_two_networks_of_other_weights(
    framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With their own they differ, and the arrays are named; with drawn ones they agree, and that is said first."""
    if framework != "torch":
        pytest.skip("models of torch")
    monkeypatch.chdir(MODELS)
    command = ["compare", "torch=gpt.py:GPT", "torch=gpt.py:GPT?seed=1", "--inputs", "idx=2x8:0..22"]
    command += ["--map-to", str(tmp_path / "map.yaml")]
    assert status(command) == 0
    assert capfd.readouterr().out.startswith("weights: drawn by parity")
    assert status([*command, "--weights", "own"]) == 1
    out = capfd.readouterr().out
    assert out.startswith("weights: each model's own")
    assert "transformer.wpe table" in out and "another value in torch-2 than in torch-1" in out
    assert "with the same drawn weights in both they agree" in out


SAVE = """
import json, sys, torch
sys.path.append(sys.argv[1])
import tagger
torch.manual_seed(0)
model = tagger.Tagger(6, 6)
weights, header, numbers = model.state_dict(), {}, b""
for name, one in weights.items():
    data = one.numpy().tobytes()
    header[name] = {"dtype": "F32", "shape": list(one.shape), "data_offsets": [len(numbers), len(numbers) + len(data)]}
    numbers += data
text = json.dumps(header).encode()
open("right.safetensors", "wb").write(len(text).to_bytes(8, "little") + text + numbers)
blocks = weights["rnn.weight_ih_l0"].chunk(4)
weights["rnn.weight_ih_l0"] = torch.cat([blocks[place] for place in (0, 2, 1, 3)])
weights["fc.weight"] = weights["fc.weight"].T.contiguous()
torch.save({"epoch": 3, "state_dict": {f"module.{name}": one for name, one in weights.items()}}, "moved.pt")
torch.save(model, "whole.pt")
"""


def test_files_of_weights(
    framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """One for each side, in the safe mode: what was moved wrongly is named, and a whole model is refused."""
    if framework != "torch":
        pytest.skip("files of torch")
    monkeypatch.chdir(tmp_path)
    own = isolation.variables(tmp_path / "links", {})
    subprocess.run([str(installed("torch").interpreter), "-c", SAVE, str(MODELS)], env=own, check=True)
    np.savez("batch.npz", tokens=np.arange(12).reshape(2, 6))
    side = f"torch={MODELS / 'tagger.py'}:Tagger?hidden=6&tags=6"
    command = ["compare", side, side, "--inputs-from", "batch.npz", "--checkpoint", "right.safetensors"]
    assert status([*command, "--checkpoint", "moved.pt"]) == 1
    out = capfd.readouterr().out
    assert "rnn 0.kernel: gate order: its blocks stand as `i g f o` in torch-2, which reads `i f g o`" in out
    assert "fc kernel: transposed in torch-2" in out
    assert status([*command, "--checkpoint", "whole.pt"]) == 2
    assert "whole.pt cannot be read as weights" in capfd.readouterr().err
