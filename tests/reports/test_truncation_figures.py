"""The picture of the truncation error: the median of the document at every length, and the levels where they are reached."""

import math
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from errorflow.reports import svg, truncation_figures
from errorflow.reports.pictures import Picture
from errorflow.reports.truncation_figures import truncation

Document = dict[str, Any]
Sample = Callable[[str], Document]
LEVELS = {"10": "2", "1": "3", "0.1": "4"}  # colors


def drawn(document: Document) -> Picture:
    with svg.style():
        picture = truncation(document, {})
    assert picture is not None
    return picture


def shows(reader: Any, document: Document) -> None:
    """The line goes through log10 of the median at each length in range, and crosses each level at its shortest length."""
    cut, picture = document["truncation"], drawn(document)
    median = [float(log) / math.log(10) for log in cut["log_error"]["median"]]
    for drawing in map(str, (picture.wide, picture.narrow)):
        low, high = reader.window(drawing, powers=True)
        points = [(k, y) for k, y in zip(cut["lengths"], median, strict=True) if low < y < high]
        assert reader.distance(drawing, "0", points, powers=True) < 0.7
        for percent, color in LEVELS.items():
            ((left, right),) = reader.curves(drawing, color, powers=True)
            assert left[1] == right[1] == pytest.approx(math.log10(float(percent) / 100), abs=0.03)
            line = [point for piece in reader.curves(drawing, "0", powers=True) for point in piece]
            length = cut["shortest"][percent]
            x, y = zip(*line, strict=True)
            before, after = np.interp([length - 1, length], x, y)
            assert before > right[1] - 0.03
            assert after < right[1] + 0.03


@pytest.mark.parametrize("name", ["elman", "gru"])
def test_the_line_is_the_median_and_crosses_each_level_at_its_length(sample: Sample, reader: Any, name: str) -> None:
    shows(reader, sample(name))


def _natural_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truncation_figures, "decades", lambda logs: [float(log) for log in logs])


def _levels_of_fractions(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = truncation_figures.lengths
    monkeypatch.setattr(
        truncation_figures, "lengths", lambda document: [(str(10 * float(p)), *rest) for p, *rest in lengths(document)]
    )


def _lags_in_place_of_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    from errorflow.reports.pictures import Canvas

    line = Canvas.line
    monkeypatch.setattr(Canvas, "line", lambda self, x, y, **style: line(self, [k - 1 for k in x], y, **style))


@pytest.mark.parametrize("fault", [_natural_logs, _levels_of_fractions, _lags_in_place_of_lengths])
def test_a_planted_fault_reads_as_another_error(
    sample: Sample, reader: Any, monkeypatch: pytest.MonkeyPatch, fault: Callable[[pytest.MonkeyPatch], None]
) -> None:
    document = sample("gru")
    shows(reader, document)
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        shows(reader, document)


def test_the_words_give_every_level_its_length(sample: Sample) -> None:
    document = sample("gru")
    shortest = document["truncation"]["shortest"]
    picture = drawn(document)
    for percent, length in shortest.items():
        sentence = f"{percent} %: the median error stays below it from length {length} on"
        assert sentence in [key.label for key in picture.keys]
        assert f"{percent} percent: the median error stays below it from length {length} on" in picture.description
    document["truncation"]["shortest"] = dict.fromkeys(shortest)
    labels = [key.label for key in drawn(document).keys]
    assert "1 %: the median error stays below it at no length" in labels


def test_small_errors_leave_the_picture_and_stand_in_the_table(sample: Sample) -> None:
    document = sample("elman")
    picture = drawn(document)
    assert any("Errors below 10<sup>−9</sup> are not drawn." in note for note in picture.notes)
    smallest = min(float(x) for x in document["truncation"]["log_error"]["median"] if x != "-Infinity")
    assert smallest < -60, "the tail keeps its digits"
    rows = picture.table.rows
    assert rows[0][0] == "1"
    assert rows[-1][0] == "100"
    assert rows[-1][1] == "0"
    assert picture.table.headings[4] == "cosine, median"
    assert float(rows[0][4]) == pytest.approx(document["truncation"]["cosine"]["median"][0], abs=1e-4)


def test_an_error_that_is_exactly_zero_is_said(sample: Sample) -> None:
    document = sample("gru")
    for values in document["truncation"]["log_error"].values():
        values[30:] = ["-Infinity"] * len(values[30:])
    assert "From length 31 on the median error is exactly zero." in drawn(document).notes
    assert not any("exactly zero" in note for note in drawn(sample("gru")).notes)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "Infinity", 1e300, 0.0, -1e-300, 5.0])
def test_odd_numbers_do_not_stop_the_drawing(sample: Sample, number: Any) -> None:
    document = sample("elman")
    cut = document["truncation"]
    for values in cut["log_error"].values():
        values[1:] = [number] * (len(values) - 1)
    picture = drawn(document)
    ElementTree.fromstring(picture.wide)
    assert not re.search(r"nan|inf", picture.wide, re.IGNORECASE)
    for values in cut["log_error"].values():
        values[0] = number
    with svg.style():
        picture_or_none = truncation(document, {})
    assert (picture_or_none is None) == (number in ("NaN", "-Infinity", "Infinity", 1e300))


def test_without_lengths_there_is_no_picture(sample: Sample) -> None:
    document = sample("elman")
    document["truncation"] |= {"lengths": [5]}
    for without in (document, document | {"truncation": None}, {}):
        assert truncation(without, {}) is None
