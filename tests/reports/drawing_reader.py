r"""Reads a drawing back: tick labels from their glyphs, an affine scale from the ticks, curves as points in the data's units.

A curve that was drawn in another unit, shifted, left out or continued where the data has a gap reads as other numbers.
"""

import re
from functools import cache

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font

Points = list[tuple[float, float]]
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
_MARK = r'<path d="M0 0l{stroke}" style="[^"]*" id="([\w-]+)"/>'
_TICK = r'<use href="#{mark}" x="([-\d.]+)" y="([-\d.]+)"[^>]*/><g [^>]*transform="translate\([^>]*>(.*?)</g>'
_CURVE = r'<path d="([^"]+)" clip-path="[^"]+" style="[^"]*stroke: {ink}[^"]*"/>'


@cache
def _characters() -> dict[str, str]:
    """The character of each glyph, by its index in the font."""
    font = FT2Font(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf")
    return {f"{font.get_char_index(ord(sign)):x}": sign for sign in "0123456789.−"}


def ticks(drawing: str, *, vertical: bool, powers: bool = False) -> Points:
    """(place, number) of the labelled ticks of an axis; with `powers` the labels are ten to an integer, read as that."""
    mark = re.search(_MARK.format(stroke="-3.5 0" if vertical else "0 3.5"), drawing)
    assert mark is not None
    out = []
    for x, y, label in re.findall(_TICK.format(mark=mark.group(1)), drawing, re.DOTALL):
        glyphs = re.findall(r'href="#g-(\w+)"', label)
        text = "".join(_characters().get(glyph, "") for glyph in glyphs).replace("−", "-")
        out.append((float(y if vertical else x), float(text.removeprefix("10") if powers else text)))
    return out


def scale(drawing: str, *, vertical: bool, powers: bool = False) -> tuple[float, float]:
    """(slope, offset) of the axis: number = slope * place + offset, the same at every tick."""
    places, numbers = zip(*ticks(drawing, vertical=vertical, powers=powers), strict=True)
    slope, offset = np.polyfit(places, numbers, 1)
    assert np.allclose(slope * np.array(places) + offset, numbers, atol=0.02 * np.ptp(numbers)), "uneven ticks"
    return float(slope), float(offset)


def curves(drawing: str, color: str, *, powers: bool = False) -> list[Points]:
    """The pieces of the lines of a color of the figure, in the units of the axes."""
    across, up = scale(drawing, vertical=False), scale(drawing, vertical=True, powers=powers)
    pieces = []
    for path in re.findall(_CURVE.format(ink=re.escape(f"var(--fig-{color},")), drawing):
        for part in path.split("M")[1:]:
            steps = np.array([float(number) for number in _NUMBER.findall(part)]).reshape(-1, 2)
            pieces.append([(across[0] * x + across[1], up[0] * y + up[1]) for x, y in np.cumsum(steps, axis=0)])
    return pieces


def window(drawing: str, *, powers: bool = False) -> tuple[float, float]:
    """The numbers at the lower and upper end of the vertical axis."""
    slope, offset = scale(drawing, vertical=True, powers=powers)
    frame = re.search(r'<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/>', drawing)
    assert frame is not None
    top, height = map(float, frame.groups())
    return slope * (top + height) + offset, slope * top + offset


def distance(drawing: str, color: str, points: Points, *, powers: bool = False) -> float:
    """How far the farthest of the points is from the lines of a color, in units of the drawing (points of 1/72 inch)."""
    (across, left), (up, top) = scale(drawing, vertical=False), scale(drawing, vertical=True, powers=powers)
    units, origin = np.array([across, up]), np.array([left, top])
    wanted = ((np.array(points) - origin) / units)[:, None]
    nearest = np.full(len(points), np.inf)
    for piece in curves(drawing, color, powers=powers):
        line = (np.array(piece) - origin) / units
        start, step = line[:-1], np.diff(line, axis=0)
        along = ((wanted - start) * step).sum(-1) / np.maximum((step**2).sum(-1), 1e-12)
        foot = start + np.clip(along, 0, 1)[..., None] * step
        nearest = np.minimum(nearest, np.linalg.norm(wanted - foot, axis=-1).min(axis=1))
    return float(nearest.max())
