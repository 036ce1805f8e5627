"""README and the pages of docs/: each command that they show can be typed, and the atlas prints what README shows of it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import framework_trees
import pytest
import rich_click as click

from parity.cli import status
from parity.commands import guide, parity
from parity.verbs.terminal import columns

ROOT = framework_trees.ROOT
DOCS = (*sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "tutorials").glob("*.md")))
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "specs" / "README.md", *DOCS)
COMMAND = re.compile(r"^(?:\$ )?(parity [^`#\n]*?)(?: {2,}.*| *#.*)?$", re.MULTILINE)
INLINE = re.compile(r"`(parity [^`\n]+)`")
WORDS = {
    "SUITE": "quick",
    "SPEC": "lenet",
    "NAME": "lenet",
    "FILE": "file",
    "KIND": "loss",
    "COMMAND": "check",
    "OBJECT": "a.B",
}


def commands(text: str) -> list[str]:
    """The command lines of a page: in blocks a line each, in sentences between backquotes."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    blocks = [block for language, block in fenced if language in ("", "sh")]
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    found = [match[1].strip() for block in blocks for match in COMMAND.finditer(block)]
    return found + [match[1].strip() for match in INLINE.finditer(outside)]


def problem(line: str) -> str:
    """Why a command line cannot be typed, or nothing. What it names need not exist."""
    told = re.sub(r"\[(-[^\]]*)\]", r"\1", line.partition("|")[0].partition("&&")[0].replace("…", ""))
    words = [WORDS.get(word, word) for word in shlex.split(told)[1:]]
    command: click.Command = parity
    context = click.Context(parity, info_name="parity")
    while isinstance(command, click.Group):
        if not words or words[0].startswith("-"):
            return ""
        found = command.get_command(context, words[0])
        if found is None:
            return f"there is no command `{words[0]}`"
        command, words = found, words[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    try:
        command.make_parser(context).parse_args(args=list(words))
    except click.UsageError as error:
        return error.format_message()
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_can_be_typed(page: Path) -> None:
    assert [(line, told) for line in commands(page.read_text(encoding="utf-8")) if (told := problem(line))] == []


def test_the_pages_show_every_command() -> None:
    shown = {line.split()[1] for line in commands((ROOT / "docs" / "commands.md").read_text(encoding="utf-8"))}
    assert set(parity.commands) <= shown


def test_every_command_has_its_place_and_an_example() -> None:
    placed = [name for _, names in guide.GROUPS for name in names]
    assert sorted(placed) == sorted(parity.commands)
    runnable = dict(guide.commands(parity))
    assert set(guide.EXAMPLES) == set(runnable)
    for name, line in guide.EXAMPLES.items():
        assert line.startswith(f"parity {name}") and problem(line) == ""
        assert line in (runnable[name].epilog or "")


def test_help_shows_the_groups_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["--help"]) == 0
    shown = capsys.readouterr().out
    places = [shown.index(title) for title, _ in guide.GROUPS]
    assert places == sorted(places)
    assert status(["check", "--help"]) == 0
    assert guide.EXAMPLES["check"] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("parity chekc lenet", "there is no command `chekc`"),
        ("parity check lenet --framworks torch", "No such option '--framworks'"),
        ("parity env make torch", "there is no command `make`"),
        ("parity run quick -o", "requires an argument"),
    ],
)
def test_what_cannot_be_typed_is_seen(line: str, told: str) -> None:
    assert told in problem(line)


def test_the_first_page_shows_what_the_choice_prints(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    ((line, block),) = re.findall(r"^\$ (parity recommend[^\n]*)\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    assert status(shlex.split(line)[1:]) == 0
    assert capsys.readouterr().out.startswith(block) and block.count("\n") == 1


def test_the_first_page_shows_what_the_atlas_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a terminal, where no framework is installed."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^\$ parity atlas torch keras\n(.*?)```", page, re.DOTALL | re.MULTILINE)
    (more,) = re.findall(r"^(\d+) rows like this one follow", page, re.MULTILINE)
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setattr(columns, "width", lambda: 100)
    assert status(["atlas", "torch", "keras"]) == 0
    shown = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)
    assert shown.startswith(block)
    assert shown.count("\n    torch ") == int(more) + 1
