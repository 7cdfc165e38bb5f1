r"""False: |M'(a_t)| < 1 at every step makes da_t/da_0 of a latch tend to zero.

Without one bound lambda < 1 for all steps the factors may approach one. For |M'(a_t)| = 1 - 1/(t + 2)^2 =
(t + 1)(t + 3)/(t + 2)^2 the product telescopes: prod_{t<T} |M'(a_t)| = (T + 2)/(2 (T + 1)) > 1/2 for every T. The map
M(a) = tanh(2 a) has these slopes along the orbit a_{t+1} = M(a_t) + u_t of bounded inputs u_t, because its slope takes
every value in (0, 2].

>>> t = sp.Symbol("t", nonnegative=True)
>>> partial = (t + 2) / (2 * (t + 1))
>>> sp.cancel(partial.subs(t, t + 1) / partial - refutation.example["slope"].subs("t", t)), infinite_product(1 - 1/(t + 2)**2)
(0, 1/2)

Source: bengio1994, whose wording is recalled. Main definitions: `refutation`, `infinite_product`.
"""

from __future__ import annotations

from random import Random

import mpmath
import sympy as sp

from ..counterexamples import search
from ..differences import DIGITS, assert_jacobian, number
from ..refutation import Clash, Example, Premise, Refutation

_T = sp.Symbol("t", nonnegative=True)


def infinite_product(slope: sp.Expr) -> sp.Expr:
    """lim_T prod_{t<T} slope(t) of a rational function with rational zeros z and poles p, all negative.

    prod_{t<T} (t - z) = Gamma(T - z)/Gamma(-z), and Gamma(T - z)/Gamma(T - p) ~ T^(p - z): for equal degrees and leading
    coefficients the product is T^(sum p - sum z) prod Gamma(-p)/Gamma(-z) in the limit.
    """
    above, below = (sp.Poly(part, _T) for part in sp.fraction(sp.cancel(slope)))
    if above.is_zero:
        return sp.S.Zero
    zeros, poles = (
        [
            -factor.nth(0) / factor.nth(1)
            for factor, m in part.factor_list()[1]
            for _ in range(m)
            if factor.degree() == 1
        ]
        for part in (above, below)
    )
    if (len(zeros), len(poles)) != (above.degree(), below.degree()) or any(x >= 0 for x in zeros + poles):
        raise ValueError(f"slope must have rational zeros and poles, all negative, got {slope}")
    end = above.LC() / below.LC() * sp.oo ** (len(zeros) - len(poles))
    if end < 0:  # negative from some step on
        raise ValueError(f"slope must not be negative, got {slope}")
    order = sum(poles, sp.S.Zero) - sum(zeros, sp.S.Zero)
    if end < 1 or (end == 1 and order < 0):
        return sp.S.Zero
    if end > 1 or order > 0:
        return sp.oo
    return sp.Mul(*(sp.gamma(-p) for p in poles)) / sp.Mul(*(sp.gamma(-z) for z in zeros))


def measure(example: Example) -> Clash:
    """The limit of the product of the slopes, zero by the claim; the premises hold for every t >= 0."""
    slope = example["slope"].subs("t", _T)
    return Clash(
        what="limit of |da_T/da_0|, the product of the slopes |M'(a_t)| over t < T",
        found=infinite_product(slope),
        relation="=",
        claimed=sp.S.Zero,
        premises=(
            Premise("slope |M'(a_t)| at every t >= 0", sp.Gt(slope, 0, evaluate=False)),
            Premise("slope |M'(a_t)| at every t >= 0", sp.Lt(slope, 1, evaluate=False)),
            Premise("gain of the latch, its largest slope", sp.Gt(example["gain"], 1, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    a, b, c, d = (rng.randint(1, 3) for _ in range(4))
    return Example(slope=(_T + a) * (_T + b) / ((_T + c) * (_T + d)), gain=2)


def find(seed: int) -> Example:
    """A counterexample from random ratios of products of two factors t + a, made simple."""
    return search(_draw, measure, seed=seed)


def realize(example: Example, steps: int = 20) -> None:
    """Steer a_{t+1} = tanh(gain a_t) + u_t along the slopes and difference it; u_t is bounded, for slope(t) -> 1."""
    slope = example["slope"].subs("t", _T)
    with mpmath.workdps(DIGITS):
        gain, slopes = number(example["gain"]), [slope.subs(_T, t) for t in range(steps)]
        orbit = [mpmath.atanh(mpmath.sqrt(1 - number(s) / gain)) / gain for s in (*slopes, slope.subs(_T, steps))]
        inputs = [orbit[t + 1] - mpmath.tanh(gain * orbit[t]) for t in range(steps)]

        def program(a: mpmath.matrix) -> mpmath.matrix:
            for u in inputs:
                a = (gain * a).apply(mpmath.tanh) + mpmath.matrix([u])
            return a

        assert_jacobian(program, mpmath.matrix([orbit[0]]), sp.Matrix([[sp.Mul(*slopes)]]))


refutation = Refutation(
    id="contraction_at_every_step",
    related=("refutes_contraction_at_every_step", "gap_product"),
    title="A latch that contracts at every step forgets",
    claim="If |M'(a_t)| < 1 at every step of a latch, then da_t/da_0 tends to zero.",
    claimant="Bengio, Simard and Frasconi, where the contraction is not required to be uniform",
    citation="bengio1994",
    version="wording recalled: it applies to the reading without one bound lambda < 1 for all steps",
    example=Example(slope="1 - 1/(t + 2)**2", gain=2),
    measure=measure,
    find=find,
    truth="If |M'(a_t)| <= lambda < 1 with one lambda for all steps, then |da_t/da_0| <= lambda^t.",
    snippet="""\
from fractions import Fraction

product = Fraction(1)
for t in range(1000):
    product *= 1 - Fraction(1, (t + 2) ** 2)  # every factor is below one
print("product of 1000 slopes:", float(product), "limit:", 1 / 2, "claimed:", 0)
""",
    theorem="bengio1994_vanishing",
    realize=realize,
)
