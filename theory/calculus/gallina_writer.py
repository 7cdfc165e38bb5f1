r"""Writing the parts of a formal statement: words, numbers and claims in Gallina, with brackets where Coq needs them.

Main definitions: `Writer`, `identifier`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from .. import notation
from .. import quantities as q
from . import facts as f
from . import words as w
from .facts import Claim, Fact
from .forms import Entry, Form
from .gallina_shapes import Shapes, Untranslatable
from .mean import Mean, unsure

_SUM, _PRODUCT, _POWER, _APPLICATION, _ATOM = range(5)  # how tightly a term is bound, the loosest first

_DEFINED = {  # functions of one matrix that vocabulary.v defines
    q.spectral_norm: "norm",
    q.smallest_singular_value: "smallest_gain",
    q.spectral_radius: "radius",
    q.perron_radius: "perron_radius",
    q.row_sum_norm: "row_sum_norm",
    q.max_abs: "max_abs",
}
# Functions that have a defining property there, with the others that the property speaks of.
WITH_PROPERTY: dict[type, tuple[type, ...]] = {
    q.numerical_radius: (),
    q.diagonal_scaling_norm: (),
    q.scaled_numerical_radius: (q.numerical_radius,),
    q.largest_masked_product: (),
    q.joint_spectral_radius: (q.largest_masked_product,),
    q.masked_supremum: (q.largest_masked_product,),
    q.power_supremum: (),
    q.kreiss_constant: (),
}
_PROPERTIES = {
    f.Diagonal: "is_diag_mx",
    f.UnitInterval: "unit_interval",
    f.BlockNorms: "block_norms",
    f.BlockRowSums: "block_row_sums",
    f.Majorized: "majorized",
}
_RESERVED = {"R", "S", "O", "fun", "forall", "exists", "let", "in", "if", "then", "else", "return", "as", "at", "end"}


Term = tuple[str, int]


@dataclass
class Writer:
    """Writes the parts of one statement; collects which functions without a definition it speaks of."""

    shapes: Shapes
    functions: set[sp.Basic]  # letters and symbols with a value for every step
    units: str = "n"
    opaque: dict[str, str] = field(default_factory=dict)  # name: type
    special: set[type] = field(default_factory=set)  # kinds with a defining property
    taken: set[str] = field(default_factory=set)
    complex: bool = False
    numbers: set[sp.Basic] = field(default_factory=set)  # symbols of complex numbers
    current: str = ""  # the step that a fact is stated for
    random: set[sp.Basic] = field(default_factory=set)  # letters and symbols that depend on the outcome o of chance
    means: list[str] = field(default_factory=list)  # the numbers whose expectation is written

    def _step(self) -> str:
        return self.current or self._new_step()

    def _new_step(self) -> str:
        return next(name for name in ("i", "j", "l") if name not in self.taken)

    @property
    def scalars(self) -> str:
        """The field of the numbers in matrices."""
        return "R[i]" if self.complex else "R"

    # words

    def word(self, expr: Any, step: str | None = None) -> Term:
        """A matrix or vector; ``step`` is what the step of a product is called inside of it."""

        def inside(part: Any, least: int) -> str:
            return _within(self.word(part, step), least)

        match expr:
            case w.Letter():
                return self._applied(expr, step or self._step() if expr in self.functions else "")
            case w.At(args=(letter, index)) | w.Instance(args=(letter, index)):
                return self._applied(letter, _within(self.integer(index, step), _ATOM))
            case w.Eye():
                return ("1%:M", _ATOM) if self.shapes.lettered else (f"(1%:M : 'M[{self.scalars}]_n)", _ATOM)
            case w.Dot(args=factors):
                return " *m ".join(inside(factor, _POWER) for factor in factors), _PRODUCT
            case w.Scaled(args=(factor, body)):
                if factor == -1:
                    return f"- {inside(body, _PRODUCT + 1)}", _PRODUCT
                return f"{_within(self.number(factor, step), _POWER)} *: {inside(body, _POWER)}", _PRODUCT
            case w.Plus(args=terms):
                return self._sum(
                    [(t.args[0], t.args[1]) if isinstance(t, w.Scaled) else (sp.S.One, t) for t in terms], step
                )
            case w.Transpose(args=(body,)):
                return f"{inside(body, _ATOM)}^T", _ATOM
            case w.Inverse(args=(body,)):
                return f"invmx {inside(body, _ATOM)}", _APPLICATION
            case w.Absolute(args=(body,)):
                return f"absolute {inside(body, _ATOM)}", _APPLICATION
            case w.Chain(args=(body, first, last)):
                ends = " ".join(_within(self.integer(end, step), _ATOM) for end in (first, last))
                return f"chain {self._body(body, self.word)} {ends}", _APPLICATION
        raise Untranslatable(f"no formal word for {expr}")

    def _applied(self, symbol: sp.Symbol, step: str) -> Term:
        """A letter or symbol at its step, if it has one, and at the outcome, if it depends on chance."""
        parts = [identifier(symbol.name), step, "o" if symbol in self.random else ""]
        found = " ".join(part for part in parts if part)
        return found, _APPLICATION if " " in found else _ATOM

    def _sum(self, terms: Sequence[tuple[sp.Expr, Any]], step: str | None) -> Term:
        ordered = sorted(terms, key=lambda term: term[0].could_extract_minus_sign())
        found = ""
        for factor, body in ordered:
            minus = factor.could_extract_minus_sign()
            part = _within(self.word(w.scaled(-factor if minus else factor, body), step), _PRODUCT)
            found += (f" - {part}" if minus else f" + {part}") if found else (f"- {part}" if minus else part)
        return found, _SUM

    def _body(self, body: Any, write: Any) -> str:
        """The body of a product or sum of symbolic length, as a function of its step."""
        if isinstance(body, w.At) and body.index == w.STEP and body.letter not in self.random:
            return identifier(body.letter.name)
        if isinstance(body, sp.Symbol) and body in self.functions:
            return identifier(body.name)
        if not body.has(w.STEP) and not body.atoms(sp.Symbol) & self.functions:
            return f"(fun=> {write(body)[0]})"
        step = self._new_step()
        return f"(fun {step} => {write(body, step)[0]})"

    # numbers

    def integer(self, expr: sp.Expr, step: str | None = None) -> Term:
        """A step or length, of type int."""
        if expr == w.STEP:
            return step or self._step(), _ATOM
        if isinstance(expr, sp.Symbol):
            return identifier(expr.name), _ATOM
        if isinstance(expr, sp.Integer):
            return (f"- {-expr}%:Z", _SUM) if expr < 0 else (str(expr) if expr < 2 else f"{expr}%:Z", _ATOM)
        if isinstance(expr, sp.Add):
            return _added(expr, lambda part: self.integer(part, step))
        if isinstance(expr, sp.Pow) and expr.exp.is_Integer and expr.exp > 0:
            return f"{_within(self.integer(expr.base, step), _ATOM)} ^+ {expr.exp}", _POWER
        if isinstance(expr, sp.Mul):
            return _multiplied(expr, lambda part: self.integer(part, step))
        raise Untranslatable(f"no formal step for {expr}")

    def number(self, expr: Any, step: str | None = None) -> Term:
        """A number, of type R."""
        kind = type(expr)

        def inside(part: Any) -> Term:
            return self.number(part, step)

        if expr == notation.n:
            return f"{self.units}%:R", _ATOM
        if isinstance(expr, sp.Integer):
            whole = str(abs(expr)) if abs(expr) < 2 else f"{abs(expr)}%:R"
            return (f"- {whole}", _SUM) if expr < 0 else (whole, _ATOM)
        if isinstance(expr, sp.Rational):
            return f"{_within(inside(sp.Integer(expr.p)), _PRODUCT)} / {expr.q}%:R", _PRODUCT
        if isinstance(expr, sp.Symbol):
            if expr.is_integer or expr == w.STEP:
                return f"{_within(self.integer(expr, step), _ATOM)}%:~R", _ATOM
            return self._applied(expr, step or self._step() if expr in self.functions else "")
        if isinstance(expr, sp.Add):
            return _added(expr, inside)
        if isinstance(expr, sp.Mul):
            return _multiplied(expr, inside)
        if isinstance(expr, sp.Pow):
            return self._power(expr, step)
        if kind is Mean:
            of_outcome = f"(fun{' o' if expr.args[0].free_symbols & self.random else ''} => {inside(expr.args[0])[0]})"
            of_outcome = of_outcome.replace("fun =>", "fun=>")
            if of_outcome not in self.means:
                self.means.append(of_outcome)
            return f"mean E {of_outcome}", _APPLICATION
        if isinstance(expr, sp.Abs):
            if self.complex:
                return f"modulus {_within(inside(expr.args[0]), _ATOM)}", _APPLICATION
            return f"`|{inside(expr.args[0])[0]}|", _ATOM
        if isinstance(expr, w.Over):
            ends = " ".join(_within(self.integer(end, step), _ATOM) for end in expr.args[1:])
            name = {"product": "product_over", "sum": "sum_over"}[expr.sign]
            return f"{name} {self._body(expr.args[0], self.number)} {ends}", _APPLICATION
        if isinstance(expr, Form):
            return f"number ({self.word(expr.args[0], step)[0]})", _APPLICATION
        if isinstance(expr, Entry):
            indices = " ".join(_within(self.integer(index, step), _ATOM) for index in expr.args[1:])
            return f"entry {_within(self.word(expr.args[0], step), _ATOM)} {indices}", _APPLICATION
        if kind in _DEFINED:
            name = f"complex_{_DEFINED[kind]}" if self.complex else _DEFINED[kind]
            return f"{name} {_within(self.word(expr.args[0], step), _ATOM)}", _APPLICATION
        return self._function(expr, step)

    def _power(self, expr: sp.Pow, step: str | None) -> Term:
        base, exponent = expr.args
        if exponent == sp.Rational(1, 2):
            return f"Num.sqrt {_within(self.number(base, step), _ATOM)}", _APPLICATION
        root = _within(self.number(base, step), _ATOM)
        if isinstance(exponent, sp.Integer) and exponent >= 0:
            return f"{root} ^+ {exponent}", _POWER
        if exponent == -1:
            return f"{root}^-1", _ATOM
        if not exponent.is_integer or base == sp.E:
            raise Untranslatable(f"no formal word for {expr}")
        return f"{root} ^ {_within(self.integer(exponent, step), _ATOM)}", _POWER

    def _function(self, expr: Any, step: str | None) -> Term:
        kind = type(expr)
        if kind in WITH_PROPERTY:
            self.special.update((kind, *WITH_PROPERTY[kind]))
        elif not (isinstance(expr, AppliedUndef) or getattr(q, kind.__name__, None) is kind) or kind is q.sup_abs:
            raise Untranslatable(f"no formal word for {expr}")
        args, types = [], []
        for arg in expr.args:
            if isinstance(arg, w.Word):
                part = self.word(arg, step)
                if kind is q.kreiss_constant and not self.complex:
                    part = f"as_complex {_within(part, _ATOM)}", _APPLICATION
                args.append(_within(part, _ATOM))
                scalars = "R[i]" if kind is q.kreiss_constant else self.scalars
                types.append(f"'M[{scalars}]_{self.shapes.square(arg)}")
            elif getattr(arg, "is_integer", False):
                args.append(_within(self.integer(arg, step), _ATOM))
                types.append("int")
            else:
                raise Untranslatable(f"no formal word for {expr}")
        name = identifier(kind.__name__)
        self.opaque.setdefault(name, " -> ".join([*types, "R"]))
        return " ".join([name, *args]), _APPLICATION if args else _ATOM

    # claims

    def claim(self, claim: Claim) -> str:
        """A relation or property."""
        if isinstance(claim, f.Symmetric):
            word = _within(self.word(claim.word), _ATOM)
            return f"{word}^T = {word}"
        if isinstance(claim, f.Invertible):
            return rf"{self.word(claim.word)[0]} \in unitmx"
        if isinstance(claim, f.Property):
            if type(claim) not in _PROPERTIES:
                raise Untranslatable(f"no formal property for {claim}")
            return " ".join([_PROPERTIES[type(claim)], *(_within(self.word(arg), _ATOM) for arg in claim.args)])
        small, relation, large = f.sides(claim)
        if isinstance(small, w.Word):
            return f"{self.word(small)[0]} = {self.word(large)[0]}"
        whole = all(side.is_integer and not side.has(notation.n) for side in (small, large))
        write = self.integer if whole else self.number
        left, right = write(small)[0], write(large)[0]
        sign = {"<=": "<=", "<": "<", "=": "="}[relation]
        kind = "int" if whole else "R"
        return f"{left} {sign} {right}" + (f" :> {kind}" if not claim.free_symbols - {notation.n} else "")

    def fact(self, fact: Fact) -> list[str]:
        """A claim with its quantifiers and conditions, behind the existence of the expectations in it."""
        if any(unsure(c, self.random) for c in fact.when):
            raise Untranslatable(f"no formal word for a condition that depends on chance: {fact}")
        if self.functions & set(fact.over):
            raise Untranslatable(f"no formal word for a fact over a letter that has steps: {fact}")
        spoken = {s for c in (fact.claim, *fact.when) for s in c.free_symbols}
        steps = (
            [self._new_step()] if spoken & self.functions - {s for s in self.functions if _has_copies(s, fact)} else []
        )
        taken, self.current = self.taken, steps[0] if steps else ""
        self.taken = taken | set(steps)
        said, self.means = self.means, []
        conditions = [self.claim(c) for c in fact.when]
        claim = self.claim(fact.claim)
        means, self.means = self.means, said
        self.taken, self.current = taken, ""
        binders = [f"{name} : int" for name in steps] + [self.binder(v)[1:-1] for v in fact.over]
        outcome = ["o : Omega"] if any(unsure(c, self.random) for c in (fact.claim, *fact.when)) else []
        exist = [_quantified(_named(binders, [*conditions, m]), [*conditions, f"integrable E {m}"]) for m in means]
        return [*exist, _quantified([*binders, *outcome], [*conditions, claim])]

    def binder(self, symbol: sp.Symbol) -> str:
        """(name : type)."""
        name = identifier(symbol.name)
        kind = "int" if symbol.is_integer else self.scalars if symbol in self.numbers else "R"
        kind = self.shapes.type(symbol, self.scalars) if isinstance(symbol, w.Letter) else kind
        kind = f"Omega -> {kind}" if symbol in self.random else kind
        return f"({name} : int -> {kind})" if symbol in self.functions else f"({name} : {kind})"


def _has_copies(symbol: sp.Basic, fact: Fact) -> bool:
    """Whether every occurrence of a function in a fact says which step it is of."""
    return not any(symbol in _bare(e) for e in (fact.claim, *fact.when))


def _bare(expr: Any) -> set[sp.Basic]:
    """The letters and symbols that stand without a step."""
    if isinstance(expr, w.At):
        return _bare(expr.index)
    if isinstance(expr, sp.Symbol):
        return {expr}
    return {s for arg in expr.args for s in _bare(arg)} if isinstance(expr, sp.Basic) else set()


def _named(binders: Sequence[str], parts: Sequence[str]) -> list[str]:
    """The binders of names that stand in the parts."""
    return [b for b in binders if any(re.search(rf"(?<![\w']){re.escape(b.split()[0])}(?![\w'])", p) for p in parts)]


def _quantified(binders: Sequence[str], parts: Sequence[str]) -> str:
    body = " -> ".join(parts)
    if not binders:
        return body if len(parts) == 1 else f"({body})"
    listed = binders[0] if len(binders) == 1 else " ".join(f"({b})" for b in binders)
    return f"(forall {listed}, {body})"


def _within(term: Term, least: int) -> str:
    text, bound = term
    return text if bound >= least else f"({text})"


def _added(expr: sp.Add, write: Any) -> Term:
    terms = sorted(expr.args, key=lambda c: (c.is_number, c.could_extract_minus_sign(), sp.default_sort_key(c)))
    if terms[0].could_extract_minus_sign() and not all(c.could_extract_minus_sign() for c in terms):
        terms.sort(key=lambda c: c.could_extract_minus_sign())
    found = ""
    for term in terms:
        minus = term.could_extract_minus_sign()
        part = _within(write(-term if minus else term), _PRODUCT)
        found += (f" - {part}" if minus else f" + {part}") if found else (f"- {part}" if minus else part)
    return found, _SUM


def _multiplied(expr: sp.Mul, write: Any) -> Term:
    if expr.could_extract_minus_sign():
        return f"- {_within(write(-expr), _PRODUCT + 1)}", _SUM
    above, below = sp.fraction(expr)
    if below != 1:
        return f"{_within(write(above), _PRODUCT)} / {_within(write(below), _POWER)}", _PRODUCT
    return " * ".join(_within(write(factor), _POWER) for factor in expr.args), _PRODUCT


def identifier(name: str) -> str:
    r"""The name of a symbol as an identifier.

    >>> identifier(r"\gamma_2"), identifier("y^{*}"), identifier("v'"), identifier("R'")
    ('gamma_2', 'y_star', "v'", "R'")
    """
    found = re.sub(r"\\(mathbb|mathcal|mathrm|tilde|bar|hat|max|min)?", "", name).replace("*", "star")
    found = re.sub(r"[^\w']+|__+", "_", re.sub(r"[^\w']+", "_", found)).strip("_")
    return f"{found}_" if found in _RESERVED else found
