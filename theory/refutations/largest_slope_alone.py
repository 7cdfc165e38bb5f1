r"""False: the sharp uniform bound 2 (gamma w(W))^k needs no more than |phi'| <= gamma.

Its proof uses d (1 - d/gamma) >= 0, slopes in [0, gamma]. A slope below zero breaks it: for W = [[1, 1], [-1, -1]] =
(1, -1)^T (1, 1), of numerical radius w(W) = 1 and spectral radius zero, D W has the eigenvalue d_1 - d_2, which is more
than gamma = d_1 as soon as d_2 < 0. The slope of SiLU has the range [-.0998, 1.0998]: at slopes (109/100, -9/100),
||J(k, 0)|| = (59/50)^(k-1) |D (1, -1)| |(1, 1)| overtakes 2 (11/10)^k at k = 7, and gamma <= 11/10 is an upper bound of
the slope of SiLU.

Main definitions: `refutation`, `numerical_radius`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import mpmath
import sympy as sp

from ..activations import Silu, x
from ..differences import DIGITS, assert_jacobian, number, numbers
from ..exact_matrices import jacobian, repeated, spectral_norm
from ..refutation import Clash, Example, Premise, Refutation


def numerical_radius(A: sp.MatrixBase) -> sp.Expr:
    """w(A), exactly, for a matrix (2, 2) with rational entries.

    Its numerical range is the ellipse around m = tr(A)/2 with half axes p = |(a - d, b + c)|/2 along the real axis and
    q = |b - c|/2 across it. The square of the distance of m + p cos(s) + i q sin(s) from zero is a quadratic polynomial
    in cos(s): its maximum is at the end of the axis, or inside where q > p.

    >>> numerical_radius(sp.Matrix([[1, 1], [-1, -1]])), numerical_radius(sp.Matrix([[0, 2], [0, 0]]))
    (1, 1)
    """
    if A.shape != (2, 2):
        raise ValueError(f"A must have shape (2, 2), got {A.shape}")
    (a, b), (c, d) = A.tolist()
    m, p, q = abs(a + d) / 2, sp.sqrt((a - d) ** 2 + (b + c) ** 2) / 2, abs(b - c) / 2
    excess = q**2 - p**2
    if excess > 0 and m * p <= excess:  # the maximum is at cos(s) = m p / (q^2 - p^2)
        return q * sp.sqrt(1 + m**2 / excess)
    return m + p


def measure(example: Example) -> Clash:
    """||J(k, 0)|| <= 2 (gamma w(W))^k for slopes that SiLU has."""
    W, slopes, gamma = example["W"], repeated(example["slopes"], example["repeats"]), example["gamma"]
    silu = Silu().slope_range
    assert silu is not None
    return Clash(
        what=f"spectral norm of J({slopes.rows}, 0)",
        found=spectral_norm(jacobian(W, slopes)),
        relation="<=",
        claimed=2 * (gamma * numerical_radius(W)) ** slopes.rows,
        premises=(
            Premise("smallest slope, against the least of SiLU", sp.Gt(min(slopes), silu.lower, evaluate=False)),
            Premise("largest slope, against the largest of SiLU", sp.Lt(max(slopes), silu.upper, evaluate=False)),
            Premise("largest slope of SiLU, against gamma", sp.Le(silu.upper, gamma, evaluate=False)),
        ),
    )


def find(seed: int) -> Example:
    """A counterexample from random matrices of -1, 0, 1 with slopes near the ends of SiLU's range, at its first lag."""
    rng, ends = Random(seed), [sp.Rational(-9, 100), sp.Rational(109, 100)]
    while True:
        W = [[rng.randint(-1, 1) for _ in range(2)] for _ in range(2)]
        data = {"W": W, "slopes": [rng.sample(ends, 2)], "gamma": "11/10"}
        if measure(Example(**data, repeats=8)).refutes:
            at = (Example(**data, repeats=lag) for lag in range(1, 9))
            return next(example for example in at if measure(example).refutes)


def _place(slope: Callable[[Any], Any], value: Any) -> Any:
    """Where the slope of SiLU, which rises on (-2.39, 2.39), has a value."""
    return mpmath.findroot(lambda a: slope(a) - value, (-2.39, 2.39), solver="anderson")


def realize(example: Example) -> None:
    """Put h_t = SiLU(W h_{t-1} + u_t) on the slopes by its inputs and difference it."""
    silu, slopes = Silu(), repeated(example["slopes"], example["repeats"])
    value, slope = (sp.lambdify(x, formula, modules="mpmath") for formula in (silu.expression, silu.slope))
    with mpmath.workdps(DIGITS):
        places = {d: _place(slope, number(d)) for d in set(slopes)}
        W, start = numbers(example["W"]), mpmath.zeros(example["W"].rows, 1)
        state, inputs = start, []
        for t in range(slopes.rows):
            a = mpmath.matrix([places[d] for d in slopes.row(t)])
            inputs.append(a - W * state)
            state = a.apply(value)

        def program(h: mpmath.matrix) -> mpmath.matrix:
            for u in inputs:
                h = (W * h + u).apply(value)
            return h

        assert_jacobian(program, start, jacobian(example["W"], slopes))


refutation = Refutation(
    id="largest_slope_alone",
    title="The sharp uniform bound for any activation of largest slope gamma",
    claim="If |phi'| <= gamma, then ||J(t, t-k)|| <= 2 (gamma w(W))^k with the numerical radius w(W).",
    claimant="our own sharp uniform bound, if its hypothesis on the sign of the slopes is forgotten",
    citation=None,
    version="for SiLU; GELU, Mish and the sine have slopes below zero as well",
    example=Example(W=[[1, 1], [-1, -1]], slopes=[["109/100", "-9/100"]], repeats=7, gamma="11/10"),
    measure=measure,
    find=find,
    truth="The bound holds for slopes in [0, gamma]. For slopes of both signs (gamma ||W||)^k holds, and so do its forms "
    "with a diagonal scaling of W and with the Perron radius of |W|.",
    snippet="""\
import numpy as np

W = np.array([[1.0, 1.0], [-1.0, -1.0]])
turns = np.exp(1j * np.linspace(0, 2 * np.pi, 361))
radius = max(np.linalg.eigvalsh((z * W + z.conj() * W.T) / 2).max() for z in turns)
J = np.linalg.matrix_power(np.diag([1.09, -0.09]) @ W, 7)  # two slopes of SiLU
bound = 2 * (1.1 * radius) ** 7  # radius is the numerical radius of W
print("norm of J(7, 0):", np.linalg.norm(J, 2), "claimed: at most", bound)
""",
    theorem="sharp_uniform",
    realize=realize,
)
