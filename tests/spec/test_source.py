"""From YAML text to plain values with places; what the language refuses, it refuses at its line and column."""

from pathlib import Path

import pytest

from parity.spec.mistakes import Place, SpecError
from parity.spec.scalars import plain_scalar
from parity.spec.source import BROKEN, Rows, Table, read_file, read_text

BRACKET = "(the bracket that opens here is not closed, or a comma is missing)"


def sentences(text: str) -> list[str]:
    try:
        document = read_text(text, "user.yaml")
    except SpecError as error:
        return str(error).split("\n")
    return [str(mistake) for mistake in document.mistakes]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("7", 7),
        ("-7", -7),
        ("+7", 7),
        ("0", 0),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("1.0e-4", 0.0001),
        ("yes", "yes"),
        ("no", "no"),
        ("off", "off"),
        ("3a", "3a"),
        ("1.2.3", "1.2.3"),
        ("-x", "-x"),
        ("1/8", "1/8"),
        ("kernel/2", "kernel/2"),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    found, problem = plain_scalar(text)
    assert (found, type(found), problem) == (value, type(value), "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("010", "`010`: a number does not start with 0"),
        ("0o10", "`0o10`: numbers are decimal"),
        ("0x1F", "`0x1F`: numbers are decimal"),
        ("1_000", "`1_000`: a number holds no `_`"),
        (".inf", "`.inf`: numbers are finite"),
        ("-.INF", "`-.INF`: numbers are finite"),
        (".nan", "`.nan`: numbers are finite"),
        ("12:30:00", "`12:30:00`: times are not part of the language; quote a text"),
        ("2020-01-01", "`2020-01-01`: dates are not part of the language; quote a text"),
        ("1e999", "`1e999` is too large or too long for a number"),
        ("1" * 50, "`111111111111111111111111111111111111111…` is too large or too long for a number"),
    ],
)
def test_clever_scalars_are_refused(text: str, sentence: str) -> None:
    assert sentences(f"key: {text}") == [f"user.yaml:1:6: {sentence}"]
    assert sentences(f"key: '{text}'") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1", ["user.yaml:1:4: anchors are not part of the language: `&x`; use a constant or a block"]),
        (
            "a: {b: *width}",
            [
                "user.yaml:1:8: aliases are not part of the language: `*width`; quote a formula that starts with `*`, "
                "or use a constant"
            ],
        ),
        (
            "a: !!python/object:os.system x",
            ["user.yaml:1:4: tags are not part of the language: `tag:yaml.org,2002:python/object:os.syst…`"],
        ),
        ("a: 1\nb: 2\na: 3", ["user.yaml:3:1: the key `a` stands here for the second time; the first is in line 1"]),
        ("a: {channels:6, b: 1}", ["user.yaml:1:5: `channels:6`: write a space after the colon"]),
        ("a: {b: max(1, 2)}", ["user.yaml:1:15: `2)`: a comma ends a value inside braces; quote the formula"]),
        ("a: [max(1, 2)]", ["user.yaml:1:12: `2)`: a comma ends a value inside braces; quote the formula"]),
        (
            "a: {b: 1\nc: d",
            [f"user.yaml:1:4: expected `,` or `}}`, but got `:` {BRACKET}"],
        ),
        (
            "a: [1, 2",
            [f"user.yaml:1:4: expected `,` or `]`, but got `<stream end>` {BRACKET}"],
        ),
        ("a:\n\t- b", ["user.yaml:2:1: indent with spaces, not with tabs"]),
        ("a:\n  b: 1\n c: 2", ["user.yaml:3:2: this does not fit the indent of the lines above"]),
        ("a: b: c", ["user.yaml:1:5: a second `: ` in one line; quote the text, or start a new line"]),
        ("a: 1\n---\nb: 2", ["user.yaml:2:1: a file holds one spec: no second document"]),
        ("%YAML 1.1\n---\na: 1", ["user.yaml:2:1: directives (%YAML, %TAG) are not part of the language"]),
        ("a: \0", ["user.yaml:1:4: this character cannot stand in a YAML file"]),
        ("? [a]\n: b", ["user.yaml:1:3: a key is a word"]),
        (": 1", ["user.yaml:1:1: a key is missing before the colon"]),
        ('a: "\\ud800"', ["user.yaml:1:4: `\\ud800` is half a character; write the character itself"]),
        ('"\\udc00": 1', ["user.yaml:1:1: `\\udc00` is half a character; write the character itself"]),
        ('a: 1\nb: "\\U00110000"', ["user.yaml:1:4: what stands here or behind it is not YAML (ValueError)"]),
        ('a: "b\nc: 1\n', ["user.yaml:1:4: the quotation that opens here is not closed"]),
        ("a: 1\n-\u00a0b\nc: 1", ["user.yaml:2:1: neither `- item` nor `key: value` stands here"]),
        ("", ["user.yaml:1:1: a spec is a mapping: `name: …`, `source: …` and so on"]),
        ("- a", ["user.yaml:1:1: a spec is a mapping: `name: …`, `source: …` and so on"]),
    ],
)
def test_what_the_language_refuses(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_every_mistake_of_a_file_at_once() -> None:
    text = "a: 010\nb: &x 0x1F\nc: *x\nd: {e:6}\n"
    assert [line.split(":")[1] for line in sentences(text)] == ["1", "2", "2", "3", "4"]


LAUGHS = "a: &a [l, l, l]\n" + "".join(f"b{i}: &b{i} [*a, *a, *a]\n" for i in range(30))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 100_000, "values are nested at most 40 deep"),
        ("{" * 100_000, "values are nested at most 40 deep"),
        ("- " * 50_000, "values are nested at most 40 deep"),
        ("? " * 5_000, "values are nested at most 40 deep"),
        ("a: [" + "1," * 30_000 + "]", "a spec holds at most 10,000 values"),
        (LAUGHS, "aliases are not part of the language: `*a`"),
        ('"' + "a" * 100_000, "the quotation that opens here is not closed"),
    ],
    ids=["brackets", "braces", "dashes", "questions", "values", "laughs", "quote"],
)
def test_hostile_text_ends_in_one_screen(text: str, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        document = read_text(text, "user.yaml")
        raise SpecError(document.mistakes)
    assert sentence in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 21
    assert all(len(line) <= 340 for line in str(caught.value).splitlines())


def test_control_characters_do_not_reach_the_screen() -> None:
    document = read_text('"\\e[31m\\n": 1\n"\\e[31m\\n": 2', "user.yaml")
    assert "\x1b" not in str(document.mistakes[0])
    assert len(str(document.mistakes[0]).splitlines()) == 1


def test_values_are_plain_and_know_their_places() -> None:
    table = read_text("a: [1, x, 'y z']\nb:\n  c: true\nd: >\n  folded\n  text\n", "user.yaml").table
    assert table == {"a": [1, "x", "y z"], "b": {"c": True}, "d": "folded text\n"}
    assert isinstance(table["a"], Rows)
    assert isinstance(table["b"], Table)
    assert table["a"].places[1] == Place("user.yaml", 1, 8, 0)
    assert table["b"].key_places["c"] == Place("user.yaml", 3, 3, 0)
    assert str(table["a"].places[1].within(4)) == "user.yaml:1:12"
    assert str(table["a"].places[2].within(2)) == "user.yaml:1:14"  # behind the quote
    assert str(table.places["d"].within(5)) == "user.yaml:4:4"  # only the start of a folded text is known


def test_a_mistake_leaves_a_broken_value_behind() -> None:
    assert read_text("a: 010\nb: 1", "user.yaml").table == {"a": BROKEN, "b": 1}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: a\nsource: caf\xe9\n")
    (tmp_path / "large.yaml").write_bytes(b"#" * 200_000)
    (tmp_path / "mark.yaml").write_bytes(b"\xef\xbb\xbfname: a\n")
    for name, sentence in (
        ("latin.yaml", "latin.yaml:2:12: the file is not UTF-8"),
        ("large.yaml", "large.yaml: a spec has at most 120,000 bytes"),
        ("absent.yaml", "absent.yaml: there is no such file"),
        (".", ": this is no file"),
    ):
        with pytest.raises(SpecError) as caught:
            read_file(tmp_path / name)
        assert str(caught.value).endswith(sentence)
    assert read_file(tmp_path / "mark.yaml").table == {"name": "a"}
