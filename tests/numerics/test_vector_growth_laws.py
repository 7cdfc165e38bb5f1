"""log||J v|| of one direction, tied and untied: draws without an n by n matrix against draws with one, and exact laws."""

import math

import numpy as np
import pytest
from scipy import stats

from errorflow.numerics.laws import log_mean_square_norm, log_norm_law, log_norms, vector_growth

FIELDS = ["real", "complex"]


def dense(n, *, steps, samples, tied, field, gain, rng) -> np.ndarray:
    """log||J v|| at the lags 1..steps, shape (samples, steps), with every matrix in full and a direction that is no axis."""
    random = np.random.default_rng(rng)
    v = np.full((samples, n, 1), 1 / math.sqrt(n))
    logs = []
    for t in range(steps):
        if t == 0 or not tied:
            W = random.standard_normal((samples, n, n)) * gain / math.sqrt(n)
            if field == "complex":
                W = (W + 1j * random.standard_normal(W.shape) * gain / math.sqrt(n)) / math.sqrt(2)
        v = W @ v
        logs.append(np.log(np.linalg.norm(v, axis=(1, 2))))
    return np.array(logs).T


def agree(one, other) -> bool:
    """Whether two samples of vectors have the same means and covariances (|z| < 4) and the same marginal laws."""

    def z(a, b):
        return (a.mean(axis=0) - b.mean(axis=0)) / np.sqrt((a.var(axis=0) + b.var(axis=0)) / len(a) + 1e-300)

    center = one.mean(axis=0)
    products = [np.einsum("si,sj->sij", x - center, x - center).reshape(len(x), -1) for x in (one, other)]
    same = all(stats.ks_2samp(a, b).pvalue > 1e-4 for a, b in zip(one.T, other.T, strict=True))
    return bool(np.abs(z(one, other)).max() < 4 and np.abs(z(*products)).max() < 4 and same)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("n", "steps"), [(1, 3), (4, 2), (4, 9), (12, 6)])  # the Hessenberg matrix cut off, and whole
def test_draws_have_the_law_of_the_full_matrices_at_all_lags_together(n, steps, tied, field) -> None:
    options = {"steps": steps, "samples": 6000, "tied": tied, "field": field, "gain": 1.2}
    found = log_norms(n, rng=1, **options)
    assert found.shape == (6000, steps + 1)
    assert not found[:, 0].any()
    assert agree(found[:, 1:], dense(n, rng=2, **options))


def test_untied_draws_follow_the_product_chi_square_law() -> None:
    found = log_norms(50, steps=40, samples=5000, tied=False, gain=0.9, rng=3)[:, -1]
    assert stats.kstest(found, log_norm_law(50, steps=40, gain=0.9).cdf).pvalue > 1e-3


@pytest.mark.parametrize("field", FIELDS)
def test_the_mean_square_of_tied_draws_is_the_exact_one_of_the_frobenius_norm(field) -> None:
    n, steps = 30, 8
    squares = np.exp(2 * log_norms(n, steps=steps, samples=8000, tied=True, field=field, rng=4))
    expected = np.exp(log_mean_square_norm(n, range(steps + 1), tied=True, field=field)) / n
    z = (squares.mean(axis=0) - expected)[1:] / (squares.std(axis=0)[1:] / math.sqrt(len(squares)))
    assert np.abs(z).max() < 4


@pytest.mark.parametrize("planted", ["degrees", "upper"])
def test_a_wrong_hessenberg_matrix_is_caught(planted, monkeypatch: pytest.MonkeyPatch) -> None:
    correct = vector_growth._hessenberg

    def wrong(n, samples, steps, field, random):
        if planted == "degrees":  # chi of one degree too many below the diagonal
            return correct(n + 1, samples, steps, field, random)
        return np.tril(correct(n, samples, steps, field, random), 1)  # a tridiagonal matrix

    monkeypatch.setattr(vector_growth, "_hessenberg", wrong)
    options = {"steps": 6, "samples": 6000, "tied": True, "field": "real", "gain": 1.0}
    assert not agree(log_norms(6, rng=1, **options)[:, 1:], dense(6, rng=2, **options))


def test_sharing_changes_the_fluctuation_and_the_median_beyond_the_crossover_lag_only() -> None:
    n, steps = 100, 240
    tied, untied = (log_norms(n, steps=steps, samples=800, tied=t, rng=5) for t in (True, False))
    at = {lag: (tied[:, lag].std(), untied[:, lag].std()) for lag in (3, 120, 240)}
    assert at[3][0] == pytest.approx(at[3][1], rel=0.1)  # far below sqrt(2n) = 14
    assert at[240][0] / at[120][0] == pytest.approx(2, rel=0.1)  # like T
    assert at[240][1] / at[120][1] == pytest.approx(math.sqrt(2), rel=0.1)  # like sqrt T
    assert np.median(tied[:, steps]) > 5
    assert np.median(untied[:, steps]) < -0.9
    # the mean square is far above the square of the median
    assert log_mean_square_norm(n, steps, tied=True, field="complex") - math.log(n) > 4 * 2 * np.median(tied[:, steps])


def test_a_million_units_cost_no_more_than_the_lags() -> None:
    tied, untied = (log_norms(10**6, steps=60, samples=300, tied=t, rng=6)[:, -1] for t in (True, False))
    assert stats.ks_2samp(tied, untied).pvalue > 1e-3  # 60 is far below sqrt(2n) = 1414


def test_the_same_seed_gives_the_same_draws() -> None:
    one, other = (log_norms(1000, steps=300, samples=5, tied=True, rng=7) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_no_lag_underflows() -> None:
    found = log_norms(2, steps=5000, samples=2, tied=True, gain=1e-3, rng=7)
    assert np.isfinite(found).all()
    assert found.min() < -30_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 0}, "samples must be an integer of at least 1, got 0"),
        ({"steps": 0}, "steps must be an integer of at least 1, got 0"),
        ({"field": "p-adic"}, "field must be 'real' or 'complex', got 'p-adic'"),
        ({"gain": -1.0}, "gain must be a finite number above 0, got -1.0"),
    ],
)
def test_arguments_are_checked(options, message) -> None:
    with pytest.raises(ValueError, match=message):
        log_norms(3, **{"steps": 2, "samples": 2, "tied": True, **options})
