r"""False: a gradient dE/dW that does not vanish says that the network learns from the far past.

For h_t = w h_{t-1} + u_t, h_0 = 0 and E = h_T the gradient of the shared weight is the sum over lags

    dE/dw = sum_{j=0}^{T-1} w^j h_{T-1-j},

and the terms j >= K are of the order of w^K. With w = 1/2 and the constant input 1 over T = 24 steps dE/dw is nearly 4,
while the lags from 20 on hold less than a millionth of it: a gradient of order one made of the near past.
Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..exact_matrices import whole
from ..refutation import Clash, Example, Premise, Refutation

SHARE = sp.Rational(1, 1000)  # the claim is false for every positive share; this one is small enough to convince


def parts(w: sp.Expr, inputs: sp.MatrixBase) -> list[sp.Expr]:
    """The parts w^j h_{T-1-j} of dh_T/dw by lag j = 0, ..., T-1, for h_t = w h_{t-1} + u_t from h_0 = 0.

    >>> parts(sp.Rational(1, 2), sp.Matrix([1, 1, 1]))
    [3/2, 1/2, 0]
    """
    states = [sp.S.Zero]
    for u in inputs:
        states.append(w * states[-1] + u)
    return [w**lag * state for lag, state in enumerate(reversed(states[:-1]))]


def measure(example: Example) -> Clash:
    """The share of the lags from ``lag`` on in the sum of the parts' moduli against a thousandth."""
    if example["inputs"].cols != 1:
        raise ValueError(f"inputs must be a column, got shape {example['inputs'].shape}")
    found = parts(example["w"], example["inputs"])
    far = sum(map(sp.Abs, found[whole(example["lag"]) :]), sp.S.Zero)
    return Clash(
        what=f"share of the lags >= {example['lag']} in the sum of the moduli of the parts of dE/dw",
        found=far / (sum(map(sp.Abs, found), sp.S.Zero) or sp.S.One),
        relation=">=",
        claimed=SHARE,
        premises=(
            Premise("modulus of dE/dw", sp.Ge(sp.Abs(sum(found, sp.S.Zero)), 1, evaluate=False)),
            Premise(f"sum of the moduli of the parts of lag >= {example['lag']}", sp.Gt(far, 0, evaluate=False)),
        ),
    )


def _draw(rng: Random) -> Example:
    steps = rng.randint(4, 12)
    w = rng.choice((1, -1)) * sp.Rational(rng.randint(1, 6), rng.randint(2, 8))
    return Example(w=w, inputs=[[rng.randint(-2, 2)] for _ in range(steps)], lag=rng.randint(2, steps))


def find(seed: int) -> Example:
    """A random weight and random inputs with a large gradient and a small share of the far past, made small."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="long_range_from_nonzero_gradient",
    title="A gradient that is not zero is long-range learning",
    claim="If dE/dw is at least 1, the lags of 20 and more contribute at least a thousandth of it.",
    claimant="common belief, here with a number for 'does not vanish' and a very small one for 'learns from the far past'",
    citation=None,
    version="for the total gradient of the shared weight, as the sum of its parts by lag",
    example=Example(w="1/2", inputs=[[1]] * 24, lag=20),
    measure=measure,
    find=find,
    truth="The total gradient is the sum over all lags; it stays of order one while the parts of long lags vanish. "
    "Look at the share by lag.",
    theorem="bptt_identity",
    snippet="""\
w, states = 0.5, [0.0]
for _ in range(24):
    states.append(w * states[-1] + 1)
parts = [w**j * states[23 - j] for j in range(24)]
print("dE/dw:", sum(parts))
share = sum(parts[20:]) / sum(parts)
print("share of the lags >= 20:", share, "claimed: at least", 1 / 1000)
""",
)
