r"""Theorems, refutations, facts and claims on a network: what each card of the report says.

A theorem's grade is that of its derivation; the hypotheses are answered on this network, in both scopes. A refutation is
graded by the exact check of its counterexample, run when it is first needed. A claim is judged by its theorem (*holds*
where every hypothesis is met) or by its refutation.

Main definitions: `theorem_cards`, `refutation_cards`, `claim_cards`, `fact_cards`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from ..theory import claims, kernel, refutations, scalar_facts, theorems
from ..theory.bounds import no_cell
from ..theory.bounds.bound import DECISION
from ..theory.calculus import rules
from ..theory.calculus.listing import Step, listing
from ..theory.evidence import Graph, KernelChecked, Node, Textbook
from ..theory.hypotheses import Hypothesis
from ..theory.notation import slope_least
from ..theory.sources import Source
from ..theory.theorem import Theorem, add_evidence
from . import analysis as a
from .axes import Array
from .evaluate import Answer, Environment, answer, evaluate
from .instantiate import Instance
from .words import NoValue

NUMBERS_UP_TO = 100  # units

Gaps = Mapping[tuple[str, str], Array]
Answers = tuple[tuple[Hypothesis, Answer], ...]


def theorem_cards(
    graph: Graph,
    scopes: tuple[Environment, Environment],
    found: tuple[Sequence[Instance], Sequence[Instance]],
    gaps: Gaps,
    seed: int | None,
) -> list[a.TheoremRecord]:
    """A card for every theorem, those that do not apply to this cell included; adds theorems and rules to the graph."""
    by_theorem = [{i.theorem.id: i for i in instances} for instances in found]
    return [
        _theorem_card(graph, theorem, scopes, tuple(group.get(theorem.id) for group in by_theorem), gaps, seed)
        for theorem in theorems.all()
    ]


def _theorem_card(
    graph: Graph,
    theorem: Theorem,
    scopes: tuple[Environment, ...],
    instances: tuple[Instance | None, ...],
    gaps: Gaps,
    seed: int | None,
) -> a.TheoremRecord:
    node = add_evidence(graph, theorem)
    grade = graph.grade(node)
    keys = [(i.bound.id, i.scope) for i in instances if i is not None]
    tested = [gaps[key] for key in keys if key in gaps]
    cases = np.concatenate(tested) if tested else np.zeros(0)
    assert (cases >= 0).all(), f"the computed product violates {theorem.id} by {-cases.min():.3g} nats"
    answers = [_answers(theorem, where) for where in scopes]
    applies = answers[0] is not None
    relation = instances[0].bound.statement if instances[0] is not None else theorem.conclusion
    conclusions = [
        a.Conclusion(where.scope, _conclusion(theorem, where, found, instance))
        for where, found, instance in zip(scopes, answers, instances, strict=True)
    ]
    return a.TheoremRecord(
        id=theorem.id,
        title=theorem.title,
        grade=str(grade),
        weakest=grade.weakest,
        textbook_rules=grade.textbook,
        object=theorem.object,
        norm=theorem.norm,
        quantifiers=theorem.quantifiers,
        direction={"<=": "upper", ">=": "lower"}.get(relation.rel_op, "equal"),
        tightness=theorem.tightness,
        statement=relation,
        statement_text=theorem.words,
        given=tuple(a.GivenRecord(fact.name, str(fact), fact.claim) for fact in theorem.given),
        applies=applies,
        hypotheses=tuple(
            hypothesis_record(*pair, scope=where.scope)
            for where, found in zip(scopes, answers, strict=True)
            for pair in found or ()
        ),
        conclusion=tuple(conclusions),
        steps=tuple(
            a.StepRecord(step.lemma, step.reason, step.formula, _step_grade(step, theorem))
            for step in listing(theorem.derivation)
        ),
        tests=a.Tests(len(cases), float(cases.min()) if len(cases) else None, seed),
        source=source_record(theorem.source, theorem.place, theorem.version),
        formal=next(iter(formal_records(theorem.formal)), None),
        non_vacuity=str(theorem.non_vacuity),
        tightness_witness=""
        if theorem.tightness_witness is None
        else f"at lag 1: {theorem.tight_at(1)}"
        if callable(theorem.tightness_witness)
        else str(theorem.tightness_witness),
        rests_on=(node, *graph.nodes[node].rests_on),
        random=theorem.derivation.random,
        related=related_records(theorem.related),
    )


def _step_grade(step: Step, theorem: Theorem) -> str:
    """The grade of one step by itself: that of its rule, or of the theorem it takes; a step by a given fact says so.

    Algebra, combinations, inductions and steps by a lemma are what the checker decides itself.
    """
    if step.rule is not None:
        basis = step.rule.evidence
        return f"{basis.word} (textbook rule)" if isinstance(basis, Textbook) else basis.word
    fact = next((fact for fact in theorem.given if fact.name == step.reason), None)
    if fact is None:
        return "symbolic"
    return "symbolic (given)" if fact.theorem is None else str(fact.theorem.grade.word)


def _answers(theorem: Theorem, where: Environment) -> Answers | None:
    """The hypotheses on the network, answered; None if the theorem is about cells of another form, none if about no cell."""
    assert where.network is not None
    if theorem.letters is no_cell:
        return ()
    conditions = theorem.conditions(where.network.cell)
    return None if conditions is None else tuple((condition, answer(condition, where)) for condition in conditions)


def _conclusion(theorem: Theorem, where: Environment, found: Answers | None, instance: Instance | None) -> str:
    if theorem.letters is no_cell:
        return "is not about one network: nothing is asked of this one"
    if found is None:
        return "says nothing about this cell: its step Jacobian has another form"
    failing = [condition for condition, answered in found if answered.status != "met"]
    if instance is not None:
        if failing:
            return f"decides nothing here: {_told(failing[0])} is not established"
        whom = " for some slopes" if instance.scope == "some_slopes" else ""
        return f"{instance.bound.decides}{whom}: log rate {instance.log_rate:.6g} nats per step"
    if failing:
        says = "decides" if failing[0].id.endswith(DECISION) else "says"
        return f"{says} nothing here: {_told(failing[0])} is not established"
    assert where.network is not None
    letters = theorem.letters(where.network.cell)
    numbers = _sides(theorem.conclusion.xreplace(dict(letters or {})), where)
    return "holds here" + (f": {numbers}" if numbers else "")


def _sides(relation: Relational, where: Environment) -> str:
    """Both sides of a conclusion with their numbers; empty where it speaks of more than the network's matrices.

    Also empty for a large network: Kreiss constant and joint spectral radius would take seconds.
    """
    if where.n > NUMBERS_UP_TO:
        return ""
    try:
        left, right = evaluate(relation.lhs, where), evaluate(relation.rhs, where)
    except NoValue:
        return ""
    return f"{left.upper:.6g} {relation.rel_op.replace('==', '=')} {right.upper:.6g}"


def _told(condition: Hypothesis) -> str:
    """The relation as plain text, with its words where a letter in it does not speak for itself."""
    return f"{condition.statement} ({condition.words})" if condition.relation.has(slope_least) else condition.statement


def hypothesis_record(condition: Hypothesis, found: Answer, *, scope: str) -> a.HypothesisRecord:
    """One answered condition as it is written down."""
    side = found.value.upper if condition.relation.rel_op.startswith("<") else found.value.lower
    known = math.isfinite(side)
    return a.HypothesisRecord(
        id=condition.id,
        statement=_told(condition),
        formula=condition.relation,
        status=found.status,
        value=side if known else None,
        needs=condition.needs,
        margin=found.margin if known else None,
        scope=scope,
    )


def formal_records(evidence: object) -> tuple[a.FormalRecord, ...]:
    """The formal theorems of a piece of evidence; none for evidence of another kind."""
    if not isinstance(evidence, KernelChecked):
        return ()
    return tuple(_formal_record(proof, printed=evidence.printed) for proof in evidence.proofs)


def related_records(names: Iterable[str]) -> tuple[a.FormalRecord, ...]:
    """Formal theorems that are stated by hand beside something typeset, of those that count."""
    return tuple(_formal_record(proof, printed=False) for proof in kernel.related(names))


def _formal_record(proof: kernel.Checked, *, printed: bool) -> a.FormalRecord:
    return a.FormalRecord(
        name=proof.name,
        statement=proof.statement,
        file=proof.file,
        sha256=proof.sha256,
        axioms={name: kernel.ALLOWED_AXIOMS[name] for name in proof.axioms},
        prover=proof.prover,
        printed=printed,
    )


def formal_proofs() -> a.FormalProofs:
    """The words of the formal statements, and every rule of the calculus that is proved."""
    proved = [(rule.name, formal_records(rule.evidence)) for rule in rules.all()]
    return a.FormalProofs(kernel.vocabulary(), tuple(a.RuleRecord(name, formal) for name, formal in proved if formal))


def source_record(source: Source, place: str, version: str) -> a.SourceRecord:
    """A source with the place in it, its version and what of it was read."""
    return a.SourceRecord(source.key, source.citation, place, version, source.reading)


def refutation_cards(graph: Graph) -> list[a.RefutationRecord]:
    """A card for every refutation; adds their nodes to the graph."""
    cards = []
    for refutation in refutations.all():
        node = f"refutation:{refutation.id}"
        graph.add(Node(node, "refutation", refutation.title, refutation.evidence))
        clash, source = refutation.clash, refutation.source
        cards.append(
            a.RefutationRecord(
                id=refutation.id,
                title=refutation.title,
                claim=refutation.claim,
                claimant=refutation.claimant,
                source=None if source is None else source_record(source, "", refutation.version),
                version=refutation.version,
                status="refuted",
                grade=str(graph.grade(node)),
                example={name: _formula(value) for name, value in refutation.example.data.items()},
                premises=tuple(a.PremiseRecord(premise.words, premise.relation) for premise in clash.premises),
                what=clash.what,
                relation=clash.claim,
                found=_number(clash.found),
                claimed=_number(clash.claimed),
                truth=refutation.truth,
                theorem=refutation.theorem,
                snippet=refutation.snippet,
                formal=next(iter(formal_records(refutation.evidence)), None),
                related=related_records(refutation.related),
                rests_on=(node,),
            )
        )
    return cards


def _formula(value: sp.Basic) -> sp.Basic:
    return sp.ImmutableMatrix(value) if isinstance(value, sp.MatrixBase) else value


def _number(value: sp.Expr) -> float:
    return float(sp.N(value, 20))


def fact_cards(graph: Graph) -> list[a.FactRecord]:
    """A row for every fact about numbers, proved when this is called; adds their nodes to the graph."""
    rows = []
    for fact in scalar_facts.all():
        node = f"fact:{fact.id}"
        graph.add(Node(node, "fact", fact.words, fact.evidence))
        source = None if fact.source is None else source_record(fact.source, "", "")
        grade = str(graph.grade(node))
        formal = (*formal_records(fact.evidence), *related_records(fact.related))
        rows.append(a.FactRecord(fact.id, fact.words, fact.statement, fact.given, grade, source, formal, (node,)))
    return rows


def claim_cards(
    scopes: tuple[Environment, Environment],
    cards: Sequence[a.TheoremRecord],
    refuted: Sequence[a.RefutationRecord],
) -> list[a.ClaimRecord]:
    """A row for every published claim: holds here, hypothesis not met here, undecided, or refuted."""
    by_theorem = {card.id: card for card in cards}
    by_refutation = {card.id: card for card in refuted}
    rows = []
    status: a.ClaimStatus
    for claim in claims.all():
        if claim.judge == "refutation":
            judge = by_refutation[claim.judged_by]
            status, reason, grade = "refuted", f"{judge.what}: {judge.found:.6g}, not {_claimed(judge)}", judge.grade
        else:
            card = by_theorem[claim.judged_by]
            status, reason = _judged(card, scopes[0].scope, decides=claim.decides)
            grade = card.grade
        rows.append(
            a.ClaimRecord(
                id=claim.id,
                sentence=claim.sentence,
                source=None if claim.source is None else source_record(claim.source, claim.place, claim.version),
                place=claim.place,
                version=claim.version,
                status=status,
                reason=reason,
                grade=grade,
                judge=claim.judge,
                judged_by=claim.judged_by,
            )
        )
    return rows


def _claimed(card: a.RefutationRecord) -> str:
    return f"{card.relation.rel_op.replace('==', '=')} {card.claimed:.6g}"


def _judged(card: a.TheoremRecord, scope: str, *, decides: bool) -> tuple[a.ClaimStatus, str]:
    """The status of a claim by its theorem, for all inputs, and the condition that decides it."""
    if not card.applies:
        return "not_applicable", "the step Jacobian of this cell has another form"
    here = [h for h in card.hypotheses if h.scope == scope and (decides or not h.id.endswith(DECISION))]
    words: dict[str, a.ClaimStatus] = {
        "not_met": "hypothesis_not_met",
        "unknown": "undecided",
        "assumed": "undecided",
    }
    for status, word in words.items():
        for h in here:
            if h.status == status:
                value = "unknown" if h.value is None else f"{h.value:.6g}"
                return word, f"{h.statement}: the left side is {value}"
    if not here:
        return "holds", "no condition on the network"
    least = min(here, key=lambda h: math.inf if h.margin is None else h.margin)
    margin = "" if least.margin is None else f" with margin {least.margin:.4g}"
    return "holds", f"{least.statement}{margin}"
