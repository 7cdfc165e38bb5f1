"""Matplotlib figures as inline SVG: colors follow the page, identifiers are unique, glyphs are shared.

A figure is drawn with the marker colors of `INK`; in the SVG they become `currentColor` and variables of the
style sheet, so that one picture serves the light and the dark page. Text is drawn as outlines; every glyph
is kept once for the whole page (`glyph_sheet`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SERIES = 6
_COLORS = {
    "ink": "currentColor",
    "muted": "var(--fig-muted, #666)",
    "grid": "var(--fig-grid, #ccc)",
    "paper": "var(--paper, #fff)",
    **{str(i): f"var(--fig-{i}, #345)" for i in range(SERIES)},
}
INK = {name: f"#0{at:x}0c0e" for at, name in enumerate(_COLORS, 1)}
_BY_CODE = {code: _COLORS[name] for name, code in INK.items()}
_CODE = re.compile("|".join(INK.values()))
_DECIMALS = re.compile(r"(-?\d+\.\d{2})\d+")
_SIDEWAYS = re.compile(r"translate\((-?\d+(?:\.\d)?)\d* 0\)")
_GLYPH = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*-[0-9a-f]+")
_NAMESPACE = re.compile(r"\{[^}]*\}")
_USE = re.compile(r'<use [^>]*style="([^"]*)"/>')
_GRID = re.compile(r'<path d="([^"]*)" (clip-path="[^"]*" style="[^"]*--fig-grid[^"]*")/>')
_RUN = re.compile(r'(?:<use href="#g-[^>]*/>){2,}')
_NAMED = re.compile(r"-[mp][0-9a-f]{10}\b")
_LINE, _SEGMENT = "a line", re.compile(r"M[^a-z]+l-?[\d.]+[ -]+[\d.]+")  # it has nothing to fill
_SCALE = "scale(0.015625)"  # outlines are in units of 1/64 of a point
_MARKS = {
    "o": "M20 3.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7z", "s": "M17 4h6v6h-6z",
    "v": "M16 4h8l-4 7z", "^": "M16 10h8l-4-7z",
    "D": "M20 3l4 4l-4 4l-4-4z", "d": "M20 2.5l2.6 4.5l-2.6 4.5l-2.6-4.5z",
    "P": "M18.5 3h3v2.5h2.5v3h-2.5v2.5h-3v-2.5h-2.5v-3h2.5z",
    "X": "M17.5 3l2.5 2l2.5-2l1.5 1.5l-2 2.5l2 2.5l-1.5 1.5l-2.5-2l-2.5 2l-1.5-1.5l2-2.5l-2-2.5z",
}  # fmt: skip
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "errorflow", "svg.fonttype": "path", "font.family": ["DejaVu Sans"], "font.size": 9,
    "mathtext.fontset": "dejavusans", "axes.unicode_minus": True, "axes.linewidth": 0.6,
    "axes.edgecolor": INK["muted"], "axes.labelcolor": INK["ink"], "axes.titlesize": 9,
    "axes.titlecolor": INK["ink"], "axes.labelsize": 9, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": INK["grid"], "grid.linewidth": 0.5,
    "xtick.color": INK["muted"], "ytick.color": INK["muted"], "xtick.labelcolor": INK["ink"],
    "ytick.labelcolor": INK["ink"], "xtick.labelsize": 8, "ytick.labelsize": 8, "text.color": INK["ink"],
    "legend.fontsize": 8, "legend.frameon": False, "legend.handlelength": 3.2, "lines.linewidth": 1.4,
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none",
    "path.simplify_threshold": 0.3,
}  # fmt: skip


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib's defaults with the settings of this page, whatever the user's matplotlibrc says."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def inline(figure: Figure, *, name: str, title: str, description: str, glyphs: dict[str, str]) -> Markup:
    """The figure as an `svg` element with a title and a description; its glyphs are added to `glyphs`.

    `name` is a prefix that no other picture of the page has.
    """
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(text.getvalue())
    width, height = root.attrib["viewBox"].split()[2:]
    body = _renamed(_gridded("".join(_written(child, name, glyphs, {}) for child in root)))
    return Markup(
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
        f"{body}</svg>"
    )


def glyph_sheet(glyphs: Mapping[str, str]) -> Markup:
    """The outlines of all glyphs, to be placed once at the start of the page."""
    paths = "".join(
        f'<path id="{name}" d="{outline}" transform="{_SCALE}"/>' for name, outline in sorted(glyphs.items())
    )
    return Markup(f'<svg class="glyphs" aria-hidden="true" focusable="false"><defs>{paths}</defs></svg>')


def shared_runs(body: str) -> tuple[str, Markup]:
    """A page in which each run of glyphs that stands in it more than once refers to one place, and these places.

    >>> shared_runs(2 * '<g><use href="#g-31"/><use href="#g-30" x="63.6"/></g>')[0]
    '<g><use href="#run0"/></g><g><use href="#run0"/></g>'
    """
    counts = Counter(_RUN.findall(body))
    names = {run: f"run{at}" for at, run in enumerate(run for run, count in counts.items() if count > 1)}
    kept = "".join(f'<g id="{name}">{run}</g>' for run, name in names.items())
    found = _RUN.sub(lambda hit: f'<use href="#{names[hit.group()]}"/>' if hit.group() in names else hit.group(), body)
    return found, Markup(f'<svg class="glyphs" aria-hidden="true" focusable="false"><defs>{kept}</defs></svg>')


def swatch(
    color: str, *, dash: tuple[float, ...] = (), mark: str = "", width: float = 1.3, band: bool = False
) -> Markup:
    """A sample of a line, a marker or a band for a legend that is text."""
    ink = _COLORS[color]
    parts = ""
    if band:
        parts += f'<path d="M2 1h36v12H2z" fill="{ink}" fill-opacity=".25"/>'
    elif width:
        dashes = f' stroke-dasharray="{" ".join(f"{1.3 * length:.3g}" for length in dash)}"' if dash else ""
        parts += f'<path d="M1 7h38" stroke="{ink}" stroke-width="{1.3 * width:.3g}"{dashes}/>'
    if mark:
        parts += f'<path d="{_MARKS[mark]}" fill="{ink}"/>'
    return Markup(f'<svg viewBox="0 0 40 14" class="swatch" aria-hidden="true" focusable="false">{parts}</svg>')


def _written(element: ElementTree.Element, name: str, glyphs: dict[str, str], styles: dict[str, list[str]]) -> str:
    tag = _NAMESPACE.sub("", element.tag)
    if tag in ("metadata", "style", "title"):
        return ""
    attributes = {_NAMESPACE.sub("", key): text for key, text in element.attrib.items()}
    identifier = attributes.pop("id", "")
    if tag == "path" and _GLYPH.fullmatch(identifier):
        glyphs[_glyph(identifier)] = _path(attributes.get("d", ""), decimals=0)  # a space has no outline
        return ""
    if identifier and tag in ("path", "clipPath"):
        attributes["id"] = f"{name}-{identifier}"
    if tag == "use":
        target = attributes["href"].removeprefix("#")
        attributes["href"] = f"#{_glyph(target) if _GLYPH.fullmatch(target) else name + '-' + target}"
        sideways = _SIDEWAYS.fullmatch(attributes.get("transform", ""))
        if sideways:
            del attributes["transform"]
            attributes["x"] = sideways.group(1)
    if "transform" in attributes:
        attributes["transform"] = _short(attributes["transform"])
    if "clip-path" in attributes:
        attributes["clip-path"] = attributes["clip-path"].replace("#", f"#{name}-")
    for key in ("x", "y"):
        if key in attributes:
            attributes[key] = _short(attributes[key])
    if "d" in attributes:
        curved = "C" in attributes["d"] or "Q" in attributes["d"]  # a small marker, not a long line
        attributes["d"] = _path(attributes["d"], decimals=2 if curved else 1)
    if "style" in attributes:
        attributes["style"] = _CODE.sub(lambda found: _BY_CODE[found.group()], attributes["style"])
        rules = attributes["style"].split("; ")
        if tag == "use":  # what the path says already
            known = styles.get(attributes["href"], ())
            kept = [r for r in rules if r not in known and not (_LINE in known and r.startswith("fill"))]
            attributes["style"] = "; ".join(kept)
            if not attributes["style"]:
                del attributes["style"]
        line = [_LINE] if _SEGMENT.fullmatch(attributes.get("d", "")) else []
        styles["#" + attributes.get("id", "")] = rules + line
    inner = "".join(_written(child, name, glyphs, styles) for child in element)
    if tag == "g" and "style" not in attributes:
        shared, inner = _shared(inner)
        attributes |= {"style": shared} if shared else {}
    if tag in ("g", "defs") and not inner:
        return ""
    if tag == "g" and not attributes:
        return inner
    listed = "".join(f' {key}="{escape(text)}"' for key, text in attributes.items())
    return f"<{tag}{listed}>{inner}</{tag}>" if inner else f"<{tag}{listed}/>"


def _gridded(body: str) -> str:
    """The drawing with the lines of its grid as one path, at the place of the first.

    >>> _gridded('<path d="M1 2l0 3" clip-path="" style="--fig-grid"/><g/><path d="M4 2l0 3" clip-path="" style="--fig-grid"/>')
    '<path d="M1 2l0 3M4 2l0 3" clip-path="" style="--fig-grid"/><g/>'
    """
    lines: dict[str, list[str]] = {}
    for outline, style in _GRID.findall(body):
        lines.setdefault(style, []).append(outline)

    def joined(found: re.Match[str]) -> str:
        outlines = lines.pop(found.group(2), None)
        return f'<path d="{"".join(outlines)}" {found.group(2)}/>' if outlines else ""

    return _GRID.sub(joined, body)


def _renamed(body: str) -> str:
    """The drawing with the hashes in its identifiers counted instead: a, b, c, ...

    >>> _renamed('<path id="x-m0123456789"/><use href="#x-m0123456789"/><path id="x-pabcdefabcd"/>')
    '<path id="x_a"/><use href="#x_a"/><path id="x_b"/>'
    """
    found = list(dict.fromkeys(_NAMED.findall(body)))
    short = {old: f"_{'z' * (at // 26)}{'abcdefghijklmnopqrstuvwxyz'[at % 26]}" for at, old in enumerate(found)}
    return _NAMED.sub(lambda hit: short[hit.group()], body)


def _shared(uses: str) -> tuple[str, str]:
    """The style that all of several markers have, and the markers without it; nothing for other elements.

    >>> _shared('<use x="1" style="fill: red"/><use x="2" style="fill: red"/>')
    ('fill: red', '<use x="1"/><use x="2"/>')
    """
    found = _USE.findall(uses)
    if len(found) < 2 or len(set(found)) > 1 or _USE.sub("", uses):
        return "", uses
    return found[0], uses.replace(f' style="{found[0]}"', "")


def _glyph(identifier: str) -> str:
    """A short name: the text of a page refers to glyphs hundreds of times."""
    return identifier.replace("DejaVuSans", "g")


def _path(outline: str, *, decimals: int) -> str:
    """A path of absolute moves, lines and curves in relative coordinates, rounded so that no error adds up.

    >>> _path("M 28.8 -31.004 L 34.09 -31.00 L 39.39 -30.5 z", decimals=1)
    'M28.8-31l5.3 0 5.3 .5z'
    """
    scale = 10**decimals
    at = start = (0, 0)
    strokes: list[tuple[str, list[tuple[int, int]]]] = []
    for command, numbers in re.findall(r"([MLQCz])([^MLQCz]*)", outline.replace("Z", "z")):
        values = [round(float(number) * scale) for number in numbers.split()]
        points = list(zip(values[::2], values[1::2], strict=True))
        moves = points if command == "M" else [(x - at[0], y - at[1]) for x, y in points]
        at = points[-1] if points else start
        start = at if command == "M" else start
        if command == "L" and strokes[-1][0] == "l" and _level(strokes[-1][1][0], moves[0]):
            moves = [(strokes.pop()[1][0][0] + moves[0][0], 0)]
        strokes.append((command if command == "M" else command.lower(), moves))
    out, last = "", ""
    for letter, moves in strokes:
        text = "".join(_number(value, scale) for move in moves for value in move)
        out += text if letter == last != "M" else letter + text.lstrip()
        last = letter
    return out


def _level(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two lines are one horizontal line."""
    return first[1] == second[1] == 0 and first[0] * second[0] > 0


def _number(value: int, scale: int) -> str:
    """A rounded number, with what sets it apart from the one before it."""
    text = f"{value / scale:.10g}".replace("0.", ".", 1) if abs(value) < scale else f"{value / scale:.10g}"
    return text if text.startswith("-") else " " + text


def _short(numbers: str) -> str:
    return _DECIMALS.sub(r"\1", " ".join(numbers.split()))
