"""Brackets against 1/gamma, and what the bounds for all inputs conclude, in words, from the document alone.

Main definitions: `NAMES`, `against`, `named`, `conclusion`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from .formats import value
from .rounding import apart, outward, within

# By row: the name as plain text and in LaTeX, both with the block in place of {}.
NAMES = {
    "spectral_radius": ("rho({})", r"\rho({})"),
    "joint_spectral_radius": ("jsr(D {})", r"\hat\rho(D\,{})"),
    "scaled_numerical_radius": ("omega({})", r"\omega({})"),
    "diagonal_scaling_norm": ("s({})", r"s({})"),
    "spectral_norm": ("||{}||_2", r"\|{}\|_2"),
    "perron_radius": ("rho(|{}|)", r"\rho(|{}|)"),
    "row_sum_norm": ("||{}||_inf", r"\|{}\|_\infty"),
    "n_max_abs": ("n max |{}|", r"n\,\max|{}|"),
}
WIDEST = 64  # units of which a mask is written out
_LOG_2 = math.nextafter(math.log(2.0), 1.0)  # above log 2
JOINT, SCALED = "joint_spectral_radius", "diagonal_scaling_norm"

Json = Mapping[str, Any]


def named(row: Json, block: str) -> str:
    """The number of a row as plain text; that of a row this version does not know by its formula's text.

    >>> named({"id": "spectral_norm"}, "W_i")
    '||W_i||_2'
    """
    plain = NAMES.get(row["id"])
    return str(row["formula"]["text"]) if plain is None else plain[0].format(block)


def against(row: Json, threshold: Json | None) -> str:
    """Where a bracket lies: below, equal, above, not below, or undecided where it straddles; empty without a threshold.

    >>> one = {"lower": 1.0, "upper": 1.0}
    >>> [against({"lower": a, "upper": b}, one) for a, b in ((0.5, 0.9), (1.0, 1.0), (1.0, 2.0), (0.9, 1.0), (2.0, 3.0))]
    ['below', 'equal', 'not below', 'undecided', 'above']
    """
    if threshold is None:
        return ""
    low, high = value(row["lower"]), value(row["upper"])
    least, most = value(threshold["lower"]), value(threshold["upper"])
    if high < least:
        return "below"
    if low > most:
        return "above"
    if low == high == least == most:
        return "equal"
    return "not below" if low >= most else "undecided"


def of_slopes(hierarchy: Json) -> str:
    """The slopes of a block and 1/gamma as a phrase.

    >>> of_slopes({"slopes": {"lower": 0.0, "upper": 0.25}, "threshold": {"lower": 4.0, "upper": 4.0}})
    'slopes in [0, 0.25], 1/gamma = 4'
    """
    slopes, threshold = hierarchy["slopes"], hierarchy["threshold"]
    if slopes is None or threshold is None:
        return "no common range of slopes, so no 1/gamma"
    return f"slopes in {_slopes(slopes)}, 1/gamma {within(threshold['lower'], threshold['upper'])}"


def of_masks(growing: Json) -> str:
    """Masks that make the products grow, as a sentence; of more than `WIDEST` units only how many each keeps.

    >>> of_masks({"masks": ["10", "11"], "lower": 1.25, "upper": 1.5})
    'Slopes of gamma times the masks 10, 11 in turn make the state Jacobian grow by a factor of at least 1.25 per step, on average'
    """
    masks = growing["masks"]
    wide = len(masks[0]) > WIDEST
    shown = ", ".join(f"that keep {mask.count('1')} units" if wide else mask for mask in masks)
    which = f"masks {shown} in turn" if len(masks) > 1 else f"mask {shown} in every step"
    rate = outward(growing["lower"], up=False)
    growth = f"make the state Jacobian grow by a factor of at least {rate} per step, on average"
    return f"Slopes of gamma times the {which} {growth}"


def _slopes(slopes: Json) -> str:
    return f"[{outward(slopes['lower'], up=False)}, {outward(slopes['upper'], up=True)}]"


def conclusion(document: Json) -> str:
    """What the bounds for all inputs decide, in one sentence; where they do not, between which numbers gamma jsr lies.

    The document is that of `errorflow bounds`. An upper end is rounded up, a lower end down.
    """
    given = "".join(f"assuming {_aside(condition)}, " for condition in document["given"])
    decided = _bound(document, document["decided_by"], "all_inputs")
    if decided is not None:
        return _sentence(f"{given}{decided['evidence']}: {_decided(decided)}")
    if document["decided_by"] == JOINT:
        (block,) = (block for block in document["hierarchy"] if block["threshold"] is not None)
        return _sentence(
            f"{given}{document['evidence']}: {_bracket(block).partition(' (')[0]}, below 1, so that ||J(t, t-k)||_2 falls "
            "exponentially in the lag for every input, with a constant that is not known"
        )
    growing = _bound(document, document["growing"], "some_slopes")
    found = [text for block in document["hierarchy"] if (text := _bracket(block))]
    if not found:
        return _sentence(
            f"{given}undecided: no bound for all inputs has its hypotheses met, and the step Jacobian of this cell is not "
            "a diagonal matrix of slopes in a known range times W"
        )
    if growing is not None:
        found.append(
            f"{growing['evidence']}: some slopes in their range make the state Jacobian grow at least like "
            f"{_power(growing)}, so no bound for all slopes can fall; whether inputs reach such slopes is open"
        )
    return _sentence(f"{given}undecided: {'; '.join(found)}")


def _bound(document: Json, name: str | None, scope: str) -> Json | None:
    return next((b for b in document["bounds"] if name is not None and (b["id"], b["scope"]) == (name, scope)), None)


def _decided(bound: Json) -> str:
    whom = f"for every lag k >= 1, every state and every input ({bound['title']})"
    if bound["direction"] == ">=":
        return f"the smallest singular value of J(t, t-k) is at least {_power(bound)} {whom}"
    falls = value(bound["log_rate"])
    half = Fraction(_LOG_2) / -Fraction(falls) if math.isfinite(falls) else Fraction(0)
    steps = f"; it halves every {outward(half, up=True, digits=4)} steps" if half else ""
    return f"||J(t, t-k)||_2 <= {_power(bound)} {whom}{steps}"


def _power(bound: Json) -> str:
    up = bound["direction"] == "<="
    end = "upper" if up else "lower"
    constant, power = outward(bound["constant"][end], up=up), f"{apart(bound['rate'][end], up=up)}^k"
    return power if constant == "1" else f"{constant} * {power}"


def _bracket(block: Json) -> str:
    """Where gamma jsr lies, or gamma s(W) where some slopes are negative: the masks of the jsr do not cover those."""
    slopes, threshold = block["slopes"], block["threshold"]
    if slopes is None or threshold is None:
        return ""
    signed = value(slopes["lower"]) < 0
    row = next((row for row in block["rows"] if row["id"] == (SCALED if signed else JOINT)), None)
    if row is None:
        return ""
    ends = [_quotient(value(row[a]), value(threshold[b])) for a, b in (("lower", "upper"), ("upper", "lower"))]
    name = f"gamma {named(row, block['block'])}"
    text = f"{name} {within(*ends)} ({row['evidence']})"
    if signed:
        return f"{text}, and slopes are negative somewhere, so that omega or jsr below 1/gamma would not suffice"
    if value(slopes["lower"]) > 0:
        return f"{text}, which allows slopes down to 0, outside of their range"
    return text


def _quotient(x: float, y: float) -> Fraction | float:
    return Fraction(x) / Fraction(y) if math.isfinite(x) and math.isfinite(y) else x


def _aside(condition: str) -> str:
    """An assumption with what stands behind its colon in brackets."""
    what, _, why = condition.partition(": ")
    return f"{what} ({why})" if why else what


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
