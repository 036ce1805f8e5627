"""The release run in small: it counts, goes on where it ended, and its committed page follows from its figures."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.tools import damaged_native, release_run
from tests.tools.ended_workers import Ending
from tests.tools.release_run import FIGURES, PAGE, PLACE, Chunk, main


def test_a_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    assert main(["--output", str(tmp_path), "--injections", "30", "--specs", "500"]) == 0
    first = json.loads((tmp_path / FIGURES).read_text())
    assert main(["--output", str(tmp_path), "--injections", "60", "--specs", "500"]) == 0
    second = json.loads((tmp_path / FIGURES).read_text())
    assert second["kinds"]["specs"] == first["kinds"]["specs"]
    assert [one["kinds"]["injections"]["outcomes"] for one in (first, second)] == [{"text": 30}, {"text": 60}]
    assert sum(second["kinds"]["specs"]["outcomes"].values()) == 500


def test_a_bad_end_is_counted_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_run, "injections", lambda number: Chunk(Counter({"came through": 1}), [f"HTML: {number}"]))
    assert main(["--output", str(tmp_path), "--injections", "60"]) == 1
    told = json.loads((tmp_path / FIGURES).read_text())["kinds"]["injections"]
    assert (told["bad"], told["stories"]) == (2, ["HTML: 0", "HTML: 1"])
    assert "| injected texts | 60 | 1,500 | 2 | 2 came through |" in (tmp_path / PAGE).read_text()


def test_figures_of_another_code_are_not_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_run, "injections", lambda number: Chunk(Counter({"text": 25}), []))
    main(["--output", str(tmp_path), "--injections", "25"])
    monkeypatch.setattr(release_run, "code", lambda: "0" * 64)
    with pytest.raises(SystemExit, match="--anew begins again"):
        main(["--output", str(tmp_path), "--injections", "50"])
    assert main(["--output", str(tmp_path), "--injections", "25", "--anew"]) == 0


def test_endings_of_workers_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [Ending("Sound", ()), Ending("Exits", ("case 1: ran, not crashed: ",))]
    monkeypatch.setattr(release_run.ended_workers, "rounds", lambda count, seed: told)
    assert main(["--output", str(tmp_path), "--endings", "1"]) == 1
    found = json.loads((tmp_path / FIGURES).read_text())["kinds"]["endings"]
    assert (found["outcomes"], found["stories"]) == ({"a fault": 1, "its case alone": 1}, ["Exits: case 1: ran, not crashed: "])


def test_a_process_that_damaged_weights_end_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third file ends the process; the others are read all the same."""
    fake = tmp_path / "python"
    line = json.dumps({"damage": "bits", "outcome": "refused", "told": "ValueError: no"})
    fake.write_text(f"#!/bin/sh\n[ $4 -gt 2 ] && echo '{line}' && exit\necho '{line}'\necho '{line}'\nexit 11\n")
    fake.chmod(0o755)
    monkeypatch.setattr("parity.execution.launcher.environments.installed", lambda _: SimpleNamespace(interpreter=fake))
    found = [one.outcome for one in damaged_native.outcomes("torch", 4, 0)]
    assert found == ["refused", "refused", "ended", "refused"]


def test_the_committed_page_follows_from_its_figures() -> None:
    figures = json.loads((PLACE / FIGURES).read_text(encoding="utf-8"))
    assert (PLACE / PAGE).read_text(encoding="utf-8") == release_run.page(figures)
