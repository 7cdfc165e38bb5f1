"""Explosion on some sequence of slopes: the masks of the largest product attain it, and no more is claimed than that."""

import itertools
import math

import numpy as np
import pytest

from errorflow.numerics import Network
from errorflow.numerics.evaluate import answer, environment, evaluate
from errorflow.numerics.instantiate import instances
from errorflow.numerics.words import Steps
from errorflow.theory import cells, notation, theorems
from errorflow.theory.activations import Identity, LeakyRelu, Silu, Tanh
from errorflow.theory.calculus.facts import sides
from errorflow.theory.calculus.listing import listing

ELMAN = cells.get("elman")
GROWTH = theorems.get("masked_growth")
MATRICES = {
    "one unit": np.array([[-1.5]]),
    "hidden nilpotent": np.array([[2.0, 4.0], [-1.0, -2.0]]),
    "rotation": np.array([[0.0, -1.0], [1.0, 0.0]]),
    "gaussian": np.random.default_rng(3).standard_normal((3, 3)),
    "non-normal": np.array([[0.9, 10.0], [0.0, 0.9]]),
}


def worst(W: np.ndarray, length: int) -> list[np.ndarray]:
    """Masks of zeros and ones with the largest product of so many factors."""
    every = [np.diag(d) for d in itertools.product((0.0, 1.0), repeat=len(W))]

    def size(chosen: tuple[np.ndarray, ...]) -> float:
        running = np.eye(len(W))
        for D in chosen:
            running = D @ W @ running
        return float(np.linalg.norm(running, 2))

    return list(max(itertools.product(every, repeat=length), key=size))


@pytest.mark.parametrize("kind", MATRICES)
@pytest.mark.parametrize("gamma", [1.0, 0.25])
def test_the_most_growing_masks_make_the_jacobian_at_least_as_large(kind, gamma) -> None:
    W = MATRICES[kind]
    where = environment(W=W, slope_sup=gamma, slope_inf=0.0)
    rate = evaluate(GROWTH.instantiate(ELMAN).rate, where).lower
    for length in (1, 2, 3, 4):
        J = np.eye(len(W))
        for S in worst(W, length):
            J = gamma * S @ W @ J
        assert np.linalg.norm(J, 2) >= rate**length * (1 - 1e-9)


@pytest.mark.parametrize("kind", MATRICES)
def test_every_step_holds_with_the_masks_of_the_largest_product(kind) -> None:
    W, gamma, length = MATRICES[kind], 0.7, 2
    masks = np.array([np.eye(len(W)), *worst(W, length)])
    letters = {"S": Steps(masks, first=0), "D": Steps(gamma * masks, first=0)}
    values = {notation.lag: length, notation.time: length}
    where = environment(W=W, slope_sup=gamma, slope_inf=0.0, letters=letters, values=values)
    compared = 0
    for step in listing(GROWTH.derivation):
        small, relation, large = sides(step.formula)
        if "largest_masked_product" in str(step.formula):
            continue  # the definition of the masks
        left, right = evaluate(small, where), evaluate(large, where)
        assert left.lower <= right.upper * (1 + 1e-9)
        assert relation != "=" or right.lower <= left.upper * (1 + 1e-9)
        compared += 1
    assert compared >= 4


def test_the_joint_radius_and_not_the_spectral_radius_tells() -> None:
    W = MATRICES["hidden nilpotent"]  # W^2 = 0, and one unit alone has the factor 2
    bound = GROWTH.instantiate(ELMAN)
    assert max(abs(np.linalg.eigvals(W))) < 1e-6
    assert answer(bound.decision, environment(W=W, slope_sup=1.0, slope_inf=0.0)).status == "met"
    assert answer(bound.decision, environment(W=W / 5, slope_sup=1.0, slope_inf=0.0)).status == "not_met"


@pytest.mark.parametrize(
    ("activation", "status"), [(Tanh(), "met"), (Silu(), "met"), (LeakyRelu(), "not_met"), (Identity(), "not_met")]
)
def test_slopes_that_stay_away_from_zero_are_no_masks(activation, status) -> None:
    """For leaky ReLU the mask 0 is out of reach: diag(1, s) [[0, 1], [1, 0]] with small s would not be realized."""
    net = Network(cells.get("elman", activation=activation), {"W": 2 * np.eye(2), "B": np.eye(2), "b": np.zeros(2)})
    (found,) = [i for i in instances(environment(net)) if i.bound.id == "masked_growth"]
    answers = {condition.id: answered.status for condition, answered in found.answers}
    assert answers["slopes_reach_zero"] == status
    assert found.scope == "some_slopes"


def test_it_says_nothing_about_the_slopes_of_a_trajectory() -> None:
    from errorflow.numerics import simulate

    net = Network(ELMAN, {"W": 2 * np.eye(2), "B": np.eye(2), "b": np.zeros(2)})
    here = environment(trajectory=simulate(net, np.zeros((3, 2, 1))))
    assert "masked_growth" not in {i.bound.id for i in instances(here)}
    (everywhere,) = [i for i in instances(environment(net)) if i.bound.id == "masked_growth"]
    assert everywhere.log_rate == pytest.approx(math.log(2), rel=1e-9)
