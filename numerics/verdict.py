r"""Verdicts: one per object and scope, decided by a bound for all inputs, then on the trajectory, then by the slope.

Main definitions: `state_jacobian`, `total_gradient`, `lag_share`, `error_flow_verdict`, each a list of
`VerdictRecord` of which exactly one is decisive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..theory import theorems
from ..theory.evidence import Graph, Node
from ..theory.hypotheses import Hypothesis
from ..theory.theorem import add_evidence
from .analysis import QUESTIONS, Object, VerdictRecord
from .axes import Array
from .error_flow import ErrorFlow
from .instantiate import Instance, sharpest
from .slope import Slope, fit_slope

JOINT = "joint_spectral_radius"  # what decides where gamma jsr{D W} < 1
ONE_PERCENT = math.log(0.01)
LONGEST = 60


def state_jacobian(
    graph: Graph,
    given: tuple[str, ...],
    found: Sequence[Sequence[Instance]],
    lags: NDArray[np.intp],
    log_norm: Array,
) -> list[VerdictRecord]:
    """Q1, the state Jacobian: per scope of bounds (all inputs, some slopes, the trajectory), then the measured slope."""
    steps = int(lags[-1])
    everywhere, here = found
    some = [instance for instance in everywhere if instance.scope == "some_slopes"]
    every = [instance for instance in everywhere if instance.scope != "some_slopes"]
    growth = some[0] if some else None
    records = [_by_bounds(graph, given, every, steps, growth=growth)]
    if growth is not None:
        records.append(_for_some_slopes(graph, given, growth, steps))
    records.append(_by_bounds(graph, given, here, steps))
    slope = fit_slope(lags, log_norm)
    median = _median(log_norm)
    records.append(
        _by_slope(
            graph, given, "state_jacobian", "2-norm of J(T, T-k)^T v", slope, lags, median, ("measurement:profile",)
        )
    )
    return _decisive(records)


def total_gradient(
    graph: Graph, given: tuple[str, ...], lags: NDArray[np.intp], log_total: Array
) -> list[VerdictRecord]:
    """Q2, the total gradient: the norm of the sum of the parts of lags 0..k against the length k+1 of the unfolding."""
    slope = fit_slope(lags, log_total)
    median = _median(log_total)
    norm = "Frobenius norm of dE/dW over the last k+1 copies, E = <v, x_T>"
    return _decisive(
        [_by_slope(graph, given, "total_gradient", norm, slope, lags, median, ("measurement:gradient",), falls=False)]
    )


def lag_share(graph: Graph, given: tuple[str, ...], lags: NDArray[np.intp], log_share: Array) -> list[VerdictRecord]:
    """Q3, the share of lag k in the gradient."""
    slope = fit_slope(lags, log_share)
    median = _median(log_share)
    norm = "Frobenius norm of the lag-k part of dE/dW over the sum of the parts' norms"
    return _decisive([_by_slope(graph, given, "lag_share", norm, slope, lags, median, ("measurement:gradient",))])


def error_flow_verdict(graph: Graph, given: tuple[str, ...], flow: ErrorFlow, lag: int) -> list[VerdictRecord]:
    """Q4, how one descent step moves the error flow."""
    decided = math.isfinite(flow.rate)
    record = _record(
        graph,
        given,
        "error_flow",
        scope="samples",
        norm="log spectral radius plus mean log slope"
        if len(flow.log_radius) == 1
        else "mean log growth of the state Jacobian",
        verdict=flow.word,
        rests_on=("measurement:error_flow",),
        rate=flow.rate if decided else None,
        rate_interval=flow.interval if decided else None,
        unit="per unit learning rate",
        lag_range=(lag, lag),
        reason=flow.reason,
        decided_by="descent step" if flow.word != "undecided" else None,
    )
    return _decisive([record])


def _by_bounds(
    graph: Graph,
    given: tuple[str, ...],
    found: Sequence[Instance],
    steps: int,
    *,
    growth: Instance | None = None,
) -> VerdictRecord:
    scope = found[0].scope if found else "all_inputs"
    norm = "2-norm of J(t, t-k)"
    met = [instance for instance in found if instance.decided]
    decided = [instance for instance in met if scope == "all_inputs" or _tells(instance, steps)]
    if not decided:
        if met:
            reason = (
                f"{met[0].bound.title}: over the {steps} lags of this trajectory a change of less than a factor of two"
            )
            supports: tuple[str, ...] = (f"bound:{met[0].bound.id}:{scope}",)
        else:
            if growth is not None and growth.falls:
                return _by_growth(graph, given, growth, steps)
            reason, supports = _nearest(found)
            reason += _bracket(growth) if growth is not None else ""
        return _record(graph, given, "state_jacobian", scope=scope, norm=norm, verdict="undecided", rests_on=supports,
                       lag_range=(1, steps), reason=reason)  # fmt: skip
    best = sharpest(decided)
    falls = best.bound.direction == "<="
    whom = "every lag, every state and every input" if scope == "all_inputs" else "every lag of this trajectory"
    reason = f"{best.bound.title}: rate {_near_one(best)} {best.bound.decision.needs}, for {whom}"
    if len({i.bound.decides for i in decided}) > 1:
        reason += "; bounds of both directions are met, which is contradictory"
    return _record(
        graph,
        given,
        "state_jacobian",
        scope=scope,
        norm=norm if falls else "smallest singular value of J(t, t-k)",
        verdict=best.bound.decides,
        rests_on=(f"bound:{best.bound.id}:{scope}",),
        rate=best.log_rate,
        half_life=_half_life(best.log_rate),
        one_percent_lag=_bound_one_percent(best) if falls else None,
        lag_range=(1, steps),
        reason=reason,
        decided_by=best.bound.id,
    )


def _bracket(growth: Instance) -> str:
    """Where the largest growth rate over all slopes lies, the number that no bound for all inputs can be below."""
    if not growth.holds or growth.rate.upper == math.inf:
        return ""
    end = "so that no bound for all slopes falls" if growth.decided else "to be compared with 1"
    return f"; the largest growth per step over all slopes {_growth(growth)}, {end}"


def _growth(growth: Instance) -> str:
    """gamma jsr{D W}; only its lower end counts where slopes may be negative, as the masks are not."""
    low, high = growth.rate.lower, growth.rate.upper
    if growth.of_signed_slopes:
        return f"is at least {_digits(low, 6, ROUND_FLOOR)}"
    return f"lies in {_interval(low, high)}"


def _by_growth(graph: Graph, given: tuple[str, ...], growth: Instance, steps: int) -> VerdictRecord:
    """gamma jsr{D W} < 1: by its definition ||J(t, t-k)|| <= K r^k for every r above it, with some K."""
    constants = tuple(f"constant:{q}" for q in growth.constants if f"constant:{q}" in graph.nodes)
    return _record(
        graph,
        given,
        "state_jacobian",
        scope="all_inputs",
        norm="2-norm of J(t, t-k)",
        verdict="vanishes",
        rests_on=(*constants, add_evidence(graph, theorems.get("uniform_vanishing"))),
        rate=growth.rate.maximum(0).log().upper,
        half_life=_half_life(growth.rate.maximum(0).log().upper),
        lag_range=(1, steps),
        reason=f"the largest growth per step over all slopes {_growth(growth)}: exponential decay with some constant",
        decided_by=JOINT,
    )


def _interval(low: float, high: float) -> str:
    """An interval with few digits, rounded outward."""
    return f"[{_digits(low, 6, ROUND_FLOOR)}, {_digits(high, 6, ROUND_CEILING)}]"


def _for_some_slopes(graph: Graph, given: tuple[str, ...], growth: Instance, steps: int) -> VerdictRecord:
    """Whether some slopes in the range of the activation make the state Jacobian grow; never decisive for the others."""
    bound = growth.bound
    open_ = [condition for condition, answered in growth.answers if answered.status != "met"]
    if growth.decided:
        reason = f"{bound.title}: rate {_near_one(growth)} {bound.decision.needs}, for some slopes in their range"
    elif growth.falls:
        reason = f"the largest growth per step over all slopes {_growth(growth)}: no slopes make it grow"
    elif growth.holds and growth.rate.upper < math.inf:
        reason = f"the largest growth per step over all slopes {_growth(growth)}, to be compared with 1"
    else:
        reason = f"{bound.title}: {open_[0].statement} is not established"
    return _record(
        graph,
        given,
        "state_jacobian",
        scope="some_slopes",
        norm="2-norm of J(t, t-k)",
        verdict=bound.decides if growth.decided else "vanishes" if growth.falls else "undecided",
        rests_on=(f"bound:{bound.id}:some_slopes",),
        rate=growth.log_rate if growth.decided else None,
        lag_range=(1, steps),
        reason=reason,
        decided_by=bound.id if growth.decided else JOINT if growth.falls else None,
    )


def _tells(instance: Instance, steps: int) -> bool:
    """Whether a bound on a trajectory, which ends, has fallen or grown by a factor of two at its last lag."""
    last = instance.log_constant + steps * instance.log_rate
    return last <= -math.log(2.0) if instance.bound.direction == "<=" else last >= math.log(2.0)


def _near_one(instance: Instance) -> str:
    """The rate with as many digits as tell it from 1, rounded to the safe side."""
    way = ROUND_CEILING if instance.bound.direction == "<=" else ROUND_FLOOR
    texts = (_digits(instance.safe(instance.rate), digits, way) for digits in (6, 9, 12))
    return next((text for text in texts if float(text) != 1.0), repr(instance.safe(instance.rate)))


def _digits(value: float, digits: int, way: str) -> str:
    return f"{Context(prec=digits, rounding=way).create_decimal_from_float(value).normalize():g}"


def _nearest(found: Sequence[Instance]) -> tuple[str, tuple[str, ...]]:
    """Why no bound decides: the condition that fails by the smallest factor, with its margin."""
    candidates = [
        (
            abs(math.log(max(answer.value.upper, 1e-300))) if math.isfinite(answer.value.upper) else math.inf,
            i,
            c,
            answer,
        )
        for i in found
        for c, answer in i.answers
        if answer.status != "met"
    ]
    if not candidates:
        return "no bound applies to a step Jacobian of this form", ("measurement:trajectory",)
    _, instance, condition, answer = min(candidates, key=lambda row: row[0])
    side = answer.value.upper if instance.bound.direction == "<=" else answer.value.lower
    supports = (f"bound:{instance.bound.id}:{instance.scope}",)
    if not math.isfinite(side):
        return f"{instance.bound.title}: the range of a factor of the step Jacobian is unknown for all inputs", supports
    found_out = f"{_left(condition)} = {side:.6g}, needs {condition.needs}, short by {-answer.margin:.4g}"
    return f"no bound decides; nearest is {instance.bound.title}: {found_out}", supports


def _left(condition: Hypothesis) -> str:
    """The left side of a condition, or its role where it is too long for a sentence."""
    text = condition.statement.removesuffix(f" {condition.needs}")
    return text if len(text) <= LONGEST else "rate"


def _by_slope(
    graph: Graph,
    given: tuple[str, ...],
    name: Object,
    norm: str,
    slope: Slope,
    lags: NDArray[np.intp],
    median: Array,
    rests_on: tuple[str, ...],
    *,
    falls: bool = True,
) -> VerdictRecord:
    finite = not math.isnan(slope.rate)
    return _record(
        graph,
        given,
        name,
        scope="samples",
        norm=norm,
        verdict=slope.word,
        rests_on=rests_on,
        rate=slope.rate if finite else None,
        rate_interval=slope.interval if finite else None,
        half_life=_half_life(slope.rate) if finite and slope.word == "vanishes" else None,
        one_percent_lag=_measured_one_percent(lags, median) if falls else None,
        lag_range=slope.window,
        reason=slope.reason,
        decided_by=None if slope.word == "undecided" else "slope",
    )


def _record(
    graph: Graph, given: tuple[str, ...], name: Object, *, rests_on: tuple[str, ...], **fields: Any
) -> VerdictRecord:
    identifier = f"verdict:{name}:{fields['scope']}"
    assumptions = tuple(node for node in graph.nodes if node.startswith("assumption:"))
    graph.add(
        Node(identifier, "verdict", f"{name}: {fields['verdict']} ({fields['scope']})", None, rests_on + assumptions)
    )
    grade = graph.grade(identifier)
    defaults: dict[str, Any] = {
        "rate": None,
        "rate_interval": None,
        "unit": "nats per step",
        "half_life": None,
        "one_percent_lag": None,
        "decided_by": None,
    }
    return VerdictRecord(
        object=name,
        question=QUESTIONS[name],
        evidence=str(grade),
        weakest=grade.weakest,
        given=given,
        decisive=False,
        **(defaults | fields),
    )


def _decisive(records: list[VerdictRecord]) -> list[VerdictRecord]:
    """Mark the first record that decides, else the last; what holds for some slopes decides nothing about the others."""
    chosen = next((r for r in records if r.verdict != "undecided" and r.scope != "some_slopes"), records[-1])
    return [VerdictRecord(**{**vars(r), "decisive": r is chosen}) for r in records]


def _half_life(rate: float) -> float | None:
    """Steps in which a quantity that falls at this rate halves; None where it does not fall."""
    return math.log(2.0) / -rate if rate < 0 else None


def _bound_one_percent(instance: Instance) -> int | None:
    """The first lag at which the bound is under 1 %."""
    if instance.log_rate == -math.inf:
        return 1
    lag = (ONE_PERCENT - instance.log_constant) / instance.log_rate
    return max(1, math.floor(lag) + 1) if math.isfinite(lag) else None


def _median(series: Array) -> Array:
    """Median over the series, by lag; NaN where there is no series."""
    if series.shape[1] == 0:
        return np.full(len(series), math.nan)
    return np.asarray(np.quantile(series, 0.5, axis=1, method="inverted_cdf"))


def _measured_one_percent(lags: NDArray[np.intp], median: Array) -> int | None:
    """The first reported lag from which on the median stays under 1 %, None if it does not."""
    above = np.flatnonzero(~(median < ONE_PERCENT))
    first = 0 if not len(above) else int(above[-1]) + 1
    return int(lags[first]) if first < len(lags) else None
