"""`parity compare` on models as people write them, faults planted: `pytest tests/conformance --framework torch`.

Pairs within one framework run wherever that framework does. Pairs of two frameworks need both interpreters.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from parity.verbs.compare import compare
from parity.verbs.differing import Compared, lines

MODELS = Path(__file__).parent / "compared"


@dataclass(frozen=True)
class Planted:
    """Two models and what `compare` must say: the first departing layer and its tested cause; no layer: they agree."""

    ours: str
    theirs: str
    layer: str = ""
    cause: str = ""
    between: bool = False

    @property
    def id(self) -> str:
        return f"{self.ours}~{self.theirs}"


WITHIN: dict[str, tuple[Planted, ...]] = {
    "torch": (
        Planted("mlp:build", "mlp:sequential"),
        Planted("residual:build", "residual:sequential"),
        Planted("residual:build", "residual:ported", "layers.1.shortcut.1", "epsilon: 1e-05"),
        Planted("recurrent:build", "recurrent:ported", "lstm", "gate order"),
        Planted("transformer:build", "transformer:ported", "encoder.layers.0.self_attn", "mask meaning inverted"),
        Planted("transformer:written", "transformer:written_ported", "out", "mask meaning inverted", between=True),
        Planted("convolutional:build", "convolutional:ported", "conv2", "padding"),
        Planted("convolutional:ported", "convolutional:turned", "fc", "flatten order", between=True),
    ),
}


def of(framework: str, model: str) -> str:
    return f"{framework}={framework}_models.{model}"


def judge(compared: Compared, planted: Planted) -> None:
    told = "\n".join(lines(compared))
    departure = compared.departure
    if not planted.layer:
        assert compared.verdict in ("agrees", "exact"), told
        assert departure is None
        return
    assert compared.verdict == "differs", told
    assert departure is not None, told
    assert departure.title.split(" ")[0] == planted.layer, told
    assert departure.between == planted.between, told
    assert any(cause.startswith(planted.cause) for cause in departure.causes), told


@pytest.mark.parametrize("number", range(max(map(len, WITHIN.values()))))
def test_a_pair_within_one_framework(framework: str, number: int, tmp_path: Path) -> None:
    pairs = WITHIN[framework]
    if number >= len(pairs):
        pytest.skip(f"{framework} has {len(pairs)} pairs")
    planted = pairs[number]
    sides = [of(framework, planted.ours), of(framework, planted.theirs)]
    (compared,) = compare(sides, python_path=[MODELS], map_path=tmp_path / "map.yaml")
    judge(compared, planted)
