"""`parity plot`: a figure in one command, of the asked size in each format; a mistake is told before any work."""

from __future__ import annotations

import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from parity.cli import status
from parity.reporting.pictures import Axis, BarPicture, LinePicture, PictureBar, Series
from parity.verbs import plot
from parity.verbs.plot import files

FIGURES = [
    ("optimizers", "sgd momentum adam"),
    ("descents", "sgd adam"),
    ("initializers", "glorot_uniform he_normal"),
    ("activations", "mlp"),
    ("gradients", "mlp"),
    ("loss", "lenet"),
    ("drift", "lenet"),
    ("speed", "lenet"),
]


@pytest.mark.parametrize(("subject", "names"), FIGURES, ids=lambda word: word.replace(" ", "-"))
def test_every_figure_is_one_command(subject: str, names: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "figure.svg"
    assert status(["plot", subject, *names.split(), "-o", str(file), "--width", "640"]) == 0
    root = ElementTree.parse(file).getroot()  # noqa: S314 - it is our own
    assert root.attrib["width"] == "640" and "nothing to draw" not in file.read_text(encoding="utf-8")
    assert f"wrote {file}: " in capfd.readouterr().out


def test_every_subject_is_tried_here() -> None:
    assert [subject for subject, _ in FIGURES] == sorted(plot.SUBJECTS, key=[one for one, _ in FIGURES].index)
    assert plot.EXAMPLES.keys() == plot.SUBJECTS.keys()


@pytest.mark.parametrize(("width", "height"), [(300, 200), (1600, 1000)])
def test_a_png_has_the_asked_pixels_and_a_pdf_the_asked_inches(width: int, height: int, tmp_path: Path) -> None:
    for ending in ("png", "pdf"):
        words = ["plot", "descents", "sgd", "-o", str(tmp_path / f"f.{ending}"), "--width", str(width), "--height", str(height)]
        assert status(words) == 0
    png, pdf = (tmp_path / "f.png").read_bytes(), (tmp_path / "f.pdf").read_bytes()
    assert struct.unpack(">II", png[16:24]) == (width, height)
    assert pdf.startswith(b"%PDF") and f"/MediaBox [ 0 0 {width * 0.75:g} {height * 0.75:g} ]".encode() in pdf


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_names_of_others_are_text_in_every_format(ending: str, tmp_path: Path) -> None:
    name = r"<script>alert(1)</script> $\frac{$ & \x"
    two = [Series(name, "#000000", [1, 2], [1.0, 2.0], each) for each in (0, 1)]
    lines = LinePicture(name, name, Axis(name), Axis(name, True), two)
    for place, picture in enumerate((lines, BarPicture(name, name, Axis(name), [PictureBar(name, 1.0, 0.9, 1.1)]))):
        file = tmp_path / f"{place}.{ending}"
        files.write(picture, file, 600, 400)
        assert file.stat().st_size > 500
        if ending == "svg":
            root = ElementTree.parse(file).getroot()  # noqa: S314 - it is our own
            assert not [element for element in root.iter() if element.tag.endswith("script")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("losses lenet -o x.svg", "did you mean"),
        ("loss -o x.svg", "parity plot loss lenet"),
        ("loss lenet mlp -o x.svg", "name one"),
        ("loss adam -o x.svg", "no architecture"),
        ("optimizers lenet -o x.svg", "parity list optimizers"),
        ("optimizers adamm -o x.svg", "adam"),
        ("optimizers adam -o x.jpg", ".svg, .png or .pdf"),
        ("optimizers adam -o nowhere/x.svg", "is no folder"),
        ("optimizers adam -o x.svg --width 5", "100 to 20,000"),
        ("optimizers adam -o x.svg --rate 0", "a rate above 0"),
        ("initializers orthogonal -o x.svg", "claims no distribution"),
        ("activations lenet --size huge -o x.svg", "huge"),
    ],
)
def test_a_mistake_is_a_sentence_and_no_file(
    words: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status(["plot", *words.split()]) == 2
    assert told in capfd.readouterr().err and not [*tmp_path.iterdir()]


def test_without_matplotlib_a_png_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "find_spec", lambda _: None)
    assert status(["plot", "descents", "sgd", "-o", str(tmp_path / "f.png")]) == 2
    assert "pip install 'parity[plot]'" in capfd.readouterr().err
    assert status(["plot", "descents", "sgd", "-o", str(tmp_path / "f.svg")]) == 0


def test_what_is_not_on_record_ends_with_5(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["plot", "loss", "vgg16", "-o", str(tmp_path / "f.svg")]) == 5
    assert "not on record here" in capfd.readouterr().err and not [*tmp_path.iterdir()]
