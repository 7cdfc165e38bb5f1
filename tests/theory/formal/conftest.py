"""A reader of formal statements, apart from the code that prints them: what a text says, and what its terms are.

The reader is written from the grammar of MathComp's ring_scope; it reads the part of Gallina that statements need.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp

from errorflow.theory import notation, theorems
from errorflow.theory.calculus import Fact, facts, rules
from errorflow.theory.calculus import words as w
from errorflow.theory.calculus.mean import Mean, Sure

NAME = r"'(?:M|cV)\[R(?:\[i\])?\]_|R\[i\]|Num\.sqrt|[A-Za-z_][\w']*"
SIGN = r"%:~R|%:R|%:Z|%:M|%N|\^T|\^-1|\^\+|=>|->|:>|/\\|\\in|<=|`\||\*m|\*:|[-+*/^=<|(),:]"
TOKEN = re.compile(rf"\s*({NAME}|\d+|{SIGN})")
POSTFIX = {"%:R": 2, "%:~R": 2, "%:Z": 2, "^-1": 3, "^T": 8, "%:M": 8}  # levels as in Coq, the tightest first
RELATIONS = ("<=", "<", "=", "\\in")
INFIX = {  # level, level of the left operand, of the right one
    "^+": (29, 29, 28),
    "^": (30, 29, 30),
    **dict.fromkeys(("*m", "*", "/", "*:"), (40, 40, 39)),
    **dict.fromkeys("+-", (50, 50, 49)),
    **dict.fromkeys(RELATIONS, (70, 69, 69)),
    "/\\": (80, 79, 80),
    "->": (99, 98, 200),
    ":": (100, 99, 200),
}
Node = tuple  # a kind, then its parts


class Disagreement(ValueError):
    """A text that cannot be read, or says something else than the claim."""


def demand(condition: Any, *words: Any) -> None:
    """Raise what the words say, unless the condition holds."""
    if not condition:
        raise Disagreement(" ".join(map(str, words)))


class Reader:
    """Takes a text apart, from the left."""

    def __init__(self, text: str) -> None:
        self.tokens = TOKEN.findall(text)
        demand("".join(self.tokens) == re.sub(r"\s", "", text), "unknown signs in", text)
        self.tokens.append("end")

    @property
    def next(self) -> str:
        """The token that comes next."""
        return self.tokens[0]

    def take(self, expected: str | None = None) -> str:
        """Step over a token."""
        demand(expected in (None, self.next), "expected", expected, "got", self.next)
        return self.tokens.pop(0)

    def starts(self) -> bool:
        """Whether an argument can start here."""
        return self.next in ("(", "`|") or (self.next != "end" and re.match(r"[\w']", self.next) is not None)

    def term(self, level: int = 200) -> Node:
        """A term of at most this level."""
        left, bound = self.atom(level)
        while True:
            sign = self.next
            if sign in POSTFIX and bound <= POSTFIX[sign] <= level:
                left, bound = (self.take(), left), POSTFIX[sign]
            elif sign in INFIX and INFIX[sign][0] <= level and bound <= INFIX[sign][1]:
                left, bound = (self.take(), left, self.term(INFIX[sign][2])), INFIX[sign][0]
                if sign in RELATIONS and self.next == ":>":
                    self.take()
                    left = ("typed", left, self.term(69))
            elif self.starts() and bound < 10 <= level:
                left, bound = ("apply", left), 10
                while self.starts():
                    left += (self.term(9),)
            else:
                return left

    def atom(self, level: int) -> tuple[Node, int]:
        """What stands at the left end of a term, and its level."""
        token = self.take()
        if token in ("-", "fun", "forall"):
            own = 35 if token == "-" else 200
            demand(own <= level, token, "needs brackets")
            return self.opened(token, own), own
        if token == "(":
            inner = self.term()
            self.take(")")
            return ((self.take(), inner) if self.next == "%N" else inner), 0
        if token == "`|":
            inner = ("abs", self.term())
            self.take("|")
            return inner, 0
        if token.startswith("'"):
            return self.shape(token), 8
        demand(re.match(r"\w", token) and token != "end", "unexpected", token)
        return (("number", int(token)) if token.isdigit() else ("name", token)), 0

    def opened(self, token: str, own: int) -> Node:
        """What a sign or a binder opens."""
        if token == "forall":
            bound = self.binders()
            self.take(",")
            return token, tuple(bound), self.term()
        if token == "fun":
            name = None if self.next == "=>" else self.take()
            self.take("=>")
            return token, name, self.term()
        return "negative", self.term(own)

    def shape(self, token: str) -> Node:
        """The type of a matrix or column, with its sizes."""
        if self.next == "(":
            self.take()
            sizes = [self.term()]
            if self.next == ",":
                self.take()
                sizes.append(self.term())
            self.take(")")
        else:
            sizes = [self.term(2)]
        kind, field = token[1:-2].split("[", 1)
        return "matrix", ("name", field), sizes[0], ("number", 1) if kind == "cV" else sizes[-1]

    def binders(self) -> list[tuple[str, Node]]:
        """Names with their types: x y : T, or any number of (x y : T)."""
        found: list[tuple[str, Node]] = []
        bracketed = self.next == "("
        while True:
            if bracketed:
                self.take("(")
            names = list(iter(self.take, ":"))
            kind = self.term()
            found += [(name, kind) for name in names]
            if bracketed:
                self.take(")")
            if not bracketed or self.next != "(":
                return found


def binders(text: str) -> list[tuple[str, Node]]:
    """The names that a text binds, each with its type."""
    return Reader(text).binders()


def parts(node: Node, sign: str) -> list[Node]:
    """What stands between the signs of a right-associative chain."""
    return [node[1], *parts(node[2], sign)] if node[0] == sign else [node]


def statement(text: str) -> tuple[list[tuple[str, Node]], list[Node], list[Node], Node]:
    """Binders, premises, those premises that say that an expectation exists, and the conclusion."""
    reader = Reader(text)
    bound = reader.binders()
    reader.take(":")
    *premises, conclusion = parts(reader.term(), "->")
    reader.take("end")
    exist = [p for p in premises if opened(p)[1][-1][:3] == ("apply", ("name", "integrable"), ("name", "E"))]
    return bound, [p for p in premises if p not in exist], exist, conclusion


def opened(premise: Node) -> tuple[list[tuple[str, Node]], list[Node]]:
    """What a premise is for all of, and its conditions and claim."""
    bound, body = premise[1:] if premise[0] == "forall" else ((), premise)
    return list(bound), parts(body, "->")


def names_in(node: Any) -> set[str]:
    """The free names; what is bound must be used."""
    match node:
        case ("name", name):
            return {"R" if name == "R[i]" else name}
        case ("fun", name, body):
            inside = names_in(body)
            demand(name is None or name in inside, name, "is bound but not used")
            return inside - {name}
        case ("forall", bound, body):
            inside = names_in(body)
            demand({name for name, _ in bound} <= inside, bound, "are not all used")
            return (inside - {name for name, _ in bound}) | names_in(tuple(kind for _, kind in bound))
    return {name for part in node for name in names_in(part)} if isinstance(node, tuple) else set()


class Literal(int):
    """A numeral, of any type."""


@dataclass(frozen=True)
class Identity:
    """A multiple of an identity matrix whose size the context says."""

    factor: Any

    def like(self, other: Any) -> np.ndarray:
        """With as many rows as another matrix."""
        demand(isinstance(other, np.ndarray), "an identity matrix without a size")
        return self.factor * np.eye(len(other))


def sort(value: Any) -> str:
    """The kind of thing that a value is."""
    if isinstance(value, Literal):
        return "literal"
    if isinstance(value, Identity | np.ndarray):
        return "matrix"
    return "int" if isinstance(value, int) else "number" if isinstance(value, float | complex) else "function"


def power(base: Any, exponent: int) -> Any:
    """By multiplication."""
    return math.prod([base] * exponent, start=type(base)(1)) if exponent >= 0 else inverse(power(base, -exponent))


def inverse(a: Any) -> Any:
    """1 / a, and 0 for 0."""
    return 1 / a if a else 0.0


def scaled(factor: Any, a: Any) -> Any:
    """A multiple of a matrix or number."""
    return Identity(factor * a.factor) if isinstance(a, Identity) else factor * a


def value(node: Node, env: dict[str, Any], words: dict[str, Any]) -> Any:
    """What a term is, for values of the names in it; a relation is its sign and sides.

    A step is an int, a number a float or complex, and the two do not mix.
    """

    def of(part: Node, *sorts: str) -> Any:
        found = value(part, env, words)
        demand(not sorts or sort(found) in sorts, part, "is a", sort(found), "not a", *sorts)
        return found

    def pair(left: Node, right: Node, *sorts: str) -> tuple[Any, Any]:
        a, b = of(left, *sorts), of(right, *sorts)
        demand(len({sort(a), sort(b)} - {"literal"}) <= 1, left, "and", right, "are of two types")
        a, b = (x.like(y) if isinstance(x, Identity) else x for x, y in ((a, b), (b, a)))
        demand(np.shape(a) == np.shape(b), "the shapes of", left, "and", right)
        return a, b

    match node:
        case ("number", found):
            return Literal(found)
        case ("name", name):
            demand(name in env or name in words, name, "has no meaning")
            return env[name] if name in env else words[name]
        case ("apply", head, *args):
            return of(head, "function")(*map(of, args))
        case ("fun", name, body):
            return lambda x: value(body, {**env, name: x} if name else env, words)
        case (":", body, ("matrix", _, ("name", size), _)):
            return of(body, "matrix").like(np.empty(env[size]))
        case ("typed", relation, _):
            return of(relation)
        case ("abs", body):
            return words["abs"](of(body, "number"))
        case ("negative", body):
            found = of(body, "number", "int", "literal", "matrix")
            return Literal(-found) if isinstance(found, Literal) else scaled(-1, found)
        case ("%:R" | "%:~R", body):
            return float(of(body, "literal", "int"))
        case ("%:Z", body):
            return int(of(body, "literal"))
        case ("%:M", body):
            return Identity(float(of(body, "literal")))
        case ("^T", body):
            return of(body, "matrix").T
        case ("^-1", body):
            return inverse(of(body, "number"))
        case ("^+", base, ("number", exponent)):
            return power(of(base, "number", "int"), exponent)
        case ("^", base, exponent):
            return power(of(base, "number", "literal"), of(exponent, "int"))
        case (("+" | "-") as sign, left, right):
            a, b = pair(left, right, "number", "int", "literal", "matrix")
            return a + b if sign == "+" else a - b
        case ("*", left, right):
            return math.prod(pair(left, right, "number", "int", "literal"))
        case ("/", left, right):
            a, b = pair(left, right, "number", "literal")
            return a * inverse(b)
        case ("*m", left, right):
            return of(left, "matrix") @ of(right, "matrix")
        case ("*:", left, right):
            return scaled(of(left, "number", "literal"), of(right, "matrix"))
        case ("\\in", left, right):
            return of(right, "function")(of(left, "matrix"))
        case (("<=" | "<" | "=") as sign, left, right):
            return sign, *pair(left, right, "number", "int", "literal", "matrix")
    raise Disagreement(f"no meaning for {node}")


@dataclass(frozen=True)
class Case:
    """A formal statement and the claims that it is to say."""

    name: str
    text: str
    conclusion: Any
    given: tuple[Fact, ...]
    random: frozenset[sp.Basic]  # what depends on chance
    fixed: frozenset[sp.Basic]  # what is the same at every step
    over_complex: bool = False

    @property
    def claims(self) -> list[Any]:
        """The conclusion and all that is given."""
        return [self.conclusion, *(c for fact in self.given for c in (fact.claim, *fact.when))]

    @property
    def symbols(self) -> set[sp.Basic]:
        """What the statement is about."""
        said = set(self.conclusion.free_symbols).union(*(fact.particular for fact in self.given))
        return said - {notation.n, w.STEP}

    @cached_property
    def by_step(self) -> set[sp.Basic]:
        """What may have another value at every step: a letter with steps, or one that stands in products alone."""
        inside = {s for c in self.claims for x in c.atoms(w.Chain, w.Over) for s in x.args[0].free_symbols}
        outside = set().union(*(plain(c) for c in self.claims if not isinstance(c, facts.Property)))
        found = {s for s in inside - outside - self.fixed if not s.is_integer}
        return found | {at.letter for c in self.claims for at in c.atoms(w.At)}

    def generic(self, fact: Fact) -> bool:
        """Whether a fact is about every step without saying so."""
        return bool(set().union(*map(plain, (fact.claim, *fact.when))) & self.by_step)


def plain(expr: Any) -> set[sp.Basic]:
    """The letters and symbols outside of the bodies of products and sums, without a step of their own."""
    if isinstance(expr, w.Chain | w.Over | w.At | w.Instance):
        return set().union(*map(plain, expr.args[1:]))
    return {expr} if isinstance(expr, sp.Symbol) else set().union(*map(plain, expr.args))


def cases() -> Iterator[Case]:
    """All rules and theorems with a formal statement."""
    for rule in rules.all():
        given = tuple(fact for fact in rule.conditions if not isinstance(fact.claim, Sure))
        sure = {s for fact in rule.conditions if isinstance(fact.claim, Sure) for s in fact.claim.free_symbols}
        random = rule.variables - sure if rule.claim.has(Mean) else frozenset()
        for name, text in rule.formal_statements.items():
            if text is not None:
                yield Case(name, text, rule.claim, given, random, rule.fixed, over_complex=name != rule.lemma)
    for theorem in theorems.all():
        if (text := theorem.formal_statement) is not None:
            given = tuple(fact for fact in theorem.given if fact.theorem is None)
            fixed = frozenset(theorem.conclusion.free_symbols.union(*(fact.particular for fact in given)))
            yield Case(
                f"theorem_{theorem.id}", text, theorem.conclusion, given, frozenset(theorem.derivation.random), fixed
            )


CASES = {case.name: case for case in cases()}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Every rule and theorem that has a formal statement, in turn."""
    return CASES[request.param]


@pytest.fixture
def named() -> dict[str, Case]:
    """All of them, by the names of the formal theorems."""
    return CASES


@pytest.fixture
def reader() -> SimpleNamespace:
    """What reads a text: its binders, premises and conclusion, the names in it, and what a term is."""
    found = (statement, binders, opened, names_in, value, demand)
    return SimpleNamespace(**{function.__name__: function for function in found})
