"""What a quality measures, by hand values; what it takes for a guess; and that the training suite asks for some.

That no guess reaches what it asks stands in test_committed_report.py.
"""

from __future__ import annotations

import numpy as np
import pytest

from parity.judgement.measures import MEASURES, Evidence, QualityBound, frechet_distance
from parity.spec.specs import load, names
from parity.spec.suites import Suite


def seen(values: object, target: object, **more: object) -> Evidence:
    return Evidence(np.array([4.0, 1.0]), np.asarray(values, float), np.asarray(target), **more)  # type: ignore[arg-type]


SCORES = [[[2.0, 0.0], [0.0, 2.0]], [[2.0, 0.0], [2.0, 0.0]]]
LABELS = [[0, 1], [0, 1]]
LAST = np.array([[False, True], [False, True]])
HAND = [
    ("accuracy", seen(SCORES, LABELS), 0.75, 0.5),
    ("accuracy", seen(SCORES, LABELS, counted=LAST), 0.5, 1.0),
    ("sequence_accuracy", seen(SCORES, LABELS), 0.5, None),
    ("sequence_accuracy", seen(SCORES, LABELS, counted=~LAST), 1.0, None),
    ("bits", seen(np.zeros((3, 8)), [0, 1, 2]), 3.0, np.log2(3)),
    ("bits", seen([[0.0, np.log(3)]], [1]), np.log2(4 / 3), 0.0),
    ("squared_error", seen([1.0, 3.0], [0.0, 2.0], noise=0.5), 2.0, 2.0),
    ("absolute_error", seen([1.0, 3.0], [0.0, 4.0]), 1.0, 2.0),
    ("sides", seen([0.4, 0.6, 0.6, 0.4], [0.0, 1.0, 1.0, 1.0]), 0.75, 0.5),
    ("sides", seen([-0.1, 0.1], [-1.0, 1.0]), 1.0, 0.5),
    ("ranking", seen([1.0, 2.0, 3.0, 2.0], [1, 1, 0, 0]), 0.875, 0.5),
    ("loss_share", seen([], []), 0.25, None),
]


@pytest.mark.parametrize(("name", "evidence", "expected", "guess"), HAND, ids=[f"{row[0]}-{i}" for i, row in enumerate(HAND)])
def test_hand_values(name: str, evidence: Evidence, expected: float, guess: float | None) -> None:
    measure = MEASURES[name]
    assert measure.of(evidence) == pytest.approx(expected)
    assert (measure.guess(evidence) if measure.guess else None) == (None if guess is None else pytest.approx(guess))


def test_every_measure_has_a_hand_value() -> None:
    assert {row[0] for row in HAND} | {"frechet_distance"} == set(MEASURES)


def test_the_distance_of_normal_distributions() -> None:
    """One feature: (μ₁ − μ₂)² + (σ₁ − σ₂)². The same images are at 0, and order does not matter."""
    numbers = np.random.RandomState(0)
    images = numbers.uniform(size=(50, 64))
    assert frechet_distance(seen(images, images[::-1])) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(seen(images + 0.5, images)) == pytest.approx(64 * 0.25)
    assert frechet_distance(seen(np.broadcast_to(images.mean(0), images.shape), images)) == pytest.approx(
        MEASURES["frechet_distance"].guess(seen(images, images))  # type: ignore[misc]
    )
    large = np.repeat(np.repeat(images.reshape(50, 1, 8, 8), 3, axis=2), 3, axis=3)
    assert frechet_distance(seen(large + 0.5, images)) == pytest.approx(64 * 0.25)


@pytest.mark.parametrize("name", ["bits", "frechet_distance", "ranking", "squared_error"])
def test_nan_reaches_nothing(name: str) -> None:
    shapes = {"bits": ((4, 3), [0, 1, 2, 0]), "frechet_distance": ((4, 16), np.zeros((4, 16)))}
    shape, target = shapes.get(name, ((4,), [0, 1, 0, 1]))
    found = MEASURES[name].of(seen(np.full(shape, np.nan), target))
    assert not QualityBound(name, None, 1e9).reached(found) and not QualityBound(name, -1e9, None).reached(found)


def test_bounds_hold_from_both_sides() -> None:
    asked = QualityBound("sides", 0.25, 0.75)
    assert [asked.reached(value) for value in (0.2, 0.25, 0.75, 0.8)] == [False, True, True, False]
    assert asked.words() == "at least 0.25 and at most 0.75"


def test_every_training_of_the_suite_states_a_quality_that_exists() -> None:
    assert "training" in names("suites")
    suite = load("suites/training")
    assert isinstance(suite, Suite)
    for entry in suite.entries:
        assert entry.quality is not None and entry.quality.measure in MEASURES
