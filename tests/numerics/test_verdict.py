"""Laws of the verdicts: exactly one decides per object, and none says what an input can refute."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import Analysis, Network, analyze, constants
from errorflow.numerics.analysis import QUESTIONS, VerdictRecord
from errorflow.numerics.functionals import EVALUATORS
from errorflow.theory import activations, cells, quantities

SMALL = {"steps": 40, "samples": 4}


def vanilla(W, *, phi="tanh", b=0.0, **options) -> Network:
    """h' = phi(W h + u + b)."""
    cell, n = cells.get("elman", activation=activations.get(phi)), len(W)
    return Network(cell, {"W": np.asarray(W, dtype=float), "B": np.eye(n), "b": np.full(n, b)}, **options)


def state_jacobian(network, **options) -> VerdictRecord:
    return analyze(network, **(SMALL | options)).verdict("state_jacobian")


def at_scope(analysis: Analysis, scope: str) -> VerdictRecord:
    (found,) = (v for v in analysis.verdicts if v.object == "state_jacobian" and v.scope == scope)
    return found


ANY_SLOPES = ("all_inputs", "some_slopes")


def orthogonal(n: int, rng=0) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(rng).standard_normal((n, n)))[0]


# Networks whose answer is known


@pytest.mark.parametrize(("phi", "gamma"), [("tanh", 1.0), ("logistic", 0.25), ("relu", 1.0), ("identity", 1.0)])
@pytest.mark.parametrize("norm", [0.5, 0.9])
def test_a_contraction_vanishes_for_all_inputs_with_its_half_life(phi, gamma, norm) -> None:
    found = state_jacobian(vanilla(norm * orthogonal(4), phi=phi))
    assert (found.verdict, found.scope, found.evidence) == ("vanishes", "all_inputs", "certified")
    rate = math.log(gamma * norm)
    assert found.rate == pytest.approx(rate, abs=1e-4)
    assert found.half_life == pytest.approx(math.log(2) / -found.rate, rel=1e-12)
    assert math.exp(found.rate * found.one_percent_lag) < 0.0101
    assert found.one_percent_lag == pytest.approx(math.log(0.01) / rate, abs=1.01)
    assert found.unit == "nats per step"
    assert found.lag_range == (1, 40)


def test_a_large_gain_without_saturation_explodes_for_all_inputs() -> None:
    found = state_jacobian(vanilla(3 * np.eye(4), phi="identity"))
    assert (found.verdict, found.scope, found.decided_by) == ("explodes", "all_inputs", "smallest_gain")
    assert found.rate == pytest.approx(math.log(3), rel=1e-9)
    assert found.half_life is None
    saturating = state_jacobian(vanilla(3 * np.eye(4)))
    assert saturating.scope != "all_inputs"  # tanh has slopes near 0 for some inputs


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 30])
def test_an_orthogonal_linear_network_is_bounded(n) -> None:
    for rng in range(3):
        found = state_jacobian(vanilla(orthogonal(n, rng), phi="identity"), input_scale=0.1)
        assert (found.verdict, found.scope) == ("bounded", "samples")


def test_a_jordan_block_of_a_linear_network_is_polynomial() -> None:
    assert state_jacobian(vanilla([[1.0, 1.0], [0.0, 1.0]], phi="identity"), steps=200).verdict == "polynomial"


def test_a_bound_that_hardly_moves_along_a_trajectory_decides_nothing_there() -> None:
    """||J_t|| = 1 - 1e-9 at every step: the trajectory's bound is below 1 and says nothing about 30 lags."""
    analysis = analyze(vanilla((1 - 1e-9) * np.eye(3), phi="identity"), **SMALL)
    found = at_scope(analysis, "trajectory")
    assert found.verdict == "undecided"
    assert "less than a factor of two" in found.reason
    assert "spectral norm: rate 0.99999999900" in at_scope(analysis, "all_inputs").reason


def test_saturation_vanishes_on_its_trajectory_and_not_for_all_inputs() -> None:
    analysis = analyze(vanilla(2 * orthogonal(3), b=5.0), input_scale=0.1, **SMALL)
    assert at_scope(analysis, "all_inputs").verdict == "undecided"
    assert analysis.verdict("state_jacobian").scope == "trajectory"
    assert analysis.verdict("state_jacobian").verdict == "vanishes"


# Spectral radius below one, and yet it grows (claim C2)


def test_a_nilpotent_matrix_explodes_along_an_input_that_saturates_one_unit() -> None:
    network = vanilla([[2.0, 4.0], [-1.0, -2.0]])  # W^2 = 0
    inputs, second = np.full((40, 2, 4), 10.0), 0.0
    for u in inputs:
        u[0], second = -4.0 * second, np.tanh(10.0 - 2.0 * second)  # the first unit stays at zero
    analysis = analyze(network, inputs=inputs)
    assert at_scope(analysis, "all_inputs").verdict == "undecided"
    assert at_scope(analysis, "trajectory").verdict == "undecided"
    found = analysis.verdict("state_jacobian")
    assert (found.verdict, found.scope) == ("explodes", "samples")
    assert found.rate == pytest.approx(math.log(2), abs=0.01)


@pytest.mark.parametrize("W", [[[2.0, 4.0], [-1.0, -2.0]], [[0.0, 10.0], [-0.012, 1.1]]])
def test_a_small_spectral_radius_never_vanishes_for_all_inputs(W) -> None:
    assert np.abs(np.linalg.eigvals(W)).max() < 1
    for scale in (0.0, 1.0, 10.0):
        analysis = analyze(vanilla(W), input_scale=scale, **SMALL)
        assert at_scope(analysis, "all_inputs").verdict == "undecided"
        assert "short by" in at_scope(analysis, "all_inputs").reason


# An adversary against "for all inputs"


def growth(W, slopes: tuple[float, ...], *, lags: int, width: int = 12) -> np.ndarray:
    """The largest log norm found among products of k factors diag(d) W, d in slopes^n, by a beam search."""
    n = len(W)
    factors = [np.array(d)[:, None] * W for d in product(slopes, repeat=n)]
    beam, logs, best = [np.eye(n)], [0.0], []
    for _ in range(lags):
        grown = [(log, factor @ P) for log, P in zip(logs, beam, strict=True) for factor in factors]
        sizes = [float(np.linalg.norm(P, 2)) for _, P in grown]
        norms = [log + math.log(size) if size else -math.inf for (log, _), size in zip(grown, sizes, strict=True)]
        order = np.argsort(norms)[::-1][:width]
        logs = [norms[i] for i in order]
        beam = [grown[i][1] / (sizes[i] or 1.0) for i in order]
        best.append(logs[0])
    return np.array(best)


KINDS = {
    "gaussian": lambda n, r: r.standard_normal((n, n)) / math.sqrt(n),
    "nonnormal": lambda n, r: np.diag(r.uniform(0, 0.9, n)) + np.triu(r.standard_normal((n, n)), 1),
    "nilpotent": lambda n, r: np.triu(r.standard_normal((n, n)), 1),
    "hidden nilpotent": lambda n, r: (Q := orthogonal(n, r)) @ np.triu(r.standard_normal((n, n)), 1) @ Q.T,
    "jordan": lambda n, r: 0.9 * np.eye(n) + np.eye(n, k=1),
    "orthogonal": orthogonal,
    "saturated": lambda n, r: 20 * r.standard_normal((n, n)),
}


@given(
    kind=st.sampled_from(sorted(KINDS)),
    n=st.integers(1, 3),
    gain=st.sampled_from([0.3, 0.7, 0.95, 1.0, 1.3]),
    phi=st.sampled_from(["tanh", "relu", "logistic", "leaky_relu", "hard_tanh"]),
    rng=st.integers(0, 2**32 - 1),
)
def test_no_product_refutes_a_verdict_for_all_inputs(kind, n, gain, phi, rng) -> None:
    W = gain * KINDS[kind](n, np.random.default_rng(rng))
    analysis = analyze(vanilla(W, phi=phi), steps=20, samples=2)
    found = at_scope(analysis, "all_inputs")
    assert found.verdict in ("vanishes", "undecided")  # every one of these slopes can be small
    if found.verdict == "vanishes":
        slopes = {"logistic": (0.0, 0.25), "leaky_relu": (0.01, 1.0)}.get(phi, (0.0, 1.0))
        worst = growth(W, slopes, lags=12)
        (bound,) = (b for b in analysis.bounds if b.id == found.decided_by and b.scope == "all_inputs")
        lags = np.arange(1, 13)
        assert (worst <= bound.log_constant + lags * bound.log_rate + 1e-7 * lags).all()


def test_the_adversary_finds_what_the_spectral_radius_hides() -> None:
    assert growth(np.array([[2.0, 4.0], [-1.0, -2.0]]), (0.0, 1.0), lags=12)[-1] > 12 * math.log(2) - 1


def test_a_planted_bound_by_the_spectral_radius_is_refuted_by_the_run_itself(monkeypatch) -> None:
    monkeypatch.setitem(EVALUATORS, quantities.spectral_norm, constants.spectral_radius)
    with pytest.raises(AssertionError, match=r"violates (bengio1994_vanishing|pascanu2013_spectral_norm)"):
        analyze(vanilla([[2.0, 4.0], [-1.0, -2.0]]), **SMALL)


# What every verdict says


@pytest.mark.parametrize("cell", cells.names())
@pytest.mark.parametrize("gain", [0.05, 1.0, 4.0])
def test_exactly_one_verdict_decides_per_object(cell, gain, gaussian) -> None:
    analysis = analyze(gaussian(cell, gain=gain), **SMALL)
    for name, question in QUESTIONS.items():
        records = [v for v in analysis.verdicts if v.object == name]
        (decisive,) = (v for v in records if v.decisive)
        assert decisive is analysis.verdict(name)
        about_all = [v for v in records if v.scope != "some_slopes"]
        assert decisive is next((v for v in about_all if v.verdict != "undecided"), records[-1])
        assert {v.question for v in records} == {question}
    found = [v.scope for v in analysis.verdicts if v.object == "state_jacobian"]
    some = ["some_slopes"] if cell == "elman" else []
    assert found == ["all_inputs", *some, "trajectory", "samples"]
    with pytest.raises(ValueError, match="object must be one of state_jacobian, total_gradient, lag_share, error_flow"):
        analysis.verdict("gradient")


@pytest.mark.parametrize("cell", cells.names())
def test_only_what_holds_for_all_inputs_is_certified_and_each_verdict_rests_on_something(cell, gaussian) -> None:
    analysis = analyze(gaussian(cell, gain=0.05), **SMALL)
    for verdict in analysis.verdicts:
        assert verdict.evidence == ("certified" if verdict.scope in ANY_SLOPES and cell == "elman" else "measured")
        assert verdict.weakest
        assert verdict.reason
        assert verdict.given == ()
    assert {c.evidence for c in analysis.constants.values()} == {"certified"}
    for bound in analysis.bounds:
        expected = "certified" if bound.scope in ANY_SLOPES and bound.log_rate < math.inf else "measured"
        assert bound.evidence == expected or bound.theorem == "perron_radius", bound.id
    of_runs = [node for node in analysis.graph.nodes if node.kind in ("measurement", "number")]
    assert {node.grade for node in of_runs if "all_inputs" not in node.id} <= {"measured"}
    exact = {"rule", "theorem", "refutation", "fact"}  # what has no number of this network in it
    every = {node.grade.partition(",")[0] for node in analysis.graph.nodes if node.kind in exact}
    assert every <= {"kernel-checked", "symbolic", "cited"}


def test_an_explicit_sequence_of_slopes_explodes_where_the_spectral_radius_is_zero() -> None:
    """W^2 = 0, and yet masks make the products grow by 2 in every step: certified, and decisive for no trajectory."""
    analysis = analyze(vanilla([[2.0, 4.0], [-1.0, -2.0]]), **SMALL)
    some = at_scope(analysis, "some_slopes")
    assert (some.verdict, some.evidence, some.decisive) == ("explodes", "certified", False)
    assert some.rate == pytest.approx(math.log(2), rel=1e-9)
    assert some.rate <= math.log(2)
    assert "so that no bound for all slopes falls" in at_scope(analysis, "all_inputs").reason
    falling = analyze(vanilla([[0.4, 0.8], [-0.2, -0.4]]), **SMALL)
    assert at_scope(falling, "some_slopes").verdict == "vanishes"
    assert "no slopes make it grow" in at_scope(falling, "some_slopes").reason


def test_what_the_file_did_not_say_makes_every_verdict_conditional() -> None:
    network = vanilla(np.eye(2) / 2, assumed=("activation tanh: not recorded in the file", "biases 0: not in the file"))
    for verdict in analyze(network, **SMALL).verdicts:
        assert verdict.evidence == "assumed"
        assert verdict.given == tuple(f"if {assumption}" for assumption in network.assumed)
        assert verdict.weakest == ("assumption:0", "assumption:1")


def test_an_undecided_scope_names_the_condition_that_fails_and_by_how_much() -> None:
    reason = at_scope(analyze(vanilla(1.25 * np.eye(2)), **SMALL), "all_inputs").reason
    assert "1.25" in reason
    assert "needs < 1, short by 0.25" in reason


# The other objects


def test_shares_fall_with_the_state_jacobian_while_the_total_gradient_stays() -> None:
    analysis = analyze(vanilla(0.5 * orthogonal(5), phi="identity"), steps=60, samples=8)
    assert analysis.verdict("lag_share").verdict == "vanishes"
    assert analysis.verdict("lag_share").rate == pytest.approx(analysis.verdict("state_jacobian").rate, abs=0.05)
    assert analysis.verdict("total_gradient").verdict == "bounded"


def test_a_gradient_that_is_zero_is_undecided() -> None:
    analysis = analyze(vanilla(np.zeros((2, 2)), phi="relu"), input_scale=0.0, **SMALL)
    assert analysis.verdict("lag_share").verdict == "undecided"
    assert analysis.verdict("state_jacobian").verdict == "vanishes"
    assert analysis.verdict("state_jacobian").half_life == 0.0


def test_an_unstable_linear_network_has_growing_parts_at_every_lag() -> None:
    """Of lag k: ||J(T, T-k)|| |h_{T-k-1}| is g^k g^(T-k): the sum of k+1 equal parts grows like a power."""
    analysis = analyze(vanilla(1.5 * np.eye(3), phi="identity"), steps=60, samples=4)
    assert analysis.verdict("total_gradient").verdict == "polynomial"
    assert analysis.verdict("lag_share").verdict == "bounded"


# Slopes of both signs, and slopes whose largest growth is below one


def test_masks_do_not_bound_slopes_of_both_signs() -> None:
    """SiLU: jsr of the masks times gamma is .968, and yet slopes of 1.0998 and -.0998 make the products grow by 1.0557."""
    W = 0.44 * np.array([[2.0, 4.0], [-1.0, -2.0]])
    analysis = analyze(vanilla(W, phi="silu"), **SMALL)
    low, high = -0.09983935, 1.09983935
    assert np.abs(np.linalg.eigvals(np.diag([high, low]) @ W)).max() > 1.05
    for scope in ANY_SLOPES:
        found = at_scope(analysis, scope)
        assert found.verdict == "undecided"
        assert "is at least 0.967" in found.reason
        assert "lies in" not in found.reason


def test_a_joint_spectral_radius_below_one_decides_where_no_bound_does() -> None:
    """omega > 1 > jsr: for ReLU every sequence of slopes falls, at the rate of the joint spectral radius."""
    W = np.random.default_rng(34).standard_normal((3, 3))
    W = 0.99 / constants.joint_spectral_radius(W).upper * W
    assert constants.scaled_numerical_radius(W).lower > 1.0 > constants.joint_spectral_radius(W).upper
    analysis = analyze(vanilla(W, phi="relu"), **SMALL)
    found = at_scope(analysis, "all_inputs")
    assert (found.verdict, found.evidence, found.decisive) == ("vanishes", "certified", True)
    assert found.decided_by == "joint_spectral_radius"
    assert math.log(0.98) < found.rate < 0
    assert at_scope(analysis, "some_slopes").verdict == "vanishes"
    products = [np.diag(d) @ W for d in np.ndindex(2, 2, 2)]
    longest = products
    for _ in range(4):
        longest = [A @ B for A in products for B in longest]
    assert max(np.abs(np.linalg.eigvals(np.array(longest))).max(axis=1)) <= math.exp(5 * found.rate) * (1 + 1e-9)
