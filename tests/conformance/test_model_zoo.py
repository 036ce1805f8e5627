"""Models of the frameworks' own zoos, the realizations of their specs and the reference: one set of weights, one output.

PARITY_TORCHVISION is a directory that holds torchvision, installed without its dependencies (tox.ini makes it).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import zoo_values
from zoo_variants import VARIANTS, graph

from parity.execution.launcher.environments import installed
from parity.judgement import budgets
from parity.judgement.comparison import Finding, judge
from parity.judgement.references import one_pass
from parity.judgement.verdicts import GREEN
from parity.spec.graph import Graph

HERE = Path(__file__).parent
TORCHVISION = os.environ.get("PARITY_TORCHVISION", "")
SHADOWS = 2
"""The outputs are a whole tensor away from zero, so few shadows tell what rounding amounts to (and u·norm is the floor)."""

OTHER_EPSILON = ("keras", "mobilenet_v2")
"""Its variant changes the norms' epsilon and nothing else: without that change the outputs must differ."""


@pytest.fixture(params=sorted({model for _, model in VARIANTS}))
def model(request: pytest.FixtureRequest, framework: str) -> str:
    if (framework, request.param) not in VARIANTS:
        pytest.skip(f"{request.param} is not compared with a zoo of {framework}")
    if framework == "torch" and not TORCHVISION:
        pytest.skip("PARITY_TORCHVISION names no directory: see tox.ini")
    return str(request.param)


def outputs(framework: str, model: str, drawn: Graph, directory: Path) -> dict[str, np.ndarray]:
    """What zoo_check wrote in the framework's interpreter."""
    (directory / "graph.json").write_text(json.dumps(drawn.to_json()), encoding="utf-8")
    command = [str(installed(framework).interpreter), str(HERE / "zoo_check.py"), framework, model]
    command += [str(directory / "graph.json"), str(directory / "outputs.npz")]
    environment = {
        "PYTHONPATH": f"{HERE.parents[1]}:{HERE}:{TORCHVISION}",
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with np.load(directory / "outputs.npz") as arrays:
        return dict(arrays)


def judged(wanted: Graph, seen: Mapping[str, np.ndarray]) -> dict[str, Finding]:
    """The outputs of the zoo's model and of the realization against the reference."""
    values = {**zoo_values.weights(wanted), wanted.inputs[0].name: zoo_values.images(wanted)}
    one = one_pass(wanted, values, "float64", training=False, shadows=SHADOWS)
    expected, beside = one.array("values", wanted.outputs[0]), one.beside("values", wanted.outputs[0])
    return {kind: judge(seen[kind], expected, beside, budgets.roundoff("float64")) for kind in ("zoo", "realized")}


def test_a_zoo_model_its_realization_and_the_reference_agree(framework: str, model: str, tmp_path: Path) -> None:
    wanted = graph(framework, model)
    seen = outputs(framework, model, wanted, tmp_path)
    statistics = sum(int(np.prod(one.shape)) for one in wanted.statistics)
    assert int(seen["count"]) == wanted.parameter_count() + statistics
    found = judged(wanted, seen)
    assert {finding.verdict for finding in found.values()} <= set(GREEN), found
    if (framework, model) == OTHER_EPSILON:
        assert judged(graph(framework, model, native=False), seen)["zoo"].verdict == "differs"
