"""Owns a file's greedy decoding: which input is fed, which value is read, which tokens begin and end, and for how many steps.

It refuses tokens outside of the network's tables, and values that see later steps of the sequence they generate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from parity.spec.architectures import DecodingPart
from parity.spec.causality import look_ahead
from parity.spec.graph import Graph, Input
from parity.spec.ledger import BrokenSpec, SpecValue
from parity.spec.mistakes import did_you_mean, short
from parity.spec.scopes import Scope
from parity.spec.signatures import whole

LEAST = {"begin": 0, "end": 0, "steps": 1}


def read_decoding(scope: Scope, part: DecodingPart | None, inputs: Sequence[Input]) -> dict[str, Any] | None:
    """A graph's `decoding`: {"feed", "from", "begin", "end", "steps"}; None without decoding or after a mistake."""
    if part is None:
        return None
    _check_feed(scope, part, inputs)
    try:
        source = scope.value(part.source, part.place("from"))
        numbers = {key: whole(key, getattr(part, key), part.place(key), scope, least) for key, least in LEAST.items()}
    except BrokenSpec:
        return None
    if source.shape is not None and len(source.shape) != 2:
        scope.refuse(part.place("from"), f"`from` has logits of shape (time, vocabulary), not {source.shape}")
    feed_input = next((graph_input for graph_input in inputs if graph_input.name == part.feed), None)
    if feed_input is not None and feed_input.dtype == "integer" and len(feed_input.shape) == 1:
        _check_numbers(scope, part, numbers, feed_input, source)
    return {"feed": part.feed, "from": source.name, **numbers}


def _check_feed(scope: Scope, part: DecodingPart, inputs: Sequence[Input]) -> None:
    feeds = [graph_input.name for graph_input in inputs if graph_input.dtype == "integer" and len(graph_input.shape) == 1]
    refused = part.feed in scope.ledger.architecture.inputs and part.feed not in [graph_input.name for graph_input in inputs]
    if part.feed in feeds or refused or scope.ledger.forgiven("inputs", part.feed):
        return
    close = did_you_mean(part.feed, feeds)
    sentence = f"`feed` is an input of integers of shape (time); `{short(part.feed)}` is none{close}"
    scope.refuse(part.place("feed"), sentence)


def _check_numbers(scope: Scope, part: DecodingPart, numbers: Mapping[str, int], graph_input: Input, source: SpecValue) -> None:
    """Checks that `begin` and every token that `from` can name can be fed, that `from`
    can name `end`, and that the steps fit."""
    (time,) = graph_input.shape
    low, high = (0, graph_input.below - 1) if graph_input.below is not None else graph_input.range or (0, numbers["begin"])
    if not low <= numbers["begin"] <= high:
        sentence = (
            f"`begin` is fed to `{graph_input.name}`, which lies between {low:g} and {high:g}; {numbers['begin']} does not"
        )
        scope.refuse(part.place("begin"), sentence)
    if numbers["steps"] > time:
        sentence = f"{numbers['steps']} tokens are more than the {time} steps of `{part.feed}`"
        scope.refuse(part.place("steps"), sentence)
    if source.shape is None or len(source.shape) != 2:
        return
    words = source.shape[1]
    if numbers["end"] >= words:
        sentence = f"`end` is a token that `{part.source}` can choose, one of 0 … {words - 1}; {numbers['end']} is none"
        scope.refuse(part.place("end"), sentence)
    if words > high + 1 and (graph_input.below, graph_input.range) != (None, None):
        sentence = f"`{part.source}` chooses among {words} tokens, and `{graph_input.name}` takes none above {high:g}"
        scope.refuse(part.place("from"), sentence)


def check_causality(scope: Scope, part: DecodingPart | None, graph: Graph) -> None:
    """Checks that a value decoded step by step sees nothing that is decoded later."""
    if part is None or graph.decoding is None:
        return
    node = look_ahead(graph.nodes, graph.decoding["feed"], graph.decoding["from"])
    if node is not None:
        why = f"`{part.source}` sees later steps of `{part.feed}` through `{node.name}` ({node.op})"
        scope.refuse(part.place("from"), f"{why}; what generates a sequence sees only what comes before")
