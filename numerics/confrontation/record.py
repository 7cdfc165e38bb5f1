"""The records of a confrontation: plain data whose field names are the keys of the JSON document.

Main definitions: `LawRecord`, `InformativeRecord`, `FlowRecord`, `ContrastRecord`, `Confrontation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..analysis import Horizon, NetworkRecord, VerdictRecord


@dataclass(frozen=True)
class LawRecord:
    """A law with what came of it in this run: examples, the tightest slack and the example that has it.

    ``outcome`` is *holds*, or *broken* if the slack is negative; ``slack`` is the smallest over the examples of a law for
    every example, the largest of a law for some.
    """

    id: str
    title: str
    subject: str
    statement: str
    quantifier: str
    judges: tuple[str, ...]
    examples: int
    slack: float
    unit: str
    witness: str
    outcome: str
    evidence: str
    node: str


@dataclass(frozen=True)
class InformativeRecord:
    """The task-informative gradient of linear recall by lag d, beside the total gradient; logs of Frobenius norms.

    y = c^T h_T with a readout of norm 1, y* the input of d steps ago with variance 1, the inputs as ``inputs`` says.
    ``log_total`` is the median norm of dy_T/dW, the same number for every d, ``log_informative`` the norm of E[y* dy_T/dW]
    by the coupled difference, ``standard_error`` its standard error relative to the norm, ``log_bound`` at each lag the
    smallest bound of the ``theorems`` whose hypotheses are met (None where there is none), with the least of their
    ``rate``; ``reason`` says which hypothesis failed and by how much.
    """

    lags: tuple[int, ...]
    log_total: tuple[float, ...]
    log_informative: tuple[float, ...]
    standard_error: tuple[float, ...]
    log_bound: tuple[float, ...] | None
    rate: float
    samples: int
    horizon: int
    evidence: str
    reason: str
    node: str
    inputs: str = ""
    theorems: tuple[str, ...] = ()


@dataclass(frozen=True)
class FlowRecord:
    """The state Jacobian and the gradient's parts by lag k, medians of natural logs over the samples.

    ``log_jacobian`` is that of ||J(T, T-k)^T v|| for unit v, ``log_share`` that of the lag's share in the summed norms of
    the parts of dE/dW, E = <v, h_T>, and ``log_gradient`` that of ||dE/dW|| over the last k+1 copies: the horizon k+1.
    """

    lags: tuple[int, ...]
    log_jacobian: tuple[float, ...]
    log_share: tuple[float, ...]
    log_gradient: tuple[float, ...] = ()


@dataclass(frozen=True)
class ContrastRecord:
    """One network of the confrontation: what it is, the decisive verdict per object, and its gradients by lag.

    ``share_lags`` maps 50, 90 and 99 to the lag up to which that percentage of the gradient's parts lies (None beyond the
    horizon). ``rate`` is the certified gamma ||W||_2, as lower and upper end; ``radius`` the spectral radius. Of the state
    Jacobian the verdict for all inputs is there too, decisive or not. ``nodes`` maps *rate*, *radius*, *share_lags*, *flow*
    and *informative* to the nodes of the graph that these numbers hang on. ``analyzed`` marks the network that the whole
    document is about.
    """

    id: str
    title: str
    network: NetworkRecord
    rate: tuple[float, float]
    radius: tuple[float, float]
    verdicts: tuple[VerdictRecord, ...]
    share_lags: tuple[tuple[int, int | None], ...]
    informative: InformativeRecord | None
    flow: FlowRecord | None = None
    description: str = ""
    horizon: Horizon | None = None
    nodes: Mapping[str, str] = field(default_factory=dict)
    analyzed: bool = False


@dataclass(frozen=True)
class Confrontation:
    """The laws with their slacks, and the networks on which both sides of the dispute are judged."""

    laws: tuple[LawRecord, ...]
    networks: tuple[ContrastRecord, ...]
