"""Formulas as running text: the same signs in the same order, and MathML where a line is not enough."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow.reports import latex
from errorflow.reports.mathml import mathml
from errorflow.reports.running import running
from errorflow.theory import theorems
from errorflow.theory.calculus.listing import listing

ACCENTS = str.maketrans({"\u0303": "~", "\u0302": "^", "\u0304": "¯"})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"\lVert J(t, t-k)\rVert_2 \le 1", "‖<i>J</i>(<i>t</i>, <i>t</i> − <i>k</i>)‖<sub>2</sub> ≤ 1"),
        ("D_{t-k+1} W", "<i>D</i><sub><i>t</i>−<i>k</i>+1</sub><i>W</i>"),
        (r"x^{\top} P x", "<i>x</i><sup>⊤</sup><i>Px</i>"),
        (r"-W < w_{\max}", "−<i>W</i> &lt; <i>w</i><sub>max</sub>"),
        (r"S_i^{\top}", '<i>S</i><span class="limits"><sup>⊤</sup><sub><i>i</i></sub></span>'),
        (r"\frac{1}{2} x + \frac{s}{4}", "(1/2)<i>x</i> + <i>s</i>/4"),
        (r"\sqrt{n}", "√<i>n</i>"),
        (r"\frac{a + b}{2} x", "((<i>a</i> + <i>b</i>)/2)<i>x</i>"),
        (r"\tilde h_t - \hat\rho", "<i>h\u0303</i><sub><i>t</i></sub> − <i>ρ\u0302</i>"),
        (r"D\ \text{is diagonal}", "<i>D</i>\u2009 is diagonal"),
    ],
)
def test_a_formula_as_a_line_of_text(source: str, text: str) -> None:
    assert running(mathml(source)) == text


@pytest.mark.parametrize(
    "source",
    [
        r"\frac{\frac{1}{2} + b}{2}",
        r"\hat{ab}",
        r"\vec v",
        r"\begin{matrix}1 & 2\end{matrix}",
        r"\sqrt[3]{n}",
        r"\frac{\frac12}{3}",
    ],
)
def test_what_needs_more_than_a_line_stays_a_formula(source: str) -> None:
    assert running(mathml(source)) is None


def test_every_step_of_every_proof_keeps_its_signs() -> None:
    for theorem in theorems.all():
        for step in listing(theorem.derivation):
            markup = mathml(step.formula)
            text = running(markup)
            if text is None or "/" in text:
                continue
            shown = sorted(unescape(re.sub(r"<[^>]+>|\s", "", text)).translate(ACCENTS))
            assert shown == sorted(re.sub(r"[\s\u2061-\u2063]", "", unescape(re.sub(r"<[^>]+>", "", markup))))


@given(st.text(alphabet=r"\{}^_'()[]|&<>lefracsqtx 1+-"))
def test_only_harmless_elements_come_out(source: str) -> None:
    text = running(latex.math(source)) or ""
    assert set(re.findall(r"<(\w+)", text)) <= {"i", "sub", "sup", "span"}
    assert re.sub(r"<[^>]*>", "", text).count("<") == 0
