"""The hierarchy: brackets in the order that is proved, around values known otherwise, and no narrower than that allows."""

import importlib
import math
from collections.abc import Mapping
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errorflow.numerics import Enclosure, Network
from errorflow.numerics.brackets import hierarchy_records
from errorflow.numerics.constants.hierarchy import LINKS, ROWS, hierarchy, tightened
from errorflow.numerics.enclosure import certified, measured
from errorflow.numerics.evaluate import environment
from errorflow.numerics.intervals import Interval
from errorflow.numerics.uniform import certificate_of, uniform
from errorflow.testing.strategies import square_matrices
from errorflow.theory import activations, cells

Array = np.ndarray
MIDDLE = ("joint_spectral_radius", "scaled_numerical_radius", "diagonal_scaling_norm")
RNG = np.random.default_rng(7)


def contains(found: Enclosure, true: object) -> bool:
    """Whether a number of 45 digits lies in a bracket; a measured one may miss it by rounding."""
    with mpmath.workdps(60):
        x = mpmath.mpf(true.numerator) / true.denominator if isinstance(true, Fraction) else mpmath.mpf(true)
        slack = abs(x) * mpmath.mpf(10) ** (-45 if found.evidence == "certified" else -12)
        return bool(found.lower - slack <= x <= found.upper + slack)


def eigenvalues(M: mpmath.matrix) -> list[object]:
    return [M[0]] if M.rows == 1 else list(mpmath.eig(M, left=False, right=False))


def exact(W: Array) -> dict[str, object]:
    """Norms and radii in 60 digits, by eigenvalues of mpmath; row sums and largest entry as fractions."""
    with mpmath.workdps(60):
        M = mpmath.matrix(W.tolist())
        rows = [sum((abs(Fraction(x)) for x in row), Fraction(0)) for row in W.tolist()]
        radius, perron = (max(map(abs, eigenvalues(A))) for A in (M, M.apply(abs)))
        return {
            "spectral_radius": radius,
            "spectral_norm": max(mpmath.svd_r(M, compute_uv=False)),
            "perron_radius": perron,
            "row_sum_norm": max(rows),
            "n_max_abs": len(W) * max(abs(Fraction(x)) for x in W.ravel().tolist()),
        }


def symmetric(n: int) -> Array:
    A = RNG.standard_normal((n, n))
    return A + A.T


# Where rho = jsr = omega = s: normal, nonnegative and cyclic matrices.
EQUAL = {
    "one": np.array([[-0.3]]),
    "symmetric": symmetric(5),
    "rotation": np.array([[0.6, -0.8], [0.8, 0.6]]),  # an exact multiple of a rotation, whatever 0.6 is as a float
    "nonnegative": np.abs(RNG.standard_normal((5, 5))),
    "permutation": np.eye(4)[[1, 2, 3, 0]] * 3,
    "two_cycle": np.array([[0.0, 4.0], [-9.0, 0.0]]),
    "signed_nonnegative": np.diag([1.0, -1, 1]) @ np.abs(RNG.standard_normal((3, 3))) @ np.diag([1.0, -1, 1]),
}


@pytest.mark.parametrize("name", EQUAL)
@pytest.mark.parametrize("scale", [1.0, 2.0**-997, 2.0**990])
def test_brackets_contain_the_values_where_radius_and_scaled_norm_agree(name: str, scale: float) -> None:
    W = EQUAL[name] * scale
    found, true = hierarchy(W).brackets, exact(EQUAL[name])
    with mpmath.workdps(60):
        values = {
            row: x * Fraction(scale) if isinstance(x, Fraction) else x * mpmath.mpf(scale) for row, x in true.items()
        }
    for row, value in (values | dict.fromkeys(MIDDLE, values["spectral_radius"])).items():
        assert contains(found[row], value), row
    assert found["diagonal_scaling_norm"].upper <= found["diagonal_scaling_norm"].lower * (1 + 1e-3)


@pytest.mark.parametrize(
    ("W", "middle"),
    [
        (np.array([[1.0, 1.0], [-1.0, -1.0]]), (1, 1, 2)),  # one unit alone; w(W) = 1; every L leaves the norm 2
        (np.array([[0.0, 2.0], [0.0, 0.0]]), (0, 0, 0)),  # Crabb
        (np.triu(np.ones((5, 5)), 1) * [1, -7, 3, 1e10, 1], (0, 0, 0)),  # nilpotent
        (np.zeros((3, 3)), (0, 0, 0)),
        (np.diag([0.5, -2.0, 0.0]) + np.eye(3, k=1) * 1e5, (2, 2, 2)),  # triangular
    ],
    ids=["nilpotent_with_signs", "crabb", "strictly_triangular", "zero", "triangular"],
)
def test_brackets_contain_the_values_that_are_known_by_hand(W: Array, middle: tuple[int, int, int]) -> None:
    found = hierarchy(W).brackets
    for row, value in zip(MIDDLE, middle, strict=True):
        assert contains(found[row], value), row
    assert contains(found["spectral_norm"], exact(W)["spectral_norm"])
    assert contains(found["n_max_abs"], exact(W)["n_max_abs"])


@given(W=square_matrices(sizes=(1, 5), scales=(0.05, 4.0)))
def test_brackets_stand_in_the_order_that_is_proved(W: Array) -> None:
    found = hierarchy(W)
    assert tuple(found.brackets) == ROWS
    assert found.n == len(W)
    for small, large in LINKS:
        low, high = found.brackets[small], found.brackets[large]
        assert low.lower <= high.upper or "measured" in (low.evidence, high.evidence)
        if low.evidence == high.evidence == "certified":
            assert low.lower <= high.lower
            assert low.upper <= high.upper


@pytest.mark.parametrize("scale", [1e-310, 1e-300, 1e300])
@pytest.mark.parametrize("kind", ["dense", "reducible", "float32"])
def test_any_scale_and_kind_has_a_hierarchy(kind: str, scale: float) -> None:
    W = RNG.standard_normal((4, 4))
    W[:2, 2:] *= kind != "reducible"
    W = (W / np.abs(W).max()).astype(np.float32 if kind == "float32" else np.float64)
    found = hierarchy(W if kind == "float32" else W * scale).brackets
    assert all(0.0 <= bracket.lower <= bracket.upper for bracket in found.values())
    assert found["n_max_abs"].lower > 0


# Tightening alone, with numbers that obey the links


@st.composite
def _ladders(draw: st.DrawFn) -> tuple[dict[str, float], dict[str, Enclosure]]:
    """Numbers that obey the links, and certified brackets around them."""
    steps = st.floats(0, 3)
    true = dict.fromkeys(ROWS, 0.0)
    for row in ROWS:
        below = [true[small] for small, large in LINKS if large == row]
        true[row] = max(below, default=0.0) + draw(steps)
    around = {}
    for row, x in true.items():
        around[row] = certified(max(x - draw(steps), 0.0), upper=math.inf if draw(st.booleans()) else x + draw(steps))
    return true, around


@given(_ladders())
def test_tightening_loses_no_number_that_obeys_the_links(drawn: tuple[dict[str, float], dict[str, Enclosure]]) -> None:
    true, around = drawn
    found = tightened(around)
    for row, x in true.items():
        assert found[row].lower <= x <= found[row].upper
        assert around[row].lower <= found[row].lower
        assert found[row].upper <= around[row].upper
        assert found[row].evidence == "certified"
    assert tightened(found) == found


@pytest.mark.parametrize("planted", [("perron_radius", "spectral_norm"), ("spectral_norm", "perron_radius")])
def test_a_false_link_between_norm_and_perron_radius_would_lose_a_number(
    monkeypatch: pytest.MonkeyPatch, planted: tuple[str, str]
) -> None:
    matrices = [np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([[0.0, 2.0], [0.0, 0.0]])]
    assert all(contains(hierarchy(W).brackets[row], exact(W)[row]) for W in matrices for row in planted)
    module = importlib.import_module("errorflow.numerics.constants.hierarchy")
    monkeypatch.setattr(module, "LINKS", (*LINKS, planted))
    small, large = planted
    values = next(values for W in matrices if (values := exact(W))[small] > values[large])
    points = {row: float(values[row]) for row in planted}
    with pytest.raises(ValueError, match=f"{small} .* above {large}"):
        tightened({row: certified(points.get(row, 0.0), upper=points.get(row, 9.0)) for row in ROWS})


def test_what_is_certified_becomes_neither_wider_nor_less_certain() -> None:
    sure = {row: certified(1.0, upper=8.0) for row in ROWS}
    found = tightened(sure | {"spectral_norm": measured(3.0)})
    assert {found[row].evidence for row in ROWS if row != "spectral_norm"} == {"certified"}
    assert found["n_max_abs"].lower == 1.0
    found = tightened(dict.fromkeys(ROWS, measured(1.0, upper=8.0)) | {"spectral_radius": certified(2.0, upper=2.0)})
    assert (found["spectral_norm"].lower, found["spectral_norm"].evidence) == (2.0, "measured")
    assert found["spectral_radius"].evidence == "certified"


def test_certified_brackets_that_contradict_a_link_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"spectral_norm .* above n_max_abs"):
        tightened(dict.fromkeys(ROWS, certified(0.0, upper=9.0)) | {
            "spectral_norm": certified(3.0, upper=4.0), "n_max_abs": certified(1.0, upper=2.0)})  # fmt: skip


def test_known_brackets_are_not_computed_again_and_rows_left_out_follow_from_the_others() -> None:
    W = np.array([[1.0, 1.0], [-1.0, -1.0]])
    found = hierarchy(W, known={"spectral_norm": certified(2.0, upper=2.5)}, searched=("spectral_radius",)).brackets
    assert found["spectral_norm"].upper == 2.5
    assert found["joint_spectral_radius"].upper == 2.5
    assert found["row_sum_norm"].upper == math.inf
    assert found["n_max_abs"].lower == 2.0
    for known, searched in (({"norm": measured(1.0)}, ROWS), ({}, ("norm",))):
        with pytest.raises(ValueError, match=r"rows must be among spectral_radius, .* got 'norm'"):
            hierarchy(W, known=known, searched=searched)


@pytest.mark.parametrize("W", [np.zeros((2, 3)), np.array([[math.nan]]), np.zeros((0, 0)), np.array([[1]])])
def test_what_is_no_matrix_is_refused_with_its_name(W: Array) -> None:
    with pytest.raises(ValueError, match=r"^W must"):
        hierarchy(W)


# The step of the docstring from the numerical radius to the joint spectral radius


@given(A=square_matrices(sizes=(1, 4)), seed=st.integers(0, 2**32 - 1))
def test_masked_trajectories_are_bounded_where_the_numerical_radius_is_below_one(A: Array, seed: int) -> None:
    rng = np.random.default_rng(seed)
    angles = np.exp(1j * np.linspace(0, np.pi, 181))
    radius = max(float(np.linalg.eigvalsh((z * A + np.conj(z) * A.T) / 2)[-1]) for z in angles) * 1.0002
    A = A * (0.9 / radius) if radius > 0 else A
    y, total = rng.standard_normal(len(A)), 0.0
    start = float(y @ y)
    for _ in range(60):
        total += float(y @ y)
        y = rng.choice([0.0, 1.0, rng.uniform()], size=len(A)) * (A @ y)
    assert total <= start / (1 - 0.9) * (1 + 1e-9)


def test_the_bound_on_masked_trajectories_fails_for_slopes_below_zero() -> None:
    A = np.array([[1.0, 1.0], [-1.0, -1.0]]) * 0.99  # w(A) = 0.99
    products = [np.diag([-0.1, 1.0]) @ A, np.diag([1.0, -0.1]) @ A]
    assert max(float(np.abs(np.linalg.eigvals(a @ b)).max()) for a, b in product(products, repeat=2)) > 1.0


# What a network says about it


def network(cell: str = "elman", activation: str | None = None, n: int = 4, **parameters: Array) -> Network:
    chosen = cells.get(cell, activation=activations.get(activation) if activation else None)
    shapes = {"matrix": lambda p: (p.blocks * n, n), "bias": lambda p: (p.blocks * n,), "scalar": lambda p: ()}
    made = {p.name: 0.2 * RNG.standard_normal(shapes[p.kind](p)) for p in chosen.parameters}
    return Network(chosen, made | parameters)


@pytest.mark.parametrize(("activation", "threshold"), [("tanh", 1.0), ("logistic", 4.0), ("relu", 1.0)])
def test_the_threshold_is_one_over_the_largest_slope(activation: str, threshold: float) -> None:
    (found,) = hierarchy_records(environment(network(activation=activation)))
    assert found.threshold == Interval(threshold, threshold)
    assert found.slopes == Interval(0.0, 1 / threshold)
    assert [row.id for row in found.rows] == list(ROWS)


def test_the_threshold_of_an_irrational_slope_is_enclosed() -> None:
    (found,) = hierarchy_records(environment(network(activation="silu")))
    with mpmath.workdps(40):

        def slope(x: mpmath.mpf) -> mpmath.mpf:
            s = 1 / (1 + mpmath.exp(-x))
            return s + x * s * (1 - s)

        top = slope(mpmath.findroot(lambda x: mpmath.diff(slope, x), 2.4))
        assert found.threshold is not None
        assert found.slopes is not None
        assert found.threshold.lower <= 1 / top <= found.threshold.upper
        assert found.slopes.lower <= 1 - top
        assert top <= found.slopes.upper


def test_a_gated_cell_has_a_hierarchy_for_each_block_and_no_threshold() -> None:
    found = hierarchy_records(environment(network("gru")))
    assert [block.block for block in found] == ["W_r", "W_z", "W_n"]
    assert all(block.threshold is None and block.slopes is None for block in found)
    assert all(math.isfinite(row.upper) for block in found for row in block.rows)


def test_all_inputs_are_decided_without_a_simulation_or_left_open_with_the_growth() -> None:
    W = RNG.standard_normal((6, 6))
    W /= np.linalg.norm(W, 2)
    small, large = (
        uniform(network(n=6, W=0.9 * W, B=np.ones((6, 1)))),
        uniform(network(n=6, W=9.0 * W, B=np.ones((6, 1)))),
    )
    assert (small.verdict, small.growing) == ("vanishes", None)
    assert (large.verdict, large.decided_by, large.growing) == ("undecided", None, "masked_growth")
    for bound in (*small.bounds, *large.bounds):
        assert bound.rate is not None
        end = bound.rate.upper if bound.direction == "<=" else bound.rate.lower
        assert end == 0.0 or math.isclose(bound.log_rate, math.log(end), rel_tol=1e-12, abs_tol=1e-12)


def test_a_certificate_of_a_network_is_checked_and_its_rate_is_near_the_best() -> None:
    net = network(n=4, activation="logistic")
    proof = certificate_of(net)
    proof.check()
    omega = next(row for row in hierarchy_records(environment(net))[0].rows if row.id == "scaled_numerical_radius")
    assert omega.lower / 4 * (1 - 1e-9) <= proof.rate <= omega.upper / 4 * 1.01


REFUSED: Mapping[str, tuple[Mapping[str, object], str]] = {
    "gated": ({"cell": "lstm"}, "which cell 'lstm' does not have"),
    "negative": ({"activation": "silu"}, r"needs slopes in \[0, gamma\] with a finite gamma, got slopes in \[-0.09"),
    "large": ({"n": 6}, "a certificate of more than 5 units takes minutes, got 6 units"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_no_certificate_is_made_where_its_hypotheses_fail(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("errorflow.numerics.uniform.CERTIFIED_UNITS", 5)
    arguments, words = REFUSED[name]
    with pytest.raises(ValueError, match=words):
        certificate_of(network(**arguments))  # type: ignore[arg-type]  # a table of arguments


def test_untied_copies_and_batches_are_told_apart_from_one_network() -> None:
    untied = Network(cells.get("elman"), {"W": np.ones((3, 2, 2)), "B": np.ones((2, 1)), "b": np.zeros(2)}, untied=True)
    assert hierarchy_records(environment(untied)) == ()
    with pytest.raises(ValueError, match="must be one network whose steps share their weights, got 3 copies"):
        uniform(untied)
    with pytest.raises(ValueError, match="one matrix W that all steps share"):
        certificate_of(untied)
