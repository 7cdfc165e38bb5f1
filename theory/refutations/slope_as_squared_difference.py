r"""False: tanh'(a) = (1 - h)^2 with h = tanh(a).

The inverse function artanh has derivative 1 / (1 - h^2), so that tanh'(a) = 1 - h^2 = (1 - h) (1 + h). It equals
(1 - h)^2 only at h = 0 and in the limit h = 1. At a = log 2, h = 3/5, they are 16/25 and 4/25: the slip makes gradients
vanish faster where h > 0, and makes them explode where h < 0, with "slopes" up to 4. Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import mpmath
import sympy as sp

from ..counterexamples import search
from ..differences import DIGITS, assert_jacobian, number
from ..refutation import Clash, Example, Premise, Refutation

_X = sp.Symbol("x")


def measure(example: Example) -> Clash:
    """The slope at the state h, as the reciprocal of artanh'(h), against (1 - h)^2."""
    h = example["h"]
    return Clash(
        what="slope of tanh at the state h, against (1 - h)^2",
        found=1 / sp.diff(sp.atanh(_X), _X).subs(_X, h),
        relation="=",
        claimed=(1 - h) ** 2,
        premises=(Premise("state h", sp.Gt(h, -1, evaluate=False)), Premise("state h", sp.Lt(h, 1, evaluate=False))),
    )


def _draw(rng: Random) -> Example:
    q = rng.randint(1, 9)
    return Example(h=sp.Rational(rng.randint(1 - q, q - 1), q))


def find(seed: int) -> Example:
    """A random rational state, made small."""
    return search(_draw, measure, seed=seed)


def realize(example: Example) -> None:
    """Difference tanh at artanh(h), to 30 digits."""
    with mpmath.workdps(DIGITS):
        at = mpmath.matrix([mpmath.atanh(number(example["h"]))])
        assert_jacobian(lambda a: a.apply(mpmath.tanh), at, sp.Matrix([measure(example).found]))


refutation = Refutation(
    id="slope_as_squared_difference",
    title="The slope of tanh as the square of a difference",
    claim="tanh'(a) = (1 - h)^2 with h = tanh(a).",
    claimant="a common slip in derivatives written by hand",
    citation=None,
    version="for every h in (-1, 1) but 0",
    example=Example(h="3/5"),
    measure=measure,
    find=find,
    realize=realize,
    truth="tanh'(a) = 1 - h^2 = (1 - h) (1 + h), which is in (0, 1] for every h.",
    snippet="""\
from math import log, tanh

a, step = log(2), 1e-6
h = tanh(a)
print("slope of tanh at h = 3/5:", 1 - h**2, "claimed:", (1 - h) ** 2)
print("difference quotient:", (tanh(a + step) - tanh(a - step)) / (2 * step))
""",
)
