"""Which frameworks a command asks: those that are named, those that the user has set once, or those that are built."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from parity.cli import status
from parity.errors import UsageError
from parity.execution.frameworks import TABLE, Variant, training
from parity.trials import selected_frameworks


@pytest.fixture(autouse=True)
def nothing_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment, no variable that names an interpreter, no setting: a machine where parity was installed a minute ago."""
    for name in training():
        monkeypatch.delenv(f"PARITY_{name.upper()}_PYTHON", raising=False)
    monkeypatch.delenv("PARITY_FRAMEWORKS", raising=False)
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.chdir(tmp_path)


def test_where_none_is_built_all_are_asked_and_each_says_how_to_build_it() -> None:
    assert selected_frameworks.chosen(()) == training() and selected_frameworks.unbuilt(()) == ()


def test_what_is_built_is_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    assert selected_frameworks.chosen(()) == selected_frameworks.that_train(()) == ("torch",)
    assert selected_frameworks.unbuilt(()) == tuple(name for name in training() if name != "torch")
    assert selected_frameworks.chosen(["jax"]) == ("jax",) and selected_frameworks.unbuilt(["jax"]) == ()


def test_a_newcomer_is_asked_by_name_alone_though_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE, "torch", replace(TABLE["torch"], variants=(Variant("torch", default=False),)))
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    assert "torch" not in selected_frameworks.chosen(()) and "torch" not in selected_frameworks.that_train(())
    assert selected_frameworks.chosen(["torch"]) == selected_frameworks.that_train(["torch"], "atlas") == ("torch",)


def test_a_variable_goes_before_a_file_and_a_name_before_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "parity.toml").write_text('frameworks = ["jax"]\n')
    assert selected_frameworks.chosen(()) == ("jax",)
    monkeypatch.setenv("PARITY_FRAMEWORKS", "torch, keras")
    assert selected_frameworks.chosen(()) == ("torch", "keras")
    assert selected_frameworks.chosen(["onnx"]) == ("onnx",)


def test_settings_are_found_in_a_project_and_from_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\n[tool.parity]\nframeworks = ["keras"]\n')
    below = tmp_path / "src" / "mine"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert selected_frameworks.chosen(()) == ("keras",)
    (below / "pyproject.toml").write_text('[project]\nname = "another"\n')  # says nothing of parity
    assert selected_frameworks.chosen(()) == ("keras",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('frameworks = ["tensorflow"]', "did you mean `keras`?"),
        (
            'framework = ["torch"]',
            "there is no setting `framework`; there are frameworks, store, dtypes; did you mean `frameworks`?",
        ),
        ('frameworks = "torch"', "`frameworks` must be a list of words"),
        ("frameworks = [1]", "`frameworks` must be a list of words"),
        ("frameworks = [", "Invalid value"),
        ("\udcff", "utf-8"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_the_file(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "parity.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError) as caught:
        selected_frameworks.chosen(())
    assert str(caught.value).startswith(str(tmp_path / "parity.toml")) and told in str(caught.value)


def test_a_wrong_variable_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_FRAMEWORKS", "pytorch")
    with pytest.raises(UsageError, match=r"PARITY_FRAMEWORKS: there is no framework 'pytorch'.*did you mean `torch`"):
        selected_frameworks.that_train(())


def test_what_the_user_has_set_is_asked_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is set and not built is missing, as where the command names it: status 3."""
    monkeypatch.setenv("PARITY_FRAMEWORKS", "jax")
    assert status(["check", "sgd", "--dtype", "float64", "--store", str(tmp_path / "store")]) == 3
    seen = capfd.readouterr()
    assert "parity env build jax" in seen.out and "not asked" not in seen.err


def test_what_is_not_asked_is_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    from parity.verbs.terminal import not_built

    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    not_built.tell(())
    told = capfd.readouterr().err
    assert told.startswith("not asked, since not built: ") and "keras" in told and told.count("\n") == 1
    not_built.tell(["torch"])
    assert capfd.readouterr().err == ""
