"""Documents on a terminal: the verdict table with what was measured; the brackets and the bounds for all inputs.

Main definitions: `print_verdicts`, `print_bounds`, `print_certificate`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .answers import DISPUTE
from .conclusion import against, named, of_masks, of_slopes
from .formats import Number, value
from .judgements import tally
from .measured import exponents, lengths, thresholds
from .rounding import apart, outward, pace

if TYPE_CHECKING:
    from fractions import Fraction

    from rich.console import Console
    from rich.table import Table

NAMES = {
    "state_jacobian": "state Jacobian",
    "total_gradient": "total gradient",
    "lag_share": "share of a lag",
    "error_flow": "error flow",
}
FEWEST_COLUMNS = 80
SENTENCES = 3  # of the answer to the dispute
_FAR = 1e6  # a natural logarithm beyond is printed as such
_MATRIX = re.compile(r"Matrix\(\[.*\]\)", re.DOTALL)  # a matrix of expressions, too large for a line


def print_verdicts(document: Mapping[str, Any]) -> None:
    """Print one row per object: verdict, scope, rate, half-life, evidence; below it each reason in one sentence."""
    from rich.text import Text

    console = _console()
    network, horizon = document["network"], document["horizon"]
    name = f"{network['cell']} {network['layer']}".strip()
    console.print(
        Text(f"{name}, n = {network['n']}, {horizon['steps']} steps, {horizon['samples']} samples, {horizon['input']}")
    )
    for condition in network["assumed"]:
        console.print(Text(f"assumed: {condition}"))
    decisive = [v for v in document["verdicts"] if v["decisive"]]
    table = _table("", "object", "verdict", "scope", "rate", "half-life", "lags", "evidence")
    for v in decisive:
        first, last = v["lag_range"]
        speed, steps = pace(v)
        half = "" if steps is None else f"{_number(steps)} steps"
        rate = "" if speed is None else _number(speed)
        cells = (
            v["question"],
            NAMES[v["object"]],
            v["verdict"],
            v["scope"].replace("_", " "),
            rate,
            half,
            f"{first}..{last}",
        )
        table.add_row(*map(Text, (*cells, v["evidence"])))
    console.print(table)
    claims = tally(document["claims"])
    if claims:
        console.print(Text(f"claims: {claims}"))
    console.print(Text("rates in nats per step (error flow: nats per step and unit learning rate)", style="dim"))
    for v in decisive:
        console.print(Text(f"{v['question']} {v['verdict']}: {v['reason']}"))
    for line in (_exponents(document), _training(document)):
        if line:
            console.print(Text(line))
    _print_answer(console, document)


def _print_answer(console: Console, document: Mapping[str, Any]) -> None:
    """The first sentences of the answer to the dispute, each with its grade; nothing without a confrontation."""
    from rich.text import Text

    said = [a for a in (document.get("confrontation") or {"answers": ()})["answers"] if a["about"] == DISPUTE]
    if said:
        console.print(Text("\nWhich one is true?", style="bold"))
    for answer in said[:SENTENCES]:
        console.print(Text(f"{answer['text']} ({answer['grade']})"))


def _exponents(document: Mapping[str, Any]) -> str:
    """The spectrum in one sentence; empty where the document has no exponents."""
    whole, spectrum = exponents(document), document["spectrum"]
    if whole is None:
        return ""
    error = f" +- {whole.error}" if whole.error else ""
    known = f"{'the first ' if whole.known < whole.size else ''}{whole.known}"
    parts = [f"largest {whole.largest}{error} nats per step", f"{whole.positive} of {known} positive"]
    if whole.lost:
        parts.append(f"{whole.lost} minus infinity")
    if spectrum.get("kaplan_yorke") is not None:
        parts.append(f"Kaplan-Yorke dimension {_number(spectrum['kaplan_yorke'])}")
    if spectrum["residual"] is not None:
        parts.append(f"residual of their sum {float(spectrum['residual']):.2g}")
    return f"Lyapunov exponents of the {whole.state}, N = {whole.size}: {', '.join(parts)}"


def _training(document: Mapping[str, Any]) -> str:
    """The truncation length at 1 % and the gradient norms in one sentence; empty in documents of earlier versions."""
    parts = []
    for percent, length, whole in lengths(document):
        if percent == "1":
            end = ", where nothing is left out" if whole else ""
            where = "at no length" if length is None else f"from {length} steps on{end}"
            parts.append(f"truncated back-propagation: median error under 1 % {where}")
    norms = {row.quantile: row.log_norm for row in thresholds(document)}
    if norms:
        middle, most = (_exp(norms[q]) for q in ("50", "99"))
        parts.append(f"gradient norm for one unit of error at the last step: median {middle}, 99 % {most}")
    return "; ".join(parts)


def _exp(log: Number) -> str:
    """exp(log) with three digits, also where no double holds it."""
    x = value(log)
    return f"exp({x:.4g})" if abs(x) > _FAR else f"{Decimal(x).exp():.3g}"


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def print_bounds(document: Mapping[str, Any]) -> None:
    """Print the brackets of each recurrent block against 1/gamma, the bounds for all inputs, and what they conclude.

    Every number is rounded outward.
    """
    from rich.text import Text

    console, network = _console(), document["network"]
    console.print(Text(f"{network['cell']} {network['layer']}".strip() + f", n = {network['n']}, all inputs"))
    for condition in document["given"]:
        console.print(Text(f"assumed: {condition}"))
    for block in document["hierarchy"]:
        known = block["threshold"] is not None
        console.print(Text(f"\n{block['block']}: {of_slopes(block)}", style="bold"))
        table = _table("quantity", "lower", "upper", *(["against 1/gamma"] if known else []), "evidence")
        for row in block["rows"]:
            ends = outward(row["lower"], up=False), outward(row["upper"], up=True)
            where = [against(row, block["threshold"])] if known else []
            table.add_row(*map(Text, (named(row, block["block"]), *ends, *where, row["evidence"])))
        console.print(table)
        if block.get("growing"):
            console.print(Text(f"{of_masks(block['growing'])} ({block['growing']['evidence']})"))
    for bounds, heading in _by_scope(document["bounds"]):
        console.print(Text(f"\n{heading}", style="bold"))
        table = _table("bound", "rate r", "constant C", "decides", "evidence")
        for bound in bounds:
            table.add_row(*map(Text, _numbers(bound)))
        console.print(table)
    _print_hypotheses(console, document["bounds"])
    console.print(Text(f"\n{document['conclusion']}"))


def print_certificate(constant: Fraction, rate: Fraction) -> None:
    """Print what a certificate proves, rounded up."""
    print_line = _console().print
    print_line(f"certificate: ||J(t, t-k)||_2 <= {outward(constant, up=True)} * {apart(rate, up=True)}^k", markup=False)
    if rate >= 1:
        print_line(
            "its rate is not below 1: it bounds the growth and does not show that anything vanishes", markup=False
        )


def _by_scope(bounds: list[Any]) -> list[tuple[list[Any], str]]:
    """Upper bounds, lower bounds, and what holds for some slopes only, each with a heading; without the empty ones."""
    some = [b for b in bounds if b["scope"] == "some_slopes"]
    upper = [b for b in bounds if b not in some and b["direction"] == "<="]
    lower = [b for b in bounds if b not in some and b["direction"] != "<="]
    parts = [
        (upper, "||J(t, t-k)||_2 <= C r^k for all inputs"),
        (lower, "smallest singular value of J(t, t-k) >= C r^k for all inputs"),
        (some, "||J(t, t-k)||_2 >= C r^k for some slopes in their range"),
    ]
    return [part for part in parts if part[0]]


def _numbers(bound: Mapping[str, Any]) -> tuple[str, ...]:
    """Title, rate, constant, what the bound decides and its evidence; no numbers where it does not apply."""
    if not bound.get("holds", True):
        return bound["title"], "does not", "apply", "nothing", ""
    up = bound["direction"] == "<="
    rate, constant = (bound[name]["upper" if up else "lower"] for name in ("rate", "constant"))
    decides = bound["decides"] or "nothing"
    return bound["title"], apart(rate, up=up), outward(constant, up=up), decides, bound["evidence"]


def _print_hypotheses(console: Console, bounds: list[Any]) -> None:
    """One row for each hypothesis: the number on its left side, rounded away from what it needs, and the margin."""
    from rich.text import Text

    console.print(Text("\nhypotheses", style="bold"))
    table = _table("hypothesis", "value", "margin", "here")
    for bound in bounds:
        table.add_row(Text(bound["title"], style="bold"))
        for h in bound["hypotheses"]:
            value = outward(h["value"], up=h["needs"].startswith("<"))
            statement = _MATRIX.sub("M", h["statement"])
            table.add_row(*map(Text, (f"  {statement}", value, outward(h["margin"], up=False), _status(h))))
    console.print(table)


def _status(hypothesis: Mapping[str, Any]) -> str:
    return str(hypothesis["status"]).replace("_", " ")


def _console() -> Console:
    """The standard output, at least as wide as the tables need."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=False)
    return console if console.width >= FEWEST_COLUMNS else Console(highlight=False, width=FEWEST_COLUMNS)


def _table(*headings: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
