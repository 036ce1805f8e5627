"""Owns text that every Python contains: the documentation of pickle's opcodes in the standard library's
pickletools, reduced to letters and spaces.

It refuses all other characters: case, digits and punctuation may differ between versions.
"""

from __future__ import annotations

import hashlib
import pickletools
import re

import numpy as np

from parity.spec.graph import Graph
from parity.trials.datasets.dataset import Array, Dataset, DatasetError, input_named, only
from parity.trials.streams import Stream, stream

SYMBOLS = " abcdefghijklmnopqrstuvwxyz"
FIRST = 1
"""The token of the space; 0 is no character, as in the vocabulary of the recurrent specs."""
TRAINED = 0.9
CLASSIFY, SEPARATE, MASK = (FIRST + len(SYMBOLS) + place for place in range(3))
MASKED = 0.15
"""The share of characters that are hidden (Devlin et al. 2019, section 3.1)."""


def text() -> str:
    """The documentation of all opcodes in their order, in lower case; whatever lies between letters becomes one space."""
    return re.sub("[^a-z]+", " ", " ".join(opcode.doc for opcode in pickletools.opcodes).lower()).strip()


def characters(graph: Graph) -> Dataset:
    """Inputs `tokens`, and `next_tokens`, shifted by one character. The last tenth of the text is for the test.

    If the graph carries a state, the examples follow one another without a gap; otherwise they start at every fourth character.
    """
    only(graph, "tokens", "next_tokens")
    time = _time(graph, "next_tokens", FIRST + len(SYMBOLS))
    numbers, words = _numbers()
    cut = round(TRAINED * len(numbers))
    stride = time if graph.carried else 4
    halves = []
    for part, step in ((numbers[:cut], stride), (numbers[cut:], time)):
        windows = np.lib.stride_tricks.sliding_window_view(part, time + 1)[::step]
        halves.append({"tokens": windows[:, :time], "next_tokens": windows[:, 1:]})
    return Dataset("characters", words, halves[0], halves[1], "next_tokens", consecutive=bool(graph.carried))


def masked_characters(graph: Graph) -> Dataset:
    """Inputs of BERT: two segments with [CLS] and [SEP], 15 % of their characters hidden,
    and whether the second follows the first.

    A quality counts the hidden characters. In half of the examples the second segment follows
    the first, otherwise it is from elsewhere.
    """
    only(graph, "tokens", "segments", "length", "labels", "is_next")
    time = _time(graph, "labels", MASK + 1)
    numbers, words = _numbers()
    cut = round(TRAINED * len(numbers))
    train = _pairs(numbers[:cut], time, 3, stream("masked_characters", "train"))
    test = _pairs(numbers[cut:], time, 3, stream("masked_characters", "test"))
    return Dataset("masked_characters", words, train, test, "labels", counted=test["tokens"] == MASK)


def _pairs(numbers: Array, time: int, stride: int, chance: Stream) -> dict[str, Array]:
    """[CLS] first [SEP] second [SEP], as long as the graph's time allows. In every fourth
    example, chance shortens the second segment."""
    half = (time - 3) // 2
    starts = np.arange(0, len(numbers) - 2 * half, stride)
    labels = np.zeros((len(starts), time), np.int64)
    lengths = np.full(len(starts), 2 * half + 3)
    follows = chance.randint(0, 2, len(starts))
    for row, start in enumerate(starts):
        length = half - (chance.randint(0, half // 2 + 1) if row % 4 == 0 else 0)
        second = start + half if follows[row] else chance.randint(0, len(numbers) - half)
        joined = [CLASSIFY, *numbers[start : start + half], SEPARATE, *numbers[second : second + length], SEPARATE]
        labels[row, : len(joined)], lengths[row] = joined, len(joined)
    letters = (labels >= FIRST) & (labels < CLASSIFY)
    hidden = letters & (chance.uniform(size=labels.shape) < MASKED)
    segments = np.broadcast_to(np.arange(time) >= half + 2, labels.shape) & (np.arange(time) < lengths[:, None])
    tokens = np.where(hidden, MASK, labels)
    return {"tokens": tokens, "segments": segments.astype(np.int64), "length": lengths, "labels": labels, "is_next": follows}


def _numbers() -> tuple[Array, str]:
    letters = text()
    digest = hashlib.sha256(letters.encode()).hexdigest()[:12]
    numbers = np.asarray([FIRST + SYMBOLS.index(letter) for letter in letters], dtype=np.int64)
    return numbers, f"{len(letters)} letters of pickletools' documentation of opcodes, sha256 {digest}"


def _time(graph: Graph, labels: str, least: int) -> int:
    tokens = input_named(graph, "tokens", "integer", 1)
    if input_named(graph, labels, "integer", 1).shape != tokens.shape or tokens.shape[0] < 7:
        raise DatasetError(f"{graph.name}: text needs `{labels}` as long as `tokens`, 7 at least, not {tokens.shape[0]}")
    if tokens.below is None or tokens.below < least:
        raise DatasetError(f"{graph.name}: text has {least} symbols, the graph takes tokens below {tokens.below}")
    return tokens.shape[0]
