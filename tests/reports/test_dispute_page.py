"""The section "Which one is true?" on the page, in the document and on the terminal."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from errorflow.reports import terminal
from errorflow.reports.answers import answers
from errorflow.reports.document import dumps, from_analysis, loads, validate
from errorflow.reports.html import render

Document = dict[str, Any]
Sample = Callable[[str], Document]


@pytest.fixture
def dispute(sample: Sample) -> Document:
    return sample("dispute")


def test_the_document_makes_a_round_trip_with_and_without_a_confrontation(dispute: Document, sample: Sample) -> None:
    assert loads(dumps(dispute)) == loads(dumps(loads(dumps(dispute))))
    provenance = dispute.pop("provenance")
    asked = {**dispute, "confrontation": {k: dispute["confrontation"][k] for k in ("laws", "networks")}}
    made = from_analysis(asked, provenance=provenance)
    assert made["confrontation"]["answers"] == answers(made) != []
    plain = sample("elman")
    assert from_analysis(plain, provenance=plain.pop("provenance"))["confrontation"] is None


def test_documents_of_earlier_versions_still_render(sample: Sample) -> None:
    document = sample("elman")
    assert "confrontation" not in document
    page = render(document)
    assert 'id="answer"' not in page
    assert render({**document, "confrontation": None}) == page


@pytest.mark.parametrize(
    ("place", "value", "allowed"),
    [
        (("laws", 0, "outcome"), "true", "outcome"),
        (("laws", 0, "slack"), None, "slack"),
        (("networks", 0, "rate"), [1.0], "rate"),
        (("networks", 0, "informative", "log_bound"), [1.0], "log_bound"),
        (("networks", 0, "flow", "log_share"), [0.0], "log_share"),
        (("answers", 0, "nodes"), "theorem:x", "nodes"),
    ],
)
def test_what_does_not_fit_the_schema_is_named(
    dispute: Document, place: tuple[Any, ...], value: Any, allowed: str
) -> None:
    *way, last = place
    spot: Any = dispute["confrontation"]
    for step in way:
        spot = spot[step]
    spot[last] = value
    with pytest.raises(ValueError, match=allowed):
        validate(dispute)


def test_texts_of_strangers_stay_text(dispute: Document) -> None:
    planted = "<script>alert(1)</script>"
    found = dispute["confrontation"]
    found["laws"][0] |= {
        "title": planted,
        "statement": planted,
        "witness": planted,
        "unit": planted,
        "judges": [planted],
    }
    found["networks"][0] |= {"title": planted, "description": planted}
    found["networks"][1]["verdicts"][0]["reason"] = planted
    found["answers"][0]["text"] = planted
    page = render(dispute)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 8


def test_the_networks_stand_beside_the_analyzed_one(dispute: Document) -> None:
    page = render(dispute)
    table = page[page.index('<table class="versus"') :]
    table = table[: table.index("</table>")]
    assert [re.sub(r"<.*", "", cell) for cell in re.findall(r'--at:\d">([^<]+)<span', table)] == [
        "This report’s network ", "Contractive ", "Schaefer-initialized ", "Trained "
    ]  # fmt: skip
    assert table.count("<td ") == 20
    assert "under 1 % at lag" not in table[table.index("Share of one lag") : table.index("Error flow in training")]
    assert "Undecided for all inputs: nearest is Spectral norm: " in table


def test_the_figure_draws_the_numbers_of_its_table(dispute: Document, reader: Any) -> None:
    from errorflow.reports import svg
    from errorflow.reports.contrast_figures import contrasts

    with svg.style():
        pictures = contrasts(dispute, {})
    for network, picture in zip(dispute["confrontation"]["networks"], pictures, strict=True):
        assert picture is not None
        record = network["informative"]
        low, high = reader.window(str(picture.wide), powers=True)
        for color, key in (("0", "log_informative"), ("3", "log_gradient"), ("2", "log_bound")):
            table = network["flow"] if key == "log_gradient" else record
            points = [
                (k, x / math.log(10))
                for k, x in zip(table["lags"], table[key] or [], strict=False)
                if low < x / math.log(10) < high
            ]
            assert not points or reader.distance(str(picture.wide), color, points, powers=True) < 0.7
        assert len(picture.table.rows) == len(record["lags"])
    assert contrasts({}, {}) == ()


def test_the_terminal_prints_the_first_sentences(dispute: Document, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_verdicts(dispute)
    printed = " ".join(capsys.readouterr().out.split())
    answers = [a for a in dispute["confrontation"]["answers"] if a["about"] == "dispute"]
    for answer in answers[:3]:
        assert f"{answer['text']} ({answer['grade']})" in printed
    assert answers[3]["text"] not in printed


@pytest.mark.slow
def test_two_runs_give_the_same_confrontation() -> None:
    from errorflow.numerics import analyze
    from errorflow.numerics.experiments import training

    network, _, _ = training.shipped("latch")
    first, second = (analyze(network, steps=20, samples=2, rng=5, confrontation=True) for _ in range(2))
    assert dumps({"x": first.confrontation}) == dumps({"x": second.confrontation})
    assert first.verdicts == analyze(network, steps=20, samples=2, rng=5).verdicts, "no other number moves"
