"""What a file may say of greedy decoding: tokens that the network has a place for, and nothing that sees the future."""

from __future__ import annotations

import pytest

from parity.spec import specs
from parity.spec.expansion import expand
from parity.spec.mistakes import SpecError


def said(text: str, file: str = "user.yaml") -> str:
    """Everything that is said about a file, or nothing."""
    try:
        spec = specs.parse(text, file)
        if isinstance(spec, specs.Architecture):
            for size in spec.size_names():
                expand(spec, size)
    except SpecError as error:
        return str(error)
    return ""


BOTH_WAYS = """
name: both_ways
source: Schuster & Paliwal 1997, misused
inputs: {tokens: {shape: [7], dtype: integer, below: 11}}
layers:
  - embedding embedding: {size: 11, units: 5}
  - concat:
      axis: features
      branches:
        - - lstm forward: {units: 3}
        - - reverse turned
          - lstm backward: {units: 3}
          - reverse back
  - dense logits: {units: 11}
"""


def test_a_bidirectional_model_reads_a_sequence_and_is_refused_where_it_would_generate_one() -> None:
    assert said(BOTH_WAYS) == ""
    decoding = "decoding: {feed: tokens, from: logits, begin: 0, end: 0, steps: 7}\n"
    told = "sees later steps of `tokens` through `turned` (reverse); what generates a sequence sees only what comes before"
    assert said(BOTH_WAYS + decoding) == f"user.yaml:15:32: `logits` {told}"
    one_way = BOTH_WAYS.replace("- - reverse turned\n          - ", "- - ").replace("\n          - reverse back", "")
    assert "reverse" not in one_way
    assert said(one_way + decoding) == ""


@pytest.mark.parametrize(
    ("words", "decoding", "told"),
    [
        (11, "begin: 10, end: 10, steps: 7", ""),
        (7, "begin: 10, end: 0, steps: 7", ""),  # it need not choose every token that it reads
        (11, "begin: 11, end: 0, steps: 7", "47: `begin` is fed to `tokens`, which lies between 0 and 10; 11 does not"),
        (11, "begin: 0, end: 11, steps: 7", "55: `end` is a token that `logits` can choose, one of 0 … 10; 11 is none"),
        (13, "begin: 0, end: 0, steps: 7", "32: `logits` chooses among 13 tokens, and `tokens` takes none above 10"),
        (11, "begin: 0, end: 0, steps: 0", "65: `steps` is at least 1, not 0"),
        (11, "begin: 0, end: 0, steps: 8", "65: 8 tokens are more than the 7 steps of `tokens`"),
    ],
)
def test_greedy_decoding_feeds_what_the_network_has_a_place_for(words: int, decoding: str, told: str) -> None:
    text = BOTH_WAYS.partition("  - concat")[0] + f"  - lstm forward: {{units: 3}}\n  - dense logits: {{units: {words}}}\n"
    text += f"decoding: {{feed: tokens, from: logits, {decoding}}}\n"
    assert said(text) == (f"user.yaml:9:{told}" if told else "")


def test_an_input_that_is_wrong_itself_is_not_said_to_be_none() -> None:
    text = BOTH_WAYS.partition("  - concat")[0].replace("below: 11", "below: 0") + "  - dense logits: {units: 11}\n"
    assert said(text + "decoding: {feed: tokens, from: logits, begin: 0, end: 0, steps: 7}\n") == (
        "user.yaml:4:54: `below` is at least 1, not 0"
    )


@pytest.mark.parametrize(
    ("step", "through"),
    [
        ("gru gru: {units: 5}", ""),
        ("multi_head_attention attention: {heads: 1, causal: true}", ""),
        ("multi_head_attention attention: {heads: 1}", "attention"),
        ("layer_norm norm", ""),
        ("softmax soft: {axis: time}", "soft"),
        ("transpose turned: {axes: [1, 0]}\n  - transpose back: {axes: [1, 0]}", "turned"),
        ("scan walk: {state: {h: start}, next: {h: x}, layers: [add: [input, h]]}", ""),
        ("scan walk: {state: {h: last}, next: {h: x}, layers: [add: [input, h]]}", "last"),
    ],
)
def test_what_lets_a_later_step_be_seen(step: str, through: str) -> None:
    more = "  - parameter start: {shape: [5]}\n  - select last: {from: embedding, index: -1}\n"
    text = BOTH_WAYS.partition("  - concat")[0] + more + f"  - {step.replace(': {', ': {from: embedding, ', 1)}\n"
    text = text if "{from" in step or "{" in step else text.replace(f"- {step}", f"- {step}: {{from: embedding}}")
    text += "  - dense logits: {units: 11}\ndecoding: {feed: tokens, from: logits, begin: 0, end: 0, steps: 7}\n"
    assert said(text).partition("through ")[2].partition(" (")[0] == (f"`{through}`" if through else "")
    assert bool(said(text)) == bool(through)
