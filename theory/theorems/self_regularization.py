r"""How one step of gradient descent moves the spectral radius (claim C10), an equality.

Let W move with the derivative V = -G, G = dE/dW: one descent step per unit of the learning rate. A simple eigenvalue
lambda and its right eigenvector v, u^T v = 1, move smoothly (not shown here), and W v = lambda v has the derivative
V v + W v' = lambda' v + lambda v'. With the left eigenvector, u^T W = lambda u^T (the transpose, no conjugation), the terms
in v' cancel:

    lambda' u^T v = u^T V v = -u^T G v.

A real matrix has complex eigenvalues in pairs. With lambda = a + i b, v = x + i y, u = p + i q the two equations are four
in real vectors, and rho' is defined by the chain rule, rho rho' = a a' + b b':

    rho rho' = -a (p^T G x - q^T G y) - b (p^T G y + q^T G x) = -Re(conj(lambda) u^T G v),

so that d log rho = -Re(conj(lambda) / |lambda|^2 u^T G v / (u^T v)) for eigenvectors of any length. A real eigenvalue is
the case b = 0, y = q = 0. What is given are the differentiated eigen-equations. They hold where the pair is dominant up to
conjugation, simple and not zero: at a Jordan block u^T v = 0, at W = 0 or where two eigenvalues of one modulus cross there
is no derivative. The exact window for one linear unit that recalls lag d is in
`errorflow.theory.scalar_facts.self_regularization` (the fact ``recall_descent``).

Main statements: `eigenvalue_derivative`, `radius_derivative`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from ..bounds import no_cell
from ..bounds.setting import W
from ..calculus import ALGEBRA, Calculation, Combination, Derivation, Fact, Letter, Line, eq, form
from ..hypotheses import Hypothesis
from ..quantities import spectral_radius
from ..theorem import Theorem, Witness

V, G = map(Letter, "VG")
u, v, v_moves = map(Letter, ("u", "v", "v'"))
x, y, p, q, x_moves, y_moves = map(Letter, ("x", "y", "p", "q", "x'", "y'"))
rate, rate_moves = sp.Symbol(r"\lambda"), sp.Symbol(r"\lambda'")
a, b, a_moves, b_moves = sp.symbols("a b a' b'")  # lambda = a + i b
radius, radius_moves = spectral_radius(W), sp.Symbol(r"\rho'")

descent = Fact("one descent step", eq(V, -G))
moved = Fact("derivative of the right eigenvector", eq(V @ v + W @ v_moves, rate_moves * v + rate * v_moves))
left = Fact("left eigenvector", eq(u.T @ W, rate * u.T))

_eigenvalue = Calculation(
    "terms of the new eigenvector cancel",
    form(u, V @ v + W @ v_moves),
    (
        Line("=", form(u, V, v) + form(u, W, v_moves), ALGEBRA),
        Line("=", form(u, V, v) + rate * form(u, v_moves), left.name),
        Line("=", -form(u, G, v) + rate * form(u, v_moves), descent.name),
    ),
)
_CARD: dict[str, Any] = {
    "object": "error_flow",
    "norm": "none",
    "hypotheses": (Hypothesis("nonzero", sp.Gt(radius, 0, evaluate=False), "the dominant eigenvalue is not zero"),),
    "tightness": "tight",
    "letters": no_cell,  # whether an eigenvalue is simple is not asked of a network
    "citation": "horn2013",
    "version": "second edition, recalled; derived here from the derivative of the eigenvalue equation",
}
_DIAGONAL = Witness.of(
    [["1/2", "0"], ["0", "1/4"]],
    {u: [[1], [0]], v: [[1], [0]], v_moves: [[0], [-12]], V: [[-2, 0], [-3, 0]], G: [[2, 0], [3, 0]]}
    | {rate: "1/2", rate_moves: -2},
)

eigenvalue_derivative = Theorem(
    id="eigenvalue_derivative",
    title="How one descent step moves a simple eigenvalue",
    conclusion=eq(rate_moves * form(u, v), -form(u, G, v)),
    derivation=Derivation(
        (descent, moved, left),
        (
            _eigenvalue,
            Calculation(
                "derivative of the eigenvalue equation",
                form(u, V @ v + W @ v_moves),
                (
                    Line("=", form(u, rate_moves * v + rate * v_moves), moved.name),
                    Line("=", rate_moves * form(u, v) + rate * form(u, v_moves), ALGEBRA),
                ),
            ),
            Combination(
                "conclusion",
                eq(rate_moves * form(u, v), -form(u, G, v)),
                ((1, _eigenvalue.name), (-1, "derivative of the eigenvalue equation")),
            ),
        ),
    ),
    quantifiers="for every real W, every left eigenvector u of a real eigenvalue, every G = dE/dW, and all v, v' and lambda' with "
    "the given derivative of W v = lambda v; that a simple eigenvalue is differentiable is not part of it",
    place="the derivative of a simple eigenvalue",
    non_vacuity=_DIAGONAL,
    tightness_witness=_DIAGONAL,
    words="The derivative of W v = lambda v along -G gives lambda' u^T v = -u^T G v: how descent moves a simple eigenvalue, per "
    "unit of the learning rate, where it is differentiable.",
    **_CARD,
)

moved_real = Fact(
    "derivative of the right eigenvector, real part",
    eq(V @ x + W @ x_moves, a_moves * x - b_moves * y + a * x_moves - b * y_moves),
)
moved_imaginary = Fact(
    "derivative of the right eigenvector, imaginary part",
    eq(V @ y + W @ y_moves, a_moves * y + b_moves * x + a * y_moves + b * x_moves),
)
left_real = Fact("left eigenvector, real part", eq(p.T @ W, a * p.T - b * q.T))
left_imaginary = Fact("left eigenvector, imaginary part", eq(q.T @ W, a * q.T + b * p.T))
unit = Fact("u^T v has the real part 1", eq(form(p, x) - form(q, y), 1))
unit_imaginary = Fact("u^T v has the imaginary part 0", eq(form(p, y) + form(q, x), 0))
modulus = Fact("the modulus of the dominant eigenvalue", eq(radius * radius_moves, a * a_moves + b * b_moves))

_GIVEN = (descent, moved_real, moved_imaginary, left_real, left_imaginary, unit, unit_imaginary, modulus)
_real, _imaginary = form(p, G, x) - form(q, G, y), form(p, G, y) + form(q, G, x)  # the parts of u^T G v

_left = {p: (left_real, a * p.T - b * q.T), q: (left_imaginary, a * q.T + b * p.T)}
_right = {x: (moved_real, x_moves), y: (moved_imaginary, y_moves)}


def _both_ways(one: Letter, of: Letter) -> tuple[Calculation, Calculation]:
    """u^T (V v + W v'), one part of u by one part of v: by the left eigenvector, and by the derivative of the right one."""
    (left_fact, row), (right_fact, moves) = _left[one], _right[of]
    start, moved_to = form(one, V @ of + W @ moves), right_fact.claim.rhs
    return (
        Calculation(
            f"{one} and {of} by the left eigenvector",
            start,
            (
                Line("=", form(one, V, of) + form(one, W, moves), ALGEBRA),
                Line("=", form(one, V, of) + form(row.T, moves), left_fact.name),
                Line("=", -form(one, G, of) + form(row.T, moves), descent.name),
            ),
        ),
        Calculation(
            f"{one} and {of} by the right eigenvector", start, (Line("=", form(one, moved_to), right_fact.name),)
        ),
    )


def _sum(one: tuple[Calculation, ...], other: tuple[Calculation, ...], sign: int) -> tuple[tuple[Any, str], ...]:
    """The two ways of one form, and with a sign those of another."""
    return tuple(
        (s * w, way.name) for s, ways in ((1, one), (sign, other)) for w, way in zip((1, -1), ways, strict=True)
    )


_px, _py, _qx, _qy = (_both_ways(one, of) for one in (p, q) for of in (x, y))
_ROTATION = Witness.of(
    [["3/5", "-4/5"], ["4/5", "3/5"]],
    {x: [["1/2"], [0]], y: [[0], ["-1/2"]], p: [[1], [0]], q: [[0], [1]], G: [[1, 0], [0, 1]], V: [[-1, 0], [0, -1]]}
    | {x_moves: [[0], [0]], y_moves: [[0], [0]], a: "3/5", b: "4/5", a_moves: -1, b_moves: 0, radius_moves: "-3/5"},
)

radius_derivative = Theorem(
    id="radius_derivative",
    title="How one descent step moves the spectral radius",
    conclusion=eq(radius * radius_moves, -a * _real - b * _imaginary),
    derivation=Derivation(
        _GIVEN,
        (
            *_px,
            *_py,
            *_qx,
            *_qy,
            Combination(
                "real part of the eigenvalue",
                eq(a_moves, -_real),
                (*_sum(_px, _qy, -1), (-a_moves, unit.name), (b_moves, unit_imaginary.name)),
            ),
            Combination(
                "imaginary part of the eigenvalue",
                eq(b_moves, -_imaginary),
                (*_sum(_py, _qx, 1), (-b_moves, unit.name), (-a_moves, unit_imaginary.name)),
            ),
            Combination(
                "conclusion",
                eq(radius * radius_moves, -a * _real - b * _imaginary),
                ((1, modulus.name), (a, "real part of the eigenvalue"), (b, "imaginary part of the eigenvalue")),
            ),
        ),
    ),
    quantifiers="for every real W, every left eigenvector p + i q of a + i b, every G = dE/dW, and all x + i y, a', b' with the "
    "given derivative of the eigen-equation, u^T v = 1; rho' is defined by rho rho' = a a' + b b'; that the eigenvalue is "
    "differentiable, as a simple dominant one is, is not part of it",
    place="the derivative of a simple eigenvalue, and of its modulus",
    non_vacuity=_ROTATION,
    tightness_witness=_ROTATION,
    words="The derivative of W v = lambda v along -G, u^T v = 1, gives rho rho' = -Re(conj(lambda) u^T G v), rho' defined by "
    "rho rho' = a a' + b b': how descent moves the spectral radius, per unit of the learning rate.",
    **_CARD,
)
