"""Greedy decoding: the definition by hand, and what the judgement says of tokens that are not the likeliest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numerical
import numpy as np
import pytest
from judged import Trial, trial, writer

from parity.execution.worker.greedy_decoding import greedy
from parity.judgement.decoding import judge_decoding

NEXT = {1: 4, 4: 6, 6: 2, 2: 5, 5: 5}
"""A language of one sentence: 1 4 6 2."""
PLAN = {"feed": "tokens", "from": "logits", "begin": 1, "end": 2, "steps": 5}


def speaker(batch: Mapping[str, Any]) -> dict[str, Any]:
    """Logits (batch, time, 7): the next word of the sentence is the likeliest."""
    tokens = batch["tokens"]
    logits = np.zeros((*tokens.shape, 7))
    for place in np.ndindex(tokens.shape):
        logits[(*place, NEXT.get(int(tokens[place]), 0))] = 1.0
    return {"logits": logits}


def test_a_sentence_is_generated_to_its_end() -> None:
    batch = {"tokens": np.full((2, 5), 3)}
    np.testing.assert_array_equal(greedy(speaker, batch, PLAN), [[4, 6, 2, 2, 2]] * 2)
    np.testing.assert_array_equal(batch["tokens"], np.full((2, 5), 3))


def test_steps_are_a_bound() -> None:
    np.testing.assert_array_equal(greedy(speaker, {"tokens": np.zeros((1, 2), int)}, {**PLAN, "steps": 2}), [[4, 6]])


def written() -> tuple[Trial, dict[str, Any]]:
    made = trial("writer", writer(), "float64")
    return made, made.record(numerical.Right())


def verdict(made: Trial, decoded: Any) -> str:
    arrays = {} if decoded is None else {"decoded": decoded}
    (found,) = judge_decoding(made.case, arrays, made.references)
    return found.verdict


def test_the_right_tokens_agree() -> None:
    made, record = written()
    assert record["decoded"].shape == (3, 7)
    assert verdict(made, record["decoded"]) == "agrees"


@pytest.mark.parametrize("place", range(3))
def test_another_token_differs(place: int) -> None:
    made, record = written()
    wrong = np.array(record["decoded"])
    wrong[0, place] = (wrong[0, place] + 3) % 11 if (wrong[0, place] + 3) % 11 != 2 else 0
    assert verdict(made, wrong) == "differs"


@pytest.mark.parametrize("wrong", [None, np.zeros((3, 6), int), np.zeros((3, 7)), np.full((3, 7), 11), np.full((3, 7), -1)])
def test_what_are_no_tokens_differs(wrong: Any) -> None:
    assert verdict(written()[0], wrong) == "differs"


def test_nothing_follows_an_end() -> None:
    made, record = written()
    wrong = np.array(record["decoded"])
    wrong[0] = 2
    wrong[0, 4] = 5
    assert verdict(made, wrong) == "differs"


def test_at_full_size_nothing_is_decoded() -> None:
    made, _ = written()
    assert judge_decoding(replace(made.case, size="full"), {}, made.references) == []
