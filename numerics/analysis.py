"""The analysis of one network: plain data whose field names are the keys of the JSON document.

Formulas stay SymPy objects and numbers stay floats; writing them down is the business of `errorflow.reports`.

Main definitions: `Analysis` and the records it is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import sympy as sp

from .intervals import HierarchyRecord, Interval
from .measurements import GradientNorms, LagShares, ProfileRecord, SpectrumRecord, Truncation

if TYPE_CHECKING:  # its records hold those of this module
    from .confrontation.record import Confrontation

Object = Literal["state_jacobian", "total_gradient", "lag_share", "error_flow"]
QUESTIONS: dict[str, str] = {"state_jacobian": "Q1", "total_gradient": "Q2", "lag_share": "Q3", "error_flow": "Q4"}
ClaimStatus = Literal["holds", "hypothesis_not_met", "undecided", "not_applicable", "refuted"]
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class NetworkRecord:
    """What was analyzed and where it came from."""

    cell: str
    layer: str
    activation: str
    n: int
    state_dim: int
    input_dim: int
    dtype: str
    source: str
    sha256: str
    tied: bool
    parameters: Mapping[str, tuple[int, ...]]
    assumed: tuple[str, ...]


@dataclass(frozen=True)
class Horizon:
    """Steps, samples, cotangents and inputs of the run."""

    steps: int
    samples: int
    directions: int
    input: str
    input_scale: float | None
    initial: str = "zero"


@dataclass(frozen=True)
class BlockRecord:
    """One block of the step Jacobian."""

    row: str
    column: str
    formula: sp.Expr


@dataclass(frozen=True)
class NamedFormula:
    """One equation of the update: a vector and its body."""

    name: str
    formula: sp.Basic


@dataclass(frozen=True)
class JacobianRecord:
    """The derived step Jacobian, the update it comes from, and the product."""

    blocks: tuple[BlockRecord, ...]
    update: tuple[NamedFormula, ...]
    product: sp.Expr


@dataclass(frozen=True)
class Notation:
    """One row of the table of symbols."""

    symbol: sp.Expr
    meaning: str


@dataclass(frozen=True)
class ConstantRecord:
    """The enclosure of one quantity of a recurrent block."""

    lower: float
    upper: float
    evidence: str
    residual: float | None
    formula: sp.Expr


@dataclass(frozen=True)
class HypothesisRecord:
    """One condition, instantiated: value of its left side, what it needs, how far it is on the right side."""

    id: str
    statement: str
    formula: sp.Basic
    status: Literal["met", "not_met", "unknown", "assumed"]
    value: float | None
    needs: str
    margin: float | None
    scope: str


@dataclass(frozen=True)
class BoundRecord:
    """A bound with numbers: exp(log_constant + k log_rate) at lag k, in one scope."""

    id: str
    title: str
    object: str
    scope: str
    direction: str
    norm: str
    statement: sp.Basic
    log_rate: float
    log_constant: float
    decides: str | None
    evidence: str
    theorem: str
    slack: float | None
    cases: int
    hypotheses: tuple[HypothesisRecord, ...]
    rate: Interval | None = None
    constant: Interval | None = None
    holds: bool = True


@dataclass(frozen=True)
class VerdictRecord:
    """The verdict on one object in one scope."""

    object: Object
    question: str
    scope: Literal["all_inputs", "some_slopes", "trajectory", "samples"]
    norm: str
    verdict: str
    evidence: str
    given: tuple[str, ...]
    rate: float | None
    rate_interval: tuple[float, float] | None
    unit: str
    half_life: float | None
    one_percent_lag: int | None
    lag_range: tuple[int, int]
    reason: str
    decided_by: str | None
    weakest: tuple[str, ...]
    decisive: bool


@dataclass(frozen=True)
class Eigenvalues:
    """Eigenvalues of one recurrent block."""

    real: tuple[float, ...]
    imag: tuple[float, ...]


@dataclass(frozen=True)
class SourceRecord:
    """Where a theorem is from, and what of that text was read."""

    key: str
    citation: str
    place: str
    version: str
    reading: str


@dataclass(frozen=True)
class Tests:
    """Cases in which a theorem was compared with this network, and the tightest slack."""

    cases: int
    slack: float | None
    seed: int | None


@dataclass(frozen=True)
class Conclusion:
    """What a theorem says about this network in one scope."""

    scope: str
    text: str


@dataclass(frozen=True)
class GivenRecord:
    """A fact that a derivation takes for granted."""

    name: str
    statement: str
    formula: sp.Basic


@dataclass(frozen=True)
class StepRecord:
    """One step of a derivation: the lemma it belongs to, the rule or fact that gives it, what it states."""

    lemma: str
    rule: str
    formula: sp.Basic
    grade: str


@dataclass(frozen=True)
class FormalRecord:
    """A theorem that the kernel of a proof assistant has checked; ``printed`` tells that its statement was compared with one
    that is printed from the typeset statement, else it was stated by hand.
    """

    name: str
    statement: str
    file: str
    sha256: str
    axioms: Mapping[str, str]
    prover: str
    printed: bool


@dataclass(frozen=True)
class RuleRecord:
    """A rule of the calculus and the formal theorems that prove it."""

    name: str
    formal: tuple[FormalRecord, ...]


@dataclass(frozen=True)
class FormalProofs:
    """The file that defines the words of the formal statements, and the rules that are proved."""

    vocabulary: str
    rules: tuple[RuleRecord, ...]


@dataclass(frozen=True)
class TheoremRecord:
    """A theorem, instantiated on this network; ``random`` are the letters and symbols that its expectations average over."""

    id: str
    title: str
    grade: str
    weakest: tuple[str, ...]
    textbook_rules: tuple[str, ...]
    object: str
    norm: str
    quantifiers: str
    direction: str
    tightness: str
    statement: sp.Basic
    statement_text: str
    given: tuple[GivenRecord, ...]
    applies: bool
    hypotheses: tuple[HypothesisRecord, ...]
    conclusion: tuple[Conclusion, ...]
    steps: tuple[StepRecord, ...]
    tests: Tests
    source: SourceRecord
    formal: FormalRecord | None
    non_vacuity: str
    tightness_witness: str
    rests_on: tuple[str, ...]
    random: tuple[sp.Basic, ...] = ()
    related: tuple[FormalRecord, ...] = ()


@dataclass(frozen=True)
class PremiseRecord:
    """A condition that a counterexample meets: the relation of exact numbers, and words for its left side."""

    words: str
    formula: sp.Basic


@dataclass(frozen=True)
class RefutationRecord:
    """A false claim, its exact counterexample, and the two numbers that clash."""

    id: str
    title: str
    claim: str
    claimant: str
    source: SourceRecord | None
    version: str
    status: str
    grade: str
    example: Mapping[str, sp.Basic]
    premises: tuple[PremiseRecord, ...]
    what: str
    relation: sp.Basic
    found: float
    claimed: float
    truth: str
    theorem: str | None
    snippet: str
    formal: FormalRecord | None
    related: tuple[FormalRecord, ...]
    rests_on: tuple[str, ...]


@dataclass(frozen=True)
class FactRecord:
    """A fact about numbers or functions of one variable that SymPy proved, with its premises."""

    id: str
    words: str
    formula: sp.Basic
    given: tuple[sp.Basic, ...]
    grade: str
    source: SourceRecord | None
    formal: tuple[FormalRecord, ...]
    rests_on: tuple[str, ...]


@dataclass(frozen=True)
class ClaimRecord:
    """A published sentence, judged on this network by a theorem or for all networks by a refutation."""

    id: str
    sentence: str
    source: SourceRecord | None
    place: str
    version: str
    status: ClaimStatus
    reason: str
    grade: str
    judge: str
    judged_by: str


@dataclass(frozen=True)
class GraphNode:
    """A node of the evidence graph with its grade over the closure and its own."""

    id: str
    kind: str
    label: str
    grade: str
    own: str


@dataclass(frozen=True)
class GraphRecord:
    """The evidence graph; an edge goes from a node to one that it rests on."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Analysis:
    """Everything that was found about one network."""

    network: NetworkRecord
    horizon: Horizon
    jacobian: JacobianRecord
    notation: tuple[Notation, ...]
    verdicts: tuple[VerdictRecord, ...]
    constants: Mapping[str, ConstantRecord]
    bounds: tuple[BoundRecord, ...]
    profile: ProfileRecord
    lag_shares: LagShares
    spectrum: SpectrumRecord
    eigenvalues: Mapping[str, Eigenvalues]
    theorems: tuple[TheoremRecord, ...]
    refutations: tuple[RefutationRecord, ...]
    claims: tuple[ClaimRecord, ...]
    facts: tuple[FactRecord, ...]
    graph: GraphRecord
    seed: int | None
    hierarchy: tuple[HierarchyRecord, ...] = ()
    truncation: Truncation | None = None
    gradient_norms: GradientNorms | None = None
    confrontation: Confrontation | None = None
    formal_proofs: FormalProofs | None = None
    schema_version: int = SCHEMA_VERSION

    def verdict(self, name: str) -> VerdictRecord:
        """The decisive verdict on one object; ValueError lists the objects there are."""
        for record in self.verdicts:
            if record.object == name and record.decisive:
                return record
        raise ValueError(f"object must be one of {', '.join(QUESTIONS)}, got {name!r}")
