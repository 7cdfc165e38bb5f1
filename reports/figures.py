"""The figures of the page, from the document alone: gradient profile, lag shares, eigenvalues, and those of other files.

Each picture comes in a wide and a narrow drawing (the style sheet shows one of them) with the same title and
description, a legend that is text, and the numbers behind it as a table of at most forty rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from . import svg
from .brackets import brackets
from .contrast_figures import contrasts
from .formats import SCOPES, as_shown, jointly, plain_norm, show, value
from .phrases import phrase
from .pictures import (
    DASHES,
    MARKS,
    NARROW,
    POINTS,
    ROWS,
    SQUARE,
    WIDE,
    Canvas,
    Key,
    Picture,
    Table,
    decades,
    drawn,
    power,
    spread,
    table,
    thin,
)
from .spectrum_figures import spectrum
from .truncation_figures import truncation

ASYMPTOTE = "spectral_radius_asymptote"  # the id of a line that is no bound
_UNDERFLOW = ((math.log10(1.4e-45), "float32 underflow"), (math.log10(5e-324), "float64 underflow"))
_REACH = 0.45  # how far a line may extend the picture beyond the data, as a share of the data's range
_SHARE_DECADES = 30  # shares below this many decades of the largest one are not drawn
_FAR = 1e100  # an eigenvalue beyond is left to the table of constants
_LN10 = math.log(10)


@dataclass(frozen=True)
class Gallery:
    """All pictures of a page and the sheet of glyphs that they share; a picture without data is None."""

    profile: Picture | None
    shares: Picture | None
    truncation: Picture | None
    spectrum: Picture | None
    eigenvalues: Picture | None
    brackets: tuple[Picture, ...]
    contrasts: tuple[Picture | None, ...]
    glyphs: Markup


def draw(document: Mapping[str, Any]) -> Gallery:
    """All pictures that the document has data for.

    >>> empty = {"lags": [], "log_norm": dict.fromkeys(("median", "q05", "q95", "largest", "smallest"), [])}
    >>> draw({"profile": empty, "lag_shares": {"lags": []}, "eigenvalues": {}, "bounds": []}).profile is None
    True
    """
    glyphs: dict[str, str] = {}
    with svg.style():
        profile, shares = _profile(document, glyphs), _shares(document, glyphs)
        cut, exponents = truncation(document, glyphs), spectrum(document, glyphs)
        eigenvalues = _eigenvalues(document, glyphs)
        hierarchy, compared = brackets(document, glyphs), contrasts(document, glyphs)
    return Gallery(profile, shares, cut, exponents, eigenvalues, hierarchy, compared, svg.glyph_sheet(glyphs))


# --- gradient profile ------------------------------------------------------------------------------------
def _profile(document: Mapping[str, Any], glyphs: dict[str, str]) -> Picture | None:
    profile = document["profile"]
    lags = profile["lags"]
    series = {key: decades(values) for key, values in profile["log_norm"].items()}
    if not spread(lags) or not any(map(math.isfinite, series["median"] + series["largest"])):
        return None
    bounds = _lines(document["bounds"])
    low, high = _window(series, bounds, lags)
    counts = f"{profile['samples']} samples × {profile['directions']} directions"

    def plot(canvas: Canvas) -> None:
        at = thin(len(lags), POINTS)
        x = [lags[i] for i in at]
        y = {key: [values[i] for i in at] for key, values in series.items()}
        every = max(1, len(at) // 7)
        canvas.band(x, y["q05"], y["q95"], color="0", label=f"5 % to 95 % over {counts}")
        canvas.line(x, y["median"], color="0", width=2, label="median")
        canvas.line(x, y["largest"], color="1", mark="o", every=every, width=1.1, label="largest singular value")
        canvas.line(
            x,
            y["smallest"],
            color="1",
            mark="d",
            every=every,
            width=1.1,
            dash=(4, 2),
            label="smallest singular value",
        )
        styles = {name: at for at, name in enumerate(dict.fromkeys(bound["id"] for bound in bounds))}
        for bound in bounds:
            _draw_bound(canvas, bound, styles[bound["id"]], lags, (low, high))
        for level, name in _UNDERFLOW:
            if low < level < high:
                canvas.axes.axhline(level, color=svg.INK["muted"], lw=0.9, ls=(0, (1, 2)))
                canvas.axes.annotate(name, (0.99, level), xycoords=("axes fraction", "data"), xytext=(0, 2.5),
                                     textcoords="offset points", ha="right", fontsize=7.5)  # fmt: skip
        canvas.axes.set(xlabel="lag k", xlim=(lags[0], lags[-1]), ylim=(low, high))
        canvas.axes.set_title("norm of J(T, T−k), log scale", loc="left", pad=7)
        canvas.power_ticks()

    median = series["median"]
    description = (
        f"Median over {counts} of the norm of J(T, T−k) transposed times v: "
        f"{power(median[0])} at lag {lags[0]}, {power(median[-1])} at lag {lags[-1]}; "
        "with a band from 5 to 95 percent, the largest and smallest singular value of the first sample, "
        f"and {len(bounds)} lines from theory."
    )
    headings = {
        "median": "median",
        "q05": "5 %",
        "q95": "95 %",
        "largest": "largest s.v.",
        "smallest": "smallest s.v.",
    }
    columns = [profile["log_norm"][key] for key in headings]
    title = "Gradient profile by lag"
    (wide, narrow), keys = drawn(
        plot, (WIDE, NARROW), name="profile", title=title, description=description, glyphs=glyphs
    )
    absent = [bound["title"] for bound in bounds if not any(low <= _at(bound, k) <= high for k in lags)]
    notes = [f"Outside of the picture at every lag: {', '.join(absent)}."] if absent else []
    gap = next((lag for lag, y in zip(lags, series["smallest"], strict=True) if not math.isfinite(y)), None)
    if gap is not None:
        notes.append(f"The smallest singular value has no finite logarithm at lag {gap}: a gap in the picture.")
    return Picture(
        "profile",
        title,
        description,
        wide,
        narrow,
        keys,
        table(["lag", *headings.values()], lags, columns),
        tuple(notes),
    )


def _lines(bounds: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The bounds to draw: of equal lines in two scopes only the first, and none whose factors are unknown."""
    seen, out = set(), []
    for bound in bounds:
        line = (bound["id"], as_shown(bound["log_rate"]), as_shown(bound["log_constant"]))
        known = value(bound["log_rate"]) < math.inf and value(bound["log_constant"]) < math.inf
        applies = bound.get("holds", True)
        if bound["object"] == "state_jacobian" and applies and known and line not in seen:
            seen.add(line)
            out.append(bound)
    return out


def _window(
    series: Mapping[str, list[float]], bounds: Iterable[Mapping[str, Any]], lags: Sequence[int]
) -> tuple[float, float]:
    """The range of decades to show: the data, and what is near of the lines and smallest singular values."""
    core = [y for key in ("median", "q05", "q95", "largest") for y in series[key] if math.isfinite(y)]
    low, high = min(core), max(core)
    reach = max(_REACH * (high - low), 1.0)
    near = [y for y in series["smallest"] if math.isfinite(y)]
    near += [y for bound in bounds for k in (lags[0], lags[-1]) if math.isfinite(y := _at(bound, k))]
    low, high = (
        min([low, *(max(y, low - reach) for y in near)]),
        max([high, *(min(y, high + reach) for y in near)]),
    )
    margin = max(0.04 * (high - low), 0.15)
    return low - margin, high + margin


def _at(bound: Mapping[str, Any], lag: int) -> float:
    """The bound at a lag, as a power of ten."""
    slope = value(bound["log_rate"])
    return (value(bound["log_constant"]) + (lag * slope if lag else 0.0)) / _LN10


def _draw_bound(
    canvas: Canvas, bound: Mapping[str, Any], position: int, lags: Sequence[int], window: tuple[float, float]
) -> None:
    """One bound as a straight line, up to the edge of the picture; nothing if it never enters."""
    low, high = window
    inside = [k for k in lags if low <= _at(bound, k) <= high]
    if not inside:
        return
    stops = [inside[i] for i in thin(len(inside), 7)]
    first, last = (
        lags[max(0, lags.index(inside[0]) - 1)],
        lags[min(len(lags) - 1, lags.index(inside[-1]) + 1)],
    )
    x = [first, *stops, last]
    marked = list(range(2, len(x) - 2))  # the ends stay free: a marker there would be cut
    color, mark = str(2 + position % (svg.SERIES - 2)), MARKS[position % len(MARKS)]
    dash = (6, 1.5, 1, 1.5) if bound["direction"] == ">=" else DASHES[position % len(DASHES)]
    label = bound["title"] if bound["norm"] == "2" else f"{bound['title']} ({plain_norm(bound['norm'])})"
    if bound["scope"] != "all_inputs":  # the same marker, dotted
        dash, label = (1, 1.2), f"{label}, {SCOPES.get(bound['scope'], bound['scope'])}"
    sign = {"<=": "upper bound", ">=": "lower bound"}.get(bound["direction"], "equality")
    if bound["id"] == ASYMPTOTE:
        color, mark, dash, sign = "muted", "", (1, 1.6), "asymptotic, not a bound"
    y = [_at(bound, k) for k in x]
    where = _leaving(bound, lags, window)
    canvas.line(
        x,
        y,
        color=color,
        mark=mark,
        dash=dash,
        every=marked if mark else None,
        label=f"{label}: {sign}{where}",
    )


def _leaving(bound: Mapping[str, Any], lags: Sequence[int], window: tuple[float, float]) -> str:
    """Where a line is not in the picture, as the end of its legend."""
    inside = {k for k in lags if window[0] <= _at(bound, k) <= window[1]}
    if len(inside) == len(lags):
        return ""
    leaves = next((k for k in lags if k > min(inside) and k not in inside), None)
    return f", in range from lag {min(inside)}" if leaves is None else f", out of range from lag {leaves}"


# --- lag shares ------------------------------------------------------------------------------------------
def _shares(document: Mapping[str, Any], glyphs: dict[str, str]) -> Picture | None:
    shares = document["lag_shares"]
    lags = shares["lags"]
    logs = decades(shares["log_share"]) if spread(lags) else []
    finite = [y for y in logs if math.isfinite(y)]
    if not finite:
        return None
    low = max(min(finite), max(finite) - _SHARE_DECADES)
    quantiles = {int(q): lag for q, lag in sorted(shares["quantile_lags"].items()) if lag is not None}

    def plot(canvas: Canvas) -> None:
        at = thin(len(lags), POINTS)
        x, y = [lags[i] for i in at], [logs[i] for i in at]
        floor = low - 0.05 * max(max(finite) - low, 1)
        canvas.band(x, [floor] * len(x), y, color="0")
        canvas.line(x, y, color="0", mark="o", size=2.6, every=max(1, len(at) // 24))
        for row, (percent, lag) in enumerate(quantiles.items()):
            canvas.axes.axvline(lag, color=svg.INK[str(row + 2)], lw=1.2, ls=(0, DASHES[row + 1]))
            swatch = svg.swatch(str(row + 2), dash=DASHES[row + 1], width=1.2)
            canvas.keys.append(Key(swatch, f"{percent} % of the sum by lag {lag}"))
        canvas.axes.set(
            xlabel="lag k", xlim=(lags[0], lags[-1]), ylim=(floor, max(finite) + 0.04 * (max(finite) - floor))
        )
        canvas.axes.set_title("share of lag k, log scale", loc="left", pad=7)
        canvas.power_ticks()

    listed = ", ".join(f"{percent} percent by lag {lag}" for percent, lag in quantiles.items())
    description = (
        f"Share of each lag in the sum of the norms of the lag parts of dE/d{jointly(shares['parameter'])}: {listed}."
    )
    title = "Share of each lag in the gradient"
    (wide, narrow), keys = drawn(
        plot, (WIDE, NARROW), name="shares", title=title, description=description, glyphs=glyphs
    )
    notes = () if low == min(finite) else (phrase(f"Shares below 10^{{{low:.1f}}} are not drawn."),)
    return Picture(
        "shares",
        title,
        description,
        wide,
        narrow,
        keys,
        table(["lag", "share"], lags, [shares["log_share"]]),
        notes,
    )


# --- eigenvalues -----------------------------------------------------------------------------------------
def _eigenvalues(document: Mapping[str, Any], glyphs: dict[str, str]) -> Picture | None:
    points: dict[str, list[tuple[float, float]]] = {}
    for name, parts in sorted(document["eigenvalues"].items()):
        pairs = zip(map(value, parts["real"]), map(value, parts["imag"]), strict=True)
        finite = sorted(
            (pair for pair in pairs if math.hypot(*pair) < _FAR), key=lambda pair: (-math.hypot(*pair), pair)
        )
        if finite:
            points[name] = finite
    if not points:
        return None

    def plot(canvas: Canvas) -> None:
        turn = [math.pi * i / 60 for i in range(121)]
        canvas.line(
            [math.cos(a) for a in turn],
            [math.sin(a) for a in turn],
            color="muted",
            width=1,
            dash=(4, 2),
            label="unit circle",
        )
        for at, (name, pairs) in enumerate(points.items()):
            canvas.cloud(pairs, color=str(at % svg.SERIES), mark=("o" + MARKS)[at % 7], label=f"eigenvalues of {name}")
        canvas.axes.set(xlabel="real part", ylabel="imaginary part")
        canvas.axes.locator_params(nbins=5)
        canvas.axes.set_aspect("equal", adjustable="datalim")

    listed = "; ".join(
        f"{name}: {len(pairs)}, the largest modulus {math.hypot(*pairs[0]):.4g}" for name, pairs in points.items()
    )
    description = f"Eigenvalues of the recurrent blocks in the complex plane, with the unit circle. {listed}."
    rows = tuple((Markup.escape(name), show(x), show(y), show(math.hypot(x, y)))
                 for name, pairs in points.items() for x, y in pairs)  # fmt: skip
    title = "Eigenvalues of the recurrent blocks"
    sketches, keys = drawn(plot, (SQUARE,), name="eigenvalues", title=title, description=description, glyphs=glyphs)
    numbers = Table(("block", "real part", "imaginary part", "modulus"), rows[:ROWS], len(rows) > ROWS)
    return Picture("eigenvalues", title, description, sketches[0], Markup(""), keys, numbers)
