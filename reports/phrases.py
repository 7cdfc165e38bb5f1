"""Sentences of the document for a reader: the mathematics in them typeset, known conditions as formulas.

A sentence holds its mathematics as plain text, `||W||_2 <= lambda^k`; here signs, Greek letters, indices and powers
become what they stand for. Text stays text: it is escaped first, and only `sub` and `sup` are added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from .latex import GREEK

_MINUS = "−"
_SIGNS = (("<=", "≤"), (">=", "≥"), (" - ", f" {_MINUS} "), (" -> ", " → "), ("||", "‖"))
_LETTERS = {**GREEK, "eps": "ε"}
_SMALL = {
    *_LETTERS,
    "exp",
    "log",
    "sin",
    "cos",
    "tanh",
    "cosh",
    "sinh",
    "max",
    "min",
    "sup",
    "inf",
}  # also at the start
_NAMED = re.compile(rf"(?<![A-Za-z_\\])({'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?![A-Za-z])")
_BASE = r"(?:(?<![A-Za-zα-ω0-9_])d?[A-Za-zα-ωΓ-Ω](?:&#39;)*|[‖)|])"
_INDEX = re.compile(rf"({_BASE})_(\{{[^{{}}<>&]+\}}|[A-Za-z0-9]{{1,3}}(?![A-Za-z0-9_]))")
_POWER = re.compile(r"(?<=[\w)\]‖|>;])\^(\{[^{}]+\}|\([^()]+\)|[-−]?[A-Za-z0-9]+)")
_INDICES, _POWERS = {"inf": "∞"}, {"T": "⊤"}
_START = re.compile(r"[a-z]{2,}(?=[ ,.])|a(?= [a-z]{2,})")


def prose(text: str, formulas: Mapping[str, Markup] | None = None) -> Markup:
    r"""A sentence: it starts with a capital, unless with a letter of mathematics, and ends with a full stop.

    `formulas` has the markup of conditions by their plain text.

    >>> print(prose("slopes from -0.5 to -5.6e-10: x <= 1"))
    Slopes from −0.5 to −5.6&nbsp;×&nbsp;10<sup>−10</sup>: x ≤ 1.
    >>> print(prose("rho(W) < 1 makes ||W^k||_2 tend to zero"))
    ρ(W) &lt; 1 makes ‖W<sup>k</sup>‖<sub>2</sub> tend to zero.
    """
    words = text.strip()
    first = _START.match(words)
    if first and first.group() not in _SMALL:
        words = words[0].upper() + words[1:]
    if words and words[-1] not in ".!?":
        words += "."
    return phrase(words, formulas)


def phrase(text: str, formulas: Mapping[str, Markup] | None = None) -> Markup:
    """A part of a sentence."""
    known = [name for name in sorted(formulas or (), key=len, reverse=True) if name in text]
    if not known:
        return _typeset(text.strip())
    assert formulas is not None
    parts = re.split("(" + "|".join(map(re.escape, known)) + ")", text.strip())
    return Markup("").join(formulas[part] if at % 2 else _typeset(part) for at, part in enumerate(parts))


def _typeset(words: str) -> Markup:
    words = re.sub(r"Matrix\(\[.*\]\)", "M", words, flags=re.DOTALL)  # written out where its formula is
    for plain, sign in _SIGNS:
        words = words.replace(plain, sign)
    words = re.sub(r"(?<![\w.)\]^-])-(?=[\w.(|])|(?<=\b[A-Za-z])-(?=[A-Za-z0-9]\b)", _MINUS, words)
    words = _NAMED.sub(lambda found: _LETTERS[found.group()], words)
    markup = re.sub(r"(?<=\d)e([-+]?)0*(\d+)", _exponent, str(escape(words)))
    markup = _INDEX.sub(lambda found: f"{found.group(1)}<sub>{_script(found.group(2), _INDICES)}</sub>", markup)
    return Markup(_POWER.sub(lambda found: f"<sup>{_script(found.group(1), _POWERS)}</sup>", markup))


def _script(text: str, signs: Mapping[str, str]) -> str:
    inner = text[1:-1] if text[0] in "{(" else text
    return signs.get(inner, inner.replace("-", _MINUS))


def _exponent(found: re.Match[str]) -> str:
    return f"&nbsp;×&nbsp;10<sup>{_MINUS if found.group(1) == '-' else ''}{found.group(2)}</sup>"
