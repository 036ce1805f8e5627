"""A picture is whole XML without a script; lines lie where their values are; what an axis cannot hold leaves a gap."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from parity.reporting import drawing, pictures
from parity.reporting.pictures import Axis, Band, BarPicture, LinePicture, PictureBar, Series


def picture(*series: Series, logarithmic: bool = False, bands: tuple[Band, ...] = ()) -> LinePicture:
    return LinePicture("T", "what it shows", Axis("step"), Axis("loss", logarithmic), series, bands)


def path(drawn: str) -> str:
    return next(found for found in re.findall(r'<path d="([^"]*)" fill="none"', drawn) if "H" not in found)


def test_a_line_goes_from_corner_to_corner() -> None:
    drawn = drawing.svg(picture(Series("a", "#c23b22", [0, 1, 2], [0.0, 1.0, 2.0])), 520, 300)
    assert path(drawn) == "M68.0 256.0L286.0 135.0L504.0 14.0"
    root = ElementTree.fromstring(drawn)  # noqa: S314 - it is our own
    assert root.attrib["viewBox"] == "0 0 520 300" and root.attrib["aria-label"] == "T. what it shows"


def test_what_a_logarithmic_axis_cannot_hold_leaves_a_gap() -> None:
    drawn = drawing.svg(picture(Series("a", "#c23b22", [0, 1, 2, 3], [1.0, 0.0, None, 0.1]), logarithmic=True))
    assert path(drawn).count("M") == 2 and path(drawn).count("L") == 0


def test_coinciding_lines_can_be_told_apart_without_colour() -> None:
    drawn = drawing.svg(picture(*(Series(name, "#000000", [0, 1], [1.0, 2.0], place) for place, name in enumerate("abc"))))
    assert drawn.count('stroke-dasharray="6 3"') == 2 and drawn.count('stroke-dasharray="2 2"') == 2  # the line and its key


@pytest.mark.parametrize("size", [(200, 150), (520, 300), (2000, 1200)])
def test_a_picture_is_of_any_size_and_nothing_leaves_it(size: tuple[int, int]) -> None:
    band = Band("twin", "#9a9a9a", [0, 1], [0.5, 0.5], [3.0, 1.0])
    drawn = drawing.svg(picture(Series("a", "#c23b22", [0, 1], [1.0, 2.0]), bands=(band,)), *size)
    ys = [float(y) for y in re.findall(r"[0-9.]+,([0-9.]+)", re.findall(r'points="([^"]*)"', drawn)[0])]
    assert min(ys) >= 0 and max(ys) <= size[1] and 'fill-opacity="0.25"' in drawn


def test_a_bar_has_its_length_and_its_interval() -> None:
    drawn = drawing.svg(
        BarPicture("T", "x", Axis("times"), [PictureBar("torch", 1.0, 0.5, 2.0), PictureBar("keras", 2.0, 2.0, 2.0)])
    )
    wide = [float(width) for width in re.findall(r'width="([0-9.]+)" height="14"', drawn)]
    assert wide[1] == pytest.approx(2 * wide[0], abs=0.1)
    assert drawn.count(f'stroke="{drawing.WHISKER}"') == 2


def test_an_empty_picture_says_so() -> None:
    empty = picture(Series("a", "#c23b22", [0], [None]))
    assert pictures.nothing(empty) and "nothing to draw" in drawing.svg(empty)
    assert pictures.nothing(BarPicture("T", "x", Axis("times"), []))
    assert not pictures.nothing(picture(Series("a", "#c23b22", [0], [1.0])))
