"""The bars of the brackets: where each lies against 1/gamma, what is drawn of it, and what an odd number does."""

import math
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from errorflow.reports import svg
from errorflow.reports.brackets import BLOCKS, _scale, brackets
from errorflow.reports.pictures import Picture

Document = dict[str, Any]
Sample = Callable[[str], Document]


def drawn(document: Document) -> tuple[Picture, ...]:
    with svg.style():
        return brackets(document, {})


def test_each_block_has_a_picture_and_no_more_than_four_are_drawn(sample: Sample) -> None:
    document = sample("gru")
    assert [p.name for p in drawn(document)] == ["brackets-0", "brackets-1", "brackets-2"]
    assert len(drawn(document | {"hierarchy": 3 * document["hierarchy"]})) == BLOCKS
    assert drawn({"hierarchy": []}) == drawn({}) == ()


def test_the_words_say_for_each_number_where_it_lies(sample: Sample) -> None:
    (picture,) = drawn(sample("elman"))
    assert picture.title == "Brackets of the numbers of W against 1/γ"
    start = "rho(W) = 0.5625, below; jsr(D W) in [0.625, 0.75], below; omega(W) in [0.75, 1.125], undecided"
    assert start in picture.description
    assert picture.description.endswith("n max |W| = 4.25, above. 1/γ = 1.")
    assert [key.label for key in picture.keys] == [
        "1/γ, γ = sup|φ′|", "below 1/γ", "undecided: the bracket contains 1/γ", "above 1/γ"]  # fmt: skip
    assert len({str(key.swatch) for key in picture.keys}) == 4


def test_the_table_rounds_outward_and_has_no_column_without_a_threshold(sample: Sample) -> None:
    (picture,) = drawn(sample("elman"))
    assert [re.sub(r"\u2060", "", heading) for heading in picture.table.headings] == [
        "quantity", "lower", "upper", "against 1/γ", "evidence"]  # fmt: skip
    assert list(map(str, picture.table.rows[3][1:])) == ["0.875", "0.875001", "below", "certified"]
    first = drawn(sample("gru"))[0]
    assert first.table.headings == ("quantity", "lower", "upper", "evidence")
    assert [key.label for key in first.keys] == ["lower and upper end"]
    assert "against" not in first.title


def test_a_point_is_one_marker_and_a_bracket_two(sample: Sample) -> None:
    document = sample("elman")
    rows = document["hierarchy"][0]["rows"]
    one = [rows[0] | {"lower": 0.5, "upper": 0.5 + 1e-15}]
    two = [rows[0] | {"lower": 0.5, "upper": 0.9}]
    document["hierarchy"][0]["links"] = []
    counts = []
    for listed in (one, two):
        document["hierarchy"][0]["rows"] = listed
        (picture,) = drawn(document)
        root = ElementTree.fromstring(picture.wide)
        markers = [use.attrib["href"] for use in root.iter("use") if not use.attrib["href"].startswith("#g-")]
        ticks = {href for href in markers if markers.count(href) > 2}
        counts.append(sum(href not in ticks for href in markers))
    assert counts[1] == counts[0] + 1


def test_what_stands_at_an_edge_is_said(sample: Sample) -> None:
    (picture,) = drawn(sample("exploding"))
    assert [str(note) for note in picture.notes] == [
        "No upper end is known of n max |W|: the bar runs to the edge.",
        "The lower end of ρ(W) is 0, which stands at the left edge.",
    ]
    assert not re.search(r"\b(nan|inf)\b", picture.wide.split("</desc>")[1])


@pytest.mark.parametrize(
    ("ends", "line", "log"),
    [([0.5, 2.0], 1.0, False), ([0.5, 2.0], 100.0, True), ([0.0, 3.0], None, False), ([1e-300, 1e300], 1.0, True),
     ([0.0, 0.0], None, False), ([math.inf, 0.0], None, False), ([5e-324, 5e-324], None, False),
     ([1.7e308, math.inf], None, True)],
)  # fmt: skip
def test_the_axis_is_logarithmic_where_the_numbers_span_more_than_ten(
    ends: list[float], line: float | None, *, log: bool
) -> None:
    scale = _scale(ends, line)
    assert scale.log == log
    assert scale.left < scale.right < math.inf
    assert all(scale.left <= scale.place(x) <= scale.right for x in (*ends, 1.0 if line is None else line))


@pytest.mark.parametrize("threshold", [None, 1.0, 1e-300, 1e300, "NaN", 0.0, "Infinity"])
def test_odd_numbers_do_not_stop_the_drawing(sample: Sample, threshold: Any) -> None:
    document = sample("elman")
    block = document["hierarchy"][0]
    block["threshold"] = None if threshold is None else {"lower": threshold, "upper": threshold}
    odd = [0.0, 5e-324, 1e-300, 1e300, 1.7e308, "Infinity", "NaN", "-Infinity"]
    for row, number in zip(block["rows"], odd, strict=True):
        row |= {"lower": number, "upper": number}
    (picture,) = drawn(document)
    for drawing in (picture.wide, picture.narrow):
        ElementTree.fromstring(drawing)
        assert not re.search(r"\b(nan|inf)\b", drawing.split("</desc>")[1])


def test_a_row_and_a_formula_of_a_stranger_are_shown_as_text(sample: Sample) -> None:
    document = sample("elman")
    row = document["hierarchy"][0]["rows"][0]
    row |= {"id": "$\\frac{", "formula": {"text": "<b>x</b>", "latex": "x", "mathml": "<math><script/></math>"}}
    (picture,) = drawn(document)
    ElementTree.fromstring(picture.wide)
    assert str(picture.table.rows[0][0]) == "&lt;b&gt;x&lt;/b&gt;"
