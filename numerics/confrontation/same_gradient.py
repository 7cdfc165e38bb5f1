r"""One gradient, computed in five ways, for every cell that ships: E = <g, x_T>, with respect to x_0 and, but for the first
way, to all parameters.

* **path sum** (Hochreiter): an entry of J(T, 0) is the sum over all paths of units u_T, ..., u_0 of the products of the entries
  (J_t)_{u_t u_{t-1}}, every path on its own: the gradient with respect to x_0 alone;
* **matrix product**: J(T, 0)^T g = J_1^T ... J_T^T g, and dE/dtheta = sum_t (dF_t/dtheta)^T J(T, t)^T g;
* **back-propagation through time**: the library's pullback;
* **forward sensitivities** (RTRL): S_t = J_t S_{t-1} + dF_t/dtheta from t = 0 on, E' = S_T^T g;
* **complex step**: Im E(theta + i h e_j) / h with h = 1e-200, of the network written out in plain NumPy.

The step Jacobians J_t of the first two come from the derived words of the cell, as do the compiled pullbacks of the third;
dF_t/dtheta in the second and fourth, and J_t in the fourth, from complex steps of one plain step, of which the fifth takes
whole networks. So the two families of formulas are the derived words and the network in plain NumPy, and within each
what differs is how the steps are put together.

Main definitions: `laws`, `differences`, `ROUTES`, and the five: `path_sum`, `matrix_product`, `back_propagated`,
`forward_sensitivities`, `complex_step`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np

from ...theory import cells
from ...theory.language import Cell
from ..axes import Array
from ..network import Network
from . import plain
from .families import FAMILIES, example, matrix
from .law import Example, Law

EQUAL = 1e-10  # relative difference at most
H = 1e-200  # of a complex step: its square is no number any more
STATES = "x"  # the name under which the gradient with respect to the initial state is given

Gradient = dict[str, Array]


def cotangent(example: Example) -> Array:
    """g = dE/dx_T ``(N,)``, a unit vector drawn from the seed of the example."""
    g = np.random.default_rng(example.seed).standard_normal(example.network.state_dim)
    return np.asarray(g / np.linalg.norm(g))


def derived_jacobians(example: Example) -> list[Array]:
    """J_t ``(N, N)``, t = 1..T, from the derived words of the cell."""
    trajectory, network = example.trajectory, example.network
    return [trajectory.kernels.dense(network.at(t), trajectory.point(t))[0] for t in range(1, example.steps + 1)]


def path_sum(example: Example) -> Gradient:
    """The gradient with respect to the initial state, path by path."""
    factors, g = derived_jacobians(example), cotangent(example)
    size, found = len(g), np.zeros(len(g))
    for path in product(range(size), repeat=len(factors) + 1):  # the units at t = 0, 1, ..., T
        weight = g[path[-1]]
        for t, factor in enumerate(factors):
            weight = weight * factor[path[t + 1], path[t]]
        found[path[0]] += weight
    return {STATES: found}


def matrix_product(example: Example) -> Gradient:
    """The gradients by explicit products of step Jacobians, and the derivatives of single steps by the parameters."""
    flow = cotangent(example)
    found: Gradient = {name: np.zeros(p.shape) for name, p in example.network.parameters.items()}
    for t, factor in reversed(list(enumerate(derived_jacobians(example), start=1))):
        _, local = step_derivatives(example, t)
        for name, derivative in local.items():
            found[name] = found[name] + np.tensordot(flow, derivative, 1)
        flow = factor.T @ flow
    return {STATES: flow, **found}


def back_propagated(example: Example) -> Gradient:
    """The gradients by the library's compiled pullback."""
    trajectory, network = example.trajectory, example.network
    flow = cotangent(example)[:, None]
    found: Gradient = {name: np.zeros(p.shape) for name, p in network.parameters.items()}
    for t, point in trajectory.backward():
        flow, uses = trajectory.kernels.pullback(network.at(t), point, flow, uses=True)
        for use in uses:
            part = use.delta.sum(axis=-1) if use.operand is None else use.delta @ use.operand.T
            start = use.first * network.n
            found[use.parameter][start : start + len(use.delta)] += part
    return {STATES: flow[:, 0], **found}


def forward_sensitivities(example: Example) -> Gradient:
    """The gradients by real-time recurrent learning: sensitivities carried along with the states."""
    g = cotangent(example)
    carried: dict[str, Array] = {STATES: np.eye(len(g))}
    for t in range(1, example.steps + 1):
        jacobian, local = step_derivatives(example, t)
        new = {name: np.tensordot(jacobian, S, 1) for name, S in carried.items()}
        carried = {STATES: new[STATES]} | {name: new[name] + d if name in new else d for name, d in local.items()}
    return {name: np.tensordot(g, S, 1) for name, S in carried.items()}


def complex_step(example: Example) -> Gradient:
    """The gradients by complex steps through the whole plain network, one entry at a time."""
    network, g = example.network, cotangent(example)

    def loss(parameters: Mapping[str, Any], x: Any) -> float:
        for u in example.inputs[:, :, 0]:
            x = plain.step(network.cell, parameters, x, u)
        return float(np.imag(g @ x)) / H

    x0 = example.initial[:, 0]
    found: Gradient = {STATES: np.array([loss(network.parameters, x0 + unit) for unit in _units(x0)])}
    for name, p in network.parameters.items():
        moved = [loss({**network.parameters, name: p + unit}, x0) for unit in _units(p)]
        found[name] = np.array(moved).reshape(p.shape)
    return found


def step_derivatives(example: Example, t: int) -> tuple[Array, Gradient]:
    """J_t ``(N, N)`` and dF_t/dtheta ``(N, *shape)`` of each parameter, by complex steps of one plain step."""
    network, u = example.network, example.inputs[t - 1, :, 0]
    p, x = network.parameters, example.trajectory.states[t - 1, :, 0]
    jacobian = [np.imag(plain.step(network.cell, p, x + unit, u)) / H for unit in _units(x)]
    local: Gradient = {}
    for name, array in p.items():
        columns = [np.imag(plain.step(network.cell, {**p, name: array + d}, x, u)) / H for d in _units(array)]
        local[name] = np.array(columns).T.reshape(len(x), *array.shape)
    return np.array(jacobian).T, local


def _units(array: Array) -> list[Any]:
    """i h e_j for each entry j of an array."""
    return [1j * H * unit.reshape(array.shape) for unit in np.eye(array.size)]


Route = Callable[[Example], Gradient]
ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        "path sum": path_sum,
        "matrix product": matrix_product,
        "back-propagation": back_propagated,
        "forward sensitivities": forward_sensitivities,
        "complex step": complex_step,
    }
)


def differences(example: Example, *, routes: Mapping[str, Route] = ROUTES) -> Array:
    """The largest relative difference of each route from the complex step, over the initial state and all parameters.

    The largest entry of the gradient by the same quantity is what a difference is relative to, at least 1e-3 of the
    largest of all.
    """
    reference = complex_step(example)
    largest = max(float(np.abs(array).max()) for array in reference.values())
    found = []
    for route in routes.values():
        parts = route(example)
        scales = {name: max(float(np.abs(reference[name]).max()), 1e-3 * largest, 1e-290) for name in parts}
        found.append(max(float(np.abs(parts[name] - reference[name]).max()) / scales[name] for name in parts))
    return np.array(found)


def tolerance(example: Example) -> float:
    """1e-10, for every example."""
    return EQUAL


def laws() -> tuple[Law, ...]:
    """One law per cell that ships.

    >>> [law.id for law in laws()]
    ['same_gradient:elman', 'same_gradient:gru', 'same_gradient:gru_reset_before', 'same_gradient:lstm']
    """
    judges = ("theorem:bptt_identity", "theorem:bptt_backward_pass", "theorem:hochreiter1991_path_sum")
    return tuple(
        Law(
            id=f"same_gradient:{name}",
            title=f"{cells.get(name).title}: one gradient in five ways",
            subject="every gradient",
            statement="Path sum, matrix product, back-propagation through time, forward sensitivities and complex step give the "
            "same gradient by the initial state, and all but the path sum by every parameter.",
            judges=judges,
            draw=partial(draw, cell=name),
            low=differences,
            high=tolerance,
            unit="relative",
        )
        for name in cells.names()
    )


def draw(rng: np.random.Generator, *, cell: str) -> Example:
    """A network of the cell with one or two units (an Elman network: up to three) over one to four steps."""
    family = list(FAMILIES)[rng.integers(len(FAMILIES))]
    n = int(rng.integers(1, 4 if cell == "elman" else 3))
    return gated(cell, family, n=n, steps=int(rng.integers(1, 5)), rng=rng)


@cache
def _cell(name: str) -> Cell:
    """One cell per name, so that its kernels are compiled once."""
    return cells.get(name)


def gated(cell: str, family: str, *, n: int, steps: int, rng: np.random.Generator) -> Example:
    """A network of a cell whose recurrent blocks are of the family; for *elman* any activation."""
    if cell == "elman":
        return example(family, n=n, steps=steps, rng=rng)
    chosen, m = _cell(cell), 1
    parameters: dict[str, Array] = {}
    for p in chosen.parameters:
        if p.kind == "matrix" and p.columns == "n":
            parameters[p.name] = np.vstack([matrix(family, n, rng) for _ in range(p.blocks)])
        else:
            parameters[p.name] = rng.standard_normal((p.blocks * n, m) if p.kind == "matrix" else p.blocks * n)
    network = Network(chosen, parameters)
    inputs = rng.standard_normal((steps, m, 1)) * 10.0 ** rng.uniform(-2, 0.7)
    initial = np.tanh(rng.standard_normal((network.state_dim, 1)))
    return Example(network, inputs, initial, family, seed=int(rng.integers(2**32)))
