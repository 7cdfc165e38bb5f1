r"""A proof in other letters: what is proved of W, h, ... is proved in the same way of any other letters of the same kind.

Main definition: `renamed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import sympy as sp

from .derivation import Lemma, Line
from .facts import Fact, supposed
from .rule import Rule
from .words import replace as exchanged

Part = TypeVar("Part", bound=Lemma | Fact)


def renamed(part: Part, letters: Mapping[sp.Symbol, sp.Symbol]) -> Part:
    """A lemma or fact with other letters and symbols; its name stays, and so do the rules and names that it uses.

    >>> from .facts import le
    >>> from .words import Letter
    >>> a, b = sp.symbols("a b")
    >>> print(renamed(Fact("small", le(a, 1)), {a: b}))
    small: b <= 1
    """
    names = {supposed(c).name: supposed(exchanged(c, dict(letters))).name for c in part.when}

    def new(value: Any) -> Any:
        if isinstance(value, Rule):
            return value
        if isinstance(value, sp.Basic):
            return exchanged(value, dict(letters))
        if isinstance(value, str):
            return names.get(value, value)
        if isinstance(value, tuple):
            return tuple(map(new, value))
        if isinstance(value, Mapping):  # the variables of a rule or fact, and their values
            return {variable: new(found) for variable, found in value.items()}
        if isinstance(value, Line):
            return replace(value, **{part.name: new(getattr(value, part.name)) for part in fields(value)})
        return value

    kept = {"name", "theorem", "rule", "step"}
    return replace(part, **{f.name: new(getattr(part, f.name)) for f in fields(part) if f.name not in kept})
