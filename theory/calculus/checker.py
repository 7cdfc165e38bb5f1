r"""The checker: accepts a derivation if every line follows from the one before by its rule, else says which does not.

It searches for nothing but the place of a rewriting: a line names its rule, and the result must be the expression that
the line states. Signs, premises and quantifiers are established from the given facts and earlier lemmas alone.

Main definition: `check`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import sympy as sp

from .admission import admit, defined
from .context import Context
from .derivation import (
    ALGEBRA,
    Calculation,
    Combination,
    Derivation,
    Induction,
    Inference,
    Lemma,
    Line,
    Obtain,
    Proof,
    Rejection,
    Telescope,
    TelescopingSum,
)
from .facts import Fact, Property, sides
from .matching import Bindings, bind, captured, fits, match
from .mean import surely
from .rewriting import Candidate, Local, Need, Schema, bound_fact, everywhere, rewrites
from .rule import Rule
from .telescope import induction, telescope
from .words import Word


def check(derivation: Derivation) -> Proof:
    """The proof, if every lemma follows; `Rejection` else, also for a given fact or a lemma that nothing uses."""
    if not derivation.lemmas:
        raise Rejection("", 0, "a derivation needs a lemma")
    admit(derivation)
    known: dict[str, Fact] = {}
    for fact in derivation.given:
        _add(known, fact)
    rules: dict[str, Rule] = {}
    used: dict[str, None] = {}
    for fact in derivation.given:
        used |= _defined_for_all(fact, Context(fact, known, rules, set(), derivation.random))
    real = {fact.name for fact in derivation.given if not all(v.is_integer for v in fact.over)}
    for lemma in derivation.lemmas:
        context = Context(lemma, dict(known), rules, real, derivation.random)
        try:
            defined(lemma, context)
            _CHECKS[type(lemma)](lemma, context)
            _generalize(lemma, context)
            _add(known, Fact(lemma.name, lemma.claim, lemma.over, lemma.when))
        except Rejection:
            raise
        except (TypeError, ValueError, RecursionError) as error:  # what words and facts forbid
            raise Rejection(lemma.name, 0, str(error)) from error
        used |= context.used
        real |= {lemma.name} if context.uses_real else set()
    fresh = {name for lemma in derivation.lemmas if isinstance(lemma, Obtain) for name in lemma.fresh.values()}
    last = known[derivation.lemmas[-1].name]
    if last.when:
        raise Rejection(last.name, 0, f"the conclusion holds only when {last.when[0]}, which must be a given fact")
    if fresh & (set(last.claim.free_symbols) | last.particular):
        raise Rejection(
            last.name, 0, f"the conclusion speaks of {min(map(str, fresh))}, of which we only know that it exists"
        )
    for name in [*used]:
        if known[name].theorem is not None:
            used |= dict.fromkeys(fact.name for fact in known[name].theorem.given)
    idle = [name for name in known if name not in used and name != derivation.lemmas[-1].name]
    if idle:
        raise Rejection(derivation.lemmas[-1].name, 0, f"the fact {idle[0]!r} is stated and never used")
    return Proof(last, MappingProxyType(known), tuple(rules.values()), tuple(used))


def _add(known: dict[str, Fact], fact: Fact) -> None:
    if fact.name in known:
        raise Rejection(fact.name, 0, "two facts have this name")
    known[fact.name] = fact


def _defined_for_all(fact: Fact, context: Context) -> dict[str, None]:
    """The facts by which a given fact is defined for all that it is over; about one number it presupposes that it is."""
    if fact.over and (reason := context.undefined(fact.claim)) is not None:
        raise Rejection(fact.name, 0, reason)
    return {name: None for name in context.used if name != fact.name}


def _generalize(lemma: Lemma, context: Context) -> None:
    """A lemma over t may not rest on what is said of one t."""
    for name in context.used:
        caught = context.known[name].particular & set(lemma.over)
        if caught:
            which = min(map(str, caught))
            raise Rejection(lemma.name, 0, f"holds for all {which} only if {name!r} does, which is about one {which}")


def _calculation(lemma: Calculation, context: Context) -> None:
    if not lemma.lines:
        raise Rejection(lemma.name, 0, "a calculation needs a line")
    _ = lemma.relation
    before = lemma.start
    for number, line in enumerate(lemma.lines, start=1):
        _line(before, line, number, context)
        before = line.expression


def _line(before: Any, line: Line, number: int, context: Context) -> None:
    if isinstance(before, Word) != isinstance(line.expression, Word):
        raise Rejection(context.lemma, number, "a word and a number cannot be compared")
    if line.by is ALGEBRA:
        if line.relation != "=":
            raise Rejection(context.lemma, number, "algebra gives equalities alone")
        if (reason := context.equal(before, line.expression)) is not None:
            raise Rejection(context.lemma, number, reason)
        return
    schema, name = _schema(line.by, number, context)
    local: Local = line.relation
    results: list[Candidate] = []
    given = _given(line.using, schema.variables, name, context.lemma, number)
    found_once = list(rewrites(before, schema, local, given))
    if sides(schema.claim)[1] == "=":
        found_once += [everywhere(before, found) for found in found_once]
    for found in found_once:
        if found.result == line.expression:
            results.insert(0, found)
        else:
            results.append(found)
    reasons = []
    for found in results:
        if found.result != line.expression and (unlike := context.equal(found.result, line.expression)) is not None:
            reasons += [unlike] if unlike.startswith("needs") else []
            continue
        reason = _obstacle(found, context, line.by if isinstance(line.by, Rule) else None)
        if reason is None:
            if isinstance(line.by, Rule):
                context.adopt(line.by, found.exchanged, number)
            else:
                context.use(context.fact(name, number))
            return
        reasons.append(reason)
    raise Rejection(context.lemma, number, f"{name}: {_why(before, line, results, reasons, schema, context)}")


def _schema(by: Any, number: int, context: Context) -> tuple[Schema, str]:
    if isinstance(by, Rule):
        if by.exists:
            raise Rejection(context.lemma, number, f"{by.name} says that something exists: obtain it first")
        return Schema(by.claim, by.variables, by.conditions, by.variables - by.fixed), by.name
    fact = context.fact(str(by), number)
    if isinstance(fact.claim, Property):
        raise Rejection(context.lemma, number, f"{fact.name!r} is a property, not a relation to rewrite with")
    conditions = tuple(Fact(f"condition {number}", condition) for condition in fact.when)
    return Schema(fact.claim, frozenset(fact.over), (*surely(fact), *conditions)), fact.name


def _obstacle(found: Candidate, context: Context, rule: Rule | None) -> str | None:
    for need in found.needs:
        if (reason := context.unmet(need)) is not None:
            return reason
    for premise in found.premises:
        if (reason := context.unestablished(premise, rule)) is not None:
            return reason
    return None


def _why(
    before: Any, line: Line, results: list[Candidate], reasons: list[str], schema: Schema, context: Context
) -> str:
    if reasons:
        return reasons[0]
    if isinstance(line.by, str) and not schema.variables:
        fact = context.fact(line.by, 0)
        steps = [s for s in fact.claim.free_symbols if s.is_integer]
        freed = Schema(schema.claim, frozenset(steps))
        if any(context.equal(c.result, line.expression) is None for c in rewrites(before, freed, line.relation, {})):
            one = ", ".join(map(str, steps))
            return f"is a fact about one step {one} and cannot be used for the others"
    if not results:
        return f"does not apply to {before} in the direction {line.relation}"
    given = "; ".join(dict.fromkeys(str(c.result) for c in results[:3]))
    return f"gives {given}, but the line states {line.expression}"


def _combination(lemma: Combination, context: Context) -> None:
    small, relation, large = sides(lemma.claim)
    if relation == "<":
        raise Rejection(lemma.name, 0, "a combination concludes <= or =, never <")
    total = sp.Integer(0)
    for number, (multiple, name, *values) in enumerate(lemma.terms, start=1):
        fact = context.fact(name, number)
        if isinstance(fact.claim, Property) or isinstance(fact.claim.lhs, Word):
            raise Rejection(lemma.name, number, f"{name!r} is not about numbers and cannot be added")
        bindings = _given(values[0] if values else {}, frozenset(fact.over), repr(name), lemma.name, number)
        low, kind, high = sides(fact.claim)
        factor = sp.sympify(multiple)
        if relation == "=" and kind != "=":
            raise Rejection(lemma.name, number, f"{name!r} is an inequality and does not give an equality")
        if kind != "=" and (reason := context.unmet(Need(factor))) is not None:
            raise Rejection(lemma.name, number, f"multiple of {name!r}: {reason}")
        if (reason := context.unmet_conditions(fact, bindings)) is not None:
            raise Rejection(lemma.name, number, reason)
        total += factor * (bind(high, bindings) - bind(low, bindings))
        context.use(fact)
    if (reason := context.equal(large - small, total)) is not None:
        what = f"the difference of the sides, {large - small}, is not the combination {total}"
        raise Rejection(lemma.name, 0, reason if reason.startswith("needs") else what)


def _inference(lemma: Inference, context: Context) -> None:
    rule = lemma.rule
    if rule.exists:
        raise Rejection(lemma.name, 0, f"{rule.name} says that something exists: obtain it")
    reasons = []
    given = _given(lemma.using, rule.variables, rule.name, lemma.name, 0)
    for found in _unified(rule, lemma, given, context):
        open_ = rule.variables - set(found)
        if open_:
            reasons.append(f"the variables {', '.join(sorted(map(str, open_)))} of {rule.name} must be given")
            continue
        if captured((rule.claim, *(p.claim for p in rule.conditions)), {v: found[v] for v in rule.fixed}):
            reasons.append(f"{', '.join(sorted(map(str, rule.fixed)))} of {rule.name} must not depend on the step")
            continue
        if any(value.has(*p.over) for p in rule.conditions if p.over for value in found.values()):
            reasons.append(f"a letter of {rule.name}'s own occurs in {lemma.claim}: rename it")
            continue
        premises = [bound_fact(p, found) for p in rule.conditions]
        reason = next((r for p in premises if (r := context.unestablished(p, rule)) is not None), None)
        if reason is None:
            context.adopt(rule, found.values())
            return
        reasons.append(reason)
    raise Rejection(lemma.name, 0, f"{rule.name}: {reasons[0] if reasons else f'does not conclude {lemma.claim}'}")


def _obtain(lemma: Obtain, context: Context) -> None:
    rule = lemma.rule
    if set(lemma.fresh) != set(rule.exists) or set(lemma.using) != rule.variables - rule.exists:
        raise Rejection(lemma.name, 0, f"{rule.name}: name what exists and give all other variables")
    if len(set(lemma.fresh.values())) < len(lemma.fresh) or set(lemma.over) != set(rule.over):
        raise Rejection(
            lemma.name, 0, f"{rule.name}: new names must differ and the claim be over what the rule's is over"
        )
    _given(lemma.using, rule.variables, rule.name, lemma.name, 0)
    for variable, name in lemma.fresh.items():
        spoken = [f.name for f in context.facts if name in f.claim.free_symbols | f.particular]
        if spoken or any(value.has(name) for value in lemma.using.values()):
            raise Rejection(
                lemma.name, 0, f"{name} is not a new name: {spoken[0] if spoken else rule.name} speaks of it"
            )
        if not (fits(variable, name) and fits(name, variable)) or name.is_nonnegative:
            raise Rejection(lemma.name, 0, f"{name} must be a name of the kind of {variable}, without a sign")
    if any(value.has(*rule.over) for value in lemma.using.values() if rule.over):
        raise Rejection(lemma.name, 0, f"a letter of {rule.name}'s own occurs in what is given: rename it")
    for premise in rule.conditions:
        if (reason := context.unestablished(bound_fact(premise, dict(lemma.using)), rule)) is not None:
            raise Rejection(lemma.name, 0, f"{rule.name}: {reason}")
    context.adopt(rule, lemma.using.values())


_CHECKS: dict[type, Callable[[Any, Context], None]] = {
    Calculation: _calculation,
    Combination: _combination,
    Inference: _inference,
    Obtain: _obtain,
    Telescope: telescope,
    TelescopingSum: telescope,
    Induction: induction,
}


def _given(
    values: Mapping[sp.Basic, Any], variables: frozenset[sp.Basic], name: str, lemma: str, number: int
) -> Bindings:
    """The values that a line gives to variables, each of the kind that its variable stands for."""
    found: Bindings = {variable: sp.sympify(value) for variable, value in values.items()}
    for variable, value in found.items():
        if variable not in variables:
            raise Rejection(lemma, number, f"{name} is about one {variable} and cannot be used for another")
        if not fits(variable, value):
            kind = "a word" if isinstance(variable, Word) else "an integer" if variable.is_integer else "a number"
            raise Rejection(lemma, number, f"{variable} of {name} must be {kind}, got {value}")
    return found


def _unified(rule: Rule, lemma: Inference, using: Bindings, context: Context) -> Iterator[Bindings]:
    small, relation, large = sides(rule.claim)
    wanted_small, wanted, wanted_large = sides(lemma.claim)
    if relation != wanted:
        return
    if rule.variables <= set(using):
        pairs = ((bind(small, using), wanted_small), (bind(large, using), wanted_large))
        if all(context.equal(*pair) is None for pair in pairs):
            yield using
        return
    for found in match(small, wanted_small, rule.variables, using):
        yield from match(large, wanted_large, rule.variables, found)
