"""The line under a notebook's cell: replaced while work goes on, gone at the end, and not there for short work."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from parity.execution.records import Record
from parity.verbs.terminal import notebooks, progress
from parity.verbs.terminal.notebooks import EVERY, PATIENCE, NotebookLine


class ZMQInteractiveShell:
    """The name by which a notebook's shell is known."""


def a_notebook(monkeypatch: pytest.MonkeyPatch, shell: object) -> list[tuple[str, dict[str, str]]]:
    """IPython as a notebook has it. Gives what is displayed, and how."""
    seen: list[tuple[str, dict[str, str]]] = []

    def display(content: dict[str, str], *, raw: bool, display_id: bool) -> Any:
        assert raw and display_id
        seen.append(("display", content))
        return SimpleNamespace(update=lambda content, raw: seen.append(("update", content)))

    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return seen


def test_a_line_is_replaced_and_gone_at_the_end() -> None:
    now, seen = [0.0], []
    line = NotebookLine(lambda text, html: seen.append((text, html)), "running", 4, lambda: now[0])
    for seconds in (0.1, PATIENCE, PATIENCE + EVERY / 2, PATIENCE + 2 * EVERY):
        now[0] = seconds
        line.advance("<b>")
    line.clear()
    assert [text for text, _ in seen] == ["running 2 of 4 <b>", "running 4 of 4 <b>", ""]
    assert seen[0][1] == '<progress max="4" value="2"></progress> running 2 of 4 &lt;b&gt;'


def test_short_work_shows_nothing() -> None:
    seen: list[str] = []
    line = NotebookLine(lambda text, _: seen.append(text), "running", None, lambda: 0.0)
    line.advance()
    line.clear()
    assert seen == []


def test_a_bar_shows_the_line_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = a_notebook(monkeypatch, ZMQInteractiveShell())
    monkeypatch.setattr(notebooks, "PATIENCE", 0.0)
    monkeypatch.setattr(notebooks, "EVERY", 0.0)
    with progress.bar("running", 2) as bar:
        bar.record("torch", Record("0" * 64, "case", "torch", "ran", "float64", "cpu", "eager", ""))
        bar.advance("part")
    assert [how for how, _ in seen] == ["display", "update", "update"]
    assert [content["text/plain"] for _, content in seen] == ["running 1 of 2 torch case", "running 2 of 2 part", ""]


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["no shell", "a terminal's shell"])
def test_elsewhere_there_is_no_line(monkeypatch: pytest.MonkeyPatch, shell: object) -> None:
    a_notebook(monkeypatch, shell)
    assert notebooks.line("running", 2) is None
