"""Draws: right ones keep their names, and ones with zeros, ties, a cut or a dependence have none, at 20 seeds of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from parity.fingerprinting.forms import draws, randomness
from parity.fingerprinting.forms.form import Facet

Array = np.ndarray
Draw = Callable[[np.random.RandomState, tuple[int, ...]], Array]
SEEDS, SEEDS_OF_FOREIGN = 5, 3
"""20 of each, and 20 of the foreign ones, were tried when the limits were set."""


def normal(numbers: np.random.RandomState, shape: tuple[int, ...]) -> Array:
    return numbers.standard_normal(shape)


def uniform(numbers: np.random.RandomState, shape: tuple[int, ...]) -> Array:
    return numbers.uniform(-1, 1, shape)


def cut(at: float) -> Draw:
    def draw(numbers: np.random.RandomState, shape: tuple[int, ...]) -> Array:
        size = int(np.prod(shape))
        plain = numbers.standard_normal(size + size // 4 + 100)
        return plain[abs(plain) <= at][:size].reshape(shape)

    return draw


def changed(make: Draw, change: Callable[[Array, np.random.RandomState], Array]) -> Draw:
    """change: of the numbers in the order of drawing."""

    def draw(numbers: np.random.RandomState, shape: tuple[int, ...]) -> Array:
        return np.asarray(change(make(numbers, shape).ravel(), numbers)).reshape(shape)

    return draw


def _zeros(x: Array, numbers: np.random.RandomState) -> Array:
    return np.where(numbers.uniform(size=x.size) < 0.01, 0.0, x)


def _second_half(sign: float, turned: bool) -> Callable[[Array, np.random.RandomState], Array]:
    def change(x: Array, numbers: np.random.RandomState) -> Array:
        half = len(x) // 2
        return np.concatenate([x[:half], x[half : len(x) - half], sign * (x[:half][::-1] if turned else x[:half])])

    return change


def _serial(share: float, back: int) -> Callable[[Array, np.random.RandomState], Array]:
    return lambda x, numbers: np.sqrt(1 - share**2) * x + share * np.roll(x, back)


def _paired(x: Array, numbers: np.random.RandomState) -> Array:
    """Every other number is as large as the one before it, nearly."""
    sizes = np.repeat(abs(x), 2)[: len(x)] * (1 + 1e-3 * numbers.uniform(size=x.size))
    return sizes * numbers.choice([-1.0, 1.0], x.size)


def _sliced(axis: int, what: str) -> Draw:
    """Slices that have one mean, or one size."""

    def draw(numbers: np.random.RandomState, shape: tuple[int, ...]) -> Array:
        x = normal(numbers, shape)
        others = tuple(other for other in range(x.ndim) if other != axis)
        return x - x.mean(others, keepdims=True) if what == "mean" else x / np.sqrt((x**2).mean(others, keepdims=True))

    return draw


RIGHT: Mapping[str, tuple[Draw, str]] = {
    "normal": (normal, "normal, variance 1"),
    "normal in float32": (changed(normal, lambda x, n: x.astype(np.float32)), "normal, variance 1"),
    "uniform": (uniform, "uniform, variance 1/3"),
    "uniform of 24 bits": (changed(uniform, lambda x, n: np.round(x * 2**23) / 2**23), "uniform, variance 1/3"),
    "cut at 2": (cut(2.0), "normal cut at 2σ, variance 1, the variance before the cut"),
}
FOREIGN: Mapping[str, tuple[Draw, str]] = {
    "1 % of zeros": (changed(normal, _zeros), "zeros"),
    "1 % of zeros, uniform": (changed(uniform, _zeros), "zeros"),
    "a thousandth of zeros": (changed(normal, lambda x, n: np.where(n.uniform(size=x.size) < 1e-3, 0.0, x)), "zeros"),
    "cut at 3": (cut(3.0), "tails"),
    "cut at 3.5": (cut(3.5), "tails"),
    "clipped at 3": (changed(normal, lambda x, n: np.clip(x, -3, 3)), "ties"),
    "a few far out": (changed(normal, lambda x, n: np.where(n.uniform(size=x.size) < 2e-4, 9.0 * x, x)), "tails"),
    "a few beyond the cut": (changed(cut(2.0), lambda x, n: np.where(n.uniform(size=x.size) < 1e-3, 1.5 * x, x)), "tails"),
    "rounded to 8 bits": (changed(uniform, lambda x, n: (np.floor(x * 128) + 0.5) / 128), "ties"),
    "rounded to 16 bits": (changed(uniform, lambda x, n: np.round(x * 2**15 + 0.25) / 2**15), "ties"),
    "rounded to 19 bits": (changed(uniform, lambda x, n: (np.floor(x * 2**18) + 0.5) / 2**18), "ties"),
    "half precision": (changed(normal, lambda x, n: x.astype(np.float16)), "ties"),
    "each number twice": (changed(normal, lambda x, n: np.repeat(x, 2)[: len(x)]), "ties"),
    "the second half minus the first": (changed(normal, _second_half(-1.0, False)), "independence"),
    "the second half minus the first, uniform": (changed(uniform, _second_half(-1.0, False)), "independence"),
    "the second half the first": (changed(normal, _second_half(1.0, False)), "ties"),
    "the second half minus the first, backwards": (changed(normal, _second_half(-1.0, True)), "independence"),
    "the second half nearly the first, backwards": (
        changed(normal, lambda x, n: _second_half(1.0, True)(x, n) + 1e-6 * n.standard_normal(x.size)),
        "independence",
    ),
    "a tenth of the number before": (changed(normal, _serial(0.1, 1)), "independence"),
    "a fourteenth of the number before": (changed(normal, _serial(0.072, 1)), "independence"),
    "a tenth of the one a thousand before": (changed(normal, _serial(0.1, 1000)), "independence"),
    "sorted": (changed(normal, lambda x, n: np.sort(x)), "independence"),
    "sorted by pairs": (changed(normal, lambda x, n: np.append(np.sort(x[:-1].reshape(-1, 2), 1), x[-1])), "independence"),
    "signs in turn": (changed(normal, lambda x, n: abs(x) * np.where(np.arange(x.size) % 2, 1, -1)), "independence"),
    "sizes in pairs": (changed(normal, _paired), "independence"),
    "a wave of sizes": (changed(normal, lambda x, n: x * np.sqrt(1 + 0.8 * np.sin(np.arange(x.size) / 50))), "independence"),
    "rows of mean 0": (_sliced(0, "mean"), "independence"),
    "columns of mean 0": (_sliced(1, "mean"), "independence"),
    "rows of size 1": (_sliced(0, "size"), "independence"),
    "columns of size 1": (_sliced(1, "size"), "independence"),
}  # fmt: skip


def named(make: Draw, seed: int) -> Facet:
    numbers = np.random.RandomState(1000 + seed)
    (facet,) = draws.named({f"draw/{name}": make(numbers, shape) for name, shape in draws.SHAPES.items()}, "float64")
    return facet


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_draw_has_its_name(name: str) -> None:
    make, expected = RIGHT[name]
    for seed in range(SEEDS):
        facet = named(make, seed)
        assert expected in facet.names and not facet.departed
        assert facet.rounds == dict.fromkeys(randomness.TESTS, "held")


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_draw_has_no_name(name: str) -> None:
    make, test = FOREIGN[name]
    for seed in range(SEEDS_OF_FOREIGN):
        facet = named(make, seed)
        assert facet.names == ()
        assert not facet.departed or facet.rounds[test] != "held"


def test_two_draws_that_are_one_have_no_name() -> None:
    for turned in (1, -1):
        x = np.random.RandomState(5).standard_normal(40_000)
        seen = {
            f"draw/{name}": x[:: turned if name == "conv" else 1][: int(np.prod(shape))].reshape(shape)
            for name, shape in draws.SHAPES.items()
        }
        if turned < 0:
            count = int(np.prod(draws.SHAPES["conv"]))
            seen["draw/conv"] = x[:count][::-1].reshape(draws.SHAPES["conv"])
        (facet,) = draws.named(seen, "float64")
        assert facet.names == () and "independence" in next(iter(facet.departed.values()))
