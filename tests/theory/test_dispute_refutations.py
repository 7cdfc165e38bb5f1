"""Laws of the refutations of the dispute: their numbers by programs of their own, and wrong examples do not refute."""

import contextlib
import dataclasses
import math
from functools import cache

import numpy as np
import pytest

from errorflow.theory import refutations
from errorflow.theory.refutation import Example, decided
from errorflow.theory.refutations import contractive_at_small_initialization as contractive
from errorflow.theory.refutations import learnt_lag_from_error_flow as learnt

MINE = (
    "sharp_bound_for_untied_copies",
    "total_gradient_never_vanishes",
    "learnt_lag_from_error_flow",
    "zero_radius_without_memory",
    "unit_radius_at_initialization",
    "descent_always_raises_the_radius",
    "contractive_at_small_initialization",
)


@cache
def found_by(identifier: str, seed: int) -> Example:
    return refutations.get(identifier).find(seed)


def array(value) -> np.ndarray:
    return np.array(value.tolist(), dtype=float)


# (found, claimed) of an example, in floating point by other ways


def oracle_sharp_bound_for_untied_copies(example: Example) -> tuple[float, float]:
    first, second, running = array(example["first"]), array(example["second"]), np.eye(2)
    angles = np.exp(2j * np.pi * np.arange(720) / 720)
    for A in (first, second):
        assert max(np.linalg.eigvalsh((z * A + (z * A).conj().T) / 2).max() for z in angles) <= 1 + 1e-12
    for _ in range(int(example["repeats"])):
        running = first @ (second @ running)
    return np.linalg.svd(running, compute_uv=False)[0], 2


def oracle_total_gradient_never_vanishes(example: Example) -> tuple[float, float]:
    w, h = complex(example["w"]) + 1e-30j, 0j
    for u in array(example["inputs"])[:, 0]:
        h = w * h + u
    return abs(h.imag / 1e-30), 0


def oracle_learnt_lag_from_error_flow(example: Example) -> tuple[float, float]:
    """Differences of the loss, whose impulse responses are simulated; the step is taken by complex steps in all parameters."""
    lag, steps = int(example["lag"]), int(example["steps"])
    W, b, c = array(example["W"]), array(example["b"])[:, 0], array(example["c"])[:, 0]
    n = len(b)

    def loss(parameters):
        W, b, c = parameters[: n * n].reshape(n, n), parameters[n * n : n * n + n], parameters[n * n + n :]
        h, total = b, 0
        for j in range(steps):
            total = total + (c @ h - (j == lag)) ** 2
            h = W @ h
        return total

    def gradient(p):
        return np.array([loss(p + 1e-30j * np.eye(len(p))[k]).imag / 1e-30 for k in range(len(p))])

    p = np.concatenate([W.ravel(), b, c])
    moved = p - gradient(p) / 2
    assert loss(p) > 0
    assert abs(loss(moved)) < 1e-12
    return max(abs(gradient(q)[: n * n]).max() for q in (p, moved)), 0


def oracle_zero_radius_without_memory(example: Example) -> tuple[float, float]:
    W, state = array(example["W"]), np.eye(len(array(example["W"])))
    for _ in range(int(example["lag"])):
        state = W @ state
    assert not np.linalg.matrix_power(W, len(W)).any()
    return np.linalg.norm(state, 2), 1


def oracle_unit_radius_at_initialization(example: Example) -> tuple[float, float]:
    W = array(example["W"])
    assert abs(W).max() <= math.sqrt(3 / (np.count_nonzero(W) / len(W))) + 1e-12
    powers = np.linalg.norm(np.linalg.matrix_power(W, 64), 2) ** (1 / 64)  # near the radius, and zero if W is nilpotent
    eigenvalue = max(abs(np.linalg.eigvals(W)))
    return (0.0 if powers == 0 else eigenvalue), 1


def oracle_descent_always_raises_the_radius(example: Example) -> tuple[float, float]:
    """Minus the derivative of the loss, lag by lag, by a complex step."""
    w, gain, lag = complex(example["w"]) + 1e-30j, float(example["gain"]), int(example["lag"])
    return -sum((gain * w**j - (j == lag)) ** 2 for j in range(2000)).imag / 1e-30, 0


def oracle_contractive_at_small_initialization(example: Example) -> tuple[float, float]:
    W = np.outer(array(example["x"]), array(example["y"]))
    assert abs(W).max() <= 0.2 + 1e-15
    return np.linalg.svd(W, compute_uv=False)[0], 1


@pytest.mark.parametrize("identifier", MINE)
def test_the_exact_numbers_agree_with_floating_point(identifier) -> None:
    refutation = refutations.get(identifier)
    for example in (refutation.example, found_by(identifier, 1)):
        clash, (found, claimed) = refutation.measure(example), globals()[f"oracle_{identifier}"](example)
        assert math.isclose(float(clash.found), found, rel_tol=1e-8, abs_tol=1e-9)
        assert math.isclose(float(clash.claimed), claimed, abs_tol=1e-12)


# A wrong example is caught: it does not refute, or its data are refused

SHIFT = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
WRONG = [
    ("sharp_bound_for_untied_copies", "one shared copy", {"second": [[0, 2], [0, 0]]}),
    ("sharp_bound_for_untied_copies", "first radius above one", {"first": [[0, 3], [0, 0]]}),
    ("sharp_bound_for_untied_copies", "second radius above one", {"second": [[0, 0], [3, 0]]}),
    ("sharp_bound_for_untied_copies", "copies of norm one", {"first": [[0, 1], [1, 0]], "second": [[0, 1], [1, 0]]}),
    ("sharp_bound_for_untied_copies", "no step", {"repeats": 0}),
    ("total_gradient_never_vanishes", "parts that do not cancel", {"w": "1/3"}),
    ("total_gradient_never_vanishes", "no state before the last step", {"inputs": [[0], [0], [1]]}),
    ("total_gradient_never_vanishes", "no longer lag", {"inputs": [[0], [1], [1]], "w": 0}),
    ("total_gradient_never_vanishes", "two columns", {"inputs": [[1, 1], [-1, 0], [0, 0]]}),
    ("learnt_lag_from_error_flow", "readout that is not zero", {"c": [[1], [0], [0], [0], [0]]}),
    ("learnt_lag_from_error_flow", "lag that the register does not hold", {"lag": 5}),
    ("learnt_lag_from_error_flow", "nothing to learn", {"c": [[0], [0], [0], [0], [1]]}),
    ("learnt_lag_from_error_flow", "no input", {"b": [[0]] * 5}),
    ("learnt_lag_from_error_flow", "readout of another size", {"c": [[0]] * 4}),
    ("zero_radius_without_memory", "after the shift", {"lag": 5}),
    ("zero_radius_without_memory", "radius above zero", {"W": [[0, 1], [1, 0]], "lag": 1}),
    ("zero_radius_without_memory", "small weights", {"W": [[0, "1/2"], [0, 0]], "lag": 1}),
    ("unit_radius_at_initialization", "radius one", {"W": [[1, 0], [0, 1]]}),
    ("unit_radius_at_initialization", "entry beyond the interval", {"W": [[2, -2], [2, -2]]}),
    ("unit_radius_at_initialization", "no weights", {"W": [[0, 0], [0, 0]]}),
    ("descent_always_raises_the_radius", "inside the window", {"gain": "1/2"}),
    ("descent_always_raises_the_radius", "negative weight", {"w": "-1/2"}),
    ("descent_always_raises_the_radius", "negative gain", {"gain": -1}),
    ("descent_always_raises_the_radius", "weight one", {"w": 1}),
    ("descent_always_raises_the_radius", "no lag", {"lag": 0}),
    ("contractive_at_small_initialization", "smaller weights", {"x": [["1/21"] * 20]}),
    ("contractive_at_small_initialization", "weights above the interval", {"x": [["3/10"] * 20]}),
    ("contractive_at_small_initialization", "ten units", {"x": [["1/5"] * 10], "y": [[1] * 10]}),
]


@pytest.mark.parametrize(
    ("identifier", "change"), [(i, c) for i, _, c in WRONG], ids=[f"{i}: {w}" for i, w, _ in WRONG]
)
def test_a_wrong_example_does_not_refute(identifier, change) -> None:
    refutation = refutations.get(identifier)
    planted = Example(**{**refutation.example.data, **change})
    with contextlib.suppress(ValueError):
        assert not refutation.measure(planted).refutes
    with pytest.raises(ValueError, match="must"):
        dataclasses.replace(refutation, example=planted).check()


@pytest.mark.parametrize("identifier", MINE)
def test_every_premise_is_computed_from_the_example(identifier) -> None:
    refutation, false = refutations.get(identifier), set()
    for other, _, change in WRONG:
        if other == identifier:
            with contextlib.suppress(ValueError):
                premises = refutation.measure(Example(**{**refutation.example.data, **change})).premises
                false |= {k for k, premise in enumerate(premises) if not decided(premise.relation)}
    assert false == set(range(len(refutation.clash.premises)))


def test_copies_that_differ_are_found_and_realized() -> None:
    refutation = refutations.get("sharp_bound_for_untied_copies")
    for seed in range(3):
        example = found_by(refutation.id, seed)
        assert example["first"] != example["second"]
        refutation.realize(example)


def test_a_network_of_other_copies_is_told_apart_when_it_is_realized(monkeypatch) -> None:
    refutation = refutations.get("sharp_bound_for_untied_copies")
    wrong = Example(first=[[0, 1], [0, 0]], second=[[0, 0], [2, 0]], repeats=3)
    module = __import__(refutation.measure.__module__, fromlist=["product"])
    monkeypatch.setattr(module, "product", lambda _: module.sp.Matrix([[64, 0], [0, 0]]))
    with pytest.raises(AssertionError):
        refutation.realize(wrong)


def test_the_gradients_of_recall_are_those_of_the_loss() -> None:
    """For a register that is not a shift, against complex steps, so that a lag or a transpose that is off is seen."""
    rng = np.random.default_rng(0)
    W, b, c = (rng.integers(-2, 3, shape) for shape in ((3, 3), (3, 1), (3, 1)))
    example = Example(W=W.tolist(), b=b.tolist(), c=c.tolist(), lag=2, steps=5)
    loss, by_c, by_b, by_W = learnt.gradients(example["W"], example["b"], example["c"], lag=2, steps=5)

    def at(W, b, c):
        return sum((c.T @ np.linalg.matrix_power(W, j) @ b - (j == 2)) ** 2 for j in range(5))[0, 0]

    assert float(loss) == at(W, b, c)
    for found, place in ((by_W, 0), (by_b, 1), (by_c, 2)):
        for index in np.ndindex(found.shape):
            moved = [M.astype(complex) for M in (W, b, c)]
            moved[place][index] += 1e-30j
            assert math.isclose(float(found[index]), at(*moved).imag / 1e-30, rel_tol=1e-9, abs_tol=1e-9)


def test_neither_all_nor_no_draws_of_small_weights_are_contractive() -> None:
    rng = np.random.default_rng(0)
    norms = [np.linalg.norm(rng.uniform(-0.2, 0.2, (contractive.UNITS, contractive.UNITS)), 2) for _ in range(300)]
    assert 0.5 < np.mean(np.array(norms) < 1) < 1
