"""Formulas: what the printer writes for our nodes, and what the sieve lets through."""

from typing import Any
from xml.etree import ElementTree

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from errorflow.reports import latex
from errorflow.reports.mathml import mathml, safe
from errorflow.reports.order import latex as latex_of
from errorflow.reports.sieve import pieces, shortened, sides
from errorflow.theory import cells, quantities
from errorflow.theory.calculus import words
from errorflow.theory.calculus.forms import form
from errorflow.theory.decomposition import by_lag
from errorflow.theory.jacobian import step_jacobian
from errorflow.theory.product import jacobian_product

gamma, k, a = sympy.symbols(r"\gamma k a_t")
CELLS = ("elman", "lstm", "gru", "gru_reset_before")


def _text(markup: str) -> str:
    return "".join(ElementTree.fromstring(markup).itertext()).replace("\u2062", "")


@pytest.mark.parametrize(
    ("name", "markup"),
    [
        ("h_{t-1}", "<msub><mi>h</mi><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub>"),
        ("a_{i,t}", "<msub><mi>a</mi><mrow><mi>i</mi><mo>,</mo><mi>t</mi></mrow></msub>"),
        ("c_t", "<msub><mi>c</mi><mi>t</mi></msub>"),
        ("W_i", "<msub><mi>W</mi><mi>i</mi></msub>"),
        (r"\gamma", "<mi>γ</mi>"),
        ("gamma_2", "<msub><mi>γ</mi><mn>2</mn></msub>"),
        (r"\sigma_{\max}", "<msub><mi>σ</mi><mi>max</mi></msub>"),
        (r"W^{\top}", "<msup><mi>W</mi><mi>⊤</mi></msup>"),
        ("slope", "<mi>slope</mi>"),
    ],
)
def test_symbols_are_printed_from_their_latex_names(name: str, markup: str) -> None:
    assert mathml(sympy.Symbol(name)) == f"<math>{markup}</math>"


def test_an_opaque_slope_keeps_its_prime() -> None:
    assert _text(mathml(sympy.Function("tanh'")(a))) == "tanh′(at)"
    assert "<mi>tanh</mi>" in mathml(sympy.Function("tanh'")(a))
    assert _text(mathml(sympy.Function(r"\sigma'")(a))) == "σ′(at)"


def test_a_norm_is_printed_with_double_bars_and_its_index() -> None:
    markup = mathml((gamma * sympy.Function("spectral_norm")(sympy.Symbol("W"))) ** k)
    assert _text(markup) == "(γ‖W‖2)k"
    assert markup.count("‖") == 2


def test_products_and_sums_show_their_limits() -> None:
    s, T = sympy.symbols("s T")
    assert _text(mathml(sympy.Product(sympy.Symbol("x_s"), (s, k, T)))) == "∏s=kTxs"
    assert _text(mathml(sympy.Sum(gamma**k, (k, 0, sympy.oo)))) == "∑k=0∞γk"


class _Own(sympy.Symbol):
    def _latex(self, printer: Any) -> str:
        return r"\lVert W \rVert_2"


class _Drawn(sympy.Function):
    def _errorflow_mathml(self, printer: Any) -> Any:
        return printer.norm(printer._print(self.args[0]), "2")


class _Written(sympy.Function):
    def _errorflow_mathml(self, printer: Any) -> str:
        return "<mrow><mi>s</mi><mo>(</mo><mi>W</mi><mo>)</mo></mrow>"


def test_objects_bring_their_own_notation() -> None:
    assert _text(mathml(_Own("x") ** 2)) == "‖W‖22"
    assert _text(mathml(_Drawn(a))) == "‖at‖2"
    assert _text(mathml(_Written(a) < 1)) == "s(W)<1"


def test_an_object_nobody_knows_is_shown_as_text() -> None:
    assert mathml(len) == "<math><mtext>&lt;built-in function len&gt;</mtext></math>"


@pytest.mark.parametrize("cell", CELLS)
def test_every_formula_of_a_cell_is_presentation_mathml(cell: str) -> None:
    derived, lags = step_jacobian(cells.get(cell)), by_lag(cells.get(cell))
    formulas: list[object] = [derived.latex(), jacobian_product(cells.get(cell)).formula]
    formulas += [block.formula for block in derived.blocks.values()]
    formulas += [lags.latex(block) for block in lags.local]
    for formula in formulas:
        markup = mathml(formula, display=True)
        assert _text(safe(markup)) == _text(markup)
        assert "<mtext>" not in markup, "a command that the LaTeX subset does not know"


@pytest.mark.parametrize("cell", CELLS)
def test_both_routes_show_the_same_characters(cell: str) -> None:
    for block in step_jacobian(cells.get(cell)).blocks.values():
        direct, through_latex = _text(mathml(block.formula)), _text(mathml(block.latex()))
        assert sorted(direct) == sorted(through_latex)


def test_a_rising_factorial_has_its_length_in_parentheses_above() -> None:
    x = sympy.Symbol("x")
    found = mathml(sympy.RisingFactorial(x + 1, k + 2))
    assert _text(found) == "(1+x)(2+k)"
    assert ElementTree.fromstring(found)[0].tag == "msup"
    assert "RisingFactorial" not in found


def test_numbers_inside_formulas_have_six_digits() -> None:
    assert _text(mathml(sympy.Float(1 / 3) * k)) == "0.333333k"
    assert _text(mathml(sympy.Float(1.25e-12))) == "1.25×10−12"


STEP, LAG = sympy.symbols("t k", integer=True)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (1 + STEP - LAG, "t−k+1"),
        (LAG - 1, "k−1"),
        (1 - gamma**2, "1−γ2"),
        (2 * gamma - 1, "2γ−1"),
        (sympy.Matrix([[2, -1]]), "[2−1]"),
        (sympy.Derivative(gamma + k, k), "∂∂k(γ+k)"),
        (sympy.KroneckerDelta(STEP, LAG), "δkt"),
    ],
)
def test_terms_stand_in_the_order_of_a_reader(expression: Any, text: str) -> None:
    assert _text(mathml(expression)) == text


def test_words_of_matrices_are_printed_without_ambiguity() -> None:
    W, D, x, P = map(words.Letter, "WDxP")
    radius, norm = quantities.spectral_radius(W), quantities.spectral_norm(D[words.STEP] @ W)
    assert _text(mathml(radius**2 * form(x, P, x))) == "ρ(W)2x⊤Px", "the form stands last"
    assert _text(mathml(form(x, P, x) * form(x, x))) == "(x⊤x)(x⊤Px)"
    product = words.product_over(norm, LAG, STEP)
    assert _text(mathml(product * gamma)).startswith("γ∏"), "the sign of a product governs all that follows"
    assert latex_of(product**2).startswith(r"\left(\prod"), "a power of a product has parentheses"
    chain = words.chain(D[words.STEP] @ W, STEP - LAG + 1, STEP)
    assert _text(mathml(quantities.spectral_norm(chain))) == "‖DtW⋯Dt−k+1W‖2"
    assert _text(mathml(form(x, words.inverse(W).T, x))) == "x⊤W−⊤x", "no exponent is lost"


HOSTILE = [
    "<math><script>alert(1)</script></math>",
    "<math><mi onclick='alert(1)'>x</mi></math>",
    "<math href='javascript:alert(1)'><mi>x</mi></math>",
    "<math><mi style='background:url(//x)'>x</mi></math>",
    "<math><mtext><img src='x'/></mtext></math>",
    "<math><annotation-xml encoding='text/html'><p>x</p></annotation-xml></math>",
    "<math><semantics><mi>x</mi></semantics></math>",
    "<math><maction actiontype='statusline#x'><mi>x</mi></maction></math>",
    "<math><mglyph src='http://x/'/></math>",
    "<math><svg/></math>",
    "<math xmlns:x='http://x/' x:href='y'/>",
    "<math width='1px;background:url(x)'/>",
    "<!DOCTYPE m [<!ENTITY a 'b'>]><math><mi>&a;</mi></math>",
    "<math><!-- x --></math>",
    "<?xml version='1.0'?><math/>",
    "<math><mi>x</math>",
    "<math/><math/>",
    "<p>x</p>",
    "<mi>x</mi>",
    "",
    "text",
    "<math>" + "<mrow>" * 10_000,
    "<math>" + "<mrow>" * 5_000 + "</mrow>" * 5_000 + "</math>",
    "<math><mi>" + "x" * 300_000 + "</mi></math>",
]


@pytest.mark.parametrize("markup", HOSTILE, ids=range(len(HOSTILE)))
def test_the_sieve_refuses_what_is_not_presentation_mathml(markup: str) -> None:
    for reader in (safe, pieces, shortened):
        with pytest.raises(ValueError, match=r"^mathml ") as caught:
            reader(markup)
        assert "\n" not in str(caught.value)


def test_the_sieve_escapes_text_again() -> None:
    kept = safe('<math xmlns="http://www.w3.org/1998/Math/MathML"><mo>&lt;</mo><mi>&amp;lt;b&gt;</mi></math>')
    assert kept == "<math><mo>&lt;</mo><mi>&amp;lt;b&gt;</mi></math>"


@given(st.text())
def test_any_name_gives_mathml_that_the_sieve_accepts(name: str) -> None:
    printable = "".join(c for c in name if c.isprintable())
    for markup in (latex.math(printable), mathml(sympy.Symbol(printable or "x"))):
        assert _text(safe(markup)) == _text(markup)


@given(st.text(alphabet=r"\{}^_'()[]|&lefrightsqcaboV0 "))
def test_broken_latex_still_gives_mathml(source: str) -> None:
    assert _text(safe(latex.math(source))) == _text(latex.math(source))


def test_pieces_hold_the_whole_formula() -> None:
    for block in step_jacobian(cells.get("lstm")).blocks.values():
        markup = mathml(block.formula)
        cut = pieces(markup)
        assert "".join(map(_text, cut)) == _text(markup)
    assert len(pieces(mathml(r"a = b + c"))) == 3
    assert len(pieces(mathml(r"\lVert a + b\rVert"))) == 1


def test_a_long_power_is_cut_inside_and_words_become_words() -> None:
    terms = " + ".join(f"x_{{{index}}}" for index in range(20))
    markup = mathml(rf"\left({terms}\right)^{{k}}")
    cut = pieces(markup)
    assert len(cut) > 2
    assert "".join(map(_text, cut)) == _text(markup)
    assert _text(cut[-1]) != ")k", "a closing fence stays with what it closes"
    assert str(pieces(mathml(r"D\ \text{is diagonal <b>}"))[1]) == "is diagonal &lt;b&gt; "


def test_the_sides_of_a_relation() -> None:
    assert sides(mathml(r"a + b \le c")) == ("<mi>a</mi><mo>+</mo><mi>b</mi>", "≤", "<mi>c</mi>")
    assert sides(mathml("a = b = c")) is None
    assert sides(mathml("a + b")) is None


def test_what_has_no_ink_is_left_out() -> None:
    markup = safe(mathml(gamma * sympy.Function("spectral_norm")(sympy.Symbol("W"))))
    assert "\u2062" not in markup
    assert 'fence="' not in markup
    assert _text(markup) == "γ‖W‖2"


def test_a_large_matrix_gets_a_letter() -> None:
    entries = r" & ".join([r"\lVert W_n\rVert_2 \sup|r_t|"] * 9)
    matrix = r"\left[\begin{matrix}" + entries + r"\end{matrix}\right]"
    short = shortened(mathml(rf"\rho\left({matrix}\right) \le \lVert {matrix}\rVert"))
    assert _text(short.formula) == "ρ(M)≤‖M‖"
    assert len(short.matrices) == 1
    assert 'stretchy="true"' not in short.formula
    two = shortened(mathml(rf"{matrix} + {matrix.replace('W_n', 'W_r')}"))
    assert _text(two.formula) == "M1+M2"
