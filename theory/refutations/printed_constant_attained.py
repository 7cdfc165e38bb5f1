r"""False: the printed bound n tau^q on one entry of the error flow is attained, tau = n w_max / 4.

For the logistic function, whose slope is at most 1/4, and |w_ij| <= w_max every entry of J(t, t-q) is a sum of
n^(q-1) products over paths, each at most (w_max / 4)^q in modulus. The largest entry is therefore n^(q-1) (w_max / 4)^q
= tau^q / n. It is attained for every q: take all weights equal to w_max and the biases -n w_max / 2; then h = 1/2 is
a fixed point where every pre-activation is 0 and every slope 1/4. The printed constant is n^2 too large, and right only
for n = 1. Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import mpmath
import sympy as sp

from ..counterexamples import search
from ..differences import DIGITS, assert_jacobian, number
from ..exact_matrices import whole
from ..refutation import Clash, Example, Premise, Refutation

SLOPE = sp.Rational(1, 4)  # the largest one of the logistic function


def measure(example: Example) -> Clash:
    """The largest entry that weights up to w_max and slopes up to 1/4 allow, from the majorant, against n tau^q."""
    n, lag, w_max = whole(example["n"]), whole(example["lag"]), example["w_max"]
    majorant = SLOPE * w_max * sp.ones(n, n)
    tau = n * w_max * SLOPE
    return Clash(
        what="largest entry of the error flow over all admissible weights and slopes, against n tau^q",
        found=max((majorant**lag).flat()),
        relation="=",
        claimed=n * tau**lag,
        premises=(
            Premise("largest weight w_max", sp.Gt(w_max, 0, evaluate=False)),
            Premise("tau = n w_max / 4", sp.Lt(tau, 1, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    return Example(n=rng.randint(1, 5), w_max=sp.Rational(rng.randint(1, 12), rng.randint(1, 6)), lag=rng.randint(1, 6))


def find(seed: int) -> Example:
    """A random number of units, largest weight below 4/n and lag, made small."""
    return search(_draw, measure, seed=seed)


def realize(example: Example) -> None:
    """Run the logistic network with constant weights at its fixed point h = 1/2 and difference it, to 30 digits."""
    n, lag = int(example["n"]), int(example["lag"])
    with mpmath.workdps(DIGITS):
        weight = number(example["w_max"])

        def run(state: mpmath.matrix) -> mpmath.matrix:
            for _ in range(lag):
                reached = weight * mpmath.fsum(state) - n * weight / 2
                state = mpmath.matrix([1 / (1 + mpmath.exp(-reached))] * n)
            return state

        assert_jacobian(run, mpmath.matrix([mpmath.mpf(1) / 2] * n), measure(example).found * sp.ones(n, n))


refutation = Refutation(
    id="printed_constant_attained",
    title="The printed constant of the error-flow bound",
    claim="The bound n tau^q with tau = n w_max / 4 on an entry of the error flow is attained.",
    claimant="a reading of the printed bound; the text calls it an upper bound and does not say that it is attained",
    citation="hochreiter1997",
    version="section 3 of the LSTM paper, read; the thesis of 1991 was not",
    example=Example(n=2, w_max=1, lag=2),
    measure=measure,
    find=find,
    realize=realize,
    truth="The sharp bound is tau^q / n, attained for every q by constant weights at zero pre-activations: the printed "
    "one is n^2 too large. The rate tau, and with it the condition w_max < 4/n, is unchanged.",
    theorem="hochreiter1991_entry",
    snippet="""\
import numpy as np

n, w_max, lag = 2, 1.0, 2
majorant = w_max / 4 * np.ones((n, n))  # the largest weights at the largest slope
largest = np.linalg.matrix_power(majorant, lag).max()
print("largest entry:", largest, "claimed:", n * (n * w_max / 4) ** lag)
""",
)
