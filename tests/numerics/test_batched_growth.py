"""Growth of many frames along their orbits: the exponents of QR at every step, exact ranks, the digits of graded rows."""

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest

from errorflow.numerics.lyapunov import batched as module
from errorflow.numerics.lyapunov.batched import GROUP, log_heights

EPS = np.finfo(float).eps


def along(jacobians) -> Callable[[int, np.ndarray], np.ndarray]:
    """J_t F for t = 1, 2, ... of Jacobians ``(T, orbits, N, N)``."""
    return lambda t, frames: jacobians[t - 1] @ frames


def identities(orbits: int, n: int, k: int | None = None) -> np.ndarray:
    return np.tile(np.eye(n, k), (orbits, 1, 1))


def tanh_networks(g: float, *, orbits: int, n: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """W (orbits, n, n) and the slopes (steps, orbits, n) along an orbit of h = tanh(W h)."""
    random = np.random.default_rng(7)
    W, h, slopes = g / math.sqrt(n) * random.standard_normal((orbits, n, n)), random.standard_normal((orbits, n)), []
    for _ in range(steps):
        a = np.einsum("oij,oj->oi", W, h)
        h, e = np.tanh(a), np.exp(-2 * np.abs(a))
        slopes.append(4 * e / (1 + e) ** 2)
    return W, np.array(slopes)


def integers(random, *shape: int) -> np.ndarray:
    return random.integers(-3, 4, size=shape).astype(float)


def growth(advance, frames, boundaries, *, scale=None) -> tuple[np.ndarray, np.ndarray]:
    """log|R_jj| of J_t ... J_1 Q_0 at each t of ``boundaries``, by elimination at every step, and the last frames."""
    start = log_heights(frames)
    logs, found = np.where(np.isneginf(start), 0.0, -start), []
    recent = np.zeros(start.shape)
    for t in range(boundaries[-1] + 1):
        if t:
            options = {} if scale is None else {"scale": scale(t)}
            frames, pivots = module.eliminate(advance(t, frames), **options)
            recent += pivots
            if t % GROUP == 0:
                logs, recent = logs + recent, np.zeros(start.shape)
        if t in boundaries:
            found.append(logs + recent + log_heights(frames))
    return np.array(found), frames


# Oracles in exact rationals and in hundreds of digits


def exact_product(jacobians) -> np.ndarray:
    """J_T ... J_1 of Jacobians (T, N, N), as fractions."""
    product = np.vectorize(Fraction)(np.eye(jacobians.shape[-1]))
    for J in jacobians:
        product = np.vectorize(Fraction)(J) @ product
    return product


def independent(columns) -> list[bool]:
    """For each column, whether it is outside the span of the earlier ones, in exact arithmetic."""
    kept: dict[int, np.ndarray] = {}
    answer = []
    for column in np.vectorize(Fraction)(columns).T:
        for i, earlier in kept.items():
            column = column - column[i] / earlier[i] * earlier
        rest = np.flatnonzero(column)
        answer.append(len(rest) > 0)
        if len(rest):
            kept[int(rest[0])] = column
    return answer


def exact_log_heights(columns) -> list[float]:
    """Logs of the square roots of quotients of Gram determinants of the living columns, in 60 digits from fractions."""
    with mpmath.workdps(60):
        logs, chosen, before = [], [], Fraction(1)
        for j, lives in enumerate(independent(columns)):
            if not lives:
                logs.append(-math.inf)
                continue
            chosen.append(np.vectorize(Fraction)(columns)[:, j])
            gram = determinant([[(a * b).sum() for a in chosen] for b in chosen])
            quotient, before = gram / before, gram
            logs.append(float(mpmath.log(mpmath.mpf(quotient.numerator) / quotient.denominator) / 2))
        return logs


def determinant(rows: list[list[Fraction]]) -> Fraction:
    if not rows:
        return Fraction(1)
    first, *others = rows
    rest = [[b - row[0] / first[0] * a for a, b in zip(first[1:], row[1:], strict=True)] for row in others]
    return first[0] * determinant(rest)


def high_precision(W, slopes, digits: int) -> list[float]:
    """log|R_jj| of the product of diag(s_t) W from one QR decomposition in ``digits`` digits."""
    with mpmath.workdps(digits):
        product, weights = mpmath.eye(len(W)), mpmath.matrix(W.tolist())
        for s in slopes:
            product = mpmath.diag([mpmath.mpf(float(x)) for x in s]) * (weights * product)
        R = mpmath.qr(product)[1]
        return [float(mpmath.log(abs(R[j, j]))) for j in range(len(W))]


def qr_each_step(advance, frames, steps: int) -> np.ndarray:
    total = np.zeros((frames.shape[0], frames.shape[2]))
    for t in range(1, steps + 1):
        frames, R = np.linalg.qr(advance(t, frames))
        total += np.log(np.abs(np.diagonal(R, axis1=1, axis2=2)))
    return total


# Laws that planted bugs must break


def law_of_graded_rows() -> None:
    W, slopes = tanh_networks(20.0, orbits=3, n=8, steps=10)
    found = growth(lambda t, F: slopes[t - 1][..., None] * (W @ F), identities(3, 8), [10])[0][0]
    expected = [high_precision(W[o], slopes[:, o], digits=900) for o in range(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-12)


def law_of_rank(cases) -> None:
    for jacobians in cases:
        J = jacobians[:, None]
        sizes = np.abs(J).sum(axis=-1)
        start = identities(1, J.shape[-1])
        found, frames = growth(along(J), start, [len(J)], scale=lambda t, sizes=sizes: sizes[t - 1])
        lives = independent(exact_product(jacobians))
        assert np.isfinite(found[0, 0]).tolist() == lives
        assert np.isneginf(found[0, 0]).tolist() == [not x for x in lives]
        assert frames[0].any(axis=0).tolist() == lives


def law_of_order() -> None:
    jacobians = np.random.default_rng(4).integers(-9, 10, size=(3, 1, 3, 3)).astype(float)
    found = growth(along(jacobians), identities(1, 3), [3])[0][0, 0]
    np.testing.assert_allclose(found, exact_log_heights(exact_product(jacobians[:, 0])), atol=1e-13)


def singular_products() -> list[np.ndarray]:
    """Jacobians (T, N, N) of integers whose products lose rank in every way that we know of."""
    random = np.random.default_rng(11)
    cases = [
        np.tile(np.eye(5, k=-1), (3, 1, 1)),  # nilpotent: rank 2 after three steps
        np.tile(np.eye(4, k=1), (3, 1, 1)),  # the first column dies first
        np.tile(np.eye(4, k=1), (4, 1, 1)),  # nothing is left
        np.array([[[0.0, 1, 2], [0, 3, 4], [0, 5, 7]]]),  # the first column lies in the kernel
        np.array([[[1.0, 2, 1], [2, 4, 1], [3, 6, 2]], [[1, 1, 0], [0, 1, 1], [1, 0, 1]]]),  # the second one does
        np.zeros((2, 3, 3)),
        np.zeros((1, 1, 1)),
        np.array([[[3.0]], [[-2]]]),
    ]
    for n in (2, 4, 6):
        for rank in range(1, n):
            left, right = integers(random, 9, n, rank).clip(-1, 2), integers(random, 9, rank, n).clip(-1, 2)
            cases += [np.tile(left[i] @ right[i], (4, 1, 1)) for i in range(9)]  # also R L is singular at times
    for n in (3, 5, 8):
        for rank in range(1, n):
            cases.append(integers(random, 4, n, rank) @ integers(random, 4, rank, n))
            masked = integers(random, 4, n, n)
            masked[random.integers(0, 4), random.permutation(n)[:rank]] = 0.0  # zero rows at one step
            masked[random.integers(0, 4), :, random.integers(0, n)] = 0.0  # and a zero column
            cases.append(masked)
    return cases


def test_exponents_of_graded_rows_agree_with_900_digits_where_qr_is_wrong_by_nats() -> None:
    law_of_graded_rows()
    W, slopes = tanh_networks(20.0, orbits=3, n=8, steps=10)
    plain = qr_each_step(lambda t, F: slopes[t - 1][..., None] * (W @ F), identities(3, 8), 10)
    expected = [high_precision(W[o], slopes[:, o], digits=900) for o in range(3)]
    assert np.abs(plain - expected).max() > 10


def test_the_living_columns_are_those_of_the_exact_product() -> None:
    cases = singular_products()
    ranks = {sum(independent(exact_product(jacobians))) for jacobians in cases}
    assert ranks >= set(range(6))
    assert sum(any(b > a for a, b in pairwise(independent(exact_product(J)))) for J in cases) > 10  # dead before living
    law_of_rank(cases)


def test_jacobians_act_in_the_order_of_time() -> None:
    law_of_order()


def textbook(frames, scale=None, *, pivoting: bool = True, dead_columns_take_a_row: bool = False):
    """The elimination orbit by orbit, entry by entry: right as it stands, wrong with either option changed."""
    frame, logs = np.zeros(frames.shape), np.full((frames.shape[0], frames.shape[2]), -np.inf)
    for o, Z in enumerate(frames):
        A, free = Z.copy(), list(range(Z.shape[0]))
        for j in range(Z.shape[1]):
            living = [i for i in free if abs(A[i, j]) > 8 * len(Z) * EPS * np.abs(Z[i]).max()]
            if not living:
                del free[: int(dead_columns_take_a_row)]
                continue
            p = max(living, key=lambda i, j=j, A=A: abs(A[i, j])) if pivoting else living[0]
            logs[o, j], frame[o, free, j] = math.log(abs(A[p, j])), A[free, j] / A[p, j]
            free.remove(p)
            A[free] -= np.outer(frame[o, free, j], A[p])
    return frame, logs


LAWS = {
    "graded rows": law_of_graded_rows,
    "rank": lambda: law_of_rank(singular_products()[:5]),
    "order": law_of_order,
}


@pytest.mark.parametrize("law", LAWS)
def test_the_laws_hold_for_the_textbook_elimination(law, monkeypatch) -> None:
    monkeypatch.setattr(module, "eliminate", textbook)
    LAWS[law]()


@pytest.mark.parametrize(
    ("law", "bug"), [("graded rows", {"pivoting": False}), ("rank", {"dead_columns_take_a_row": True})]
)
def test_a_wrong_elimination_breaks_a_law(law, bug, monkeypatch) -> None:
    monkeypatch.setattr(module, "eliminate", lambda frames, scale=None: textbook(frames, **bug))
    with pytest.raises(AssertionError):
        LAWS[law]()


def test_the_opposite_order_breaks_a_law(monkeypatch) -> None:
    monkeypatch.setitem(globals(), "along", lambda jacobians: lambda t, frames: jacobians[-t] @ frames)
    with pytest.raises(AssertionError):
        law_of_order()


# Exponents


@pytest.mark.parametrize(("orbits", "n", "k"), [(1, 1, 1), (1, 4, 4), (64, 8, 8), (5, 8, 3)])
def test_tame_exponents_are_those_of_qr_at_every_step(orbits, n, k) -> None:
    random = np.random.default_rng(n + k)
    J, frames = random.standard_normal((200, orbits, n, n)), np.linalg.qr(random.standard_normal((orbits, n, k)))[0]
    found, _ = growth(along(J), frames, [0, 1, 77, 200])
    for i, t in enumerate((0, 1, 77, 200)):
        np.testing.assert_allclose(found[i], qr_each_step(along(J), frames, t), atol=1e-9)


@pytest.mark.parametrize("g", [0.5, 2.0, 20.0])
def test_the_exponents_add_up_to_the_log_determinants(g) -> None:
    W, slopes = tanh_networks(g, orbits=16, n=8, steps=400)
    found, _ = growth(lambda t, F: slopes[t - 1][..., None] * (W @ F), identities(16, 8), [100, 400])
    for i, t in enumerate((100, 400)):
        expected = t * np.linalg.slogdet(W)[1] + [math.fsum(np.log(slopes[:t, o]).flat) for o in range(16)]
        np.testing.assert_allclose(found[i].sum(axis=1), expected, rtol=2e-14)


def test_the_rounding_errors_of_a_long_sum_are_kept_down() -> None:
    steps, plain = 5000, 0.0
    for _ in range(steps):
        plain += math.log(0.1)
    found = growth(lambda t, F: 0.1 * F, np.ones((1, 1, 1)), [steps])[0].item()
    assert abs(found - steps * math.log(0.1)) < abs(plain - steps * math.log(0.1)) / 10


def test_relu_networks_have_as_many_finite_exponents_as_their_product_has_rank() -> None:
    random = np.random.default_rng(9)
    W, ranks = integers(random, 40, 6, 6), set()
    h, D = integers(random, 40, 6), []
    for _ in range(4):
        a = np.einsum("oij,oj->oi", W, h) + integers(random, 40, 6)
        D.append((a > 0).astype(float))
        h = np.maximum(a, 0)
    found, _ = growth(lambda t, F: D[t - 1][..., None] * (W @ F), identities(40, 6), [4])
    for o in range(40):
        product = exact_product(np.array([d[o][:, None] * W[o] for d in D]))
        exact = np.array(exact_log_heights(product))
        ranks.add(int(np.isfinite(exact).sum()))
        np.testing.assert_allclose(found[0, o], exact, atol=1e-11)
    assert len(ranks) >= 3


def test_a_start_that_is_not_orthonormal_counts_only_what_the_steps_add() -> None:
    random = np.random.default_rng(3)
    J, start = random.standard_normal((20, 2, 4, 4)), random.standard_normal((2, 4, 3))
    start[1, :, 0] = 0.0
    found = growth(along(J), start, [20])[0][0]
    np.testing.assert_allclose(found[0], qr_each_step(along(J), np.linalg.qr(start)[0], 20)[0], atol=1e-10)
    np.testing.assert_allclose(
        found[1, 1:], qr_each_step(along(J), np.linalg.qr(start[:, :, 1:])[0], 20)[1], atol=1e-10
    )
    assert found[1, 0] == -np.inf


def test_heights_are_square_roots_of_quotients_of_gram_determinants_and_zero_columns_take_no_dimension() -> None:
    columns = integers(np.random.default_rng(1), 20, 5, 4)
    columns[::3, :, 0], columns[1::3, :, 2] = 0.0, 0.0
    columns = columns[[all(x == y for x, y in zip(independent(c), c.any(axis=0), strict=True)) for c in columns]]
    found = log_heights(columns)
    np.testing.assert_allclose(found, [exact_log_heights(c) for c in columns], atol=1e-13)
    with np.errstate(divide="ignore"):
        naive = np.log(np.abs(np.diagonal(np.linalg.qr(columns, mode="r"), axis1=1, axis2=2)))
    assert np.abs(np.exp(naive) - np.exp(found)).max() > 0.1  # QR as it is gives a zero column a direction


def test_gains_from_1e_minus_300_to_1e300_only_add_their_logs() -> None:
    random = np.random.default_rng(6)
    J, gains = random.standard_normal((30, 4, 5, 5)), 10.0 ** random.uniform(-300, 300, size=(30, 4))
    gains[:2] = [[1e300] * 4, [1e-300] * 4]
    plain, scaled = (growth(along(j), identities(4, 5), [7, 30])[0] for j in (J, gains[..., None, None] * J))
    logs = np.log(gains)
    np.testing.assert_allclose(scaled, plain + np.array([logs[:7].sum(0), logs.sum(0)])[..., None], atol=1e-10)
