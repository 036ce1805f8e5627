"""Every piece of the atlas's advice is code that runs: each two frameworks that differ have a remedy, which calls what is told.

What the remedies give is compared in tests/conformance/test_advice_runs.py, where frameworks stand. Nothing is run here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from remedy_source import FRAMEWORKS, Remedy, remedies

from parity.atlas.advice import ALIKE, DEFAULT, UNRUN, parts
from parity.atlas.chapters import QUESTIONS
from parity.atlas.question import Question
from parity.reporting import atlas
from parity.reporting.atlas import AtlasRow

REPORTS = Path(__file__).parents[2] / "reports"
ROWS = atlas.read(REPORTS / "data" / "atlas.json")[0]
WRITTEN = {(one.framework, one.key): one for one in remedies()}
MODULES = {"torch", "F", "nn", "ops", "activations", "layers", "losses", "nd", "np", "init", "initializers", "optimizers"}
NAMES = {"torch": "torch", "Keras": "keras", "MXNet": "mxnet"}
CALL = re.compile(r"(?<![\w.])[A-Za-z_][\w.]*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
SETTING = re.compile(r"(?<![\w.])[a-z_0-9]+=(?:\([^()]*\)|\[[^\]]*\]|'[^']*'|[^\s;,:()=]+)")


def test_remedies_are_about_questions_with_advice() -> None:
    advised = {question.name for question in QUESTIONS if question.advice}
    defaults = {row.name for row in ROWS if any(answer.where for answer in row.answers.values())}
    for _, key in WRITTEN:
        name, target = parts(key)
        assert target in (*FRAMEWORKS, ALIKE, DEFAULT), key
        assert name in (defaults if target == DEFAULT else advised), key


def test_what_is_shown_nowhere_is_not_advised() -> None:
    """Where nothing differs advice could not be held against anything: it is written once something does."""
    alike = {row.name for row in ROWS if not row.differs}
    assert [question.name for question in QUESTIONS if question.advice and question.name in alike] == []


def covered(row: AtlasRow, first: str, second: str) -> bool:
    """Whether a remedy brings two frameworks together: one's answer in the other, a third one's in both, or one for all."""

    def gives(framework: str, target: str) -> bool:
        """The target's answer: by a remedy, or because its own is the same."""
        if (framework, f"{row.name}@{target}") in WRITTEN or framework == target:
            return True
        answers = row.answers.get(framework), row.answers.get(target)
        return all(answers) and answers[0].measured and answers[1].measured and answers[0].text == answers[1].text

    return any(gives(first, target) and gives(second, target) for target in (*FRAMEWORKS, ALIKE))


def differing(row: AtlasRow) -> Iterator[tuple[str, str]]:
    measured = [name for name, answer in row.answers.items() if answer.measured]
    for first, second in combinations(measured, 2):
        alone = AtlasRow(row.name, row.chapter, row.text, row.advice, {name: row.answers[name] for name in (first, second)})
        if alone.differs:
            yield first, second


@pytest.mark.parametrize("row", [row for row in ROWS if row.differs and row.advice], ids=lambda row: row.name)
def test_each_two_frameworks_that_differ_have_a_remedy_that_runs(row: AtlasRow) -> None:
    if row.name in UNRUN:
        assert not [key for _, key in WRITTEN if parts(key)[0] == row.name], f"{row.name} is no longer without code"
        return
    assert [pair for pair in differing(row) if not covered(row, *pair)] == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.differs and not row.advice], ids=lambda row: row.name)
def test_each_default_that_is_told_to_be_set_is_set_and_run(row: AtlasRow) -> None:
    told = [
        (here, there)
        for here, there in differing(row)
        for here, there in ((here, there), (there, here))
        if row.setting(here, there)
    ]
    assert row.remedies
    assert [pair for pair in told if not all((name, f"{row.name}@{DEFAULT}") in WRITTEN for name in pair)] == []


def fragments(text: str) -> Iterator[ast.Call]:
    """The calls in a piece of advice, and its settings as calls without a function: `axis=-1` is `(axis=-1)`."""
    for found in (*CALL.findall(text), *(f"_({one})" for one in SETTING.findall(CALL.sub("", text)))):
        try:
            tree = ast.parse(found.replace("…", "...").replace("·", "*"), mode="eval").body
        except SyntaxError as error:
            raise AssertionError(f"{found!r} is no Python: {error}") from error
        assert isinstance(tree, ast.Call)
        yield tree


class _Bare(ast.NodeTransformer):
    """`torch.sum(x)` to `sum(x)`: the advice is for more frameworks than one."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        return ast.Name(node.attr) if isinstance(node.value, ast.Name) and node.value.id in MODULES else node


def spelled(node: ast.AST) -> str:
    if isinstance(node, ast.Starred):
        return ast.unparse(node)
    return ast.unparse(_Bare().visit(ast.parse(ast.unparse(node), mode="eval")))


def last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def literal(node: ast.expr) -> bool:
    """What stands for itself: numbers, words, pairs, formulas; a single name is whatever the reader has."""
    return isinstance(node, (ast.Constant, ast.Tuple, ast.List, ast.UnaryOp, ast.BinOp))


def calls(wanted: ast.Call, code: Remedy) -> bool:
    """Whether the code makes the call, with each named argument and literal that stands in it, or hands its function on."""
    name = last_name(wanted.func)
    named = {one.arg: spelled(one.value) for one in wanted.keywords}
    literals = [spelled(one) for one in wanted.args if literal(one)]
    for node in (one for root in code.code for one in ast.walk(root)):
        if isinstance(node, ast.Call) and name in ("_", last_name(node.func)):
            given = {one.arg: spelled(one.value) for one in node.keywords}
            there = [spelled(one) for one in node.args]
            alike = all(key in given and value in ("...", given[key]) for key, value in named.items())
            if alike and all(one in ("...", *there) for one in literals):
                return True
        elif isinstance(node, (ast.Name, ast.Attribute)) and last_name(node) == name and not named and not literals:
            return True
    return False


@pytest.mark.parametrize(
    "question", [one for one in QUESTIONS if one.advice and one.name not in UNRUN], ids=lambda one: one.name
)
def test_the_calls_that_are_advised_are_the_calls_that_run(question: Question) -> None:
    mine = [one for one in WRITTEN.values() if parts(one.key)[0] == question.name]
    missing = [ast.unparse(one) for one in fragments(question.advice) if not any(calls(one, code) for code in mine)]
    assert missing == []


@pytest.mark.parametrize(
    "question", [one for one in QUESTIONS if one.advice and one.name not in UNRUN], ids=lambda one: one.name
)
def test_each_framework_that_is_told_what_to_do_does_it(question: Question) -> None:
    """`torch: …; Keras: …` has code in both."""
    told = {NAMES[word] for word in re.findall(r"(torch|Keras|MXNet)(?=:| on \w+:)", question.advice)}
    mine = {one.framework for one in WRITTEN.values() if parts(one.key)[0] == question.name}
    assert told <= mine or not mine


RUN = Remedy("torch", "a.b@keras", (ast.parse("lambda x: nn.Conv2d(1, 1, 3, padding=0)(F.pad(x, (0, 1, 0, 1))).sum(0) / 2"),))


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("torch: F.pad(x, (0, 1, 0, 1)), then padding=0 is Keras's", 0),
        ("pad(…, (0, 1, 0, 1))", 0),
        ("torch: F.pad(x, (1, 0, 1, 0))", 1),
        ("torch: F.pad(x, (0, 1, 0, 1), mode='constant')", 1),
        ("then padding=1", 1),
        ("nn.Conv2d(padding=…), nn.Conv2d(stride=…)", 1),
        ("y.sum(0), y.sum(1), y.mean()", 2),
    ],
)
def test_a_call_that_is_told_and_not_run_is_seen(text: str, missing: int) -> None:
    assert sum(not calls(one, RUN) for one in fragments(text)) == missing


def test_a_pair_without_a_remedy_is_seen() -> None:
    row = next(row for row in ROWS if row.name == "softmax.implicit_axis")
    assert covered(row, "torch", "keras") and covered(row, "torch", "mxnet") and not covered(row, "torch", "onnx")


def test_a_word_is_set_as_python_writes_it() -> None:
    answers = {"torch": atlas.Answer("nearest", "torch.A(mode)"), "keras": atlas.Answer("linear", "keras.B(kind)")}
    row = AtlasRow("a.b", "numerics", "text", "", answers)
    assert row.remedy("torch", "keras") == "in keras: keras.B(kind='nearest')"
