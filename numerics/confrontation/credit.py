r"""What the total shared gradient knows of the far past, on contractive networks: the theorem against what networks do.

y_T = c^T h_T, G = dy_T/dW. Sample by sample the gradients of two trajectories that differ in the input of step T-d obey the
theorem with sigma_* = 1 and sigma_B = ||B (u - ubar)||, since their distance is what its proof bounds. In the mean the laws are
put to *all* sequences of inputs from {-s, s}, T of them: the expectation is a finite sum, without an error of sampling, and
the coupled differences must give it too. All norms are nuclear norms, the largest that the theorem speaks of.

Main definitions: `laws`, `Sine`, `expected_gradients`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product

import numpy as np
import sympy as sp
from sympy.calculus.util import function_range, periodicity

from ...theory import activations
from ...theory.activations import Activation, x
from ...theory.ranges import Range
from ..axes import Array
from ..functionals import scaling
from ..informative.bound import InformativeBound, informative_bound
from ..informative.coupled import coupled_difference
from ..informative.linear_recall import linear_recall_gradient
from .families import FAMILIES, example_of, matrix
from .law import Example, Law, Sides

ALLOWANCE = 1e-9  # nats of rounding that a measurement is granted
ROUNDING = 1e-14  # of the sizes that are added up, in a sum that may cancel
LEAST = float(np.log(1e-300))
RATES = (0.2, 0.97)  # of gamma ||W||
UNITS, STEPS = (1, 5), (1, 16)
ENUMERATED = 8  # steps at most whose sequences of inputs are all taken
THEOREM = ("theorem:task_informative_gradient", "theorem:task_informative_gradient_scaled")


@dataclass(frozen=True)
class Periodic:
    """The reason for the range of a periodic function: SymPy's range over one period, which `check` computes anew."""

    expression: sp.Expr

    @property
    def steps(self) -> tuple[str, ...]:
        """One sentence."""
        return (f"The values of ${sp.latex(self.expression)}$ over one period fill $[-1, 1]$.",)

    def check(self) -> None:
        """ValueError unless the values over one period fill [-1, 1]."""
        period = periodicity(self.expression, x)
        found = function_range(self.expression, x, sp.Interval(0, period)) if period is not None else None
        if found != sp.Interval(-1, 1):
            raise ValueError(f"the range of {self.expression} must be [-1, 1], got {found}")


@cache
def Sine() -> Activation:
    """``sin(x)``, whose slopes have both signs: value, slope and second derivative fill [-1, 1]."""
    value, slope, second = (sp.diff(sp.sin(x), x, order) for order in range(3))
    ranges = [Range(sp.Integer(-1), sp.Integer(1), True, True, Periodic(f)) for f in (value, slope, second)]
    return Activation(
        name="sine",
        latex=r"\sin",
        expression=value,
        claimed_value_range=ranges[0],
        claimed_slope_range=ranges[1],
        claimed_second_range=ranges[2],
    )


def readout(example: Example) -> Array:
    """c ``(n,)``, drawn from the seed of the example."""
    return np.random.default_rng(example.seed).standard_normal(example.network.n)


@lru_cache(maxsize=8)
def bounds(example: Example, *, target_deviation: float = 1.0) -> tuple[InformativeBound, InformativeBound]:
    """The theorem at every lag 0..T-1 for inputs of the largest modulus that occurs, plain and under a diagonal scaling."""
    plain, scaled = (
        informative_bound(
            example.network,
            readout=readout(example),
            lags=range(example.steps),
            input_scale=float(np.abs(example.inputs).max()),
            target_deviation=target_deviation,
            initial_sup=float(np.abs(example.initial).max()),
            scaled=scaled,
        )
        for scaled in (False, True)
    )
    return plain, scaled


def speaks(example: Example) -> bool:
    """Whether the plain theorem speaks of the network."""
    return bounds(example)[0].holds


def log_bounds(example: Example, *, target_deviation: float = 1.0) -> Array:
    """Logs of both bounds ``(2, T)``, with the rounding allowance; a bound of zero admits a norm of 1e-300."""
    found = np.array([b.log_values for b in bounds(example, target_deviation=target_deviation)])
    return np.asarray(np.maximum(found, LEAST) + ALLOWANCE)


def log_nuclear(matrices: Array) -> Array:
    """log of the nuclear norm of matrices ``(..., n, n)``."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.linalg.svd(matrices, compute_uv=False).sum(axis=-1)))


# --- sample by sample -----------------------------------------------------------------------------------------
def log_differences(example: Example) -> Array:
    """log ||G - G'||_* of each sample and lag ``(T, samples)``; G' has no input at step T-d."""
    found = coupled_difference(
        example.trajectory, readout=readout(example), lags=range(example.steps), groups=example.trajectory.samples
    )
    return log_nuclear(found.sums) + found.log_scale


def log_sample_bounds(example: Example) -> Array:
    """The theorem for one sample, sigma_B = ||B u_{T-d}||, plain and scaled ``(2, T, samples)``."""
    B, scale = example.network.parameters["B"], float(np.abs(example.inputs).max())
    found = []
    with np.errstate(divide="ignore"):
        for bound, L in zip(
            bounds(example), (np.ones(len(B)), scaling(example.network.parameters["W"]).diagonal), strict=True
        ):
            own = np.linalg.norm(L[:, None] * (B @ example.inputs[::-1]), axis=1)
            found.append(bound.log_values[:, None] + np.log(own / (scale * np.linalg.norm(L[:, None] * B))))
    return np.asarray(np.maximum(np.array(found), LEAST) + ALLOWANCE)


# --- in the mean ----------------------------------------------------------------------------------------------
def expected_gradients(example: Example, factors: Array) -> tuple[Array, Array]:
    """The mean over samples of f_s dy_T/dW ``(k, n, n)`` for factors f ``(k, samples)``, by the library's backward pass.

    And what rounding may have put there ``(k,)``: a part of the mean size of the terms.
    """
    trajectory, network = example.trajectory, example.network
    flow = np.repeat(readout(example)[:, None], trajectory.samples, axis=1)
    total, size = np.zeros((len(factors), network.n, network.n)), np.zeros(len(factors))
    for t, point in trajectory.backward():
        flow, uses = trajectory.kernels.pullback(network.at(t), point, flow, uses=True)
        (use,) = (use for use in uses if use.parameter == "W")
        assert use.operand is not None
        total += (factors[:, None, :] * use.delta) @ use.operand.T
        size += np.abs(factors) @ (np.linalg.norm(use.delta, axis=0) * np.linalg.norm(use.operand, axis=0))
    return total / trajectory.samples, ROUNDING * size / trajectory.samples


def log_beyond(matrices: Array, rounding: Array) -> Array:
    """log of the nuclear norms less what rounding may have put there; -inf for no more than that."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.maximum(np.exp(log_nuclear(matrices)) - rounding, 0.0)))


def signs(example: Example) -> Array:
    """y* = sign u_{T-d} for d = 0..T-1 ``(T, samples)``, of mean zero over all sequences."""
    return np.sign(example.inputs[::-1, 0])


def log_informative(example: Example) -> Array:
    """log ||E[y* dy_T/dW]||_* for y* = sign u_{T-d}, d = 0..T-1: the mean over all sequences."""
    return log_beyond(*expected_gradients(example, signs(example)))


def _tasks(example: Example) -> tuple[Array, float]:
    """A target x of each sequence and the size of what the other task adds to it."""
    random = np.random.default_rng(example.seed + 1)
    return random.standard_normal(example.trajectory.samples), float(10.0 ** random.uniform(-1, 1))


def log_task_difference(example: Example) -> Array:
    """log of the distance of the expected total gradients of (y_T - y*)^2/2 for the targets x + z and x, z = s sign u_{T-d}."""
    target, size = _tasks(example)
    error = readout(example) @ example.trajectory.states[-1] - target
    (one, lost), (other, also) = (
        expected_gradients(example, error - size * signs(example)),
        expected_gradients(example, error[None]),
    )
    return log_beyond(one - other, lost + also)


def log_task_bounds(example: Example) -> Array:
    """The theorem for z, plain and scaled ``(2, T)``."""
    return log_bounds(example, target_deviation=_tasks(example)[1])


# --- coupled differences --------------------------------------------------------------------------------------
def coupled_defect(example: Example) -> Array:
    """How far the mean over all sequences by coupled differences is from that of y* dy_T/dW at each lag, less rounding.

    Relative to the mean size of the terms that the gradients are sums of.
    """
    found = coupled_difference(
        example.trajectory,
        readout=readout(example),
        lags=range(example.steps),
        weights=signs(example) / example.trajectory.samples,
    )
    direct, rounding = expected_gradients(example, signs(example))
    ours = found.sums[:, 0] * np.exp(found.log_scale[:, :1, None])
    apart = np.maximum(np.linalg.norm(ours - direct, axis=(1, 2)) - rounding, 0.0)
    return np.asarray(apart * ROUNDING / np.maximum(rounding, 1e-300))


# --- linear recall --------------------------------------------------------------------------------------------
def _recalls(example: Example) -> list[tuple[Array, float]]:
    p, scale = example.network.parameters, float(np.abs(example.inputs).max())
    return [linear_recall_gradient(p["W"], scale * p["B"][:, 0], readout(example), d) for d in range(example.steps)]


def recall_defect(example: Example) -> Array:
    """How far the mean over all sequences is from the closed form at each lag, relative to the bound, which no part exceeds."""
    found = coupled_difference(
        example.trajectory,
        readout=readout(example),
        lags=range(example.steps),
        weights=signs(example) / example.trajectory.samples,
    )
    ours, closed = zip(found.sums[:, 0], found.log_scale[:, 0], strict=True), _recalls(example)
    return np.array(
        [
            np.linalg.norm(X * np.exp(log_scale - log_size) - M * np.exp(log_closed - log_size))
            for (X, log_scale), (M, log_closed), log_size in zip(ours, closed, log_bounds(example)[0], strict=True)
        ]
    )


def log_recalls(example: Example) -> Array:
    """log of the nuclear norm of the closed form at each lag."""
    return np.array([log_nuclear(M) + log_scale for M, log_scale in _recalls(example)])


# --- examples -------------------------------------------------------------------------------------------------
def contractive(
    rng: np.random.Generator, *, steps: int, phi: Activation | None = None, n: int | None = None
) -> Example:
    """Any family, scaled to gamma ||W||_2 in [0.2, 0.97], with tanh, logistic, identity or sine; h_0 = 0 in half of them."""
    choices = (activations.Tanh(), activations.Logistic(), activations.Identity(), Sine())
    phi = choices[rng.integers(len(choices))] if phi is None else phi
    family = tuple(FAMILIES)[rng.integers(len(FAMILIES))]
    W = matrix(family, int(rng.integers(UNITS[0], UNITS[1] + 1)) if n is None else n, rng)
    norm, slopes = float(np.linalg.norm(W, 2)), phi.slope_range
    assert slopes is not None
    W = W * (rng.uniform(*RATES) / (float(slopes.magnitude) * norm)) if norm else W
    found = example_of(W, steps=steps, activation=phi, family=family, inputs=None, samples=3, rng=rng)
    return dataclasses.replace(found, initial=found.initial * rng.integers(2))


def draw(rng: np.random.Generator) -> Example:
    """A contractive network along three random sequences of inputs."""
    return contractive(rng, steps=int(rng.integers(STEPS[0], STEPS[1] + 1)))


def enumerated(rng: np.random.Generator, *, phi: Activation | None = None, n: int | None = None) -> Example:
    """A contractive network with one input along all sequences from {-s, s}, from one initial state."""
    found = contractive(rng, steps=1, phi=phi, n=n)
    steps, p = int(rng.integers(1, ENUMERATED + 1)), found.network.parameters
    sequences = np.array(list(product((-1.0, 1.0), repeat=steps))).T[:, None]
    return Example(
        found.network.replace(B=p["B"][:, :1]),
        sequences * rng.uniform(0.3, 3.0),
        np.repeat(found.initial[:, :1], sequences.shape[-1], axis=1),
        found.family,
        seed=found.seed,
    )


def draw_linear(rng: np.random.Generator) -> Example:
    """A linear network with all sequences of inputs."""
    return enumerated(rng, phi=activations.Identity())


def draw_unit(rng: np.random.Generator) -> Example:
    """One linear unit with all sequences of inputs."""
    return enumerated(rng, phi=activations.Identity(), n=1)


def laws() -> tuple[Law, ...]:
    """Sample by sample, in the mean, for two tasks, twice computed, and for linear recall, where the bound is attained.

    >>> [law.id for law in laws()]  # doctest: +NORMALIZE_WHITESPACE
    ['credit:sample', 'credit:expected', 'credit:two_tasks', 'credit:coupled', 'credit:recall', 'credit:recall_bound',
     'credit:attained']
    """
    return (
        _law(
            "sample",
            "Two trajectories that differ in one input",
            "On every sample the gradients dy_T/dW with and without the input of d steps ago differ by at most the bound, in "
            "the nuclear norm.",
            draw,
            log_differences,
            log_sample_bounds,
        ),
        _law(
            "expected",
            "The task-informative gradient",
            "The mean of y* dy_T/dW over all sequences is at most the bound, for a target y* that knows the input of d steps "
            "ago alone.",
            enumerated,
            log_informative,
            log_bounds,
        ),
        _law(
            "two_tasks",
            "Two tasks that differ at lag d",
            "The expected total gradients of two tasks whose targets differ by a function of the input of d steps ago of mean "
            "zero differ by at most the bound.",
            enumerated,
            log_task_difference,
            log_task_bounds,
        ),
        Law(
            id="credit:coupled",
            title="The task-informative gradient by coupled differences",
            subject="task_informative_gradient",
            statement="The mean of y* times the coupled differences over all sequences is the mean of y* dy_T/dW, for a target y* "
            "that knows the input of d steps ago alone.",
            judges=(),
            draw=enumerated,
            low=coupled_defect,
            high=lambda _: ALLOWANCE,
            unit="relative",
        ),
        Law(
            id="credit:recall",
            title="Linear recall, exactly",
            subject="task_informative_gradient",
            statement="In a linear network the task-informative gradient of recalling the input of d steps ago is the closed "
            "form, the sum over j < d of (W^T)^j c b^T (W^T)^(d-1-j).",
            judges=(*THEOREM, "theorem:linear_recall"),
            draw=draw_linear,
            low=recall_defect,
            high=lambda _: ALLOWANCE,
            unit="relative",
            applies=speaks,
        ),
        _law(
            "recall_bound",
            "Linear recall against the bound",
            "The closed form for linear recall is at most the bound.",
            draw_linear,
            log_recalls,
            log_bounds,
        ),
        Law(
            id="credit:attained",
            title="The bound of the task-informative gradient is attained",
            subject="task_informative_gradient",
            statement="For some network, one linear unit, the bound is the task-informative gradient at every lag d >= 1.",
            judges=THEOREM,
            draw=draw_unit,
            low=lambda example: bounds(example)[0].log_values[1:],
            high=lambda example: log_informative(example)[1:] + ALLOWANCE,
            quantifier="some",
            applies=lambda example: example.steps > 1 and speaks(example),
        ),
    )


def _law(
    name: str, title: str, statement: str, draw: Callable[[np.random.Generator], Example], low: Sides, high: Sides
) -> Law:
    return Law(
        id=f"credit:{name}",
        title=title,
        subject="task_informative_gradient",
        statement=statement,
        judges=THEOREM,
        draw=draw,
        low=low,
        high=high,
        applies=speaks,
    )
