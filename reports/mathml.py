"""SymPy expressions as presentation MathML.

SymPy's own presentation printer is extended by the nodes of this project: symbols named by their LaTeX
form, opaque activation heads with primes, norms, products with symbolic limits, and objects that bring
their own notation. Such an object defines either

* ``_errorflow_mathml(self, printer)``, which returns a DOM node or a string of MathML; the printer helps
  with `printer.row(...)`, `printer.fenced(node, "(", ")")`, `printer.norm(node, "2")` and
  `printer.latex(r"h_{t-1}")`; or
* ``_latex(self, printer)``, SymPy's hook for LaTeX, whose result is read by `errorflow.reports.latex`.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from xml.dom import minidom

from sympy.core.sympify import sympify
from sympy.logic.boolalg import true
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.precedence import PRECEDENCE, precedence_traditional

from . import latex
from .order import Latex, Ordered, openness
from .sieve import cleaned, safe

__all__ = ["letter", "mathml", "safe"]

_NORMS = {"spectral_norm": "2", "row_sum_norm": "∞", "frobenius_norm": "F", "norm": "", "max_abs": "max"}
_PLAIN_NAME = re.compile(r"([A-Za-z]+)(?:_([A-Za-z0-9]{1,3}))?('*)")  # tanh', s_max, a_t, gamma_2; not slope_sup_all
_SIGN = re.compile(r"^-(?=\d|$)")
_FACTOR = PRECEDENCE["Mul"]
_DIGITS = 6  # significant digits of a float inside a formula; tables give the rest


def mathml(expression: object, *, display: bool = False) -> str:
    r"""Presentation MathML of a SymPy expression, as one `math` element.

    `display=True` sets the formula on a line of its own. A string is read as LaTeX. An object that neither
    SymPy nor this printer knows is shown as upright text.

    >>> import sympy
    >>> gamma, k = sympy.symbols(r"\gamma k")
    >>> mathml(gamma**k)
    '<math><msup><mi>γ</mi><mi>k</mi></msup></math>'
    """
    mode = ' display="block"' if display else ""
    if isinstance(expression, str):
        return latex.math(expression, display=display)
    return f"<math{mode}>{_Presentation().doprint(_sympified(expression))}</math>"


def letter(name: str) -> str:
    """A name as a `math` element: a letter with its index, or an upright word.

    >>> letter("w_max"), letter("gamma")
    ('<math><msub><mi>w</mi><mi>max</mi></msub></math>', '<math><mi>γ</mi></math>')
    """
    return f"<math>{_Presentation().name(name).toxml()}</math>"


def _sympified(expression: object) -> object:
    return sympify(expression) if isinstance(expression, (int, float, tuple, list)) else expression


class _Presentation(Ordered, MathMLPresentationPrinter):  # type: ignore[misc]  # SymPy publishes no types
    """SymPy's printer with our nodes; text is escaped (SymPy's own inserts names as raw markup)."""

    def __init__(self) -> None:
        super().__init__({"order": "none"})
        document = self.dom
        plain = minidom.Document.createTextNode

        def escaped(data: str) -> minidom.Text:
            text = unescape(data)
            return plain(document, _SIGN.sub("−", text))

        document.createTextNode = escaped

    def doprint(self, expr: object) -> str:
        return str(self._print(expr).toxml())

    # --- building blocks that hooks may use -------------------------------------------------------------
    def element(self, tag: str, *children: Any, **attributes: str) -> Any:
        """An element with the given children, each a DOM node or a string that becomes text."""
        node = self.dom.createElement(tag)
        for name, value in attributes.items():
            node.setAttribute(name, value)
        for child in children:
            node.appendChild(self.dom.createTextNode(child) if isinstance(child, str) else child)
        return node

    def row(self, *children: Any) -> Any:
        """The children side by side."""
        return children[0] if len(children) == 1 else self.element("mrow", *children)

    def fenced(self, node: Any, left: str, right: str) -> Any:
        """A node between two fences, which grow around fractions and the like."""
        stretchy = "true" if latex.TALL.search(node.toxml()) else "false"
        first = self.element("mo", left, fence="true", form="prefix", stretchy=stretchy)
        last = self.element("mo", right, fence="true", form="postfix", stretchy=stretchy)
        return self.element("mrow", first, node, last)

    def norm(self, node: Any, index: str = "") -> Any:
        """Double bars around a node, with the name of the norm as a subscript."""
        bars = self.fenced(node, "‖", "‖")
        if not index:
            return bars
        tag = "mn" if index.isdigit() else "mi"
        return self.element("msub", bars, self.element(tag, index))

    def latex(self, source: str) -> Any:
        """The DOM node of a LaTeX string."""
        return self.parsed(latex.content(source))

    def parsed(self, markup: str) -> Any:
        """The DOM node of a string of MathML that this package made."""
        return self.dom.importNode(minidom.parseString(markup.encode()).documentElement, True)

    # --- dispatch --------------------------------------------------------------------------------------
    def _print(self, expr: Any, **settings: Any) -> Any:
        own = getattr(expr, "_errorflow_mathml", None)
        if own is not None:
            made = own(self)
            return self.parsed(str(cleaned(made))) if isinstance(made, str) else made
        kind = type(expr)
        if getattr(kind, "_latex", None) is not None and not str(kind.__module__).startswith("sympy."):
            return self.latex(expr._latex(Latex()))
        node = super()._print(expr, **settings)
        return self.element("mtext", node) if isinstance(node, str) else node

    def emptyPrinter(self, expr: object) -> Any:  # SymPy's name for the fallback
        return self.element("mtext", str(expr))

    def _print_Basic(self, expr: Any) -> Any:
        return self._applied(self.name(type(expr).__name__), expr.args)

    _print_AssocOp = _print_Basic

    # --- names -----------------------------------------------------------------------------------------
    def name(self, name: str) -> Any:
        r"""A name: LaTeX if it looks like LaTeX (`\\gamma`, `h_{t-1}`, `a_t`), else upright text."""
        plain = _PLAIN_NAME.fullmatch(name)
        if plain:
            stem, index, primes = plain.groups()
            return self.latex(_word(stem) + (f"_{{{_word(index)}}}" if index else "") + primes)
        if any(mark in name for mark in "\\{}^'()"):
            return self.latex(name)
        return self.element("mtext", name)

    def _print_Symbol(self, sym: Any, style: str = "plain") -> Any:
        return self.name(str(sym.name))

    _print_RandomSymbol = _print_Dummy = _print_MatrixSymbol = _print_Str = _print_Symbol

    def _print_Function(self, expr: Any) -> Any:
        name = str(getattr(type(expr), "name", "") or type(expr).__name__)
        if name in _NORMS and len(expr.args) == 1:
            return self.norm(self._print(expr.args[0]), _NORMS[name])
        known = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
        return self._applied(self.name(known.get(name, name)), expr.args)

    _print_AppliedUndef = _print_Function

    def _print_UndefinedFunction(self, expr: Any) -> Any:
        return self.name(str(expr.name))

    _print_FunctionClass = _print_UndefinedFunction

    def _applied(self, head: Any, arguments: Any) -> Any:
        inner: list[Any] = []
        for argument in arguments:
            inner += [self.element("mo", ","), self._print(argument)] if inner else [self._print(argument)]
        return self.element("mrow", head, self.fenced(self.row(*inner), "(", ")"))

    def _print_Min(self, expr: Any) -> Any:
        return self._applied(self.element("mi", "min"), sorted(expr.args, key=str))

    def _print_Max(self, expr: Any) -> Any:
        return self._applied(self.element("mi", "max"), sorted(expr.args, key=str))

    # --- numbers and operations ------------------------------------------------------------------------
    def _print_Exp1(self, expr: object) -> Any:
        return self.element("mi", "e")

    def _print_ImaginaryUnit(self, expr: object) -> Any:
        return self.element("mi", "i")

    def _print_Float(self, expr: Any) -> Any:
        mantissa, _, exponent = f"{float(expr):.{_DIGITS}g}".partition("e")
        number = self.element("mn", mantissa.replace("-", "−"))
        if not exponent:
            return number
        power = self.element("msup", self.element("mn", "10"), self.element("mn", str(int(exponent)).replace("-", "−")))
        return self.element("mrow", number, self.element("mo", "×"), power)

    def _print_Abs(self, expr: Any, exp: object = None) -> Any:
        return self.fenced(self._print(expr.args[0]), "|", "|")

    def _print_conjugate(self, expr: Any) -> Any:
        return self.element("mover", self._print(expr.args[0]), self.element("mo", "¯"), accent="true")

    def parenthesize(self, item: Any, level: int, strict: Any = None) -> Any:
        weak = precedence_traditional(item)
        node = self._print(item)
        weak = _FACTOR if openness(item) else weak
        return self.fenced(node, "(", ")") if weak < level or (not strict and weak <= level) else node

    def mathml_tag(self, e: Any) -> str:
        return "d" if type(e).__name__ == "Derivative" else str(super().mathml_tag(e))

    def _print_Transpose(self, expr: Any) -> Any:
        return self.element("msup", self.parenthesize(expr.arg, PRECEDENCE["Pow"]), self.element("mo", "⊤"))

    def _print_HadamardProduct(self, expr: Any) -> Any:
        parts: list[Any] = []
        for factor in expr.args:
            parts += [self.element("mo", "⊙")] if parts else []
            parts.append(self.parenthesize(factor, _FACTOR))
        return self.element("mrow", *parts)

    def _print_Mul(self, expr: Any) -> Any:
        head, last = self.split(expr)
        if last:
            minus = head == -1
            front = self.element("mo", "−", form="prefix") if minus else self.parenthesize(head, _FACTOR, strict=True)
            inner = [self.parenthesize(factor, _FACTOR) for factor in last[:-1]]
            return self.element("mrow", front, *inner, self._print(last[-1]))
        row = super()._print_Mul(expr)
        for child in row.childNodes:  # TeX's thin space beside fences and named functions
            if child.nextSibling is not None and child.toxml() == "<mo>\u2062</mo>":
                before, after = child.previousSibling.toxml(), child.nextSibling.toxml()
                if latex.FENCED.search(before) or latex.NAMED_START.match(after):
                    child.setAttribute("rspace", ".167em")
        return row

    def _print_Derivative(self, expr: Any) -> Any:
        fraction = super()._print_Derivative(expr).firstChild
        return self.element("mrow", fraction, self.parenthesize(expr.expr, _FACTOR, strict=True))

    def _print_RisingFactorial(self, expr: Any) -> Any:
        base, length = expr.args
        upper = self.fenced(self._print(length), "(", ")")
        return self.element("msup", self.parenthesize(base, PRECEDENCE["Pow"]), upper)

    def _print_KroneckerDelta(self, expr: Any) -> Any:
        return self.element("msub", self.element("mi", "δ"), self.row(*map(self._print, expr.args)))

    def _large(self, expr: Any, operator: str) -> Any:
        row = []
        for limit in expr.limits:
            start = self._print(limit[0])
            if len(limit) == 1:
                row.append(self.element("munder", self.element("mo", operator), start))
                continue
            below = self.element("mrow", start, self.element("mo", "="), self._print(limit[1]))
            row.append(self.element("munderover", self.element("mo", operator), below, self._print(limit[2])))
        return self.element("mrow", *reversed(row), self.parenthesize(expr.function, _FACTOR))

    def _print_Sum(self, expr: Any) -> Any:
        return self._large(expr, "∑")

    def _print_Product(self, expr: Any) -> Any:
        return self._large(expr, "∏")

    def _print_Piecewise(self, expr: Any) -> Any:
        rows = []
        for value, condition in expr.args:
            always = condition in (True, true)
            when = self.element("mtext", "otherwise") if always else self._print(condition)
            cells = (self.element("mtd", self._print(value)), self.element("mtd", when))
            rows.append(self.element("mtr", *cells))
        brace = self.element("mo", "{", fence="true", form="prefix", stretchy="true")
        return self.element("mrow", brace, self.element("mtable", *rows))


def _word(part: str) -> str:
    """LaTeX of one part of a plain name: Greek by its name, one letter slanted, a word upright."""
    if part in latex.GREEK:
        return "\\" + part
    return part if len(part) == 1 or part.isdigit() else rf"\mathrm{{{part}}}"
