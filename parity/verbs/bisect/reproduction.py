"""Owns one-file reproductions: a Python file that holds the case, its arrays and the expected numbers, and runs by itself.

It refuses to need the harness: the file needs the framework, numpy and the worker's side of the parity package.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import numpy.typing as npt

import parity
from parity import escaping
from parity.execution import arrays as array_files
from parity.execution.names import (
    AFTER,
    BATCH,
    FORWARD,
    GRADIENT,
    INPUT_GRADIENT,
    LOSS,
    PARAMETER,
    STATE,
    VALUE,
    array_name,
    initial,
    step_name,
    under,
)
from parity.judgement.comparison import Comparison
from parity.reference_impl.observation import observe
from parity.trials.session import JudgedTrial

Array = npt.NDArray[Any]

GROUP = {
    "activation": VALUE,
    "gradient": GRADIENT,
    "input_gradient": INPUT_GRADIENT,
    "statistic": STATE,
}
KIND = {"activation": "values", "gradient": "gradients", "input_gradient": "input_gradients", "statistic": "state"}

FILE = Template('''"""$title

Written by `parity bisect`. Run it with the interpreter that has $framework: it computes the numbers again and prints the error.
Exit status 1 while the error exceeds the budget.
"""

import base64
import io
import json
import os
import sys
import tempfile

$environment
place = tempfile.TemporaryDirectory()  # the parity package alone: what is installed beside it would shadow the framework's own
os.symlink($package, os.path.join(place.name, "parity"))
sys.path[:] = [place.name, *sys.path, *$paths]

import numpy as np

from parity.execution.worker.implementations import load
from parity.execution.worker.tasks import agreement
from parity.spec.cases import Case

CASE = json.loads($case)
ARRAYS = "$arrays"
EXPECTED = "$expected"
NAME, BUDGET = $name, $budget


def unpack(text):
    with np.load(io.BytesIO(base64.b85decode(text)), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


case = Case.from_json(CASE)
framework = load($framework_name, $realization)
found = agreement(framework.realize(case), case, unpack(ARRAYS))[NAME]
expected = unpack(EXPECTED)["expected"]
error = np.max(np.abs(found.astype(np.float64) - expected))
print(f"{NAME}: error {error:.3g}, budget {BUDGET:.3g}")
print("expected", expected.reshape(-1)[:6])
print("found   ", found.reshape(-1)[:6])
sys.exit(int(not error <= BUDGET))
''')


def write(judged: JudgedTrial, comparison: Comparison, realizations: Sequence[str], folder: Path) -> Path:
    """Writes the file under `folder` and returns its path."""
    case = judged.trial.case
    name, expected = _expected(judged, comparison)
    own = dict(text.partition("=")[::2] for text in realizations).get(judged.framework)
    from parity.execution import frameworks

    environment = frameworks.environment(judged.framework, own)
    text = FILE.substitute(
        title=_prose(f"{judged.framework} departs from {case.spec}: {comparison.quantity} {comparison.tensor}"),
        framework=_prose(judged.framework),
        framework_name=repr(judged.framework),
        realization=repr(own),
        environment="\n".join(f"os.environ[{key!r}] = {value!r}" for key, value in sorted(environment.items())),
        package=repr(str(Path(parity.__file__).resolve().parent)),
        paths=repr([str(Path.cwd())] if own else []),
        case=repr(json.dumps(case.to_json())),
        arrays=_pack(judged.trial.arrays),
        expected=_pack({"expected": expected}),
        name=repr(name),
        budget=repr(float(comparison.budget or 0.0)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    safe = "".join(
        character if character.isalnum() or character in "._-" else "_" for character in f"{case.spec}-{judged.framework}"
    )
    path = folder / f"{safe}.py"
    path.write_text(text, encoding="utf-8")
    return path


def _prose(text: str) -> str:
    """Text made safe for the file's docstring, so that no name in it ends the docstring."""
    return escaping.visible(text).replace("\\", "/").replace('"', "'")


def _expected(judged: JudgedTrial, comparison: Comparison) -> tuple[str, Array]:
    """The record's name of the departing array, and the reference's array."""
    case = judged.trial.case
    if case.graph is None:
        raise ValueError(f"{case.id} has no graph")
    values = _values(judged.trial.arrays)
    if comparison.quantity == "loss":
        return LOSS, np.asarray(observe(case.graph, values).loss)
    if comparison.quantity == "forward":
        return array_name(FORWARD, comparison.tensor), observe(case.graph, values, training=False).values[comparison.tensor]
    if comparison.quantity in KIND:
        arrays: Mapping[str, Array] = getattr(observe(case.graph, values), KIND[comparison.quantity])
        return array_name(GROUP[comparison.quantity], comparison.tensor), arrays[comparison.tensor]
    # an update, or state that gradients() must not change: the framework's array is shown against its value before
    stored = array_files.load(judged.out, judged.record.arrays) if judged.record.arrays else {}
    kept = comparison.quantity == "unchanged"
    name = array_name(AFTER, comparison.tensor) if kept else step_name(0, PARAMETER, comparison.tensor)
    return name, np.asarray(values.get(comparison.tensor, stored[name]), dtype=np.float64)


def _values(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Parameters, statistics, carried state and the first batch by name."""
    return {**initial(arrays), **under(arrays, BATCH, 0)}


def _pack(arrays: Mapping[str, Array]) -> str:
    held = io.BytesIO()
    named: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    np.savez_compressed(held, **named)
    return base64.b85encode(held.getvalue()).decode()
