"""A user's own realization is the files that it is made of: an edit of any of them voids what was recorded of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from parity.execution.launcher import launching, target_sources
from parity.verbs.check import check


def written(place: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    return place


@pytest.mark.parametrize(
    ("files", "target", "expected"),
    [
        ({"mine.py": "import numpy\n", "other.py": ""}, "mine:build", ["mine.py"]),
        ({"mine.py": "import beside\n", "beside.py": "import mine\n"}, "mine:build", ["beside.py", "mine.py"]),
        ({"a/__init__.py": "", "a/b.py": "from . import c\n", "a/c.py": ""}, "a.b:X", ["a/__init__.py", "a/b.py", "a/c.py"]),
        ({"a/__init__.py": "from .c import y\n", "a/b.py": "", "a/c.py": ""}, "a.b:X", ["a/__init__.py", "a/b.py", "a/c.py"]),
        ({"a/d/b.py": "from ..c import y\n", "a/c.py": ""}, "a.d.b:X", ["a/c.py", "a/d/b.py"]),
        ({"mine.py": "def f():\n    from a.c import y\n", "a/c.py": ""}, "mine:f", ["a/c.py", "mine.py"]),
        ({"mine.py": "this is no Python\n"}, "mine:f", ["mine.py"]),
        ({"mine.py": ""}, "nowhere:f", []),
    ],
    ids=["alone", "in a circle", "of its package", "of __init__", "from above", "in a function", "broken", "nowhere"],
)
def test_its_files_are_the_module_and_what_it_imports_from_beside_it(
    tmp_path: Path, files: dict[str, str], target: str, expected: list[str]
) -> None:
    found = target_sources.of(target, [written(tmp_path, files)])
    assert sorted(str(file.relative_to(tmp_path)) for file in found) == expected


@pytest.fixture
def place(tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import sys

    shutil.copytree(fakes, tmp_path / "user")
    monkeypatch.chdir(tmp_path / "user")
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    return tmp_path


def test_an_edited_realization_is_judged_anew_though_its_name_is_the_same(place: Path) -> None:
    def verdict() -> str:
        case = "lenet:sigmoid_2/none/none/float64/cpu/eager/seed0"
        (one,) = check("lenet", dtypes="float64", case_id=case, realizations="torch=mine:Implementation", store=place / "store")
        return one.verdict

    written(
        place / "user", {"mine.py": "from within import Implementation\n", "within.py": "from planted import Implementation\n"}
    )
    assert verdict() == "differs"
    written(place / "user", {"within.py": "from reference_framework import Implementation\n"})
    assert verdict() == "agrees"


def test_a_request_that_another_parity_runs_is_not_written_over(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "LOCK_SECONDS", 0.0)
    request = place / "store/requests/torch-float64"
    with launching.only_writer(request), pytest.raises(BlockingIOError, match="wait for it, or give another directory"):
        check("mlp", dtypes="float64", nodes=False, realizations="torch=planted:Implementation", store=place / "store")
    assert not (request / "request.json").exists()
