"""Every law of the confrontation catches a planted falsehood and shrinks it to a small witness; the true law survives.

A law for some is false in another way: a search that finds a witness of the true law finds none of the false one.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from errorflow.numerics import Network
from errorflow.numerics.confrontation import copies, norm_bounds, plain, same_gradient, total_gradient, undecided
from errorflow.numerics.confrontation.law import Example, Law, Sides
from errorflow.numerics.confrontation.run import laws
from errorflow.testing import strategies
from errorflow.theory import activations, cells

LAWS = {law.id: law for law in laws()}
OF_COPIES = [name.removesuffix(":copies") for name in LAWS if name.endswith(":copies") and name != "undecided:copies"]
ELSEWHERE = {  # laws whose falsehoods are planted beside their other tests, by the beginning of the id
    "credit:": "test_credit_laws.py",
    "self_regularization:": "test_radius_change.py",
    **dict.fromkeys(("sharing_", "copies_", "same_lyapunov", "same_singular", "same_largest"), "test_sharing_statistics.py"),
}  # fmt: skip
ANY_PHI = "the activation need not be linear"
USUAL = {
    "same_gradient:gru": "forward order",
    "same_gradient:gru_reset_before": "transposed Jacobians",
    "same_gradient:lstm": "lag off by one",
}
TRIES = 3000  # examples at most of a search that shall find one
Array, Route = np.ndarray, same_gradient.Route
Slope = Callable[..., np.ndarray]


@dataclasses.dataclass(frozen=True)
class Falsehood:
    """A law with a side exchanged, and the units and steps of the smallest example that breaks it."""

    law: str
    words: str
    units: int
    steps: int
    false: Law
    examples: SearchStrategy[Example]

    def __str__(self) -> str:
        return f"{self.law} - {self.words}"


FALSEHOODS: list[Falsehood] = []


def plant(law: str, words: str, units: int, steps: int, *, examples: Any = None, **changed: Any) -> None:
    """Note a falsehood; ``changed`` are the sides that are exchanged."""
    false = dataclasses.replace(LAWS[law], **changed)
    chosen = strategies.examples_of(LAWS[law]) if examples is None else examples
    FALSEHOODS.append(Falsehood(law, words, units, steps, false, chosen))


def of_family(*families: str, phi: Any, n: int = 3, T: int = 3, **more: Any) -> Any:
    return strategies.examples(families=families, sizes=(1, n), steps=(1, T), activations=[phi], **more)


def seeds_of(law: str) -> SearchStrategy[Example]:
    return st.integers(0, 2**16).map(lambda seed: LAWS[law].draw(np.random.default_rng(seed)))


linear, tanh = of_family("plain", "nilpotent", phi=activations.Identity()), of_family("plain", phi=activations.Tanh())
pair = of_family("plain", "nilpotent", phi=activations.Identity(), n=2)
curved = of_family("plain", phi=activations.Relu(), n=2)
one = strategies.examples(families=["contractive"], sizes=(1, 1), steps=(2, 5))
short = strategies.examples(families=["contractive"], sizes=(1, 2), steps=(2, 5))


def W(example: Example) -> Array:
    return example.network.parameters["W"]


def gamma(example: Example) -> float:
    return plain.largest_slope(example.network.cell)


def log(x: Any) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(x))


def radius(matrices: Array) -> Array:
    return np.abs(np.linalg.eigvals(matrices)).max(axis=-1)


def norm(example: Example) -> float:
    return float(np.linalg.norm(W(example), 2))


SLOPES: dict[str, Slope] = {
    "(1-h)^2 as the slope": lambda phi, a: np.asarray((1 - plain.value(phi, a)) ** 2),
    "double tanh": lambda phi, a: plain.slope(phi, plain.value(phi, a)),  # phi'(h) for phi'(a)
}


# Bounds of norm type: a constant that is lost, another rate, another measurement


def bound(name: str, plus: Callable[[Example], Any] = lambda _: 0.0) -> Sides:
    """The bound in nats with a summand."""
    return lambda example: norm_bounds.log_bounds(example, bound=name) + plus(example)


def without_constant(name: str, words: str, examples: Any) -> None:
    high = bound(name, lambda e: -float(norm_bounds._instances(e, name)[0].log_constant))
    plant(f"{name}:shared", words, 2, 1, high=high, examples=examples)


without_constant("perron_radius", "no condition of the scaling", None)
without_constant("diagonal_scaling_norm", "no condition of the scaling", None)
without_constant("spectral_radius", "no supremum of powers", linear)
without_constant("row_sum_norm", "no sqrt(n)", pair)
without_constant("scaled_numerical_radius", "no factor 2", pair)
of_entry = bound("hochreiter_max_weight", lambda e: -math.log(e.network.n))
plant("hochreiter_max_weight:shared", "the bound of an entry for the norm", 2, 1, high=of_entry, examples=pair)
off_by_one: Sides = lambda e: norm_bounds.log_bounds(e, bound="step_norm") * (1 + 1 / np.arange(1, e.steps + 1))  # noqa: E731
plant("step_norm:shared", "lag off by one", 1, 1, high=off_by_one)


for words, derivative in SLOPES.items():
    steps = partial(plain.step_jacobians, derivative=derivative)
    low: Sides = lambda e, steps=steps: plain.log_singular_values(steps(e))[0]  # noqa: E731
    plant("step_norm:shared", words, 1, 1, low=low, examples=tanh)


def as_if_linear(example: Example) -> Array:
    """The bound of the spectral radius as if the activation were the identity."""
    network = Network(cells.get("elman", activation=activations.Identity()), example.network.parameters)
    return norm_bounds.log_bounds(dataclasses.replace(example, network=network), bound="spectral_radius")[:1]


def transposed_copies(example: Example) -> Array:
    """The difference of the bounds for W and for copies that are all W^T."""
    other = dataclasses.replace(example, network=example.network.replace(W=W(example).T))
    return np.abs(np.exp(norm_bounds.bound_of_shared(example)) - np.exp(norm_bounds.bound_of_copies(other)))


def powers(rate: Callable[[Example], Any], *, sign: int = 1, steps: int | None = None) -> Sides:
    """k log(gamma rate) at lags 1..T, or so many, with the rounding allowance."""
    return lambda e: np.arange(1, (steps or e.steps) + 1) * log(gamma(e) * rate(e)) + sign * norm_bounds.ALLOWANCE


least = powers(lambda e: np.linalg.svd(W(e), compute_uv=False)[-1], sign=-1)
any_phi = {"high": as_if_linear, "applies": lambda e: radius(W(e)) < 1 < norm(e), "examples": curved}
plant("pascanu_spectral_norm:shared", "the radius for the norm", 2, 1, high=powers(lambda e: radius(W(e))))
plant("spectral_radius:shared", ANY_PHI, 2, 2, **any_phi)
plant("smallest_gain:shared", "the largest slope for the least", 1, 1, low=least)
plant("norm_bounds:identical", "transposed W", 2, 1, low=transposed_copies, examples=pair)
plant("masked_growth:some_slopes", "the norm for the joint spectral radius", 2, 1, low=powers(norm, sign=-1, steps=4))


def log_of_signed_slopes(example: Example) -> Array:
    """The largest log norm of products with constant slopes of either sign."""
    signs = [np.array([1.0 if i >> j & 1 else -1.0 for j in range(example.network.n)]) for i in range(8)]
    found = [copies.masked_products(W(example), np.tile(s, (copies.LAGS, 1))) for s in signs]
    return np.max(found, axis=0) + np.arange(1, copies.LAGS + 1) * log(gamma(example))


without_two: Sides = lambda e: copies.log_certificate_bound(e) - math.log(2)  # noqa: E731
plant("sharp_uniform:every_slope", "no factor 2", 2, 1, high=without_two, examples=pair)
rate = powers(lambda e: radius(W(e)), steps=copies.LAGS)
plant("sharp_uniform:every_scaling", "the radius for the other", 2, 1, high=lambda e: math.log(2) + rate(e))
plant("sharp_uniform:every_scaling", "slopes of either sign", 2, 1, low=log_of_signed_slopes, examples=pair)


# The total gradient


def backward_with(*, transposed: bool = False, late: bool = False, derivative: Slope = plain.slope) -> Sides:
    """The difference of the total gradients of the library from those of a wrong backward pass."""

    def low(example: Example) -> Array:
        phi, states = plain.activation_of(example.network.cell), example.trajectory.states[..., 0]
        error, found = total_gradient.cotangent(example)[:, 0], []
        for t in range(example.steps, 0, -1):
            delta = derivative(phi, plain.pre_activations(example, t)) * error
            found.append(np.outer(delta, states[t if late else t - 1]))
            error = (W(example) if transposed else W(example).T) @ delta
        scale = np.cumsum(np.linalg.norm(found, axis=(1, 2)))
        own = np.linalg.norm(np.cumsum(found, axis=0), axis=(1, 2))
        return np.abs(np.exp(total_gradient.log_totals(example)) - own) / np.where(scale > 0, scale, 1.0)

    return low


def next_tail(example: Example) -> Array:
    """The tail of lag K + 1 for that of lag K."""
    found = total_gradient.log_tail_bounds(example)
    return np.concatenate([found[:, 1:], np.full((2, 1), np.inf)], axis=1)


tail_of_all: Sides = lambda e: total_gradient._bound(e, "shared_tail", e.steps) + 1e-9  # noqa: E731
last_part: Sides = lambda e: log(np.linalg.norm(total_gradient.parts(e)[-1]))  # noqa: E731
parts = total_gradient.log_part_bounds
later: Sides = lambda e: parts(e) + log(gamma(e) * norm(e))  # noqa: E731
by_radius: Sides = lambda e: parts(e) + np.arange(1, e.steps) * log(radius(W(e)) / max(norm(e), 1e-300))  # noqa: E731
of_total = partial(plant, examples=short)
of_total("total_gradient:tail", "lag off by one", 1, 3, high=next_tail)
contracts: Any = lambda e: total_gradient.contracts(e) and np.linalg.norm(total_gradient.parts(e)[0]) > 1e-9  # noqa: E731
plant("total_gradient:stays", "no tail", 1, 2, low=lambda _: 1.0, applies=contracts, examples=one)
of_total("total_gradient:converges", "the tail from T for that from T/2", 1, 2, high=tail_of_all)
of_total("total_gradient:persists", "the part of the farthest lag for the total", 1, 2, high=last_part)
of_total("total_gradient:lag_part", "the radius for the norm", 2, 2, high=by_radius)
of_total("total_gradient:lag_part", "lag off by one", 1, 2, high=later)
plant("total_gradient:two_routes", "transposed W", 2, 2, low=backward_with(transposed=True))
plant("total_gradient:two_routes", "lag off by one", 1, 1, low=backward_with(late=True))
for words, derivative in SLOPES.items():
    plant("total_gradient:two_routes", words, 1, 1, low=backward_with(derivative=derivative), examples=tanh)


# The radius in place of what decides for all inputs


def rate_by_radius(example: Example) -> float:
    """log gamma rho(W), the largest over the copies."""
    return float(log(gamma(example) * radius(W(example)).max())) + undecided.ALLOWANCE


by_rho, plainly = "rho(W) < 1 decides", of_family("plain", phi=activations.Tanh(), n=2, T=1)
enlarged = seeds_of("undecided:growing")
below: Any = lambda e: rate_by_radius(e) < 0  # noqa: E731
plant("undecided:vanishing", by_rho, 2, 1, high=lambda _: 1e-9, applies=below, examples=plainly)
plant("undecided:growing", by_rho, 2, 1, low=lambda e: float(below(e)), examples=enlarged)
plant("undecided:no_bound_below_growth", "the radius for the bounds", 2, 1, high=rate_by_radius)
plant("undecided:copies", "the largest radius for the bounds", 2, 2, high=rate_by_radius)
plant("undecided:inputs_realize", "lag off by one", 2, 1, low=lambda e: np.append(undecided.log_masks(e)[1:], -np.inf))


# One gradient, by a wrong route


def product_of(jacobians: Callable[..., list[Array]], *, order: int = -1, transposed: bool = True) -> Route:
    """J^T g by step Jacobians, in the order of time or without the transpose."""

    def flow(example: Example) -> same_gradient.Gradient:
        found = same_gradient.cotangent(example)
        for factor in jacobians(example)[::order]:
            found = (factor.T if transposed else factor) @ found
        return {same_gradient.STATES: found}

    return flow


def one_step_late(example: Example) -> same_gradient.Gradient:
    """dE/db = sum_t (dF_t/db)^T J(T, t-1)^T g for J(T, t)."""
    flow, found = same_gradient.cotangent(example), np.zeros(example.network.parameters["b"].shape)
    for t in range(example.steps, 0, -1):
        flow = same_gradient.derived_jacobians(example)[t - 1].T @ flow
        found += flow @ same_gradient.step_derivatives(example, t)[1]["b"]
    return {"b": found}


def gated(name: str, n: int, T: int, seed: int) -> Example:
    return same_gradient.gated(name, "tied_gaussian", n=n, steps=T, rng=np.random.default_rng(seed))


def by_route(name: str, words: str, units: int, steps: int, planted: Route, examples: Any) -> None:
    low: Sides = lambda e: same_gradient.differences(e, routes={"planted": planted})  # noqa: E731
    plant(f"same_gradient:{name}", words, units, steps, low=low, examples=examples)


derived = same_gradient.derived_jacobians
for name, size in {"elman": 2, "gru": 2, "gru_reset_before": 2, "lstm": 1}.items():  # a unit of an LSTM has two states
    seeds = st.builds(partial(gated, name), st.integers(1, 2), st.integers(1, 3), st.integers(0, 9))
    drawn = strategies.examples_of(LAWS["same_gradient:elman"]) if name == "elman" else seeds
    by_route(name, "forward order", size, 2, product_of(derived, order=1), drawn)
    by_route(name, "transposed Jacobians", size, 1, product_of(derived, transposed=False), drawn)
    by_route(name, "lag off by one", 1, 1, one_step_late, drawn)
for words, derivative in SLOPES.items():
    by_route("elman", words, 1, 1, product_of(partial(plain.step_jacobians, derivative=derivative)), tanh)


# The searches

CELLS: dict[tuple[str, ...], Any] = {}


def of_one_cell(example: Example) -> Example:
    """The example with the cell that all others of its kind have: what is compiled for it is compiled once."""
    network = example.network
    cell = CELLS.setdefault((network.cell.name, *(phi.name for phi in network.cell.activations)), network.cell)
    return dataclasses.replace(example, network=Network(cell, network.parameters, untied=network.untied))


def search(law: Law, examples: SearchStrategy[Example], shown: Callable[[float], bool], *, tries: int = 60) -> Example:
    how = settings(max_examples=tries, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink])
    how = settings(how, suppress_health_check=list(HealthCheck))
    return find(examples.map(of_one_cell), lambda e: law.applies(e) and shown(law.slack(e)), settings=how)


def shrunk(falsehood: Falsehood) -> Example:
    """The witness of a falsehood; the true law holds on it and on the first examples of the search."""
    true, seen = LAWS[falsehood.law], []
    remembered = falsehood.examples.map(lambda example: seen.append(of_one_cell(example)) or seen[-1])
    witness = search(falsehood.false, remembered, lambda slack: not slack >= 0.0, tries=TRIES)
    assert all(true.slack(example) >= 0.0 for example in [witness, *seen[:10]] if true.applies(example))
    return witness


def is_slow(falsehood: Falsehood) -> bool:
    """Whether the search is a long one, or another falsehood of a gated cell is the usual one."""
    return falsehood.words == ANY_PHI or falsehood.words != USUAL.get(falsehood.law, falsehood.words)


@pytest.mark.parametrize(
    "falsehood", [pytest.param(f, id=str(f), marks=[pytest.mark.slow] * is_slow(f)) for f in FALSEHOODS]
)
def test_a_falsehood_is_caught_and_shrunk_while_the_true_law_survives(falsehood: Falsehood) -> None:
    witness = shrunk(falsehood)
    assert (witness.network.n, witness.steps) == (falsehood.units, falsehood.steps), witness


def of_first_copy(name: str) -> Law:
    """A law of copies with the bound, for all inputs, of a shared W: the copy of the first step."""

    def numbers(example: Example) -> Array:
        shared = Network(example.network.cell, {**example.network.parameters, "W": W(example)[0]})
        return norm_bounds.log_bounds(dataclasses.replace(example, network=shared), bound=name)[:1]

    return dataclasses.replace(LAWS[f"{name}:copies"], **{"low" if name == "smallest_gain" else "high": numbers})


@pytest.mark.parametrize("name", ["pascanu_spectral_norm", "smallest_gain"])
def test_the_first_copy_for_all_is_caught_in_two_steps_in_every_bound(name: str) -> None:
    """One search for the bounds from above, each of which is broken by its witness, and one for that from below."""
    copied = of_family("plain", phi=activations.Identity(), n=2, untied=True)
    witness = shrunk(Falsehood(f"{name}:copies", "the first copy for all", 1, 2, of_first_copy(name), copied))
    assert witness.steps == 2
    for other in [name] if name == "smallest_gain" else [found for found in OF_COPIES if found != "smallest_gain"]:
        assert not of_first_copy(other).slack(witness) >= 0.0
        assert LAWS[f"{other}:copies"].slack(witness) >= 0.0


def log_of_one_copy(example: Example) -> float:
    shared = example.network.replace(W=np.repeat(W(example)[:1], example.steps, axis=0))
    return copies.log_copies(dataclasses.replace(example, network=shared))


def log_entries(example: Example) -> Array:
    """log of the largest entry of J(T, T-k)."""
    products = plain.products(plain.step_jacobians(example))
    return np.array([scale + log(np.abs(X).max()) for X, scale in products]) + 2 * norm_bounds.ALLOWANCE


def printed_over(power: int) -> dict[str, Any]:
    """n tau^k, the constant of an entry as printed, over a power of n; the entries."""
    low = bound("hochreiter_max_weight", lambda e: (1 - power) * math.log(e.network.n))
    return {"low": low, "high": log_entries, "applies": lambda e: e.network.n > 1}


NONZERO = {"applies": lambda e: bool(W(e).any())}  # a bound of zero is attained by all
FOR_SOME: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {  # id of the law, the true one, what is false
    "n for n^2": ("hochreiter_max_weight:attained", printed_over(2), printed_over(1)),
    "powers of one copy": ("sharp_uniform:violated_by_copies", NONZERO, {"high": log_of_one_copy}),
    "3 for 2": ("sharp_uniform:attained", NONZERO, {"low": lambda e: copies.log_bound_of_crabb(e) + math.log(1.5)}),
    "half": ("smallest_gain:attained", NONZERO, {"high": bound("smallest_gain", lambda _: -math.log(2))}),
    **{
        f"twice, {name}": (f"{name}:attained", NONZERO, {"low": bound(name, lambda _: math.log(2))})
        for name in OF_COPIES
        if name != "smallest_gain"
    },
}


@pytest.mark.parametrize("name", FOR_SOME)
def test_what_some_example_shows_no_example_shows_of_the_falsehood(name: str) -> None:
    identifier, sides, changed = FOR_SOME[name]
    true, examples = dataclasses.replace(LAWS[identifier], **sides), seeds_of(identifier)
    false = dataclasses.replace(true, **changed)
    assert false.slack(search(true, examples, lambda slack: slack >= 0.0)) < 0.0
    with pytest.raises(NoSuchExample):
        search(false, examples, lambda slack: slack >= 0.0)


def test_every_law_has_a_planted_falsehood() -> None:
    here = {f.law for f in FALSEHOODS} | {law for law, _, _ in FOR_SOME.values()} | {f"{n}:copies" for n in OF_COPIES}
    assert here <= LAWS.keys()
    for law in LAWS.keys() - here:
        (file,) = {file for prefix, file in ELSEWHERE.items() if law.startswith(prefix)}
        text = Path(__file__).with_name("numerics").joinpath(file).read_text()
        assert f'"{law.rpartition(":")[2]}"' in text, law
