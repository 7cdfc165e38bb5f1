r"""How words read: in LaTeX for formulas, in plain text for messages, with brackets where a reader needs them.

Main definitions: `latex`, `text`, `over`, `over_text`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from . import words as w

SUM, PRODUCT, CHAIN, LETTER = range(4)  # how tightly a word is bound, the loosest first


def index(expr: sp.Expr) -> str:
    """A step or length in plain text, what is added before what is subtracted: t-k+1."""
    return index_latex(expr).replace("\\", "")


def index_latex(expr: sp.Expr) -> str:
    r"""A step or length in LaTeX: its letters keep their backslash.

    >>> print(index_latex(w.STEP - 1), index(w.STEP - 1))
    \tau-1 tau-1
    """
    terms = sp.Add.make_args(expr)
    ordered = sorted(terms, key=lambda c: (c.is_number, c.could_extract_minus_sign(), sp.default_sort_key(c)))
    found = ""
    for term in ordered:
        part = str(term).replace("*", " ")
        found += part if not found or part.startswith("-") else f"+{part}"
    return found


@dataclass(frozen=True)
class Style:
    """The marks of one form of writing, and how it writes a scalar."""

    scalar: Callable[[Any], str]
    index: Callable[[Any], str]
    bracket: Callable[[str], str]
    superscript: Callable[[str], str]
    subscript: Callable[[str], str]
    transposed: str
    dots: str
    absolute: Callable[[str], str]


def _latex_style(printer: Any) -> Style:
    return Style(
        scalar=lambda expr: str(printer._print(expr) if printer is not None else sp.latex(expr)),
        index=index_latex,
        bracket=lambda body: rf"\left({body}\right)",
        superscript=lambda above: f"^{{{above}}}",
        subscript=lambda below: f"_{below}" if len(below) == 1 else f"_{{{below}}}",
        transposed=r"\top",
        dots=r"\cdots",
        absolute=lambda body: rf"\left|{body}\right|",
    )


_TEXT = Style(
    scalar=lambda expr: str(expr).replace("\\", ""),
    index=index,
    bracket=lambda body: f"({body})",
    superscript=lambda above: f"^{above}" if len(above) == 1 or above == "-1" else f"^({above})",
    subscript=lambda below: f"_{below}" if len(below) == 1 else f"_({below})",
    transposed="T",
    dots="...",
    absolute=lambda body: f"|{body}|",
)


def latex(expr: w.Word, printer: Any = None) -> str:
    r"""The word in LaTeX; ``printer`` is the SymPy printer that asks.

    >>> t, k = sp.symbols("t k", integer=True)
    >>> print(latex(w.chain(w.Letter("D")[w.STEP] @ w.Letter("W"), t - k + 1, t)))
    D_t W \cdots D_{t-k+1} W
    """
    return _write(expr, _latex_style(printer))[0]


def text(expr: w.Word) -> str:
    """The word in plain text.

    >>> A, B = w.Letter("A"), w.Letter("B")
    >>> text((A + B).T @ w.chain(A @ B, 1, 3) @ w.inverse(A))
    '(A^T + B^T) (A B)^3 A^-1'
    """
    return _write(expr, _TEXT)[0]


def over(expr: w.Over, printer: Any = None) -> str:
    r"""A product or sum of symbolic length in LaTeX.

    >>> k = sp.Symbol("k", integer=True)
    >>> print(over(w.sum_over(w.STEP**2, 1, k)))
    \sum_{\tau=1}^{k} \tau^{2}
    """
    body, first, last = expr.args
    inner = _latex_style(printer).scalar(body)
    inner = rf"\left({inner}\right)" if isinstance(body, sp.Add) else inner
    sign = {"product": r"\prod", "sum": r"\sum"}[expr.sign]
    return rf"{sign}_{{\tau={index_latex(first)}}}^{{{index_latex(last)}}} {inner}"


def over_text(expr: w.Over) -> str:
    """A product or sum of symbolic length in plain text."""
    body, first, last = expr.args
    inner = str(body).replace("\\", "")
    return f"{expr.sign}[{index(first)}..{index(last)}]({inner})"


def _write(word: w.Word, style: Style) -> tuple[str, int]:
    """The word and how tightly it is bound."""

    def inside(part: w.Word, least: int) -> str:
        body, bound = _write(part, style)
        return body if bound >= least else style.bracket(body)

    def at(step: sp.Expr) -> str:
        return style.index(step) if step != w.STEP else style.scalar(step)

    match word:
        case w.Letter(name=name):
            return style.scalar(sp.Symbol(name)), LETTER
        case w.At(args=(letter, step)):
            stem, _, rest = letter.name.partition("_")
            below = f"{rest},{at(step)}" if rest else at(step)
            return style.scalar(sp.Symbol(stem)) + style.subscript(below), LETTER
        case w.Eye():
            return "I", LETTER
        case w.Dot(args=factors):
            return " ".join(inside(factor, LETTER) for factor in factors), PRODUCT
        case w.Plus(args=terms):
            return _sum(terms, style), SUM
        case w.Scaled(args=(factor, body)):
            scalar = style.scalar(factor)
            scalar = style.bracket(scalar) if isinstance(factor, sp.Add) else scalar
            return f"-{inside(body, PRODUCT)}" if factor == -1 else f"{scalar} {inside(body, PRODUCT)}", SUM
        case w.Transpose(args=(w.Inverse(args=(body,)),)):
            return inside(body, LETTER) + style.superscript(f"-{style.transposed}"), LETTER
        case w.Transpose(args=(body,)):
            return inside(body, LETTER) + style.superscript(style.transposed), LETTER
        case w.Inverse(args=(body,)):
            return inside(body, LETTER) + style.superscript("-1"), LETTER
        case w.Absolute(args=(body,)):
            return style.absolute(_write(body, style)[0]), LETTER
        case w.Instance(args=(body, step)):
            return inside(body, LETTER) + style.bracket(at(step)), LETTER
        case w.Chain(args=(body, first, last)):
            if not body.has(w.STEP):
                return inside(body, LETTER) + style.superscript(style.index(sp.expand(last - first + 1))), LETTER
            ends = [w.replace(body, {w.STEP: end}) for end in (last, first)]
            short = all(isinstance(end, w.Dot) and len(end.args) == 2 for end in ends)
            first_text, last_text = (inside(end, PRODUCT if short else LETTER) for end in ends)
            return f"{first_text} {style.dots} {last_text}", CHAIN
    raise TypeError(f"word must be one of this package, got {type(word).__name__}")


def _sum(terms: tuple[w.Word, ...], style: Style) -> str:
    ordered = sorted(terms, key=lambda term: isinstance(term, w.Scaled) and term.args[0].could_extract_minus_sign())
    found = ""
    for term in ordered:
        part = _write(term, style)[0]
        if found and part.startswith("-"):
            found += f" - {part[1:]}"
        else:
            found += f" + {part}" if found else part
    return found
