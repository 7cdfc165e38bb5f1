r"""The Lyapunov exponents lambda_i, in nats per step, by rank i/N, with the curve of the law where the document has one.

Small spectra have a marker for each exponent, large ones are a line. What is minus infinity has no place in the picture
and is counted in a note; two standard errors are a band where the picture is fine enough to show it, else a note.

Main definition: `spectrum`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from .formats import show, value
from .measured import Exponents, exponents, lost
from .phrases import phrase
from .pictures import DASHES, NARROW, POINTS, WIDE, Canvas, Picture, Table, drawn, leading, thin
from .rounding import outward

MARKED = 80  # exponents up to this number have a marker each
_FAR = 1e7  # nats per step; beyond is no exponent of a network in doubles
_REACH, _AWAY = 0.45, 3.0  # how far the law and zero may extend the picture, by the range of the exponents
_VISIBLE = 0.02  # of the height of the picture: what a quarter of the band must exceed to be drawn
_FINEST = 1e-4  # nats per step: what differs less is drawn as equal
_UNIT = "nats per step"


def spectrum(document: Mapping[str, Any], glyphs: dict[str, str]) -> Picture | None:
    """The picture of the exponents; None if none of them is finite."""
    if "spectrum" not in document or (whole := exponents(document)) is None:
        return None
    record = document["spectrum"]
    found, law = _finite(record["exponents"]), _finite((record.get("law") or {"exponents": ()})["exponents"])
    errors = [2 * x for x in _finite(record.get("standard_error", ()))]
    if not any(map(math.isfinite, found)):
        return None
    rank = [at / whole.size for at in range(1, len(found) + 1)]
    low, high = _window(found, law)
    widths = sorted(2 * x for x in errors if math.isfinite(x))
    seen = bool(widths) and widths[3 * len(widths) // 4] > _VISIBLE * (high - low)

    def plot(canvas: Canvas) -> None:
        if low < 0 < high:
            canvas.line([0, 1], [0, 0], color="muted", width=1, dash=(4, 2), label="zero: neither growth nor decay")
        if seen:
            at = thin(len(found), POINTS)
            below, above = ([found[i] + sign * errors[i] for i in at] for sign in (-1, 1))
            canvas.band([rank[i] for i in at], below, above, color="0", label="± 2 standard errors")
        few = len(found) <= MARKED
        size = 3.6 if len(found) <= MARKED / 2 else 2.4
        canvas.line(rank, found, color="0", mark="o" if few else "", size=size, width=0.7 if few else 1.8,
                    label="measured exponents")  # fmt: skip
        if any(map(math.isfinite, law)):
            canvas.line(rank, law, color="2", dash=DASHES[1], width=1.5, label=_law(record["law"]))
        axes = canvas.axes
        axes.set(xlabel="rank i/N", xlim=(0, min(1.0, rank[-1]) * 1.015), ylim=(low, high))
        axes.set_title(f"Lyapunov exponent, {_UNIT}", loc="left", pad=7)
        _ticks(canvas)

    title, words = "Lyapunov exponents by rank", _words(found, law, whole)
    (wide, narrow), keys = drawn(
        plot, (WIDE, NARROW), name="spectrum-curve", title=title, description=words, glyphs=glyphs
    )
    notes = tuple(_notes(found, errors, whole, seen=seen))
    return Picture("spectrum-curve", title, words, wide, narrow, keys, _table(record, rank), notes)


def _ticks(canvas: Canvas) -> None:
    """Plain numbers, without a factor or an offset that stands elsewhere."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    canvas.axes.yaxis.set_major_locator(MaxNLocator(nbins=7))
    canvas.axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.4g}".replace("-", "−")))
    canvas.axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    canvas.axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.3g}"))


def _finite(numbers: Sequence[Any]) -> list[float]:
    """The numbers, with a gap for what has no place in a picture."""
    return [x if abs(x) < _FAR else math.nan for x in map(value, numbers)]


def _law(law: Mapping[str, Any]) -> str:
    """The key of the law's curve."""
    variance = f"independent weights of the same variance (g = {value(law['gain']):.4g})"
    return f"law of large random networks with {variance} and the slopes {law['slopes']}"


def _window(found: Sequence[float], law: Sequence[float]) -> tuple[float, float]:
    """The range of the exponents, of what is near of the law, and zero unless it is far away."""
    finite = [x for x in found if math.isfinite(x)]
    low, high = min(finite), max(finite)
    reach = _REACH * (high - low)
    near = [min(max(x, low - reach), high + reach) for x in law if math.isfinite(x)]
    zero = [0.0] if max(low, -high) <= _AWAY * (high - low) else []
    low, high = min([low, *near, *zero]), max([high, *near, *zero])
    margin = max(0.05 * (high - low), 0.02 * max(abs(low), abs(high)), _FINEST)
    return low - margin, high + margin


def _words(found: Sequence[float], law: Sequence[float], whole: Exponents) -> str:
    """The picture in words."""
    finite = [x for x in found if math.isfinite(x)]
    ends = f"from {finite[0]:.4g} down to {finite[-1]:.4g} {_UNIT}"
    text = f"{whole.known} of {whole.size} Lyapunov exponents by rank, {ends}; {whole.positive} of them positive."
    curve = [(x, y) for x, y in zip(found, law, strict=False) if math.isfinite(x) and math.isfinite(y)]
    if curve:
        apart = sorted(abs(x - y) for x, y in curve)
        text += f" A second curve is the law of large random networks, from {curve[0][1]:.4g} to {curve[-1][1]:.4g} {_UNIT}:"
        text += f" the median distance between the curves is {apart[len(apart) // 2]:.3g}."
    return text


def _notes(found: Sequence[float], errors: Sequence[float], whole: Exponents, *, seen: bool) -> Iterator[str]:
    """What is not drawn."""
    if whole.lost:
        yield lost(whole)
    gaps = sum(not math.isfinite(x) for x in found) - whole.lost
    if gaps:
        yield f"{gaps} of {whole.known} exponents are no finite numbers or beyond 10 000 000 {_UNIT}: they are not drawn."
    known = [x / 2 for x in errors if math.isfinite(x)]
    if known and not seen:
        most = outward(max(known), up=True, digits=2)
        yield phrase(f"The standard errors are at most {most} {_UNIT}, too small to be seen.")


def _table(record: Mapping[str, Any], rank: Sequence[float]) -> Table:
    """The first ranks, then a selection; the columns that the document has."""
    count = len(rank)
    at = leading(count)
    law = record.get("law") or {}
    columns = {"exponent": record["exponents"], "standard error": record.get("standard_error", ()),
               "law": law.get("exponents", ())}  # fmt: skip
    columns = {heading: numbers for heading, numbers in columns.items() if numbers}
    rows: list[tuple[Markup, ...]] = []
    for i in at:
        cells = [show(None if numbers[i] == "NaN" else numbers[i]) for numbers in columns.values()]
        rows.append((show(i + 1), show(rank[i], digits=3), *cells))
    return Table(("rank i", "i/N", *columns), tuple(rows), len(at) < count)
