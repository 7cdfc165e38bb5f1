"""The verdict table on a terminal, and how many claims hold, from the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .judgements import tally

NAMES = {
    "state_jacobian": "state Jacobian",
    "total_gradient": "total gradient",
    "lag_share": "share of a lag",
    "error_flow": "error flow",
}
FEWEST_COLUMNS = 80


def print_verdicts(document: Mapping[str, Any]) -> None:
    """Print one row per object: verdict, scope, rate, half-life, evidence; below it each reason in one sentence."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=False)
    if console.width < FEWEST_COLUMNS:
        console = Console(highlight=False, width=FEWEST_COLUMNS)
    network, horizon = document["network"], document["horizon"]
    name = f"{network['cell']} {network['layer']}".strip()
    console.print(
        Text(f"{name}, n = {network['n']}, {horizon['steps']} steps, {horizon['samples']} samples, {horizon['input']}")
    )
    for condition in network["assumed"]:
        console.print(Text(f"assumed: {condition}"))
    decisive = [v for v in document["verdicts"] if v["decisive"]]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "object", "verdict", "scope", "rate", "half-life", "lags", "evidence"):
        table.add_column(heading, overflow="fold")
    for v in decisive:
        first, last = v["lag_range"]
        half = "" if v["half_life"] is None else f"{_number(v['half_life'])} steps"
        rate = "" if v["rate"] is None else _number(v["rate"])
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


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
