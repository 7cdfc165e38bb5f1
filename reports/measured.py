r"""What was measured along a trajectory, in words: exponents +- standard errors, truncation lengths, clip thresholds.

A threshold c at the quantile q of the gradient norms ||g|| rescales the fraction 1 - q of the gradients, each by c / ||g||.

Main definitions: `Exponents`, `exponents`, `state`, `lost`, `with_error`, `lengths`, `together`, `thresholds`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
from itertools import groupby
from typing import Any

from .formats import Number, value

LEVELS = ("10", "1", "0.1")  # percent of the gradient's norm that truncation may leave out
_ROUNDING = 1e-12  # of the log of a mean of ones, and of exponents that are zero
_DIGITS = 6  # of a number beside its error
_WIDE = Context(prec=400, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class Exponents:
    """What a spectrum says as a whole.

    ``known`` of ``size`` exponents are there, ``lost`` of them minus infinity; ``positive`` are above zero, ``certain`` of
    these by more than two standard errors and the residual (None where no standard error is known). ``largest`` and ``error``
    are the largest exponent and its standard error as texts, ``error`` empty where it is not known.
    """

    known: int
    size: int
    lost: int
    positive: int
    certain: int | None
    largest: str
    error: str
    state: str


def exponents(document: Mapping[str, Any]) -> Exponents | None:
    """The exponents of a document as a whole; None if it has none."""
    spectrum = document["spectrum"]
    found = [value(x) for x in spectrum["exponents"]]
    if not found:
        return None
    errors = [value(x) for x in spectrum.get("standard_error", ())]
    residual = value(spectrum["residual"])
    floor = residual if residual > 0 else 0.0
    tiny = _ROUNDING * (1.0 + max((abs(x) for x in found if math.isfinite(x)), default=0.0))
    positive = [at for at, x in enumerate(found) if x > tiny]
    beyond = [at for at in positive if at < len(errors) and found[at] > max(2 * errors[at], floor)]
    judged = all(at < len(errors) and math.isfinite(errors[at]) for at in positive)
    size = spectrum.get("state_dim") or document["network"]["state_dim"]
    largest, error = with_error(found[0], errors[0] if errors else None)
    return Exponents(
        known=len(found),
        size=max(size, len(found)),
        lost=sum(x == -math.inf for x in found),
        positive=len(positive),
        certain=len(beyond) if judged and errors else None,
        largest=largest,
        error=error,
        state=f"full state {name}" if (name := state(document)).startswith("(") else f"state {name}".strip(),
    )


def state(document: Mapping[str, Any]) -> str:
    """The name of the state, or those of its parts.

    >>> state({"jacobian": {"blocks": [{"row": "h"}, {"row": "c"}]}}), state({"jacobian": {"blocks": [{"row": "h"}]}})
    ('(h, c)', 'h')
    """
    parts = list(dict.fromkeys(block["row"] for block in document["jacobian"]["blocks"]))
    return ", ".join(parts).join("()") if len(parts) > 1 else "".join(parts)


def lost(whole: Exponents) -> str:
    """The sentence about exponents that are minus infinity."""
    are = "exponent is" if whole.lost == whole.known == 1 else "exponents are"
    many = f"{whole.lost} of {whole.known} {are} minus infinity"
    return f"{many}: the product of the step Jacobians has lost rank, and no error flows back along these directions."


def with_error(number: Number, error: Number) -> tuple[str, str]:
    """A number and its standard error as plain text: the error with two digits, rounded up, the number to the same place.

    The number has at most six digits; the error is empty if it is not known.

    >>> with_error(0.065217, 0.003081), with_error(-1.5, 2e-17), with_error(1 / 3, None), with_error("-Infinity", 0.1)
    (('0.0652', '0.0031'), ('-1.50000', '2e-17'), ('0.3333', ''), ('-inf', ''))
    >>> with_error(1.234e-9, 1e-11), with_error(0.0, 0.0), with_error(-1e-9, 0.003)
    (('1.234e-9', '1.0e-11'), ('0', '0'), ('0.0000', '0.0030'))
    """
    x, e = value(number), value(error)
    if not math.isfinite(x):
        return str(x), ""
    if not 0 <= e < math.inf:
        return f"{x:.4g}", ""
    if e == 0:
        return f"{x:.{_DIGITS}g}", "0"
    shown = Context(prec=2, rounding=ROUND_CEILING).create_decimal(repr(e))
    shown = shown.quantize(Decimal((0, (1,), shown.adjusted() - 1)))
    exact = Decimal(x)
    place = max(shown.adjusted() - 1, exact.adjusted() - _DIGITS + 1 if exact else -_DIGITS)
    rounded = exact.quantize(Decimal((0, (1,), place)), context=_WIDE)
    return _fixed(rounded), _fixed(shown, short=place >= shown.adjusted())


def _fixed(number: Decimal, *, short: bool = False) -> str:
    """Without an exponent where that is short; `short` drops zeros at the end."""
    number = number.normalize(_WIDE) if short else number
    return f"{number:e}" if number and not -6 < number.adjusted() < _DIGITS else f"{number + 0:f}"


def lengths(document: Mapping[str, Any]) -> list[tuple[str, int | None, bool]]:
    """(percent, length, whole): from which length on the median truncation error stays below so many percent.

    ``whole`` says that nothing at all is left out from there on. Empty for a document without truncation.

    >>> cut = {"shortest": {"10": 1, "1": 2, "0.1": None}, "lengths": [1, 2], "log_error": {"median": [-3.0, "-Infinity"]}}
    >>> lengths({"truncation": cut})
    [('10', 1, False), ('1', 2, True), ('0.1', None, False)]
    """
    cut = document.get("truncation")
    if not cut:
        return []
    logs = dict(zip(cut["lengths"], map(value, cut["log_error"]["median"]), strict=True))
    found = [(percent, cut["shortest"][percent]) for percent in LEVELS]
    return [(percent, length, logs.get(length) == -math.inf) for percent, length in found]


def together(found: Sequence[tuple[str, int | None, bool]]) -> list[tuple[str, int | None, bool]]:
    """The levels that are reached at one length in one entry.

    >>> together([("10", 3, False), ("1", 9, True), ("0.1", 9, True)])
    [('10 %', 3, False), ('1 % and 0.1 %', 9, True)]
    """
    out = []
    for (length, whole), levels in groupby(found, key=lambda entry: entry[1:]):
        *first, last = (f"{percent} %" for percent, *_ in levels)
        out.append((f"{', '.join(first)} and {last}" if first else last, length, whole))
    return out


@dataclass(frozen=True)
class Threshold:
    """A clip threshold at a quantile: logs of the threshold and of the mean factor, and the percentage that is rescaled."""

    quantile: str
    log_norm: Number
    rescaled: str
    log_factor: Number


def thresholds(document: Mapping[str, Any]) -> list[Threshold]:
    """The clip thresholds of a document, by quantile; empty if it has none, or no gradient that is not zero.

    >>> norms = {"log_quantiles": {"99": 2.0, "50": 1.0}, "log_mean_scale": {"99": 0.0, "50": -0.1}}
    >>> [(t.quantile, t.rescaled) for t in thresholds({"gradient_norms": norms})]
    [('50', 'about 50 %'), ('99', 'none')]
    """
    norms = document.get("gradient_norms")
    if not norms:
        return []
    logs, factors = norms["log_quantiles"], norms["log_mean_scale"]
    ordered = sorted(logs, key=float)
    if not any(math.isfinite(value(log)) for log in logs.values()):
        return []
    return [
        Threshold(q, logs[q], "none" if value(factors[q]) > -_ROUNDING else f"about {100 - float(q):g} %", factors[q])
        for q in ordered
    ]
