"""What leaves `check` and `compare`: the schema, NaN, files of the first format, JUnit, GitHub, a badge."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from parity.documents import badge, github, junit, schema
from parity.documents.bench_results import Timed
from parity.documents.results import CaseResult, Checked, Result, Summary
from parity.errors import UsageError

VERDICTS = ("exact", "documented_difference", "unsupported", "differs", "not_compared")
ROOT = Path(__file__).parents[2]


def case(verdict: str, number: int = 0, **change: object) -> CaseResult:
    outcome = {"unsupported": "unsupported", "not_compared": "crashed"}.get(verdict, "ran")
    made = CaseResult(f"net/{number}", "torch", verdict, outcome, seconds=0.25, again="parity check net", reason="why")  # type: ignore[arg-type]
    return replace(made, **change)  # type: ignore[arg-type]


def result(one: CaseResult, error: float | None = 3.0) -> Result:
    return Result(
        *(one.case, one.framework, "2.0", "cpu", "float64", "forward", "x", error, 1.0, one.verdict, one.outcome, "why"),
        share=error,
    )


def checked(*cases: CaseResult) -> Checked:
    counts = {one.verdict: sum(other.verdict == one.verdict for other in cases) for one in cases}
    summary = Summary(len(cases), ("torch",), counts, len(cases))
    return Checked(command="parity check net", summary=summary, cases=cases, results=tuple(map(result, cases)))


def every() -> Checked:
    return checked(*(case(verdict, number) for number, verdict in enumerate(VERDICTS)))


def test_what_is_written_is_read_again_and_fits(tmp_path: Path, fits: Callable[[str], str]) -> None:
    wild = replace(every(), results=tuple(result(case("nonfinite"), error) for error in (math.nan, math.inf, -math.inf, None)))
    text = fits(schema.spelled(wild))
    assert [one["error"] for one in json.loads(text)["results"]] == ["NaN", "Infinity", "-Infinity", None]
    (tmp_path / "found.json").write_text(text)
    again = schema.read(tmp_path / "found.json")
    assert isinstance(again, Checked) and math.isnan(again.results[0].error or 0.0) and again.results[1].error == math.inf
    assert schema.spelled(again) == text
    assert again.failures[:1] == (again.results[0],) or math.isnan(again.failures[0].share or 0.0)


def test_a_field_too_much_or_a_bare_nan_is_seen(fits: Callable[[str], str]) -> None:
    import jsonschema

    document = json.loads(schema.spelled(every()))
    with pytest.raises(jsonschema.ValidationError):
        fits(json.dumps({**document, "more": 1}))
    with pytest.raises(pytest.fail.Exception, match="bare NaN"):
        fits(json.dumps({**document, "command": math.nan}))


def test_the_committed_schema_is_the_one_that_the_model_gives() -> None:
    committed = (ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == schema.schema(), "parity schema > docs/results.schema.json"


OLD_CHECK = {
    "schema_version": 1,
    "results": [
        {
            "case": "mlp/glorot_uniform/adam/float64/cpu/eager/seed7",
            "framework": "torch",
            "framework_version": "2.13.0",
            "device": "cpu",
            "dtype": "float64",
            "quantity": "forward",
            "tensor": "logits",
            "verdict": "differs",
            "outcome": "ran",
            "reason": "",
            "error": "NaN",
            "budget": 1e-15,
        }
    ],
    "summary": {
        "cases": 1,
        "frameworks": ["torch"],
        "case_verdicts": {"differs": 1},
        "comparisons": 1,
        "forward_only": [],
        "redraws": 2,
    },
}


def old(**change: object) -> dict[str, object]:
    return json.loads(json.dumps(OLD_CHECK)) | change  # type: ignore[no-any-return]


def test_a_file_of_the_first_format_is_read() -> None:
    found = schema.parsed(old(), "found.json")
    assert isinstance(found, Checked) and found.exit_status == 1 and found.summary.redraws == 2
    assert (found.cases[0].mode, found.cases[0].seed, found.cases[0].verdict) == ("eager", 7, "differs")
    compared = old()
    compared["summary"] = {
        "cases": 1,
        "frameworks": ["torch"],
        "case_verdicts": {"differs": 1},
        "comparisons": 1,
        "notes": [],
        "departures": [
            {
                "case": "a/b",
                "layer": "1",
                "match": "2",
                "quantity": "activation",
                "between": False,
                "error": "inf",
                "inherited": None,
                "added": 0.5,
                "causes": ["epsilon"],
            }
        ],
    }
    read = schema.parsed(compared, "found.json")
    assert isinstance(read, Checked) and read.verb == "compare" and read.summary.departures[0].error == math.inf
    speeds = {"case": "a", "spec": "a", "framework": "torch", "framework_version": "2", "device": "cpu", "dtype": "float32"}
    speeds |= {"mode": "eager", "batch_size": 4, "processes": [], "verdict": "differs", "reason": ""}  # type: ignore[dict-item]
    timed = schema.parsed({"schema_version": 1, "results": [speeds]}, "found.json")
    assert isinstance(timed, Timed) and timed.exit_status == 3


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "it has no `schema_version`"),
        ({"schema_version": 3}, "its `schema_version` is 3, and this parity reads 1 and 2"),
        ({"schema_version": True}, "its `schema_version` is True"),
        ({"schema_version": 1}, "it is no results file of format 1"),
        ({"schema_version": 1, "results": [{}], "summary": {}}, "it is no results file of format 1"),
        ({"schema_version": 2, "verb": "dance"}, "run the command again that wrote it"),
        (old(results=[{**OLD_CHECK["results"][0], "error": "12"}]), "'12' is no number"),  # type: ignore[index, dict-item]
        (old(results=[{**OLD_CHECK["results"][0], "verdict": "fine"}]), "found.json: "),  # type: ignore[index, dict-item]
    ],
)
def test_another_file_is_refused_in_a_sentence(document: object, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        schema.parsed(document, "found.json")
    assert told in str(caught.value) and str(caught.value).startswith("found.json: ")


def test_no_json_is_refused_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff{")
    with pytest.raises(UsageError, match=r"a\.json: it is no JSON"):
        schema.read(tmp_path / "a.json")


def test_junit_tells_errors_from_failures_and_documented_differences_pass() -> None:
    root = ElementTree.fromstring(junit.junit(every()))  # noqa: S314 - it is our own
    told = {one.attrib["name"]: one for one in root.iter("testcase")}
    kinds = {name: [child.tag for child in one if child.tag != "properties"] for name, one in told.items()}
    assert kinds == {"net/0": [], "net/1": ["system-out"], "net/2": ["skipped"], "net/3": ["failure"], "net/4": ["error"]}
    assert [root.attrib[name] for name in ("tests", "failures", "errors", "skipped", "time")] == ["5", "1", "1", "1", "1.250"]
    assert told["net/0"].attrib["time"] == "0.250"
    properties = {one.attrib["name"]: one.attrib["value"] for one in told["net/3"].iter("property")}
    assert properties["verdict"] == "differs" and properties["versions"] == "torch 2.0" and "again" in properties
    assert "documented" in (told["net/1"].findtext("system-out") or "")


def test_github_gets_at_most_ten_annotations_of_each_kind() -> None:
    many = checked(
        *(case("differs", number) for number in range(25)), *(case("documented_difference", 90 + n) for n in range(3))
    )
    lines = github.annotated(many)
    assert len([line for line in lines if line.startswith("::error ")]) == 10
    assert "and 16 more" in lines[9] and len([line for line in lines if line.startswith("::notice ")]) == 3
    assert github.annotated(checked(case("exact"))) == []


def test_no_text_ends_an_annotation_or_begins_another() -> None:
    wild = checked(case("differs", case="a%\r\n::warning::b", framework="x,y:z"))
    (line,) = github.annotated(wild)
    assert "\n" not in line and "\r" not in line and line.count("::") == 4  # two of its own, two in its data
    assert "%25" in line and "%0A" in line and "x%2Cy%3Az" in line


def test_the_summary_keeps_githubs_limit_and_says_what_is_left_out() -> None:
    many = checked(*(case("differs", number, reason="é" * 200) for number in range(200)))
    whole = github.summary(many)
    assert whole.count("| ✗ differs |") == 201 and "do not fit" not in whole  # one of the counts
    short = github.summary(many, 5_000)
    assert len(short.encode()) <= 5_000 and "more rows do not fit in GitHub's summary" in short
    assert github.MOST_BYTES == 1 << 20


def test_the_badge_counts_what_passes() -> None:
    assert json.loads(badge.endpoint(every())) == {
        "schemaVersion": 1,
        "label": "parity",
        "message": "1 of 5 differ",
        "color": "red",
    }
    assert badge.message(checked(case("exact"), case("unsupported", 1))) == ("2 of 2 agree", "brightgreen")
    assert badge.message(checked(case("exact"), case("not_compared", 1))) == ("1 of 2 not compared", "lightgrey")
    assert badge.message(checked())[1] == "lightgrey"
    picture = ElementTree.fromstring(badge.svg(every()))  # noqa: S314 - it is our own
    assert picture.attrib["aria-label"] == "parity: 1 of 5 differ"


def test_a_result_says_itself_in_a_line_and_a_page() -> None:
    many = checked(*(case("differs", number, case=f"<b>{number}" * 100) for number in range(1_000)))
    for told in (many, many.cases[0], many.results[0], many.table):
        assert len(repr(told)) <= 200 and "\n" not in repr(told)
    page = many._repr_html_()
    assert "<b>" not in page and len(page) < 100_000 and "940 more rows" in page
    assert many.exit_status == 1 and not many.passed and len(many) == 1_000 and next(iter(many)) is many.cases[0]
    assert many.failures[0].share == 3.0 and checked(case("exact")).failures == ()
