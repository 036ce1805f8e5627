"""Defaults of native objects: each has a formula, its gap to the definition, and rounding that is no formula's."""

from __future__ import annotations

from pathlib import Path

import changed_package
import pytest

from parity.atlas.canonical import INITIALIZERS, NATIVES, OPTIMIZERS
from parity.verbs.fingerprint import default_gaps

EPSILON_INSIDE = {"torch.optim.Adam": False, "keras.optimizers.Adam": True, "mxnet.optimizer.Adam": True, "optax.adam": False}
ROUNDED = 1e-3
"""MXNet keeps optimizers' numbers in float32: an update of 1e-3 is read off weights of size 3 to 2e-4 of itself."""


def test_semantics_and_rounding_are_kept_apart(framework: str) -> None:
    rows = {gap.path: gap for gap in default_gaps.measure([framework])}
    assert set(rows) == {*OPTIMIZERS[framework], *NATIVES[framework], *INITIALIZERS[framework]}
    assert {path for path, gap in rows.items() if gap.rounding is None} == set(INITIALIZERS[framework])
    assert {path: gap.rounding for path, gap in rows.items() if gap.rounding is not None and not gap.rounding < ROUNDED} == {}
    told = {path: rows[path].same > 0.1 for path in EPSILON_INSIDE if path in rows}
    assert told == {path: inside for path, inside in EPSILON_INSIDE.items() if path.startswith(framework)}


CHANGED = {
    "torch": ("torch.nn.init.normal_", "import torch\ntorch.nn.init.normal_.__defaults__ = (0.0, 0.015, None)\n"),
    "keras": (
        "keras.initializers.RandomNormal",
        "import keras\nkeras.initializers.RandomNormal.__init__.__defaults__ = (0.0, 0.015, None)\n",
    ),
    "mxnet": ("mxnet.init.Normal", "import mxnet\nmxnet.init.Normal.__init__.__defaults__ = (0.015,)\n"),
    "jax": (
        "jax.nn.initializers.normal",
        "from jax.nn.initializers import normal\nnormal.__defaults__ = (0.015, *normal.__defaults__[1:])\n",
    ),
}
"""A native normal initializer, and the installed package with another default: half as much again as the spec's 0.01."""


def test_another_default_in_the_package_is_another_gap(framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, change = CHANGED[framework]
    (before,) = default_gaps.initializers(framework, {path: "normal"})
    changed_package.install(framework, change, tmp_path, monkeypatch)
    (after,) = default_gaps.initializers(framework, {path: "normal"})
    assert abs(before.same - 0.5) > 0.1
    assert after.same == pytest.approx(0.5, abs=0.02)
    assert after.rounding is None and before.definition == after.definition
