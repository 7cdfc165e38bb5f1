"""The picture of the Lyapunov exponents: every finite number where its axes say, the law beside it, and nothing else."""

import math
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from errorflow.reports import svg
from errorflow.reports.pictures import ROWS, Canvas, Picture
from errorflow.reports.spectrum_figures import spectrum

Document = dict[str, Any]
Sample = Callable[[str], Document]


def drawn(document: Document) -> Picture:
    with svg.style():
        picture = spectrum(document, {})
    assert picture is not None
    return picture


def hold(reader: Any, drawing: str, color: str, numbers: list[Any], size: int) -> None:
    """The line of a color goes through (i/N, number) at each finite number in range, and has no other end."""
    known = [((at + 1) / size, float(x)) for at, x in enumerate(numbers) if math.isfinite(float(x))]
    ends = [u for piece in reader.curves(drawing, color) for u, _ in piece]
    assert ends, "no line of this color"
    low, high = reader.window(drawing)
    inside = [point for point in known if low <= point[1] <= high]
    assert min(ends) == pytest.approx(known[0][0], abs=0.002)
    assert len(inside) < len(known) or max(ends) == pytest.approx(known[-1][0], abs=0.002)
    assert reader.distance(drawing, color, inside) < 0.7


def shows(reader: Any, document: Document) -> None:
    """Both drawings hold the exponents and the law of the document, in its unit."""
    record, picture = document["spectrum"], drawn(document)
    for drawing in map(str, (picture.wide, picture.narrow)):
        hold(reader, drawing, "0", record["exponents"], record["state_dim"])
        if record["law"]:
            hold(reader, drawing, "2", record["law"]["exponents"], record["state_dim"])
        else:
            assert reader.curves(drawing, "2") == []


@pytest.mark.parametrize("name", ["elman", "gru", "exploding", "lstm"])
def test_the_curves_are_the_numbers_of_the_document(sample: Sample, reader: Any, name: str) -> None:
    shows(reader, sample(name))


def test_a_large_spectrum_is_one_line_through_all_its_numbers(sample: Sample, reader: Any, measured: Any) -> None:
    document = sample("elman") | {"spectrum": measured.random_spectrum(400, gain=1.5, steps=10)}
    shows(reader, document)
    picture = drawn(document)
    pieces = [len(reader.curves(str(picture.wide), color)) for color in "02"]
    assert pieces == [1, 1]
    assert len(picture.wide) + len(picture.narrow) < 30_000
    assert picture.table.thinned
    assert [str(row[0]) for row in picture.table.rows][:13] == [str(i) for i in range(1, 13)] + ["16"]
    assert len(picture.table.rows) <= ROWS


def _nothing_of_the_law(x: Any, y: Any, color: str) -> Any:
    return None if color == "2" else (x, y)


def _bits(x: Any, y: Any, _color: str) -> Any:
    return x, [number / math.log(2) for number in y]


def _lost_at_the_floor(x: Any, y: Any, _color: str) -> Any:
    floor = min(number for number in y if math.isfinite(number))
    return x, [number if math.isfinite(number) else floor for number in y]


def _ranks_from_zero(x: Any, y: Any, _color: str) -> Any:
    return [number - x[0] for number in x], y


def _ascending(x: Any, y: Any, _color: str) -> Any:
    return x, y[::-1]


@pytest.mark.parametrize("fault", [_nothing_of_the_law, _bits, _lost_at_the_floor, _ranks_from_zero, _ascending])
def test_a_planted_fault_reads_as_other_numbers(
    sample: Sample, reader: Any, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., Any]
) -> None:
    line = Canvas.line

    def faulty(self: Canvas, x: Any, y: Any, *, color: str, **style: Any) -> None:
        planted = fault(x, y, color) if color in "02" else (x, y)
        if planted is not None:
            line(self, *planted, color=color, **style)

    document = sample("exploding")
    shows(reader, document)
    monkeypatch.setattr(Canvas, "line", faulty)
    with pytest.raises(AssertionError):
        shows(reader, document)


def test_minus_infinity_is_counted_and_not_drawn(sample: Sample) -> None:
    document = sample("exploding")
    lost = document["spectrum"]["exponents"].count("-Infinity")
    picture = drawn(document)
    assert 0 < lost < 16
    (note,) = [note for note in picture.notes if "minus infinity" in note]
    assert note.startswith(f"{lost} of 16 exponents are minus infinity: ")
    assert not re.search(r"nan|inf", picture.wide + picture.narrow, re.IGNORECASE)
    assert [str(row[2]) for row in picture.table.rows].count("−∞") == lost
    assert 'title="none"' in picture.table.rows[-1][3], "an error of a number that is not there"


def test_the_law_says_what_it_is_the_law_of_and_a_cell_without_one_has_no_trace_of_it(sample: Sample) -> None:
    document = sample("elman")
    picture, law = drawn(document), document["spectrum"]["law"]
    weights = f"independent weights of the same variance (g = {law['gain']:.4g})"
    label = f"law of large random networks with {weights} and the slopes {law['slopes']}"
    assert [key.label for key in picture.keys if key.label.startswith("law")] == [label]
    assert picture.table.headings == ("rank i", "i/N", "exponent", "standard error", "law")
    bare = drawn(sample("gru"))
    assert not any(key.label.startswith("law") for key in bare.keys)
    assert "law" not in bare.table.headings
    assert "law" not in bare.description


def test_standard_errors_are_a_band_where_it_can_be_seen_and_else_a_number_not_below_them(sample: Sample) -> None:
    assert "± 2 standard errors" in [key.label for key in drawn(sample("exploding")).keys]
    document = sample("elman")
    picture = drawn(document)
    assert "± 2 standard errors" not in [key.label for key in picture.keys]
    (note,) = [note for note in picture.notes if "standard errors" in note]
    said = re.search(r"at most ([\d.]+) nats per step", note)
    assert said is not None
    most = max(document["spectrum"]["standard_error"])
    assert most <= float(said.group(1)) <= 1.1 * most
    document["spectrum"]["standard_error"] = [10 * x for x in document["spectrum"]["standard_error"]]
    assert "± 2 standard errors" in [key.label for key in drawn(document).keys]


def test_a_document_of_an_earlier_version_has_its_exponents_drawn(sample: Sample, reader: Any) -> None:
    document = sample("gru")
    kept = ("exponents", "residual", "unit", "method")
    document["spectrum"] = {key: document["spectrum"][key] for key in kept}
    picture = drawn(document)
    hold(reader, str(picture.wide), "0", document["spectrum"]["exponents"], 12)
    assert picture.table.headings == ("rank i", "i/N", "exponent")


@pytest.mark.parametrize(
    "numbers",
    [[0.0] * 20, [1e-17, -1e-17] * 10, [0.095] * 20, [0.5], [1e300, 0.1], [-700.0, -700.1], ["Infinity", 1.0, "NaN"]],
    ids=str,
)
def test_odd_spectra_do_not_stop_the_drawing(sample: Sample, numbers: list[Any]) -> None:
    document = sample("elman")
    document["spectrum"] |= {"exponents": numbers, "standard_error": [], "law": None}
    picture = drawn(document)
    ElementTree.fromstring(picture.wide)
    assert not re.search(r"nan|inf", picture.wide, re.IGNORECASE)


@pytest.mark.parametrize("numbers", [[], ["-Infinity"] * 3, ["NaN"]])
def test_without_a_finite_exponent_there_is_no_picture(sample: Sample, numbers: list[Any]) -> None:
    document = sample("elman")
    document["spectrum"] |= {"exponents": numbers, "standard_error": [], "law": None}
    with svg.style():
        assert spectrum(document, {}) is None
