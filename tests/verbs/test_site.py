"""`parity site`: written once, held to the records afterwards, and to nothing else in its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from parity.cli import status

REPORTS = Path(__file__).parents[2] / "reports"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of one report, beside its records."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(REPORTS / "full64", folder / "reports")
    assert status(["site", str(folder / "reports"), "-o", str(folder / "site")]) == 0
    return folder / "site"


def test_the_site_follows_from_the_records_byte_for_byte(made: Path) -> None:
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    assert status(["site", str(made.parent / "reports"), "-o", str(made), "--check"]) == 0
    assert status(["site", str(made.parent / "reports"), "-o", str(made)]) == 0
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda site: (site / "atlas.html").write_bytes(b""), "atlas.html does not follow from the records"),
        (lambda site: (site / "pick.html").unlink(), "pick.html does not follow from the records"),
        (lambda site: (site / "more.html").write_text("x"), "more.html is no file of the site"),
    ],
)
def test_a_change_is_noticed(change: object, told: str, made: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(made, tmp_path / "site")
    change(tmp_path / "site")  # type: ignore[operator]
    assert status(["site", str(made.parent / "reports"), "-o", str(tmp_path / "site"), "--check"]) == 1
    assert told in capfd.readouterr().err


def test_a_site_that_is_not_there_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["site", str(REPORTS / "full64"), "-o", str(tmp_path / "site"), "--check"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert f"there is no folder {tmp_path / 'site'} to check" in line and "writes it" in line


def test_a_page_of_an_earlier_site_goes(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "site")
    (tmp_path / "site" / "old.html").write_text("x", encoding="utf-8")
    assert status(["site", str(made.parent / "reports"), "-o", str(tmp_path / "site")]) == 0
    assert not (tmp_path / "site" / "old.html").exists()


def test_a_folder_of_others_is_left_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert status(["site", str(REPORTS), "-o", str(tmp_path)]) == 2
    assert "none of a site's" in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_damaged_records_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(REPORTS / "full64", tmp_path / "reports")
    file = tmp_path / "reports" / "data" / "comparisons.jsonl"
    file.write_bytes(file.read_bytes()[:-10])
    assert status(["site", str(tmp_path / "reports"), "-o", str(tmp_path / "site")]) == 2
    assert "comparisons.jsonl" in capfd.readouterr().err and not (tmp_path / "site").exists()


def test_one_report_alone_makes_a_site(made: Path) -> None:
    assert "Not measured here" in (made / "atlas.html").read_text(encoding="utf-8")
    assert "42 of 42 networks at their published size in float64" in (made / "index.html").read_text(encoding="utf-8")
