"""Laws of sums of rank-one terms: what exact fractions give, whether terms are tiny, huge, far apart or cancel."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from errorflow.numerics import parts as module
from errorflow.numerics.parts import RunningSum, groups, log_lengths, log_part_norms
from errorflow.numerics.point import Use
from errorflow.theory.language import Parameter

ENTRIES = st.one_of(st.integers(-3, 3).map(float), st.sampled_from([1e-200, -1e200, 1e-300, 2.0**-40]))


def vectors(*shape):
    return arrays(float, shape, elements=ENTRIES)


def log_of(square: Fraction) -> float:
    """log of a square root, with 60 digits."""
    if not square:
        return -math.inf
    with mpmath.workdps(60):
        return float(mpmath.log(mpmath.mpf(square.numerator)) - mpmath.log(mpmath.mpf(square.denominator))) / 2


def matrix(d, x, power=0) -> list[Fraction]:
    return [Fraction(a) * Fraction(b) * Fraction(2) ** power for a in d.tolist() for b in x.tolist()]


def added(*matrices) -> list[Fraction]:
    return [sum(entries) for entries in zip(*matrices, strict=True)]


def square(entries) -> Fraction:
    return sum(entry * entry for entry in entries)


@given(v=vectors(4, 2, 3))
def test_lengths_are_those_of_fractions(v) -> None:
    found = log_lengths(v)
    for s in range(2):
        for d in range(3):
            exact = log_of(square([Fraction(x) for x in v[:, s, d].tolist()]))
            assert found[s, d] == pytest.approx(exact, rel=1e-14, abs=1e-15)


@given(terms=st.lists(st.tuples(vectors(2, 1, 1), vectors(3, 1)), min_size=1, max_size=3))
def test_a_part_of_several_terms_has_the_norm_of_their_sum(terms) -> None:
    """Up to rounding of its terms: an error of 1e-15 of their sizes, also where they cancel."""
    matrices = [matrix(d[:, 0, 0], x[:, 0]) for d, x in terms]
    exact = square(added(*matrices))
    sizes = sum(square(m) for m in matrices)
    found = log_part_norms([terms], (1, 1))[0, 0]
    if exact > sizes * Fraction(1, 10**20):
        assert found == pytest.approx(log_of(exact), rel=1e-14, abs=1e-14 * math.exp(log_of(sizes) - log_of(exact)))
    else:
        assert found <= log_of(sizes) - 18 * math.log(10)


def test_terms_that_nearly_cancel_keep_the_digits_of_their_difference() -> None:
    d, x = np.array([[[1.0]], [[2.0]]]), np.array([[1.0], [0.5], [0.25]])
    near = x + np.array([[2.0**-35], [0.0], [2.0**-36]])  # inner products of size 1 would leave nothing of 2^-70
    exact = log_of(square(added(matrix(d[:, 0, 0], near[:, 0]), matrix(-d[:, 0, 0], x[:, 0]))))
    assert log_part_norms([[(d, near), (-d, x)]], (1, 1))[0, 0] == pytest.approx(exact, rel=1e-6)


LAGS = st.lists(st.tuples(vectors(5, 1, 1), vectors(4, 1), st.integers(-1500, 1500)), min_size=1, max_size=12)


@given(lags=LAGS, cut=st.integers(1, 12))
@settings(deadline=None)
def test_a_running_sum_has_the_norms_of_exact_sums(lags, cut) -> None:
    """In blocks of any length; rows and columns more or fewer than the terms of a block."""
    running, found = RunningSum(), []
    for start in range(0, len(lags), cut):
        block = lags[start : start + cut]
        logs = np.array([power * math.log(2) for *_, power in block])[:, None, None]
        found += running.add([[(d, x)] for d, x, _ in block], logs)[:, 0, 0].tolist()
    total, sizes = [Fraction(0)] * 20, Fraction(0)
    for (d, x, power), log in zip(lags, found, strict=True):
        own = matrix(d[:, 0, 0], x[:, 0], power)
        total, sizes = added(total, own), sizes + square(own)
        exact, size = square(total), log_of(sizes)
        if exact > sizes * Fraction(1, 10**18):
            lost = 1e-12 * math.exp(size - log_of(exact))  # logs of 1500 powers of two are good to 1e-13
            assert log == pytest.approx(log_of(exact), rel=1e-13, abs=lost)
        else:
            assert log <= size - 8 * math.log(10)


@given(lags=LAGS)
@settings(deadline=None)
def test_the_sum_has_the_inner_products_of_the_exact_sum(lags) -> None:
    block = [[(d, x)] for d, x, _ in lags]
    logs = np.array([power * math.log(2) for *_, power in lags])[:, None, None]
    running = RunningSum()
    running.add(block, logs)
    numbers, scales = running.along(block, logs)
    own = [matrix(d[:, 0, 0], x[:, 0], power) for d, x, power in lags]
    total = added(*own)
    for part, number, scale in zip(own, numbers[:, 0, 0], scales[:, 0, 0], strict=True):
        inner = sum(a * b for a, b in zip(part, total, strict=True))
        size = sum(abs(a * b) for a, b in zip(part, total, strict=True)) + 0
        limit = log_of(square(part)) + log_of(sum(square(m) for m in own))
        if abs(inner) * 10**6 > size and size and log_of(inner**2) > limit - 12:
            assert log_of(inner**2) == pytest.approx(math.log(abs(number)) + scale, rel=1e-12, abs=1e-6)
            assert (number > 0) == (inner > 0)


def test_samples_and_directions_do_not_mix(monkeypatch) -> None:
    random = np.random.default_rng(0)
    block = [[(random.standard_normal((6, 5, 2)), random.standard_normal((3, 5)))] for _ in range(7)]
    logs = random.standard_normal((7, 5, 2))
    together = RunningSum().add(block, logs)
    monkeypatch.setattr(module, "AT_ONCE", 1)  # one sample after the other
    np.testing.assert_allclose(RunningSum().add(block, logs), together, rtol=1e-12)
    for s in range(5):
        for d in range(2):
            alone = [[(g[0][0][:, [s]][..., [d]], g[0][1][:, [s]])] for g in block]
            found = RunningSum().add(alone, logs[:, [s]][..., [d]])
            np.testing.assert_allclose(found[:, 0, 0], together[:, s, d], rtol=1e-12)


def test_terms_of_one_gate_are_one_group_and_terms_of_one_operand_are_added() -> None:
    W, x, y = Parameter("W", "matrix", ("i", "f")), np.ones((2, 1)), np.ones((2, 1))
    both, one = np.arange(4.0)[:, None, None], np.arange(2.0)[:, None, None]
    assert len(groups([Use("W", 0, both, x)], W, 2)) == 1  # rows of both gates together
    shared = groups([Use("W", 0, both, x), Use("W", 1, one, y), Use("B", 0, one, x)], W, 2)
    assert [len(group) for group in shared] == [1, 2]
    same = groups([Use("W", 0, both, x), Use("W", 1, one, x)], W, 2)
    assert [len(group) for group in same] == [1, 1]
    assert same[1][0][0].ravel().tolist() == [2.0, 4.0]


def test_a_basis_that_is_not_orthonormal_is_caught(monkeypatch) -> None:
    random = np.random.default_rng(1)
    blocks = [
        [[(random.standard_normal((9, 1, 1)), random.standard_normal((8, 1)))] for _ in range(3)] for _ in range(4)
    ]
    honest, planted = RunningSum(), RunningSum()
    expected = [honest.add(block, np.zeros((3, 1, 1))) for block in blocks]
    monkeypatch.setattr(module, "_basis", lambda v: (v, np.broadcast_to(np.eye(3), (1, 1, 3, 3))))
    found = [planted.add(block, np.zeros((3, 1, 1))) for block in blocks]
    assert np.abs(np.subtract(found, expected)).max() > 0.01
