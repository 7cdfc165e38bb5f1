"""Laws of the expectation in the calculus: its rules hold on finite probability spaces, and chance is not forgotten."""

import dataclasses
import itertools

import numpy as np
import pytest
import sympy as sp

from errorflow.numerics.evaluate import environment, evaluate
from errorflow.theory import theorems
from errorflow.theory.bounds.setting import product
from errorflow.theory.calculus import (
    ALGEBRA,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Letter,
    Line,
    Obtain,
    Rejection,
    Rule,
    eq,
    form,
    le,
    mean_rules,
    rules,
)
from errorflow.theory.calculus.facts import sides, supposed
from errorflow.theory.calculus.mean import Mean, unsure
from errorflow.theory.quantities import jacobian_norm
from errorflow.theory.theorem import Theorem, Witness

x, y, c, d = mean_rules.x, mean_rules.y, mean_rules.c, mean_rules.d
v, h = Letter("v"), Letter("h")
ALL = [rule for rule in vars(mean_rules).values() if isinstance(rule, Rule)]


def on_a_space(rule: Rule, rng: np.random.Generator):
    """The rule's claim where x and y take random values on a finite space, c and d do not depend on chance."""
    count = int(rng.integers(1, 5))
    values = {x: rng.standard_normal(count), y: rng.standard_normal(count)}
    fixed = {c: float(rng.standard_normal()), d: float(rng.standard_normal())}
    if rule is mean_rules.mean_of_product:  # at least the root mean squares
        fixed = {n: float(np.sqrt(np.mean(values[r] ** 2)) * rng.uniform(1, 1.2)) for n, r in ((c, x), (d, y))}
    outcomes = [
        environment(W=np.eye(1), values=fixed | {r: float(a[i]) for r, a in values.items()}) for i in range(count)
    ]
    return dataclasses.replace(environment(W=np.eye(1), values=fixed), outcomes=tuple(outcomes))


def holds(claim, where) -> bool:
    small, relation, large = sides(claim)
    left, right = evaluate(small, where).midpoint, evaluate(large, where).midpoint
    return abs(left - right) < 1e-12 if relation == "=" else left <= right + 1e-12


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
def test_a_rule_of_the_expectation_holds_on_finite_spaces(rule: Rule) -> None:
    rng = np.random.default_rng(1)
    assert all(holds(rule.claim, on_a_space(rule, rng)) for _ in range(200))


@pytest.mark.parametrize(
    "claim",
    [eq(Mean(x * y), Mean(x) * Mean(y)), le(Mean(x * y), c * d), le(Mean(sp.Abs(x)), sp.Abs(Mean(x)))],
    ids=["independence of anything", "without squares", "modulus the other way"],
)
def test_a_false_rule_of_the_expectation_is_caught(claim) -> None:
    rng = np.random.default_rng(1)
    assert not all(holds(claim, on_a_space(mean_rules.mean_of_sum, rng)) for _ in range(200))


def test_vectors_with_equal_inner_products_are_equal() -> None:
    rng = np.random.default_rng(2)
    claim, premise = rules.equal_inner_products.claim, rules.equal_inner_products.conditions[0].claim
    assert sides(claim)[1] == sides(premise)[1] == "="
    for n in (1, 2, 5):
        right, near = rng.standard_normal((n, 1)), 1e-6 * rng.standard_normal((n, 1))
        for left, equal in ((right, True), (right + near, False)):
            letters = {"A": left, "E": right}
            forms = [environment(W=np.eye(n), letters=letters | {"v'": basis[:, None]}) for basis in np.eye(n)]
            assert all(holds(premise, where) for where in forms) is equal


def derived(start, *lines: Line, given=(), random=(x, h), over=()) -> Derivation:
    return Derivation(given, (Calculation("conclusion", start, lines, over=over),), random)


small = Fact("x is at most c", le(x, c))
known = Fact("mean of x", eq(Mean(x), 1))
white = Fact("white", eq(Mean(x * form(v, h)), 0), over=(v,))


def test_the_expectation_grows_with_its_argument_and_constants_leave_it() -> None:
    lines = (Line("=", c * Mean(x), mean_rules.mean_of_multiple), Line("=", c, known.name))
    assert derived(Mean(c * x), *lines, given=(known,)).proof.conclusion.claim == eq(Mean(c * x), c)
    grown = derived(Mean(x), Line("<=", Mean(c), small.name), Line("=", c, mean_rules.mean_of_constant), given=(small,))
    assert grown.proof.conclusion.claim == le(Mean(x), c)


REJECTED = {
    "a random factor leaves the expectation": (
        derived(Mean(x * y), Line("=", y * Mean(x), mean_rules.mean_of_multiple), random=(x, y)),
        "y does not depend on chance",
    ),
    "a random number is its own expectation": (
        derived(Mean(x), Line("=", x, mean_rules.mean_of_constant)),
        "x does not depend on chance",
    ),
    "the norm of a run counts as a constant": (
        derived(
            Mean(jacobian_norm(sp.Symbol("k", integer=True)) * x),
            Line("=", jacobian_norm(sp.Symbol("k", integer=True)) * Mean(x), mean_rules.mean_of_multiple),
        ),
        "does not depend on chance",
    ),
    "what is white for constant vectors is used for a random one": (
        derived(Mean(x * form(h, h)), Line("=", sp.Integer(0), white.name), given=(white,)),
        "does not depend on chance",
    ),
    "an expectation where nothing depends on chance": (
        derived(Mean(c * x), Line("=", c * Mean(x), mean_rules.mean_of_multiple), random=()),
        "nothing is said to depend on chance",
    ),
    "a statement for all values of what depends on chance": (
        derived(Mean(c * x), Line("=", c * Mean(x), mean_rules.mean_of_multiple), over=(x,)),
        "x depends on chance",
    ),
    "a step that depends on chance": (
        derived(
            Mean(c * x), Line("=", c * Mean(x), mean_rules.mean_of_multiple), random=(sp.Symbol("i", integer=True),)
        ),
        "cannot depend on chance",
    ),
    "the expectation falls with its argument": (
        derived(Mean(c), Line("<=", Mean(x), small.name), given=(small,)),
        "does not apply",
    ),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_planted_mistake_about_chance_is_rejected(name: str) -> None:
    derivation, reason = REJECTED[name]
    with pytest.raises(Rejection, match=reason):
        _ = derivation.proof


def test_a_fact_about_an_expectation_is_not_combined_for_a_random_value() -> None:
    doubled = Fact("doubled", eq(Mean(c * x), c * Mean(x)), over=(c,))
    combined = Combination("conclusion", eq(Mean(x * y), y * Mean(x)), ((1, "doubled", {c: y}),))
    with pytest.raises(Rejection, match="holds for what does not depend on chance, and y does"):
        _ = Derivation((doubled,), (combined,), (x, y)).proof
    assert Derivation((doubled,), (combined,), (x,)).proof.conclusion.claim == combined.claim


m = sp.Symbol("m")
own_mean = Fact("own mean", eq(m, Mean(x)))
BELOW = Calculation(  # every number that is never above x is at most m
    "below",
    c,
    (
        Line("=", Mean(c), mean_rules.mean_of_constant),
        Line("<=", Mean(x), supposed(le(c, x)).name),
        Line("=", m, "own mean"),
    ),
    over=(c,),
    when=(le(c, x),),
)


def test_what_follows_from_a_condition_at_every_outcome_is_not_used_for_a_random_number() -> None:
    itself = Calculation("end", x, (Line("<=", m, "below"), Line("=", Mean(x), "own mean")))
    with pytest.raises(Rejection, match="does not depend on chance"):
        _ = Derivation((own_mean,), (BELOW, itself), (x,)).proof  # x <= E x
    sure = Fact("d is never above x", le(d, x))
    fixed = Calculation("end", d, (Line("<=", m, "below"), Line("=", Mean(x), "own mean")))
    assert Derivation((own_mean, sure), (BELOW, fixed), (x,)).proof.conclusion.claim == le(d, Mean(x))


def test_a_sign_does_not_follow_from_an_expectation_at_a_random_number() -> None:
    given = (Fact("mean", le(0, Mean(x))), Fact("factor", le(0, y)), Fact("h", le(0, d)))
    lines = (Line("=", Mean(c * x), mean_rules.mean_of_multiple),)
    leaves = Calculation("leaves", c * Mean(x), lines, over=(c,))
    end = Combination("end", le(0, d * Mean(x * y)), ((Mean(x * y), "h"),))  # false for x = 1 or -1, y = 1 - x
    with pytest.raises(Rejection, match="needs 0 <= "):
        _ = Derivation((*given,), (leaves, end), (x, y)).proof


def test_a_symbol_that_depends_on_chance_is_written_like_no_other() -> None:
    line = Line("=", x * Mean(y), mean_rules.mean_of_multiple)
    for twin in (sp.Symbol("x", real=True), Letter("x")):
        with pytest.raises(Rejection, match="two different symbols are written 'x'"):
            _ = Derivation((), (Calculation("end", Mean(x * y), (line,)),), (twin, y)).proof


def test_a_theorem_whose_conclusion_hides_an_expectation_is_used_for_the_same_chance_alone() -> None:
    one = Witness.of([[1]])
    card = {"title": "", "quantifiers": "", "citation": "errorflow2026", "place": "", "version": "", "words": ""}
    card |= {"non_vacuity": one, "tightness": "upper"}
    under = Fact("c is never above x", le(c, x))
    lines = (Line("=", Mean(c), mean_rules.mean_of_constant), Line("<=", Mean(x), under.name), Line("=", m, "own mean"))
    proof = Derivation((own_mean, under), (Calculation("end", c, lines),), (x,))
    first = Theorem(id="first", conclusion=le(c, m), derivation=proof, **card)
    use = Calculation("end", c + 1, (Line("<=", m + 1, "taken"),))
    for random, right in (((x,), True), ((x, c), False)):
        taken = Derivation((own_mean, under, Fact("taken", le(c, m), theorem=first)), (use,), random)
        second = Theorem(id="second", conclusion=use.claim, derivation=taken, **card)
        if right:
            second.check()
        else:
            with pytest.raises(ValueError, match="depend on chance"):
                second.check()


def test_nothing_is_obtained_beside_chance() -> None:
    P = Letter("P")
    exists = Obtain("obtained", rules.ando, {rules.A: Letter("A"), rules.c: c}, {rules.P: P}, over=(rules.u, rules.v))
    last = Calculation("conclusion", Mean(c * x), (Line("=", c * Mean(x), mean_rules.mean_of_multiple),))
    with pytest.raises(Rejection, match="nothing is obtained beside chance"):
        _ = Derivation((), (exists, last), (x,)).proof


def test_a_theorem_about_an_expectation_is_used_for_the_same_chance_alone() -> None:
    one = Witness.of([[1]])
    card = {"quantifiers": "", "citation": "errorflow2026", "place": "", "version": "", "words": "", "non_vacuity": one}
    claim = eq(Mean(c * x), c * Mean(x))
    line = Line("=", c * Mean(x), mean_rules.mean_of_multiple)
    first = Theorem(
        id="first", title="", conclusion=claim, derivation=derived(Mean(c * x), line), tightness="upper", **card
    )
    use = Calculation("conclusion", Mean(c * x) + 1, (Line("=", c * Mean(x) + 1, "taken"),))
    for random, right in (((x, h), True), ((x,), False)):
        taken = Derivation((Fact("taken", claim, theorem=first),), (use,), random)
        second = Theorem(id="second", title="", conclusion=use.claim, derivation=taken, tightness="upper", **card)
        if right:
            second.check()
        else:
            with pytest.raises(ValueError, match="depend on chance"):
                second.check()


def test_what_stands_in_an_expectation_does_not_depend_on_chance() -> None:
    assert not unsure(c + Mean(x * form(h, h)), {x, h})
    assert unsure(c + form(v, h[1]), {x, h})
    assert unsure(product.claim.lhs, {x})


def test_words_are_equal_by_multiplying_out_and_only_then() -> None:
    A, B = Letter("A"), Letter("B")
    right = Line("=", A @ v + (B - A) @ v, ALGEBRA)
    assert Derivation((), (Calculation("conclusion", B @ v, (right,)),)).proof.rules == ()
    for wrong in (v.T @ B.T, A @ B @ v - B @ A @ v + B @ v, 2 * B @ v):
        with pytest.raises(Rejection, match="not equal by algebra"):
            _ = Derivation((), (Calculation("conclusion", B @ v, (Line("=", wrong, ALGEBRA),)),)).proof


def coupled(rng: np.random.Generator, *, n: int, lag: int, horizon: int):
    """(E[y* dy/dW], numbers of the theorem) of a tanh network, over all sequences of inputs -1 and 1, by forward steps."""
    W = rng.standard_normal((n, n))
    eta = rng.uniform(0.1, 0.97)
    W *= eta / np.linalg.norm(W, 2)
    B, b, readout = rng.standard_normal(n), rng.standard_normal(n), rng.standard_normal(n)
    first = horizon - lag
    informative, states = np.zeros((n, n)), 0.0
    sequences = list(itertools.product((-1.0, 1.0), repeat=horizon))
    for signs in sequences:
        hidden, derivative = np.zeros(n), np.zeros((n, n, n))
        for t in range(1, horizon + 1):
            before = hidden
            hidden = np.tanh(W @ before + B * signs[t - 1] + b)
            local = np.einsum("ij,k->ijk", np.eye(n), before)
            derivative = (1 - hidden**2)[:, None, None] * (np.tensordot(W, derivative, axes=1) + local)
            states = max(states, float(np.linalg.norm(hidden)))
        informative += signs[first - 1] * np.tensordot(readout, derivative, axes=1) / len(sequences)
    return informative, {"eta": eta, "B": np.linalg.norm(B), "c": np.linalg.norm(readout), "H": states}


CURVATURE = 4 / (3 * np.sqrt(3))  # of tanh


@pytest.mark.parametrize(("n", "lag"), [(1, 1), (1, 3), (2, 1), (2, 4), (3, 2), (3, 5)])
def test_the_informative_gradient_of_a_network_is_below_the_theorem(n: int, lag: int) -> None:
    rng, theorem = np.random.default_rng(10 * n + lag), theorems.get("task_informative_gradient")
    rate, sigma_target, sigma_input, H, gamma_2, gamma = sp.symbols(r"\eta \sigma_{*} \sigma_B H \gamma_2 \gamma")
    bound = theorem.conclusion.rhs
    for _ in range(4):
        informative, found = coupled(rng, n=n, lag=lag, horizon=lag + 2)
        by_name = {str(rate): found["eta"], str(sigma_target): 1, str(sigma_input): found["B"], str(H): found["H"]}
        by_name |= {str(gamma_2): CURVATURE, str(gamma): 1, "k": lag}
        values = {s: by_name[str(s)] for s in bound.free_symbols if str(s) in by_name}
        norms = {f: found["c"] if "c" in str(f) else 1 for f in bound.atoms(sp.Function)}
        right = float(bound.subs(norms).subs(values))
        nuclear = float(np.linalg.svd(informative, compute_uv=False).sum())
        assert 0 < nuclear <= right
