"""Laws of a whole analysis: reproducible to the byte, consistent in itself, silent and finite at the extremes."""

import json
import math

import numpy as np
import pytest

from errorflow.numerics import Analysis, Network, analyze
from errorflow.reports.document import dumps, from_analysis
from errorflow.reports.provenance import provenance
from errorflow.theory import activations, cells
from errorflow.theory.language import Cell, bias, inputs, let, matrix, scalar, state, stop

CELLS = cells.names()
SMALL = {"steps": 30, "samples": 4}
SOMEWHERE = provenance("test", 0, {}) | {"created": "then"}


def document(analysis: Analysis) -> str:
    return dumps(from_analysis(analysis, provenance=SOMEWHERE))


def vanilla(W, *, phi="tanh", **options) -> Network:
    cell, n = cells.get("elman", activation=activations.get(phi)), np.shape(W)[-1]
    return Network(cell, {"W": np.asarray(W, dtype=float), "B": np.eye(n), "b": np.zeros(n)}, **options)


# Reproducible


@pytest.mark.parametrize("cell", CELLS)
def test_the_same_seed_gives_the_same_bytes(cell, gaussian) -> None:
    network = gaussian(cell)
    first, again, other = (analyze(network, rng=rng, **SMALL) for rng in (3, 3, 4))
    assert first.verdicts == again.verdicts
    assert first.profile == again.profile != other.profile
    if cell in ("elman", "lstm"):
        assert document(first) == document(again)
    generator = analyze(network, rng=np.random.default_rng(3), **SMALL)
    assert generator.seed is None
    assert generator.profile == first.profile


def test_the_order_of_the_samples_does_not_matter_for_quantiles(gaussian) -> None:
    network = gaussian("elman", n=1)  # one unit: all cotangents are +-1
    u = np.random.default_rng(1).standard_normal((30, 2, 9))
    first, turned = analyze(network, inputs=u), analyze(network, inputs=u[..., ::-1])
    for name in ("median", "q05", "q95"):
        np.testing.assert_allclose(
            getattr(first.profile.log_norm, name), getattr(turned.profile.log_norm, name), rtol=1e-12
        )


def test_progress_is_told_once_per_step(gaussian) -> None:
    told: list[int] = []
    analyze(gaussian("gru"), advance=lambda: told.append(1), **SMALL)
    assert len(told) == SMALL["steps"]


# Consistent in itself


@pytest.mark.parametrize("options", [{}, {"steps": 30}], ids=["tied", "untied"])
@pytest.mark.parametrize("cell", CELLS)
def test_the_records_agree_with_each_other(cell, options, gaussian) -> None:
    network = gaussian(cell, gain=0.6, **options)
    analysis = analyze(network, **SMALL)
    assert analysis.network.tied == (not options)
    assert (analysis.horizon.steps, analysis.horizon.samples, analysis.horizon.directions) == (30, 4, 4)
    assert analysis.profile.lags == tuple(range(31))
    log = analysis.profile.log_norm
    for low, high in ((log.smallest, log.largest), (log.q05, log.median), (log.median, log.q95)):
        assert (np.array(low) <= np.array(high) + 1e-12).all()
    assert sum(analysis.lag_shares.share) == pytest.approx(1.0, rel=1e-12)
    quantiles = list(analysis.lag_shares.quantile_lags.values())
    assert quantiles == sorted(quantiles)
    for bound in analysis.bounds:
        assert bound.slack is None or bound.slack >= 0
        if math.isfinite(bound.log_rate) and bound.scope != "some_slopes":
            rows = np.arange(1, 31)
            ends = bound.log_constant + rows * bound.log_rate
            if bound.direction == "<=":
                assert (np.array(log.largest)[1:] <= ends + 1e-8 * (rows + 1)).all(), bound.id
            else:
                assert (np.array(log.smallest)[1:] >= ends - 1e-8 * (rows + 1)).all(), bound.id
    assert set(analysis.eigenvalues) == (set() if options else set(network.recurrent_blocks()))


def test_the_gradient_of_untied_copies_is_that_of_all_copies_together(gaussian) -> None:
    """||(P_0, ..., P_k)||, which cannot fall with k; the tied sum can."""
    analysis = analyze(gaussian("elman", steps=30, gain=0.3), **SMALL)
    assert analysis.verdict("total_gradient").verdict == "bounded"
    assert analysis.verdict("total_gradient").rate >= 0
    assert analysis.verdict("error_flow").verdict == "undecided"


def test_the_largest_exponent_is_the_rate_of_the_profile() -> None:
    W = 0.8 * np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0]
    analysis = analyze(vanilla(W, phi="identity"), steps=200, samples=2)
    np.testing.assert_allclose(analysis.spectrum.exponents, math.log(0.8), rtol=1e-9)
    assert analysis.verdict("state_jacobian").rate == pytest.approx(analysis.spectrum.exponents[0], rel=1e-5)


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
def test_the_spectrum_is_that_of_the_full_state_with_its_residual(cell, gaussian) -> None:
    analysis = analyze(gaussian(cell, n=3), **SMALL)
    spectrum = analysis.spectrum
    assert len(spectrum.exponents) == len(spectrum.standard_error) == spectrum.state_dim == analysis.network.state_dim
    assert spectrum.residual < 1e-11
    assert (spectrum.law is not None) == (cell == "elman")  # the law is one of slopes that scale a single matrix


# Inputs


def test_inputs_are_noise_zeros_or_given(gaussian) -> None:
    network = gaussian("elman")
    described = {
        "white noise, standard deviation 1": analyze(network, **SMALL),
        "white noise, standard deviation 0.5": analyze(network, input_scale=0.5, **SMALL),
        "zero input": analyze(network, input_scale=0, **SMALL),
        "given inputs": analyze(network, inputs=np.zeros((30, 2, 4))),
        "tones": analyze(network, inputs=np.zeros((50, 2, 4)), steps=30, input_name="tones"),
    }
    for name, analysis in described.items():
        assert (analysis.horizon.input, analysis.horizon.steps, analysis.horizon.samples) == (name, 30, 4)
    silent = {described[name].profile.log_norm.largest for name in ("zero input", "given inputs", "tones")}
    assert len(silent) == 1
    assert analyze(network).horizon.steps == 100
    assert analyze(gaussian("elman", steps=12)).horizon.steps == 12  # one step per untied copy


def test_single_precision_parameters_are_analyzed_as_the_doubles_they_are(gaussian) -> None:
    double = gaussian("lstm")
    narrow = {name: array.astype(np.float32) for name, array in double.parameters.items()}
    single = analyze(Network(double.cell, narrow), **SMALL)
    assert single.network.dtype == "float32"
    wide = Network(double.cell, {name: array.astype(float) for name, array in narrow.items()})
    assert single.profile == analyze(wide, **SMALL).profile


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps must be an integer of at least 1, got 0"),
        ({"samples": 0}, "samples must be an integer of at least 1, got 0"),
        ({"directions": 0}, "directions must be an integer of at least 1, got 0"),
        ({"input_scale": -1.0}, "input_scale must be a finite number of at least 0, got -1.0"),
        ({"input_scale": math.nan}, "input_scale must be a finite number"),
        ({"inputs": np.zeros((5, 2))}, r"inputs must have shape \(T, 2, samples\), got \(5, 2\)"),
        ({"inputs": np.zeros((5, 3, 1))}, r"inputs must have shape \(T, 2, samples\), got \(5, 3, 1\)"),
        ({"inputs": np.zeros((5, 2, 0))}, r"inputs must have shape \(T, 2, samples\), got \(5, 2, 0\)"),
        ({"inputs": np.zeros((0, 2, 1))}, r"inputs must have shape \(T, 2, samples\), got \(0, 2, 1\)"),
        ({"inputs": np.full((5, 2, 1), np.nan)}, "inputs must be finite"),
        ({"inputs": np.zeros((5, 2, 1)), "steps": 6}, "steps must be between 1 and 5, the length of the inputs, got 6"),
        (
            {"inputs": np.zeros((5, 2, 1)), "samples": 2},
            "samples must be 1, the number of input sequences given, got 2",
        ),
        ({"inputs": np.zeros((5, 2, 1)), "input_scale": 1.0}, "input_scale must be left out where inputs are given"),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(options, message, gaussian) -> None:
    with pytest.raises(ValueError, match=message) as error:
        analyze(gaussian("elman"), **options)
    assert "\n" not in str(error.value)


def test_only_one_network_is_analyzed(gaussian) -> None:
    with pytest.raises(ValueError, match="network must be one network, got a batch of 3"):
        analyze(gaussian("elman", nets=3))
    with pytest.raises(TypeError, match="got ndarray"):
        analyze(np.eye(3))
    with pytest.raises(ValueError, match="inputs must have at most 4 steps, one per untied copy, got 5"):
        analyze(gaussian("elman", steps=4), steps=5)


# The extremes: no warning (pytest makes them errors), one decisive verdict per object, a valid document


def settled(network, *, written: bool = False, **options) -> Analysis:
    """The analysis of a network, which must decide each object once and, if written, fit the schema."""
    analysis = analyze(network, **(SMALL | options))
    decisive = [v.object for v in analysis.verdicts if v.decisive]
    assert decisive == ["state_jacobian", "total_gradient", "lag_share", "error_flow"]
    if written:
        json.loads(document(analysis))
    return analysis


@pytest.mark.parametrize("gain", [0.0, 1e-150, 30.0, 1e150])
@pytest.mark.parametrize("cell", CELLS)
def test_any_size_of_the_weights(cell, gain, gaussian) -> None:
    settled(gaussian(cell, gain=gain), written=gain == 0.0)


@pytest.mark.parametrize("gain", [0.0, 5.0, 1e140])
@pytest.mark.parametrize("phi", ["relu", "leaky_relu", "hard_tanh", "softplus", "silu", "gelu", "identity", "logistic"])
def test_any_size_of_the_weights_for_every_activation(phi, gain, gaussian) -> None:
    settled(gaussian("elman", phi=phi, gain=gain))


@pytest.mark.parametrize("cell", CELLS)
def test_the_smallest_sizes(cell, gaussian) -> None:
    for options in ({"n": 1, "m": 1}, {"n": 2, "m": 1}):
        settled(gaussian(cell, **options), samples=1, directions=1)
    for steps in (1, 2, 9):
        settled(
            gaussian(cell), written=(cell, steps) == ("elman", 1), steps=steps, samples=1, directions=1, input_scale=0
        )


@pytest.mark.parametrize("phi", ["identity", "tanh", "leaky_relu"])
@pytest.mark.parametrize(
    "W",
    [
        np.zeros((3, 3)),
        np.eye(4, k=-1),
        np.eye(3) + np.eye(3, k=1),
        np.outer([1.0, 2.0, 3.0], [0.3, -0.2, 0.7]),
        np.diag([0.9, 0.5, 1e-9]),
        np.diag([0.9, 0.5, 1e-17]),
        np.random.default_rng(0).standard_normal((6, 4)) @ np.random.default_rng(1).standard_normal((4, 6)),
        [[2.0, 4.0], [-1.0, -2.0]],
    ],
    ids=["zero", "shift", "jordan", "rank one", "1e-9", "1e-17", "rank 4 of 6", "hidden nilpotent"],
)
def test_singular_and_nearly_singular_matrices(W, phi) -> None:
    settled(vanilla(W, phi=phi), written=phi == "identity")


def test_a_nearly_singular_product_contradicts_no_lower_bound() -> None:
    """sigma_min(W) is known to n eps ||W|| only; the run must not refute the theorem by rounding."""
    random = np.random.default_rng(5)
    for exponent in range(6, 20, 2):
        left, right = (np.linalg.qr(random.standard_normal((6, 6)))[0] for _ in range(2))
        settled(vanilla(left @ np.diag(np.geomspace(1, 10.0**-exponent, 6)) @ right, phi="identity"))


def test_saturated_units_with_slopes_of_1e_minus_300() -> None:
    network = Network(cells.get("elman"), {"W": np.eye(3), "B": np.eye(3), "b": np.array([340.0, -345.0, 0.1])})
    analysis = settled(network)
    assert -700 < analysis.profile.log_norm.smallest[1] < -680
    assert np.isfinite(analysis.profile.log_norm.smallest).all()


@pytest.mark.parametrize("shift", [-300.0, -710.0, -744.0, -1e4])
def test_forget_gates_down_to_the_smallest_double(shift, gaussian) -> None:
    network = gaussian("lstm")
    closed = network.parameters["b"].copy()
    closed[3:6] += shift
    analysis = settled(network.replace(b=closed))
    assert analysis.verdict("state_jacobian").verdict == "vanishes"
    assert not np.isnan(analysis.profile.log_norm.smallest).any()


def test_an_overflow_cuts_the_run_and_says_where() -> None:
    analysis = settled(vanilla(10 * np.eye(2), phi="identity"), written=True, steps=400)
    assert 145 <= analysis.horizon.steps <= 155
    assert analysis.horizon.input.endswith(f"cut before step {analysis.horizon.steps + 1}, at which a state overflows")
    assert analysis.verdict("state_jacobian").verdict == "explodes"
    with pytest.raises(ValueError, match="inputs must leave the states below 1e150, got an overflow at the first step"):
        analyze(vanilla(np.eye(2), phi="identity"), inputs=np.full((3, 2, 1), 1e200))


def test_a_horizon_of_more_than_2000_steps(gaussian) -> None:
    network = gaussian("elman", n=2, phi="logistic")
    long = settled(network, steps=2500, samples=1, directions=1)
    assert long.profile.lags[:101] == tuple(range(101))
    assert long.profile.lags[-1] == 2500
    assert len(long.profile.lags) < 400
    assert long.profile.log_norm.median[-1] < -2500
    assert long.lag_shares.lags == tuple(range(2500))


def test_cells_of_odd_forms() -> None:
    W, B, h, u, phi = matrix("W"), matrix("B", columns="m"), state("h"), inputs("u"), activations.Tanh()
    p = {"W": 2 * np.eye(2), "B": np.ones((2, 1)), "b": np.ones(2), "w": np.full(2, 0.9), "k": np.array(0.1)}
    forms = {
        "autonomous": {"h": phi(let("a", W @ h + bias("b")))},
        "pre-activation": {"h": let("q", W @ phi(h) + bias("b"))},
        "diagonal": {"h": phi(let("a", bias("w") * h + B @ u))},
        "leaky": {"h": (1 - scalar("k")) * h + scalar("k") * phi(let("a", W @ h + B @ u))},
        "truncated": {"h": phi(let("a", W @ stop(h) + B @ u))},
        "integrator": {"h": phi(let("a", W @ h + B @ u)), "s": let("s+", state("s") + h)},
        "sum": {"h": let("s", h + B @ u + W @ stop(h))},
    }
    found = {}
    for name, update in forms.items():
        cell = Cell(name, update)
        network = Network(cell, {q.name: p[q.name] for q in cell.parameters})
        found[name] = settled(network, written=name == "sum").verdict("state_jacobian")
    assert (found["truncated"].verdict, found["truncated"].scope) == ("vanishes", "all_inputs")
    assert found["sum"].verdict == "bounded"  # the Jacobian is the identity
