"""Figures: what is drawn, what is left out and said, and the form of the SVG."""

import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from errorflow.reports import figures, svg
from errorflow.reports.pictures import ROWS

Document = dict[str, Any]
Sample = Callable[[str], Document]


def _pictures(gallery: figures.Gallery) -> list[Any]:
    single = (gallery.profile, gallery.shares, gallery.truncation, gallery.spectrum, gallery.eigenvalues)
    return [picture for picture in (*single, *gallery.brackets) if picture is not None]


def test_all_pictures_are_drawn_with_words_and_tables(document: Document) -> None:
    gallery = figures.draw(document)
    assert len(_pictures(gallery)) == 5 + len(document["hierarchy"])
    for picture in _pictures(gallery):
        for drawing in (picture.wide, picture.narrow):
            if not drawing:
                continue
            root = ElementTree.fromstring(drawing)
            assert root.attrib["role"] == "img"
            title, description = root.attrib["aria-labelledby"].split()
            assert root.find(f"title[@id='{title}']") is not None
            assert root.find(f"desc[@id='{description}']") is not None
        assert picture.description.endswith(".")
        assert 1 <= len(picture.table.rows) <= ROWS
        assert all(len(row) == len(picture.table.headings) for row in picture.table.rows)


def test_pictures_follow_the_colors_of_the_page(document: Document) -> None:
    gallery = figures.draw(document)
    for picture in _pictures(gallery):
        for drawing in (picture.wide, picture.narrow):
            assert not re.search(r"(?:fill|stroke): (?!none|currentColor|var\(--)", drawing), "a fixed color"
            assert "http" not in drawing
            assert "<style" not in drawing


def _unfilled(drawing: str) -> list[str]:
    """The closed shapes (bands and markers) that are placed somewhere without a color to fill them with."""
    root = ElementTree.fromstring(drawing)
    parents = {child: parent for parent in root.iter() for child in parent}
    shapes = {"#" + path.attrib["id"]: path for path in root.iter("path") if "id" in path.attrib}
    out = []
    for use in root.iter("use"):
        shape = shapes.get(use.attrib["href"])
        if shape is not None and shape.attrib["d"].endswith("z"):
            styles = (element.attrib.get("style", "") for element in (shape, use, parents[use]))
            out += [] if any("fill: " in style for style in styles) else [use.attrib["href"]]
    return out


def test_bands_and_markers_are_filled(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    for picture in _pictures(figures.draw(sample("exploding"))):
        assert _unfilled(picture.wide) == []
    monkeypatch.setattr(svg, "_SEGMENT", re.compile(".*"))
    gallery = figures.draw(sample("exploding"))
    assert gallery.spectrum is not None
    assert _unfilled(gallery.spectrum.wide) != [], "a planted fault: nothing is left to fill"


def test_identifiers_are_unique_and_every_reference_has_its_target(document: Document) -> None:
    gallery = figures.draw(document)
    page = str(gallery.glyphs) + "".join(p.wide + p.narrow for p in _pictures(gallery))
    identifiers = re.findall(r' id="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    used = set(re.findall(r'href="#([^"]+)"', page)) | set(re.findall(r"url\(#([^)]+)\)", page))
    assert used <= set(identifiers)


def test_drawing_again_gives_the_same_bytes_whatever_the_users_settings_say(sample: Sample) -> None:
    first = figures.draw(sample("elman"))
    with mpl.rc_context({"lines.linewidth": 9.0, "font.size": 30, "svg.hashsalt": None, "axes.facecolor": "red"}):
        assert figures.draw(sample("elman")) == first


def _range(document: Document) -> tuple[float, float]:
    logs = document["profile"]["log_norm"]
    series = {key: figures.decades(values) for key, values in logs.items()}
    return figures._window(series, document["bounds"], document["profile"]["lags"])


def test_a_bound_far_away_does_not_flatten_the_data(sample: Sample) -> None:
    document = sample("exploding")
    high = _range(document)[1]
    top = max(figures.decades(document["profile"]["log_norm"]["q95"]))
    assert top < high < 2 * top, "1e200 to the power k leaves the picture instead of shrinking the data"
    gallery = figures.draw(document)
    assert gallery.profile is not None
    labels = [key.label for key in gallery.profile.keys]
    assert "Largest weight: upper bound, out of range from lag 1" in labels


def test_zeros_are_gaps_and_are_said(sample: Sample) -> None:
    gallery = figures.draw(sample("exploding"))
    assert gallery.profile is not None
    assert any("no finite logarithm at lag 1" in note for note in gallery.profile.notes)
    assert not re.search(r"nan|inf", gallery.profile.wide, re.IGNORECASE)


def test_equal_lines_of_two_scopes_are_drawn_once(sample: Sample) -> None:
    document = sample("gru")
    gallery = figures.draw(document)
    assert gallery.profile is not None
    labels = [key.label for key in gallery.profile.keys if key.label.startswith("Block norms")]
    assert len(document["bounds"]) == 3
    assert len(labels) == 2
    assert "on this trajectory" in labels[1]


def test_the_asymptote_is_labelled_as_no_bound(sample: Sample) -> None:
    document = sample("elman")
    document["bounds"].append(document["bounds"][0] | {"id": figures.ASYMPTOTE, "title": "rho(W)^k"})
    gallery = figures.draw(document)
    assert gallery.profile is not None
    assert "rho(W)^k: asymptotic, not a bound" in [key.label for key in gallery.profile.keys]


@pytest.mark.parametrize(("level", "shown"), [(-60.0, False), (-140.0, True)])
def test_the_underflow_of_single_precision_is_marked_when_it_is_in_range(
    sample: Sample, *, level: float, shown: bool
) -> None:
    document = sample("gru")
    document["bounds"] = []
    lags = document["profile"]["lags"]
    for key in document["profile"]["log_norm"]:
        document["profile"]["log_norm"][key] = [level * k / lags[-1] for k in lags]
    marked = figures.draw(document)
    document["profile"]["log_norm"]["median"][-1] = level / 2
    assert marked.profile is not None
    assert ("stroke-dasharray: 0.9,1.8" in marked.profile.wide) == shown


EMPTY = {"lags": [], "log_norm": {key: [] for key in ("median", "q05", "q95", "largest", "smallest")}}


def test_without_data_there_is_no_picture(sample: Sample) -> None:
    document = sample("elman")
    document["profile"] |= EMPTY
    document["lag_shares"] |= {"lags": [], "share": [], "log_share": []}
    document["eigenvalues"] = {}
    document["spectrum"] |= {"exponents": [], "law": None}
    del document["hierarchy"], document["truncation"]
    assert _pictures(figures.draw(document)) == []


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "Infinity", 1e300, -1e300, 0.0])
def test_odd_numbers_do_not_stop_the_drawing(sample: Sample, value: Any) -> None:
    document = sample("elman")
    lags = document["profile"]["lags"]
    for key in document["profile"]["log_norm"]:
        document["profile"]["log_norm"][key] = [value] * len(lags)
    document["lag_shares"]["log_share"] = [value] * len(lags)
    document["bounds"][0] |= {"log_rate": value, "log_constant": value}
    document["eigenvalues"]["W"]["real"][0] = value
    for picture in _pictures(figures.draw(document)):
        ElementTree.fromstring(picture.wide)
