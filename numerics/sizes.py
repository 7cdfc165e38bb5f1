"""Sizes of a network: n, m, number of untied copies and of networks, from the shapes of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from ..theory.language import Cell, Parameter


@dataclass(frozen=True)
class Sizes:
    """n state and m input entries; T untied copies and a number of networks, None without such an axis."""

    n: int
    m: int
    steps: int | None
    nets: int | None


def axes(p: Parameter) -> int:
    """Number of axes of a parameter of one step of one network."""
    return {"matrix": 2, "bias": 1, "scalar": 0}[p.kind]


def is_recurrent(p: Parameter) -> bool:
    """Whether the parameter is a matrix that acts on a state."""
    return p.kind == "matrix" and p.columns == "n"


def has_time(p: Parameter, array: npt.NDArray[Any], *, untied: bool, batched: bool) -> bool:
    """Whether a parameter of an untied network has one copy per step."""
    return untied and array.ndim == axes(p) + batched + 1


def sizes_of(cell: Cell, arrays: Mapping[str, npt.NDArray[Any]], *, untied: bool, batched: bool) -> Sizes:
    """Sizes of the network with these parameters, read off the first recurrent matrix and checked on all.

    Raises ValueError naming the first parameter whose shape does not fit.
    """
    steps: int | None = None
    nets: int | None = None
    first = cell.parameters[0]
    n = _units(first, arrays[first.name])
    m = next((a.shape[-1] for p in cell.parameters if p.columns == "m" and (a := arrays[p.name]).ndim), 0)
    for p in cell.parameters:
        shape = arrays[p.name].shape
        lead, own = shape[: len(shape) - axes(p)], shape[len(shape) - axes(p) :]
        timed = has_time(p, arrays[p.name], untied=untied, batched=batched)
        fits = (
            len(shape) == axes(p) + batched + timed
            and own == _own(p, n, m)
            and 0 not in shape
            and (timed or not (untied and is_recurrent(p)))
            and (not timed or lead[0] == (steps or lead[0]))
            and (not batched or lead[-1] == (nets or lead[-1]))
        )
        if not fits:
            text = _wanted(p, n, untied=untied, batched=batched, steps=steps, nets=nets)
            beside = f" beside {first.name} of shape {arrays[first.name].shape}" if p is not first else ""
            raise ValueError(f"parameter {p.name} of cell {cell.name!r} must have shape {text}{beside}, got {shape}")
        steps, nets = (lead[0] if timed else steps), (lead[-1] if batched else nets)
    return Sizes(n, m, steps, nets)


def _units(p: Parameter, array: npt.NDArray[Any]) -> int:
    if array.ndim < axes(p) or p.kind == "scalar":
        return 0
    return int(array.shape[-1] if is_recurrent(p) else array.shape[-axes(p)] // p.blocks)


def _own(p: Parameter, n: int, m: int) -> tuple[int, ...]:
    return (p.blocks * n, n if p.columns == "n" else m)[: axes(p)]


def _wanted(p: Parameter, n: int, *, untied: bool, batched: bool, steps: int | None, nets: int | None) -> str:
    """The shape that a parameter needs, in words: sizes that are known as numbers, the others as letters."""
    rows = f"{p.blocks if p.blocks > 1 else ''}n"
    own = [rows, "m" if p.columns == "m" else "n"][: axes(p)]
    lead = [str(steps or "T")] * untied + [str(nets or "nets")] * batched
    text = f"({', '.join(lead + own)}{',' if len(lead + own) == 1 else ''})"
    values = f" with n = {n}" if n and "n" in rows and own and not is_recurrent(p) else ""
    optional = f" ({lead[0]} may be left out)" if untied and not is_recurrent(p) else ""
    return text + optional + values
