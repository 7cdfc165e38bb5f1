r"""What the task-informative gradient does by lag, in words: ||E[y* dy/dW]|| against ||dy/dW|| and against its bound.

It *fades* where it stays under 1 % of the total with two standard errors added, *stays* where it is above with two taken
away at the longest lag, and is *undecided* between.

Main definitions: `Course`, `course`, `against_bound`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from .formats import Number, value

Json = Mapping[str, Any]
FADES, STAYS, UNDECIDED = "fades", "stays", "undecided"
ONE_PERCENT = math.log(0.01)
_WHAT = "what dy/dW says about the input d steps ago, the norm of E[y* dy/dW],"
_FAR = 1e6  # a natural logarithm beyond is printed as such


@dataclass(frozen=True)
class Course:
    """What becomes of the task-informative gradient, the first lag of the last stretch under 1 %, and the sentence."""

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
    where = f"On {record['samples']} samples over {record['horizon']} steps"
    first = _from(lags, [share + _shift(2 * e) < ONE_PERCENT for share, e in zip(shares, error, strict=True)])
    if first is not None:
        text = (
            f"{where}, {_WHAT} is under 1 % of the norm of dy/dW from d = {first} on; at d = {last} it is {exp(found[-1])}, "
            f"and the norm of dy/dW {exp(total[-1])}."
        )
        return Course(FADES, first, text)
    size = (
        f"{exp(found[-1])} at d = {last}, the longest lag measured, with a relative standard error of {error[-1]:.2g}"
    )
    if shares[-1] + _shift(-2 * error[-1]) >= ONE_PERCENT:
        return Course(STAYS, None, f"{where}, {_WHAT} stays above 1 % of the norm of dy/dW: it is {size}.")
    text = f"Whether {_WHAT} falls under 1 % of the norm of dy/dW is undecided: it is {size}."
    return Course(UNDECIDED, None, text)


def against_bound(record: Json) -> str:
    """The measured gradient beside its bound in one sentence, or why no bound is claimed."""
    if record["log_bound"] is None:
        return f"No bound on it is claimed: {record['reason']}."
    lags = record["lags"]
    bound, total, found, error = (
        list(map(value, record[key])) for key in ("log_bound", "log_total", "log_informative", "standard_error")
    )
    over = [k for k, x, y, e in zip(lags, bound, found, error, strict=True) if not y + _shift(-2 * e) <= x]
    if over:
        return f"At d = {over[0]} the measured norm exceeds the bound of the theorem: one of the two is wrong."
    fallen = _from(lags, [x < y for x, y in zip(bound, total, strict=True)])
    under = "" if fallen is None else f" and is below the norm of dy/dW from d = {fallen} on"
    return (
        f"Its bound by a theorem is not exceeded at any of the {len(lags)} lags{under}; at d = {lags[-1]} the bound is "
        f"{exp(bound[-1], up=True)}."
    )


def exp(log: Number, *, up: bool = False) -> str:
    """exp(log) with three digits, also where no double holds it; rounded up for a bound.

    >>> exp(-921.034037), exp(0.0), exp("-Infinity"), exp(math.log(2 / 3), up=True)
    ('1.00e-400', '1', '0', '0.667')
    """
    x = value(log)
    if not math.isfinite(x) or abs(x) > _FAR:
        return "0" if x == -math.inf else f"exp({x:.4g})"
    power = Decimal(x).exp()
    rounded = Context(prec=3, rounding=ROUND_CEILING if up else ROUND_HALF_EVEN).plus(power)
    return f"{float(rounded):.3g}" if 1e-300 < power < Decimal("1e300") else f"{rounded:.2e}"


def _from(lags: Sequence[int], held: Sequence[bool]) -> int | None:
    """The first lag from which on something holds at every lag."""
    return next((k for at, k in enumerate(lags) if all(held[at:])), None)


def _shift(relative: float) -> float:
    """log(1 + x); minus infinity where that is no number of a norm."""
    return math.log1p(relative) if relative > -1 else -math.inf
