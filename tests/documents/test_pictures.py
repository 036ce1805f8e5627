"""Pictures of results: well-formed, escaped, and their bars as long as the numbers say."""

from __future__ import annotations

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import parity
from parity.documents.bench_results import Timed, Timing
from parity.documents.pictures import ACROSS, MOST_BARS, ResultBar, ResultPicture, bars
from parity.documents.results import CaseResult, Checked, Result, Summary
from parity.errors import UsageError

SVG = "{http://www.w3.org/2000/svg}"


def lengths(picture: ResultPicture) -> list[float]:
    """Of the bars alone: the ground has no place."""
    root = ElementTree.fromstring(picture.svg)  # noqa: S314  our own text
    return [float(item.get("width", "")) for item in root.iter(f"{SVG}rect") if item.get("x")]


def case(name: str, verdict: str, share: float | None) -> CaseResult:
    return CaseResult(case=name, framework="torch", verdict=verdict, outcome="ran", share=share)  # type: ignore[arg-type]


def checked(*cases: CaseResult, results: tuple[Result, ...] = ()) -> Checked:
    counted = Summary(cases=len(cases), frameworks=("torch",), case_verdicts={}, comparisons=len(results))
    return Checked(summary=counted, cases=cases, results=results)


def result(tensor: str, error: float | None, quantity: str = "activation", framework: str = "torch") -> Result:
    return Result(
        case="one", framework=framework, framework_version="2", device="cpu", dtype="float64", quantity=quantity, tensor=tensor,
        error=error, budget=1.0, verdict="agrees", outcome="ran", reason="",
    )  # fmt: skip


def test_shares_stand_by_size_before_the_line_of_the_whole_budget() -> None:
    drawn = checked(
        case("half", "agrees", 0.5), case("twice", "differs", 2.0), case("none", "not_compared", None)
    ).plot_shares()
    assert lengths(drawn) == [ACROSS, ACROSS / 4, 1.0]
    names = re.findall(r">(torch [a-z]+)</text>", drawn.svg)
    assert names == ["torch twice", "torch half", "torch none"]
    assert f"M{300 + ACROSS / 2:.1f}," in drawn.svg and "#b3261e" in drawn.svg and "#1a7f37" in drawn.svg


def test_errors_stand_on_powers_of_ten_in_the_order_of_the_computation() -> None:
    rows = (result("a", 1e-16), result("b", 1e-9), result("c", 0.0), result("d", 1e-2), result("e", 1.0, "gradient"))
    drawn = checked(results=rows).plot_errors()
    assert lengths(drawn) == pytest.approx([ACROSS / 15, ACROSS * 8 / 15, 1.0, ACROSS], abs=0.1)
    assert len(lengths(checked(results=rows).plot_errors("gradient", "torch"))) == 1
    with pytest.raises(UsageError, match=r"quantity 'loss'; there are activation, gradient"):
        checked(results=rows).plot_errors("loss")


def test_what_is_no_number_is_told(tmp_path: Path) -> None:
    hostile = "<script>&\x00\ud800" + "y" * 80
    drawn = bars(
        hostile,
        [ResultBar(hostile, math.nan, "nonfinite"), ResultBar("b", math.inf), ResultBar("c", None), ResultBar("d", 1.0)],
        powers=True,
    )
    root = ElementTree.fromstring(drawn.svg)  # noqa: S314
    assert "script" not in {item.tag.removeprefix(SVG) for item in root.iter()}
    assert lengths(drawn)[:3] == [ACROSS, ACROSS, 1.0]
    assert ">nan</text>" in drawn.svg and ">—</text>" in drawn.svg
    assert len(repr(drawn)) <= 200
    plain = bars("many", [ResultBar(str(place), 1.0) for place in range(MOST_BARS + 1)])
    assert len(lengths(plain)) == MOST_BARS and f"the first {MOST_BARS} of {MOST_BARS + 1}" in plain.svg
    assert plain.save(tmp_path / "a.svg").read_text(encoding="utf-8") == plain._repr_svg_() == plain.svg
    assert lengths(bars("empty", [])) == [] and lengths(bars("zero", [ResultBar("a", 0.0)])) == [1.0]


def test_times_and_networks_are_drawn() -> None:
    block = {"wall_ns": 4e6, "steps": 2, "foreign": 0.0, "steal": 0.0, "throttled": 0.0}
    cell = Timing(
        case="c", spec="lenet", framework="torch", framework_version="2", device="cpu", dtype="float32", mode="eager",
        batch_size=8, processes=({"blocks": [block]},), verdict="agrees", reason="",
    )  # fmt: skip
    drawn = Timed(results=(cell,)).plot_times()
    assert ">2</text>" in drawn.svg and "lenet torch eager ×8" in drawn.svg
    assert parity.show("lenet").plot_network().svg.startswith("<svg")
    with pytest.raises(UsageError, match="adam is no network"):
        parity.show("adam").plot_network()
