"""The confrontation: every law on the networks that Hypothesis draws; a law for some is found by a search.

A profile of 1,000 examples and more, such as the nightly one, is taken as it is; the usual one is cut to a dozen of a cheap law
and fewer of a dear one.
"""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from random import Random

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, Phase, assume, find, given, settings

from errorflow.numerics.confrontation import families, norm_bounds, undecided
from errorflow.numerics.confrontation.law import Example, Law
from errorflow.numerics.confrontation.run import laws
from errorflow.testing import strategies
from errorflow.theory import activations
from errorflow.theory.scalar_facts.recall_window import recall_window, window_fact

EVERY = {law.id: law for law in laws() if law.quantifier == "every"}
SOME = {law.id: law for law in laws() if law.quantifier == "some"}
USUAL = 12
DEAR = {"undecided": 6, "norm_bounds": 6, "same_gradient": 8, "credit": 6, "self_regularization": 6}
NIGHTLY = 1000
STATISTICAL = 3  # a law in standard errors: each example is a sample that may miss, by its significance


def count(law: Law) -> int:
    """How many examples a law is put to in the profile that is loaded."""
    if law.unit == "standard errors":
        return STATISTICAL
    profile = settings.default.max_examples if settings.default else USUAL
    return profile if profile >= NIGHTLY else min(profile, DEAR.get(law.id.partition(":")[0], USUAL))


@pytest.mark.parametrize("law", EVERY.values(), ids=EVERY)
def test_every_example_obeys(law: Law) -> None:
    @settings(max_examples=count(law), suppress_health_check=list(HealthCheck))
    @given(strategies.examples_of(law))
    def obeyed(example: Example) -> None:
        assume(law.applies(example))
        assert law.slack(example) >= 0.0, f"{law.statement} Broken by {example}, W = {example.network.parameters['W']}"

    obeyed()


@pytest.mark.parametrize("law", SOME.values(), ids=SOME)
def test_some_example_shows_it(law: Law) -> None:
    shown = find(
        strategies.examples_of(law),
        lambda example: law.applies(example) and law.slack(example) >= 0.0,
        settings=settings(
            max_examples=max(300, count(law)),
            phases=[Phase.generate],  # the first one will do
            suppress_health_check=list(HealthCheck),
        ),
        random=Random(0),
    )
    assert law.slack(shown) >= 0.0


def test_two_copies_with_one_entry_each_exceed_the_bound_of_a_shared_matrix() -> None:
    """The search for copies of numerical radius 1 whose product is above 2 shrinks to a witness that one can read."""
    law = SOME["sharp_uniform:violated_by_copies"]
    shown = find(
        strategies.examples_of(law),
        lambda e: law.slack(e) >= 0.0,
        settings=settings(max_examples=500),
        random=Random(0),
    )
    W = shown.network.parameters["W"]
    assert W.shape[1:] == (2, 2)
    assert W.any()
    assert len(W) <= 6


# Laws that can fail


def least_slack(law: Law, count: int) -> float:
    examples = [law.draw(np.random.default_rng(seed)) for seed in range(count)]
    return min(law.slack(example) for example in examples if law.applies(example))


@pytest.mark.parametrize("wrong", [np.ones_like, lambda masks: 1 - masks], ids=["ones", "complement"])
def test_masks_that_do_not_give_the_certified_growth_are_found_out(wrong, monkeypatch) -> None:
    law, found = EVERY["undecided:inputs_realize"], undecided.growing_masks
    undecided.grown.cache_clear()
    assert least_slack(law, 6) >= 0
    undecided.grown.cache_clear()

    def planted(W):
        growth = found(W)
        return dataclasses.replace(growth, masks=wrong(growth.masks))

    monkeypatch.setattr(undecided, "growing_masks", planted)
    assert least_slack(law, 6) < -1
    undecided.grown.cache_clear()


def test_a_row_sum_bound_of_the_infinity_norm_has_no_factor() -> None:
    """Half of the bound is exceeded in that norm by an identity matrix, on which the spectral norm leaves sqrt(n) of room."""
    law = EVERY["row_sum_norm:shared"]
    example = families.example_of(np.eye(5), steps=3, activation=activations.Identity(), family="identity", rng=0)
    gaps = law.high(example) - law.low(example)
    assert gaps.shape == (2, 2, 3)
    assert gaps.min() >= 0
    assert np.allclose(gaps[1], 0, atol=1e-8)
    assert np.allclose(gaps[0], np.log(5) / 2, atol=1e-8)


def test_a_gain_that_rounding_has_lost_is_known_from_above() -> None:
    example = families.example_of(
        np.diag([1.0, 0.1]), steps=9, activation=activations.Identity(), family="diagonal", rng=0
    )
    found, exact = norm_bounds.log_gains(example), -np.log(10) * np.arange(1, 10)
    assert np.allclose(found[:5], exact[:5])
    assert np.allclose(found[6:], np.log(1e-6))
    law = EVERY["smallest_gain:shared"]
    assert 0 <= law.slack(example) < 1e-8
    assert dataclasses.replace(law, low=lambda e: np.zeros(e.steps)).slack(example) < -13


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"families": "jordan"}, TypeError, "families must be a sequence of names, got 'jordan'"),
        ({"sizes": 3}, TypeError, "sizes must be two integers, got 3"),
        ({"sizes": (1.0, 2.0)}, TypeError, "sizes must be two integers"),
        ({"steps": (0, 1)}, ValueError, "steps must satisfy 1 <= smallest <= largest"),
        ({"activations": ["tanh"]}, TypeError, "activations must be instances of Activation, got 'tanh'"),
    ],
)
def test_arguments_of_the_strategy_of_examples_are_checked(options, error, message) -> None:
    with pytest.raises(error, match=message):
        strategies.examples(**options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"steps": 0}, ValueError, "steps must be an integer of at least 1, got 0"),
        ({"samples": 0}, ValueError, "samples must be an integer of at least 1, got 0"),
        ({"steps": 2.0}, ValueError, "steps must be an integer of at least 1, got 2.0"),
        ({"activation": "tanh"}, TypeError, "activation must be an Activation, got 'tanh'"),
    ],
)
def test_arguments_of_an_example_are_checked(options, error, message) -> None:
    with pytest.raises(error, match=message):
        families.example("jordan", rng=0, **options)


@pytest.mark.parametrize("lag", [np.int64(20), sp.Integer(20)])
@pytest.mark.parametrize("product", [np.int64(1), sp.Integer(1), 1])
def test_a_recall_window_takes_the_integers_of_numpy_and_sympy(product, lag) -> None:
    assert recall_window(product, lag) is recall_window(1, 20)
    assert recall_window(sp.Rational(1, 10), lag) == recall_window(Fraction(1, 10), 20)
    assert window_fact(product, lag).statement == window_fact(1, 20).statement
