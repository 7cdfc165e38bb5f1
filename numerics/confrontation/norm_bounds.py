r"""The bounds on the state Jacobian against explicit products: log ||J(T, T-k)||_2 <= log constant + k log rate.

One law per theorem with a bound of a vanilla network, its numbers evaluated from the theorem for all inputs and along the
trajectory; the product J(T, T-k) = D_T W ... D_{T-k+1} W is formed in plain NumPy. The bounds of norm type hold for copies
W_t of the weights as for a shared W, with the largest norm over the copies (smallest, for bounds from below): sharing
the weights changes nothing in them. Each is attained. The row-sum norm bounds the infinity norm of the same product without
the factor sqrt(n) of the spectral norm, and is held against both.

Main definitions: `laws`, `log_norms`, `log_both_norms`, `log_gains`, `log_bounds`, `log_largest_masked`.
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache, partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ...theory import activations, cells, theorems
from ...theory.bounds import Bound
from ...theory.quantities import scaled_norm
from ...theory.theorem import Theorem
from ..axes import Array
from ..evaluate import environment
from ..instantiate import Instance, instances_of
from . import plain
from .families import FAMILIES, example, example_of
from .law import Example, Law

ALLOWANCE = 1e-9  # nats of rounding that the computed product is granted
MASKED_LAGS = 4
NAMES = tuple(FAMILIES)


def log_norms(example: Example) -> Array:
    """log ||J(T, T-k)||_2 for k = 1..T, from the explicit product."""
    return plain.log_singular_values(plain.step_jacobians(example))[0]


def log_both_norms(example: Example) -> Array:
    """log of ||J(T, T-k)||_2 and ||J(T, T-k)||_inf for k = 1..T, from the explicit product ``(2, 1, T)``."""
    with np.errstate(divide="ignore"):
        rows = [
            scale + np.log(np.abs(X).sum(axis=1).max()) for X, scale in plain.products(plain.step_jacobians(example))
        ]
    return np.array([log_norms(example), rows])[:, None]


def log_both_bounds(example: Example, *, bound: str) -> Array:
    """`log_bounds`, and the same with the constant 1, for the infinity norm ``(2, 2, T)``."""
    found = log_bounds(example, bound=bound)
    return np.array([found, found - np.array([[i.log_constant] for i in _instances(example, bound)])])


def log_gains(example: Example) -> Array:
    """log of the smallest singular value of J(T, T-k) for k = 1..T; where rounding has lost it what it is at most."""
    largest, found = plain.log_singular_values(plain.step_jacobians(example))
    return np.where(np.isnan(found), largest + np.log(plain.LOST), found)


def log_bounds(example: Example, *, bound: str) -> Array:
    """The bound at lags k = 1..T, for all inputs and along the trajectory ``(2, T)``, with the rounding allowance.

    Where its hypotheses are not met it says nothing: +inf for a bound from above, -inf for one from below.
    """
    lags = np.arange(1, example.steps + 1)
    return np.array([_numbers(found, lags) for found in _instances(example, bound)])


def _numbers(found: Instance, lags: NDArray[np.intp]) -> Array:
    sign = 1.0 if found.bound.direction == "<=" else -1.0
    if not found.holds:
        return np.full(len(lags), sign * np.inf)
    return np.asarray(found.log_bound(lags) + sign * ALLOWANCE)


@lru_cache(maxsize=8)
def _instances(example: Example, bound: str) -> tuple[Instance, ...]:
    """Remembered, since the hypotheses and the numbers of an example are asked for one after the other."""
    cell = example.network.cell
    scopes = environment(example.network), environment(trajectory=example.trajectory)
    return tuple(found for where in scopes for found in instances_of(cell, where, only=bound))


def speaks(example: Example, *, bound: str, zero: bool = True) -> bool:
    """Whether all hypotheses of the bound hold, for all inputs or along the trajectory; without ``zero`` W must not be 0."""
    weights = zero or bool(example.network.parameters["W"].any())
    return weights and any(found.holds for found in _instances(example, bound))


def attained(example: Example) -> Array:
    """What an attained bound may not exceed: the computed log norms with twice the rounding allowance."""
    return log_norms(example) + 2 * ALLOWANCE


def reached(example: Example) -> Array:
    """What an attained bound from below must reach: the computed log gains less twice the rounding allowance."""
    return log_gains(example) - 2 * ALLOWANCE


def bound_of_copies(example: Example) -> Array:
    """`bound_of_shared` for T copies, each equal to the shared W."""
    network, steps = example.network, example.steps
    copies = np.repeat(network.parameters["W"][None], steps, axis=0)
    untied = type(network)(network.cell, {**network.parameters, "W": copies}, untied=True)
    return bound_of_shared(dataclasses.replace(example, network=untied))


def bound_of_shared(example: Example) -> Array:
    """The bounds of norm type for all inputs ``(bounds, T)``, but that by a scaling, which is sought for one matrix only."""
    where, lags = environment(example.network), np.arange(1, example.steps + 1)
    found = [instances_of(example.network.cell, where, only=bound)[0] for bound in _for_copies()]
    return np.array([i.log_bound(lags) for i in found if not i.bound.statement.atoms(scaled_norm)])


def difference_of_copies(example: Example) -> Array:
    """How far the bounds for equal copies are from those for a shared W, in nats."""
    shared, copies = bound_of_shared(example), bound_of_copies(example)
    with np.errstate(invalid="ignore"):
        return np.where(shared == copies, 0.0, np.abs(shared - copies))


def log_growing_masks(example: Example) -> Array:
    """The bound for some slopes, k log(gamma jsr{D W}), at lags 1..4, less the rounding allowance."""
    where = environment(example.network)
    (found,) = instances_of(example.network.cell, where, only="masked_growth")
    return _numbers(found, np.arange(1, MASKED_LAGS + 1))


def log_largest_masked(example: Example) -> Array:
    """log max ||D_k W ... D_1 W|| over all slopes D_t of 0 and gamma, at lags 1..4, by trying every one."""
    W, n = example.network.parameters["W"], example.network.n
    gamma = plain.largest_slope(example.network.cell)
    factors = gamma * np.array(list(product((0.0, 1.0), repeat=n)))[:, :, None] * W
    words, largest = np.eye(n)[None], []
    for _ in range(MASKED_LAGS):
        words = (factors[:, None] @ words[None]).reshape(-1, n, n)
        largest.append(np.linalg.norm(words, 2, axis=(1, 2)).max())
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.array(largest)))


def laws() -> tuple[Law, ...]:
    """One law for shared weights per bound; one for copies and one for its being attained per bound of norm type.

    >>> [law.id for law in laws()][:3]
    ['hochreiter_max_weight:shared', 'hochreiter_max_weight:copies', 'hochreiter_max_weight:attained']
    """
    found: list[Law] = []
    for theorem in theorems.all():
        bound = theorem.instantiate(cells.get("elman", activation=activations.Identity()))
        if bound is not None and bound.quantifier == "every":
            found += _laws(theorem, bound)
    return (*found, _identical(), _masked())


def _laws(theorem: Theorem, bound: Bound) -> list[Law]:
    linear = theorem.instantiate(cells.get("elman")) is None
    numbers = partial(log_bounds, bound=bound.id)
    above = bound.direction == "<="
    what = "||J(T, T-k)||_2 is at most" if above else "the smallest singular value of J(T, T-k) is at least"
    shared = Law(
        id=f"{bound.id}:shared",
        title=f"{bound.title}: shared weights",
        subject="state_jacobian",
        statement=f"With one W for all steps {what} the bound of {bound.title}, at every lag k.",
        judges=(f"theorem:{theorem.id}",),
        draw=draw_linear if linear else draw_shared,
        low=log_norms if above else numbers,
        high=numbers if above else log_gains,
        applies=partial(speaks, bound=bound.id),
    )
    if bound.id == "row_sum_norm":
        shared = dataclasses.replace(
            shared,
            statement=f"With one W for all steps {what} the bound of {bound.title}, at every lag k, and "
            "||J(T, T-k)||_inf is at most (gamma ||W||_inf)^k.",
            low=log_both_norms,
            high=partial(log_both_bounds, bound=bound.id),
        )
    if bound.id not in _for_copies():
        return [shared]
    judges = (f"theorem:{theorem.id}", *_COPIES.get(bound.id, ()))
    copies = dataclasses.replace(
        shared,
        id=f"{bound.id}:copies",
        title=f"{bound.title}: a copy of the weights per step",
        statement=f"With a matrix W_t of its own at each step {what} the same bound, of the worst of them"
        + (", and so is ||J(T, T-k)||_inf without the factor sqrt(n)." if bound.id == "row_sum_norm" else "."),
        judges=judges,
        draw=draw_copies,
    )
    equal = dataclasses.replace(
        shared,
        id=f"{bound.id}:attained",
        title=f"{bound.title}: attained",
        statement=f"On some networks, with shared weights or without, the bound of {bound.title} is attained at every lag.",
        draw=draw_extremal,
        low=numbers if above else reached,
        high=attained if above else numbers,
        quantifier="some",
        applies=partial(speaks, bound=bound.id, zero=False),
    )
    return [shared, copies, equal]


_COPIES = {
    "pascanu_spectral_norm": ("theorem:untied_spectral_norm",),
    "row_sum_norm": ("theorem:untied_row_sum_norm",),
}


def _for_copies() -> tuple[str, ...]:
    """Ids of the bounds of norm type: those whose hypotheses can be met by copies that differ."""
    copies = environment(W=np.array([[[0.5]], [[0.25]]]), slope_inf=0.5)
    found = instances_of(cells.get("elman"), copies)
    return tuple(i.bound.id for i in found if i.holds and i.bound.quantifier == "every")


def _identical() -> Law:
    return Law(
        id="norm_bounds:identical",
        title="Norm-type bounds do not ask whether weights are shared",
        subject="state_jacobian",
        statement="Each bound of norm type without a scaling has the same value for a shared W as for copies equal to it.",
        judges=("theorem:untied_spectral_norm", "theorem:untied_row_sum_norm"),
        draw=draw_shared,
        low=difference_of_copies,
        high=lambda _: ALLOWANCE,
    )


def _masked() -> Law:
    return Law(
        id="masked_growth:some_slopes",
        title="Growth under some slopes",
        subject="state_jacobian",
        statement="At every lag some slopes of 0 and gamma give a product of norm (gamma jsr{D W})^k or more.",
        judges=("theorem:masked_growth",),
        draw=draw_small,
        low=log_growing_masks,
        high=log_largest_masked,
    )


def draw_shared(rng: np.random.Generator) -> Example:
    """Any family and activation, one W for all steps."""
    return example(NAMES[rng.integers(len(NAMES))], rng=rng)


def draw_linear(rng: np.random.Generator) -> Example:
    """Any family, the identity as activation."""
    return example(NAMES[rng.integers(len(NAMES))], rng=rng, activation=activations.Identity())


def draw_copies(rng: np.random.Generator) -> Example:
    """Any family and activation, with a matrix of its own for each step."""
    return example(NAMES[rng.integers(len(NAMES))], rng=rng, untied=True)


def draw_small(rng: np.random.Generator) -> Example:
    """Any family and activation, at most two units."""
    return example(NAMES[rng.integers(len(NAMES))], n=int(rng.integers(1, 3)), steps=1, rng=rng)


def draw_extremal(rng: np.random.Generator) -> Example:
    """Linear networks on which bounds are attained: permutations, shared or not, and constant matrices."""
    n, steps = int(rng.integers(1, 4)), int(rng.integers(2, 9))
    kind = ("permutation", "permutations", "constant")[rng.integers(3)]
    copies = [np.eye(n)[rng.permutation(n)] for _ in range(steps)]
    W = {
        "permutation": copies[0],
        "permutations": np.array(copies),
        "constant": np.full((n, n), rng.integers(1, 4) / 2),
    }
    return example_of(W[kind], steps=steps, activation=activations.Identity(), family=kind, rng=rng)
