"""What a picture consists of, and the helpers that every plot shares: keys, ticks, thinning, tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from . import svg
from .formats import show, show_exp, value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS, POINTS = 40, 160
_FIRST = 12  # rows at the start of a table that are never left out
WIDE, NARROW, SQUARE = (9.2, 4.6), (3.65, 3.3), (3.9, 3.6)
SOLID: tuple[float, ...] = ()
DASHES: tuple[tuple[float, ...], ...] = (SOLID, (5, 2), (3, 1.5), (6, 2, 1.5, 2), (1.5, 1.5), (8, 3))
MARKS = "svDP^X"
_FAR = 1e7  # a natural logarithm beyond is drawn as a gap
_LN10 = math.log(10)


@dataclass(frozen=True)
class Table:
    """The numbers behind a picture: a heading for each column and rows of HTML cells."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Markup, ...], ...]
    thinned: bool


@dataclass(frozen=True)
class Key:
    """One entry of a legend: a swatch as the picture draws it, and its words."""

    swatch: Markup
    label: str


@dataclass(frozen=True)
class Picture:
    """One figure in two widths, with its legend, its words and its table."""

    name: str
    title: str
    description: str
    wide: Markup
    narrow: Markup
    keys: tuple[Key, ...]
    table: Table
    notes: tuple[str, ...] = ()


Plot = Callable[["Canvas"], None]


@dataclass(frozen=True)
class Canvas:
    """Axes that remember what was drawn, so that the legend can be text of the page."""

    axes: Axes
    keys: list[Key]

    def line(
        self, x: Sequence[float], y: Sequence[float], *, color: str, label: str = "",
        dash: tuple[float, ...] = SOLID, mark: str = "", every: Any = None, width: float = 1.3,
        size: float = 3.6,
    ) -> None:  # fmt: skip
        """A line with markers; a label makes an entry of the legend."""
        style: Any = (0, dash) if dash else "-"
        self.axes.plot(x, y, color=svg.INK[color], ls=style, lw=width, marker=mark, ms=size, markevery=every)
        if label:
            self.keys.append(Key(svg.swatch(color, dash=dash, mark=mark, width=width), label))

    def band(
        self, x: Sequence[float], low: Sequence[float], high: Sequence[float], *, color: str, label: str = ""
    ) -> None:
        """A filled band between two curves."""
        self.axes.fill_between(x, low, high, color=svg.INK[color], alpha=0.16, linewidth=0)
        if label:
            self.keys.append(Key(svg.swatch(color, band=True), label))

    def cloud(self, points: Sequence[tuple[float, float]], *, color: str, mark: str, label: str) -> None:
        """Points without lines."""
        x, y = zip(*points, strict=True)
        self.axes.plot(x, y, color=svg.INK[color], marker=mark, ls="", ms=4.5, alpha=0.85)
        self.keys.append(Key(svg.swatch(color, mark=mark, width=0), label))

    def power_ticks(self) -> None:
        """Ticks of an axis that holds powers of ten."""
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        low, high = self.axes.get_ylim()
        whole = high - low > 2.5
        self.axes.yaxis.set_major_locator(MaxNLocator(nbins=7, integer=whole))
        self.axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _tick(y, whole=whole)))
        self.axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))


def drawn(
    plot: Plot,
    sizes: Sequence[tuple[float, float]],
    *,
    name: str,
    title: str,
    description: str,
    glyphs: dict[str, str],
) -> tuple[list[Markup], tuple[Key, ...]]:
    """The plot in each of the sizes, and its legend."""
    from matplotlib.figure import Figure

    made: list[Markup] = []
    keys: list[Key] = []
    for at, size in enumerate(sizes):
        figure, keys = Figure(figsize=size, layout="constrained"), []
        plot(Canvas(figure.subplots(), keys))
        prefix = name if at == 0 else f"{name}-{at}"
        made.append(svg.inline(figure, name=prefix, title=title, description=description, glyphs=glyphs))
    return made, tuple(keys)


def decades(logs: Iterable[Any]) -> list[float]:
    """Natural logarithms as powers of ten; what is not finite becomes a gap."""
    return [x / _LN10 if abs(x) < _FAR else math.nan for x in map(value, logs)]


def spread(lags: Sequence[int]) -> bool:
    """Whether the lags span an interval that can be an axis."""
    return len(lags) > 1 and lags[-1] > lags[0]


def thin(length: int, most: int) -> list[int]:
    """At most `most` evenly spaced positions of a list, the first and the last included.

    >>> thin(5, 9), thin(101, 5)
    ([0, 1, 2, 3, 4], [0, 25, 50, 75, 100])
    """
    if length <= most:
        return list(range(length))
    return sorted({round(i * (length - 1) / (most - 1)) for i in range(most)})


def leading(length: int) -> list[int]:
    """The rows of a table of which the start matters most: all up to `ROWS`, else the first ones and a thinned rest.

    >>> leading(3), leading(1000)[:14], len(leading(1000))
    ([0, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 37, 74], 39)
    """
    if length <= ROWS:
        return list(range(length))
    return sorted({*range(_FIRST), *thin(length, ROWS - _FIRST)})


def table(headings: Sequence[str], lags: Sequence[int], columns: Sequence[Sequence[Any]]) -> Table:
    """A thinned table by lag of quantities given as natural logarithms."""
    at = thin(len(lags), ROWS)
    rows = tuple((show(lags[i]), *(show_exp(column[i]) for column in columns)) for i in at)
    return Table(tuple(headings), rows, len(at) < len(lags))


def _tick(y: float, *, whole: bool) -> str:
    if whole:
        return f"$10^{{{y:.0f}}}$"
    return f"{10**y:.2g}" if abs(y) < 5 else f"$10^{{{y:.1f}}}$"


def power(y: float) -> str:
    """Ten to the y in plain text.

    >>> power(-2), power(-39.94), power(float("nan"))
    ('0.01', '10^-39.9', 'not finite')
    """
    if not math.isfinite(y):
        return "not finite"
    return f"{10**y:.3g}" if abs(y) < 4 else f"10^{y:.1f}"
