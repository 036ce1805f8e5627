"""A network drawn: every layer stands in the diagram once, arrows lead to what is read, and no name is markup."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from parity.reporting import diagrams
from parity.reporting.diagrams import Box
from parity.spec import specs
from parity.spec.expansion import expand
from parity.verbs.showing.laid_out import boxes, grouped, laid_out

SVG = "{http://www.w3.org/2000/svg}"


def drawn(name: str, depth: int = 0) -> list[Box]:
    spec = specs.load(f"architectures/{name}")
    assert isinstance(spec, specs.Architecture)
    graph = expand(spec)
    return boxes(grouped(laid_out(spec, graph, "full").layers, depth), graph)


@pytest.mark.parametrize(
    ("name", "depth"), [("resnet18", 0), ("resnet18", 1), ("lstm_language_model", 0), ("dcgan", 0), ("cyclegan", 2)]
)
def test_every_layer_is_drawn_once_and_reads_what_stands_above(name: str, depth: int) -> None:
    found = drawn(name, depth)
    names = [box.name for box in found]
    assert len(names) == len(set(names))
    for place, box in enumerate(found):
        read = [source for source in box.sources if source in names]
        assert all(names.index(source) < place for source in read), box
    roots = [box.name for box in found if not any(source in names for source in box.sources)]
    assert len(roots) <= 4  # inputs, and starts of networks
    text = diagrams.mermaid(found)
    assert len(re.findall(r"^    n\d+\[", text, re.MULTILINE)) == len(found)
    picture = ElementTree.fromstring(diagrams.svg(found, name))  # noqa: S314 - it is our own
    assert len(picture.findall(f"{SVG}g")) == len(found)
    arrows = sum(source in names for box in found for source in box.sources)
    assert text.count(" --> ") == len(picture.findall(f"{SVG}path")) == arrows


def test_a_skip_is_an_arrow_of_its_own() -> None:
    found = {box.name: box for box in drawn("resnet18")}
    assert len(found["stage1.block1.add"].sources) == 2


@pytest.mark.parametrize("text", ['"]; click n0 "javascript:x"', "<script>x</script>", "a\nb", "#quot;", "&lt;", "\x1b[31m"])
def test_a_name_is_text_in_both(text: str) -> None:
    box = Box(text, (text, text))
    (line,) = [line for line in diagrams.mermaid([box]).splitlines() if line.startswith("    n0")]
    assert re.fullmatch(r'    n0\["[\w ._×,/;#-]*<br/>[\w ._×,/;#-]*"\]', line)
    picture = ElementTree.fromstring(diagrams.svg([box], text))  # noqa: S314 - it is our own
    tags = {element.tag.removeprefix(SVG) for element in picture.iter()}
    assert tags == {"svg", "title", "defs", "marker", "path", "rect", "g", "text"}


def test_boxes_of_one_height_stand_beside_each_other() -> None:
    rows = diagrams._rows([Box("a", ("a",)), Box("b", ("b",), ("a",)), Box("c", ("c",), ("a",)), Box("d", ("d",), ("b", "c"))])
    assert [[box.name for box in row] for row in rows] == [["a"], ["b", "c"], ["d"]]
    assert diagrams.mermaid([]) == "flowchart TD" and "<svg" in diagrams.svg([], "")
