"""A formula as running text: letters, signs, indices and powers of HTML in place of MathML.

For proofs, which are long: the text is a third of the markup, and it breaks into lines where the page is narrow. What a
line of text cannot show (fractions in fractions, matrices, accents over more than a letter) stays MathML.
"""

from __future__ import annotations

from html import escape
from xml.etree import ElementTree

from markupsafe import Markup

from . import sieve

_SPACED = frozenset("=≤≥<>+−→⇒⇔∧∨⊙×⋯∈≠")
_TIGHT = frozenset("\u2061\u2062\u2063")  # signs without ink
_THIN = "\u2009"
_ACCENTS = {
    "~": "\u0303",
    "˜": "\u0303",
    "^": "\u0302",
    "¯": "\u0304",
    "˙": "\u0307",
}  # combined with the letter before


def running(markup: str) -> Markup | None:
    """A checked formula as a line of text; None for a formula that needs more than a line.

    >>> print(running("<math><msub><mi>D</mi><mi>t</mi></msub><mi>W</mi><mo>≤</mo><mn>1</mn></math>"))
    <i>D</i><sub><i>t</i></sub><i>W</i> ≤ 1
    >>> running("<math><mtable></mtable></math>") is None
    True
    """
    try:
        text = _row(list(ElementTree.fromstring(sieve.safe(markup))), script=False)
    except _NoLineError:
        return None
    return Markup(text.replace("</i><i>", "").strip())


class _NoLineError(Exception):
    """The formula has no form as a line of text."""


def _row(children: list[ElementTree.Element], *, script: bool) -> str:
    texts = [_text(child, script=script, first=at == 0) for at, child in enumerate(children)]
    for at, child in enumerate(children):
        beside = [children[i].tag for i in (at - 1, at + 1) if 0 <= i < len(children)]
        if child.tag == "mfrac" and set(beside) - {"mo"}:  # a factor of a product
            texts[at] = f"({texts[at]})"
    return "".join(texts)


def _text(element: ElementTree.Element, *, script: bool, first: bool = False) -> str:
    match element.tag:
        case "math" | "mrow":
            return _row(list(element), script=script)
        case "mi" | "mn" | "ms":
            return _letter(element)
        case "mtext":
            return f" {escape(element.text or '', quote=False).strip()} "
        case "mspace":
            return _THIN
        case "mo":
            return _sign(element, script=script, first=first)
        case "msub" | "munder":
            space = _THIN if element.tag == "munder" else ""
            return f"{_text(element[0], script=script)}<sub>{_text(element[1], script=True)}</sub>{space}"
        case "msup":
            return f"{_text(element[0], script=script)}<sup>{_text(element[1], script=True)}</sup>"
        case "msubsup" | "munderover":
            below, above = (_text(part, script=True) for part in element[1:])
            limits = f'<span class="limits"><sup>{above}</sup><sub>{below}</sub></span>'
            return f"{_text(element[0], script=script)}{limits}"
        case "mover" if element.get("accent") == "true":
            return _accented(*element)
        case "mfrac":
            return f"{_atom(element[0])}/{_atom(element[1])}"
        case "msqrt":
            return f"√{_atom(element[0])}" if len(element) == 1 else f"√({_row(list(element), script=True)})"
    raise _NoLineError


def _letter(element: ElementTree.Element) -> str:
    text = element.text or ""
    shown = escape(text, quote=False)
    slanted = element.tag == "mi" and len(text) == 1 and text.isalpha() and not element.attrib
    return f"<i>{shown}</i>" if slanted else shown


def _accented(letter: ElementTree.Element, accent: ElementTree.Element) -> str:
    sign = _ACCENTS.get(accent.text or "")
    if sign is None or letter.tag != "mi" or len(letter.text or "") != 1:
        raise _NoLineError
    shown = f"{escape(letter.text or '', quote=False)}{sign}"
    return f"<i>{shown}</i>" if (letter.text or "").isalpha() and not letter.attrib else shown


def _sign(element: ElementTree.Element, *, script: bool, first: bool) -> str:
    sign = element.text or ""
    if sign in _TIGHT:
        return ""
    shown = escape(sign, quote=False)
    prefix = element.get("form") == "prefix" or (first and element.get("form") != "infix")
    if script or prefix or sign not in _SPACED | {","}:
        return shown
    return f"{shown} " if sign == "," else f" {shown} "


def _atom(element: ElementTree.Element) -> str:
    """Numerator, denominator or radicand: one letter or number with its indices and powers, or a row in parentheses."""
    if element.tag in ("mi", "mn", "msub", "msup", "msubsup"):
        return _text(element, script=True)
    if element.tag != "mrow" or any(part.tag == "mfrac" for part in element.iter()):
        raise _NoLineError
    return f"({_text(element, script=False).strip()})"
