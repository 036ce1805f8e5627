"""`parity compare` on tensors held otherwise than a framework would; every model of a framework in one process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from shared_processes import shared

from parity.execution.launcher.environments import Unavailable, installed
from parity.judgement.verdicts import PASSING
from parity.verbs import compare as verb
from parity.verbs.compare.printing import lines

MODELS = Path(__file__).parent / "compared"


@dataclass(frozen=True)
class Case:
    """Two models, their inputs, whether they agree, and a text among what is told."""

    ours: str
    theirs: str
    inputs: str
    agrees: bool = True
    told: str = ""

    @property
    def id(self) -> str:
        return f"{self.ours}~{self.theirs}"


CASES = (
    Case("torch:flat_last", "keras:flat", "2x3x8x6"),
    Case("torch:flat_first", "keras:flat", "2x3x8x6", told="permuted between the models: torch flattens (5, "),
    Case("torch:flat_first", "torch:flat_last", "2x3x8x6", agrees=False, told="flatten order"),
    Case("torch:door_last", "keras:door", "2x8x6x3", told="torch takes input 0 with channels last"),
    Case("keras:door", "torch:door_last", ""),
    Case("torch:signals", "keras:signals", "2x3x12"),
    Case("keras:signals", "torch:signals", ""),
    Case("torch:slopes", "keras:slopes", "2x3x8x6"),
    Case("torch:slopes", "keras:slope_for_each_element", "2x3x8x6", agrees=False, told="one number is spread over"),
    Case("torch:child", "torch:plain", "3x5"),
    Case("torch:one", "torch:two", "3x5", agrees=False, told="another number of outputs: torch-1 returns 1 ((3, 1))"),
    Case("torch:one", "keras:batched", "5x5", told="ran with the same drawn weights in the place of their own"),
    Case("torch:loss", "keras:loss", "3x5 3:0..2"),
    Case("torch:loss", "torch:loss_sum", "3x5 3:0..2", agrees=False, told="output 0"),
    Case("torch:volume", "keras:volume", "2x1x6x6x6", told="keras has no float64"),
    Case("torch:loss", "mxnet:loss", "3x5 3:0..2"),
    Case("torch:one_slope", "mxnet:one_slope", "3x7", told="the numbers of mxnet 1 (PReLU) are held in float32"),
    Case("torch:normed", "mxnet:right", "3x7"),
    Case("torch:normed", "mxnet:raw", "3x7"),
    Case("mxnet:child", "mxnet:plain", "3x7"),
    Case("torch:normed", "mxnet:fixed", "3x7", agrees=False, told="cause: fix_gamma: False in torch"),
)


@pytest.fixture(scope="module")
def processes() -> Iterator[None]:
    with shared(verb):
        yield


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_tensors_held_otherwise(case: Case, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    sides = [one.split(":") for one in (case.ours, case.theirs)]
    asked = pytestconfig.getoption("--framework")
    if asked and "torch" not in asked:
        pytest.skip("runs once, with --framework torch")
    for framework, _ in sides:
        try:
            installed(framework)
        except Unavailable as error:
            pytest.skip(f"needs the interpreter of {framework}: {error}")
    targets = [f"{framework}={framework}_models.layouts:{name}" for framework, name in sides]
    (compared,) = verb.compare(targets, inputs=case.inputs.split(), python_path=[MODELS], map_path=tmp_path / "map.yaml")
    told = "\n".join(lines(compared))
    assert (compared.verdict in PASSING) == case.agrees, told
    assert case.told in told
