r"""Where a hypothesis fails the verdict is *undecided* or the opposite, never "vanishes".

The verdict for all inputs on the state Jacobian is held against slopes that are found apart from it: products
D_p W ... D_1 W of slopes at the ends of their range, by random words and by all short ones, whose spectral radius rho gives growth
at the rate log(rho)/p, for ever. "Vanishes" excludes growth, growth excludes "vanishes"; no bound that the
machinery gives for all inputs falls faster than such a product. Where W = [[2, 4], [-1, -2]] is nilpotent, one slope of 0 makes
the product double in every step. Through B = I inputs realize the slopes: u_t = a_t - W h_{t-1} - b with a_t = 0 for a
slope of 1 and a_t = 20 for none.

Main definitions: `laws`, `growth_found`, `largest_rate_allowed`, `all_inputs_verdict`, `realized`.
"""

from __future__ import annotations

import dataclasses
import math
from functools import lru_cache
from itertools import product

import numpy as np

from ...theory import activations
from ...theory.activations import Activation
from ..axes import Array
from ..constants import MaskedGrowth, growing_masks
from ..evaluate import environment
from ..instantiate import instances
from ..simulate import simulate
from ..uniform import Uniform, uniform
from . import plain
from .copies import masked_products
from .families import FAMILIES, example, example_of, matrix
from .law import Example, Law

ALLOWANCE = 1e-9
GROWS = 1e-6  # nats per step from which on a product is said to grow
PERIODS = 4  # factors of a product at most
WORDS = 300  # random ones for each length
SATURATED = 20.0  # the pre-activation of a tanh unit whose slope is 2e-17
REALIZED = 12  # steps
ROUNDED = 1e-10  # of ||W||^k, what rounding may take from a product of k factors


@lru_cache(maxsize=8)
def growth_found(example: Example) -> float:
    """The largest log rho(D_p W ... D_1 W)/p of products with slopes at the ends of their range, p <= 4.

    Of copies W_t the product of all of them in turn, p = T.
    """
    W, n = example.network.parameters["W"], example.network.n
    copies = W if W.ndim == 3 else W[None]
    found = plain.activation_of(example.network.cell).slope_range
    assert found is not None
    ends = sorted({float(found.lower), float(found.upper)})
    vertices = np.array(list(product(ends, repeat=n)))
    rng, best = np.random.default_rng(example.seed), 0.0
    for period in [len(copies)] if W.ndim == 3 else range(1, PERIODS + 1):
        if len(vertices) ** period <= WORDS:
            words = np.array(list(product(range(len(vertices)), repeat=period)))
        else:
            words = rng.integers(0, len(vertices), (WORDS, period))
            words[: len(vertices)] = np.arange(len(vertices))[:, None]  # the same slopes at each step
        total = np.broadcast_to(np.eye(n), (len(words), n, n))
        for step in range(period):
            total = vertices[words[:, step]][:, :, None] * (copies[step % len(copies)] @ total)
        radii = np.abs(np.linalg.eigvals(total)).max(axis=1)
        best = max(best, float(radii.max()) ** (1 / period))
    return math.log(best) if best > 0 else -math.inf


@lru_cache(maxsize=8)
def judged(example: Example) -> Uniform:
    """What the library says for all inputs, remembered."""
    return uniform(example.network)


def all_inputs_verdict(example: Example) -> str:
    """The library's verdict on the state Jacobian for all inputs."""
    return judged(example).verdict


def largest_rate_allowed(example: Example) -> float:
    """What the verdict allows: no growth, 0 nats per step, where it says "vanishes"; any, +inf, where it does not."""
    return ALLOWANCE if all_inputs_verdict(example) == "vanishes" else math.inf


def least_upper_rate(example: Example) -> float:
    """The least log rate of the bounds from above that hold for all inputs, decisive or not."""
    found = instances(environment(example.network))
    rates = [i.log_rate for i in found if i.holds and i.bound.direction == "<=" and i.scope == "all_inputs"]
    return min(rates, default=math.inf) + ALLOWANCE


def says_vanishing(example: Example) -> float:
    """1 where the verdict for all inputs is "vanishes", else 0."""
    return float(all_inputs_verdict(example) == "vanishes")


def log_masks(example: Example) -> Array:
    """log ||D_k W ... D_1 W||_2, k = 1..12, of the growing masks that the library finds, less 1e-10 ||W||^k for rounding.

    And after each whole period of p masks at least k log of the certified rate.
    """
    W, found, k = example.network.parameters["W"], grown(example), np.arange(1, REALIZED + 1)
    lost = ROUNDED * np.linalg.norm(W, 2) ** k
    with np.errstate(divide="ignore"):
        masked = np.log(np.maximum(np.exp(masked_products(W, masks_of(example))) - lost, 0.0))
        certified = np.where(k % len(found.masks) == 0, k * np.log(found.rate.lower) - GROWS, -np.inf)
    return np.asarray(np.maximum(masked, certified))


@lru_cache(maxsize=8)
def grown(example: Example) -> MaskedGrowth:
    """The growing masks that the library finds, remembered."""
    return growing_masks(example.network.parameters["W"])


def masks_of(example: Example) -> Array:
    """The library's growing masks, repeated over 12 steps ``(12, n)``."""
    masks = grown(example).masks
    return masks[np.arange(REALIZED) % len(masks)]


def realized(example: Example) -> Array:
    """log ||J(k, 0)||_2, k = 1..12, along the trajectory whose inputs are chosen for the masks (B = I, tanh)."""
    W, b = example.network.parameters["W"], example.network.parameters["b"]
    state, inputs = example.initial, []
    for mask in masks_of(example):
        target = np.where(mask == 1.0, 0.0, SATURATED)
        inputs.append(target - W @ state[:, 0] - b)
        # from the states as they are: rounding errors would grow with the state Jacobian
        state = simulate(example.network, inputs[-1][None, :, None], initial=state).states[-1]
    driven = dataclasses.replace(example, inputs=np.array(inputs)[:, :, None])
    steps = plain.step_jacobians(driven)
    return np.array([plain.log_singular_values(steps[:k])[0][-1] for k in range(1, REALIZED + 1)])


def laws() -> tuple[Law, ...]:
    """The verdict where it says "vanishes", where slopes grow, the least bound, and inputs that realize the growth.

    >>> [law.id for law in laws()]  # doctest: +NORMALIZE_WHITESPACE
    ['undecided:vanishing', 'undecided:growing', 'undecided:no_bound_below_growth', 'undecided:copies',
     'undecided:inputs_realize']
    """
    growth = ("refutation:vanishing_below_unit_radius", "theorem:masked_growth")
    return (
        Law(
            id="undecided:vanishing",
            title='"Vanishes" for all inputs, against a search for growth',
            subject="state_jacobian",
            statement='Where the verdict for all inputs is "vanishes" no product of slopes that the search finds grows.',
            judges=("theorem:uniform_vanishing",),
            draw=draw_any,
            low=growth_found,
            high=largest_rate_allowed,
            applies=lambda example: all_inputs_verdict(example) == "vanishes",
        ),
        Law(
            id="undecided:growing",
            title='Growing slopes, against the verdict "vanishes"',
            subject="state_jacobian",
            statement='Where some slopes make the state Jacobian grow the verdict for all inputs is not "vanishes", '
            "even if rho(W) = 0.",
            judges=growth,
            draw=draw_growing,
            low=says_vanishing,
            high=lambda _: 0.0,
            unit="relative",
            applies=lambda example: growth_found(example) > GROWS,
        ),
        Law(
            id="undecided:no_bound_below_growth",
            title="No bound for all inputs falls faster than a product of slopes",
            subject="state_jacobian",
            statement="Every bound for all inputs has a rate of at least the growth per step that the search finds.",
            judges=("theorem:masked_growth", "theorem:hierarchy_radius_below_joint"),
            draw=draw_any,
            low=growth_found,
            high=least_upper_rate,
        ),
        Law(
            id="undecided:copies",
            title="No bound for all inputs and copies falls faster than their product",
            subject="state_jacobian",
            statement="Every bound for all inputs of copies W_t has a rate of at least the growth per step of their product, "
            "repeated, for any slopes.",
            judges=("theorem:untied_spectral_norm", "theorem:untied_row_sum_norm"),
            draw=draw_copies,
            low=growth_found,
            high=least_upper_rate,
        ),
        Law(
            id="undecided:inputs_realize",
            title="Inputs realize growing slopes",
            subject="state_jacobian",
            statement="Through B = I inputs of a tanh network give its state Jacobian the norm of the masked product, and after "
            "whole periods of the masks the certified growth, although rho(W) = 0.",
            judges=(*growth, "theorem:inputs_reach_every_slope"),
            draw=draw_nilpotent,
            low=log_masks,
            high=realized,
            applies=lambda example: grown(example).rate.lower > 1.0,
        ),
    )


def nonlinear() -> tuple[Activation, ...]:
    """The built-in activations but the identity."""
    return tuple(phi for phi in activations.all() if phi.name != "identity")


def draw_any(rng: np.random.Generator) -> Example:
    """Any family and activation, at most three units."""
    return example(list(FAMILIES)[rng.integers(len(FAMILIES))], n=_units(rng), steps=1, rng=rng)


def _units(rng: np.random.Generator) -> int:
    """1, 2 or, seldom, since a certified joint spectral radius takes long, 3."""
    return int(rng.choice([1, 2, 3], p=[0.2, 0.7, 0.1]))


def draw_copies(rng: np.random.Generator) -> Example:
    """Two to four copies of any family, of at most three units, with any activation."""
    family, n = list(FAMILIES)[rng.integers(len(FAMILIES))], int(rng.integers(1, 4))
    phi = activations.all()[rng.integers(len(activations.all()))]
    return example(family, n=n, steps=int(rng.integers(2, 5)), rng=rng, activation=phi, untied=True)


def draw_growing(rng: np.random.Generator) -> Example:
    """Nilpotent and non-normal matrices, enlarged, with any activation but the linear one."""
    family = ("nilpotent", "non_normal", "non_contractive")[rng.integers(3)]
    W = matrix(family, max(2, _units(rng)), rng) * rng.uniform(1, 8)
    return example_of(W, steps=1, activation=nonlinear()[rng.integers(len(nonlinear()))], family=family, rng=rng)


def draw_nilpotent(rng: np.random.Generator) -> Example:
    """A nilpotent matrix, enlarged, tanh, and an input for each unit through B = I."""
    n = max(2, _units(rng))
    W = matrix("nilpotent", n, rng) * rng.uniform(1, 8)
    drawn = example_of(W, steps=1, activation=activations.Tanh(), family="nilpotent", inputs=n, rng=rng)
    return dataclasses.replace(drawn, network=drawn.network.replace(B=np.eye(n)))
