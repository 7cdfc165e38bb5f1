"""Laws of self-regularization: the derivative of the spectral radius is derived, and the window of recall is an exact set."""

import dataclasses
import random
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics.evaluate import environment, evaluate
from errorflow.numerics.words import array_of
from errorflow.theory import theorems
from errorflow.theory.calculus import Derivation, Rejection, eq, form
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.listing import listing
from errorflow.theory.calculus.words import Word
from errorflow.theory.isolated_root import IsolatedRoot
from errorflow.theory.scalar_facts.recall_window import recall_window, window_fact
from errorflow.theory.scalar_facts.self_regularization import w
from errorflow.theory.sign_tables import compare, sign_table
from errorflow.theory.theorems import self_regularization as module
from errorflow.theory.theorems.self_regularization import eigenvalue_derivative, radius_derivative

THEOREMS = (eigenvalue_derivative, radius_derivative)


# The derivative of the radius


@pytest.mark.usefixtures("derivations_alone")
@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.id)
def test_the_derivative_is_derived_without_a_textbook_rule(theorem) -> None:
    theorem.check()
    assert (theorem.grade.word, theorem.grade.textbook, theorem.object) == ("symbolic", (), "error_flow")
    assert theorem in theorems.all()


def pair(W: np.ndarray, G: np.ndarray):
    """A dominant eigenvalue, its eigenvectors with u^T v = 1, and the derivatives of lambda and v along -G, u^T v' = 0."""
    values, right = np.linalg.eig(W)
    first = np.argmax(np.abs(values))
    rate, v = values[first], right[:, first].astype(complex)
    transposed, left = np.linalg.eig(W.T)
    u = left[:, np.argmin(np.abs(transposed - rate))].astype(complex)
    u = u / (u @ v)
    n = len(W)
    bordered = np.block([[W - rate * np.eye(n), -v[:, None]], [u[None], np.zeros((1, 1))]])
    moved = np.linalg.solve(bordered, np.append(G @ v, 0))
    return rate, u, v, moved[n], moved[:n]


def holds(claim, where) -> bool:
    small, _, large = sides(claim)
    if isinstance(small, Word):
        arrays = {**where.matrices, **where.letters}
        ends = [array_of(word, arrays, where.n, lambda e: evaluate(e, where).midpoint) for word in (small, large)]
        return np.allclose(*ends, rtol=1e-8, atol=1e-8)
    return evaluate(small, where).midpoint == pytest.approx(evaluate(large, where).midpoint, rel=1e-8, abs=1e-8)


def letters_of(W: np.ndarray, G: np.ndarray) -> tuple[dict, dict]:
    rate, u, v, rate_moves, v_moves = pair(W, G)
    vectors = {"u": u.real, "v": v.real, "v'": v_moves.real, "x": v.real, "y": v.imag, "p": u.real, "q": u.imag}
    vectors |= {"x'": v_moves.real, "y'": v_moves.imag}
    values = {module.rate: rate.real, module.rate_moves: rate_moves.real, module.a: rate.real, module.b: rate.imag}
    values |= {module.a_moves: rate_moves.real, module.b_moves: rate_moves.imag}
    values |= {module.radius_moves: (np.conj(rate) * rate_moves).real / abs(rate)}
    return {"V": -G, "G": G} | {name: x[:, None] for name, x in vectors.items()}, values


@pytest.mark.parametrize(
    ("theorem", "kind"),
    [(eigenvalue_derivative, "real"), (radius_derivative, "real"), (radius_derivative, "complex")],
    ids=lambda value: getattr(value, "id", value),
)
def test_every_given_fact_and_every_step_holds_on_random_networks(theorem, kind) -> None:
    rng, seen = np.random.default_rng(5), 0
    while seen < 3:
        n = int(rng.integers(2, 5))
        W, G = rng.standard_normal((2, n, n))
        if (abs(pair(W, G)[0].imag) < 1e-12) != (kind == "real"):
            continue
        letters, values = letters_of(W, G)
        where = environment(W=W, letters=letters, values={s: float(x) for s, x in values.items()})
        claims = [fact.claim for fact in theorem.given] + [step.formula for step in listing(theorem.derivation)]
        assert all(holds(claim, where) for claim in claims)
        seen += 1


def test_the_derivative_is_the_implicit_one_of_the_characteristic_polynomial_in_rationals() -> None:
    rng = random.Random(1)
    x, step = sp.symbols("x step")
    for n in (1, 2, 3):
        basis = sp.Matrix(n, n, lambda i, j: int(i == j) if i >= j else rng.randint(-3, 3))
        values = [sp.Rational(k + 2, 3) for k in range(n)]
        W, G = basis * sp.diag(*values) * basis.inv(), sp.Matrix(n, n, lambda *_: sp.Rational(rng.randint(-9, 9), 5))
        polynomial = (x * sp.eye(n) - W + step * G).det()
        for k in range(n):
            at = {x: values[k], step: 0}
            implicit = -(polynomial.diff(step) / polynomial.diff(x)).subs(at)
            v, u = basis[:, k], basis.inv()[k, :].T
            assert implicit == -(u.T * G * v)[0] / (u.T * v)[0]


def changed(theorem, name: str, claim) -> Derivation:
    given = tuple(dataclasses.replace(f, claim=claim) if f.name == name else f for f in theorem.given)
    assert given != theorem.given
    return dataclasses.replace(theorem.derivation, given=given)


def without(theorem, name: str) -> Derivation:
    return dataclasses.replace(theorem.derivation, given=tuple(f for f in theorem.given if f.name != name))


def concludes(theorem, claim) -> Derivation:
    *others, last = theorem.derivation.lemmas
    return dataclasses.replace(theorem.derivation, lemmas=(*others, dataclasses.replace(last, claim=claim)))


m = module
LEFT, RIGHT = radius_derivative.conclusion.lhs, radius_derivative.conclusion.rhs
FALSEHOODS = {
    "left and right exchanged": changed(eigenvalue_derivative, m.left.name, eq(m.W @ m.u, m.rate * m.u)),
    "the gradient between v and u": concludes(
        eigenvalue_derivative, eq(m.rate_moves * form(m.u, m.v), -form(m.v, m.G, m.u))
    ),
    "no u^T v": concludes(eigenvalue_derivative, eq(m.rate_moves, -form(m.u, m.G, m.v))),
    "ascent": changed(eigenvalue_derivative, m.descent.name, eq(m.V, m.G)),
    "no left eigenvector": without(eigenvalue_derivative, m.left.name),
    "a conjugated left eigenvector": changed(
        radius_derivative, m.left_real.name, eq(m.p.T @ m.W, m.a * m.p.T + m.b * m.q.T)
    ),
    "u^T v not real": without(radius_derivative, m.unit_imaginary.name),
    "u^T v of any size": without(radius_derivative, m.unit.name),
    "the real parts alone": concludes(radius_derivative, eq(LEFT, RIGHT.xreplace({m.b: sp.Integer(0)}))),
    "the other sign": concludes(radius_derivative, eq(LEFT, -RIGHT)),
    "lambda in place of its conjugate": concludes(radius_derivative, eq(LEFT, RIGHT.xreplace({m.b: -m.b}))),
}


@pytest.mark.parametrize("name", FALSEHOODS)
def test_a_planted_falsehood_is_rejected(name) -> None:
    with pytest.raises(Rejection):
        _ = FALSEHOODS[name].proof


# The window


def raises(weight: Fraction, product: Fraction, lag: int) -> bool:
    return product < lag * weight ** (lag - 2) * (1 - weight**2) ** 2


@given(lag=st.integers(3, 60), part=st.integers(0, 750), place=st.integers(1, 2999))
def test_a_weight_is_in_the_window_if_and_only_if_the_inequality_holds(lag, part, place) -> None:
    largest = Fraction(16 * lag, (lag + 2) ** 2) * Fraction(float(((lag - 2) / (lag + 2)) ** ((lag - 2) / 2)))
    product, weight = largest * Fraction(2 * part + 1, 1000), Fraction(place, 3000)
    found = recall_window(product, lag)
    assert (sp.Rational(weight.numerator, weight.denominator) in found) == raises(weight, product, lag)
    assert (found == sp.S.EmptySet) == (2 * part + 1 > 1000)


@pytest.mark.parametrize(("product", "lag"), [("1/10", 20), ("1/100", 20), ("1/3", 3), ("1/1000", 4)])
def test_the_ends_are_the_zeros_of_the_sign_table(product, lag) -> None:
    found = recall_window(Fraction(product), lag)
    table = sign_table(lag * w ** (lag - 2) * (1 - w**2) ** 2 - sp.Rational(product), w, sp.S.Zero, sp.S.One)
    assert table.signs == (-1, 1, -1)
    for end, zero in zip(found.args[:2], table.changes, strict=True):
        assert isinstance(end, IsolatedRoot)
        assert compare(end.lower, zero) < 0 < compare(end.upper, zero)
    with mpmath.workdps(50):
        p = mpmath.mpf(sp.Rational(product).p) / sp.Rational(product).q
        for end in found.args[:2]:
            root = mpmath.findroot(lambda v: lag * v ** (lag - 2) * (1 - v**2) ** 2 - p, float(end))
            assert abs(root - mpmath.mpmathify(end.evalf(45))) < mpmath.mpf(10) ** -40


def test_an_end_that_is_rational_is_found_as_one() -> None:
    for weight in (Fraction(1, 2), Fraction(1, 5), Fraction(9, 10)):
        for lag in (3, 6, 20):
            product = lag * weight ** (lag - 2) * (1 - weight**2) ** 2
            assert sp.Rational(weight.numerator, weight.denominator) in recall_window(product, lag).boundary


def test_the_window_is_empty_from_the_largest_threshold_on() -> None:
    largest, less = Fraction(3, 8), Fraction(3, 8) - Fraction(1, 10**30)  # lag 6: w^2 = 1/2
    assert recall_window(largest, 6) == sp.S.EmptySet
    narrow = recall_window(less, 6)
    assert narrow.left < 1 / sp.sqrt(2) < narrow.right
    assert narrow.right - narrow.left < sp.Rational(1, 10**14)


@pytest.mark.parametrize(
    ("product", "lag"), [("27/32", 3), ("3/8", 6), ("1/1000000000000", 20), ("21/1000", 100), ("1", 20)]
)
def test_the_window_is_proved(product, lag) -> None:
    assert window_fact(Fraction(product), lag).evidence.word == "symbolic"


TENTH, NOWHERE = window_fact(Fraction(1, 10), 20), window_fact(Fraction(1, 9), 20)
LEFT_END, RIGHT_END = sorted(TENTH.statement.atoms(IsolatedRoot), key=lambda root: root.lower)
WINDOWS = {
    "exponent d - 1": (TENTH, {w**18: w**19}),
    "1 - w^2 in place of its square": (TENTH, {(1 - w**2) ** 2: 1 - w**2}),
    "another cb": (TENTH, {sp.Rational(1, 10): sp.Rational(1, 11)}),
    "one end twice": (TENTH, {RIGHT_END: LEFT_END}),
    "the ends exchanged": (TENTH, {RIGHT_END: LEFT_END, LEFT_END: RIGHT_END}),
    "an end that is near": (TENTH, {LEFT_END: sp.Rational(876, 1000)}),
    "nowhere, although somewhere": (NOWHERE, {sp.Rational(1, 9): sp.Rational(1, 10)}),
    "nowhere, by another power": (NOWHERE, {w**18: w**8}),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_a_false_window_is_not_proved(name) -> None:
    fact, table = WINDOWS[name]
    statement = rebuilt(fact.statement, table)
    assert statement != fact.statement
    with pytest.raises(ValueError, match="is not proved"):
        dataclasses.replace(fact, statement=statement).prove()


def rebuilt(e, table):
    """The formula with parts replaced, unevaluated."""
    if e in table:
        return table[e]
    if not e.args:
        return e
    found = [rebuilt(part, table) for part in e.args]
    return e.func(*found, **({"evaluate": False} if isinstance(e, sp.core.relational.Relational | sp.And) else {}))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((0.1, 20), TypeError, "product must be a rational number, got 0.1"),
        ((Fraction(0), 20), ValueError, "product must be positive"),
        ((1, 2), ValueError, "lag must be an integer of at least 3, got 2"),
        ((1, 3.0), ValueError, "lag must be an integer of at least 3, got 3.0"),
    ],
)
def test_a_window_needs_a_positive_rational_product_and_a_lag_of_at_least_3(arguments, error, words) -> None:
    with pytest.raises(error, match=words):
        recall_window(*arguments)
