"""The page: one self-contained HTML file made from a document, without scripts and without requests.

The document may come from a stranger: every text is escaped, formulas pass `mathml.safe`, links lead only to
places of the page itself, and the content-security policy allows nothing but the inline style and the fonts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from . import dispute, fonts, formats, judgements, latex, measured, outline, proofs, rounding, sieve, svg, views
from .conclusion import of_masks
from .document import validate
from .figures import draw
from .mathml import letter
from .running import running

_LONG = 48  # characters of a formula that fit on one line of a card
_BLOCKS = "p|div|dl|dt|dd|ol|ul|li|table|caption|thead|tbody|tr|th|td|section|article|details|summary|figure|h[1-4]"
_BLOCK_END = re.compile(rf"(</?(?:{_BLOCKS})(?: [^<>]*)?>)\n+|\n+(?=</?(?:{_BLOCKS})[ >])")
_READING = {
    "read": "its text was read",
    "abstract": "only its abstract was read",
    "recalled": "cited from memory; the wording is not confirmed",
    "own": "our own result",
}


def render(document: Mapping[str, Any]) -> str:
    """The page of a document, as text; equal documents give equal pages.

    Raises ValueError if the document does not fit the schema.

    >>> render({"schema_version": 1})
    Traceback (most recent call last):
    ValueError: the analysis document lacks the key 'question'
    """
    validate(document)
    gallery = draw(document)
    body = _environment().get_template("body.html.j2").render(
        d=document,
        gallery=gallery,
        anchors=views.anchors(document),
        answers=views.answers(document["verdicts"]),
        conditions=proofs.conditions(document),
        sources=judgements.sources(document),
    )  # fmt: skip
    kind, data = fonts.math_font(fonts.math_characters(body))
    body, runs = svg.shared_runs(_joined(body))
    face = f"@font-face{{font-family:'Page Math';src:url(data:font/{kind};base64,{data}) format('{kind}')}}"
    page = _environment().get_template("page.html.j2").render(
        d=document,
        body=Markup(body),
        glyphs=gallery.glyphs + runs,
        style=Markup(face + "\n" + _template("style.css")),
        release=_release(),
    )  # fmt: skip
    return page.encode("utf-8", "replace").decode()  # a lone surrogate in a foreign document is no text


def _joined(body: str) -> str:
    """The page without the ends of lines beside tags of blocks, which nobody sees."""
    return _BLOCK_END.sub(r"\1", body)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= formats.filters()
    environment.filters |= {
        "of_masks": of_masks, "math": _inline, "display": _display, "flow": _flow, "run": _run, "short": _short, "zip": zip,
        "tex": lambda text: Markup(latex.math(text, large=True)),
        "letter": lambda name: Markup(letter(name)), "sign": judgements.sign,
        "cited": judgements.short, "pretty": lambda content: json.dumps(content, ensure_ascii=False, indent=1),
    }  # fmt: skip
    environment.globals |= {
        "interval": rounding.shown, "width": formats.width, "pace": views.pace, "merged": views.bounds, "alike": views.alike,
        "hypotheses": views.hypotheses, "constants": views.constants, "overview": views.overview,
        "families": outline.families, "alone": outline.alone, "card": views.card, "proofs": proofs, "judgements": judgements,
        "measured": measured, "dispute": dispute, "OBJECTS": formats.OBJECTS, "GRADES": formats.GRADES, "READING": _READING,
        "rounded_rate": lambda verdict: rounding.pace(verdict)[0],
    }  # fmt: skip
    return environment


def _template(name: str) -> str:
    return files(__package__ or "errorflow.reports").joinpath("templates", name).read_text("utf-8")


def _release() -> str:
    try:
        return version("errorflow")
    except PackageNotFoundError:  # used from a source tree
        return ""


def _short(formula: Mapping[str, str]) -> dict[str, Any]:
    """A formula with letters for its large matrices: `formula`, itself a formula, and the list `matrices`."""
    try:
        parts = sieve.shortened(formula["mathml"])
    except ValueError:
        return {"formula": formula, "matrices": ()}
    matrices = [(name, {"mathml": str(matrix), "text": "the matrix"}) for name, matrix in parts.matrices]
    return {"formula": {**formula, "mathml": str(parts.formula)}, "matrices": matrices}


def _inline(formula: Mapping[str, str]) -> Markup:
    """A formula inside a line; its plain text if its MathML is not what this page accepts."""
    try:
        return _plain_mode(sieve.safe(formula["mathml"]))
    except ValueError:
        return Markup("<code>{}</code>").format(formula["text"])


def _display(formula: Mapping[str, str]) -> Markup:
    """A formula on a line of its own, which scrolls if it is wider than the page; a long one on several lines."""
    body = _inline(formula).replace("<math>", Markup('<math display="block">'), 1)
    if len(body.striptags()) > _LONG and "<mtable" not in body:
        body = _flow(formula)
    label = escape(formula["text"])
    return Markup('<div class="formula" role="group" tabindex="0" aria-label="{}">{}</div>').format(label, body)


def _run(formula: Mapping[str, str]) -> Markup:
    """A formula of a proof as running text, or as pieces if it needs more than a line."""
    try:
        text = running(formula["mathml"])
    except ValueError:
        text = None
    return _flow(formula) if text is None else Markup('<span class="run">{}</span>').format(text)


def _flow(formula: Mapping[str, str]) -> Markup:
    """A long formula as pieces that break into lines like words."""
    try:
        parts = sieve.pieces(formula["mathml"])
    except ValueError:
        return _inline(formula)
    return Markup('<span class="flow">{}</span>').format(Markup("<wbr>").join(parts))


def _plain_mode(markup: Markup) -> Markup:
    return Markup(markup.replace('<math display="block">', "<math>", 1))
