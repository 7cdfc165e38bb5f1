"""A sieve for MathML that strangers wrote, and ways to lay a formula out on a page.

Formulas of a document arrive as strings. `safe` lets presentation elements through and nothing else;
`pieces` cuts a long formula into parts that flow like words, `shortened` gives large matrices a letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from xml.etree import ElementTree

from markupsafe import Markup

_ELEMENTS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "ms", "mfrac", "msqrt", "mroot", "msub",
    "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "none",
    "mpadded", "mphantom", "mstyle", "mtable", "mtr", "mtd"
}  # fmt: skip
_ATTRIBUTES = {
    "display", "mathvariant", "form", "stretchy", "fence", "separator", "largeop", "movablelimits",
    "symmetric", "accent", "accentunder", "displaystyle", "scriptlevel", "linethickness", "lspace",
    "rspace", "minsize", "maxsize", "width", "height", "depth", "voffset", "columnalign", "rowalign",
    "columnspan", "rowspan"
}  # fmt: skip
_VALUE = re.compile(r"[A-Za-z0-9.+\-% ]{0,40}")
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_BREAKS = frozenset({"=", "≤", "≥", "<", ">", "+", "−", "→", "⇒", "⇔", "∧", "∨"})
_RELATIONS = frozenset({"=", "≤", "≥", "<", ">"})
_TIMES = "\u2062"
_ONE_FORM = frozenset("()[]{}⟨⟩⌊⌋⌈⌉")  # an opening fence is a prefix wherever it stands
_LONG = 20  # characters after which a piece may break inside parentheses too
_FACTORS = 12  # and between factors
_TALL = frozenset({"mfrac", "munder", "mover", "munderover", "mtable", "msqrt", "mroot"})
_LARGE = 1200  # characters of markup above which a matrix gets a letter
_MAX_LENGTH, _MAX_DEPTH = 200_000, 60


def safe(markup: str) -> Markup:
    """A string of presentation MathML, parsed, checked against a list of elements, and written anew.

    Allowed is one `math` element of presentation elements with layout attributes; text is escaped again.
    Raises ValueError for anything else: entities, comments, links, scripts, styles, event handlers,
    annotations (they can carry HTML), text that is not XML, more than 200,000 characters or 60 levels.

    >>> safe("<math><mi>x</mi></math>")
    Markup('<math><mi>x</mi></math>')
    >>> safe("<math><script/></math>")
    Traceback (most recent call last):
    ValueError: mathml has the element 'script'; allowed are the elements of presentation MathML
    """
    whole = cleaned(markup)
    if not whole.startswith("<math"):
        raise ValueError("mathml must be one 'math' element")
    root = ElementTree.fromstring(whole)
    _slim(root)
    return Markup(_written(root))


def _slim(element: ElementTree.Element) -> None:
    """Leave out what changes nothing that is seen: signs without ink, rows in rows, forms that the place in a row implies."""
    children: list[ElementTree.Element] = []
    for child in element:
        _slim(child)
        if child.tag == "mrow" and len(child) == 1 and not child.attrib:
            child = child[0]
        if child.tag == "mrow" and [part.tag for part in child] == ["mo", "mn"] and child[0].text == "−":
            child = child[1]  # a negative number
            child.text = f"−{child.text}"
        if child.tag == "mrow" and element.tag in ("mrow", "math") and not child.attrib and _open(child):
            children += child
        elif child.tag != "mo" or child.text != _TIMES or child.attrib or element.tag not in ("mrow", "math"):
            children.append(child)
    element[:] = children
    if element.tag == "mo" and element.text in _ONE_FORM:
        element.attrib.pop("form", None)
    for place, form in ((0, "prefix"), (-1, "postfix")):
        if element.tag in ("mrow", "math") and len(element) > 1 and element[place].get("form") == form:
            del element[place].attrib["form"]
    element.attrib.pop("fence", None)


def _open(row: ElementTree.Element) -> bool:
    """Whether no operator of a row takes its form from standing at the row's end."""
    return all(end.tag != "mo" and _bar_of(end) is None for end in (row[0], row[-1])) if len(row) else False


def sides(markup: str) -> tuple[str, str, str] | None:
    """Left side, sign and right side of a checked formula that is one relation, as markup; None for any other.

    >>> sides("<math><mrow><mi>a</mi><mo>≤</mo><mi>b</mi></mrow></math>")
    ('<mi>a</mi>', '≤', '<mi>b</mi>')
    """
    row = list(_flat(ElementTree.fromstring(safe(markup))))
    signs = [at for at, child in enumerate(row) if child.tag == "mo" and child.text in _RELATIONS]
    if len(signs) != 1 or signs[0] in (0, len(row) - 1):
        return None
    left, right = ("".join(map(_written, part)) for part in (row[: signs[0]], row[signs[0] + 1 :]))
    return left, str(row[signs[0]].text), right


def pieces(markup: str) -> list[Markup]:
    """A checked formula cut before relations, sums and differences, of the outermost row if that suffices.

    Browsers do not break a line inside `math`; several elements one after another flow like words. Long products are cut
    between their factors, and words inside a formula become words of the page.

    >>> [str(piece) for piece in pieces("<math><mrow><mi>a</mi><mo>=</mo><mi>b</mi></mrow></math>")]
    ['<math><mi>a</mi></math>', '<math><mo form="infix">=</mo><mi>b</mi></math>']
    """
    parts: list[str] = [""]
    level, length, bars = 0, 0, False
    before = ElementTree.Element("none")
    for child in _flat(ElementTree.fromstring(safe(markup))):
        sign = child.text if child.tag == "mo" else None
        level -= _bar_of(child) in (")", "]", "}")
        bars ^= _bar_of(child) in ("|", "‖")
        breaks = sign in _BREAKS and child.get("form") != "prefix" and not bars and (level == 0 or length > _LONG)
        if parts[-1] and (breaks or (length > _FACTORS and _ends(before) and _starts(child))):
            parts.append("")
            length = 0
            if breaks:
                child.set("form", "infix")  # at the start of a row it would be taken for a sign
        if child.tag == "mtext" and " " in (child.text or "").strip():
            parts += [escape(child.text or "", quote=False) + " ", ""]
            length = 0
        elif child.tag != "mspace" or parts[-1]:
            level += sign in ("(", "[", "{")
            length += len("".join(child.itertext()))
            parts[-1] += _written(child)
        before = child
    return [Markup(f"<math>{part}</math>" if part.startswith("<") else part) for part in parts if part]


def _starts(element: ElementTree.Element) -> bool:
    """Whether a factor may start with an element of a row."""
    if element.tag == "mo":
        return element.text in ("(", "[", "{")
    return element.tag not in ("mspace", "mtext") and _bar_of(element) is None


def _ends(element: ElementTree.Element) -> bool:
    """Whether a factor may end with an element of a row."""
    operator = _bar_of(element) if element.tag != "mo" else element.text
    return operator is None or operator in (")", "]", "}", "⋯")


def _flat(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The children of nested rows one after another, as far as no fence has to stretch around them."""
    for at, child in enumerate(element):
        if child.tag == "mrow" and _breakable(child):
            yield from _flat(child)
        elif child.tag in ("msub", "msup", "msubsup") and len("".join(child[0].itertext())) > 2 * _LONG:
            yield from _scripted(child)
        else:
            if child.tag == "mo" and at in (0, len(element) - 1) and len(element) > 1:
                _keep_form(child, "postfix" if at else "prefix")
            yield child


def _breakable(row: ElementTree.Element) -> bool:
    tall = any(part.get("stretchy") == "true" for part in row)
    return not tall and any(part.text in _BREAKS for part in row.iter("mo"))


def _scripted(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """A long row between fences with an index or exponent: the closing fence carries it."""
    row, *scripts = element
    if row.tag != "mrow" or row[-1].tag != "mo" or not _breakable(row):
        yield element
        return
    closing = ElementTree.Element(element.tag)
    closing.extend((row[-1], *scripts))
    yield from list(_flat(row))[:-1]
    yield closing


def _keep_form(sign: ElementTree.Element, form: str) -> None:
    """Write down what the place of an operator in its row said."""
    if sign.text not in _ONE_FORM:
        sign.attrib.setdefault("form", form)


def _bar_of(element: ElementTree.Element) -> str | None:
    """The sign at the base of an element: the closing bar of a norm may carry its index."""
    while element.tag in ("msub", "msup", "msubsup") and len(element):
        element = element[0]
    return element.text if element.tag == "mo" else None


@dataclass(frozen=True)
class Shortened:
    """A formula in which large matrices have letters, and what the letters stand for."""

    formula: Markup
    matrices: tuple[tuple[Markup, Markup], ...]


def shortened(markup: str) -> Shortened:
    """A checked formula in which every matrix of some size is replaced by M (or M_1, M_2, ...).

    >>> shortened("<math><mi>x</mi></math>")
    Shortened(formula=Markup('<math><mi>x</mi></math>'), matrices=())
    """
    root = ElementTree.fromstring(safe(markup))
    found: dict[str, list[ElementTree.Element]] = {}
    _collect(root, found)
    letters = []
    for at, (matrix, places) in enumerate(found.items(), 1):
        letter = ElementTree.Element("mi")
        letter.text = "M"
        if len(found) > 1:
            index, base, letter = ElementTree.Element("mn"), letter, ElementTree.Element("msub")
            index.text = str(at)
            letter.extend((base, index))
        for place in places:
            _become(place, letter)
        letters.append((Markup(f"<math>{_written(letter)}</math>"), Markup(f"<math>{matrix}</math>")))
    if letters:
        _relax(root)
    return Shortened(Markup(_written(root)), tuple(letters))


def _collect(element: ElementTree.Element, found: dict[str, list[ElementTree.Element]]) -> None:
    for child in element:
        if _is_matrix(child) and len(written := _written(child)) > _LARGE:
            found.setdefault(written, []).append(child)
        else:
            _collect(child, found)


def _is_matrix(element: ElementTree.Element) -> bool:
    """A table, alone or between its own brackets, not what stands around those."""
    inner = list(element) if element.tag == "mrow" else []
    if len(inner) == 3 and inner[0].tag == inner[2].tag == "mo":
        return _is_table(inner[1])
    return _is_table(element) or (len(inner) == 1 and _is_matrix(inner[0]))


def _is_table(element: ElementTree.Element) -> bool:
    return element.tag == "mtable" or (element.tag == "mrow" and len(element) == 1 and _is_table(element[0]))


def _relax(element: ElementTree.Element) -> bool:
    """Stop fences from stretching where nothing tall is left between them; tells if something tall is."""
    inside = [_relax(child) for child in element]
    if not any(inside):
        for child in element:
            if child.tag == "mo" and child.get("stretchy") == "true":
                child.set("stretchy", "false")
    return any(inside) or element.tag in _TALL


def _become(place: ElementTree.Element, other: ElementTree.Element) -> None:
    place.clear()
    place.tag, place.text = other.tag, other.text
    place.extend(other)


def cleaned(markup: str) -> Markup:
    """Like `safe`, for a fragment that need not be a whole `math` element."""
    if not isinstance(markup, str):
        raise TypeError(f"mathml must be a string, got {type(markup).__name__}")
    if len(markup) > _MAX_LENGTH:
        raise ValueError(f"mathml has {len(markup)} characters; allowed are at most {_MAX_LENGTH}")
    if "<!" in markup or "<?" in markup:  # no document types, hence no entities; no comments, no instructions
        raise ValueError("mathml holds a declaration, a comment or an instruction; allowed are elements and text")
    try:
        root = ElementTree.fromstring(markup)
    except ElementTree.ParseError as error:
        raise ValueError(f"mathml is not well-formed XML ({error})") from None
    level = [root]
    for _ in range(_MAX_DEPTH):
        level = [child for element in level for child in element]
    if level:
        raise ValueError(f"mathml is nested deeper than {_MAX_DEPTH} levels")
    return Markup(_written(root))


def _written(element: ElementTree.Element) -> str:
    tag = element.tag.removeprefix(_NAMESPACE)
    if tag not in _ELEMENTS:
        raise ValueError(f"mathml has the element {tag[:40]!r}; allowed are the elements of presentation MathML")
    attributes = ""
    for name, value in element.attrib.items():
        if name not in _ATTRIBUTES:
            raise ValueError(
                f"mathml has the attribute {name[:40]!r} on {tag!r}; "
                "allowed are the layout attributes of presentation MathML"
            )
        if not _VALUE.fullmatch(value):
            raise ValueError(f"mathml has the value {value[:40]!r} for {name!r}; allowed are plain words and lengths")
        attributes += f' {name}="{value}"'
    inner = escape(element.text or "", quote=False)
    if not inner and not len(element) and tag == "mspace":
        return f"<{tag}{attributes}/>"
    for child in element:
        inner += _written(child) + escape(child.tail or "", quote=False)
    return f"<{tag}{attributes}>{inner}</{tag}>"
