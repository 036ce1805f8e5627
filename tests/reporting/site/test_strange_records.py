"""Records that the checks of fields let through, however strange, make valid pages, whatever is large, small or missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import read_pages
import site_material

from parity.reporting.results import Curve, Row, Speed
from parity.reporting.site import charts, pages
from parity.reporting.site.charts import ChartBar, Line
from parity.reporting.site_material import SiteMaterial, SuiteRecords

SMALL = site_material.small()
(SUITE,) = SMALL.suites
MANY = tuple(f"f{number}" for number in range(8))
"""More frameworks than the style sheet has colours for."""
FOUND = (
    ("agrees", 1.0, 2.0),
    ("differs", 1e299, 1e-299),
    ("nonfinite", None, None),
    ("not_compared", None, 0.0),
    ("exact", 0.0, 0.0),
    ("unsupported", None, None),
    ("documented_difference", 1.0, 0.0),
)
PLACES = ("d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "points", "width", "height")
LOSSES = ([None, None, None], [0.0, 0.0, 0.0], [-1.0, 5.0, -1e20], [1e299, 1e-299, 1.0], [2.0, 2.0, 2.0])


def rows() -> Iterator[Row]:
    for name in MANY:
        for row in SUITE.results.rows[:2]:
            for device, dtype in (("cpu", "float64"), ("gpu", "bfloat16")):
                for verdict, error, budget in FOUND:
                    yield replace(row, framework=name, device=device, dtype=dtype, verdict=verdict, error=error, budget=budget)


def curves() -> Iterator[Curve]:
    for number, losses in enumerate(LOSSES):
        for curve in SUITE.results.curves:
            yield replace(curve, spec=("lenet", "adam", "x")[number % 3], case=f"c{number}", losses=losses)


def speeds() -> Iterator[Speed]:
    """Cells without a sample, of a case whose id is none of ours, and one cell twice."""
    for name in MANY:
        for speed in SUITE.results.speeds[:1]:
            for case, processes in (("odd", []), ("odd", speed.processes), (speed.case, speed.processes), (speed.case, [])):
                yield from (replace(speed, framework=name, device="gpu", case=case, processes=processes) for _ in range(2))


def strange() -> SiteMaterial:
    results = replace(SUITE.results, rows=tuple(rows()), curves=tuple(curves()), speeds=tuple(speeds()))
    return replace(SMALL, suites=(SuiteRecords(".", results), SuiteRecords("full", SUITE.results)))


def test_strange_records_make_valid_pages() -> None:
    made = pages.built(strange())
    read = {name: read_pages.read(text) for name, text in made.items() if name.endswith(".html")}
    assert {name: page.problems for name, page in read.items() if page.problems} == {}
    for name, page in read.items():
        numbers = [
            value
            for _, given in page.attributes
            for key, value in given.items()
            if key in ("d", "x", "y", "cx", "cy", "points")
        ]
        assert not [value for value in numbers if "nan" in value or "inf" in value], name
    for name, text in made.items():
        if name.endswith(".json"):
            json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("values", [[1.0], [0.0], [None], [], [1e-300, 1e300], [-5.0, 5.0], [3.0] * 500, [0.1, 0.2, None, 0.3]])
def test_a_curve_of_anything_is_a_picture_or_nothing(values: list[float | None], logarithmic: bool) -> None:
    drawn = str(charts.lines("t", "told", [Line("a", "s0", values)], "x", "y", logarithmic))
    assert "nan" not in drawn and "inf" not in drawn
    assert bool(drawn) == any(value is not None and (value > 0 or not logarithmic) for value in values)


def test_a_long_curve_is_thinned_to_means_of_neighbours() -> None:
    assert charts.thinned([1.0, 3.0]) == [1.0, 3.0]
    found = charts.thinned([float(number) for number in range(360)])
    assert len(found) == 120 and found[:2] == [1.0, 4.0]
    assert charts.thinned([None] * 360) == [None] * 120


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.93), (0.0, 1.5), (0.0, 7e-9), (-3.0, 12.0), (0.0, 123456.0)])
def test_ticks_are_few_and_hold_the_range(low: float, high: float) -> None:
    ticks = charts.nice_ticks(low, high)
    assert 2 <= len(ticks) <= 9 and ticks[0] <= low and ticks == sorted(set(ticks))
    assert ticks[-1] >= high


def test_a_bar_ends_where_its_value_lies() -> None:
    """1 of 2 is half as long as 2 of 2."""
    drawn = str(charts.bars("t", "told", [ChartBar("a", "s0", 1.0, 1.0, 1.0, ""), ChartBar("b", "s1", 2.0, 2.0, 2.0, "")], "x"))
    widths = [float(given["width"]) for given in read_pages.read(drawn).of("rect")]
    assert widths[1] == pytest.approx(2 * widths[0], rel=1e-2)


def test_a_picture_has_no_style_of_its_own_and_says_what_it_shows() -> None:
    drawn = str(charts.shares("title", "told & <more>", {"a": [("agrees", 3, "agrees"), ("differs", 1, "differs")]}))
    assert "style=" not in drawn and "told &amp; &lt;more&gt;" in drawn
    assert [given["aria-label"] for given in read_pages.read(drawn).of("svg") if "aria-label" in given] == ["told & <more>"]
