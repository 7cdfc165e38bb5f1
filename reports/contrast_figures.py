r"""For each network of the confrontation by lag: ||dy/dW||, ||E[y* dy/dW]|| with its bound, the lag shares, the state Jacobian.

The total gradient is drawn over the last k+1 copies, where that was measured, ||dE/dW|| with E = <v, h_T>: it rises to its value
and stays. The pictures have one range of lags and one of decades, so that they can be compared.

Main definition: `contrasts`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from .formats import show, show_exp, value
from .phrases import phrase
from .pictures import DASHES, Canvas, Picture, Table, decades, drawn, power, spread, thin

PANEL = (3.65, 3.3)
_POINTS = 30
_DECADES = 16  # drawn below the highest curve: doubles hold no more digits of a sum
Curve = tuple[list[int], list[float]]  # lags and decades


@dataclass(frozen=True)
class _Frame:
    """The lags and the decades that all pictures have in common."""

    first: int
    last: int
    low: float
    high: float


def contrasts(document: Mapping[str, Any], glyphs: dict[str, str]) -> tuple[Picture | None, ...]:
    """One entry per network, None where it has nothing by lag; empty without a confrontation."""
    networks = (document.get("confrontation") or {"networks": ()})["networks"]
    curves = [_curves(network) for network in networks]
    frame = _frame([item for found in curves for item in found.items()])
    return tuple(
        _picture(network, found, frame, glyphs, at) if frame and found else None
        for at, (network, found) in enumerate(zip(networks, curves, strict=True))
    )


def _frame(curves: Sequence[tuple[str, Curve]]) -> _Frame | None:
    """What all curves have in common, with room for a bound that starts a little higher; None if none is finite."""
    heights = [y for name, (_, ys) in curves for y in ys if name != "bound" and math.isfinite(y)]
    if not heights:
        return None
    high = max(heights)
    low = max(min(heights), high - _DECADES)
    margin, room = max(0.05 * (high - low), 0.1), 0.25 * (high - low)
    starts = [min(ys[0], high + room) for name, (_, ys) in curves if name == "bound" and math.isfinite(ys[0])]
    lags = [lag for _, (x, _) in curves for lag in (x[0], x[-1])]
    return _Frame(min(lags), max(lags), low - margin, max([high, *starts]) + margin)


def _curves(network: Mapping[str, Any]) -> dict[str, Curve]:
    """Lags and decades of what the record has, by name; what has no two lags is left out."""
    made: dict[str, Curve] = {}
    for record, names in (
        ("informative", ("total", "informative", "bound")),
        ("flow", ("gradient", "jacobian", "share")),
    ):
        table = network.get(record)
        if table and spread(table["lags"]):
            logs = {name: table.get(f"log_{name}") for name in names}
            made |= {name: (table["lags"], decades(ys)) for name, ys in logs.items() if ys}
    if "gradient" in made:
        made.pop("total", None)
    return made


def _picture(
    network: Mapping[str, Any], curves: Mapping[str, Curve], frame: _Frame, glyphs: dict[str, str], at: int
) -> Picture:
    record = network["informative"]

    def plot(canvas: Canvas) -> None:
        def line(name: str, label: str, **style: Any) -> None:
            if name in curves:
                x, y = curves[name]
                kept = thin(len(x), _POINTS)
                canvas.line([x[i] for i in kept], [y[i] for i in kept], label=label, **style)

        line("total", "‖dy/dW‖: the whole", color="3", width=2.2, mark="s", size=2.4)
        line("gradient", "‖dE/dW‖ over the last k+1 copies", color="3", width=2.2, mark="s", size=2.4)
        if "informative" in curves:
            x, y = curves["informative"]
            ends = [_ends(value(e)) for e in record["standard_error"]]
            top = [a + b for a, (_, b) in zip(y, ends, strict=True)]
            low = [min(max(a + b, frame.low), c) for a, (b, _), c in zip(y, ends, top, strict=True)]
            canvas.band(x, low, top, color="0")
            line("informative", "‖E[y* dy/dW]‖: about the input d steps ago, ± 2 standard errors", color="0",
                 width=1.8, mark="o", size=2.8)  # fmt: skip
        line("bound", "bound on it, by theorem", color="2", width=1.4, dash=DASHES[1])
        line("jacobian", "‖J(T, T−k)ᵀv‖: state Jacobian", color="1", width=1.1, dash=DASHES[4])
        line("share", "share of lag k in the gradient", color="4", width=1.1, dash=DASHES[3])
        canvas.axes.set(xlabel="lag d or k", xlim=(frame.first, frame.last), ylim=(frame.low, frame.high))
        canvas.axes.set_title("norms, log scale", loc="left", pad=7)
        canvas.power_ticks()

    title = f"{network['title']}: gradients by lag"
    description = _words(network, curves)
    name = f"contrast-{at}"
    (drawing,), keys = drawn(plot, (PANEL,), name=name, title=title, description=description, glyphs=glyphs)
    return Picture(
        name, title, description, drawing, Markup(""), keys, _table(network, curves), tuple(_notes(curves, frame))
    )


def _ends(relative: float) -> tuple[float, float]:
    """Two standard errors to both sides, in decades; down to nothing where they reach zero."""
    if not math.isfinite(relative):
        return -math.inf, 0.0
    down = math.log10(1 - 2 * relative) if relative < 0.5 else -math.inf
    return down, math.log10(1 + 2 * relative)


def _words(network: Mapping[str, Any], curves: Mapping[str, Curve]) -> str:
    names = {
        "total": "the norm of dy/dW",
        "gradient": "the norm of dE/dW over the last k+1 copies",
        "informative": "the norm of E[y* dy/dW]",
        "bound": "its bound",
        "jacobian": "the norm of J(T, T−k) transposed times v",
        "share": "the share of the lag in the gradient",
    }
    parts = [
        f"{names[name]} {power(y[0])} at lag {x[0]} and {power(y[-1])} at lag {x[-1]}"
        for name, (x, y) in curves.items()
    ]
    return f"{network['title']}, by lag: {'; '.join(parts)}."


def _notes(curves: Mapping[str, Curve], frame: _Frame) -> list[str]:
    under = [y for name, (_, ys) in curves.items() for y in ys if name != "bound" and y < frame.low]
    return [phrase(f"What is below 10^{{{frame.low:.0f}}} is not drawn.")] if under else []


def _table(network: Mapping[str, Any], curves: Mapping[str, Curve]) -> Table:
    """The numbers at the lags of the task-informative gradient, or at all lags where there is none."""
    record, flow = network["informative"], network.get("flow")
    names = {
        "total": "‖dy/dW‖",
        "informative": "‖E[y* dy/dW]‖",
        "bound": "bound",
        "gradient": "‖dE/dW‖, k+1 copies",
        "jacobian": "‖Jᵀv‖",
        "share": "share",
    }
    lags = curves["informative" if "informative" in curves else "share"][0]
    at = thin(len(lags), 40)
    columns: dict[str, dict[int, Markup]] = {}
    for table in (record, flow):
        for name, heading in names.items():
            logs = (table or {}).get(f"log_{name}")
            if table and logs:
                columns[heading] = dict(zip(table["lags"], map(show_exp, logs), strict=True))
                if name == "informative":
                    columns["relative error"] = dict(
                        zip(table["lags"], (show(e, digits=2) for e in table["standard_error"]), strict=True)
                    )
    rows = tuple((show(lags[i]), *(column.get(lags[i], show(None)) for column in columns.values())) for i in at)
    return Table(("lag", *columns), rows, len(at) < len(lags))
