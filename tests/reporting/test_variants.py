"""A framework's variants beside each other: only questions with different answers, and only where there are several columns."""

from __future__ import annotations

from pathlib import Path

from parity.atlas.question import Answer
from parity.reporting import atlas
from parity.reporting.variants import disagreements


def row(name: str, **answers: str) -> atlas.AtlasRow:
    told = {column.replace("_", "[") + ("]" if "_" in column else ""): Answer(text) for column, text in answers.items()}
    return atlas.AtlasRow(name, "normalization", f"what of {name}?", "", told)


ROWS = [row("alike", keras="1", keras_jax="1", torch="2"), row("apart", keras="1", keras_jax="2", torch="1")]


def test_a_row_of_the_chapter_is_a_question_that_the_variants_answer_differently() -> None:
    (one,) = disagreements(ROWS, ["keras", "keras[jax]", "torch"])
    assert (one.title, one.names, one.asked) == ("Keras disagrees with itself", ("keras", "keras[jax]"), 2)
    assert [(found.name, list(found.answers)) for found in one.rows] == [("apart", ["keras", "keras[jax]"])]


def test_one_column_of_each_framework_is_no_chapter() -> None:
    assert disagreements(ROWS, ["keras", "torch"]) == [] and disagreements(ROWS, ["keras[jax]", "torch"]) == []


def test_both_pages_have_the_chapter_and_its_rows(tmp_path: Path) -> None:
    versions = {"keras": "3", "keras[jax]": "3", "torch": "2"}
    for path, text in atlas.rendered(ROWS, versions, [], tmp_path).items():
        chapter = text.partition("<body>")[2] or text
        chapter = chapter.rpartition("Keras disagrees with itself")[2]
        assert "1 of 2 questions" in chapter and "what of apart?" in chapter and "what of alike?" not in chapter, path
    plain = atlas.rendered(ROWS, {"keras": "3", "torch": "2"}, [], tmp_path)
    assert not any("disagrees with itself" in text for text in plain.values())
