"""`--format` of list, show, check, atlas and doctor; colours, NO_COLOR, --quiet, --verbose, and the depth of a network."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from rich.table import Table

from parity.cli import status
from parity.comparing.judged_tensors import TensorVerdict
from parity.execution.launcher import diagnosis
from parity.reporting import summary
from parity.reporting.results import Row
from parity.trials import options
from parity.verbs import check as verb
from parity.verbs import showing, terminal
from parity.verbs.check import verdict_table
from parity.verbs.compare import printing as comparing
from parity.verbs.compare.printing import ComparedModel, ComparedPair
from parity.verbs.terminal import colours, columns, verbosity

CHECK = ("check", "mlp", "--realization", "torch=reference_framework:Implementation", "--dtype", "float64", "--no-nodes")
COMMANDS = {
    "list": (("list",), "kind"),
    "list of a kind": (("list", "optimizers"), "kind"),
    "show": (("show", "resnet18", "--depth", "1"), "layer"),
    "show a rule": (("show", "adam"), "part"),
    "atlas": (("atlas", "torch", "keras"), "name"),
    "doctor": (("doctor",), "state"),
    "check": (CHECK, "spec"),
}


@pytest.fixture
def place(tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One interpreter, which has the fakes; no other framework is built."""
    monkeypatch.chdir(fakes)
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    monkeypatch.setenv("PARITY_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path / "environments"))
    return tmp_path


def once(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    """What is slow runs for the first format alone."""
    function, kept = getattr(module, name), list[object]()

    def held(*words: object, **options: object) -> object:
        if not kept:
            kept.append(function(*words, **options))
        return kept[0]

    monkeypatch.setattr(module, name, held)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_same_rows_come_in_every_format(
    command: str, place: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    once(monkeypatch, verb, "check")
    once(monkeypatch, diagnosis, "diagnose")
    words, first = COMMANDS[command]
    said = {}
    for how in ("json", "csv", "markdown"):
        assert status([*words, "--format", how]) in (0, 3)  # 3: doctor, since frameworks are missing
        said[how] = capfd.readouterr().out
    document = json.loads(said["json"])  # the schema holds it: conftest.py
    rows = list(csv.DictReader(io.StringIO(said["csv"])))
    assert document["columns"][0] == first == said["csv"].partition(",")[0] and len(rows) == len(document["rows"]) > 0
    assert len(said["markdown"].splitlines()) == len(rows) + 2
    assert [row[first] for row in rows] == [str(row[first]) for row in document["rows"]]


def test_a_format_without_meaning_is_a_mistake(capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["list", "--format", "xml"]) == 2
    assert "'xml' is not one of 'table', 'markdown', 'csv', 'json'" in " ".join(capfd.readouterr().err.split())


def test_a_terminal_gets_colours_and_who_wants_none_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            said.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal.say("red", colour="red")
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.say("plain", colour="red")
    assert said == ["\x1b[31mred\x1b[0m\n", "plain\n"]


def test_a_pipe_gets_a_row_of_any_table_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name", "what", box=None)
    table.add_row("a" * 120, "b " * 120)
    terminal.show(table)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_the_first_line_of_a_comparison_has_the_colour_of_its_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, str | None]] = []
    monkeypatch.setattr(terminal, "say", lambda text, colour=None: said.append((text, colour)))
    base, other = (ComparedModel(name, name, f"mine:{name}", {}) for name in ("torch", "keras"))
    for verdict in ("differs", "agrees"):
        comparing.show(ComparedPair(base, other, [TensorVerdict("output", "0", "float64", verdict)], None))
    assert [colour for text, colour in said if "against" in text] == ["red", "green"]
    assert {colour for text, colour in said if "against" not in text} == {None}


@pytest.mark.parametrize(
    ("verdict", "colour"),
    [("exact", "green"), ("documented_difference", "yellow"), ("not_compared", "bright_black"), ("nonfinite", "red"), ("", "")],
)
def test_a_verdict_has_a_colour(verdict: str, colour: str) -> None:
    assert colours.of(verdict) == colour


def rows(*verdicts: str) -> list[Row]:
    return [
        Row(
            *(f"net:{number}/none", f"net:{number}", "nodes", "torch", "2", "cpu", "float64", "eager", "forward", 1, "x"),
            *(41.0 if verdict == "differs" else 0.5, 1.0, verdict, "ran", ""),
        )
        for number, verdict in enumerate(verdicts)
    ]


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        (("agrees", "exact"), "✓ agrees 0.5"),
        (("differs", "agrees", "agrees"), "✗ differs in 1 of 3, 41 × the budget"),
        (("not_compared", "agrees"), "? not compared in 1 of 2"),
        (("differs", "differs", "agrees"), "✗ differs in 2 of 3, 41 × the budget"),
    ],
)
def test_a_cell_says_how_many_of_how_many_and_by_how_much(verdicts: tuple[str, ...], told: str) -> None:
    made = summary.matrix(rows(*verdicts), "architectures")
    (key,) = made.cells
    assert verdict_table.cell_text(made.cells[key], verdict_table._guilty(rows(*verdicts), made)[key]) == told


def test_quiet_says_nothing_of_what_passes_and_verbose_each_case(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status([*CHECK, "--quiet"]) == 0
    assert capfd.readouterr() == ("", "")
    assert status([*CHECK, "--verbose"]) == 0
    seen = capfd.readouterr()
    assert "torch mlp/glorot_uniform/adam/float64/cpu/eager/seed0: ran, " in seen.err and "1 cases × frameworks" in seen.out
    assert status(["list", "suites"]) == 0 and not verbosity.NOW.verbose


def test_a_deep_network_is_joined_in_a_terminal_and_whole_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert status(["show", "resnet152"]) == 0
    whole = capfd.readouterr().out.splitlines()
    assert len(whole) > 500 and not any("--depth" in line for line in whole)
    monkeypatch.setattr(columns, "width", lambda: 100)
    assert status(["show", "resnet152"]) == 0
    joined = capfd.readouterr().out.splitlines()
    assert len(joined) <= showing.MOST + 10 and any("--depth 0 shows every layer" in line for line in joined)
    assert joined[-2:] == whole[-2:]  # the sums are the same
    assert status(["show", "resnet152", "--depth", "0"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == len(whole)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_joined_layers_keep_every_parameter_and_flop(depth: int) -> None:
    whole, joined = showing.described("resnet50"), showing.described("resnet50", depth=depth)
    for column in ("parameters", "FLOPs", "layers"):
        assert sum(map(int, whole.table.column(column))) == sum(map(int, joined.table.column(column)))  # type: ignore[arg-type]
    assert len(joined.table) < len(whole.table) and joined.parameters == whole.parameters == 25_557_032


def test_a_network_is_drawn(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["show", "lenet", "--mermaid", "--svg", str(tmp_path / "net.svg")]) == 0
    out = capfd.readouterr().out
    assert f"wrote {tmp_path / 'net.svg'}" in out and "flowchart TD" in out and "n0 --> n1" in out
    assert (tmp_path / "net.svg").read_text().startswith("<svg")
    assert status(["show", "adam", "--mermaid"]) == 2
    assert "adam is no architecture, so there is nothing to draw" in capfd.readouterr().err


def test_precisions_and_store_are_set_once_for_all_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARITY_STORE", raising=False)
    assert options.dtypes(()) == ("float64", "float32") and options.store(None) == Path(".parity")
    (tmp_path / "pyproject.toml").write_text('[tool.parity]\ndtypes = ["float32"]\nstore = "~/kept"\n')
    assert options.dtypes(()) == ("float32",) and options.dtypes(["float64"]) == ("float64",)
    assert options.store(None) == Path.home() / "kept" and options.store("other") == Path("other")
    (tmp_path / "pyproject.toml").write_text('[tool.parity]\ndtypes = ["float46"]\n')
    with pytest.raises(Exception, match=r"pyproject\.toml: there is no precision `float46`.*did you mean `float64`"):
        options.dtypes(())
