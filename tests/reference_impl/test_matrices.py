"""Functions of whole tensors that rules call: by hand, and what float32 does to them within the bound that is carried along."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from parity.formulas.syntax import FormulaError
from parity.judgement import budgets
from parity.reference_impl import error_bounds, matrices
from parity.spec.specs import Optimizer, load

U = budgets.roundoff("float32")
QUINTIC = (3.4445, -4.775, 2.0315, 5)


def test_means_by_hand() -> None:
    x = np.array([[1.0, 2, 6], [0, 3, 0]])
    assert matrices.row_means(x).tolist() == [[3], [1]]
    assert matrices.column_means(x).tolist() == [[0.5, 2.5, 3]]
    assert matrices.rms(np.array([3.0, 4, 0, 0])) == 2.5
    vector = np.array([1.0, 5])
    assert matrices.row_means(vector) is vector and matrices.column_means(vector) is vector


def test_newton_schulz_moves_singular_values_by_the_quintic() -> None:
    left, _, right = np.linalg.svd(np.random.RandomState(0).standard_normal((5, 3)), full_matrices=False)
    values = np.array([1.0, 0.25, 2.0**-10])
    a, b, c, _ = QUINTIC
    expected = left @ np.diag(a * values + b * values**3 + c * values**5) @ right
    assert matrices.newton_schulz(left @ np.diag(values) @ right, a, b, c, 1) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("shape", [(7, 5), (3, 11), (13, 13)])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("name", "given", "widest"),
    [("row_means", (), 1e2), ("column_means", (), 1e2), ("rms", (), 1e3), ("newton_schulz", QUINTIC, 1e4)],
)
def test_float32_stays_within_the_bound(
    name: str, given: tuple[float, ...], widest: float, seed: int, shape: tuple[int, int]
) -> None:
    """And the bound is no more than `widest` times what the worst element does."""
    x = np.random.RandomState(seed).standard_normal(shape).astype(np.float32)
    x /= np.float32(np.linalg.norm(x))
    function: Callable[..., np.ndarray] = matrices.PLAIN[name]
    single, bounded = function(x, *given), matrices.BOUNDED[name](error_bounds.exactly(x, U), *given)
    error = np.abs(single.astype(np.longdouble) - bounded.value)
    assert single.dtype == np.float32
    assert (error <= bounded.error).all()
    assert float(np.max(error)) * widest > float(np.max(bounded.error))


@pytest.mark.parametrize("moved", [1e-6, 1e-4])
def test_an_error_of_the_argument_is_carried(moved: float) -> None:
    """Along the steepest direction of all: a singular value near 0 grows by 3.4445 at each of five steps."""
    x = np.diag([0.9, 0.3, 1e-9])
    near = x + moved * np.outer([0, 0, 1.0], [0, 0, 1.0])
    error = np.abs(matrices.newton_schulz(near, *QUINTIC) - matrices.newton_schulz(x, *QUINTIC))
    bound = matrices.BOUNDED["newton_schulz"](error_bounds.exactly(x, 2.0**-53, moved * np.eye(3)), *QUINTIC).error
    assert 0.05 * float(np.max(bound)) < float(np.max(error)) <= float(np.max(bound))


def test_what_has_no_meaning_is_refused() -> None:
    with pytest.raises(FormulaError, match="no number of steps"):
        matrices.newton_schulz(np.eye(3), 1.0, 1.0, 1.0, 2.5)
    with pytest.raises(FormulaError, match="needs a matrix"):
        matrices.newton_schulz(np.ones(3), *QUINTIC)
    with pytest.raises(FormulaError, match="3 axes has no rows"):
        matrices.row_means(np.ones((2, 3, 5)))


def test_a_rule_says_what_it_does_not_update() -> None:
    def refusal(name: str) -> str:
        spec = load(f"optimizers/{name}")
        assert isinstance(spec, Optimizer)
        return spec.refusal({"kernel": (5, 3), "bias": (5,), "conv.kernel": (5, 3, 3, 3)})

    assert refusal("adam") == ""
    assert refusal("muon") == "bias is [5], muon updates parameters of 2 axes"
    assert refusal("adafactor") == "conv.kernel is [5, 3, 3, 3], adafactor updates parameters of 1 or 2 axes"
