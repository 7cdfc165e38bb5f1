r"""The data of a counterexample as a formal statement writes them: ``let W := mat2 2 4 (-1) (-2) in``.

A refutation and its formal theorem must be about the same numbers: every datum of the example stands in the statement under
its own name, with the same value. Matrices are written by their rows, as sequences, or by a name for their pattern.

Main definitions: `speaks_of`, `texts_of`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sympy as sp

_LET = re.compile(r"let (\w+)(?: : [^:]*?)? := (.*?)\s+in\b\s*", re.DOTALL)
_FIELD = re.compile(r"(?:forall R : rcfType,\s*)?")
_NUMBER = re.compile(r"\(?(-? ?\d+)(?: / (\d+))?\)?(?:%[NRZ])?")
_FORM = re.compile(r"(mat|row|col)\d (.*)|(const_mx|shift R|ln|delta_mx|nseq|repeated) (.*)")
_ATOM = re.compile(r"\([^()]*\)(?:%\w)?|\[::[^\[\]]*\]|[^\s()\[\],;]+")


def texts_of(statement: str) -> dict[str, str]:
    """What a statement names before it claims anything, as it is written; a name that is given twice is left out.

    >>> texts_of("let W := mat2 2 4 (-1) (-2) in let lag := 9%N in True"), texts_of("let lag := 9%N in True -> let W := 1 in T")
    ({'W': 'mat2 2 4 (-1) (-2)', 'lag': '9%N'}, {'lag': '9%N'})
    """
    found: dict[str, str] = {}
    again: set[str] = set()
    place = _FIELD.match(statement).end()  # type: ignore[union-attr]  # matches the empty text
    while let := _LET.match(statement, place):
        again |= {let[1]} & found.keys()
        found[let[1]] = " ".join(let[2].split())
        place = let.end()
    return {name: text for name, text in found.items() if name not in again}


def speaks_of(statement: str, data: Mapping[str, Any]) -> bool:
    """Whether a statement names every datum of an example, with the same value.

    >>> speaks_of("let lag := 9%N in True", {"lag": sp.Integer(9)}), speaks_of("let lag := 9%N in True", {"lag": sp.Integer(8)})
    (True, False)
    """
    texts = texts_of(statement)
    return all(name in texts and _written(texts[name], value) for name, value in data.items())


def _written(text: str, value: Any) -> bool:
    """Whether a text says the value: a number, or the entries of a matrix of this shape, row by row."""
    if not isinstance(value, sp.MatrixBase):
        return bool(_number(text) == value)
    if (whole := _number(text)) is not None:
        return bool(whole == 0 and value.is_zero_matrix)
    return _entries(text, value) == list(value)


def _number(text: str) -> sp.Expr | None:
    if text.startswith("ln ") and (argument := _number(text[3:])) is not None:
        return sp.log(argument)
    found = _NUMBER.fullmatch(text)
    return sp.Rational(int(found[1].replace(" ", "")), int(found[2] or 1)) if found else None


def _entries(text: str, value: sp.MatrixBase) -> list[sp.Expr] | None:
    rows, columns = value.shape
    if text.startswith("[::"):
        parts = [part.strip() for part in text[3:-1].split(";")]
        found = [[number] if (number := _number(part)) is not None else _row(part, columns) for part in parts]
        return None if None in found else [entry for part in found for entry in part or []]
    if text.startswith("("):  # pairs of pairs
        numbers = [_number(part.strip()) for part in re.sub(r"[()]", "", text).split(",")]
        return None if None in numbers else numbers
    if not (form := _FORM.fullmatch(text)):
        return None
    if form[1]:
        return _row(text, columns) if form[1] == "row" else [_number(atom) for atom in _ATOM.findall(form[2])]
    *first, last = _ATOM.findall(form[4])
    match form[3]:
        case "const_mx" if not first:
            return [_number(last)] * (rows * columns)
        case "shift R" if _number(last) == rows == columns:
            return [sp.Integer(i == j + 1) for i in range(rows) for j in range(columns)]
        case "delta_mx" if len(first) == 1:
            one = _number(first[0]), _number(last)
            return [sp.Integer((i, j) == one) for i in range(rows) for j in range(columns)]
        case "nseq" if len(first) == 1:
            return [_number(last)] * int(_number(first[0]) or 0)
        case "repeated" if len(first) == 1:
            once = _entries(first[0], value)
            return None if once is None else once * int(_number(last) or 0)
    return None


def _row(text: str, columns: int) -> list[sp.Expr] | None:
    form = _FORM.fullmatch(text)
    entries = [_number(atom) for atom in _ATOM.findall(form[2])] if form and form[1] == "row" else []
    return entries if len(entries) == columns and None not in entries else None
