r"""Which one is true: the answer in sentences, each with the nodes of the evidence graph that back it, from the document.

A sentence is built from outcomes (a verdict's word, whether a law holds, where a measured gradient falls under 1 % of the
whole), never from what was expected. It is left out where the graph lacks one of its nodes; where it rests on something
that a broken law tests, the law is named in its place. Its grade is the weakest over all that it rests on.

Main definition: `answers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .backing import Backing
from .dispute import brief
from .informative import against_bound, course
from .leads import DISPUTE, LAWS, RISING, Sentence, Subject, capital, dispute, subject_of, subjects, total_word
from .question import PHRASES, SCOPES, SUBJECTS
from .rounding import pace

__all__ = ["DISPUTE", "LAWS", "answers"]

Json = Mapping[str, Any]
_TOTAL = {
    "vanishes": "vanishes",
    "explodes": "grows",
    "bounded": "changes by less than a factor of two",
    "mixed": "grows on some samples and vanishes on others",
    "polynomial": "follows a power of the number of steps",
    RISING: "does not vanish",
}


def answers(document: Json) -> list[dict[str, Any]]:
    """The sentences as {about, text, nodes, grade}, those about the dispute first; none without a confrontation."""
    if not document.get("confrontation"):
        return []
    backing, laws = Backing(document["graph"]), document["confrontation"]["laws"]
    sentences = [*dispute(document, subjects(document, backing), backing), *_of_laws(laws)]
    for record in document["confrontation"]["networks"]:
        sentences += _about(subject_of(record, backing), backing)
    broken = {judged: law for law in laws if law["outcome"] != "holds" for judged in law["judges"]}
    made: list[dict[str, Any]] = []
    for sentence in (_doubted(sentence, broken, backing) for sentence in sentences):
        grade = backing.grade(sentence.nodes)
        answer = {"about": sentence.about, "text": sentence.text, "nodes": list(sentence.nodes), "grade": grade}
        if grade is not None and answer not in made:
            made.append(answer)
    return made


def _doubted(sentence: Sentence, broken: Mapping[str, Json], backing: Backing) -> Sentence:
    """The sentence, or in its place the broken law that tests what it rests on."""
    if sentence.about == LAWS:
        return sentence
    found = sorted(backing.closure(sentence.nodes) & broken.keys())
    if not found:
        return sentence
    law = broken[found[0]]
    text = (
        f"Not claimed: the law “{law['title']}”, which tests what this rests on, is broken in this run, with a slack of "
        f"{law['slack']} ({law['unit']}) on {law['witness']}"
    )
    return Sentence(sentence.about, f"{text}.", (law["node"],))


# --- laws --------------------------------------------------------------------------------------------------
def _of_laws(laws: Sequence[Json]) -> Iterator[Sentence]:
    if not laws:
        return
    broken = [law for law in laws if law["outcome"] != "holds"]
    examples = sum(law["examples"] for law in laws)
    whole = f"{_many(len(laws), 'law')} {'was' if len(laws) == 1 else 'were'} put to {_many(examples, 'example')} in this run"
    idle = [law for law in laws if not law["examples"]]
    whole += f", {_many(len(idle), 'law')} to none" if idle else ""
    if broken:
        named = ", ".join(f"“{law['title']}”" for law in broken)
        text, nodes = f"{whole}; broken: {named}.", tuple(law["node"] for law in broken)
    else:
        text, nodes = f"{whole}, and none is broken.", tuple(law["node"] for law in laws)
    yield Sentence(LAWS, text, nodes)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


# --- one network -------------------------------------------------------------------------------------------
def _about(subject: Subject, backing: Backing) -> Iterator[Sentence]:
    found = subject.decisive("state_jacobian")
    if found is not None:
        yield Sentence(subject.id, _jacobian(found[0]), (found[1],))
    open_ = subject.open("state_jacobian")
    if open_ is not None and open_ != found:
        yield Sentence(subject.id, _jacobian(open_[0]), (open_[1],))
    found = subject.decisive("total_gradient")
    if found is not None:
        yield Sentence(subject.id, _total(found[0]), (found[1],))
    if subject.informative is not None:
        node = subject.informative["node"]
        yield Sentence(subject.id, course(subject.informative).text, (node,))
        yield Sentence(subject.id, against_bound(subject.informative), (node, *backing.beneath(node, "theorem")))


def _jacobian(v: Json) -> str:
    scope = SCOPES[v["scope"]]
    if v["verdict"] == "undecided":
        return f"Whether {SUBJECTS['state_jacobian']} vanishes {scope} is undecided: {brief(v['reason'])}."
    first, last = v["lag_range"]
    text = f"{capital(scope)}, {SUBJECTS['state_jacobian']} {PHRASES[v['verdict']]} (lags {first} to {last})"
    whom = "its median" if v["decided_by"] == "slope" else "a bound on it"
    half, one = pace(v)[1], v["one_percent_lag"]
    parts = [f"halves every {half:.4g} steps"] if half is not None else []
    parts += [f"is under 1 % from lag {one} on"] if one is not None else []
    falls = v["verdict"] == "vanishes" and parts
    return f"{text}: {whom} {' and '.join(parts)}." if falls else f"{text}."


def _total(v: Json) -> str:
    first, last = (lag + 1 for lag in v["lag_range"])
    steps = f"as the number of unfolded steps grows from {first} to {last}"
    word = total_word(v)
    if word not in _TOTAL:
        undecided = f"is undecided {SCOPES[v['scope']]}: {brief(v['reason'])}"
        return f"Whether {SUBJECTS['total_gradient']} vanishes {steps} {undecided}."
    text = f"{capital(SCOPES[v['scope']])}, {SUBJECTS['total_gradient']} {_TOTAL[word]} {steps}"
    return f"{text}; whether it stays or grows is undecided: {brief(v['reason'])}." if word == RISING else f"{text}."
