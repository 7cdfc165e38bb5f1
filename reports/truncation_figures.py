r"""What truncated back-propagation leaves out, ||sum_{k >= K} P_k|| / ||sum_k P_k||, by its length K, on a log scale.

Main definition: `truncation`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import svg
from .formats import jointly, show, show_exp, value
from .measured import lengths
from .phrases import phrase
from .pictures import (
    DASHES,
    NARROW,
    POINTS,
    WIDE,
    Canvas,
    Key,
    Picture,
    Table,
    decades,
    drawn,
    leading,
    power,
    spread,
    thin,
)

_DECADES = 8  # drawn below the largest error: no user truncates where single precision rounds
_HEADROOM = 1.2  # decades: a level this near below the data is drawn


def truncation(document: Mapping[str, Any], glyphs: dict[str, str]) -> Picture | None:
    """The picture of the truncation error; None without one, or if it is nowhere between zero and infinity."""
    cut = document.get("truncation")
    if not cut or not spread(cut["lengths"]):
        return None
    at = cut["lengths"]
    logs = {name: decades(values) for name, values in cut["log_error"].items()}
    drawable = [y for name in ("median", "q05", "q95") for y in logs[name] if math.isfinite(y)]
    if not any(map(math.isfinite, logs["median"])):
        return None
    low, high = _window(drawable)
    ends = [x for x, *ys in zip(at, *logs.values(), strict=True) if any(y >= low for y in ys)]
    end = next((x for x in at if x > ends[-1]), at[-1])
    levels = [
        (math.log10(float(percent) / 100), percent, length, whole) for percent, length, whole in lengths(document)
    ]

    def plot(canvas: Canvas) -> None:
        kept = thin(at.index(end) + 1, POINTS)
        x = [at[i] for i in kept]
        median, q05, q95 = ([logs[name][i] for i in kept] for name in ("median", "q05", "q95"))
        canvas.band(x, [max(y, low) if not math.isnan(y) else y for y in q05], q95, color="0", label="5 % to 95 %")
        canvas.line(x, median, color="0", mark="o", size=2.6, every=max(1, len(x) // 24), width=1.6,
                    label=f"median over {cut['series']} series")  # fmt: skip
        for row, (level, percent, length, whole) in enumerate(levels):
            if low < level < high:
                canvas.axes.axhline(level, color=svg.INK[str(row + 2)], lw=1.2, ls=(0, DASHES[row + 1]))
                swatch = svg.swatch(str(row + 2), dash=DASHES[row + 1], width=1.2)
                canvas.keys.append(Key(swatch, f"{percent} %: {_from(length, whole=whole)}"))
        canvas.axes.set(xlabel="length K", xlim=(at[0], end), ylim=(low, high))
        canvas.axes.set_title("share of the gradient that is left out, log scale", loc="left", pad=7)
        canvas.power_ticks()

    title = "Truncation error by length"
    shown = "; ".join(f"{percent} percent: {_from(length, whole=whole)}" for _, percent, length, whole in levels)
    first = next(i for i, y in enumerate(logs["median"]) if math.isfinite(y))
    last = max(i for i, y in enumerate(logs["median"]) if math.isfinite(y))
    description = (
        f"Norm of what is left out of dE/d{jointly(cut['parameter'])} over the norm of the whole, "
        f"median over {cut['series']} series with "
        f"a band from 5 to 95 percent: {power(logs['median'][first])} at length {at[first]}, "
        f"{power(logs['median'][last])} at length {at[last]}. {shown}."
    )
    (wide, narrow), keys = drawn(
        plot, (WIDE, NARROW), name="truncation-error", title=title, description=description, glyphs=glyphs
    )
    notes = tuple(_notes(cut, low, drawable))
    return Picture("truncation-error", title, description, wide, narrow, keys, _table(cut), notes)


def _from(length: int | None, *, whole: bool) -> str:
    """From where on the median error stays below a level."""
    if length is None:
        return "the median error stays below it at no length"
    where = f"only at length {length}, where nothing is left out" if whole else f"from length {length} on"
    return f"the median error stays below it {where}"


def _window(found: Sequence[float]) -> tuple[float, float]:
    """The decades to show: whole ones below the largest error, and the next level below the smallest one."""
    high = max(found)
    low = max(min(found), math.floor(high) - _DECADES)
    low = min([low, *(level - 0.1 for level in (-1, -2, -3) if 0 < low - level < _HEADROOM)])
    return low, high + max(0.04 * (high - low), 0.05)


def _notes(cut: Mapping[str, Any], low: float, drawable: Sequence[float]) -> Iterator[str]:
    """What is not drawn."""
    if min(drawable) < low:
        yield phrase(f"Errors below 10^{low:.0f} are not drawn.")
    median, at = cut["log_error"]["median"], cut["lengths"]
    zero = next(place for place, log in enumerate([*map(value, median), -math.inf]) if log == -math.inf)
    if zero < len(at) - 2:  # the last part is zero, too, where the initial state is
        yield f"From length {at[zero]} on the median error is exactly zero."


def _table(cut: Mapping[str, Any]) -> Table:
    at = leading(len(cut["lengths"]))
    errors = [cut["log_error"][q] for q in ("median", "q05", "q95")]
    cosines = [cut["cosine"][q] for q in ("median", "q05")]
    headings = ("K", "error, median", "error, 5 %", "error, 95 %", "cosine, median", "cosine, 5 %")
    rows = tuple(
        (show(cut["lengths"][i]), *(show_exp(logs[i]) for logs in errors), *(show(numbers[i]) for numbers in cosines))
        for i in at
    )
    return Table(headings, rows, len(at) < len(cut["lengths"]))
