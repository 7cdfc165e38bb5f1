"""Laws of truncated back-propagation: what lags from K on contribute, against hundreds of digits and exact fractions."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from errorflow.numerics import Network, simulate, white_noise
from errorflow.numerics import truncation as module
from errorflow.numerics.backprop import backward, unit_cotangents
from errorflow.numerics.parts import RunningSum
from errorflow.numerics.profile import lag_grid
from errorflow.numerics.truncation import truncated
from errorflow.theory import activations, cells

DIGITS = 220
PARAMETERS = ("W", "B", "b")


def vanilla(W, *, phi=None, B=None, b=None) -> Network:
    """An Elman network, linear and with inputs of its own for every unit unless given otherwise."""
    W = np.asarray(W, dtype=float)
    n = W.shape[-1]
    cell = cells.get("elman", activation=phi or activations.Identity())
    return Network(
        cell,
        {"W": W, "B": np.eye(n) if B is None else B, "b": np.zeros(n) if b is None else np.asarray(b, dtype=float)},
        untied=W.ndim == 3,
    )


def driven(network, *, steps, samples=1, scale=1.0, rng=1):
    return simulate(network, white_noise(network, steps=steps, samples=samples, scale=scale, rng=rng))


def cut(trajectory, parameters=PARAMETERS, *, g=None, directions=1, **options):
    if g is None:
        g = unit_cotangents(trajectory.network.state_dim, samples=trajectory.samples, directions=directions, rng=5)
    passed = backward(trajectory, g, parameters=tuple(parameters), summed=trajectory.samples)
    return truncated(passed, parameters, **options)


# An oracle of its own: the recursion in mpmath, every part as a matrix


SCALAR = {
    "tanh": (mpmath.tanh, lambda a: mpmath.sech(a) ** 2),
    "logistic": (lambda a: 1 / (1 + mpmath.exp(-a)), lambda a: 1 / (2 + mpmath.exp(a) + mpmath.exp(-a))),
    "identity": (lambda a: a, lambda a: mpmath.mpf(1)),
}


def exact_parts(trajectory, g) -> dict[str, list]:
    """The lag-k parts of the first sample, flattened, for each parameter of a vanilla network, tied or not."""
    network = trajectory.network
    phi, slope = SCALAR[network.cell.activations[0].name]
    mp = mpmath.mpf
    h, steps = [mp(0)] * network.n, []
    for t, u in enumerate(trajectory.inputs[..., 0].tolist(), start=1):
        p = {name: array.tolist() for name, array in network.at(t).items()}
        a = [
            mpmath.fdot(map(mp, w), h) + mpmath.fdot(map(mp, v), map(mp, u)) + mp(b)
            for w, v, b in zip(p["W"], p["B"], p["b"], strict=True)
        ]
        steps.append((p["W"], h, u, [slope(x) for x in a]))
        h = [phi(x) for x in a]
    flow, found = [mp(x) for x in g.tolist()], {"W": [], "B": [], "b": []}
    for W, h, u, s in reversed(steps):
        delta = [x * y for x, y in zip(s, flow, strict=True)]
        for name, operand in (("W", h), ("B", map(mp, u)), ("b", [mp(1)])):
            operand = list(operand)
            found[name].append([d * x for d in delta for x in operand])
        flow = [mpmath.fdot((mp(row[j]) for row in W), delta) for j in range(len(W))]
    return found


def exact_truncation(parts: dict[str, list], names, *, copies=()) -> tuple[np.ndarray, np.ndarray]:
    """log error and cosine at K = 0..T; parts of ``copies`` belong to different parameters at every lag."""
    steps = len(parts[names[0]])
    spread = {
        name: [[x if k == j else mpmath.mpf(0) for k in range(steps) for x in part] for j, part in enumerate(own)]
        if name in copies
        else own
        for name, own in parts.items()
        if name in names
    }
    rows = [[x for name in names for x in spread[name][k]] for k in range(steps)]
    tails = [[mpmath.mpf(0)] * len(rows[0])]
    for row in reversed(rows):
        tails.insert(0, [x + y for x, y in zip(tails[0], row, strict=True)])
    whole, kept, cosine = tails[0], tails[-1], [mpmath.nan]
    for row in rows:
        kept = [x + y for x, y in zip(kept, row, strict=True)]
        cosine.append(mpmath.fdot(kept, whole) / mpmath.norm(kept) / mpmath.norm(whole))
    ratios = [mpmath.norm(tail) / mpmath.norm(whole) for tail in tails]
    error = [mpmath.log(ratio) if ratio else -mpmath.inf for ratio in ratios]
    return np.array([float(x) for x in error]), np.array([float(x) for x in cosine])


def check(trajectory, names=PARAMETERS, *, copies=(), rtol=1e-10) -> None:
    g = unit_cotangents(trajectory.network.n, samples=1, directions=1, rng=5)
    found = cut(trajectory, names, g=g)
    with mpmath.workdps(DIGITS):
        parts = exact_parts(trajectory, g[:, 0, 0])
        for group, own in ((names, found), *(((name,), found.parameters[name]) for name in names)):
            error, cosine = exact_truncation(parts, group, copies=copies)
            np.testing.assert_allclose(own.log_error[:, 0, 0], error, rtol=rtol, atol=rtol, err_msg=str(group))
            np.testing.assert_allclose(own.cosine[:, 0, 0], cosine, rtol=rtol, atol=rtol, err_msg=str(group))


@pytest.mark.parametrize("phi", ["tanh", "logistic", "identity"])
def test_error_and_cosine_are_those_of_220_digits(phi, gaussian) -> None:
    check(driven(gaussian("elman", phi=phi, gain=0.7), steps=40))


def test_untied_copies_leave_out_parameters_of_their_own(gaussian) -> None:
    check(driven(gaussian("elman", phi="tanh", steps=12), steps=12), copies=("W",))


def test_tails_of_1e_minus_200_of_the_whole_keep_their_digits(gaussian) -> None:
    trajectory = driven(gaussian("elman", n=2, phi="logistic"), steps=250)
    assert cut(trajectory).log_error[-2, 0, 0] < -190 * math.log(10)
    check(trajectory, rtol=1e-9)


def test_growing_parts_leave_a_small_kept_part_with_the_right_angle(gaussian) -> None:
    trajectory = driven(gaussian("elman", phi="identity", gain=6.0), steps=60)
    g = unit_cotangents(3, samples=1, directions=1, rng=5)
    total = backward(trajectory, g, parameters=("b",), summed=1).log_total["b"][:, 0, 0]
    assert total[20] < total[-1] - 16 * math.log(10)  # the first lags are lost in the rounding of the whole
    check(trajectory, rtol=1e-9)


@pytest.mark.parametrize("cell", cells.names())
def test_every_cell_is_cut_where_its_copies_say(cell, equations, gaussian) -> None:
    """The part of copy T-k by complex steps, every parameter, against the truncated sum of the parts."""
    trajectory = driven(gaussian(cell, n=2), steps=5)
    network, g = trajectory.network, unit_cotangents(gaussian(cell, n=2).state_dim, samples=1, directions=1, rng=5)
    names = tuple(network.parameters)
    found = cut(trajectory, names, g=g)

    def final(moved, t, name):
        x = trajectory.states[0, :, 0]
        for s, u in enumerate(trajectory.inputs[..., 0], start=1):
            x = equations.step(cell, {**network.parameters, name: moved} if s == t else network.parameters, x, u)
        return g[:, 0, 0] @ x

    parts = np.array(
        [
            np.concatenate(
                [
                    equations.derivative(lambda moved, t=t, p=p: final(moved, t, p), network.parameters[p]).ravel()
                    for p in names
                ]
            )
            for t in range(trajectory.steps, 0, -1)
        ]
    )
    whole = parts.sum(axis=0)
    for K in range(trajectory.steps + 1):
        kept, tail = parts[:K].sum(axis=0), parts[K:].sum(axis=0)
        assert math.exp(found.log_error[K, 0, 0]) == pytest.approx(
            np.linalg.norm(tail) / np.linalg.norm(whole), rel=1e-10
        )
        if K:
            angle = kept @ whole / np.linalg.norm(kept) / np.linalg.norm(whole)
            assert found.cosine[K, 0, 0] == pytest.approx(angle, rel=1e-10)


# Cancellation, underflow, nothing at all


def scalar_parts(slopes) -> list[Fraction]:
    """The lag-k parts of the bias of a scalar linear net with copies w_1..w_T and error 1: w_T ... w_{T-k+1}."""
    parts = [Fraction(1)]
    for w in reversed(slopes[1:]):
        parts.append(parts[-1] * Fraction(w))
    return parts


def log_ratio(x: Fraction, y: Fraction) -> float:
    with mpmath.workdps(60):
        return float(
            mpmath.log(
                mpmath.mpf(abs(x).numerator) * y.denominator / (abs(x).denominator * mpmath.mpf(abs(y).numerator))
            )
        )


@given(
    slopes=st.lists(
        st.sampled_from([-1.0, 1.0, 0.5, -2.0, -1.0 + 2.0**-30, 1e-100, -1e100, 3.0, 0.0]), min_size=1, max_size=70
    )
)
@settings(max_examples=40, deadline=None)
def test_parts_that_cancel_lose_no_more_than_their_sum_does(slopes) -> None:
    """Each sum is good to rounding relative to its parts' sizes: the condition of a sum, not its square."""
    parts = scalar_parts(slopes)
    sums = [(sum(parts[K:]), sum(map(abs, parts[K:]))) for K in range(len(parts))]
    assume(abs(sums[0][0]) > sums[0][1] / 10**9)  # else the whole itself is lost to rounding
    trajectory = driven(vanilla(np.array(slopes)[:, None, None]), steps=len(slopes), scale=0.0)
    found = cut(trajectory, ("b",), g=np.ones((1, 1, 1))).log_error[:, 0, 0]
    unit = 1e-15 * len(slopes)
    for K, (tail, size) in enumerate(sums):
        if abs(tail) > size / 10**9:
            lost = unit * float(size / abs(tail) + sums[0][1] / abs(sums[0][0]))
            assert found[K] == pytest.approx(log_ratio(tail, sums[0][0]), rel=1e-13, abs=lost)


def test_alternating_parts_are_left_out_in_pairs_without_a_trace() -> None:
    trajectory = driven(vanilla([[-1.0]]), steps=41, scale=0.0)
    found = cut(trajectory, ("b",), g=np.ones((1, 1, 1)))
    assert found.log_error[:, 0, 0].tolist() == [0.0 if K % 2 == 0 else -math.inf for K in range(41)] + [-math.inf]


def test_a_whole_of_1e_minus_400_has_the_same_shares_as_one_of_1() -> None:
    saturated = vanilla(np.eye(1), phi=activations.Tanh(), b=[345.0])
    trajectory = driven(saturated, steps=3, scale=0.0)
    small, large = (cut(trajectory, ("b",), g=np.full((1, 1, 1), size)) for size in (1e-150, 1e150))
    passed = backward(trajectory, np.full((1, 1, 1), 1e-150), parameters=("b",), summed=1)
    assert passed.log_total["b"][-1, 0, 0] < -400 * math.log(10)
    np.testing.assert_allclose(small.log_error, large.log_error, rtol=1e-13)
    assert small.log_error[1, 0, 0] == pytest.approx(math.log(4) - 692, rel=1e-12)  # the slope at a_2 = 345 + tanh 345


def test_a_gradient_that_is_zero_has_no_error_and_no_angle() -> None:
    dead = vanilla(np.eye(3), phi=activations.Relu(), b=np.full(3, -100.0))
    found = cut(driven(dead, steps=9))
    assert np.isnan(found.log_error).all()
    assert np.isnan(found.cosine).all()


@pytest.mark.parametrize("cell", cells.names())
def test_nothing_kept_leaves_all_out_and_everything_kept_leaves_nothing_out(cell, gaussian) -> None:
    found = cut(driven(gaussian(cell), steps=7, samples=2), tuple(gaussian(cell).parameters), directions=3)
    assert found.log_error.shape == found.cosine.shape == (8, 2, 3)
    assert (found.log_error[0] == 0.0).all()
    assert np.isnan(found.cosine[0]).all()
    assert np.isneginf(found.log_error[-1]).all()
    np.testing.assert_allclose(found.cosine[-1], 1.0, rtol=1e-13)


def test_a_nilpotent_matrix_leaves_nothing_out_from_its_index_on() -> None:
    found = cut(driven(vanilla(np.eye(4, k=-1)), steps=9), ("W", "b"))
    assert np.isneginf(found.log_error[4:]).all()
    assert np.isfinite(found.log_error[:4]).all()


def test_one_step_and_one_unit() -> None:
    found = cut(driven(vanilla([[0.5]]), steps=1), ("b",), g=np.ones((1, 1, 1)))
    assert found.lengths.tolist() == [0, 1]
    assert found.log_error[:, 0, 0].tolist() == [0.0, -math.inf]


# Joint and alone, many lags


def test_squares_add_up_over_parameters(gaussian) -> None:
    trajectory = driven(gaussian("lstm"), steps=9, samples=2)
    found = cut(trajectory, PARAMETERS, directions=2)
    g = unit_cotangents(6, samples=2, directions=2, rng=5)
    passed = backward(trajectory, g, parameters=PARAMETERS, summed=2)
    whole = np.array([passed.log_total[name][-1] for name in PARAMETERS])
    squares = [np.exp(2 * (found.parameters[p].log_error + w)) for p, w in zip(PARAMETERS, whole, strict=True)]
    together = np.exp(2 * found.log_error) * np.exp(2 * whole).sum(axis=0)
    np.testing.assert_allclose(together, np.sum(squares, axis=0), rtol=1e-12)


def geometric(w: float, steps: int) -> np.ndarray:
    """log of sum_{k >= K} w^k / sum_k w^k, K = 0..T."""
    K = np.arange(steps)
    return np.append(
        K * math.log(w) + np.log(-np.expm1((steps - K) * math.log(w))) - math.log(-math.expm1(steps * math.log(w))),
        -np.inf,
    )


@pytest.mark.parametrize("w", [0.5, 0.999])
def test_a_geometric_series_of_2500_lags_on_the_grid(w) -> None:
    found = cut(driven(vanilla([[w]]), steps=2500, scale=0.0), ("b",), g=np.ones((1, 1, 1)))
    assert np.array_equal(found.lengths, lag_grid(2500))
    np.testing.assert_allclose(found.log_error[:, 0, 0], geometric(w, 2500)[found.lengths], rtol=1e-11, atol=1e-12)


@pytest.mark.slow
def test_ten_thousand_lags_of_64_units(gaussian) -> None:
    trajectory = driven(gaussian("elman", n=64), steps=10_000, samples=4)
    found = cut(trajectory, ("W",))
    assert np.isfinite(found.log_error[:-1]).all()
    assert (found.log_error[1:-1].max(axis=(1, 2)) < 0.1).all()


# What the laws would catch


def gram(self, block, logs):
    """The norms of a running sum as ||S||^2 + 2 <S, P> + ||P||^2."""
    seen, found = self.__dict__.setdefault("seen", []), []
    for [(d, _)], log in zip(block, logs, strict=True):
        part = np.exp(log) * d[0]  # of a bias with one entry
        self.squares = self.__dict__.get("squares", 0.0) + 2 * sum(part * old for old in seen) + part**2
        seen.append(part)
        found.append(0.5 * np.log(self.squares))
    return np.array(found)


def test_inner_products_that_are_subtracted_are_caught(monkeypatch) -> None:
    slopes = [0.7, -1.0 + 2.0**-27, -1.0 + 2.0**-27, 1.0]
    trajectory = driven(vanilla(np.array(slopes)[:, None, None]), steps=4, scale=0.0)
    parts = scalar_parts(slopes)
    exact = [log_ratio(sum(parts[K:]), sum(parts)) for K in range(4)]
    honest = cut(trajectory, ("b",), g=np.ones((1, 1, 1))).log_error[:-1, 0, 0]
    assert np.abs(honest - exact).max() < 1e-7  # two parts cancel to 2^-28 of their sizes
    monkeypatch.setattr(RunningSum, "add", gram)
    monkeypatch.setattr(module, "_along", lambda sums, blocks, logs: (np.zeros(logs.shape), logs))
    with np.errstate(all="ignore"):
        planted = cut(trajectory, ("b",), g=np.ones((1, 1, 1))).log_error[:-1, 0, 0]
    assert not np.abs(planted - exact).max() < 1e-4


def one_late(flows, parameters):
    """Tails that begin one lag too late."""
    sums = REAL(flows, parameters)
    return [module._Sums(s.kept, np.concatenate([s.tail[1:], s.tail[-1:]]), s.number, s.scale) for s in sums]


REAL = module._sums


@pytest.mark.parametrize("plant", ["one lag late", "untied as tied", "kept against itself"])
def test_planted_sums_are_caught(plant, gaussian, monkeypatch) -> None:
    trajectory, copies = driven(gaussian("elman", phi="tanh"), steps=8), ()
    match plant:
        case "one lag late":
            monkeypatch.setattr(module, "_sums", one_late)
        case "untied as tied":
            monkeypatch.setattr(module, "has_time", lambda *arguments, **options: False)
            trajectory, copies = driven(gaussian("elman", phi="tanh", steps=8), steps=8), ("W",)
        case "kept against itself":  # the cosine with the part itself instead of the whole
            monkeypatch.setattr(RunningSum, "along", lambda self, block, logs: (np.ones(logs.shape), 2 * logs))
    with pytest.raises(AssertionError):
        check(trajectory, copies=copies)


# Refusals


def test_arguments_are_checked(gaussian) -> None:
    trajectory = driven(gaussian("elman"), steps=4)
    g = unit_cotangents(3, samples=1, directions=1, rng=5)
    with pytest.raises(ValueError, match="passed must have summed at least one sample"):
        truncated(backward(trajectory, g, parameters=("W",)), ("W",))
    passed = backward(trajectory, g, summed=1)
    with pytest.raises(ValueError, match="parameters must name at least one parameter"):
        truncated(passed, ())
    with pytest.raises(ValueError, match="must be one of W, B, b, got 'V'"):
        truncated(passed, ("V",))
    for lengths in ([-1], [5], [[0]]):
        with pytest.raises(ValueError, match="lengths must be integers from 0 to 4"):
            truncated(passed, ("W",), lengths=np.array(lengths))
    assert truncated(passed, ("W",), lengths=np.array([4, 0])).lengths.tolist() == [4, 0]
