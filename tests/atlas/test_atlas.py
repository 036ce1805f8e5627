"""The atlas without a framework: forms can tell, answers get their names, the page follows from the rows."""

from __future__ import annotations

import json
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pytest

from parity.atlas import chapters, defaults, distributions, initializers, initializers_fans
from parity.atlas.chapters import CHAPTERS, QUESTIONS, answer
from parity.atlas.question import Answer, Question, answered, meets, written
from parity.errors import UsageError
from parity.execution.protocol import Unsupported
from parity.execution.worker import default_arguments, tasks
from parity.judgement import budgets
from parity.reporting import atlas
from parity.reporting.atlas import AtlasRow
from parity.verbs.atlas import chosen
from parity.verbs.fingerprint.default_gaps import left_out

REPORTS = Path(__file__).parents[2] / "reports"


def test_every_question_has_a_name_of_its_own_and_a_chapter() -> None:
    assert len({question.name for question in QUESTIONS}) == len(QUESTIONS)
    assert {question.chapter for question in QUESTIONS} == set(CHAPTERS)


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.forms], ids=lambda one: one.name)
def test_the_forms_of_a_question_lie_apart(question: Question) -> None:
    """Ten times further than an answer may be from its form, so that no answer has two names."""
    assert question.forms
    for (_, first), (_, second) in combinations(question.forms.items(), 2):
        for a in first:
            for b in second:
                left, right = np.squeeze(a), np.squeeze(b)
                scale = max(np.max(np.abs(left)), np.max(np.abs(right)))
                assert left.shape != right.shape or np.max(np.abs(left - right)) > 10 * budgets.ANSWER * scale


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.forms], ids=lambda one: one.name)
def test_each_form_gets_its_own_name(question: Question) -> None:
    assert question.forms
    for name, forms in question.forms.items():
        for one in forms:
            assert answered(question, {"value": one.astype(np.float32)}).text == name


def test_what_meets_no_form_is_no_wrong_name() -> None:
    question = next(one for one in QUESTIONS if one.name == "adam.epsilon_form")
    assert answered(question, {"value": np.array([0.1, 0.2, 0.3])}).text.startswith("no known form")
    assert not meets(np.array([1.0, np.nan]), np.array([1.0, 2.0]))
    assert meets(np.array([np.inf]), np.array([np.inf]))


def test_defaults_are_written_as_python_writes_them() -> None:
    assert [written(value) for value in (1e-5, 0.0, 1, True, None, "valid", [2, 2], [1, 2])] == [
        *("1e-05", "0", "1", "True", "None", "valid", "2", "[1, 2]")
    ]


@pytest.mark.parametrize("name", initializers.CANDIDATES)
def test_a_draw_from_each_candidate_is_named(name: str) -> None:
    """Through the inverse of its distribution function, 20,000 numbers."""
    uniform = np.random.RandomState(0).uniform(size=20_000)
    grid = np.linspace(-6, 6, 40_001)
    for label, distribution in initializers.CANDIDATES[name].items():
        draw = np.interp(uniform, distribution(grid), grid).reshape(100, 200)
        assert distributions.named(draw, initializers.CANDIDATES[name]) == label


def test_other_draws_are_not_named() -> None:
    candidates = initializers.CANDIDATES["dense.kernel"]
    numbers = np.random.RandomState(0)
    assert distributions.named(numbers.uniform(-0.06, 0.06, (100, 200)), candidates).startswith("no known form")
    assert distributions.named(np.zeros((3, 5)), candidates) == "0 everywhere"
    assert distributions.named(np.linalg.qr(numbers.standard_normal((60, 60)))[0][:20], candidates) == "orthogonal"
    assert distributions.named(np.repeat([0.0, 1.0, 0.0, 0.0], 5), candidates) == "0, and 1 in block 2 of 4"


def test_a_default_is_read_from_the_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_arguments.default("json.dumps(indent)") is None
    assert default_arguments.default("json.JSONEncoder(skipkeys)") is False
    monkeypatch.setattr(
        json.JSONEncoder.__init__, "__kwdefaults__", {**json.JSONEncoder.__init__.__kwdefaults__, "skipkeys": 7}
    )
    found = tasks.question("item.aspect", {"item.aspect": "json.JSONEncoder(skipkeys)"}, {}, {})
    question = Question("item.aspect", "numerics", "text")
    assert answer(question, found) == Answer("7", "json.JSONEncoder(skipkeys)")


@pytest.mark.parametrize("place", ["json.dumps", "json.dumps(nothing)", "json.nothing(indent)", "no_such_package.f(x)"])
def test_a_place_that_is_not_there_is_an_error(place: str) -> None:
    with pytest.raises((ValueError, AttributeError)):
        default_arguments.default(place)


def test_a_question_that_a_framework_has_no_answer_to_is_unsupported() -> None:
    with pytest.raises(Unsupported):
        tasks.question("item.aspect", {}, {}, {})


def test_an_unknown_chapter_or_item_is_said() -> None:
    assert {one.chapter for one in chosen("kinks", None)} == {"kinks"}
    assert [one.name for one in chosen(None, "batch_norm.epsilon")] == ["batch_norm.epsilon"]
    with pytest.raises(UsageError, match="normalization"):
        chosen("nothing", None)
    with pytest.raises(UsageError, match="parity atlas"):
        chosen(None, "nothing")


def _row(**texts: str) -> AtlasRow:
    answers = {name: Answer(text, f"{name}.Thing(size)") for name, text in texts.items()}
    return AtlasRow("item.aspect", "numerics", "a | <b> text", "", answers)


def test_only_different_meanings_are_marked() -> None:
    assert _row(torch="1", keras="2").differs
    assert not _row(torch="1", keras="1").differs
    assert not _row(torch="raises A", keras="raises B").differs
    absent = AtlasRow("item.aspect", "numerics", "text", "", {"torch": Answer("1"), "mxnet": Answer("none", measured=False)})
    assert not absent.differs


def test_a_remedy_names_the_argument_of_the_other_framework() -> None:
    assert _row(torch="1", keras="2").remedy("torch", "keras") == "in keras: keras.Thing(size=1)"


def _default(name: str, **texts: str) -> AtlasRow:
    question = next(one for one in QUESTIONS if one.name == name)
    answers = {framework: Answer(text, f"{framework}.Thing(argument)") for framework, text in texts.items()}
    return AtlasRow(name, question.chapter, question.text, question.advice, answers)


def test_a_value_that_means_something_else_there_is_not_copied() -> None:
    """torch's momentum 0.1 is Keras's 0.9: `BatchNormalization(momentum=0.1)` would be advice to break a model."""
    row = _default("batch_norm.momentum", torch="0.1", keras="0.99")
    assert row.differs
    assert row.remedy("torch", "keras") == row.remedies == defaults.ADVICE["batch_norm.momentum"]
    assert "momentum=0.1" not in row.remedy("torch", "keras")


def test_two_words_for_one_thing_are_no_difference() -> None:
    same = _default("conv2d.padding", torch="0", keras="valid", mxnet="0")
    assert not same.differs
    assert same.remedy("torch", "keras") == same.remedies == ""
    assert _default("conv2d.padding", torch="1", keras="valid").differs
    assert _default("conv2d.stride", torch="0", keras="valid").differs


def test_what_is_alike_needs_no_advice() -> None:
    alike = AtlasRow("item.aspect", "numerics", "text", "do this", {"torch": Answer("1"), "keras": Answer("1")})
    assert alike.remedies == alike.remedy("torch", "keras") == ""


def test_notes_on_defaults_are_about_questions_that_are_asked() -> None:
    names = {question.name for question in QUESTIONS}
    assert {*defaults.MEANINGS, *defaults.ADVICE, *initializers.ADVICE} <= names
    rows = {row.name: row for row in atlas.read(REPORTS / "data" / "atlas.json")[0]}
    for name, words in defaults.MEANINGS.items():
        assert set(words) & {one.text for one in rows[name].answers.values()}, f"{name}: nobody says {words}"


def test_a_value_is_copied_only_to_its_kind() -> None:
    """`padding=valid` for torch, `normalized_shape=-1`: a word is no remedy where a number stands."""
    for row in atlas.read(REPORTS / "data" / "atlas.json")[0]:
        for here, there in permutations(row.answers, 2):
            if f"={row.answers[here].text}" in row.remedy(here, there) and not row.advice:
                kinds = {_kind(row.answers[name].text) for name in (here, there)} - {"required", "None"}
                assert len(kinds) == 1, f"{row.name}: {row.remedy(here, there)}"


def _kind(text: str) -> str:
    if text in ("required", "None"):
        return text
    return "number" if text.lstrip("-").replace(".", "").replace("e-", "").isdigit() else "word"


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.advice], ids=lambda one: one.name)
def test_advice_fits_two_lines(question: Question) -> None:
    assert len(question.advice) <= 160
    assert "\n" not in question.advice


def test_the_page_escapes_what_it_shows() -> None:
    pages = atlas.rendered([_row(torch="<script>", keras="2 | 3")], {"torch": "1", "keras": "2"}, [], Path("x"))
    assert "<script>" not in pages[Path("x/atlas.html")]
    assert "2 \\| 3" in pages[Path("x/atlas.md")]


def test_the_committed_atlas_follows_from_its_data() -> None:
    rows, versions, gaps = atlas.read(REPORTS / "data" / "atlas.json")
    for path, text in atlas.rendered(rows, versions, gaps, REPORTS).items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run `parity atlas -o reports`"
    assert {row.name for row in rows} == {question.name for question in chapters.QUESTIONS}
    assert not [row.name for row in rows if not any(one.measured for one in row.answers.values())]
    assert 3 * sum(all(one.measured for one in row.answers.values()) for row in rows) >= 2 * len(rows)
    assert not [row.name for row in rows for one in row.answers.values() if one.text.startswith("no known form")]


@pytest.mark.parametrize(("file", "told"), [("README.md", "{rows} questions"), ("CHANGELOG.md", "{rows} questions asked")])
def test_the_number_of_questions_that_is_told_is_the_number_asked(file: str, told: str) -> None:
    rows, _, _ = atlas.read(REPORTS / "data" / "atlas.json")
    assert told.format(rows=len(rows)) in (REPORTS.parent / file).read_text(encoding="utf-8")


def test_the_number_of_gaps_that_is_told_is_the_number_measured() -> None:
    _, versions, gaps = atlas.read(REPORTS / "data" / "atlas.json")
    assert not left_out(list(versions), gaps)
    told = " ".join((REPORTS.parent / "CHANGELOG.md").read_text(encoding="utf-8").split())  # wherever its lines break
    assert f"{len(gaps)} optimizers, norms, pools, convolutions" in told


@pytest.mark.parametrize("name", sorted(initializers_fans.NAMES))
def test_each_fan_is_told_by_a_draw_of_its_spread(name: str) -> None:
    """Whichever the distribution: uniform, normal, cut. One of another spread has no name."""
    uniform, grid = np.random.RandomState(0).uniform(size=20_000), np.linspace(-6, 6, 40_001)
    question = next(one for one in QUESTIONS if one.name == name)
    for fan, every in initializers_fans.candidates(name).items():
        for distribution in every:
            draw = np.interp(uniform, distribution(grid), grid)
            assert answer(question, {"value": draw}).text == fan
            assert answer(question, {"value": draw * 5}).text.startswith("no known form")
