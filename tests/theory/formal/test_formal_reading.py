"""Laws of the formal statements: read as Coq reads them, they say what the SymPy claims say.

Both readings get the same random letters, of another size for every name of a size, whether or not what is given holds
of them. A norm, a product over steps, an expectation, ... is any function of its arguments here, the same on both sides:
the sides of a true equation differ then, and none can stand for the other unseen.
"""

import functools
import itertools
import math
import random
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import sympy as sp

from errorflow.theory import notation
from errorflow.theory import quantities as q
from errorflow.theory.calculus import Fact, Letter, facts, gallina
from errorflow.theory.calculus import words as w
from errorflow.theory.calculus.forms import Entry, Form, form
from errorflow.theory.calculus.gallina import identifier
from errorflow.theory.calculus.mean import Mean

SIZES = ((2, 3, 4, 5, 6, 1), (3, 2, 5, 4, 1, 6))
ROUNDS, MUTANTS = 4, 8


@functools.cache
def weights(name: str, length: int) -> np.ndarray:
    return np.random.default_rng([zlib.crc32(name.encode()), length]).standard_normal((2, length))


def anything(name: str) -> Callable[..., float]:
    """Some function of numbers and matrices, the same wherever the name stands."""

    def function(*args: Any) -> float:
        flat = np.concatenate([np.ravel(arg) for arg in args])
        real, imaginary = weights(name, len(flat))
        return float(1.5 + np.sin(real @ flat.real + imaginary @ flat.imag))

    return function


def over_steps(name: str) -> Callable[..., float]:
    return lambda f, a, b: anything(name)(f(a), f(a + 1), f(b), a, b)


def said(name: str) -> Callable[..., tuple]:
    return lambda *args: (name, *args)


def number(M: np.ndarray) -> Any:
    if M.shape != (1, 1):
        raise ValueError(f"a number of shape {M.shape}")
    return M[0, 0]


def as_complex(M: np.ndarray) -> np.ndarray:
    return M.astype(complex)


NUMBERS = ("norm", "radius", "perron_radius", "smallest_gain", "row_sum_norm", "max_abs", "entry", "modulus", "abs")
PROPERTIES = ("is_diag_mx", "unitmx", "unit_interval", "majorized", "block_norms", "block_row_sums")
MEANING: dict[str, Any] = {
    **{name: anything(name) for name in (*NUMBERS, "complex_norm", "complex_radius")},
    **{name: said(name) for name in PROPERTIES},
    **{name: over_steps(name) for name in ("product_over", "sum_over")},
    "chain": lambda f, a, b: np.cos(f(a)) + f(a + 1) / 3 + np.sin(2 * f(b)) + 0.7 * a - 0.4 * b,
    "mean": lambda outcomes, f: anything("mean")(*map(f, outcomes)),
    "absolute": lambda M: np.cos(M) + M / 3,
    "invmx": lambda M: np.sin(M) + M @ M,
    "number": number,
    "as_complex": as_complex,
    "Num.sqrt": lambda x: math.sqrt(max(x, 0.0)),
}


@dataclass(frozen=True)
class Draw:
    """Random values by name and type; a function of steps or outcomes has one for each."""

    sizes: dict[str, int]
    seed: int

    def value(self, name: str, kind: Any) -> Any:
        rng = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
        match kind:
            case ("name", "int"):
                return int(rng.integers(-1, 4))
            case ("name", "Omega"):
                return int(rng.integers(3))
            case ("name", "R"):
                return float(rng.uniform(0.4, 1.6) * rng.choice([-1, 1]))
            case ("name", "R[i]"):
                return complex(*rng.uniform(-1.5, 1.5, 2))
            case ("matrix", ("name", field), *_):
                real, imaginary = rng.standard_normal((2, *self.shape(kind)))
                return real + 1j * imaginary if field == "R[i]" else real
            case ("->", ("name", "int" | "Omega"), result):
                return self.copies(name, result)
            case ("->", *_):
                return functools.partial(applied, name, list(self.arguments(kind)))
        return range(3)  # an expectation: its outcomes

    def copies(self, name: str, kind: Any) -> Callable[..., Any]:
        @functools.cache
        def copy(at: int, *others: int) -> Any:
            found = self.value(f"{name} {at}", kind)
            return found(*others) if others else found

        return copy

    def shape(self, kind: Any) -> tuple[int, ...]:
        return tuple(map(self.size, kind[2:]))

    def size(self, node: Any) -> int:
        match node:
            case ("number", value):
                return value
            case ("*", left, right):
                return self.size(left) * self.size(right)
        return self.sizes[node[1]]

    def arguments(self, kind: Any) -> Iterator[tuple[tuple[int, ...], str]]:
        while kind[0] == "->":
            _, argument, kind = kind
            if argument == ("name", "int"):
                yield (), "i"
            else:
                yield self.shape(argument), "c" if argument[1] == ("name", "R[i]") else "f"


def applied(name: str, types: list[tuple], *args: Any) -> float:
    found = [(np.shape(arg), np.asarray(arg).dtype.kind) for arg in args]
    if found != types:
        raise ValueError(f"arguments of {name} must be {types}, got {found}")
    return anything(name)(*args)


WORDS = {
    q.spectral_norm: "norm",
    q.smallest_singular_value: "smallest_gain",
    q.spectral_radius: "radius",
    q.perron_radius: "perron_radius",
    q.row_sum_norm: "row_sum_norm",
    q.max_abs: "max_abs",
    sp.Abs: "abs",
    Entry: "entry",
    w.Absolute: "absolute",
    w.Inverse: "invmx",
    w.Chain: "chain",
    w.Over: "product_over",
    w.OverSum: "sum_over",
    facts.Diagonal: "is_diag_mx",
    facts.Invertible: "unitmx",
    facts.UnitInterval: "unit_interval",
    facts.Majorized: "majorized",
    facts.BlockNorms: "block_norms",
    facts.BlockRowSums: "block_row_sums",
}
OVER_COMPLEX = {"norm": "complex_norm", "radius": "complex_radius", "abs": "modulus"}


@dataclass(frozen=True)
class Claims:
    """What SymPy's claims are, of the same values."""

    case: Any
    values: dict[str, Any]
    step: int | None = None
    outcome: int | None = None

    def of(self, expr: Any, size: int | None = None) -> Any:
        """A word, number or property; an identity matrix has the size of what it is added to or compared with."""
        match expr:
            case sp.Rational():
                return int(expr) if expr.is_Integer else float(expr)
            case sp.Symbol():
                return self.symbol(expr)
            case sp.Add():
                return sum(map(self.of, expr.args))
            case w.Plus(args=terms):
                size = next((len(self.of(term)) for term in terms if w.IDENTITY not in (term, *term.args)), size)
                return sum(self.of(term, size) for term in terms)
            case sp.Mul():
                return math.prod(map(self.of, expr.args))
            case sp.Pow(args=(base, exponent)):
                value, exponent = self.of(base), self.of(exponent)
                return value**exponent if exponent >= 0 else (1 / value) ** -exponent if value else 0.0
            case w.At(args=(letter, at)) | w.Instance(args=(letter, at)):
                return replace(self, step=self.of(at)).of(letter)
            case w.Eye():
                return np.eye(size or self.values["n"])
            case w.Dot(args=factors):
                return functools.reduce(np.matmul, map(self.of, factors))
            case w.Scaled(args=(factor, body)):
                return self.of(factor) * self.of(body, size)
            case w.Transpose(args=(body,)):
                return self.of(body).T
            case w.Over(args=(body, *ends)) | w.Chain(args=(body, *ends)):
                return self.word(expr)(lambda step: replace(self, step=step).of(body), *map(self.of, ends))
            case Form(args=(body,)):
                return number(self.of(body))
            case Mean(args=(body,)):
                return MEANING["mean"](self.values["E"], lambda outcome: replace(self, outcome=outcome).of(body))
        args = [self.of(arg) for arg in expr.args]
        if type(expr) in WORDS:
            return self.word(expr)(*args)
        found = self.values[type(expr).__name__]
        return found(*map(as_complex, args) if isinstance(expr, q.kreiss_constant) else args) if args else found

    def word(self, expr: Any) -> Any:
        name = WORDS[type(expr)]
        return MEANING[OVER_COMPLEX.get(name, name) if self.case.over_complex else name]

    def symbol(self, symbol: sp.Symbol) -> Any:
        if symbol in (w.STEP, notation.n):
            return self.step if symbol == w.STEP else self.values["n"]
        found = self.values[identifier(symbol.name)]
        for held, at in ((self.case.by_step, self.step), (self.case.random, self.outcome)):
            found = found(at) if symbol in held and at is not None else found
        return found

    def claim(self, claim: Any) -> tuple:
        if isinstance(claim, facts.Property):
            return self.of(claim)
        left, right = claim.args
        if claim.rel_op in (">", ">="):
            left, right = right, left
        sign = {"==": "=", ">": "<", ">=": "<="}.get(claim.rel_op, claim.rel_op)
        size = len(self.of(left)) if isinstance(left, w.Word) and left != w.IDENTITY else None
        return sign, self.of(left), self.of(right, size)

    def means(self, claim: Any) -> list[list[float]]:
        """The numbers, by outcome, of which the claim takes the expectation."""
        return [[replace(self, outcome=o).of(mean.args[0]) for o in self.values["E"]] for mean in claim.atoms(Mean)]


def alike(a: tuple, b: tuple) -> bool:
    def same(x: Any, y: Any) -> bool:
        return x == y if isinstance(x, str) else np.shape(x) == np.shape(y) and np.allclose(x, y, rtol=1e-6, atol=1e-8)

    return len(a) == len(b) and all(map(same, a, b))


def check(case: Any, text: str, reader: Any, rounds: int = ROUNDS) -> None:
    """Raise ValueError where a text does not say what the claims say."""
    binders, premises, exist, conclusion = reader.statement(text)
    reader.demand(len(premises) >= len(case.given), "a fact is missing")
    premises = premises[len(premises) - len(case.given) :]
    sizes = [name for name, kind in binders if kind == ("name", "nat")]
    for seed in range(rounds):
        draw = Draw(dict(zip(sizes, SIZES[seed % len(SIZES)], strict=False)), seed)
        known = {name: draw.value(name, kind) for name, kind in binders if name not in ("R", "Omega")} | draw.sizes
        claims = Claims(case, known)
        means = [([], function) for function in claims.means(case.conclusion)]

        def read(premise: Any, known: Any = known, draw: Draw = draw) -> tuple[dict[str, Any], list[Any], list[Any]]:
            bound, parts = reader.opened(premise)
            return known | {name: draw.value(name, kind) for name, kind in bound}, bound, parts

        for fact, premise in zip(case.given, premises, strict=True):
            here, bound, parts = read(premise)
            step = here[bound[0][0]] if case.generic(fact) and bound else None
            outcome = next((here[name] for name, kind in bound if kind == ("name", "Omega")), None)
            theirs = Claims(case, here, step, outcome)
            meant = [theirs.claim(c) for c in (*fact.when, fact.claim)]
            found = [reader.value(part, here, MEANING) for part in parts]
            reader.demand(len(found) == len(meant) and all(map(alike, found, meant)), fact.name)
            means += [(meant[:-1], function) for function in theirs.means(fact.claim)]
        reader.demand(alike(reader.value(conclusion, known, MEANING), claims.claim(case.conclusion)), "the conclusion")
        integrable = []
        for premise in exist:
            here, _, (*when, last) = read(premise)
            function = reader.value(last[3], here, MEANING)
            integrable.append(([reader.value(part, here, MEANING) for part in when], [*map(function, here["E"])]))
        check_integrable(integrable, means, reader.demand)


def check_integrable(said: list[Any], meant: list[Any], demand: Any) -> None:
    """What is said to have an expectation is what the claims take the expectation of, under their conditions."""
    for when, function in said:
        known = [other for other, mean in meant if np.allclose(function, mean)]
        demand(any(len(when) == len(other) and all(map(alike, when, other)) for other in known), "integrable")
    demand(all(any(np.allclose(function, mean) for _, function in said) for _, mean in meant), "not integrable")


def test_a_formal_statement_says_what_the_claims_say(case, reader) -> None:
    check(case, case.text, reader)


FAULTS = {
    "factors swapped": ("theorem_pascanu2013_spectral_norm", "D j *m W", "W *m D j"),
    "no transpose": ("norm_transpose", "norm A^T", "norm A"),
    "the last step of a product": ("prod_last", "chain A a (b - 1)", "chain A a b"),
    "the first step of a product": ("theorem_smallest_gain", "(t - k + 1) t", "(t - k) t"),
    "the other way round": ("norm_add_le", "norm (A + B) <= norm A + norm B", "norm A + norm B <= norm (A + B)"),
    "a lost minus": ("theorem_eigenvalue_derivative", "= - number (u^T *m G *m v)", "= number (u^T *m G *m v)"),
    "another exponent": ("theorem_ginibre_powers", "n%:R ^ k *", "n%:R ^ (k + 1) *"),
    "the step of another": ("mul_apply", "entry B i j'", "entry B i' j'"),
    "a condition lost": ("le_of_forall_pow_le_mul_pow", "1 <= m' ->", ""),
    "a bracket lost in a product": ("theorem_bengio1994_contraction", "(X (i - 1) - Y (i - 1))", "X (i - 1) - Y (i - 1)"),
    "a bracket lost in a difference": ("sector_diag", "(x - D *m x)", "x - D *m x"),
    "a bracket lost in a denominator": ("norm_pow_le_kreiss", "((b%:~R + 1) * (c - 1))", "(b%:~R + 1) * (c - 1)"),
    "a bracket lost under a power": ("theorem_smallest_gain", "(alpha * smallest_gain W) ^ k", "alpha * smallest_gain W ^ k"),
    "one side twice": ("prod_const_matrix", "chain (fun=> A) 1 (b - a + 1)", "chain (fun=> A) a b"),
    "factors that do not fit": ("norm_mul_le", "A *m B", "B *m A"),
    "rows for columns": ("norm_mul_le", "(A : 'M[R]_(n, m))", "(A : 'M[R]_(m, n))"),
    "another block size": ("theorem_block_spectral_norm", "(C L : 'M[R]_m)", "(C L : 'M[R]_n)"),
    "the expectation of another": ("mean_add", "mean E (fun o => y o)", "mean E (fun o => x o)"),
    "something else is integrable": ("mean_add", "integrable E (fun o => y o)", "integrable E (fun o => y o ^+ 2)"),
    "nothing is integrable": ("abs_mean_le", "integrable E (fun o => `|x o|) ->", ""),
    "a real modulus": ("abs_mul_complex", "modulus c *", "`|c| *"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_caught(fault, named, reader) -> None:
    name, right, wrong = FAULTS[fault]
    case = named[name]
    assert right in case.text
    with pytest.raises(ValueError):  # noqa: PT011
        check(case, case.text.replace(right, wrong), reader)


SWAPS = {"<=": "<", "<": "<=", "=": "<=", "+": "-", "-": "+", "0": "1", "1": "0", "^T": "", "*m": "+"}
SWAPS |= {"norm": "max_abs", "max_abs": "norm", "radius": "norm", "row_sum_norm": "norm", "chain": "norm"}


def mutants(case: Any, reader: Any, rng: random.Random) -> Iterator[str]:
    """The text with one token of its facts or conclusion changed: a sign or word, or a name for another of its type."""
    binders, premises, *_ = reader.statement(case.text)
    lines = case.text.split(" :\n", 1)[1].split("\n")
    start = len(lines) - 1 - sum("integrable" not in line for line in lines[:-1]) + len(premises) - len(case.given)
    names = {name: [other for other, kind in binders if kind == mine and other != name] for name, mine in binders}
    start = case.text.index("\n".join(lines[start:]))
    spots = list(
        re.finditer(r"'\w+\[.*?\]_\w+|[\w']+(?![\w']| :)|" + "|".join(map(re.escape, SWAPS)), case.text[start:])
    )
    rng.shuffle(spots)
    for spot in spots:
        token = spot[0]
        if (instead := SWAPS.get(token, rng.choice(names.get(token) or [None]))) is not None:
            yield case.text[: start + spot.start()] + instead + case.text[start + spot.end() :]


def test_a_changed_sign_or_name_is_caught(case, reader) -> None:
    found = list(itertools.islice(mutants(case, reader, random.Random(case.name)), MUTANTS))
    assert found
    for text in found:
        with pytest.raises((ValueError, TypeError)):
            check(case, text, reader)


A, B, D, L, x, y = map(Letter, "ABDLxy")
c, d = sp.symbols("c d")
i, k, t = sp.symbols("i k t", integer=True)


def a_word(rng: random.Random, depth: int, step: sp.Symbol) -> w.Word:
    if not depth:
        return rng.choice([A, B, D[step], D[step - 1], A.T, w.inverse(L)])
    a, b = a_word(rng, depth - 1, step), a_word(rng, depth - 1, step)
    factor = a_number(rng, depth - 1, step)
    made = [a @ b, a - (b - A), a - w.IDENTITY, factor * a, a.T, -a @ b, w.absolute(a)]
    return rng.choice(made if step == w.STEP else [*made, w.chain(a_word(rng, depth - 1, w.STEP), k + 1, t)])


def a_number(rng: random.Random, depth: int, step: sp.Symbol) -> sp.Expr:
    if not depth:
        return rng.choice([c, d, notation.n, sp.Integer(-3), sp.Rational(1, 2), k, step])
    a, b = a_number(rng, depth - 1, step), a_number(rng, depth - 1, step)
    word = a_word(rng, depth - 1, step)
    made = [a + b, a - (b - c), a * b, -a / (b * c), a ** (t - k), abs(a), (a - 1) ** 2, sp.sqrt(notation.n) * a]
    made += [q.spectral_norm(word), q.spectral_radius(word), form(x, word, y), Entry(word, k, step + 1)]
    bound = rng.choice([w.product_over, w.sum_over])
    return rng.choice(made if step == w.STEP else [*made, bound(a_number(rng, depth - 1, w.STEP), 2 - k, t)])


@pytest.mark.parametrize("seed", range(8))
def test_a_random_claim_is_printed_as_it_is(seed, named, reader) -> None:
    rng, made = random.Random(seed), 0
    while made < 8:
        try:
            claims = [facts.le(a_number(rng, 3, step), a_number(rng, 2, step)) for step in (t, i)]
            claims.append(facts.eq(a_word(rng, 2, t), a_word(rng, 2, t)))
            given = Fact("given", claims[1], over={i} & claims[1].free_symbols, when=[facts.le(k - (t - i), 2 * i - 1)])
            text = gallina.of_claims([claims[made % 2 * 2]], [given])
        except (ValueError, TypeError):  # products do not nest, and there is no word for a root but that of n
            continue
        if not any(claim.has(sp.zoo, sp.nan) for claim in claims):
            about = {"conclusion": claims[made % 2 * 2], "given": (given,), "fixed": frozenset((A, B, L, x, y, c, d))}
            check(replace(named["norm_mul_le"], **about), text, reader, rounds=2)
            made += 1
