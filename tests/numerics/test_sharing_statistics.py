"""What sharing changes and what it does not: every law holds on drawn ensembles, every planted falsehood is caught."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest

from errorflow.numerics.confrontation import gaussian_ensembles as ensembles
from errorflow.numerics.confrontation import sharing_statistics as sharing
from errorflow.numerics.confrontation.law import Example, Law
from errorflow.numerics.laws import exponents_by_rank, log_mean_square_norm, log_norms, newman_exponents
from errorflow.theory import scalar_facts, theorems

LAWS = {law.id: law for law in sharing.laws()}


def examples(law: Law, *, count: int, first: int = 0) -> list[Example]:
    return [law.draw(np.random.default_rng(first + i)) for i in range(count)]


@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds_on_every_example(name) -> None:
    assert all(LAWS[name].slack(example) >= 0 for example in examples(LAWS[name], count=3))


@pytest.mark.slow
@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds_on_a_hundred_examples(name) -> None:
    assert all(LAWS[name].slack(example) >= 0 for example in examples(LAWS[name], count=100, first=10**4))


def test_an_example_says_everything_that_a_law_draws() -> None:
    for law in LAWS.values():
        one, same = (law.draw(np.random.default_rng(7)) for _ in range(2))
        other = dataclasses.replace(one, seed=one.seed + 1)
        sides = [np.append(law.low(example), law.high(example)) for example in (one, same, other)]
        assert (sides[0] == sides[1]).all()
        assert (sides[0] != sides[2]).any()


def test_laws_speak_of_statements_that_exist() -> None:
    known = {f"theorem:{t.id}" for t in theorems.all()} | {f"fact:{f.id}" for f in scalar_facts.all()}
    assert {node for law in LAWS.values() for node in law.judges} <= known
    assert len(LAWS) == len(sharing.laws())
    assert {law.unit for law in LAWS.values()} == {"standard errors", "nats"}
    for law in LAWS.values():
        lags = [example.steps / math.sqrt(2 * example.network.n) for example in examples(law, count=20)]
        assert "beyond sqrt(2n)" not in law.statement or min(lags) >= 1


# The measurements, against numbers that they do not share code with


def ensemble(n: int, steps: int, seed: int = 5) -> Example:
    drawn = LAWS["sharing_mean_square"].draw(np.random.default_rng(0))
    parameters = {"W": np.eye(n) * 0.7, "B": np.zeros((n, 1)), "b": np.zeros(n)}
    network = dataclasses.replace(drawn.network, parameters=parameters)
    return Example(network, np.zeros((steps, 1, 1)), np.zeros((n, 1)), "given", seed=seed)


def hooks(n: int, k: int) -> Fraction:
    """E||W^k||_F^2 as the sum over the hooks of k + 1 boxes."""
    rising = [math.prod(range(n - r, n - r + k + 1)) for r in range(k + 1)]
    return Fraction(sum(rising), (k + 1) * n**k)


@pytest.mark.parametrize(("n", "k"), [(2, 2), (2, 5), (3, 4), (7, 6)])
def test_the_mean_square_of_a_shared_power_is_that_of_exact_fractions(n, k) -> None:
    example = ensemble(n, k)
    mean, error = ensembles.shared_powers(example)
    assert abs(mean - float(hooks(n, k))) < 4.5 * error
    assert sharing.closed_form(example) == pytest.approx(float(hooks(n, k)), rel=1e-12)
    assert error < 0.05 * mean


def test_taking_the_length_out_of_a_matrix_keeps_the_mean_and_lowers_the_error() -> None:
    example = ensemble(6, 6)
    random = np.random.default_rng(example.seed)
    parts = random.standard_normal((2, 3000, 6, 6)) / math.sqrt(12)
    draws = (np.abs(np.linalg.matrix_power(parts[0] + 1j * parts[1], 6)) ** 2).sum(axis=(1, 2))
    plain, error = draws.mean(), draws.std() / math.sqrt(3000)
    mean, smaller = ensembles.shared_powers(example)
    assert abs(mean - plain) < 4.5 * error
    assert smaller < 0.9 * error


@pytest.mark.parametrize("tied", [True, False])
def test_the_growth_of_a_direction_has_the_law_of_hessenberg_matrices(tied) -> None:
    example = ensemble(6, 12)
    draws = ensembles.log_growth(example, tied=tied, samples=1500)
    exact = log_norms(6, steps=48, samples=4000, tied=tied, rng=1)[:, [12, 48]].T
    for found, other in zip(draws, exact, strict=True):
        error = math.hypot(found.std() / math.sqrt(1500), other.std() / math.sqrt(4000))
        assert abs(found.mean() - other.mean()) < 4.5 * error
        assert found.std() / other.std() == pytest.approx(1, abs=0.12)


def test_the_growth_exponents_of_shared_weights_and_of_copies_are_one_and_a_half() -> None:
    example = ensemble(6, 40)
    shared = ensembles.shared_growth_exponent(example)
    assert abs(shared.mean - 1) < 0.05
    assert shared.error < 0.02
    T, four = ensembles.log_growth(example, tied=False, samples=1000).std(axis=1)
    assert math.log(four / T) / math.log(4) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("decay", [0.6, -0.8])
def test_the_sensitivity_is_the_sum_over_lags(decay) -> None:
    drawn = LAWS["sharing_sensitivity"].draw(np.random.default_rng(1))
    network = dataclasses.replace(drawn.network, parameters={**drawn.network.parameters, "W": np.array([[decay]])})
    example = dataclasses.replace(drawn, network=network)
    q = decay**2
    lags = np.arange(1, example.steps)
    exact = {True: (lags**2 * q ** (lags - 1.0)).sum(), False: (lags * q ** (lags - 1.0)).sum()}
    assert sharing.stationary_sensitivity(example) == pytest.approx(exact[True], rel=1e-12)
    for tied, value in exact.items():
        mean, error = ensembles.sensitivity(example, tied=tied)
        assert abs(mean - value) < 4.5 * error


def test_the_spectrum_of_a_tanh_network_has_the_sum_of_its_log_determinants() -> None:
    example = LAWS["same_lyapunov_spectrum"].draw(np.random.default_rng(2))
    W = example.network.parameters["W"]
    exponents, slopes = ensembles.tanh_spectrum(example, tied=True)
    determinants = np.linalg.slogdet(W)[1] + np.log(slopes).sum(axis=1)
    assert exponents.sum() == pytest.approx(determinants.mean(), rel=1e-10)


# Falsehoods


def wrong(name: str, **sides) -> Law:
    return dataclasses.replace(LAWS[name], **sides)


def by_logs(**options):
    return lambda e: math.exp(log_mean_square_norm(e.network.n, e.steps, **options))


def power_of(a: int, b: int):
    """(1 + q)^a/(1 - q)^b."""

    def value(example: Example) -> float:
        q = ensembles.decay_of(example) ** 2
        return (1 + q) ** a / (1 - q) ** b

    return value


def next_lag(example: Example) -> float:
    return float(hooks(example.network.n, example.steps + 1))


def without_slopes(example: Example) -> np.ndarray:
    """The spectrum against Newman's exponents of the weights alone."""
    found = [ensembles.tanh_spectrum(example, tied=tied)[0] for tied in (True, False)]
    n = example.network.n
    law = newman_exponents(n, steps=1, gain=ensembles.gain_of(example)).mean
    return np.array([np.abs(exponents - law)[: round(0.9 * n)].mean() for exponents in found])


D, S = sharing.distance, ensembles
shared, copied = (lambda e, tied=tied: ensembles.sensitivity(e, tied=tied) for tied in (True, False))
PLANTED = {
    "the untied mean square for a shared W": wrong(
        "sharing_mean_square", low=D(S.shared_powers, sharing.copies_mean_square)
    ),
    "the real formula for a complex W": wrong(
        "sharing_mean_square", low=D(S.shared_powers, by_logs(tied=True, field="real"))
    ),
    "a lag off by one": wrong("sharing_mean_square", low=D(S.shared_powers, next_lag)),
    "the shared mean square for copies": wrong("copies_mean_square", low=D(S.copied_powers, sharing.closed_form)),
    "copies exceed n as well": wrong(
        "sharing_raises_mean_square", high=sharing.above(S.copied_powers, sharing.copies_mean_square)
    ),
    "sqrt(T) for shared weights": wrong("sharing_fluctuation", high=sharing.nearer(S.shared_growth_exponent, 0.5)),
    "T^(3/2) for shared weights": wrong("sharing_fluctuation", high=sharing.nearer(S.shared_growth_exponent, 1.5)),
    "T for copies": wrong(
        "copies_fluctuation", low=D(sharing.copied_variance, lambda e: sharing.copies_variance(e) * [1, 4])
    ),
    "(1 - q)^2 for (1 - q)^3": wrong("sharing_sensitivity", low=D(shared, power_of(1, 2))),
    "(1 + q) dropped": wrong("sharing_sensitivity", low=D(shared, power_of(0, 3))),
    "the value of copies for a shared weight": wrong("sharing_sensitivity", low=D(shared, power_of(0, 2))),
    "the value of a shared weight for copies": wrong("copies_sensitivity", low=D(copied, power_of(1, 3))),
    "copies are as sensitive": wrong(
        "sharing_raises_sensitivity", high=sharing.above(copied, sharing.copies_sensitivity)
    ),
    "the spectrum of the weights alone": wrong("same_lyapunov_spectrum", low=without_slopes),
    "||W||^t for the norm of a product": wrong(
        "same_largest_singular_value", low=lambda e: sharing.largest(e, limit=lambda t: t * math.log(2))
    ),
    "the radius for the norm": wrong(
        "same_largest_singular_value", low=lambda e: sharing.largest(e, limit=lambda _: 0.0)
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_falsehood_is_caught(name) -> None:
    law = PLANTED[name]
    assert any(law.slack(example) < 0 for example in examples(law, count=4))


def test_wrong_slopes_in_the_law_or_in_the_network_are_caught(monkeypatch) -> None:
    law = LAWS["same_lyapunov_spectrum"]
    (example,) = examples(law, count=1)
    right = ensembles.tanh_spectrum

    def roots(ranks, *, gain, slopes):
        return exponents_by_rank(ranks, gain=gain, slopes=np.sqrt(slopes))  # 1 - h^2 to the wrong power

    def other_network(example, *, tied):
        exponents, slopes = right(example, tied=tied)
        return exponents, (1 - np.sqrt(1 - slopes)) ** 2  # (1 - |h|)^2

    for name, planted in (("exponents_by_rank", roots), ("tanh_spectrum", other_network)):
        with monkeypatch.context() as patch:
            patch.setattr(sharing, name, planted)
            assert law.slack(example) < 0
    assert law.slack(example) > 0


@pytest.mark.parametrize(
    ("law", "name", "planted"),
    [
        ("sharing_mean_square", "gammaln", lambda x: 0 * x),
        ("copies_mean_square", "_square", lambda W: 1.2 * (np.abs(W) ** 2).sum(axis=(1, 2))),
        ("copies_fluctuation", "log_growth", lambda e, *, tied, samples: RIGHT_GROWTH(e, tied=True, samples=samples)),
        ("sharing_fluctuation", "log_growth", lambda e, *, tied, samples: RIGHT_GROWTH(e, tied=False, samples=samples)),
    ],
)
def test_a_bug_in_a_measurement_is_caught(law, name, planted, monkeypatch) -> None:
    monkeypatch.setattr(ensembles, name, planted)
    assert any(LAWS[law].slack(example) < 0 for example in examples(LAWS[law], count=2))


RIGHT_GROWTH = ensembles.log_growth


def test_tied_singular_values_of_another_power_are_caught(monkeypatch) -> None:
    right = ensembles.singular_values
    law = LAWS["same_singular_values"]
    (example,) = examples(law, count=1)
    longer = dataclasses.replace(example, inputs=np.zeros((example.steps + 1, 1, 1)))
    monkeypatch.setattr(sharing, "singular_values", lambda _, *, tied: right(longer, tied=tied))
    assert law.slack(example) < 0
