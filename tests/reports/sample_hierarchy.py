"""Hierarchies for the sample documents: brackets of every kind, with and without a threshold."""

from typing import Any

from errorflow.reports.document import formula

Json = dict[str, Any]
LETTERS = {
    "spectral_radius": r"\rho({})",
    "joint_spectral_radius": r"\hat{{\rho}}\left(\mathcal{{D}} {}\right)",
    "scaled_numerical_radius": r"\omega({})",
    "diagonal_scaling_norm": "s({})",
    "spectral_norm": r"\lVert {}\rVert_2",
    "perron_radius": r"\rho(|{}|)",
    "row_sum_norm": r"\lVert {}\rVert_\infty",
    "n_max_abs": r"n\,w_{{\max}}({})",
}


def hierarchies(name: str) -> list[Json]:
    """Those of a sample: points, a bracket around 1/gamma, one that begins at 0, one without an upper end."""
    if name == "elman":
        steps = [(0.5625, 0.5625), (0.625, 0.75), (0.75, 1.125), (0.875, 0.8750001)]
        return [block("W", [*steps, (0.9375, 0.9375), (2, 2), (2.5, 2.5), (4.25, 4.25)], threshold=1.0)]
    if name == "gru":
        steps = [(1.03, 1.03), (1.03, 1.72), (1.03, 1.72), (1.717, 1.72)]
        ends = [*steps, (1.79, 1.79), (2.67, 2.67), (4.02, 4.02), (9.98, 9.98)]
        return [block(f"W_{gate}", ends, evidence="measured") for gate in "rzn"]
    steps = [(0, 2.6), (2.9, 3.3), (3.4, 3.5), (3.8, 3.8)]
    return [block("W", [*steps, (4, 4), (7.2, 7.2), (10.5, 10.5), (1e20, "Infinity")], threshold=1.0)]


def block(
    name: str, ends: list[tuple[Any, Any]], *, threshold: float | None = None, evidence: str = "certified"
) -> Json:
    """The hierarchy of one block."""
    rows = [
        {
            "id": row,
            "formula": formula(LETTERS[row].format(name)),
            "meaning": row,
            "lower": lower,
            "upper": upper,
            "evidence": evidence,
        }
        for row, (lower, upper) in zip(LETTERS, ends, strict=True)
    ]
    return {
        "block": name,
        "n": 20,
        "threshold": None if threshold is None else {"lower": threshold, "upper": threshold},
        "slopes": None if threshold is None else {"lower": 0.0, "upper": 1 / threshold},
        "rows": rows,
        "links": [["spectral_radius", "joint_spectral_radius"], ["diagonal_scaling_norm", "spectral_norm"]],
    }
