r"""A sharp uniform bound (claim C20): ||L J(t, t-k) L^-1||_2 <= 2 (gamma w(L W L^-1))^k, w the numerical radius.

For A = L W L^-1 with w(A) <= r there is, by Ando's theorem, a symmetric P for which
r u^T P u + 2 v^T A u + r v^T (2I - P) v >= 0 for all u and v. A step y = S A x with a diagonal S of entries in [0, 1] has
y^T (A x - y) >= 0, and nonnegative combinations of the two give y^T P y <= r^2 x^T P x, x^T P x <= 2 x^T x and
y^T y <= 2 r^2 x^T P x: the energy x^T P x falls by r^2 in every step, and entering and leaving it costs a factor of 2
each. The constant 2 is attained by [[0, 2], [0, 0]] at lag 1 and by the Crabb matrix of size k + 1 at lag k. Slopes must
lie in [0, gamma]: for SiLU the bound is false.

To our knowledge not stated for recurrent networks; with all slopes equal it is Berger's inequality. With a certificate
(P, L, r) in hand nothing is cited: `certificate`, and `sharp_uniform` for the certificate that was found and verified. With
w alone, that P exists is Ando's theorem: `sharp_radius`. The formal proof of that one needs no P: |sum_j x_{j+1}^T A x_j| <=
w(A) sum_j |x_j|^2, by a finite Fourier transform, at x_j = 2 (-1)^j y_j for j < k and x_k = (-1)^k y_k gives the same.

Main statements: `certificate`, `sharp_uniform`, `sharp_radius`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds import Bound
from ..bounds.setting import (
    FIRST,
    JACOBIAN,
    D,
    L,
    W,
    gamma,
    i,
    k,
    lag_positive,
    product,
    scaling_diagonal,
    scaling_invertible,
    t,
)
from ..calculus import (
    ALGEBRA,
    IDENTITY,
    STEP,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Inference,
    Letter,
    Line,
    Obtain,
    Telescope,
    UnitInterval,
    chain,
    dot,
    eq,
    form,
    ge,
    inverse,
    le,
    lt,
    rules,
)
from ..calculus.derivation import Lemma
from ..calculus.words import Word
from ..hypotheses import Hypothesis
from ..notation import slope_least
from ..quantities import certificate_condition, certificate_rate, jacobian_norm, numerical_radius, spectral_norm
from ..theorem import Theorem, Witness

A, S, P, x, u, v = (*map(Letter, "ASPx"), rules.u, rules.v)
r = sp.Symbol("r")
_half = sp.Rational(1, 2)
_out, _in = spectral_norm(inverse(L)), spectral_norm(L)


def lemmas(
    rate: sp.Expr, energy: Word, certified: str, *, factor: Word = A, first: sp.Expr = FIRST, last: sp.Expr = t
) -> tuple[Lemma, ...]:
    """From a certificate with the matrix ``energy`` and the rate to ||S_b A ... S_a A|| <= 2 rate^(b-a+1).

    A is the ``factor``, a the ``first`` step and b the ``last``.
    """
    p, length = energy, last - first + 1
    y = S[i] @ factor @ x
    step_down = (rate**2) ** (length - 1)

    def state(j: sp.Expr) -> Word:
        """The vector x after the steps up to j."""
        return chain(S[STEP] @ factor, first, j) @ x

    return (
        Inference(
            "sector", le(0, form(y, factor @ x - y)), rules.sector, {rules.D: S[i], rules.x: factor @ x}, over=(i, x)
        ),
        Combination(
            "step",
            le(form(y, p @ y), rate**2 * form(x, p @ x)),
            ((1 / rate, certified, {u: rate * x, v: -y}), (2, "sector", {i: i, x: x})),
            over=(i, x),
        ),
        Combination("entry", le(form(x, p @ x), 2 * form(x, x)), ((1 / rate, certified, {u: 0 * x, v: x}),), over=(x,)),
        Combination(
            "exit",
            le(form(y, y), 2 * rate**2 * form(x, p @ x)),
            (
                (_half / rate, certified, {u: 2 * rate * x, v: -y}),
                (2, "sector", {i: i, x: x}),
                (_half / rate, certified, {u: y, v: 0 * y}),
            ),
            over=(i, x),
        ),
        Calculation(
            "energy of a step",
            form(state(i), p @ state(i)),
            (
                Line(
                    "=",
                    form(S[i] @ factor @ state(i - 1), p @ S[i] @ factor @ state(i - 1)),
                    rules.last_factor,
                ),
                Line("<=", rate**2 * form(state(i - 1), p @ state(i - 1)), "step"),
            ),
            over=(i, x),
            when=(le(first, i),),
        ),
        Telescope(
            "energy",
            le(form(state(last - 1), p @ state(last - 1)), step_down * form(state(first - 1), p @ state(first - 1))),
            "energy of a step",
            rate**2,
            first - 1,
            last - 1,
            over=(x,),
        ),
        Calculation(
            "vectors",
            form(state(last), state(last)),
            (
                Line(
                    "=", form(S[last] @ factor @ state(last - 1), S[last] @ factor @ state(last - 1)), rules.last_factor
                ),
                Line("<=", 2 * rate**2 * form(state(last - 1), p @ state(last - 1)), "exit"),
                Line("<=", 2 * rate**2 * step_down * form(state(first - 1), p @ state(first - 1)), "energy"),
                Line("=", 2 * rate**2 * step_down * form(x, p @ x), rules.empty_product),
                Line("<=", 4 * rate**2 * step_down * form(x, x), "entry"),
                Line("=", (2 * rate**length) ** 2 * form(x, x), ALGEBRA),
            ),
            over=(x,),
        ),
        Inference(
            "product of the scaled steps",
            le(spectral_norm(chain(S[STEP] @ factor, first, last)), 2 * rate**length),
            rules.norm_of_vectors,
        ),
    )


def _unscaled(rate: sp.Expr, condition: sp.Expr, *last: Line) -> Calculation:
    """From the product of the scaled steps back to the state Jacobian."""
    inner = chain(S[STEP] @ A, FIRST, t)
    return Calculation(
        "conclusion",
        jacobian_norm(k),
        (
            Line("=", spectral_norm(JACOBIAN), product.name),
            Line(
                "=",
                spectral_norm(dot(inverse(L), chain(dot(L, D[STEP], W, inverse(L)), FIRST, t), L)),
                rules.similarity_of_product,
                {rules.L: L},
            ),
            Line(
                "=",
                spectral_norm(dot(inverse(L), chain(dot(L, gamma * S[STEP], W, inverse(L)), FIRST, t), L)),
                slopes_in_sector.name,
            ),
            Line(
                "=",
                spectral_norm(dot(inverse(L), chain(dot(gamma * S[STEP], L, W, inverse(L)), FIRST, t), L)),
                rules.diagonals_commute,
            ),
            Line("=", spectral_norm(dot(inverse(L), chain(gamma * S[STEP] @ A, FIRST, t), L)), scaled_weights.name),
            Line("=", spectral_norm(dot(inverse(L), gamma**k * inner, L)), rules.scalars_leave_product),
            Line("=", gamma**k * spectral_norm(dot(inverse(L), inner, L)), rules.homogeneous),
            Line("<=", gamma**k * _out * spectral_norm(inner @ L), rules.submultiplicative),
            Line("<=", gamma**k * _out * spectral_norm(inner) * _in, rules.submultiplicative),
            Line("<=", gamma**k * _out * 2 * rate**k * _in, "product of the scaled steps"),
            *last,
        ),
    )


unit_interval = Fact("relative slopes", UnitInterval(S[i]), over=(i,))
slopes_in_sector = Fact("slopes lie in [0, gamma]", eq(D[i], gamma * S[i]), over=(i,))
scaled_weights = Fact("scaled weights", eq(A, dot(L, W, inverse(L))))
_gamma = Fact("gamma is not negative", le(0, gamma))
_setting = (
    product,
    lag_positive,
    scaling_diagonal,
    scaling_invertible,
    scaled_weights,
    unit_interval,
    slopes_in_sector,
    _gamma,
)
_certified = Fact(
    "certificate",
    le(0, r * form(u, P @ u) + 2 * form(v, A @ u) + r * form(v, (2 * IDENTITY - P) @ v)),
    over=(u, v),
)
_positive = Fact("rate is positive", lt(0, r))
_NONNEGATIVE = Hypothesis("slopes_nonnegative", ge(slope_least, 0), "no slope is negative")
_QUANTIFIERS = "for all states t >= k >= 1 and all inputs for which the slopes lie in [0, gamma]"


def crabb(lag: int) -> Witness:
    """The Crabb matrix of size lag + 1 with its certificate L = I, r = 1, P = diag(0, 1, ..., 1, 2): ||W^lag|| = 2.

    >>> print(crabb(2))
    slope 1, W = [0, sqrt(2), 0; 0, 0, sqrt(2); 0, 0, 0], L = [1, 0, 0; 0, 1, 0; 0, 0, 1], P = [0, 0, 0; 0, 1, 0; 0, 0, 2], r = 1
    """
    size = lag + 1
    above = [2] if lag == 1 else [sp.sqrt(2), *[1] * (lag - 2), sp.sqrt(2)]
    rows = [[above[i] if j == i + 1 else 0 for j in range(size)] for i in range(size)]
    energy = [0, *[1] * (lag - 1), 2]
    diagonal = [[energy[i] if i == j else 0 for j in range(size)] for i in range(size)]
    return Witness.of(rows, {L: sp.eye(size).tolist(), P: diagonal, r: 1})


certificate = Theorem(
    id="sharp_certificate",
    title="From a certificate to a uniform bound",
    conclusion=le(jacobian_norm(k), 2 * _out * _in * (gamma * r) ** k),
    derivation=Derivation(
        (*_setting, _certified, _positive),
        (
            *lemmas(r, P, _certified.name),
            _unscaled(r, _out * _in, Line("=", 2 * _out * _in * (gamma * r) ** k, ALGEBRA)),
        ),
    ),
    hypotheses=(_NONNEGATIVE,),
    quantifiers=f"{_QUANTIFIERS}, and every certificate (P, L, r)",
    citation="errorflow2026",
    place="claim C20; the certificate is re-checked with exact rationals",
    version="to our knowledge not stated for recurrent networks",
    tightness="tight",
    non_vacuity=Witness.of([["0", "1/2"], ["0", "0"]], {L: [[1, 0], [0, 1]], P: [[0, 0], [0, 2]], r: "1/4"}),
    tightness_witness=crabb,
    words="A certificate (P, L, r) bounds every product of masked steps by 2 kappa(L) (gamma r)^k.",
)

_rate, _kappa = certificate_rate(W), certificate_condition(W)
_any = Fact("bound from any certificate", certificate.conclusion, theorem=certificate)
_found = Fact("rate of the certificate found", eq(_rate, r))
_condition = Fact("condition of the certificate found", eq(_kappa, _out * _in))

sharp_uniform = Theorem(
    id="sharp_uniform",
    title="Vanishing from the scaled numerical radius",
    bound=Bound(
        "scaled_numerical_radius",
        "Scaled numerical radius",
        "<=",
        gamma * _rate,
        2 * _kappa,
        hypotheses=(
            _NONNEGATIVE,
            Hypothesis("radius_positive", sp.Gt(_rate, 0, evaluate=False), "the matrix is not zero"),
        ),
    ),
    derivation=Derivation(
        (*_setting, _certified, _positive, _any, _found, _condition),
        (
            Calculation(
                "conclusion",
                jacobian_norm(k),
                (
                    Line("<=", 2 * _out * _in * (gamma * r) ** k, _any.name),
                    Line("=", 2 * _out * _in * (gamma * _rate) ** k, _found.name),
                    Line("=", 2 * _kappa * (gamma * _rate) ** k, _condition.name),
                ),
            ),
        ),
    ),
    quantifiers=_QUANTIFIERS,
    citation="errorflow2026",
    place="claim C20; the certificate is found near the least numerical radius under diagonal scaling, and verified",
    version="to our knowledge not stated for recurrent networks",
    tightness="upper",
    non_vacuity=Witness.of([["0", "1/2"], ["0", "0"]], {L: [[1, 0], [0, 1]], P: [[0, 0], [0, 2]], r: "1/4"}),
    words="The rate r of a certificate (P, L), which comes near omega(W), the least numerical radius under diagonal scaling, "
    "bounds the state Jacobian by 2 kappa(L) (gamma r)^k.",
)

_radius = numerical_radius(A)

sharp_radius = Theorem(
    id="sharp_numerical_radius",
    title="The numerical radius bounds products uniformly",
    conclusion=le(jacobian_norm(k), 2 * _out * _in * (gamma * _radius) ** k),
    derivation=Derivation(
        (*_setting, Fact("radius is positive", lt(0, _radius))),
        (
            Obtain("certificate", rules.ando, {rules.A: A, rules.c: _radius}, {rules.P: P}, over=(u, v)),
            *lemmas(_radius, P, "certificate"),
            _unscaled(_radius, _out * _in, Line("=", 2 * _out * _in * (gamma * _radius) ** k, ALGEBRA)),
        ),
    ),
    hypotheses=(_NONNEGATIVE,),
    quantifiers=f"{_QUANTIFIERS}, and every positive diagonal L",
    citation="errorflow2026",
    place="claim C20; existence of the certificate by Ando (1973), not needed by the formal proof; equal slopes by Berger",
    version="to our knowledge not stated for recurrent networks",
    tightness="upper",
    non_vacuity=Witness.of([["0", "1/2"], ["0", "0"]], {L: [[1, 0], [0, 1]], A: [["0", "1/2"], ["0", "0"]]}),
    words="The numerical radius under any diagonal scaling bounds the state Jacobian by 2 kappa(L) (gamma w(L W L^-1))^k.",
)
