"""The confrontation: every law on the networks that Hypothesis draws; a law for some is found by a search.

A profile of 1,000 examples and more, such as the nightly one, is taken as it is; the usual one is cut to a dozen of a cheap law
and fewer of a dear one.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, settings

from errorflow.numerics.confrontation.law import Example, Law
from errorflow.numerics.confrontation.run import laws
from errorflow.testing import strategies

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
    assert len(W) <= 6
