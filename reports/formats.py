"""Numbers, units and words of the document as a reader wants them: four digits, typeset powers of ten.

A number here is what the document holds: an int, a float, one of the strings "Infinity", "-Infinity", "NaN",
or None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from markupsafe import Markup

from .phrases import phrase, prose

Number = float | int | str | None
_DIGITS = 4
_ZERO = 1e-9  # rounding errors around a zero are no difference
_LARGE, _SMALL = 1e5, 1e-3  # outside of this range a power of ten reads better
_MINUS = "−"
_NONE = Markup('<span class="none" title="none">–</span>')

OBJECTS = {
    "state_jacobian": (
        "State Jacobian",
        r"\frac{\partial h_T}{\partial h_{T-k}}",
        "Can step T learn from step T−k?",
    ),
    "total_gradient": ("Total gradient", r"\frac{dE}{dW}", "Does W get an update at all?"),
    "lag_share": (
        "Share of one lag",
        r"\left[\frac{dE}{dW}\right]_{k}",
        "Is that update about the far past?",
    ),
    "error_flow": ("Error flow in training", r"\Delta W", "Does learning itself repair the flow?"),
}
FURTHER_OBJECTS = {  # of theorems and laws, without a verdict of their own
    "task_informative_gradient": "Task-informative gradient",
    "every gradient": "Every gradient",
}
SCOPES = {
    "all_inputs": "for all inputs",
    "some_slopes": "for some slopes",
    "trajectory": "on this trajectory",
    "samples": "on the samples",
}
GRADES = {
    "kernel-checked": "a proof assistant's kernel has checked it",
    "symbolic": "a symbolic derivation was checked while this document was made",
    "certified": "an enclosure whose error bound is derived",
    "tested": "compared with random or measured cases while this document was made",
    "measured": "computed in floating point, without an error bound",
    "cited": "taken from a source",
    "assumed": "not checked",
}
STATUSES = {"met": "met", "not_met": "not met", "unknown": "unknown", "assumed": "assumed"}
RELATIONS = {"<=": "≤", ">=": "≥", "=": "=", "<": "<", ">": ">"}


def value(number: Number) -> float:
    """The float that a number of the document stands for; None is NaN.

    >>> value("-Infinity"), value(2)
    (-inf, 2.0)
    """
    return math.nan if number is None else float(number)


def show(number: Number, *, digits: int = _DIGITS) -> Markup:
    r"""A number with four significant digits, as HTML; powers of ten are typeset.

    >>> print(show(1.745 / 3), show("Infinity"), show(128), show(-2.5e-9).replace("\xa0", " "))
    0.5817 ∞ 128 −2.5 × 10<sup>−9</sup>
    """
    if number is None:
        return _NONE
    if isinstance(number, int) and abs(number) < 10**9:
        return Markup(f"{number:,}".replace(",", "\u202f").replace("-", _MINUS))  # narrow no-break spaces
    x = value(number)
    if math.isnan(x):
        return Markup("not a number")
    if math.isinf(x):
        return Markup("∞" if x > 0 else _MINUS + "∞")
    if x == 0 or _SMALL <= abs(x) < _LARGE:
        return Markup(f"{x:.{digits}g}".replace("-", _MINUS))
    mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
    return _power(mantissa.rstrip("0").rstrip("."), int(exponent))


def show_exp(log: Number, *, digits: int = 3) -> Markup:
    r"""exp(log) without forming it, so that 10^-400 is shown as such.

    >>> print(show_exp(-921.034037).replace("\xa0", " "), show_exp(0.0), show_exp("-Infinity"))
    1.00 × 10<sup>−400</sup> 1 0
    """
    x = value(log)
    if not math.isfinite(x) or math.log(_SMALL) <= x < math.log(_LARGE):
        return show(math.exp(x) if x < math.inf else x, digits=digits)
    exponent = math.floor(x / math.log(10))
    mantissa = f"{10 ** (x / math.log(10) - exponent):.{digits - 1}f}"
    if float(mantissa) >= 10:
        mantissa, exponent = f"{1:.{digits - 1}f}", exponent + 1
    return _power(mantissa, exponent)


def _power(mantissa: str, exponent: int) -> Markup:
    return Markup(f"{mantissa}\u00a0×\u00a010<sup>{exponent}</sup>".replace("-", _MINUS))


def width(lower: Number, upper: Number) -> float:
    """upper - lower, 0 for a point.

    >>> width(1.0, 1.5), width("Infinity", "Infinity")
    (0.5, 0.0)
    """
    low, high = value(lower), value(upper)
    return 0.0 if low == high else high - low


def as_shown(content: Any) -> Any:
    """A tree with its floats as `show` writes them, to tell whether two of them read alike.

    >>> as_shown([0.93400001, 1e-17]) == as_shown([0.934, 0.0])
    True
    """
    if isinstance(content, float):
        return f"{content:.4g}" if abs(content) > _ZERO else "0"
    if isinstance(content, Mapping):
        return {key: as_shown(item) for key, item in content.items()}
    return [as_shown(item) for item in content] if isinstance(content, list) else content


def scope(name: str) -> str:
    """The words for a scope."""
    return SCOPES.get(name, name)


def scopes(names: Iterable[str]) -> str:
    """The words for several scopes.

    >>> scopes(("all_inputs", "trajectory"))
    'for all inputs and on this trajectory'
    """
    return " and ".join(scope(name) for name in names if name)


def object_name(name: str) -> str:
    """The name of an object; a name that is none of them stays.

    >>> object_name("lag_share"), object_name("every gradient"), object_name("J(T, T-k)")
    ('Share of one lag', 'Every gradient', 'J(T, T-k)')
    """
    return OBJECTS[name][0] if name in OBJECTS else FURTHER_OBJECTS.get(name, name)


def label(text: str, formulas: Mapping[str, Markup] | None = None) -> Markup:
    """The label of a node for a reader.

    >>> print(label("state_jacobian: undecided (all_inputs)"))
    state Jacobian: undecided, for all inputs
    """
    for name, (title, *_) in OBJECTS.items():
        text = text.replace(name, title[0].lower() + title[1:])
    for name, words in SCOPES.items():
        text = text.replace(f" ({name})", f", {words}")
    return phrase(text.replace("\\", ""), formulas)


def jointly(names: str) -> str:
    """Parameters as what a derivative is taken by: in parentheses where there are several.

    >>> jointly("W"), jointly("W, B")
    ('W', '(W, B)')
    """
    return f"({names})" if "," in names else names


def verdict_word(name: str) -> str:
    """The word of a verdict as it is printed."""
    return name.replace("_", " ")


def plain_norm(name: str) -> str:
    """The name of a norm.

    >>> plain_norm("2"), plain_norm("infinity"), plain_norm("frobenius")
    ('2-norm', '∞-norm', 'Frobenius norm')
    """
    known = {"infinity": "∞-norm", "inf": "∞-norm", "frobenius": "Frobenius norm", "fro": "Frobenius norm"}
    known |= {"max": "largest entry", "": "no norm", "none": "no norm"}
    return known.get(name.lower(), name if len(name) > 4 else f"{name}-norm")


def grade(evidence: str) -> str:
    """The rung at the head of an evidence text: 'tested (101 cases)' is tested.

    >>> grade("tested (101 cases)")
    'tested'
    """
    for rung in GRADES:
        if evidence.startswith(rung):
            return rung
    return "assumed"


def filters() -> dict[str, Callable[..., object]]:
    """The functions of this module and of phrases that the templates use, by the name they have there."""
    return {
        "show": show,
        "exp": show_exp,
        "scope": scope,
        "scopes": scopes,
        "word": verdict_word,
        "norm": plain_norm,
        "grade": grade,
        "prose": prose,
        "phrase": phrase,
        "object": object_name,
        "label": label,
        "jointly": jointly,
        "relation": lambda sign: RELATIONS.get(sign, sign),
        "status": lambda name: STATUSES.get(name, name),
    }
