"""Records and arrays on disk: what is torn, flipped, foreign or misplaced is noticed, and nothing else is lost."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parity.execution import arrays as array_files
from parity.execution import records
from parity.execution.records import Record, StoredArrays
from parity.spec.cases import Case
from parity.spec.graph import Graph, Node

KEY = "ab" * 32


def record(number: int = 0, **changes: object) -> Record:
    made = Record(f"{number:064x}", f"tiny/seed{number}", "torch", "ran", "float32", versions={"torch": "2.13.0"})
    return replace(made, **changes)  # type: ignore[arg-type]


def test_round_trip_with_everything(tmp_path: Path) -> None:
    whole = record(
        reason='a\nline, a quote " and a ü',
        arrays=StoredArrays(f"arrays/{KEY}.npz", "cd" * 32, {"loss": "bfloat16"}),
        measurements={"blocks": [{"wall_ns": 1 << 60, "foreign": math.inf}], "lowest": -math.inf, "count": 3},
        seconds=0.1,
    )
    records.append(tmp_path, whole)
    reading = records.read(tmp_path)
    assert reading.records == (whole,)
    assert reading.notices == ()
    assert reading.end == (tmp_path / records.FILE).stat().st_size


def test_not_a_number_travels_as_a_string() -> None:
    line = records.encode(record(measurements={"x": math.nan}))
    assert json.loads(line, parse_constant=pytest.fail)["measurements"] == {"x": "NaN"}
    found = records.decode(line).measurements
    assert found is not None
    assert math.isnan(found["x"])


def test_an_unknown_outcome_is_refused() -> None:
    with pytest.raises(ValueError, match="outcome 'passed' is none of"):
        records.encode(record(outcome="passed"))


def test_a_tail_torn_at_any_byte_costs_its_record_alone(tmp_path: Path) -> None:
    whole = [record(number) for number in range(2)]
    torn = records.encode(record(2)).encode()
    path = tmp_path / records.FILE
    for cut in range(1, len(torn) + 1):
        path.unlink(missing_ok=True)
        for item in whole:
            records.append(tmp_path, item)
        with path.open("ab") as file:
            file.write(torn[:cut])
        reading = records.read(tmp_path)
        assert list(reading.records) == whole
        assert "torn tail" in reading.notices[0]
        assert len(records.drop_torn_tail(tmp_path)) == 1
        records.append(tmp_path, record(3))
        assert [item.key for item in records.read(tmp_path).records] == [record(number).key for number in (0, 1, 3)]
        assert records.read(tmp_path).notices == ()


def test_a_torn_tail_does_not_swallow_the_next_record(tmp_path: Path) -> None:
    (tmp_path / records.FILE).write_bytes(b'{"torn')
    records.append(tmp_path, record())
    reading = records.read(tmp_path)
    assert reading.records == (record(),)
    assert reading.spoiled == {record().key}


def test_no_flipped_bit_gives_another_record() -> None:
    line = records.encode(record(measurements={"x": 1.5})).encode()
    for place in range(len(line)):
        for bit in range(8):
            flipped = bytearray(line)
            flipped[place] ^= 1 << bit
            with pytest.raises(ValueError):
                records.decode(flipped.decode())


@pytest.mark.parametrize("line", ["[]", "null", "{}", '{"format":1}', "[" * 100_000, "\x00"], ids=repr)
def test_garbage_is_dropped_with_a_notice(tmp_path: Path, line: str) -> None:
    records.append(tmp_path, record(0))
    records.append_line(tmp_path / records.FILE, line)
    records.append(tmp_path, record(1))
    records.append(tmp_path, record(2))
    reading = records.read(tmp_path)
    assert [item.key for item in reading.records] == [record(number).key for number in range(3)]
    assert "1 lines are dropped" in reading.notices[0]
    assert reading.spoiled == {record(1).key}


def test_another_format_is_dropped_by_name() -> None:
    body = json.loads(records.encode(record()))
    del body["checksum"]
    body["format"] = 99
    body["checksum"] = records._digest(records.canonical(body))
    with pytest.raises(ValueError, match="its format is 99, and this parity reads 1"):
        records.decode(records.canonical(body))


def test_the_current_format_has_a_history() -> None:
    assert max(records.HISTORY) == records.FORMAT


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    records.append(tmp_path, record(0))
    first = records.read(tmp_path)
    records.append(tmp_path, record(1))
    assert records.read(tmp_path, first.end).records == (record(1),)


def test_the_last_record_of_a_key_counts(tmp_path: Path) -> None:
    records.append(tmp_path, record(outcome="crashed"))
    records.append(tmp_path, record())
    assert records.read(tmp_path).latest()[record().key].outcome == "ran"


CASE = Case(spec="adam", task="agreement", dtype="float32", optimizer="adam", hyperparameters={"beta_1": 0.9}, seed=3)
DETERMINED = {"case": CASE, "draws": "d", "framework": "torch", "versions": {"torch": "2.13.0"}, "implementation": "i"}


@pytest.mark.parametrize(
    "change",
    [
        {"case": replace(CASE, hyperparameters={"beta_1": 0.9000000000000001})},
        {"case": replace(CASE, dtype="float64")},
        {"case": replace(CASE, device="gpu")},
        {"case": replace(CASE, mode="compiled")},
        {"case": replace(CASE, seed=4)},
        {"case": replace(CASE, graph=Graph("g", (), (), (), ()))},
        {"draws": "e"},
        {"framework": "mxnet"},
        {"versions": {"torch": "2.13.1"}},
        {"versions": {"torch": "2.13.0", "numpy": "2.4.6"}},
        {"implementation": "j"},
        {"threads": 2},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_key_changes_with_everything_that_determines_the_result(change: dict[str, object]) -> None:
    key = records.record_key(**DETERMINED)  # type: ignore[arg-type]
    assert key == records.record_key(**DETERMINED)  # type: ignore[arg-type]
    assert records.record_key(**{**DETERMINED, **change}) != key  # type: ignore[arg-type]


def test_the_key_does_not_change_with_a_place_in_the_spec() -> None:
    def key(place: str) -> str:
        node = Node("a", "relu", {"x": "x"}, {}, {}, {"": (3,)}, place=place)
        case = replace(CASE, graph=Graph("g", (), (node,), ("a",), ()))
        return records.record_key(**{**DETERMINED, "case": case})  # type: ignore[arg-type]

    assert key("3:5") == key("7:1")


def test_the_source_digest_sees_contents_and_names(tmp_path: Path) -> None:
    package = tmp_path / "impl"
    package.mkdir()
    (package / "a.py").write_text("x = 1\n")
    before = records.source_digest([package])
    (package / "notes.txt").write_text("no source")
    assert records.source_digest([package]) == before
    (package / "a.py").rename(package / "b.py")
    renamed = records.source_digest([package])
    (package / "b.py").write_text("x = 2\n")
    assert len({before, renamed, records.source_digest([package])}) == 3


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "bool"])
def test_arrays_come_back_bit_for_bit(tmp_path: Path, dtype: str) -> None:
    arrays = {"value/a.b": np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype).T, "loss": np.array(1, dtype)}
    stored = array_files.store(tmp_path, KEY, arrays, "float64")
    found = array_files.load(tmp_path, stored)
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == ("float32" if dtype == "float16" else dtype)
        assert np.array_equal(found[name], array)
    assert stored.widened == ({"value/a.b": "float16", "loss": "float16"} if dtype == "float16" else {})


def test_widened_bfloat16_is_known_by_its_bits(tmp_path: Path) -> None:
    narrow = (np.array([1.0, math.pi, math.inf], np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)
    stored = array_files.store(tmp_path, KEY, {"narrow": narrow, "wide": np.float32([math.pi])}, "bfloat16")
    assert stored.widened == {"narrow": "bfloat16"}


def test_the_bytes_depend_on_the_arrays_alone(tmp_path: Path) -> None:
    one = array_files.write_npz(tmp_path / "1.npz", {"a": np.arange(3), "b": np.arange(4)})
    two = array_files.write_npz(tmp_path / "2.npz", {"b": np.arange(4), "a": np.arange(3)})
    assert one == two
    assert one != array_files.write_npz(tmp_path / "3.npz", {"a": np.arange(3), "b": np.arange(4) + 1})


def test_changed_arrays_are_refused(tmp_path: Path) -> None:
    stored = array_files.store(tmp_path, KEY, {"a": np.arange(100)}, "float64")
    path = tmp_path / stored.file
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="was changed or torn; run its case again"):
        array_files.load(tmp_path, stored)


@pytest.mark.parametrize("array", [np.array([object()]), np.array(["text"]), np.array([1j])], ids=["object", "text", "complex"])
def test_what_is_no_number_is_not_stored(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="cannot be stored"):
        array_files.store(tmp_path, KEY, {"a": array}, "float64")
    assert not (tmp_path / "arrays" / f"{KEY}.npz").exists()


def test_pickled_arrays_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "arrays").mkdir()
    path = tmp_path / "arrays" / f"{KEY}.npz"
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        array_files.load(tmp_path, StoredArrays(f"arrays/{KEY}.npz", records.file_digest(path)))


@pytest.mark.parametrize("file", ["../secret.npz", "/etc/passwd", f"arrays/../{KEY}.npz", f"arrays/{KEY}.npy", "arrays/x.npz"])
def test_a_record_does_not_lead_elsewhere(tmp_path: Path, file: str) -> None:
    with pytest.raises(ValueError, match="is no place for arrays"):
        array_files.load(tmp_path, StoredArrays(file, "ab" * 32))
