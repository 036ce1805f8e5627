"""What `parity show` and `parity list` print: whole names at any width, a line a row into a pipe; nothing is loaded in vain."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from parity.cli import status
from parity.execution.frameworks import names
from parity.ops import TABLE
from parity.spec import specs
from parity.spec.expansion import expand
from parity.spec.graph import Node
from parity.verbs.terminal import columns

ROWS = [("a.long.name", "op", "7"), ("b", "other", "1,234")]


def test_without_a_width_a_row_is_a_line() -> None:
    assert list(columns.table(("name", "op", "n"), ROWS, (2,), None)) == [
        "name         op         n",
        "a.long.name  op         7",
        "b            other  1,234",
    ]


def test_a_name_that_does_not_fit_stands_whole_above_its_row() -> None:
    assert list(columns.table(("name", "op", "n"), ROWS, (2,), 20)) == [
        "name    op         n",
        "a.long.name",
        "        op         7",
        "b       other  1,234",
    ]


@pytest.mark.parametrize("wide", [1, 12, 40])
def test_nothing_is_cut_at_any_width(wide: int) -> None:
    words = " ".join(columns.table(("name", "op", "n"), ROWS, (2,), wide)).split()
    assert words == ["name", "op", "n", "a.long.name", "op", "7", "b", "other", "1,234"]


def test_a_text_hangs_behind_its_name_and_breaks_between_words_alone() -> None:
    text = "note  one-long-word and more"
    assert columns.hanging(text, 6, None) == text
    assert columns.hanging(text, 6, 14).splitlines() == ["note", "      one-long-word", "      and more"]


def on_a_terminal(wide: int, *words: str) -> str:
    """What `parity` prints on a terminal of so many columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, wide, 0, 0))
    variables = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    with subprocess.Popen([sys.executable, "-m", "parity", *words], stdout=follower, env=variables) as process:
        os.close(follower)
        printed = b""
        try:
            while piece := os.read(leader, 1 << 16):
                printed += piece
        except OSError:  # the way a terminal ends on Linux
            pass
    os.close(leader)
    assert process.returncode == 0
    return printed.decode()


def nodes() -> tuple[Node, ...]:
    spec = specs.load("architectures/resnet18")
    assert isinstance(spec, specs.Architecture)
    return expand(spec).nodes


def test_eighty_columns_hold_every_name_of_resnet18_whole() -> None:
    printed = on_a_terminal(80, "show", "resnet18").replace("\x1b[1m", "").replace("\x1b[0m", "")
    words, lines = set(printed.split()), printed.splitlines()
    for node in nodes():
        assert {node.name, node.op, f"{node.flops:,}"} <= words
    assert max(map(len, lines)) <= 80
    assert "11,689,512 parameters, and 9,600 running statistics" in lines


LOADED = """
import sys
from parity.cli import status
assert status(["show", "resnet18"]) == 0
print(*sys.modules, file=sys.stderr)
"""


def test_a_pipe_gets_one_line_a_layer_and_show_loads_no_more_than_it_needs() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[1].split() == ["layer", "op", "output", "parameters", "FLOPs"]
    assert [line.split()[0] for line in lines[2:-4]] == [node.name for node in nodes()]  # then two inputs and two sums
    assert "\x1b" not in done.stdout
    assert lines[6].split() == ["stage1.block1.main.conv1.conv", "conv2d", "64×56×56", "36,864", "231,211,008"]
    vain = {"rich.console", "rich.table", "sklearn", "jinja2", "parity.judgement", "parity.trials.draws"}
    assert not vain & set(done.stderr.split())


def test_list_gives_a_kind_a_line_into_a_pipe(capfd: pytest.CaptureFixture[str]) -> None:
    from parity.cli import status

    assert status(["list"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[-1].split() == ["frameworks", *names()] and len(lines) == 13


def test_an_op_shows_its_inputs_attributes_and_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["show", "dense"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "dense: y = x·Wᵀ + b over the last axis."
    rows = {line.partition(" ")[0]: " ".join(line.split()[1:]) for line in shown[1:]}
    assert rows["inputs"] == "x" and rows["attributes"] == "units (required), bias: true"
    assert rows["parameters"] == "kernel, bias" and rows["definition"] == "parity/ops/dense.py"
    assert status(["show", "dense", "--mermaid"]) == 2
    for op in TABLE:
        assert status(["show", op, "--format", "json"]) == 0


def test_a_size_that_a_spec_lacks_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for name, size, told in (("lenet", "small", True), ("lenet", "full", False), ("resnet18", "small", False)):
        assert status(["show", name, "--size", size]) == 0
        assert ("lenet has no size small: this is the size full" in capsys.readouterr().err) == told
