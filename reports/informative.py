r"""What the task-informative gradient does by lag, in words: ||E[y* dy/dW]|| against ||dy/dW|| and against its bound.

It *fades* where it stays under 1 % of the total with two standard errors added, *stays* where it is above with two taken
away at the longest lag, and is *undecided* between, and where no standard error is known. It *exceeds* where with two
standard errors taken away it is above its bound: then bound or measurement is wrong, and neither counts.

Main definitions: `Course`, `course`, `exceeded`, `against_bound`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from .formats import Number, value

Json = Mapping[str, Any]
FADES, STAYS, UNDECIDED, EXCEEDS = "fades", "stays", "undecided", "exceeds"
ONE_PERCENT = math.log(0.01)
TARGET = "the norm of E[y* dy/dW]"
_WHAT = f"{TARGET}, what dy/dW says about the input d steps ago,"
_ROUNDING = 1e-9  # of a bound that is attained
_FAR = 1e6  # a natural logarithm beyond is printed as such


@dataclass(frozen=True)
class Course:
    """What becomes of the task-informative gradient, in a sentence.

    ``lag`` is the first of the last stretch under 1 %, or the first at which the bound is exceeded.
    """

    word: str
    lag: int | None
    text: str


def course(record: Json) -> Course:
    """The course of a record, in one sentence.

    >>> logs = {"log_total": [0.0, 0.0], "log_informative": [-0.5, -9.0], "standard_error": [0.1, 0.1]}
    >>> found = course({"lags": [1, 20], **logs, "samples": 9, "horizon": 30})
    >>> found.word, found.lag
    ('fades', 20)
    """
    lags, last = record["lags"], record["lags"][-1]
    total, found, error = (list(map(value, record[key])) for key in ("log_total", "log_informative", "standard_error"))
    shares = [y - x for x, y in zip(total, found, strict=True)]
    where = _where(record)
    over = exceeded(record)
    if over is not None:
        text = f"{where}, {_WHAT} exceeds its bound at d = {over} beyond its error: one of the two is wrong."
        return Course(EXCEEDS, over, text)
    low, high = zip(*map(_ends, shares, error), strict=True)
    first = _from(lags, [end < ONE_PERCENT for end in high])
    if first is not None:
        text = (
            f"{where}, {_WHAT} is under 1 % of the norm of dy/dW from d = {first} on; at d = {last} it is {exp(found[-1])}, "
            f"and the norm of dy/dW {exp(total[-1])}."
        )
        return Course(FADES, first, text)
    size = f"{exp(found[-1])} at d = {last}, the longest lag measured, {_with(error[-1])}"
    if low[-1] >= ONE_PERCENT:
        return Course(STAYS, None, f"{where}, {_WHAT} stays above 1 % of the norm of dy/dW: it is {size}.")
    text = f"{where}, it is undecided whether {TARGET} falls under 1 % of the norm of dy/dW: it is {size}."
    return Course(UNDECIDED, None, text)


def exceeded(record: Json) -> int | None:
    """The first lag at which the measurement, two standard errors taken away, is above its bound; None if there is none."""
    if record.get("log_bound") is None:
        return None
    bound, found, error = (list(map(value, record[key])) for key in ("log_bound", "log_informative", "standard_error"))
    rows = zip(record["lags"], bound, found, error, strict=True)
    return next((k for k, x, y, e in rows if _ends(y, e)[0] > x + _ROUNDING), None)


def against_bound(record: Json) -> str:
    """The measured gradient beside its bound in one sentence, or why no bound is claimed."""
    if record["log_bound"] is None:
        return f"No bound on it is claimed: {record['reason']}."
    over = exceeded(record)
    if over is not None:
        return f"At d = {over} the measured norm exceeds the bound of the theorem: one of the two is wrong."
    lags = record["lags"]
    bound, total, found, error = (
        list(map(value, record[key])) for key in ("log_bound", "log_total", "log_informative", "standard_error")
    )
    known = [not math.isnan(_ends(y, e)[0]) and not math.isnan(x) for x, y, e in zip(bound, found, error, strict=True)]
    fallen = _from(lags, [x < y for x, y in zip(bound, total, strict=True)])
    under = "" if fallen is None else f" and is below the norm of dy/dW from d = {fallen} on"
    where = "at the one lag" if len(lags) == 1 else f"at any of the {len(lags)} lags"
    told = f"Its bound by a theorem is not exceeded {where} beyond two standard errors"
    if not all(known):
        blind = ", ".join(str(k) for k, certain in zip(lags, known, strict=True) if not certain)
        told = (
            f"Whether it is within its bound by a theorem is undecided at d = {blind}, where its error is not a number"
        )
    return f"{told}{under}; at d = {lags[-1]} the bound is {exp(bound[-1], up=True)}."


def _where(record: Json) -> str:
    """On what was measured: samples, inputs, steps, and what the target and the output are."""
    inputs = f" of {record['inputs']}" if record.get("inputs") else ""
    return f"On {record['samples']} samples{inputs}, over {record['horizon']} steps, with y* the input d steps ago and y = c^T h_T"


def _with(error: float) -> str:
    known = f"with a relative standard error of {error:.2g}"
    return known if math.isfinite(error) else "and no standard error is known"


def exp(log: Number, *, up: bool = False) -> str:
    """exp(log) with three digits, also where no double holds it; rounded up for a bound.

    >>> exp(-921.034037), exp(0.0), exp("-Infinity"), exp(math.log(2 / 3), up=True)
    ('1.00e-400', '1', '0', '0.667')
    """
    x = value(log)
    if not math.isfinite(x) or abs(x) > _FAR:
        known = {-math.inf: "0", math.inf: "infinite"}
        return "not a number" if math.isnan(x) else known.get(x, f"exp({x:.4g})")
    power = Decimal(x).exp()
    rounded = Context(prec=3, rounding=ROUND_CEILING if up else ROUND_HALF_EVEN).plus(power)
    return f"{float(rounded):.3g}" if 1e-300 < power < Decimal("1e300") else f"{rounded:.2e}"


def _from(lags: Sequence[int], held: Sequence[bool]) -> int | None:
    """The first lag from which on something holds at every lag."""
    return next((k for at, k in enumerate(lags) if all(held[at:])), None)


def _ends(log: float, error: float) -> tuple[float, float]:
    """The logs of a norm with two relative standard errors taken away and added; NaN where one of the two is not a number.

    A zero norm with a known error is zero.
    """
    if math.isnan(log) or math.isnan(error):
        return math.nan, math.nan
    if log == -math.inf:
        return -math.inf, -math.inf if math.isfinite(error) else math.inf
    low = log + math.log1p(-2 * error) if error < 0.5 else -math.inf
    return low, log + math.log1p(2 * error)
