"""What was measured, in words: numbers with their errors, counts, lengths and thresholds, on the page and the terminal."""

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html import unescape
from typing import Any

import numpy as np
import pytest

from errorflow.reports import html
from errorflow.reports.figures import Gallery, draw
from errorflow.reports.formats import value
from errorflow.reports.measured import exponents, lengths, thresholds, together, with_error
from errorflow.reports.terminal import print_verdicts

Document = dict[str, Any]
Sample = Callable[[str], Document]
Said = Callable[..., str]
NEW = ("standard_error", "state_dim", "steps", "samples", "kaplan_yorke", "entropy_rate", "law")


@pytest.fixture(scope="session")
def gallery(sample: Sample) -> Gallery:
    """Pictures for all pages of this file, where only the words count: drawing takes most of the time of a page."""
    return draw(sample("exploding"))


@pytest.fixture
def said(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The words of the page of a document."""

    def words(document: Document, **pictures: Any) -> str:
        monkeypatch.setattr(html, "draw", lambda _: replace(gallery, **pictures))
        page = html.render(document)
        main = re.sub(r"<(svg|style)\b.*?</\1>", "", page[page.index("<main") :], flags=re.DOTALL)
        apart = re.sub(
            r"</(div|p|li|t[drh]|h\d|dl|table|summary|caption|figcaption)>", " ", main
        )  # each on a line of its own
        return " ".join(unescape(re.sub(r"<[^>]+>", "", apart)).split())

    return words


def test_an_error_is_never_printed_too_small_and_a_number_is_the_nearest_with_its_digits() -> None:
    draw = random.Random(5)
    for _ in range(2000):
        x = draw.uniform(-1, 1) * 10 ** draw.uniform(-12, 8)
        e = draw.uniform(0.1, 1) * 10 ** draw.uniform(-14, 8)
        number, error = map(Decimal, with_error(x, e))
        assert Decimal(repr(e)) <= error <= Decimal(repr(e)) * Decimal("1.1")
        place = max(error.adjusted() - 1, Decimal(x).adjusted() - 5)
        assert abs(number - Decimal(x)) <= Decimal((0, (5,), place - 1))


def test_the_counts_are_those_of_the_exponents(sample: Sample) -> None:
    for name in ("elman", "gru", "exploding", "lstm"):
        document = sample(name)
        spectrum = document["spectrum"]
        values, errors = (np.array(spectrum[key], dtype=float) for key in ("exponents", "standard_error"))
        whole = exponents(document)
        assert whole is not None
        assert (whole.known, whole.size) == (len(values), spectrum["state_dim"])
        assert whole.positive == np.count_nonzero(values > 0)
        assert whole.lost == np.count_nonzero(np.isneginf(values))
        assert whole.certain == np.count_nonzero(values > 2 * errors)


def test_a_positive_exponent_within_its_error_or_the_residual_is_not_certain(sample: Sample, said: Said) -> None:
    document = sample("exploding")
    spectrum = document["spectrum"]
    first, second, third = spectrum["exponents"][:3]
    spectrum["standard_error"][0] = 0.51 * first
    whole = exponents(document)
    assert whole is not None
    assert (whole.positive, whole.certain) == (3, 2)
    assert "3 of 16 (2 by more than two standard errors and the residual)" in said(document)
    spectrum["residual"] = second + 0.01
    assert "3 of 16 (none by more than two" in said(document)
    spectrum["residual"], spectrum["standard_error"] = (second + third) / 2, ["NaN"] * 16
    whole = exponents(document)
    assert whole is not None
    assert whole.certain is None
    assert "by more than two" not in said(document)


def test_the_page_says_of_which_state_the_exponents_are(sample: Sample, said: Said) -> None:
    assert "; state h, N = 20" in said(sample("elman"))
    page = said(sample("lstm"))
    assert "; 200 steps, 8 samples; full state (h, c), N = 32" in page
    assert "norm of your dE/d(h, c)T" in page
    assert "norm of your dE/dhT" in said(sample("elman"))


def test_the_page_holds_residual_dimension_and_entropy_with_their_meaning(sample: Sample, said: Said) -> None:
    document = sample("exploding")
    document["spectrum"] |= {"residual": 3.14159e-13, "kaplan_yorke": 3.25, "entropy_rate": 1.0625}
    page = said(document)
    assert "Two ways to compute the sum of the finite exponents differ by 3.142 × 10−13 nats per step." in page
    assert "Kaplan–Yorke dimension3.25 of 16" in page
    assert "Entropy rate1.062 nats per step The sum of the positive exponents, an upper bound on the Kolmogorov" in page
    document["spectrum"] |= {"residual": "Infinity", "kaplan_yorke": None, "entropy_rate": None, "state_dim": 40}
    page = said(document)
    assert "do not both give a finite number" in page
    assert page.count("not known from the first 16 exponents") == 2
    assert "Positive3 of the first 16" in page
    largest = re.search(r"Largest0\.5648 ± (0\.00\d+) nats per step \(standard error\)", page)
    assert largest is not None
    assert float(largest.group(1)) >= document["spectrum"]["standard_error"][0]


def test_a_spectrum_of_minus_infinity_alone_is_said_without_a_picture(sample: Sample, said: Said) -> None:
    document = sample("exploding")
    document["spectrum"] |= {"exponents": ["-Infinity"] * 16, "law": None, "standard_error": ["NaN"] * 16}
    page = said(document, spectrum=None)
    assert "Largest−∞ nats per step" in page
    assert "16 of 16 exponents are minus infinity: the product of the step Jacobians has lost rank" in page


def test_the_lengths_are_those_of_the_document_and_equal_ones_share_a_clause(sample: Sample, said: Said) -> None:
    document = sample("gru")
    shortest = document["truncation"]["shortest"]
    assert lengths(document) == [(percent, shortest[percent], False) for percent in ("10", "1", "0.1")]
    ten, one, least = (f"from K = {shortest[percent]} on" for percent in ("10", "1", "0.1"))
    clauses = f"less than 10 % of the norm of the gradient {ten}, less than 1 % {one} and less than 0.1 % {least}."
    assert f"In the median over 32 series, what is left out is {clauses}" in said(document)
    document = sample("exploding")
    (only,) = together(lengths(document))
    assert only == ("10 %, 1 % and 0.1 %", 199, True)
    page = said(document)
    assert "10 %, 1 % and 0.1 % of the norm of the gradient only from K = 199 on, where nothing is left out." in page
    document["truncation"]["shortest"] = {"10": 12, "1": None, "0.1": None}
    assert "from K = 12 on and less than 1 % and 0.1 % at no length." in said(document)


def test_the_rescaled_part_is_that_of_the_norms_above_the_threshold(measured: Any) -> None:
    sizes = np.random.default_rng(8).lognormal(0, 2, 400)
    rows = thresholds({"gradient_norms": measured.norms(sizes)})
    assert [row.quantile for row in rows] == ["5", "25", "50", "75", "90", "95", "99"]
    for row in rows:
        threshold = math.exp(value(row.log_norm))
        above = 100 * np.mean(sizes > threshold)
        assert float(row.rescaled.removeprefix("about ").removesuffix(" %")) == pytest.approx(above, abs=100 / 400)
        assert math.exp(value(row.log_factor)) == pytest.approx(np.mean(np.minimum(1, threshold / sizes)))


def test_the_table_of_thresholds_has_the_numbers_of_the_document(sample: Sample, said: Said) -> None:
    document = sample("gru")
    page, norms = said(document), document["gradient_norms"]
    middle, factor = (math.exp(norms[key]["50"]) for key in ("log_quantiles", "log_mean_scale"))
    assert f"median {middle:.3g} about 50 % {factor:.4g} 75 %" in page
    assert "does not change the ratio of long-range to short-range flow" in page
    norms["log_mean_scale"]["99"] = -1e-17
    assert "none 1 The norm of the mean gradient" in said(document)
    norms["log_quantiles"] = dict.fromkeys(norms["log_quantiles"], "-Infinity")
    page = said(document)
    assert "The gradient dE/dW has no norm above zero on these 32 series: there is nothing to clip." in page
    assert "about 50 %" not in page


def test_every_parameter_has_the_lags_that_hold_its_gradient(sample: Sample, said: Said) -> None:
    document = sample("gru")
    page = said(document)
    for name, record in document["lag_shares"]["parameters"].items():
        row = " ".join(str(record["quantile_lags"][q]) for q in ("50", "90", "99"))
        assert f"{name} {row}" in page
    document["lag_shares"]["parameters"]["b"]["quantile_lags"]["99"] = None
    assert re.search(r"b \d+ \d+ – ", said(document))


# --- terminal ---------------------------------------------------------------------------------------------
def printed(document: Document, capsys: pytest.CaptureFixture[str]) -> str:
    print_verdicts(document)
    return " ".join(capsys.readouterr().out.split())


def test_the_terminal_ends_with_what_was_measured(sample: Sample, capsys: pytest.CaptureFixture[str]) -> None:
    document = sample("lstm")
    document["spectrum"]["residual"] = 8.53e-14
    out = printed(document, capsys)
    number, error = with_error(document["spectrum"]["exponents"][0], document["spectrum"]["standard_error"][0])
    assert (
        f"Lyapunov exponents of the full state (h, c), N = 32: largest {number} +- {error} nats per step, 0 of 32 positive, "
        "Kaplan-Yorke dimension 0, residual of their sum 8.5e-14 truncated" in out
    )
    norms = document["gradient_norms"]["log_quantiles"]
    tail = f"median {math.exp(norms['50']):.3g}, 99 % {math.exp(norms['99']):.3g}"
    length = document["truncation"]["shortest"]["1"]
    assert out.endswith(
        f"truncated back-propagation: median error under 1 % from {length} steps on; "
        f"gradient norm for one unit of error at the last step: {tail}"
    )


def test_the_terminal_prints_norms_that_no_double_holds(sample: Sample, capsys: pytest.CaptureFixture[str]) -> None:
    document = sample("exploding")
    norms = document["gradient_norms"]["log_quantiles"]
    norms |= {"50": -800.0 * math.log(10), "99": 2e6}
    document["truncation"]["shortest"]["1"] = None
    document["spectrum"]["state_dim"] = 17
    out = printed(document, capsys)
    assert "3 of the first 16 positive, 13 minus infinity, Kaplan-Yorke dimension 3 truncated" in out
    assert out.endswith("under 1 % at no length; gradient norm for one unit of error at the last step: "
                        "median 1.00e-800, 99 % exp(2e+06)")  # fmt: skip


def test_documents_of_earlier_versions_say_what_they_know(
    sample: Sample, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    document = sample("exploding")
    del document["truncation"], document["gradient_norms"], document["lag_shares"]["parameters"]
    for key in NEW:
        del document["spectrum"][key]
    out = printed(document, capsys)
    assert out.endswith("N = 16: largest 0.5648 nats per step, 3 of 16 positive, 13 minus infinity")
    page = said(document)
    assert "Truncation and clipping" not in page
    assert "Largest0.5648 nats per step Positive3 of 16 Computed" in page
    document["spectrum"]["exponents"] = []
    assert "Lyapunov" not in printed(document, capsys)
    assert "Lyapunov exponents" not in said(document, spectrum=None)
