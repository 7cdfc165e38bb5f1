"""Theorem cards arranged for the page: derivations as chains, what they take for granted, conditions as formulas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from . import sieve

LONG = 100  # steps: of a longer derivation only what each lemma comes to is shown, with the rules that it takes
_PLAIN = ("symbolic", "kernel-checked")  # grades of a closure for which nothing in it is to blame

TIGHTNESS = {
    "upper": "an upper bound, not shown to be tight",
    "lower": "a lower bound, not shown to be tight",
}
GIVEN = "symbolic (given)"  # the grade of a step by a fact that the derivation is given
TEXTBOOK = ("symbolic (textbook rule)", "symbolic, from 1 textbook rule")  # the grades of such a rule alone


@dataclass(frozen=True)
class Line:
    """One step of a proof: what is new in it, its rule and its grade."""

    formula: Mapping[str, str]
    rule: str
    grade: str


@dataclass(frozen=True)
class Chain:
    """Steps of one lemma; `start`, if there is one, is the left side of the first, and each line goes on from the last."""

    lemma: str
    start: Mapping[str, str] | None
    lines: tuple[Line, ...]


def chains(steps: Iterable[Mapping[str, Any]]) -> list[Chain]:
    """The steps of a derivation by lemma; a left side that repeats the right side before it is left out.

    >>> step = {"rule": "r", "grade": "symbolic", "formula": {"text": "a = b", "mathml": "<math><mi>a</mi></math>"}}
    >>> [len(chain.lines) for chain in chains([step, step, step | {"lemma": "l"}])]
    [2, 1]
    """
    by_lemma = groupby(steps, key=lambda step: str(step.get("lemma", "")))
    return [_chain(lemma, list(group)) for lemma, group in by_lemma]


def told(steps: Sequence[Mapping[str, Any]]) -> list[Chain]:
    """The chains of a derivation; of more than `LONG` steps one line per chain, from its start to its end.

    >>> step = {"rule": "r", "grade": "symbolic", "formula": {"text": "a = b", "mathml": "<math><mi>a</mi></math>"}}
    >>> [len(chain.lines) for chain in told([step] * 3)]
    [3]
    """
    parts = chains(steps)
    return [_condensed(part) for part in parts] if len(steps) > LONG else parts


def _condensed(chain: Chain) -> Chain:
    """A chain as its start, the relation of its end to it, and all its rules; as it is where a line does not go on."""
    found = [_GOES_ON.match(line.formula["mathml"]) for line in chain.lines]
    signs = {match.group(1) for match in found if match}
    if chain.start is None or len(chain.lines) == 1 or not all(found):
        return chain
    sign = next((sign for sign in ("&lt;", "&gt;", "≤", "≥") if sign in signs), "=")
    last = chain.lines[-1].formula
    end = {**last, "mathml": _GOES_ON.sub(f'<math><mo form="infix">{sign}</mo>', last["mathml"])}
    rules = ", ".join(dict.fromkeys(line.rule for line in chain.lines))
    return Chain(chain.lemma, chain.start, (Line(end, rules, ""),))


_GOES_ON = re.compile(r'<math><mo form="infix">(&lt;|&gt;|≤|≥|=)</mo>')


def _chain(lemma: str, steps: Sequence[Mapping[str, Any]]) -> Chain:
    parts = [_sides(step["formula"]) for step in steps]
    if len(steps) == 1 or parts[0] is None:
        return Chain(lemma, None, tuple(Line(step["formula"], step["rule"], step["grade"]) for step in steps))
    before, lines = parts[0][0], []
    for step, found in zip(steps, parts, strict=True):
        formula = step["formula"]
        if found and found[0] == before:
            formula = {**formula, "mathml": f'<math><mo form="infix">{_SIGNS[found[1]]}</mo>{found[2]}</math>'}
        before = found[2] if found else ""
        lines.append(Line(formula, step["rule"], step["grade"]))
    return Chain(lemma, {**steps[0]["formula"], "mathml": f"<math>{parts[0][0]}</math>"}, tuple(lines))


_SIGNS = {"<": "&lt;", ">": "&gt;", "=": "=", "≤": "≤", "≥": "≥"}


def _sides(formula: Mapping[str, str]) -> tuple[str, str, str] | None:
    try:
        return sieve.sides(formula["mathml"])
    except ValueError:  # not what this page accepts: shown as its text
        return None


def applicable(theorems: Iterable[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The theorems that say something about the cell, and the others."""
    listed = list(theorems)
    return [t for t in listed if t.get("applies", True)], [t for t in listed if not t.get("applies", True)]


def shared_givens(theorems: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Facts that several derivations take for granted, by their statement."""
    facts = {fact["statement"]: fact for theorem in theorems for fact in theorem.get("given", ())}
    uses = Counter(statement for t in theorems for statement in {fact["statement"] for fact in t.get("given", ())})
    return {statement: fact for statement, fact in facts.items() if uses[statement] > 1}


def scope_of(fact: Mapping[str, str]) -> str:
    """For what a fact is given, from the end of its statement; its formula does not say so.

    >>> scope_of({"statement": "slopes are diagonal: D_i is diagonal, for all i with spectral_norm(D_(i-1)) <= 1"})
    'for all i with the spectral norm of D_{i-1} <= 1'
    """
    found = fact["statement"].rfind(", for all ")
    scope = _STEP.sub(r"_{\1}", fact["statement"][found:].lstrip(", ")) if found >= 0 else ""
    return _NAMED.sub(lambda hit: f"the {hit.group(1).replace('_', ' ')} of {hit.group(2)}", scope)


_STEP, _NAMED = re.compile(r"_\(([^()]*)\)"), re.compile(r"\b([a-z]+(?:_[a-z]+)+)\(([^()]*)\)")


def blamed(theorem: Mapping[str, Any]) -> list[str]:
    """What keeps the grade of a theorem below symbolic: the nodes that attain it, the theorem itself left out."""
    if str(theorem["grade"]).startswith(_PLAIN):
        return []
    own = (theorem["id"], f"theorem:{theorem['id']}")
    return [name for name in theorem["weakest"] if name not in own]


def supports(theorem: Mapping[str, Any]) -> list[str]:
    """What a theorem rests on directly, without itself and the textbook rules that stand beside its grade."""
    named = {theorem["id"], f"theorem:{theorem['id']}", *(f"rule:{rule}" for rule in theorem["textbook_rules"])}
    return [name for name in theorem["rests_on"] if name not in named]


_SIGN = re.compile(r" (?:<=|>=|<|>|=) ")


def remark(hypothesis: Mapping[str, Any]) -> str:
    r"""What the statement of a hypothesis says beyond its formula.

    >>> remark({"statement": "beta >= 0 (no slope is negative)", "formula": {"text": r"\beta >= 0"}})
    'no slope is negative'
    """
    plain = hypothesis["formula"]["text"].replace("\\", "")
    for formula in (plain, plain.replace(" oo", " inf")):
        if hypothesis["statement"].startswith(formula):
            return str(hypothesis["statement"][len(formula) :].strip(" ()"))
    return str(hypothesis["statement"])


def conditions(document: Mapping[str, Any]) -> dict[str, Markup]:
    """Conditions that the sentences of a document name by their plain text, as formulas, and the quantities in them."""
    found: dict[str, Markup] = {}
    for thing in (*document["theorems"], *document["bounds"]):
        for hypothesis in thing["hypotheses"]:
            formula, name = hypothesis["formula"], hypothesis["statement"]
            if name in found or name != formula["text"].replace("\\", "") or "<mtable" in formula["mathml"]:
                continue
            try:
                found[name] = Markup("<wbr>").join(sieve.pieces(formula["mathml"]))
                parts = sieve.sides(formula["mathml"])
            except ValueError:
                continue
            left = _SIGN.split(name)[0]
            if parts is not None and "(" in left:  # a quantity, which sentences name with its number
                found.setdefault(left, Markup(f"<math>{parts[0]}</math>"))
    return found
