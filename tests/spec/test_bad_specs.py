"""Deliberate mistakes: each ends in its sentence, at its line and column, and in no other sentence."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from parity.spec import specs
from parity.spec.expansion import expand
from parity.spec.mistakes import SpecError

EXAMPLES = Path(__file__).parents[1] / "language-examples"


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


def changed(name: str, old: str, new: str) -> str:
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1)


def mistakes() -> list[tuple[str, str, str, str]]:
    """(example, what stands in it, what replaces it, everything that is then said) of tests/mistakes.txt."""
    found = []
    for block in (Path(__file__).parents[1] / "mistakes.txt").read_text(encoding="utf-8").split("\n\n")[1:]:
        if block.startswith("#"):
            continue
        example, old, new, *told = block.strip("\n").split("\n")
        assert (old[:2], new[:2], {line[:2] for line in told}) == ("- ", "+ ", {"> "})
        texts = (old[2:].replace("\\n", "\n"), new[2:].replace("\\n", "\n"))
        found.append((example, *texts, "\n".join(line[2:] for line in told)))
    return found


MISTAKES = mistakes()


def test_there_are_as_many_mistakes_as_ever() -> None:
    assert len(MISTAKES) >= 89


@pytest.mark.parametrize(("example", "old", "new", "expected"), MISTAKES, ids=[f"{m[0]}: {m[2]}"[:60] for m in MISTAKES])
def test_a_mistake_is_told_at_its_place_and_alone(example: str, old: str, new: str, expected: str) -> None:
    assert said(changed(example, old, new), f"{example}.yaml") == expected


@pytest.mark.parametrize("example", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_without_a_mistake_nothing_is_said(example: str) -> None:
    assert said((EXAMPLES / f"{example}.yaml").read_text(encoding="utf-8")) == ""


def test_all_mistakes_of_a_file_at_once() -> None:
    text = (EXAMPLES / "lenet.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("name: lenet", "name: LeNet"),
        ("28, 28]", "28, 010]"),
        ("padding: 2", "paddin: 2"),
        ("conv2d conv2: {channels: 16", "conv2d conv2: {channels: sixteen"),
        ("units: 84", "units: 0"),
        ("  - dense logits: {units: 10}", "  - tahn\n  - dense logits"),
        ("below: 10", "belo: 10"),
        ("labels: label", "labels: label, smoothing: 2"),
    ):
        text = text.replace(old, new, 1)
    assert said(text).splitlines() == [
        "user.yaml:1:7: `LeNet` is no name here: "
        "lower-case letters, digits, `.`, `_` and `-`, at most 64, a letter or digit first",
        "user.yaml:3:33: `010`: a number does not start with 0",
        "user.yaml:6:44: `conv2d` has no `paddin`; did you mean `padding`?",
        "user.yaml:9:30: no constant or argument `sixteen`",
        "user.yaml:15:27: `units` is at least 1, not 0",
        "user.yaml:17:5: no op or block `tahn`; did you mean `tanh`?",
        "user.yaml:18:5: `dense` needs `units`",
        "user.yaml:20:47: no key `belo` here; did you mean `below`?",
        "user.yaml:22:71: `smoothing` lies in 0 ≤ smoothing < 1, not 2",
    ]


def test_a_mistake_in_a_block_is_told_once_however_often_it_is_used() -> None:
    text = changed("bert_base", "dense inner: {units: inner}", "dense inner: {units: iner}")
    assert said(text).count("\n") == 1
    assert "no constant or argument `iner`; did you mean `inner`?" in said(text)


HEAD = "name: user\nsource: test\ninputs: {image: {shape: [3]}}\n"
HOSTILE = {
    "repeat": (HEAD + "layers:\n  - dense a: {units: 3, repeat: 1000000000}\n", "expands to more than 5,000 steps"),
    "times": (
        HEAD + "layers:\n  - repeat: {times: 10**9, layers: [repeat: {times: 0, layers: [relu]}]}\n",
        "more than 5,000 steps",
    ),
    "laughs": (
        HEAD
        + "blocks:\n"
        + "".join(f"  b{k}: {{layers: [b{k + 1} a, b{k + 1} b, b{k + 1} c, b{k + 1} d]}}\n" for k in range(20))
        + "  b20: {layers: [relu]}\nlayers: [b0]\n",
        "expands to more than 5,000 steps",
    ),
    "tower": (
        HEAD
        + "blocks:\n"
        + "".join(f"  b{k}: {{layers: [b{k + 1}]}}\n" for k in range(500))
        + "  b500: {layers: [relu]}\nlayers: [b0]\n",
        "blocks, networks, repeats and scans are nested at most 30 deep",
    ),
    "cycle": (HEAD + "blocks:\n  a: {layers: [b]}\n  b: {layers: [a]}\nlayers: [a]\n", "block `a` contains itself: a > b > a"),
    "cyclic networks": (
        HEAD
        + "networks:\n  a: {inputs: {v: {shape: [3]}}, layers: [b]}\n"
        + "  b: {inputs: {v: {shape: [3]}}, layers: [a]}\nlayers: [a]\n",
        "`a` contains itself: a > b > a",
    ),
    "units": (HEAD + "layers:\n  - dense a: {units: 10**18}\n", "`units` is too large"),
    "shape": (
        HEAD + "layers:\n  - parameter a: {shape: [100000, 100000, 100000]}\n",
        "1e+15 numbers are too many for one array",
    ),
    "power": (HEAD + "constants: {a: 9**9**9**9}\nlayers: [relu]\n", "the power is too large"),
    "brackets": (HEAD + "layers:\n  - formula: " + "(" * 500 + "\n", "does not close every bracket"),
    "long formula": (HEAD + "layers:\n  - formula: " + "x+" * 600 + "x\n", "a formula has at most 1000 characters"),
    "path": (HEAD.replace("user", "../../etc/passwd") + "layers: [relu]\n", "is no name here"),
    "path of a step": (HEAD + "layers:\n  - relu ../../etc/passwd\n", "is no name"),
    "escape": (HEAD + 'layers:\n  - "relu \\e[31m"\n', "is no name"),
    "words": (HEAD + "layers:\n  - " + "relu " * 5_000 + "\n", "a step is `OP` or `OP NAME`"),
    "mistakes": (HEAD + "layers:\n" + "  - relo\n" * 3_000, "… and 2980 more"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_end_in_one_screen(kind: str) -> None:
    text, sentence = HOSTILE[kind]
    lines = said(text).splitlines()
    assert any(sentence in line for line in lines), lines
    assert len(lines) <= 61
    assert all(len(line) < 400 and line.isprintable() for line in lines)


WORDS = [
    "x",
    "input",
    "0",
    "-1",
    "1/2",
    "true",
    "",
    "[]",
    "{}",
    "~",
    "name",
    "from",
    "x.channels",
    "'",
    "*a",
    "- ",
    ": ",
    "(",
    "]",
]


@pytest.mark.parametrize("example", ["dcgan", "fine_tuning", "lenet", "seq2seq_attention", "siamese", "transformer"])
def test_a_file_with_a_word_exchanged_ends_in_a_graph_or_in_mistakes(example: str) -> None:
    """The generator is frozen; what is said never grows beyond one screen, and nothing else than SpecError is raised."""
    parts = re.findall(r"\w+|[^\w\s]|\s+", (EXAMPLES / f"{example}.yaml").read_text(encoding="utf-8"))
    numbers = np.random.RandomState(7)
    outcomes = set()
    for _ in range(25):
        place, word = numbers.randint(len(parts)), WORDS[numbers.randint(len(WORDS))]
        told = said("".join([*parts[:place], word, *parts[place + 1 :]]))
        outcomes.add(bool(told))
        assert sum(not line.startswith("  ") for line in told.splitlines()) <= 21
    assert outcomes == {True, False}


RULE = "name: user\nsource: test\n"
RULES = [
    ("update: {w: w - lr*g}", "user.yaml:3:17: no `lr` here"),
    ("update: {w: w - g, v: g}", "user.yaml:3:20: no state `v`"),
    ("state: {m: 0}\nupdate: {m: g}", "user.yaml:4:9: `update` does not say what becomes of `w`"),
    (
        "hyperparameters: {rate: 0.1}\nupdate: {w: w - g}",
        "user.yaml:3:19: the hyper-parameter `rate` has no effect: no formula reads it",
    ),
    ("hyperparameters: {rate: fast}\nupdate: {w: w - g}", "user.yaml:3:25: a number stands here, not `fast`"),
    (
        "hyperparameters: {rate: 0.1}\nprobe: {rate: 0.1}\nupdate: {w: w - rate*g}",
        "user.yaml:4:15: float32 does not hold 0.1 exactly, so it cannot tell rounding from meaning",
    ),
    (
        "hyperparameters: {rate: 0.1}\nprobe: {rat: 0.5}\nupdate: {w: w - rate*g}",
        "user.yaml:4:9: no hyper-parameter `rat`; did you mean `rate`?",
    ),
    ("axes: [3]\nupdate: {w: w - g}", "user.yaml:3:7: `axes` holds some of (1, 2): what a rule is judged on has so many"),
    ("axes: []\nupdate: {w: w - g}", "user.yaml:3:7: `axes` holds some of (1, 2): what a rule is judged on has so many"),
    ("state: {g: 0}\nupdate: {w: w - g}", "user.yaml:3:9: `g` has a meaning of its own; give the state another name"),
    (
        "distribution: gauss",
        "user.yaml:3:15: `distribution` is constant, normal, uniform, truncated_normal, orthogonal or identity, not `gauss`",
    ),
    ("distribution: uniform", "user.yaml:3:15: `uniform` needs `limit`"),
    ("distribution: uniform\nlimit: sqrt(6/fanin)", "user.yaml:4:15: no `fanin` here; did you mean `fan_in`?"),
    ("distribution: uniform\nlimit: 1\nvalue: 2", "user.yaml:5:8: `uniform` is told by `limit`, not by `value`"),
    ("entries: []", "user.yaml:3:10: there must be at least one here"),
    (
        "note: x\nentries: [{task: speeed, specs: [a]}]",
        "user.yaml:4:18: `task` is agreement, training, speed or sampling, not `speeed`",
    ),
    (
        "entries: [{task: sampling, specs: [a], dataset: digits}]",
        "user.yaml:3:49: `dataset` is for training, not for `sampling`",
    ),
    (
        "entries: [{task: agreement, specs: [a], optimizer: adam}]",
        "user.yaml:3:52: `optimizer` is for training and speed, not for `agreement`",
    ),
    (
        "entries: [{task: training, specs: [a], quality: {measure: bits, at_least: 3, at_most: 2}}]",
        "user.yaml:3:87: no quality is at least 3 and at most 2",
    ),
]


@pytest.mark.parametrize(("text", "expected"), RULES, ids=[rule[1].partition(": ")[2][:50] for rule in RULES])
def test_mistakes_of_rules_and_suites(text: str, expected: str) -> None:
    head = "name: user\n\n" if "entries" in text else RULE
    assert said(head + text) == expected
