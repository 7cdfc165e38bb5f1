r"""False: training regulates the error flow by itself, gradient descent raises a spectral radius that is below one.

The linear unit h_t = w h_{t-1} + b u_t, y = c h_t with white input of variance 1 is to recall u_{t-d}. In the stationary
state L(w) = (cb)^2 / (1 - w^2) - 2 cb w^d + 1, so that gradient descent moves w with the velocity

    -dL/dw = 2 d cb w^(d-1) - 2 w (cb)^2 / (1 - w^2)^2,

positive if and only if cb < d w^(d-2) (1 - w^2)^2, for cb > 0. At w = 1/2, d = 3 and cb = 1 it is 3/2 - 16/9 = -5/18:
training turns the error flow down although the lag is not learnt (one unit never learns it: L > 0). In the window it
turns it up.
Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import whole
from ..refutation import Clash, Example, Premise, Refutation


def measure(example: Example) -> Clash:
    """The velocity of w under gradient descent is positive, for 0 < w < 1 and cb > 0."""
    w, gain, lag = example["w"], example["gain"], whole(example["lag"])
    if abs(w) >= 1:
        raise ValueError(f"w must be below one in modulus, got {w}")
    return Clash(
        what="velocity of w under gradient descent",
        found=2 * lag * gain * w ** (lag - 1) - 2 * w * gain**2 / (1 - w**2) ** 2,
        relation=">",
        claimed=sp.S.Zero,
        premises=(
            Premise("spectral radius w", sp.Gt(w, 0, evaluate=False)),
            Premise("gain cb", sp.Gt(gain, 0, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    w = sp.Rational(rng.randint(1, 9), 10)
    return Example(w=w, gain=sp.Rational(rng.randint(1, 20), 10), lag=rng.randint(1, 20))


def find(seed: int) -> Example:
    """A random weight, gain and lag outside of the window, made simple."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="descent_always_raises_the_radius",
    title="Training raises a spectral radius below one",
    claim="Gradient descent on a lag that is not yet learnt raises a spectral radius that is below one.",
    claimant="a reading of the self-regularization of the error flow of Schaefer, Udluft and Zimmermann",
    citation="schaefer2008",
    version="only the abstract was read, the body of the text was not read; conditional: the reading for every network",
    example=Example(w="1/2", gain=1, lag=3),
    measure=measure,
    find=find,
    truth="It does so inside a window: for one linear unit if and only if cb < d w^(d-2) (1 - w^2)^2. Outside of it gradient "
    "descent lowers the radius. For a matrix the sign is that of -Re(conj(lambda) u^T G v) for u^T v = 1.",
    theorem="radius_derivative",
    snippet="""\
w, gain, lag = 0.5, 1.0, 3  # gain is c b

def loss(w):
    return gain**2 / (1 - w**2) - 2 * gain * w**lag + 1

# -dL/dw of the loss above
velocity = 2 * lag * gain * w ** (lag - 1) - 2 * w * gain**2 / (1 - w**2) ** 2
print("loss:", loss(w), "velocity of w:", velocity, "claimed: more than", 0)
""",
)
