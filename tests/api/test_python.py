"""`import parity` against the command line: every command is a typed function, with the same defaults, told and exemplified."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import rich_click as click
from python_examples import VERBS, examples

import parity
from parity.api import choosing, comparing, housekeeping, inspecting, running, weight_files
from parity.commands import guide
from parity.commands import parity as root
from parity.documents.base_result import Told
from parity.reporting.results import Speed

NAMES = {"list": "list_", "atlas": "atlas_"}
"""Command -> function, where it is not the command's words joined by `_`."""
ALONE = {"read"}
"""Functions without a command: they read what commands have written."""
SHELL = {"completion install", "completion show"}
"""Commands that are of a shell alone."""
PRINTED = {"json_path", "junit_path", "badge_path", "github", "how", "mermaid", "svg"}
"""Options that say where results are written or how they are printed: a result's own methods do so in Python."""
FOLDED = {("bisect", "output"): "the command writes a file that reproduces it", ("fingerprint", "kind"): ""}
COMMANDS = {name: command for name, command in guide.commands(root) if name not in SHELL}
NONE = inspect.Parameter.empty


def function_of(command: str) -> str:
    return NAMES.get(command, command.replace(" ", "_"))


def test_every_function_lies_in_the_room_of_functions() -> None:
    rooms = (choosing, comparing, housekeeping, inspecting, weight_files, running)
    assert {getattr(parity, name).__module__ for name in VERBS} == {room.__name__ for room in rooms}


def test_every_command_is_a_function_and_every_function_a_command() -> None:
    assert {function_of(name) for name in COMMANDS} == set(VERBS) - ALONE


def options() -> Iterator[tuple[str, click.Parameter]]:
    for name, command in COMMANDS.items():
        for parameter in command.params:
            if parameter.expose_value and parameter.name not in PRINTED:
                yield name, parameter


@pytest.mark.parametrize(("command", "option"), [pytest.param(*one, id=f"{one[0]} {one[1].name}") for one in options()])
def test_a_default_is_the_same_in_python_and_on_the_command_line(command: str, option: click.Parameter) -> None:
    if (command, option.name) in FOLDED and FOLDED[command, str(option.name)]:
        return
    signature = inspect.signature(getattr(parity, function_of(command)))
    assert option.name in signature.parameters, f"{command} has {option.name}, and parity.{function_of(command)} has not"
    default = signature.parameters[str(option.name)].default
    assert option.required == (default is NONE)
    if not option.required:
        typed = option.get_default(click.Context(root))
        assert _plain(default) == _plain(() if (typed is None and option.multiple) or option.nargs == -1 else typed)


def _plain(value: object) -> object:
    """Unset is None; a list of no words is none; settings of a fingerprint are none either."""
    if value in ((), None) or type(value).__name__ == "Sentinel":
        return None
    return value


@pytest.mark.parametrize("name", VERBS)
def test_a_function_says_what_it_takes_gives_and_raises_and_has_no_any(name: str) -> None:
    function = getattr(parity, name)
    told = inspect.getdoc(function) or ""
    parameters = inspect.signature(function).parameters
    assert all(word in told for word in (["Parameters:"] if parameters else []) + ["Returns:", "Example:", ">>> "])
    assert not parameters or "Raises:" in told
    assert [parameter for parameter in parameters if f"{parameter}:" not in told] == []
    module = sys.modules[function.__module__]
    hints = typing.get_type_hints(function, {**vars(module), **vars(typing)})
    assert set(hints) == {*parameters, "return"} and not any("Any" in str(hint) for hint in hints.values())


def test_the_page_names_every_function_beside_what_it_gives() -> None:
    page = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `")]
    named = {name.strip(" `"): gives.strip(" `") for names, gives in rows for name in names.split(",")}
    assert set(named) == set(VERBS)
    for name, gives in named.items():
        hint = inspect.signature(getattr(parity, name)).return_annotation
        assert hint == gives or name in ("read", "schema"), name


def test_dir_and_all_are_the_same_and_nothing_is_loaded_for_them() -> None:
    told = (
        "import sys, parity; dir(parity), parity.__all__; print(*(name for name in sys.modules if name.startswith('parity')))"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["parity"]
    assert set(parity.__all__) <= set(dir(parity))
    with pytest.raises(AttributeError, match=r"no attribute 'chekc'; did you mean 'check'"):
        parity.chekc  # type: ignore[attr-defined]  # noqa: B018


def test_the_stub_names_what_the_package_gives() -> None:
    stub = Path(parity.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    lines = [line.split() for line in stub.splitlines() if line.startswith("from ")]
    assert {words[-1]: words[1] for words in lines} == parity._PLACES  # type: ignore[attr-defined]


def test_the_examples_that_need_no_framework_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path / "environments"))
    examples("list_", "show", "atlas_", "doctor", "schema", "read", "env_list", "env_remove", "clean")
    monkeypatch.chdir(Path(__file__).parents[2])
    examples("report")


def test_the_example_of_run_writes_a_plan_and_that_of_bench_reads_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan needs no framework. Samples need a quiet machine: they are made up here, and taken in tests/execution/worker."""
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.chdir(tmp_path)
    examples("run")
    quiet = {"steps": 10, "wall_ns": 5_000_000, "foreign": 0.0, "steal": 0.0}
    disturbed = {**quiet, "wall_ns": 90_000_000, "foreign": 0.9}
    words = ("mlp", "mlp", "torch", "2", "cpu", "float32", "eager", 32)
    speeds = [Speed(*words, [{"blocks": [quiet, disturbed]}], "agrees"), Speed(*words, [{"blocks": [disturbed]}], "agrees")]
    monkeypatch.setattr(running.timing, "bench", lambda *_, **__: speeds[:1])
    examples("bench")
    monkeypatch.setattr(running.timing, "bench", lambda *_, **__: speeds)
    timed = parity.bench("mlp", batch_sizes=[8])
    assert timed.table.column("milliseconds") == (0.5, None) and timed.exit_status == 3 and len(timed.failures) == 1
    assert timed.command == "parity.bench('mlp', batch_sizes=[8])" and len(repr(timed)) <= 200


def test_the_examples_of_check_and_bisect_run_with_a_right_realization(
    tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference stands in for torch; tests/conformance/test_examples_in_python.py runs them with torch."""
    from parity.verbs import check as verb

    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    monkeypatch.setenv("PARITY_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(fakes)
    monkeypatch.setattr(verb, "own_realizations", lambda _: {"torch": "reference_framework:Implementation"})
    examples("check", "bisect")
    monkeypatch.setattr(verb, "own_realizations", lambda _: {"torch": "planted:Implementation"})
    found = parity.bisect("lenet", "torch")
    assert found.node == "sigmoid_2" and found.exit_status == 1 and len(repr(found)) <= 200
    checked = parity.check("lenet", frameworks="torch", dtypes="float64")
    assert checked.failures and checked.command == "parity.check('lenet', frameworks='torch', dtypes='float64')"
    assert "parity check lenet" in checked.cases[0].again and checked.exit_status == 1
    assert checked.to_json(tmp_path / "a.json") == (tmp_path / "a.json").read_text()
    assert parity.read(tmp_path / "a.json") == checked


SCRIPT = """
from pathlib import Path
import parity

checked: parity.Checked = parity.check(["lenet"], frameworks=["torch"], store=Path("store"), nodes=False)
for case in checked:
    print(case.case, case.verdict, case.seconds)
for result in checked.failures:
    print(result.tensor, result.error, result.budget)
print(checked.passed, checked.summary.case_verdicts, checked.to_json("found.json"), checked.table.rows)
compared: parity.Checked = parity.compare(["torch=a:b", "torch=a:c"], inputs="3x4", map_path=None)
departed: parity.Bisected = parity.bisect("lenet", "torch")
print(departed.node, departed.departure and departed.departure.error)
named: parity.Fingerprinted = parity.fingerprint("torch.optim.SGD", settings={"momentum": 0.5, "nesterov": True})
timed: parity.Timed = parity.bench("lenet", batch_sizes=[8])
print(timed.results[0]["processes"], named.name)
shown: parity.Shown = parity.show("lenet", depth=1)
tables: list[parity.Tabled] = [parity.list_("ops"), parity.atlas_(["torch", "keras"]), parity.doctor()]
tables += [parity.env_build("torch"), parity.env_list(), parity.env_remove("torch"), parity.clean(yes=True)]
tables += [parity.env_add("torch", "timm"), parity.env_measure("torch"), parity.recommend(needs="onnx")]
files: list[parity.Written] = [parity.run("quick"), parity.report(), parity.export("lenet", "lenet.onnx")]
files += [parity.site(output="pages")]
files += [parity.weights_import("lenet", "a.npz", "torch"), parity.weights_export("lenet", ["a.pt"], "torch")]
exact: parity.Checked = parity.weights_check("lenet")
back = parity.read("found.json")
if isinstance(back, parity.Checked):
    print(back.verdict)
print(parity.schema()["title"], shown.parameters, [path.name for one in files for path in one.files], parity.__version__)
try:
    parity.check("lenett")
except (parity.UsageError, parity.SpecError) as error:
    print(error)
"""


def typed(script: Path, text: str) -> str:
    """What mypy says of a user's script: of the installed parity, or of a checkout as if it were installed."""
    script.write_text(text)
    words = ["--strict", "--config-file", os.devnull, "--cache-dir", str(script.parent / "cache")]
    home = Path(parity.__file__).parents[1]
    place = {} if home.name == "site-packages" else {"MYPYPATH": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words, "--follow-imports=silent", script.name],
        cwd=script.parent,
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_a_users_script_that_calls_every_function_is_strictly_typed(tmp_path: Path) -> None:
    assert [name for name in VERBS if f"parity.{name}(" not in SCRIPT] == []
    assert "Success" in typed(tmp_path / "mine.py", SCRIPT)
    wrong = typed(tmp_path / "wrong.py", 'import parity\nparity.check("lenet", sede=1)\nparity.show(3).parameter\n')
    assert 'Unexpected keyword argument "sede"' in wrong and '"Shown" has no attribute "parameter"' in wrong


def test_every_result_shows_itself_in_a_line() -> None:
    for told in (parity.show("resnet152"), parity.show("adam"), parity.list_(), parity.atlas_(["torch", "keras"])):
        assert isinstance(told, Told) and len(repr(told)) <= 200
        assert told._repr_html_().startswith("<div>") and len(told._repr_html_()) < 60_000
        assert told.table.columns and told.exit_status == 0 and told.to_json().startswith("{")
