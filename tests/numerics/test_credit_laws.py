"""The laws of credit over a lag hold on random contractive networks, and each falsehood that is planted is found."""

import dataclasses

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from errorflow.numerics.confrontation import credit
from errorflow.numerics.confrontation.law import Law
from errorflow.numerics.informative import bound as bound_module
from errorflow.numerics.informative import coupled as coupled_module
from errorflow.numerics.informative.linear_recall import linear_recall_gradient
from errorflow.theory import notation

LAWS = {law.id.removeprefix("credit:"): law for law in credit.laws()}
EXAMPLES = settings.default.max_examples if settings.default.max_examples > 50 else 20
EVERY = [name for name, law in LAWS.items() if law.quantifier == "every"]


def slacks(law: Law, count: int) -> list[float]:
    examples = [law.draw(np.random.default_rng(seed)) for seed in range(count)]
    return [law.slack(example) for example in examples if law.applies(example)]


def broken(law: Law, count: int = 60) -> bool:
    """Whether some example contradicts the law, or no example supports one for some."""
    for seed in range(count):
        example = law.draw(np.random.default_rng(seed))
        if law.applies(example) and (law.slack(example) >= 0) != (law.quantifier == "every"):
            return law.quantifier == "every"
    return law.quantifier == "some"


@pytest.mark.parametrize("name", EVERY)
def test_the_law_holds_for_every_example(name) -> None:
    """Twenty examples by default, a thousand in the nightly profile."""

    @settings(max_examples=EXAMPLES)
    @given(seed=st.integers(0, 2**32 - 1))
    def holds(seed: int) -> None:
        law = LAWS[name]
        example = law.draw(np.random.default_rng(seed))
        if law.applies(example):
            assert law.slack(example) >= 0

    holds()


def test_every_example_is_one_the_theorem_speaks_of() -> None:
    for law in LAWS.values():
        examples = [law.draw(np.random.default_rng(seed)) for seed in range(4)]
        assert all(map(credit.speaks, examples))


def test_the_bound_is_attained_by_one_linear_unit() -> None:
    assert max(slacks(LAWS["attained"], 10)) >= 0
    assert not broken(LAWS["attained"])


def test_every_law_says_what_it_judges_and_draws_the_same_example_again() -> None:
    for law in LAWS.values():
        assert law.subject == "task_informative_gradient"
        assert ("theorem:task_informative_gradient" in law.judges) == (law.id != "credit:coupled")  # two computations
        one, other = (law.draw(np.random.default_rng(7)) for _ in range(2))
        assert law.slack(one) == law.slack(other)


def test_examples_reach_all_activations_and_the_edges_of_sizes_and_lags() -> None:
    found = [credit.draw(np.random.default_rng(seed)) for seed in range(120)]
    assert {e.network.cell.activations[0].name for e in found} == {"tanh", "logistic", "identity", "sine"}
    assert {e.network.n for e in found} >= {1, 5}
    assert {e.steps for e in found} >= {1, 16}
    rates = [
        np.linalg.norm(e.network.parameters["W"], 2) for e in found if e.network.cell.activations[0].name != "logistic"
    ]
    assert 0.93 < max(rates) < 1
    assert min(rates) == 0.0  # a nilpotent matrix of one unit


# Falsehoods: a wrong bound in place of the right one


def later(values):
    """The bound of lag d+1 at lag d."""
    return np.concatenate([values[:, 1:], np.full_like(values[:, :1], np.inf)], axis=1)


def without_curvature(monkeypatch) -> None:
    log_of, flat = bound_module.log_of, {notation.curvature_sup: sp.Integer(0)}
    monkeypatch.setattr(bound_module, "log_of", lambda expression, where: log_of(expression.xreplace(flat), where))


@pytest.mark.parametrize("name", ["sample", "expected", "two_tasks", "recall_bound"])
def test_a_bound_of_a_lag_off_by_one_is_found_out(name) -> None:
    law = LAWS[name]
    assert broken(dataclasses.replace(law, high=lambda example: later(law.high(example))))


@pytest.mark.parametrize("name", ["sample", "expected", "two_tasks"])
def test_a_bound_that_forgets_the_curvature_is_found_out(name, monkeypatch) -> None:
    """Without gamma_2 nothing would depend on the last input through the slopes."""
    credit.bounds.cache_clear()
    assert not broken(LAWS[name], 3)
    credit.bounds.cache_clear()
    without_curvature(monkeypatch)
    assert broken(LAWS[name])
    credit.bounds.cache_clear()


@pytest.mark.parametrize("name", ["sample", "expected", "two_tasks", "recall_bound"])
def test_a_bound_with_the_radius_for_the_norm_is_found_out(name) -> None:
    law = LAWS[name]

    def radius(example):
        W = example.network.parameters["W"]
        norm, found = np.linalg.norm(W, 2), np.abs(np.linalg.eigvals(W)).max()
        ratio = np.log(max(found, 1e-9) / norm) if norm else 0.0
        values = law.high(example)
        lags = np.arange(values.shape[1]).reshape(1, -1, *[1] * (values.ndim - 2))
        return values + np.maximum(lags - 1, 0) * ratio

    assert broken(dataclasses.replace(law, high=radius))


def test_tasks_that_differ_by_more_than_stated_are_found_out() -> None:
    law = LAWS["two_tasks"]
    assert broken(dataclasses.replace(law, high=lambda example: law.high(example) - 0.1))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda W, b, c, d: linear_recall_gradient(W.T, b, c, d),  # transposed
        lambda W, b, c, d: linear_recall_gradient(W, b, c, max(0, d - 1)),  # lag off by one
        lambda W, b, c, d: linear_recall_gradient(W, c, b, d),  # input for output
        lambda W, b, c, d: linear_recall_gradient(W, 2 * b, c, d),  # the factor of the squared loss
    ],
    ids=["transposed", "lag", "exchanged", "factor two"],
)
def test_a_wrong_closed_form_is_found_out(wrong, monkeypatch) -> None:
    monkeypatch.setattr(credit, "linear_recall_gradient", wrong)
    assert broken(LAWS["recall"], 10)


def without_slope_differences(self, weights, groups, sums=coupled_module._Pass.sums):
    self.S = {t: np.zeros_like(S) for t, S in self.S.items()}
    return sums(self, weights, groups)


def with_slopes_that_are_a_millionth_off(self, weights, groups, sums=coupled_module._Pass.sums):
    self.base = dataclasses.replace(self.base, slope=self.base.slope * (1 + 1e-6))
    return sums(self, weights, groups)


@pytest.mark.parametrize("wrong", [without_slope_differences, with_slopes_that_are_a_millionth_off])
def test_wrong_coupled_differences_are_found_out_by_the_mean_of_all_sequences(wrong, monkeypatch) -> None:
    law = LAWS["coupled"]
    assert not broken(law, 10)
    monkeypatch.setattr(coupled_module._Pass, "sums", wrong)
    assert broken(law, 20)


def test_half_of_the_examples_start_at_zero_where_the_range_of_the_activation_counts() -> None:
    found = [credit.draw(np.random.default_rng(seed)) for seed in range(60)]
    still = sum(not example.initial.any() for example in found)
    assert 15 < still < 45


def test_an_equality_that_is_not_attained_is_found_out() -> None:
    law = LAWS["attained"]
    assert broken(dataclasses.replace(law, high=lambda example: law.high(example) - 1e-6), 10)
