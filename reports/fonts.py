"""The mathematics font of a page: STIX Two Math, cut to the characters that the page shows.

The font comes from the `ziamath` package, which bundles it (SIL Open Font License); nothing binary is kept
here. The cut keeps the MATH table and the layout features (script sizes, stretched fences), and it carries
no time stamp, so that equal pages have equal bytes.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from html import unescape
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

_MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
_LETTER = re.compile(r"<mi>([^<&]|&#?\w+;)</mi>")
_TAG = re.compile(r"<[^>]*>")
_ITALIC_CAPITAL, _ITALIC_SMALL, _PLANCK = 0x1D434, 0x1D44E, "ℎ"
_GREEK_LETTERS, _GREEK_SLANTED = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡϴΣΤΥΦΧΨΩ∇αβγδεζηθικλμνξοπρςστυφχψω∂ϵϑϰϕϱϖ", 0x1D6E2
_ALWAYS = "()[]{}|‖−+=<>≤≥⋅′√¯^~\u2061\u2062 "


def math_characters(page: str) -> frozenset[str]:
    """Characters shown by the `math` elements of a page, with the slanted forms a browser puts for letters.

    >>> sorted(math_characters("<p>no</p><math><mi>h</mi><mo>&lt;</mo></math>") & set("hno<ℎ"))
    ['<', 'ℎ']
    """
    parts = [_TAG.sub("", _LETTER.sub(_as_drawn, part)) for part in _MATH.findall(page)]
    return frozenset({*unescape("".join(parts)), *_ALWAYS})


def _as_drawn(letter: re.Match[str]) -> str:
    return _slanted(unescape(letter.group(1)))


def _slanted(character: str) -> str:
    """What a browser draws for a single letter in `mi`: its mathematical italic form."""
    if character == "h":
        return _PLANCK
    if "A" <= character <= "Z":
        return chr(_ITALIC_CAPITAL + ord(character) - ord("A"))
    if "a" <= character <= "z":
        return chr(_ITALIC_SMALL + ord(character) - ord("a"))
    at = _GREEK_LETTERS.find(character)
    return chr(_GREEK_SLANTED + at) if at >= 0 else character


@lru_cache(maxsize=8)
def math_font(characters: frozenset[str]) -> tuple[str, str]:
    """The font as (format, base64): STIX Two Math with the glyphs of these characters and their variants.

    The format is `woff2` where the `brotli` package is installed, else `woff`. Made once per process and set
    of characters.

    >>> kind, data = math_font(frozenset("x+1"))
    >>> kind in ("woff", "woff2"), len(data) > 1000
    (True, True)
    """
    from fontTools import subset  # takes a third of a second: only when a page is made

    flavor = "woff2" if find_spec("brotli") else "woff"
    options = subset.Options(
        flavor=flavor,
        layout_features=["ssty", "dtls", "flac"],  # script sizes, dotless letters, flat accents
        hinting=False,
        recalc_timestamp=False,
        notdef_outline=True,
        name_IDs=[0, 1, 2, 13, 14],  # names, copyright and license stay with the font
        drop_tables=["DSIG"],
    )
    worker = subset.Subsetter(options)
    worker.populate(unicodes=sorted(map(ord, characters)))
    out = BytesIO()
    with subset.load_font(str(_source()), options) as font:
        _forget_second_scripts(font)
        worker.subset(font)
        subset.save_font(font, out, options)
    return flavor, base64.b64encode(out.getvalue()).decode("ascii")


def _forget_second_scripts(font: Any) -> None:
    """Of the forms of a glyph for scripts keep the first: indices of indices are rare, and each form weighs as much."""
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            for alternates in getattr(table, "alternates", {}).values():
                del alternates[1:]


def _source() -> Path:
    """Where ziamath keeps the font; its code is not imported (it warns about its own use of importlib)."""
    spec = find_spec("ziamath")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "fonts" / "STIXTwoMath-Regular.ttf"
        if path.is_file():
            return path
    raise ModuleNotFoundError("the report needs the font that ziamath bundles: pip install 'ziamath>=0.11'")
