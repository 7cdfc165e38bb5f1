"""The font of a page: the glyphs it shows and no others, with mathematics intact, and the same bytes again."""

import base64
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont

from errorflow.reports import fonts
from errorflow.reports.mathml import mathml


def _font(page: str) -> TTFont:
    _, data = fonts.math_font(fonts.math_characters(page))
    return TTFont(BytesIO(base64.b64decode(data)))


def test_every_character_of_the_page_has_a_glyph() -> None:
    page = mathml(
        r"\sum_{k=0}^{T} \gamma^k \lVert W\rVert_2 \le \mathbf{W}^{\top} \odot \tanh'(a_t) h \partial \mathbb{R}"
    )
    shown = fonts.math_characters(page)
    with _font(page) as font:
        covered = set(font.getBestCmap())
        assert {ord(c) for c in shown} - covered <= {0x2061, 0x2062}
        assert "MATH" in font
        assert "GSUB" in font
    assert {"𝛾", "𝑊", "ℎ", "𝐖"} <= shown, "single letters are drawn slanted"


def test_the_same_characters_give_the_same_bytes() -> None:
    characters = fonts.math_characters(mathml("h_{t-1}"))
    first = fonts.math_font(characters)
    fonts.math_font.cache_clear()
    assert fonts.math_font(characters) == first


def test_the_font_keeps_its_license() -> None:
    with _font(mathml("x")) as font:
        names = {record.nameID: str(record) for record in font["name"].names}
    assert "SIL Open Font License" in names[13]


def test_without_brotli_the_font_is_zipped(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fonts.find_spec
    monkeypatch.setattr(fonts, "find_spec", lambda name: None if name == "brotli" else found(name))
    fonts.math_font.cache_clear()
    kind, data = fonts.math_font(fonts.math_characters(mathml("x")))
    fonts.math_font.cache_clear()
    assert kind == "woff"
    assert base64.b64decode(data)[:4] == b"wOFF"


def test_without_the_font_package_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    fonts.math_font.cache_clear()
    with pytest.raises(ModuleNotFoundError, match="pip install 'ziamath"):
        fonts.math_font(frozenset("unseen"))
