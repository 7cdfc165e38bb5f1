"""What is of another class than it seems, theorems that do not prove themselves, an author's own rules: none is believed."""

import dataclasses

import pytest
import sympy as sp

from errorflow.theory import notation, quantities, theorems
from errorflow.theory.calculus import (
    ALGEBRA,
    STEP,
    Calculation,
    Combination,
    Derivation,
    Fact,
    Letter,
    Line,
    Rejection,
    Rule,
    chain,
    le,
    rules,
)
from errorflow.theory.calculus.facts import Property
from errorflow.theory.calculus.proved_rules import proved_rule
from errorflow.theory.calculus.words import Chain
from errorflow.theory.evidence import Graph
from errorflow.theory.quantities import max_abs, spectral_norm
from errorflow.theory.scalar_facts import ScalarFact
from errorflow.theory.theorem import Theorem, Witness, add_evidence

A, B, D, W = map(Letter, "ABDW")
n, k = notation.n, notation.lag
c, g, p, q, s, z = sp.symbols("c g p q s z")
i = sp.Symbol("i", integer=True)
f = sp.Function("f")
norm = spectral_norm
ONE = Fact("one", le(0, sp.Integer(1)))


def line(start, relation, end, by, using=None, **rest):
    return Calculation("end", start, (Line(relation, end, by, using or {}),), **rest)


def combined(claim, *terms, name="end", **rest):
    return Combination(name, claim, terms, **rest)


def plain_rule(name, claim, *variables, **rest):
    return Rule(
        name=name, claim=claim, variables=frozenset(variables), reference="horn2013", place="", lemma="", **rest
    )


class Liar(Calculation):
    @property
    def claim(self):
        return le(norm(W), 0)


class Shrinking(quantities.MatrixFunctional):
    @classmethod
    def eval(cls, matrix):
        return None


class Like(sp.Symbol):
    """Equal to every other symbol."""

    __hash__ = sp.Symbol.__hash__

    def __eq__(self, other):
        return True


@dataclasses.dataclass(frozen=True)
class Looser(Fact):
    pass


class Everywhere(Property):
    words = "is everything"


_bounded = Line("<=", n * max_abs(W), rules.spectral_by_entries)
_true = Derivation((), (Calculation("end", norm(W), (_bounded,)),))


@pytest.mark.parametrize(
    ("facts", "lemma"),
    [
        ((), Liar("end", norm(W), (_bounded,))),
        ((), line(Shrinking(W), "=", Shrinking(W), ALGEBRA)),
        ((), line(Like("p"), "=", q, ALGEBRA)),
        ((Looser("f", le(p, q)),), line(p, "<=", q, "f")),
        ((Fact("f", Everywhere(W)),), line(norm(W), "=", max_abs(W), rules.norm_of_diagonal)),
        ((Fact("f", sp.Basic.__new__(sp.Le, A, B)),), line(A, "<=", B, "f")),
        ((), line(norm(sp.Basic.__new__(Chain, chain(W, 1, 2), sp.Integer(1), k)), "=", norm(W), ALGEBRA)),
        ((), line(norm(W), "<", n * max_abs(W), rules.spectral_by_entries)),
        ((), Calculation("end", norm(W), ())),
        ((), Calculation("end", norm(W), (Line("<=", g, None),))),
    ],
)
def test_what_is_of_another_class_than_it_seems_is_rejected(facts, lemma) -> None:
    with pytest.raises(Rejection):
        _ = Derivation(facts, (lemma,)).proof


def test_what_was_checked_cannot_change() -> None:
    using, lines, given_facts = {rules.A: W}, [_bounded], []
    derivation = Derivation(given_facts, [Calculation("end", norm(W), lines)])
    assert derivation.proof.conclusion.claim == le(norm(W), n * max_abs(W))
    lines.append(Line("<=", sp.Integer(0), "nothing"))
    given_facts.append(ONE)
    assert derivation == _true
    with pytest.raises(TypeError):
        Line("=", p, ALGEBRA, using).using[rules.A] = D
    with pytest.raises(TypeError):
        derivation.proof.facts["end"] = ONE


def theorem(derivation, conclusion, **rest) -> Theorem:
    words = dict.fromkeys(("title", "quantifiers", "place", "version", "words"), "")
    return Theorem(
        id="false",
        derivation=derivation,
        conclusion=conclusion,
        citation="horn2013",
        tightness="upper",
        non_vacuity=Witness.of([[1]]),
        letters=lambda cell: None,
        **{**words, **rest},
    )


def test_a_theorem_proves_what_it_states_and_itself() -> None:
    class Believer(Theorem):
        def check(self):
            pass

    class Believed(Derivation):
        proof = _true.proof

    with pytest.raises(ValueError, match="concludes"):
        theorem(_true, le(norm(W), max_abs(W))).check()
    with pytest.raises(TypeError, match="must be a Derivation"):
        theorem(Believed((), ()), _true.proof.conclusion.claim)
    untrue = Believer(**{one.name: getattr(theorem(_true, le(p, q)), one.name) for one in dataclasses.fields(Theorem)})
    with pytest.raises(TypeError, match="evidence is added of a theorem"):
        add_evidence(Graph(), untrue)
    uses = Derivation((Fact("untrue", le(p, q), theorem=untrue),), (line(p, "<=", q, "untrue"),))
    with pytest.raises(TypeError, match="must use theorems"):
        theorem(uses, le(p, q)).check()


def test_a_theorem_about_one_number_is_not_used_for_all() -> None:
    small = Fact("small", le(norm(W), g))
    about_one = theorem(Derivation((small,), (line(norm(W), "<=", g, "small"),)), le(norm(W), g))
    about_one.check()
    for_all = Fact("all", le(norm(W), g), over=(g,), theorem=about_one)
    derivation = Derivation((small, for_all), (combined(le(norm(W), 0), (1, "all", {g: 0})),))
    with pytest.raises(ValueError, match="needs or says something else: given 'small'"):
        theorem(derivation, le(norm(W), 0)).check()


# An author's own rules


@pytest.mark.usefixtures("derivations_alone")
def test_an_own_rule_is_cited_or_assumed_and_cannot_hide_behind_a_name() -> None:
    false = plain_rule("submultiplicative", le(norm(A), max_abs(A)), A)
    assert false.evidence.word == "cited"
    assert dataclasses.replace(false, reference="").evidence.word == "assumed"
    assert rules.submultiplicative.evidence.word == "symbolic"
    graph, claim = Graph(), le(norm(W), max_abs(W))
    mine = theorem(Derivation((), (line(norm(W), "<=", max_abs(W), false),)), claim)
    assert str(graph.grade(add_evidence(graph, mine))) == "cited"
    other = theorem(
        Derivation((), (line(norm(W @ D), "<=", norm(W) * norm(D), rules.submultiplicative),)),
        le(norm(W @ D), norm(W) * norm(D)),
    )
    with pytest.raises(ValueError, match="two rules have the name 'submultiplicative'"):
        add_evidence(graph, dataclasses.replace(other, id="other"))


def test_an_own_rule_is_about_closed_expressions_and_states_signs() -> None:
    for claim in (le(f(STEP), g), sp.Ne(p, g, evaluate=False)):
        with pytest.raises(ValueError, match="must be <=, < or = between closed expressions"):
            plain_rule("own", claim, p, g, STEP)
    with pytest.raises(ValueError, match="must say in its premises what sign"):
        plain_rule("own", le(0, sp.Symbol("p", positive=True)), sp.Symbol("p", positive=True))


def test_a_rule_over_complex_numbers_takes_no_premise_about_real_ones() -> None:
    # (|z| - 1) ||R|| <= c is needed for complex z and R; that z^2 is not negative is known for real z alone.
    proved = theorems.get("kreiss1962_lower").derivation
    place = next(i for i, lemma in enumerate(proved.lemmas) if isinstance(lemma, Combination) and z in lemma.over)
    lemma = proved.lemmas[place]
    real = dataclasses.replace(lemma, terms=(*lemma.terms, (z**2, "nought")))
    with pytest.raises(Rejection, match="established for real numbers and matrices alone"):
        _ = Derivation(
            (*proved.given, Fact("nought", le(0, 0))), (*proved.lemmas[:place], real, *proved.lemmas[place + 1 :])
        ).proof


def test_a_proved_fact_becomes_a_rule_only_if_premises_can_say_what_its_symbols_are() -> None:
    u = sp.Symbol("u", negative=True)
    fact = ScalarFact(
        id="below", statement=sp.Le(u, 0, evaluate=False), words="", citation=None, proof=lambda fact: None
    )
    with pytest.raises(ValueError, match="symbol u of a rule must have no assumptions but a kind and a sign"):
        proved_rule(fact, name="below", lemma="below")
