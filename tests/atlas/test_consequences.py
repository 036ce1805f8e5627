"""What happens to who does not heed a row: sizes from recorded answers and closed forms, and nothing where they do not tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from parity.atlas import consequences
from parity.atlas.chapters import QUESTIONS
from parity.atlas.consequences import CODED, KINDS, NUMBERLESS, SHAPED, Consequence, apart, between, sized
from parity.atlas.question import Answer, Question, form
from parity.cli import status
from parity.judgement import budgets
from parity.reporting import atlas
from parity.verbs.atlas import row_effects

ROWS = {row.name: row for row in atlas.read(Path(__file__).parents[2] / "reports" / "data" / "atlas.json")[0]}
FOUND = row_effects.of_rows(ROWS)
BY_NAME = {question.name: question for question in QUESTIONS}


def told(name: str, *pair: str) -> Consequence:
    return FOUND[name][(pair[0], pair[1])]


@pytest.mark.parametrize(
    ("name", "pair", "kind", "size"),
    [
        ("sgd.learning_rate", ("keras", "torch"), "silent_large", 0.9),  # 0.01 and 0.001
        ("squared_error.form", ("keras", "mxnet"), "silent_large", None),
        ("penalty.factor", ("keras", "torch"), "silent_large", 0.5),  # twice as much decay
        ("batch_norm.running_variance", ("keras", "torch"), "silent_large", None),
        ("adam.epsilon", ("keras", "torch"), "silent_small", None),
        ("embedding.negative", ("keras", "torch"), "visible", None),
        ("conv2d.kernel_layout", ("keras", "torch"), "visible", None),
        ("number.argmax_type", ("keras", "torch"), "cosmetic", 0.0),
        ("call.waits", ("keras", "mxnet"), "cosmetic", 0.0),
        ("model.list", ("keras", "torch"), "not_measured", None),
        ("uniform.low", ("keras", "torch"), "not_measured", None),
        ("rms_norm.epsilon", ("keras", "torch"), "not_measured", None),
    ],
)
def test_a_row_has_the_kind_that_its_answers_tell(name: str, pair: tuple[str, str], kind: str, size: float | None) -> None:
    found = told(name, *pair)
    assert found.kind == kind
    assert size is None or found.size == pytest.approx(size)


def test_momentum_is_compared_by_what_it_means() -> None:
    """torch's 0.1 is the share of the new value: MXNet's 0.9 does the same, Keras's 0.99 moves a tenth as far."""
    row = ROWS["batch_norm.momentum"]
    torch, mxnet, keras = (row.answers[name] for name in ("torch", "mxnet", "keras"))
    assert [answer.text for answer in (torch, mxnet, keras)] == ["0.1", "0.9", "0.99"]
    near = told("batch_norm.momentum", "mxnet", "torch")
    assert near.size is not None and near.size < 1e-12
    assert told("batch_norm.momentum", "keras", "torch").size == pytest.approx(0.9)


def test_a_learning_rate_goes_as_far_apart_as_it_is() -> None:
    found = row_effects.of_default("adam.learning_rate", "a", "b", Answer("0.001"), Answer("0.004"))
    assert found is not None and found.size == pytest.approx(0.75)


def test_a_start_is_compared_by_its_distribution() -> None:
    """Two uniform distributions are as far apart as their limits."""
    found = row_effects.of_default("dense.kernel", "a", "b", Answer("uniform ±0.05"), Answer("uniform ±0.07"))
    assert found is not None and found.size == pytest.approx(1 - 0.05 / 0.07, rel=1e-3)


def test_every_pair_that_differs_has_a_consequence_and_no_other() -> None:
    for name, row in ROWS.items():
        for pair in (("keras", "mxnet"), ("keras", "torch"), ("mxnet", "torch")):
            assert (pair in FOUND.get(name, {})) == row.between(*pair).differs, (name, pair)
    assert {one.kind for pairs in FOUND.values() for one in pairs.values()} == set(KINDS)


def test_sizes_are_of_measured_kinds_alone() -> None:
    for name, pairs in FOUND.items():
        for found in pairs.values():
            assert (found.size is not None) == (found.kind in ("silent_large", "silent_small", "cosmetic")), name
            assert found.how, name


def test_few_sizes_lie_near_the_limit() -> None:
    """What budgets.LARGE_CONSEQUENCE says of the gap around it."""
    sizes = [one.size for pairs in FOUND.values() for one in pairs.values() if one.size]
    limit = budgets.LARGE_CONSEQUENCE
    assert len({size for size in sizes if limit / 2 < size < 2 * limit}) <= 3


def test_the_tables_name_questions_that_exist() -> None:
    assert not (SHAPED | CODED | NUMBERLESS) - set(BY_NAME)
    for item, (_, aspects) in (*row_effects.OPTIMIZERS.items(), *row_effects.LAYERS.items()):
        assert all(f"{item}.{aspect}" in BY_NAME for aspect in aspects), item
    assert all(name in BY_NAME for name in row_effects.SPREADS)


def test_a_question_whose_answer_is_a_shape_has_no_size() -> None:
    """Forms of whole numbers that name axes or lengths would else count as results: 7×5×2×3 against 2×3×5×7."""
    assert all(one.size is None for name in SHAPED for one in FOUND.get(name, {}).values())


@pytest.mark.parametrize(
    ("here", "there", "size"),
    [
        ([1.0, 2.0], [1.0, 1.0], 0.5),
        ([1.0, np.nan], [1.0, np.nan], 0.0),
        ([1.0, np.nan], [1.0, 2.0], np.inf),
        ([np.inf], [-np.inf], np.inf),
        ([0.0], [0.0], 0.0),
        ([[1.0, 2.0]], [1.0, 2.0], 0.0),
        ([1.0, 2.0], [1.0, 2.0, 3.0], np.inf),
        ([2.0], [2.0, 1.0], 0.5),
    ],
)
def test_apart(here: list[float], there: list[float], size: float) -> None:
    assert apart(np.array(here), np.array(there)) == size


def test_the_nearest_of_several_forms_counts() -> None:
    """Where something else is free, an answer has several results: what is certain is the least distance."""
    question = Question("x.y", "losses", "x", forms={"one": form(1.0, 3.0), "other": form(4.0)})
    assert between(question, Answer("one"), Answer("other")).size == 0.25


def test_worst_first() -> None:
    kinds = [
        Consequence("not_measured"),
        sized(0.5, ""),
        sized(0.001, ""),
        sized(0.9, "", ordinary=False),
        Consequence("visible"),
    ]
    ordered = sorted(kinds, key=lambda one: one.rank)
    assert [one.size for one in ordered] == [0.5, 0.9, 0.001, None, None]
    assert ordered[-1].kind == "not_measured"
    assert consequences.sized(0.0, "").kind == "cosmetic"


def test_the_command_shows_the_worst_first(capfd: pytest.CaptureFixture[str]) -> None:
    """A pipe gets so many lines, in the order of the ranks; each says how far the numbers go apart."""
    assert status(["atlas", "torch", "keras", "--worst", "5"]) == 0
    told = capfd.readouterr()
    lines = told.out.splitlines()
    ranked = sorted((pairs[("keras", "torch")].rank, name) for name, pairs in FOUND.items() if ("keras", "torch") in pairs)
    assert [line.split(" | ")[0] for line in lines] == [name for _, name in ranked[:5]]
    assert all(" | if not heeded: silent and large, " in line for line in lines)
    assert f"{len(ranked)} rows differ; the worst 5 are shown" in told.err


def test_a_rank_needs_two_frameworks(capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["atlas", "torch", "--worst", "5"]) == 2
    assert "name both" in capfd.readouterr().err
