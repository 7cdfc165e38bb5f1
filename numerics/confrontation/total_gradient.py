r"""The total shared gradient against its horizon: dE/dW = sum over the lags k < T of P_k, E = <g, h_T>.

``P_k = D_{T-k} J(T, T-k)^T g h_{T-k-1}^T``. In a contractive network the parts fall like the state Jacobian,
||P_k||_F <= gamma ||g|| H (gamma ||W||)^k with ||h_t|| <= H, and the lags from K on add at most the tail of the theorem. So the
gradient over the last T copies converges as T grows, to at least its part of lag 0 less the tail of lag 1: it does not
vanish with the horizon although the part of lag T does. Both are measured twice: by the library, and by a backward pass
written out in plain NumPy.

Main definitions: `laws`, `parts`, `tails`, `log_tail_bounds`, `log_totals`.
"""

from __future__ import annotations

import numpy as np

from ...theory import activations, theorems
from ...theory.activations import Activation
from ..axes import Array
from ..evaluate import environment, evaluate
from ..instantiate import instances_of
from ..simulate import Trajectory
from ..whole_gradient import whole_gradient_log_norms
from ..words import Steps
from . import plain
from .families import FAMILIES, example, example_of, matrix
from .law import Example, Law

ALLOWANCE = 1e-9
EQUAL = 1e-10  # relative difference of two computations of one gradient at most
LONG = 48  # steps of a horizon that is called long
SHORT = 4
FRACTION = 0.5  # of the gradient at a short horizon that is left at a long one, in the median
SAMPLES = 15


def cotangent(example: Example) -> Array:
    """g = dE/dh_T ``(n, 1)``: a unit vector drawn from the seed of the example."""
    g = np.random.default_rng(example.seed).standard_normal((example.network.n, 1))
    return np.asarray(g / np.linalg.norm(g))


def parts(example: Example, *, sample: int = 0) -> Array:
    """P_k ``(T, n, n)`` for k = 0..T-1, by the recursion e_{t-1} = W^T D_t e_t in plain NumPy."""
    phi, W = plain.activation_of(example.network.cell), example.network.parameters["W"]
    error, found = cotangent(example)[:, 0], []
    for t in range(example.steps, 0, -1):
        delta = plain.slope(phi, plain.pre_activations(example, t, sample=sample)) * error
        found.append(np.outer(delta, example.trajectory.states[t - 1, :, sample]))
        error = W.T @ delta
    return np.array(found)


def totals(example: Example) -> Array:
    """The gradient over the last K copies ``(T, n, n)``, K = 1..T: sums of the parts."""
    return np.cumsum(parts(example), axis=0)


def tails(example: Example) -> Array:
    """log of the nuclear norm of the sum of the parts of lags K..T-1, for K = 1..T-1."""
    sums = np.cumsum(parts(example)[::-1], axis=0)[::-1][1:]
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.array([np.linalg.svd(tail, compute_uv=False).sum() for tail in sums])))


def log_tail_bounds(example: Example) -> Array:
    """log of the tail for K = 1..T-1 by both theorems, with the horizon and without ``(2, T-1)``."""
    lags = range(1, example.steps)
    found = [[_bound(example, name, K) for K in lags] for name in ("shared_tail_at_horizon", "shared_tail")]
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.array(found)) + ALLOWANCE)


def largest_state(example: Example) -> float:
    """H, the largest norm of a state along the trajectory."""
    return float(np.linalg.norm(example.trajectory.states[:, :, 0], axis=1).max())


def _bound(example: Example, name: str, K: int) -> float:
    """The right side of a theorem on the tail for directions of norm 1: its upper end."""
    right = theorems.get(name).conclusion.rhs
    numbers = {"K": K, "T": example.steps, "H": largest_state(example)}
    W, n = example.network.parameters["W"], example.network.n
    where = environment(
        W=W,
        slope_sup=plain.largest_slope(example.network.cell),
        letters={"g": cotangent(example), "V": np.eye(n)},
        values={symbol: numbers[symbol.name] for symbol in right.free_symbols if symbol.name in numbers},
    )
    return evaluate(right, where).upper


def contracts(example: Example) -> bool:
    """Whether gamma ||W||_2 < 1 and the states do not stay at zero."""
    W = example.network.parameters["W"]
    return (
        plain.largest_slope(example.network.cell) * float(np.linalg.norm(W, 2)) < 1.0 and largest_state(example) > 0.0
    )


def least_gradient(example: Example) -> float:
    """The lower bound of the total gradient that no horizon changes, relative to the norm of its part of lag 0."""
    first = np.linalg.norm(parts(example)[0])
    right = theorems.get("total_gradient_stays").conclusion.rhs
    states, phi = example.trajectory.states[..., 0], plain.activation_of(example.network.cell)
    slopes = plain.slope(phi, plain.pre_activations(example, example.steps))
    steps = {"T": example.steps, "H": largest_state(example)}
    where = environment(
        W=example.network.parameters["W"],
        slope_sup=plain.largest_slope(example.network.cell),
        letters={
            "g": cotangent(example),
            "D": Steps(np.diag(slopes)[None], first=example.steps),
            "h": Steps(states[:, :, None], first=0),
        },
        values={symbol: steps[symbol.name] for symbol in right.free_symbols if symbol.name in steps},
    )
    return (evaluate(right, where).lower - ALLOWANCE) / float(first) if first > 0 else -np.inf


def relative_totals(example: Example) -> Array:
    """The norm of the gradient over the last K copies relative to the part of lag 0, for all K, by the library."""
    first = float(np.linalg.norm(parts(example)[0]))
    return np.exp(log_totals(example)) / first if first > 0 else np.full(example.steps, np.inf)


def log_totals(example: Example) -> Array:
    """log of the Frobenius norm of the gradient over the last K copies, for K = 1..T, by the library."""
    return np.array([log_total(example, copies=K) for K in range(1, example.steps + 1)])


def log_total(example: Example, *, copies: int) -> float:
    """log of the Frobenius norm of the gradient with respect to W over the last copies, by the library."""
    return float(log_total_of_samples(example, copies=copies)[0])


def log_total_of_samples(example: Example, *, copies: int) -> Array:
    """`log_total` of every sample, all with the same g."""
    first = example.steps - copies
    found = Trajectory(example.network, example.inputs[first:], example.trajectory.states[first:])
    g = np.repeat(cotangent(example), found.samples, axis=1)
    return whole_gradient_log_norms(found, g, ["W"])


def difference_of_routes(example: Example) -> Array:
    """The relative difference of the library's norm from that of the plain backward pass, by horizon."""
    plainly = np.linalg.norm(totals(example), axis=(1, 2))
    scale = np.linalg.norm(parts(example), axis=(1, 2)).cumsum()
    return np.asarray(np.abs(np.exp(log_totals(example)) - plainly) / np.where(scale > 0, scale, 1.0))


def change_of_total(example: Example) -> float:
    """How much the norm of the gradient changes from the last T/2 copies to all T, by the library."""
    half = example.steps // 2
    return float(abs(np.exp(log_total(example, copies=example.steps)) - np.exp(log_total(example, copies=half))))


def largest_change(example: Example) -> float:
    """The tail from lag T/2 on, which that change cannot exceed."""
    return _bound(example, "shared_tail", example.steps // 2) + ALLOWANCE


def fraction_of_short(example: Example) -> float:
    """log of half the median norm over the last 4 copies, in plain NumPy."""
    norms = [np.linalg.norm(parts(example, sample=s)[:SHORT].sum(axis=0)) for s in range(example.inputs.shape[-1])]
    return float(np.log(FRACTION * np.median(norms)))


def log_long(example: Example) -> float:
    """log of the median norm over all copies, by the library."""
    return float(np.median(log_total_of_samples(example, copies=example.steps)))


def log_parts(example: Example) -> Array:
    """log ||P_k||_F for k = 1..T-1."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.linalg.norm(parts(example)[1:], axis=(1, 2))))


def log_part_bounds(example: Example) -> Array:
    """log of gamma ||g|| H times the bound of the spectral norm on the state Jacobian, for k = 1..T-1."""
    (found,) = instances_of(example.network.cell, environment(example.network), only="pascanu_spectral_norm")
    front = np.log(
        plain.largest_slope(example.network.cell) * np.linalg.norm(cotangent(example)) * largest_state(example)
    )
    return np.asarray(front + found.log_bound(np.arange(1, example.steps)) + ALLOWANCE)


def laws() -> tuple[Law, ...]:
    """The tail, the floor, the convergence, what stays and what falls, and the equality of the two computations.

    >>> [law.id for law in laws()][:2]
    ['total_gradient:tail', 'total_gradient:stays']
    """
    return (
        Law(
            id="total_gradient:tail",
            title="Tail of the total gradient",
            subject="total_gradient",
            statement="In a contractive network the lags from K on add at most gamma ||g|| H eta^K / (1 - eta) to dE/dW.",
            judges=("theorem:shared_tail", "theorem:shared_tail_at_horizon"),
            draw=draw_contractive,
            low=tails,
            high=log_tail_bounds,
            applies=contracts,
        ),
        Law(
            id="total_gradient:stays",
            title="Floor of the total gradient",
            subject="total_gradient",
            statement="In a contractive network the total gradient is at least its part of lag 0 less the tail of lag 1, "
            "at every horizon.",
            judges=("theorem:total_gradient_stays",),
            draw=draw_strongly_contractive,
            low=least_gradient,
            high=relative_totals,
            unit="relative",
            applies=lambda example: contracts(example) and least_gradient(example) > 0,
        ),
        Law(
            id="total_gradient:converges",
            title="The total gradient converges with the horizon",
            subject="total_gradient",
            statement="From T/2 copies to T the norm of the total gradient changes by the tail from lag T/2 on at most.",
            judges=("theorem:shared_tail",),
            draw=draw_long,
            low=change_of_total,
            high=largest_change,
            unit="relative",
            applies=contracts,
        ),
        Law(
            id="total_gradient:persists",
            title="The total gradient does not vanish with the horizon",
            subject="total_gradient",
            statement=f"Over {LONG} copies the median norm of the total gradient of a contractive network is at least half of "
            f"that over {SHORT} copies (measured: single samples and critical points may do otherwise).",
            judges=(),
            draw=draw_samples,
            low=fraction_of_short,
            high=log_long,
            applies=contracts,
        ),
        Law(
            id="total_gradient:lag_part",
            title="The part of lag k falls with the state Jacobian",
            subject="lag_share",
            statement="On the same networks the part of lag k is at most gamma ||g|| H (gamma ||W||)^k.",
            judges=("theorem:pascanu2013_spectral_norm",),
            draw=draw_long,
            low=log_parts,
            high=log_part_bounds,
            applies=contracts,
        ),
        Law(
            id="total_gradient:two_routes",
            title="The total gradient, computed twice",
            subject="total_gradient",
            statement="The library's total gradient has the norm of the sum of the parts of a plain backward pass.",
            judges=("theorem:bptt_identity",),
            draw=draw_any,
            low=difference_of_routes,
            high=lambda _: EQUAL,
            unit="relative",
        ),
    )


def _smooth() -> tuple[Activation, ...]:
    return activations.Tanh(), activations.Logistic(), activations.Softplus(), activations.Identity()


def draw_any(rng: np.random.Generator) -> Example:
    """Any family and activation."""
    return example(list(FAMILIES)[rng.integers(len(FAMILIES))], rng=rng)


def draw_contractive(rng: np.random.Generator) -> Example:
    """A contractive matrix, any activation, 2 to 12 steps."""
    return example("contractive", steps=int(rng.integers(2, 13)), rng=rng)


def draw_strongly_contractive(rng: np.random.Generator) -> Example:
    """A contractive matrix, divided by two to six, and a smooth activation."""
    n = int(rng.integers(1, 6))
    W = matrix("contractive", n, rng) / rng.uniform(2, 6)
    phi = _smooth()[rng.integers(len(_smooth()))]
    return example_of(W, steps=int(rng.integers(2, 13)), activation=phi, family="contractive", rng=rng)


def draw_long(rng: np.random.Generator) -> Example:
    """A contractive matrix, a smooth activation, a long horizon."""
    phi = _smooth()[rng.integers(len(_smooth()))]
    return example("contractive", steps=LONG, rng=rng, activation=phi)


def draw_samples(rng: np.random.Generator) -> Example:
    """A contractive matrix, a smooth activation, a long horizon, inputs of 15 samples."""
    phi = _smooth()[rng.integers(len(_smooth()))]
    return example("contractive", steps=LONG, samples=SAMPLES, rng=rng, activation=phi)
