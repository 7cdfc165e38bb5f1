"""The brackets of each recurrent block as bars against 1/gamma, from the document alone.

A bar runs to the lower end of a bracket, where the number at least reaches, and a stronger part from there to the upper
end; color, dash and marker say where the bracket lies. The axis is logarithmic where the numbers span more than a factor
of ten; there zero stands at the left edge. An upper end without a bound runs to the right edge.

Main definition: `brackets`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from . import sieve, svg
from .conclusion import NAMES, against, named
from .formats import value
from .phrases import phrase
from .pictures import Canvas, Key, Picture, Table, drawn
from .rounding import interval, outward, within

WIDE, NARROW = (9.2, 3.3), (3.65, 3.0)
BLOCKS = 4  # drawn at most
_SPAN = 10.0  # from the smallest number to the largest, beyond which the axis is logarithmic
_POINT = 0.004  # of the axis: a bracket that is not wider is a point
_THICK = 11  # of a bar, in points
_MOST = 300  # decades; beyond, the text of the table remains
# Where a bracket lies: color, dash, marker, words.
_KINDS: dict[str, tuple[str, tuple[float, ...], str, str]] = {
    "below": ("0", (), "o", "below 1/γ"),
    "above": ("2", (5, 2), "^", "above 1/γ"),
    "undecided": ("5", (1.5, 1.5), "D", "undecided: the bracket contains 1/γ"),
    "equal": ("4", (3, 1.5), "s", "equal to 1/γ"),
    "not below": ("4", (3, 1.5), "s", "not below 1/γ"),
    "": ("0", (), "o", "lower and upper end"),
}


_EDGES: tuple[tuple[str, Callable[[float], bool]], ...] = (
    ("lower", lambda x: x <= 0),
    ("upper", lambda x: x == math.inf),
)


@dataclass(frozen=True)
class _Scale:
    """From numbers to places on the axis: the number itself or its power of ten, and the ends of the axis."""

    log: bool
    left: float
    right: float

    def place(self, x: float) -> float:
        """The place of a number; what has none stands at an edge."""
        if not self.log:
            return min(x, self.right)
        return min(max(math.log10(x), self.left), self.right) if x > 0 else self.left


def brackets(document: Mapping[str, Any], glyphs: dict[str, str]) -> tuple[Picture, ...]:
    """One picture for each of the first four blocks of a document; none for a document without a hierarchy."""
    return tuple(_picture(block, at, glyphs) for at, block in enumerate(document.get("hierarchy", ())[:BLOCKS]))


def _picture(block: Mapping[str, Any], at: int, glyphs: dict[str, str]) -> Picture:
    name, rows, threshold = block["block"], block["rows"], block["threshold"]
    places = [against(row, threshold) for row in rows]
    scale = _scale([value(row[end]) for row in rows for end in ("lower", "upper")], _line(threshold))

    def plot(canvas: Canvas) -> None:
        axes, top = canvas.axes, len(rows)
        for kind in dict.fromkeys(places):
            _bars(canvas, rows, kind, places, scale)
        if _line(threshold) is not None:
            _threshold(canvas, threshold, scale, top)
        for place in dict.fromkeys(places):
            color, dash, mark, words = _KINDS[place]
            canvas.keys.append(Key(svg.swatch(color, dash=dash, mark=mark, width=1.6), words))
        axes.set_yticks(range(top, 0, -1), [_label(row) for row in rows])
        axes.set(xlim=(scale.left, scale.right), ylim=(0.4, top + (1.15 if threshold else 0.6)))
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0, pad=5)
        _ticks(canvas, scale)
        axes.set_xlabel("value, log scale" if scale.log else "value")

    title = f"Brackets of the numbers of {name}" + (" against 1/γ" if threshold else "")
    listed = "; ".join(
        f"{named(row, name)} {within(row['lower'], row['upper'])}" + (f", {place}" if place else "")
        for row, place in zip(rows, places, strict=True)
    )
    line = f" 1/γ {within(threshold['lower'], threshold['upper'])}." if threshold else ""
    description = f"A bar for each number, in ascending order of what is proved. {listed}.{line}"
    prefix = f"brackets-{at}"
    (wide, narrow), keys = drawn(plot, (WIDE, NARROW), name=prefix, title=title, description=description, glyphs=glyphs)
    return Picture(prefix, title, description, wide, narrow, keys, _table(block, places), tuple(_notes(block, scale)))


def _notes(block: Mapping[str, Any], scale: _Scale) -> Iterator[str]:
    """What stands at an edge."""
    ends = {end: [named(r, block["block"]) for r in block["rows"] if test(value(r[end]))] for end, test in _EDGES}
    if ends["upper"]:
        yield phrase(f"No upper end is known of {', '.join(ends['upper'])}: the bar runs to the edge.")
    if ends["lower"] and scale.log:
        yield phrase(f"The lower end of {', '.join(ends['lower'])} is 0, which stands at the left edge.")


def _line(threshold: Mapping[str, Any] | None) -> float | None:
    """Where 1/gamma is drawn."""
    if threshold is None or not 0 < value(threshold["lower"]) <= value(threshold["upper"]) < math.inf:
        return None
    return value(threshold["upper"])


def _scale(ends: Sequence[float], line: float | None) -> _Scale:
    """The axis that shows every positive number, and 1/gamma."""
    shown = [x for x in (*ends, line) if x is not None and 0 < x < math.inf]
    if not shown:
        return _Scale(log=False, left=0.0, right=1.0)
    low, high = min(shown), max(shown)
    if high <= _SPAN * low:
        return _Scale(log=False, left=0.0, right=1.1 * high) if high < 1e300 else _Scale(True, 299.0, 309.0)
    low, high = math.log10(low), math.log10(high)
    low = max(low, high - _MOST)
    margin = 0.08 * (high - low)
    return _Scale(log=True, left=low - margin, right=high + margin)


def _bars(canvas: Canvas, rows: Sequence[Mapping[str, Any]], kind: str, places: Sequence[str], scale: _Scale) -> None:
    """The brackets of one kind: what is certainly reached, what is open, and both ends; an end at an edge is no end."""
    color, dash, mark, _ = _KINDS[kind]
    reached, open_, ends = [], [], []
    for at, (row, place) in enumerate(zip(rows, places, strict=True)):
        if place != kind:
            continue
        height = len(rows) - at
        low, high = (scale.place(value(row[end])) for end in ("lower", "upper"))
        reached.append((scale.left, low, height))
        if high - low > _POINT * (scale.right - scale.left):
            open_.append((low, high, height))
            ends += [(x, height) for x in (low, high) if scale.left < x < scale.right]
        else:
            ends.append((high, height))
    _strokes(canvas, reached, color, alpha=0.16, lw=_THICK)
    _strokes(canvas, open_, color, alpha=0.5, lw=_THICK)
    _strokes(canvas, open_, color, lw=1.6, ls=(0, dash) if dash else "-")
    if ends:
        canvas.axes.plot(*zip(*ends, strict=True), color=svg.INK[color], marker=mark, ls="", ms=4.6, clip_on=False)


def _strokes(canvas: Canvas, strokes: Sequence[tuple[float, float, int]], color: str, **style: Any) -> None:
    """Horizontal strokes (left, right, height) as one line with gaps: a page repeats every element's style."""
    x = [end for left, right, _ in strokes for end in (left, right, math.nan)]
    y = [height for *_, height in strokes for _ in range(3)]
    if x:
        canvas.axes.plot(x, y, color=svg.INK[color], solid_capstyle="butt", clip_on=False, **style)


def _threshold(canvas: Canvas, threshold: Mapping[str, Any], scale: _Scale, top: int) -> None:
    line = _line(threshold)
    assert line is not None
    at = scale.place(line)
    canvas.axes.axvline(at, color=svg.INK["ink"], lw=1.2, ls=(0, (6, 2, 1, 2)))
    share = (at - scale.left) / (scale.right - scale.left)
    side = "left" if share < 0.5 else "right"
    text = f"1/γ = {interval(threshold['lower'], threshold['upper'], digits=4)}"
    canvas.axes.annotate(text, (at, top + 1.1), xytext=(4 if side == "left" else -4, 0), textcoords="offset points",
                         ha=side, va="top", fontsize=8)  # fmt: skip
    canvas.keys.append(Key(svg.swatch("ink", dash=(6, 2, 1, 2), width=1.2), "1/γ, γ = sup|φ′|"))


def _label(row: Mapping[str, Any]) -> str:
    """The name of a row without its block; a row that this version does not know by its id."""
    known = NAMES.get(row["id"])
    return str(row["id"]).replace("_", " ").replace("$", "") if known is None else f"${known[1].format('W')}$"


def _ticks(canvas: Canvas, scale: _Scale) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

    axis = canvas.axes.xaxis
    decades = scale.right - scale.left
    if not scale.log:
        axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.4g}"))
        return
    if decades > 3:
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"$10^{{{x:.0f}}}$" if abs(x) > 3 else f"{10.0**x:g}"))
        return
    first, last = math.floor(scale.left), math.ceil(scale.right)
    steps = [m * 10.0**e for e in range(first, last + 1) for m in (1, 2, 5)]
    axis.set_major_locator(FixedLocator([math.log10(x) for x in steps if scale.left <= math.log10(x) <= scale.right]))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{10.0**x:.3g}"))


def _quantity(row: Mapping[str, Any], block: str) -> Markup:
    """The formula of a row, with its name for screen readers; the name alone if the page does not accept the formula."""
    try:
        shown = sieve.safe(row["formula"]["mathml"])
    except ValueError:
        return phrase(named(row, block))
    hidden = Markup('<span class="hidden">{}</span><span aria-hidden="true">{}</span>')
    return hidden.format(named(row, block), shown)


def _table(block: Mapping[str, Any], places: Sequence[str]) -> Table:
    """The numbers behind the bars, rounded outward."""
    known = block["threshold"] is not None
    headings = ("quantity", "lower", "upper", *(["against 1\u2060/\u2060γ"] if known else []), "evidence")
    rows = []
    for row, place in zip(block["rows"], places, strict=True):
        ends = (outward(row["lower"], up=False), outward(row["upper"], up=True))
        cells = (*(end.replace("inf", "∞") for end in ends), *([place] if known else []), row["evidence"])
        rows.append((_quantity(row, block["block"]), *map(phrase, cells)))
    return Table(headings, tuple(rows), thinned=False)
