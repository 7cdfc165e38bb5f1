r"""Where sharing does change a worst-case bound: ||D_k W ... D_1 W||_2 <= 2 kappa(L) w(L W L^-1)^k needs one W.

With slopes in [0, gamma] and a shared W the bound by the numerical radius holds, gamma^k beside it, for every sequence of
slopes: those that are drawn, the vertices 0 and gamma among them, and those that a greedy search finds, which keeps in
each step the slopes that make the product largest. For L = I the constant 2 is attained by the Crabb matrix of size k + 1. For
copies W_t, each of numerical radius at most 1, it is false: products of random copies of small integers exceed 2. So
sharing makes *vanishing* provable for more weights.

Main definitions: `laws`, `log_masked`, `log_sharp_bound`, `log_certificate_bound`, `log_copies`.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from ...theory import activations, notation, theorems
from ...theory.activations import Activation
from ...theory.calculus.words import Letter
from ..axes import Array
from ..constants import numerical_radius
from ..evaluate import Environment, environment, evaluate
from ..instantiate import instances_of
from . import plain
from .families import FAMILIES, example, example_of
from .law import Example, Law

ALLOWANCE = 1e-9  # nats of rounding that the computed product is granted
LAGS = 8
DRAWN = 6  # sequences of slopes drawn beside the one that the search finds
BEAM = 4  # products that the search keeps
ABOVE = 1e-3  # nats by which copies must exceed the bound to violate it
SMALL = 4  # units at most, so that the search may try all vertices


def masked_products(W: Array, slopes: Array) -> Array:
    """log ||D_k W ... D_1 W||_2 for k = 1, 2, ..., slopes ``(k, n)`` with D_1 first."""
    product, found = np.eye(len(W)), []
    for diagonal in slopes:
        product = diagonal[:, None] * (W @ product)
        found.append(np.linalg.norm(product, 2))
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.array(found)))


def slope_sequences(example: Example) -> Array:
    """Sequences of slopes in [0, 1] ``(sequences, lags, n)``: uniform ones, vertices, constant ones, and all ones."""
    n, rng = example.network.n, np.random.default_rng(example.seed)
    uniform = rng.random((DRAWN, LAGS, n))
    vertices = rng.integers(0, 2, (DRAWN, LAGS, n)).astype(float)
    constant = np.repeat(rng.integers(0, 2, (2, 1, n)).astype(float), LAGS, axis=1)
    return np.concatenate([uniform, vertices, constant, np.ones((1, LAGS, n))])


def searched(W: Array) -> Array:
    """The largest log norm by lag over slopes of 0 and 1 that a beam search finds: it keeps the largest products."""
    n = len(W)
    vertices = np.array(list(product((0.0, 1.0), repeat=n)))[:, :, None]
    kept, found = np.eye(n)[None], []
    for _ in range(LAGS):
        longer = (vertices[:, None] * (W @ kept)[None]).reshape(-1, n, n)
        norms = np.linalg.norm(longer, 2, axis=(1, 2))
        found.append(norms.max())
        kept = longer[np.argsort(-norms)[:BEAM]]
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.array(found)))


def log_masked(example: Example) -> Array:
    """The largest log norm of a product with slopes in [0, gamma] at lags 1..8, of all sequences tried."""
    W, gamma = example.network.parameters["W"], plain.largest_slope(example.network.cell)
    tried = [masked_products(W, slopes) for slopes in slope_sequences(example)]
    return np.asarray(np.max([*tried, searched(W)], axis=0) + np.arange(1, LAGS + 1) * np.log(gamma))


def log_certificate_bound(example: Example) -> Array:
    """log 2 kappa(L) (gamma r)^k of the certificate that the theorem finds on the network, at lags 1..8."""
    (found,) = instances_of(example.network.cell, environment(example.network), only="scaled_numerical_radius")
    lags = np.arange(1, LAGS + 1)
    return np.asarray(found.log_bound(lags) + ALLOWANCE) if found.holds else np.full(LAGS, np.inf)


def log_sharp_bound(example: Example) -> Array:
    """log 2 ||L^-1|| ||L|| (gamma r)^k with r = w(L W L^-1), at lags 1..8 for L = I and one that is drawn ``(2, 8)``."""
    W = example.network.parameters["W"]
    scaling = np.exp(np.random.default_rng(example.seed).uniform(-1, 1, len(W)))
    gamma = plain.largest_slope(example.network.cell)
    return np.array([_sharp_bound(W, diagonal, gamma) for diagonal in (np.ones(len(W)), scaling)])


def _sharp_bound(W: Array, diagonal: Array, gamma: float) -> Array:
    radius = numerical_radius(W * diagonal[:, None] / diagonal).upper
    return np.asarray(masked_bound(W, np.diag(diagonal), radius) + np.arange(1, LAGS + 1) * np.log(gamma))


def masked_bound(W: Array, scaling: Array, radius: float) -> Array:
    """log of the right side of the theorem on masked products at lags 1..8, evaluated."""
    right = theorems.get("sharp_masked_product").conclusion.rhs
    found = []
    for lag in range(1, LAGS + 1):
        where = _where(W, scaling, radius, lag)
        found.append(evaluate(right, where).upper)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.array(found)) + ALLOWANCE)


def _where(W: Array, scaling: Array, radius: float, lag: int) -> Environment:
    """The letters of the theorem: L, the rate r, and the steps s = 0 and t = k."""
    right = theorems.get("sharp_masked_product").conclusion.rhs
    numbers = {"r": radius, "s": 0, str(notation.time): lag}
    values = {s: numbers[s.name] for s in right.free_symbols if s.name in numbers and not isinstance(s, Letter)}
    return environment(W=W, letters={"L": scaling}, values=values)


def log_crabb(example: Example) -> float:
    """log ||W^(n-1)||_2 of a linear network, with twice the rounding allowance."""
    return float(
        masked_products(example.network.parameters["W"], np.ones((LAGS, example.network.n)))[_last(example)]
    ) + (2 * ALLOWANCE)


def log_bound_of_crabb(example: Example) -> float:
    """log 2 w(W)^(n-1), of the theorem."""
    W = example.network.parameters["W"]
    return float(masked_bound(W, np.eye(len(W)), numerical_radius(W).upper)[_last(example)])


def _last(example: Example) -> int:
    return example.network.n - 2


def log_bound_of_one(example: Example) -> float:
    """What the bound would be if it held for all copies of numerical radius 1 at most: log 2, to be exceeded clearly."""
    W = example.network.parameters["W"][0]
    largest = max(numerical_radius(copy).upper for copy in np.unique(example.network.parameters["W"], axis=0))
    return float(masked_bound(W, np.eye(len(W)), 1.0)[0]) + ABOVE if largest <= 1.0 else np.inf


def log_copies(example: Example) -> float:
    """The largest log ||J(T, T-k)||_2 over the lags, from the explicit product of the copies."""
    return float(plain.log_singular_values(plain.step_jacobians(example))[0].max())


def of_radius_one(copies: Array) -> Array:
    """Copies ``(T, n, n)`` scaled to numerical radius 1, or just below."""
    radii = np.array([numerical_radius(copy).upper for copy in copies])
    scaled = copies / np.where(radii > 0, radii * (1 + 1e-12), 1.0)[:, None, None]
    return np.asarray(scaled)


def laws() -> tuple[Law, ...]:
    """Two laws for a shared W, its being attained, and its being violated by copies.

    >>> [(law.id, law.quantifier) for law in laws()][-1]
    ('sharp_uniform:violated_by_copies', 'some')
    """
    sharp = ("theorem:sharp_masked_product",)
    return (
        Law(
            id="sharp_uniform:every_slope",
            title="Scaled numerical radius: every sequence of slopes",
            subject="state_jacobian",
            statement="With one W no product with slopes in [0, gamma] exceeds 2 kappa(L) (gamma r)^k of its certificate.",
            judges=("theorem:sharp_uniform",),
            draw=draw_shared,
            low=log_masked,
            high=log_certificate_bound,
        ),
        Law(
            id="sharp_uniform:every_scaling",
            title="Numerical radius under any diagonal scaling",
            subject="state_jacobian",
            statement="With one W no product with slopes in [0, gamma] exceeds 2 kappa(L) (gamma w(L W L^-1))^k, for any L.",
            judges=sharp,
            draw=draw_shared,
            low=log_masked,
            high=log_sharp_bound,
        ),
        Law(
            id="sharp_uniform:attained",
            title="Numerical radius: the constant 2 is attained",
            subject="state_jacobian",
            statement="For the Crabb matrix of size k + 1 the bound 2 w(W)^k is the norm of W^k.",
            judges=sharp,
            draw=draw_crabb,
            low=log_bound_of_crabb,
            high=log_crabb,
            quantifier="some",
        ),
        Law(
            id="sharp_uniform:violated_by_copies",
            title="Numerical radius: violated without shared weights",
            subject="state_jacobian",
            statement="Some copies W_t, each of numerical radius 1 at most, have a product of norm above 2.",
            judges=sharp,
            draw=draw_copies,
            low=log_bound_of_one,
            high=log_copies,
            quantifier="some",
        ),
    )


def _nonnegative() -> tuple[Activation, ...]:
    """The activations whose slopes lie in [0, gamma]."""
    found = [(phi, phi.slope_range) for phi in activations.all()]
    return tuple(phi for phi, slopes in found if slopes is not None and slopes.lower >= 0)


def draw_shared(rng: np.random.Generator) -> Example:
    """Any family of at most four units, an activation whose slopes are not negative."""
    family, phi = list(FAMILIES)[rng.integers(len(FAMILIES))], _nonnegative()[rng.integers(len(_nonnegative()))]
    return example(family, n=int(rng.integers(1, SMALL + 1)), steps=1, rng=rng, activation=phi)


def draw_crabb(rng: np.random.Generator) -> Example:
    """A linear network with the Crabb matrix of size 2 to 6, times a random size."""
    n = int(rng.integers(2, 7))
    diagonal = np.ones(n - 1)
    diagonal[[0, -1]] = np.sqrt(2) if n > 2 else 2.0
    W = np.diag(diagonal, 1) * rng.uniform(0.5, 1.5)
    return example_of(W, steps=1, activation=activations.Identity(), family="crabb", rng=rng)


def draw_copies(rng: np.random.Generator) -> Example:
    """A linear network with two matrices of small integers in turn, scaled to numerical radius 1; or one and its transpose."""
    pair = np.asarray(rng.integers(-2, 3, (2, 2, 2)) * rng.integers(0, 2, (2, 2, 2)), dtype=float)
    if rng.integers(2):
        pair[1] = pair[0].T
    steps = int(rng.integers(4, 13))
    W = of_radius_one(pair)[np.arange(steps) % 2]
    return example_of(W, steps=steps, activation=activations.Identity(), family="integer copies", rng=rng)
