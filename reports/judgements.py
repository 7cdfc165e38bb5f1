"""Claims and refutations arranged for the page: claims by their status, counterexamples, and numbers that clash."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .formats import Number, show, value

CLAIMS = {
    "holds": "holds here",
    "hypothesis_not_met": "hypothesis not met here",
    "undecided": "undecided here",
    "refuted": "refuted",
    "not_applicable": "about another kind of cell",
}
HEADINGS = {
    "holds": "Holds here",
    "hypothesis_not_met": "True, but a hypothesis is not met here",
    "undecided": "Undecided here",
    "refuted": "Refuted",
    "not_applicable": "About another kind of cell",
}
COUNTS = {
    "holds": ("holds here", "hold here"),
    "hypothesis_not_met": (
        "has a hypothesis that is not met here",
        "have a hypothesis that is not met here",
    ),
    "undecided": ("undecided", "undecided"),
    "refuted": ("refuted", "refuted"),
    "not_applicable": ("about another kind of cell", "about another kind of cell"),
}
_AUTHORS = re.compile(r"(?P<authors>[^()]+) \((?P<year>\d{4}[a-z]?)\)\.")
_DIGITS, _MOST = 4, 17  # significant digits that a number has, and that a double can have


@dataclass(frozen=True)
class Group:
    """Claims of one status."""

    status: str
    heading: str
    claims: tuple[Mapping[str, Any], ...]


def by_status(claims: Iterable[Mapping[str, Any]]) -> list[Group]:
    """Claims in groups, in the order of `CLAIMS`; within a group in the order of the document."""
    listed = list(claims)
    found = {status: tuple(c for c in listed if c["status"] == status) for status in CLAIMS}
    return [Group(status, HEADINGS[status], members) for status, members in found.items() if members]


def tally(claims: Iterable[Mapping[str, Any]]) -> str:
    """How many claims have which status, in one phrase; empty without claims.

    >>> tally([{"status": "holds"}, {"status": "refuted"}, {"status": "refuted"}])
    '1 holds here, 2 refuted'
    """
    groups = by_status(claims)
    return ", ".join(f"{len(g.claims)} {COUNTS[g.status][len(g.claims) > 1]}" for g in groups)


def sources(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The texts that theorems, refutations and claims are from, each once, by names and year."""
    things = (*document["theorems"], *document["refutations"], *document["claims"], *document.get("facts", ()))
    found = {thing["source"]["key"]: thing["source"] for thing in things if thing["source"]}
    return sorted(found.values(), key=lambda source: str(source["citation"]))


def short(citation: str) -> str:
    """Names and year of a citation; a citation of another form stays.

    >>> short("Hochreiter, Sepp; Schmidhuber, Jürgen (1997). Long Short-Term Memory. Neural Computation 9.")
    'Hochreiter & Schmidhuber 1997'
    >>> short("A, B; C, D; E, F (2001). T. J.")
    'A et al. 2001'
    """
    found = _AUTHORS.match(citation)
    if found is None:
        return citation
    names = [author.split(",")[0].strip() for author in found["authors"].split(";")]
    whom = f"{names[0]} et al." if len(names) > 2 else " & ".join(names)
    return f"{whom} {found['year']}"


def data(example: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The data of a counterexample: matrices and vectors first, then numbers; capital letters before words."""
    return sorted(example.items(), key=lambda item: ("<mtable" not in item[1]["mathml"], item[0]))


def apart(found: Number, claimed: Number) -> tuple[str, str]:
    """Two numbers as HTML with as many digits as it takes to tell them apart, four at least.

    >>> [str(number) for number in apart(1.00001249, 1.0)]
    ['1.00001', '1']
    """
    digits = _DIGITS
    if math.isfinite(value(found)) and math.isfinite(value(claimed)) and value(found) != value(claimed):
        while digits < _MOST and f"{value(found):.{digits}g}" == f"{value(claimed):.{digits}g}":
            digits += 1
    return show(_plain(found), digits=digits), show(_plain(claimed), digits=digits)


def _plain(number: Number) -> Number:
    return float(number) if isinstance(number, int) else number


def sign(relation: Mapping[str, str]) -> str:
    r"""The sign of a relation, from its LaTeX.

    >>> sign({"latex": r"\frac{1}{2} \leq 1"}), sign({"latex": "x"})
    ('≤', '')
    """
    found = re.search(r"\\leq|\\geq|\\neq|\\le\b|\\ge\b|[<>=]", relation["latex"])
    return _SIGNS.get(found.group(), found.group()) if found else ""


_SIGNS = {r"\leq": "≤", r"\le": "≤", r"\geq": "≥", r"\ge": "≥", r"\neq": "≠"}
