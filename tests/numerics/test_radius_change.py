"""Laws of one descent step: rho moves as the formula says, in the window and outside, and not at all where it cannot."""

import dataclasses
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from errorflow.numerics import error_flow as library
from errorflow.numerics.confrontation import self_regularization as module
from errorflow.numerics.confrontation.families import FAMILIES
from errorflow.numerics.confrontation.law import Example, Law
from errorflow.numerics.confrontation.radius_change import (
    by_complex_steps,
    by_theorem,
    changes,
    direction,
    measured_change,
    run_gradient,
    run_loss,
    stationary_gradient,
    white_gradient,
    white_loss,
)
from errorflow.numerics.confrontation.self_regularization import (
    DEGENERATE,
    degenerate_example,
    laws,
    linear_example,
    mode_example,
    recurrent_example,
    scalar_example,
)
from errorflow.theory import scalar_facts
from errorflow.theory.scalar_facts import self_regularization as recall

LAWS = {law.id.partition(":")[2]: law for law in laws()}
SEEDS, FEW = st.integers(0, 2**16), settings(max_examples=20)


@st.composite
def linear(draw) -> Example:
    """A linear network by family, size and seed."""
    return linear_example(draw(st.sampled_from(list(FAMILIES))), n=draw(st.integers(1, 5)), rng=draw(SEEDS))


@st.composite
def recurrent(draw) -> Example:
    """A network of any activation by family, size and seed."""
    return recurrent_example(draw(st.sampled_from(list(FAMILIES))), n=draw(st.integers(1, 5)), rng=draw(SEEDS))


@st.composite
def units(draw) -> Example:
    """One linear unit by lag, weight and cb in hundredths, thousandths of the largest R that is not beyond it by far."""
    lag = draw(st.integers(3, 30))
    peak = (lag - 2) / (lag + 2)
    largest = lag * peak ** ((lag - 2) / 2) * (1 - peak) ** 2
    return scalar_example(draw(st.integers(1, 99)) / 100, draw(st.integers(1, 120)) / 100 * largest, lag)


@st.composite
def modes(draw) -> Example:
    """A linear network that recalls by its dominant mode."""
    unit = draw(units())
    w, product = float(unit.network.parameters["W"][0, 0]), float(unit.network.parameters["B"][0, 0])
    return mode_example(w, product, unit.steps - 1, n=draw(st.integers(2, 4)), rng=draw(SEEDS))


@st.composite
def degenerate(draw) -> Example:
    """A network whose dominant eigenvalue is not simple."""
    kind = draw(st.sampled_from(DEGENERATE))
    return degenerate_example(kind, n=draw(st.integers(3 if kind == "pair_and_real" else 2, 5)), rng=draw(SEEDS))


EXAMPLES = {
    "linear": linear(),
    "recurrent": recurrent(),
    "window": units(),
    "window_of_a_mode": modes(),
    "undecided": degenerate(),
    "no_derivative": degenerate(),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds(name) -> None:
    @FEW
    @given(EXAMPLES[name])
    def holds(example: Example) -> None:
        assume(LAWS[name].applies(example))
        assert LAWS[name].slack(example) >= 0

    holds()


@pytest.mark.slow
@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds_on_many_examples(name) -> None:
    @settings(max_examples=300)
    @given(EXAMPLES[name])
    def holds(example: Example) -> None:
        assume(LAWS[name].applies(example))
        assert LAWS[name].slack(example) >= 0

    holds()


@pytest.mark.parametrize("name", LAWS)
def test_a_law_speaks_of_what_it_draws(name) -> None:
    law, rng = LAWS[name], np.random.default_rng(7)
    drawn = [law.draw(rng) for _ in range(8)]
    assert sum(law.applies(example) for example in drawn) >= 4
    assert all(law.slack(example) >= 0 for example in drawn if law.applies(example))
    assert all(judge.startswith(("theorem:", "fact:")) for judge in law.judges)
    assert {judge.removeprefix("fact:") for judge in law.judges if judge.startswith("fact:")} <= {
        fact.id for fact in scalar_facts.all()
    }


# Power: planted falsehoods are caught, with a small witness


def smallest(law: Law, examples: st.SearchStrategy[Example], *, tries: int = 300) -> Example:
    """The simplest example that breaks a law."""
    return find(
        examples,
        lambda example: bool(law.applies(example) and not law.slack(example) >= 0),
        settings=settings(max_examples=tries, database=None),
    )


def formula(change: Callable[..., complex], *, transposed: bool = False) -> Callable[[Example], np.ndarray]:
    """A law's right side with another formula of lambda, u^T G v and u^T v, for unit eigenvectors u and v."""

    def sides(example: Example) -> np.ndarray:
        W = example.network.parameters["W"]
        G = direction(W, white_gradient(example))
        values, right = np.linalg.eig(W)
        rows, left = np.linalg.eig(W.T)
        rate = values[np.argmax(np.abs(values))]
        v, u = right[:, np.argmax(np.abs(values))], left[:, np.argmin(np.abs(rows - rate))]
        found = change(rate, (v @ G @ u if transposed else u @ G @ v), u @ v)
        return np.array([[np.real(found)], [-np.real(found)]])

    return sides


RIGHT = LAWS["linear"]
FORMULAS = {
    "the formula": (formula(lambda rate, force, overlap: -force / overlap / rate), 0),
    "left and right exchanged": (formula(lambda rate, force, overlap: -force / overlap / rate, transposed=True), 2),
    "no u^T v": (formula(lambda rate, force, overlap: -force / rate), 2),
    "ascent": (formula(lambda rate, force, overlap: force / overlap / rate), 1),
    "the modulus for the eigenvalue": (formula(lambda rate, force, overlap: -force / overlap / abs(rate)), 1),
    "rho for log rho": (formula(lambda rate, force, overlap: -force / overlap * np.conj(rate) / abs(rate)), 1),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_false_formula_is_caught_and_shrunk(name) -> None:
    high, units_needed = FORMULAS[name]
    law = dataclasses.replace(RIGHT, high=high)
    if units_needed == 0:
        with pytest.raises(NoSuchExample):
            smallest(law, linear(), tries=30)
    else:
        assert smallest(law, linear()).network.n == units_needed


def sign_by(threshold: Callable[[float, int], float]) -> Callable[[Example], np.ndarray]:
    """A law's right side with another threshold than R(w)."""

    def sides(example: Example) -> np.ndarray:
        w, product, lag, _ = module.mode(example)
        return np.array([1.0, -1.0]) * (1 if product < threshold(w, lag) else -1)

    return sides


THRESHOLDS = {
    "exponent d - 1": lambda w, d: d * w ** (d - 1) * (1 - w**2) ** 2,
    "1 - w^2 in place of its square": lambda w, d: d * w ** (d - 2) * (1 - w**2),
    "no factor d": lambda w, d: w ** (d - 2) * (1 - w**2) ** 2,
    "raised everywhere": lambda w, d: np.inf,
}


@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_false_window_is_caught_and_shrunk_to_lag_3(name) -> None:
    law = dataclasses.replace(LAWS["window"], high=sign_by(THRESHOLDS[name]))
    assert smallest(law, units()).steps == 4


@pytest.mark.parametrize("name", ["exponent d - 1", "raised everywhere"])
def test_a_false_window_of_a_mode_is_caught_and_shrunk_to_two_units(name) -> None:
    law = dataclasses.replace(LAWS["window_of_a_mode"], high=sign_by(THRESHOLDS[name]))
    assert smallest(law, modes()).network.n == 2


def test_a_library_that_guesses_at_jordan_blocks_is_caught(monkeypatch) -> None:
    monkeypatch.setattr(library, "SIMPLE", 0.0)
    assert smallest(LAWS["undecided"], degenerate()).network.n == 2


def test_where_the_radius_is_smooth_the_kink_vanishes() -> None:
    law, rng = LAWS["no_derivative"], np.random.default_rng(0)
    for _ in range(10):
        assert law.slack(LAWS["linear"].draw(rng)) < 0


def test_a_backward_pass_that_skips_a_step_is_caught(monkeypatch) -> None:
    whole = library.Trajectory.backward
    monkeypatch.setattr(library.Trajectory, "backward", lambda run: (pair for pair in whole(run) if pair[0] != 2))
    assert smallest(LAWS["recurrent"], recurrent()).steps >= 2


# Both sides, each against what shares no code with it


@FEW
@given(linear())
def test_the_white_loss_is_the_mean_over_inputs_with_the_moments_of_white_noise(example) -> None:
    network, n_inputs = example.network, example.network.m
    signs = np.sqrt(example.steps * n_inputs) * np.eye(example.steps * n_inputs)  # mean of u u^T is the identity
    white = signs.reshape(example.steps, n_inputs, -1)
    quiet = Example(
        network.replace(b=np.zeros(network.n)), white, np.zeros((network.n, white.shape[-1])), "white", example.seed
    )
    W = network.parameters["W"]
    assert white_loss(example, W) == pytest.approx(run_loss(quiet, W), rel=1e-9)
    scale = 1 + np.linalg.norm(white_gradient(example))
    assert np.allclose(white_gradient(example), run_gradient(quiet), rtol=0, atol=1e-9 * scale)
    by_steps = by_complex_steps(lambda moved: white_loss(example, moved), W)
    assert np.allclose(white_gradient(example), by_steps, rtol=0, atol=1e-9 * scale)


@given(units())
def test_the_stationary_gradient_is_the_derivative_of_the_sum_over_the_lags(example) -> None:
    w, product, lag, c = module.mode(example)
    found = stationary_gradient(example.network.parameters["W"], example.network.parameters["B"], c, lag)[0, 0]
    with mpmath.workdps(30):
        slope = mpmath.diff(
            lambda v: mpmath.nsum(
                lambda j: (product * v**j - (j == lag)) ** 2, [0, int(lag + 80 / -mpmath.log(w)) + 1]
            ),
            w,
        )
    fact = scalar_facts.get("recall_gradient").statement.rhs
    values = {recall.w: sp.Rational(w), recall.gain: sp.Rational(product), recall.d: lag}
    size = 2 * product**2 * w / (1 - w**2) ** 2 + 2 * product * lag * w ** (lag - 1)
    assert found == pytest.approx(float(slope), abs=1e-11 * size)
    assert found == pytest.approx(float(fact.subs(values)), abs=1e-11 * size)


@FEW
@given(n=st.integers(2, 5), rng=SEEDS)
def test_a_complex_dominant_pair_moves_as_the_theorem_says(n, rng) -> None:
    random = np.random.default_rng(rng)
    W, G = FAMILIES["complex_dominant"](n, random), random.standard_normal((n, n))
    assert by_theorem(W, G) == pytest.approx(measured_change(W, G), rel=1e-9, abs=1e-9)
    assert changes(W, G)[0] == pytest.approx(by_theorem(W, G), rel=1e-9, abs=1e-9)


@FEW
@given(modes())
def test_the_mode_of_a_network_moves_as_the_unit_does_but_faster_in_a_skew_basis(example) -> None:
    """d rho = -L'(w) |c|^2 |B|^2 / (c^T B)^2: at least the rate of the unit, by Cauchy-Schwarz."""
    W, B = example.network.parameters["W"], example.network.parameters["B"]
    w, product, lag, c = module.mode(example)
    slope = 2 * product**2 * w / (1 - w**2) ** 2 - 2 * product * lag * w ** (lag - 1)
    size = 2 * product**2 * w / (1 - w**2) ** 2 + 2 * product * lag * w ** (lag - 1)
    faster = (c @ c) * (B[:, 0] @ B[:, 0]) / (c @ B[:, 0]) ** 2
    found = w * measured_change(W, stationary_gradient(W, B, c, lag))
    assert faster >= 1 - 1e-12
    assert found == pytest.approx(-slope * faster, abs=1e-8 * size * faster)


def test_the_published_window_in_exact_numbers() -> None:
    for weight, product, sign in ((0.9, 0.1, 1), (0.87, 0.1, -1), (0.93, 0.1, -1), (0.71, 0.01, 1), (0.7, 0.01, -1)):
        example = scalar_example(weight, product, 20)
        inside = Fraction(product) < 20 * Fraction(weight) ** 18 * (1 - Fraction(weight) ** 2) ** 2
        assert module.predicted_sign(example)[0] == module.measured_sign(example)[0] == sign == (1 if inside else -1)
