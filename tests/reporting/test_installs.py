"""The record of what environments take survives the disk, and what is not whole is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from parity.execution.damaged_files import Damaged
from parity.execution.frameworks import names
from parity.judgement import upkeep
from parity.reporting import installs
from parity.reporting.installs import InstallRecord

COMMITTED = Path(__file__).parents[2] / "reports" / "data" / "installs.json"
RECORD = InstallRecord("torch", "2.13.0", 795.5, 10, "3.11.7", ">=3.10", 1.9, "Linux x86_64", "2026-12-01")


def test_records_survive_the_disk(tmp_path: Path) -> None:
    written = [RECORD, replace(RECORD, framework="keras")]
    installs.write(written, tmp_path / "data" / "installs.json")
    assert installs.read(tmp_path / "data" / "installs.json") == [written[1], written[0]]


def test_the_committed_record_is_of_frameworks_of_the_table() -> None:
    assert {one.framework for one in installs.read(COMMITTED)} <= set(names())
    assert installs.spelled(installs.read(COMMITTED)) == COMMITTED.read_text(encoding="utf-8")


@pytest.mark.parametrize("number", ["795.5", "10", '"torch"', '"2026-12-01"'])
def test_a_changed_number_is_refused(tmp_path: Path, number: str) -> None:
    text = installs.spelled([RECORD])
    (tmp_path / "x.json").write_text(
        text.replace(number, number.replace("1", "3").replace("t", "r").replace("7", "8")), "utf-8"
    )
    with pytest.raises(Damaged, match="checksum does not match"):
        installs.read(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("megabytes", -1.0),
        ("framework", "../x"),
        ("date", "today"),
        ("packages", -1),
        ("version", "a\nb"),
        ("import_seconds", True),
    ],
)
def test_a_field_that_cannot_be_is_refused(tmp_path: Path, field: str, value: object) -> None:
    (tmp_path / "x.json").write_text(installs.spelled([replace(RECORD, **{field: value})]), encoding="utf-8")  # type: ignore[arg-type]
    with pytest.raises(Damaged, match=f"install 1: `{field}` cannot be"):
        installs.read(tmp_path / "x.json")


def test_another_format_is_refused(tmp_path: Path) -> None:
    from parity.execution.damaged_files import checksummed

    (tmp_path / "x.json").write_text(json.dumps(checksummed({"format": 2, "installs": []})), encoding="utf-8")
    with pytest.raises(Damaged, match="format 2 is not 1"):
        installs.read(tmp_path / "x.json")


def test_a_statement_on_upkeep_has_a_dated_source() -> None:
    told = [text for name in names() if (text := upkeep.retired(name))]
    assert all("read 20" in text and "(" in text for text in told)
