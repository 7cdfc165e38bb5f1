r"""False: the slope of tanh is 1 - tanh(h)^2 where h = tanh(a) is the state.

tanh'(a) = 1 - tanh(a)^2 = 1 - h^2. A derivative routine that expects the pre-activation and is given the squashed state
computes 1 - tanh(h)^2 = 1 - tanh(tanh(a))^2, which is larger for every a != 0, as |tanh(h)| < |h|, and never below
1 - tanh(1)^2 = 0.42: saturation disappears from the computed gradient. At a = log 2 the state is 3/5 and the slopes are
16/25 = 0.64 and 1 - tanh(3/5)^2 = 0.71. Main statement: `refutation`.
"""

from __future__ import annotations

from random import Random

import sympy as sp

from ..counterexamples import search
from ..refutation import Clash, Example, Refutation

_X = sp.Symbol("x")


def measure(example: Example) -> Clash:
    """The derivative of tanh at the pre-activation a, by SymPy, against 1 - tanh(h)^2 with h = tanh(a)."""
    a = example["a"]
    h = sp.tanh(a).rewrite(sp.exp) if a.has(sp.log) else sp.tanh(a)
    return Clash(
        what="slope of tanh at the pre-activation a, against 1 - tanh(h)^2",
        found=sp.diff(sp.tanh(_X), _X).subs(sp.tanh(_X), h).subs(_X, a),
        relation="=",
        claimed=1 - sp.tanh(h) ** 2,
    )


def _draw(rng: Random) -> Example:
    return Example(a=sp.log(sp.Integer(rng.randint(1, 40))))


def find(seed: int) -> Example:
    """The logarithm of a random whole number, at which tanh is rational, made small."""
    return search(_draw, measure, seed=seed)


refutation = Refutation(
    id="tanh_applied_twice",
    title="tanh applied twice in its derivative",
    claim="The slope of tanh at a is 1 - tanh(h)^2 with the state h = tanh(a).",
    claimant="a routine for the derivative that is handed the state in place of the pre-activation",
    citation=None,
    version="reported of published code, which was not read; the counterexample does not depend on it",
    example=Example(a=sp.log(2)),
    measure=measure,
    find=find,
    truth="tanh'(a) = 1 - h^2: the state enters as it is. The wrong slope is never below 1 - tanh(1)^2 = 0.42, so that "
    "saturated networks seem not to vanish.",
    snippet="""\
from math import log, tanh

h = tanh(log(2))
print("slope of tanh at log 2:", 1 - h**2, "claimed:", 1 - tanh(h) ** 2)
""",
)
