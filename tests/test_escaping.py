"""Foreign text is text in every medium: fifteen payloads in every field of a page, a terminal, a picture, a JUnit file."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.table import Table

from parity import escaping
from parity.cli import status
from parity.documents import junit
from parity.execution.records import Record
from parity.judgement.comparison import Comparison
from parity.reporting import figures, pages
from parity.spec.cases import Case
from parity.trials import collected
from parity.trials.session import JudgedTrial
from parity.trials.trial import Trial
from parity.verbs import terminal
from tests.reporting.test_pages import trained
from tests.tools.injected_texts import (
    BENIGN,
    PAYLOADS,
    elements,
    is_harmless,
    markup_of,
    pages_with,
    results_with,
)


@pytest.fixture
def benign(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Pages of a harmless text; pictures, which take their time, have tests of their own."""
    monkeypatch.setattr(figures, "svg", lambda _: "<svg></svg>")
    return {ending: pages_with(BENIGN, ending) for ending in (".md", ".html")}


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_page_has_no_more_elements_than_before(name: str, benign: dict[str, list[str]]) -> None:
    for page, other in zip(pages_with(PAYLOADS[name], ".html"), benign[".html"], strict=True):
        assert elements(page) == elements(other)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


@pytest.mark.parametrize("name", PAYLOADS)
def test_markdown_has_no_more_markup_than_before(name: str, benign: dict[str, list[str]]) -> None:
    for page, other in zip(pages_with(PAYLOADS[name], ".md"), benign[".md"], strict=True):
        lines, others = page.splitlines(), other.splitlines()
        assert Counter(str(markup_of(line)) for line in lines) == Counter(str(markup_of(line)) for line in others)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("**bold** _thin_ ~~gone~~", r"\*\*bold\*\* \_thin_ \~\~gone\~\~"),
        ("a * b ** 2", "a * b ** 2"),
        ("units**-0.5", "units**-0.5"),
        ("-2*s, 2*s", r"-2\*s, 2\*s"),
        ("bias_ih_l0", "bias_ih_l0"),
        ("__init__", r"\_\_init__"),
        ("lenet[masks]", "lenet[masks]"),
        ("# x", r"\# x"),
        ("1. x", r"1\. x"),
        ("- x", r"\- x"),
        ("-1", "-1"),
        ("a < b", "a &lt; b"),
        (r"C:\new", r"C:\new"),
        ("ends in \\", r"ends in \\"),
        ("HTTPS://x", "HTTPS&#58;//x"),
    ],
)
def test_markdown_keeps_what_means_nothing(text: str, told: str) -> None:
    assert escaping.markdown(text) == told


def test_code_in_markdown_ends_where_it_should() -> None:
    assert escaping.markdown_code("a`b | c \\| d\n# e") == "a'b \\| c \\ \\| d # e"
    assert escaping.markdown_prose("set `a_b|c` of *x*") == r"set `a_b\|c` of \*x\*"
    assert escaping.markdown_prose("one ` alone") == r"one \` alone"


def test_the_reading_of_markdown_sees_what_it_is_for() -> None:
    plain = markup_of("| a |")
    for text in ("<b>", "[x](y)", "http://x", "| x", "&gt;"):
        assert markup_of(f"| {text} |") != plain, text
    assert markup_of("# x") != markup_of("x")


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_picture_has_no_element_of_the_text(name: str) -> None:
    names = [trained("lenet", run, losses=[1.0, 2.0]) for run in ("reference", PAYLOADS[name])]
    for drawn in (figures.loss_curves(names), figures.drift(names)):
        root = ElementTree.fromstring(figures.svg(drawn))  # noqa: S314 - it is our own
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "g", "path", "text", "line", "rect", "title"}
        assert not [key for element in root.iter() for key in element.attrib if key.startswith("on")]


@pytest.mark.parametrize("name", [*PAYLOADS, "path"])
def test_pictures_have_names_that_lead_nowhere(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "svg", lambda _: "<svg></svg>")
    for text in [PAYLOADS[name]] if name in PAYLOADS else ["../../outside", "/etc/x", "a/b", "..", "x" * 500]:
        for picture in pages.figures_of(results_with(text)):
            assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,120}", picture)


def test_pictures_of_two_names_are_told_apart() -> None:
    assert pages.file_name("a/b") != pages.file_name("a_b") != pages.file_name("a b")
    assert pages.file_name("speed-lenet-cpu-32") == "speed-lenet-cpu-32"


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_is_said_steers_neither_terminal_nor_log(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say(PAYLOADS[name])
    terminal.say(f"x: {PAYLOADS[name]}", error=True, colour="red")
    table = Table(PAYLOADS[name])
    table.add_row(PAYLOADS[name])
    terminal.show(table, 200)
    told = capsys.readouterr()
    assert is_harmless(told.out) and is_harmless(re.sub(r"\x1b\[(31|0)m", "", told.err))


@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.parametrize("command", ["show", "check", "report", "run", "atlas", "no-such-verb", "bench"])
def test_what_was_typed_is_not_given_back_raw(command: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status([command, PAYLOADS[name].replace("\x00", "")]) in (2, 5)
    told = capsys.readouterr()
    assert is_harmless(told.out + told.err)


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_junit_file_is_one_whatever_a_reason_says(name: str, tmp_path: Path) -> None:
    text = PAYLOADS[name]
    case = Case(spec=text, task="agreement", dtype="float32")
    trial = Trial(case, {"x": np.zeros(1)}, lambda _: [], "architectures")
    record = Record("0" * 64, case.id, text, "ran", "float32", reason=text)
    judged = [
        JudgedTrial(trial, text, record, [Comparison(case.id, text, text, verdict, "float32", reason=text)], tmp_path)
        for verdict in ("differs", "unsupported")
    ]
    (tmp_path / "junit.xml").write_text(junit.junit(collected.checked(judged)), encoding="utf-8")
    root = ElementTree.parse(tmp_path / "junit.xml").getroot()  # noqa: S314 - it is our own
    assert [element.tag for element in root.iter() if "propert" not in element.tag] == [
        *("testsuite", "testcase", "failure", "testcase", "skipped"),
    ]


def test_a_line_of_others_is_no_command_even_at_its_margin() -> None:
    assert escaping.terminal("a\n ::warning::x\r\n##[group]\n") == "a\n : :warning::x\n# #[group]\n"
    assert escaping.terminal("lenet::conv1 a:b") == "lenet::conv1 a:b"


def printed_constants() -> set[str]:
    """Every character beyond ASCII in a text of the sources that is no docstring."""
    found: set[str] = set()
    for path in Path(escaping.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                found |= {sign for sign in node.value if not sign.isascii()}
    return found


def test_every_character_that_is_printed_has_a_plain_one() -> None:
    lacking = {sign for sign in printed_constants() if sign not in escaping.PLAIN and sign.isprintable()}
    assert not lacking
    assert all(plain.isascii() for plain in escaping.PLAIN.values())


def test_marks_keep_the_width_of_a_table() -> None:
    from parity.reporting.wording import MARK

    assert all(len(escaping.PLAIN[mark]) == 1 for mark in (*MARK.values(), "✗") if not mark.isascii())
    assert len({escaping.PLAIN.get(mark, mark) for mark in (*MARK.values(), "✗")}) == len({*MARK.values(), "✗"})


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_no_character_ends_the_work(encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors=escaping.HANDLER)
    stream.write("✓ 0.31 – 3×3 √2 … 日本 \U0001f600")
    stream.flush()
    shown = raw.getvalue().decode(encoding)
    assert shown.startswith("+ 0.31 ") and shown.endswith("\\u65e5\\u672c \\U0001f600")


@pytest.mark.parametrize("arguments", [["show", "lenet"], ["check", "--help"], ["show", "adam"]])
def test_an_ascii_terminal_gets_what_it_can_show(arguments: list[str]) -> None:
    asked = [sys.executable, "-m", "parity", *arguments]
    variables = {**os.environ, "PYTHONIOENCODING": "ascii:strict", "PYTHONPATH": str(Path(escaping.__file__).parents[1])}
    done = subprocess.run(asked, env=variables, capture_output=True, check=False, cwd=Path(escaping.__file__).parents[1])
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
