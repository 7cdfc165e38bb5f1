"""The question of the report and its answer in one sentence, from the verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

TEXT = (
    "Does the gradient vanish in this recurrent network? Hochreiter, Bengio and Pascanu bound the error that flows "
    "back through time; Schaefer, Udluft and Zimmermann say that with shared weights the problem does not exist. "
    "They speak of different objects, so there is one verdict per object."
)
SUBJECTS = {
    "state_jacobian": "the state Jacobian (norm of J at lag k)",
    "total_gradient": "the total gradient dE/dW",
    "lag_share": "the share of lag k in dE/dW",
    "error_flow": "one descent step",
}
PHRASES = {
    "vanishes": "vanishes with the lag",
    "explodes": "grows with the lag",
    "bounded": "neither vanishes nor explodes",
    "mixed": "is mixed: of both signs over the samples",
    "polynomial": "follows a power of the lag",
    "undecided": "is undecided",
}
FLOW = {
    "raises": "raises the error flow",
    "lowers": "lowers the error flow",
    "mixed": "moves the error flow either way, depending on the readout",
    "undecided": "moves the error flow in an undecided direction",
}
SCOPES = {
    "all_inputs": "for all inputs",
    "some_slopes": "for some slopes",
    "trajectory": "on this trajectory",
    "samples": "on the sampled inputs",
}


def question(verdicts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The question's text and the one-sentence answer: object, verdict, lags and inputs for each object.

    >>> v = {"object": "lag_share", "verdict": "vanishes", "scope": "samples", "lag_range": [1, 9], "decisive": True}
    >>> question([v])["summary"]
    'On the sampled inputs, the share of lag k in dE/dW vanishes with the lag (lags 1 to 9).'
    """
    decisive = [v for v in verdicts if v["decisive"]]
    parts = []
    for scope, group in groupby(decisive, key=lambda v: v["scope"]):
        parts.append(f"{SCOPES[scope]}, {'; '.join(map(_clause, group))}")
    summary = ". ".join(f"{part[:1].upper()}{part[1:]}" for part in parts)
    return {"text": TEXT, "summary": f"{summary}."}


def _clause(v: Mapping[str, Any]) -> str:
    first, last = v["lag_range"]
    if v["object"] == "error_flow":
        return f"{SUBJECTS['error_flow']} on recall at lag {first} {FLOW[v['verdict']]}"
    return f"{SUBJECTS[v['object']]} {PHRASES[v['verdict']]} (lags {first} to {last})"
