"""The names of arrays: joined and taken apart, and spelled in no other file of the package."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from package_imports import Sources, sources

from parity.execution import names

OWNER = "parity.execution.names"
WORDS = {value for key, value in vars(names).items() if key.isupper() and isinstance(value, str)} - {names.SEPARATOR}
TAKES_APART = {"split", "rsplit", "partition", "rpartition", "startswith", "endswith", "removeprefix", "removesuffix", "join"}

OTHERS = {
    "parity.documents.schema": "the id of a case",
    "parity.fingerprinting.forms.*": "SETTING/RESULT: the forms own the words of what they are recognised by",
    "parity.formulas.typeset": "a fraction in MathML",
    "parity.keras_impl.layers": "paths of Keras's variables",
    "parity.keras_impl.own_model.owned": "paths of Keras's variables",
    "parity.mxnet_impl.framework": "blocks and their arrays in MXNet's own weights file",
    "parity.onnx_impl.writing": "names of values in an ONNX file",
    "parity.reporting.evidence": "the id of a case",
    "parity.reporting.site.*": "addresses of pages",
    "parity.reporting.speeds": "the id of a case",
    "parity.reporting.summary": "the id of a case",
    "parity.spec.cases": "the id of a case",
    "parity.spec.formula_step": "a fraction",
    "parity.spec.specs": "references to specs: architectures/lenet",
    "parity.trials.curvature": "the word that selects a case: newton/mlp",
    "parity.trials.draws": "coordinates of a stream of random numbers",
    "parity.trials.selection": "references to specs: architectures/lenet",
    "parity.trials.streams": "coordinates of a stream of random numbers",
    "parity.verbs.bench.own_models": "the id of a case",
    "parity.verbs.showing.ops": "the word that selects an op: layers/dense",
    "parity.verbs.compare.result_document": "the two sides of a comparison",
    "parity.verbs.site.gathering": "addresses of files",
}
"""Where a slash joins something else -> what it joins."""


def owner_of_others(module: str) -> str | None:
    """The line of OTHERS that a module belongs to."""
    return next((key for key in OTHERS if module == key or (key[-1] == "*" and module.startswith(key[:-1]))), None)


def spelled(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each place that spells a name of an array or takes one apart."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    told |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in told:
            text = _text(node)
            if "/" in text and " " not in text and _is_name(text.split("/")):
                yield node.lineno, text
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TAKES_APART:
            used = [text for value in (node.func.value, *node.args) if (text := _text(value)) == "/" or text == "{}/"]
            if used:
                yield node.lineno, ast.unparse(node)


def _text(node: ast.AST) -> str:
    """A string, with {} for what is filled in; empty for whatever else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_name(parts: list[str]) -> bool:
    """A word of names.py in front of a slash, or behind one beside something filled in; or things filled in alone."""
    return bool(WORDS & set(parts[:-1])) or ("{}" in parts and bool(WORDS & set(parts))) or all("{}" in part for part in parts)


def violations(every: Sources) -> list[str]:
    """Where a file other than names.py spells a name of an array."""
    return [
        f"{module}:{line} {text}"
        for module, source in every.items()
        if module != OWNER and owner_of_others(module) is None
        for line, text in spelled(source)
    ]


def test_no_name_of_an_array_is_spelled_elsewhere() -> None:
    assert violations(sources()) == []


def test_every_exception_is_still_needed() -> None:
    found = {owner_of_others(module) for module, source in sources().items() if list(spelled(source))}
    standing = {key for key in OTHERS if "_impl" not in key or key in sources()}  # not of an implementation that was removed
    assert found - {None} == standing


@pytest.mark.parametrize(
    "source",
    [
        'arrays.get("parameter/kernel")',
        'arrays.get(f"parameter/{name}")',
        'arrays.get(f"step/{step}/gradient/{name}")',
        'name.startswith("batch/")',
        'kinds = ("batch/0/",)',
        'arrays[f"{mode}/in/{place}/{slot}"]',
        'key.endswith(f"/gradient/{name}")',
        'name.split("/", 1)[1]',
        'name.partition("/")',
        'name.removeprefix(f"{group}/")',
        '"/".join(parts)',
        'arrays.get(f"{group}/{name}")',
        'arrays.get("sample/again")',
        'arrays.get("out/0")',
    ],
)
def test_a_spelled_name_is_seen(source: str) -> None:
    assert len(violations({"parity.judgement.new": source})) == 1


@pytest.mark.parametrize("source", ['"""parameter/x"""', 'advice = "1/(1 - rate)"', 'f"{found} of {wanted}"', 'open("a/b")'])
def test_other_slashes_are_none(source: str) -> None:
    assert violations({"parity.judgement.new": source}) == []


def test_what_is_put_under_a_group_is_found_there() -> None:
    arrays = {"kernel": 1, "layer/bias": 2}
    placed = names.put_under(arrays, names.BATCH, 10)
    assert placed == {"batch/10/kernel": 1, "batch/10/layer/bias": 2}
    assert names.under({**placed, "batch/1/kernel": 3, "batch": 4}, names.BATCH, 10) == arrays
    assert names.under({"batches/1/kernel": 3}, names.BATCH) == {}


def test_what_is_numbered_comes_back_in_order() -> None:
    placed = names.numbered("abcdefghijkl", names.OUTPUT)
    assert placed["output/10"] == "k"
    assert names.in_order(dict(sorted(placed.items())), names.OUTPUT) == list("abcdefghijkl")


def test_numbers_are_ordered_as_numbers() -> None:
    assert names.numbers(["batch/10/x", "batch/9/x", "batch/9/y", "parameter/3/x"], names.BATCH) == [9, 10]


def test_a_name_inside_of_a_step() -> None:
    assert names.step_name(3, names.GRADIENT, "kernel") == "step/3/gradient/kernel"
    assert names.step_name(3, names.LOSS, phase="generator") == "step/3/generator/loss"


def test_names_are_taken_apart() -> None:
    name = "train/input_gradient/0"
    assert (names.group_of(name), names.own_name(name), names.last_part(name)) == ("train", "input_gradient/0", "0")
    assert (names.group_of("loss"), names.own_name("loss")) == ("loss", "")
    assert names.lies_under(name, names.TRAIN, names.INPUT_GRADIENT) and not names.lies_under(name, names.TRAIN, "input")
    assert names.ends_in("step/0/gradient/kernel", names.GRADIENT, "kernel")
    assert not names.ends_in("step/0/input_gradient/kernel", names.GRADIENT, "kernel")


def test_what_a_model_holds_before_a_pass() -> None:
    arrays = {"parameter/a.b": 1, "statistic/m": 2, "carried/h": 3, "batch/0/x": 4, "loss": 5}
    assert names.initial(arrays) == {"a.b": 1, "m": 2, "h": 3}


def test_the_calls_of_a_model() -> None:
    assert names.of_calls([(["a", "b"], ["c"]), ([], ["d"])]) == {"in/0/0": "a", "in/0/1": "b", "out/0/0": "c", "out/1/0": "d"}
