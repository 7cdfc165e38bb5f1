"""Wrong arguments of the task-informative gradient are refused in one sentence."""

import math

import numpy as np
import pytest

from errorflow.numerics import Network, simulate
from errorflow.numerics.informative.bound import informative_bound
from errorflow.numerics.informative.coupled import coupled_difference
from errorflow.numerics.informative.linear_recall import linear_recall_gradient
from errorflow.numerics.informative.measure import informative_gradient
from errorflow.theory import activations, cells


def network(W, B=None, *, phi=None, b=None) -> Network:
    W = np.asarray(W, dtype=float)
    B = np.ones((len(W), 1)) if B is None else np.asarray(B, dtype=float)
    b = np.zeros(len(W)) if b is None else b
    return Network(cells.get("elman", activation=phi), {"W": W, "B": B, "b": b})


def drawn(seed: int, *, n: int, rate: float, phi=None, m: int = 2) -> tuple[Network, np.ndarray]:
    """A network with ||W|| = rate and a readout."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((n, n))
    W *= rate / np.linalg.norm(W, 2)
    return network(W, rng.standard_normal((n, m)), phi=phi, b=0.3 * rng.standard_normal(n)), rng.standard_normal(n)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": [3, 1]}, r"lags must increase within 0\.\.9, got \[3, 1\]"),
        ({"lags": [10]}, r"lags must increase within 0\.\.9"),
        ({"lags": []}, r"lags must be integers of at least 0, got \[\]"),
        ({"lags": [1.0]}, r"lags must be integers of at least 0, got \[1.0\]"),
        ({"lags": [True]}, r"lags must be integers of at least 0, got \[True\]"),
        ({"readout": [1.0]}, r"readout must have shape \(3,\), got \(1,\)"),
        ({"readout": [1.0, math.nan, 1.0]}, r"readout must be finite, got nan"),
        ({"rng": -1}, "rng must be a seed of at least 0, got -1"),
        ({"input_scale": 0.0}, "input_scale must be a finite number above 0, got 0.0"),
        ({"target": "cosine"}, "target must be linear or sign, got 'cosine'"),
        ({"direction": [0.0, 0.0]}, r"direction must be a nonzero vector of shape \(2,\)"),
        ({"samples": 0}, "samples must be an integer of at least 1, got 0"),
    ],
)
def test_arguments_of_the_measurement_are_checked(options, message) -> None:
    net, c = drawn(0, n=3, rate=0.9)
    with pytest.raises(ValueError, match=message):
        informative_gradient(net, **({"readout": c, "lags": [1], "steps": 10, "samples": 20, "rng": 0} | options))


def test_only_one_tied_network_of_the_plain_form_is_measured(gaussian) -> None:
    with pytest.raises(
        ValueError, match=r"network must have the update h = phi\(W h \+ B u \+ b\), got the cell 'lstm'"
    ):
        informative_gradient(gaussian("lstm"), readout=np.ones(3), lags=[1], steps=5)
    with pytest.raises(ValueError, match="trajectory must stay in range, got one with a state that overflows at step"):
        informative_gradient(
            network([[4.0]], phi=activations.Identity()), readout=[1.0], lags=[1], steps=400, samples=3
        )
    untied = gaussian("elman", steps=5)
    trajectory = simulate(untied, np.ones((5, 2, 1)))
    with pytest.raises(ValueError, match="network must be one network with shared weights"):
        coupled_difference(trajectory, readout=np.ones(3), lags=[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": 1}, "lags must be a sequence of integers, got 1"),
        ({"lags": "1"}, "lags must be a sequence of integers, got '1'"),
        ({"lags": None}, "lags must be a sequence of integers, got None"),
        ({"readout": "abc"}, "readout must hold real numbers, got 'abc'"),
        ({"readout": [1j, 1.0, 1.0]}, "readout must hold real numbers"),
        ({"readout": [[1.0], [1.0, 2.0]]}, "readout must hold real numbers"),
        ({"network": None}, "network must be a Network, got None"),
    ],
)
@pytest.mark.parametrize("function", ["measured", "bounded", "coupled"])
def test_arguments_of_another_type_are_refused_by_all(function, options, message) -> None:
    net, c = drawn(0, n=3, rate=0.9)
    chosen = {"network": net, "readout": c, "lags": np.array([0, 1])} | options
    first, rest = chosen.pop("network"), chosen
    if function == "coupled":
        first = None if first is None else simulate(first, np.ones((4, 2, 3)))
        message = message.replace("network must be a Network", "trajectory must be a Trajectory")
    run = {"measured": informative_gradient, "bounded": informative_bound, "coupled": coupled_difference}[function]
    with pytest.raises(TypeError, match=message):
        run(first, **rest, **({"steps": 4, "rng": 0} if function == "measured" else {}))


@pytest.mark.parametrize("groups", [0, -1, 4, 1.0, True, "a"])
def test_groups_must_divide_the_samples(groups) -> None:
    net, c = drawn(0, n=3, rate=0.9)
    with pytest.raises(ValueError, match="groups must divide the number of samples 6, got"):
        coupled_difference(simulate(net, np.ones((4, 2, 6))), readout=c, lags=[1], groups=groups)


def test_arguments_of_the_activation_beyond_the_range_are_refused_in_one_sentence() -> None:
    net, c = drawn(0, n=3, rate=0.9)
    with pytest.raises(ValueError, match="trajectory must have arguments of the activation of at most 1e"):
        informative_gradient(net, readout=c, lags=[1], steps=4, samples=4, input_scale=1e305, rng=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0, 2.0]], [1.0], [1.0], 1), r"W must have shape \(1, 1\), got \(1, 2\)"),
        (([[1.0]], [1.0, 2.0], [1.0], 1), r"b must have shape \(1,\), got \(2,\)"),
        (([[1.0]], [1.0], [np.inf], 1), r"c must be finite, got inf"),
        (([[1.0]], [1.0], [1.0], -1), "lag must be an integer of at least 0, got -1"),
    ],
)
def test_arguments_of_linear_recall_are_checked(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        linear_recall_gradient(*arguments)


def test_linear_recall_stays_in_range_for_entries_near_the_largest_double() -> None:
    M, scale = linear_recall_gradient(np.full((2, 2), 1e308), [1e308, 1e308], [1e300, 0.0], 3)
    one, size = linear_recall_gradient(np.ones((2, 2)), [1.0, 1.0], [1.0, 0.0], 3)
    np.testing.assert_allclose(M, one, rtol=1e-12)
    assert scale == pytest.approx(size + math.log(10) * (2 * 308 + 308 + 300), rel=1e-13)
