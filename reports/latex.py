"""A small subset of LaTeX as presentation MathML: names such as ``h_{t-1}``, norms, fractions, sums.

Symbols of the project are named by their LaTeX form, and quantities know their LaTeX (`_latex`); this
module turns both into MathML. It is not a TeX engine: an unknown command is shown as it was written.
Everything that comes out is escaped, whatever the name was.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from itertools import pairwise

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "varrho": "ϱ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ",
    "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_LETTERS = {
    **GREEK, "infty": "∞", "ell": "ℓ", "partial": "∂", "nabla": "∇", "top": "⊤", "bot": "⊥", "emptyset": "∅",
    "dots": "…", "ldots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "hbar": "ℏ", "prime": "′",
}  # fmt: skip
_OPERATORS = {
    "odot": "⊙", "cdot": "⋅", "times": "×", "circ": "∘", "otimes": "⊗", "oplus": "⊕", "pm": "±", "mp": "∓",
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "equiv": "≡", "approx": "≈",
    "sim": "∼", "ll": "≪", "gg": "≫", "in": "∈", "notin": "∉", "subset": "⊂", "subseteq": "⊆", "cup": "∪",
    "cap": "∩", "to": "→", "rightarrow": "→", "leftarrow": "←", "mapsto": "↦", "Rightarrow": "⇒",
    "implies": "⇒", "Leftrightarrow": "⇔", "iff": "⇔", "wedge": "∧", "vee": "∨", "neg": "¬", "forall": "∀",
    "exists": "∃", "mid": "∣", "colon": ":", "ast": "∗", "star": "⋆", "setminus": "∖", "propto": "∝",
}  # fmt: skip
_FENCES = {
    "lVert": "‖", "rVert": "‖", "Vert": "‖", "|": "‖", "lvert": "|", "rvert": "|", "vert": "|", "{": "{",
    "}": "}", "lbrace": "{", "rbrace": "}", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋",
    "lceil": "⌈", "rceil": "⌉", "lbrack": "[", "rbrack": "]",
}  # fmt: skip
_LARGE = {"sum": "∑", "prod": "∏", "int": "∫", "bigcup": "⋃", "bigcap": "⋂", "coprod": "∐"}
_LIMITS = frozenset({"max", "min", "sup", "inf", "lim", "limsup", "liminf", "argmax", "argmin"})
_NAMED = {
    "arccos", "arcsin", "arctan", "cos", "cosh", "cot", "coth", "csc", "deg", "det", "diag", "dim",
    "exp", "gcd", "hom", "ker", "lg", "ln", "log", "sec", "sin", "sinh", "tan", "tanh", "tr", "rank",
    "sign", "sgn"
}  # fmt: skip
_ACCENTS = {"hat": "^", "widehat": "^", "bar": "¯", "overline": "¯", "tilde": "~", "widetilde": "~",
            "dot": "˙", "ddot": "¨", "vec": "→"}  # fmt: skip
_SPACES = {
    ",": ".167em",
    ":": ".222em",
    ";": ".278em",
    " ": ".25em",
    "quad": "1em",
    "qquad": "2em",
    "!": "0em",
}
_UPRIGHT = frozenset({"mathrm", "text", "operatorname", "operatorname*", "textrm", "mathsf", "mathit", "mbox"})
_ALPHABETS = {"mathbf": 0x1D400, "boldsymbol": 0x1D400, "bm": 0x1D400, "mathbb": 0x1D538, "mathcal": 0x1D49C}
_HOLES = {0x1D53A: "ℂ", 0x1D53F: "ℍ", 0x1D545: "ℕ", 0x1D547: "ℙ", 0x1D548: "ℚ", 0x1D549: "ℝ", 0x1D551: "ℤ",
          0x1D49D: "ℬ", 0x1D4A0: "ℰ", 0x1D4A1: "ℱ", 0x1D4A3: "ℋ", 0x1D4A4: "ℐ", 0x1D4A7: "ℒ", 0x1D4A8: "ℳ",
          0x1D4AD: "ℛ"}  # fmt: skip
_TABLES = {"matrix": ("", ""), "smallmatrix": ("", ""), "array": ("", ""), "pmatrix": ("(", ")"),
           "bmatrix": ("[", "]"), "vmatrix": ("|", "|"), "cases": ("{", "")}  # fmt: skip
_TOKEN = re.compile(r"\\(?:[A-Za-z]+\*?|.)|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)
NAMED_START = re.compile(r"(?:<(?:mrow|msub|msup|msubsup)>)*<mi>[a-zA-Z]{2,}</mi>")
FENCED = re.compile(r'form="postfix"[^>]*>[^<]*</mo>(?:</mrow>)+$')
TALL = re.compile("<(?:mfrac|munder|mover|munderover|mtable|msqrt|mroot)")  # what fences must grow around
THIN = '<mspace width=".167em"></mspace>'
_DEPTH = 40  # nested groups beyond this are shown as text: no name is that deep, and recursion stays bounded


@lru_cache(maxsize=4096)
def content(latex: str) -> str:
    """MathML of a LaTeX string, without the outer `math` element.

    Returns one element as a string; characters outside the subset are escaped, never interpreted as markup.

    >>> content(r"h_{t-1}")
    '<msub><mi>h</mi><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub>'
    >>> content("<b>")
    '<mrow><mo>&lt;</mo><mi>b</mi><mo>&gt;</mo></mrow>'
    """
    return _row(_Reader(latex).sequence(0))


def math(latex: str, *, display: bool = False, large: bool = False) -> str:
    r"""A whole `math` element for a LaTeX string, inline or, with `display=True`, on a line of its own.

    `large=True` sets an inline formula with fractions and limits in the size of a displayed one.

    >>> math(r"\rho(W)")
    '<math><mrow><mi>ρ</mi><mo stretchy="false">(</mo><mi>W</mi><mo stretchy="false">)</mo></mrow></math>'
    """
    mode = ' display="block"' if display else ' displaystyle="true"' if large else ""
    return f"<math{mode}>{content(latex)}</math>"


class _Reader:
    """Recursive descent over the tokens of one string; it never fails, it only shows less."""

    def __init__(self, latex: str) -> None:
        self.tokens = _TOKEN.findall(latex)
        self.at = 0

    def peek(self) -> str:
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def sequence(self, depth: int, *, stops: frozenset[str] = frozenset()) -> list[str]:
        """Elements up to the end or to one of the stopping tokens, which is left in place."""
        out: list[str] = []
        while (token := self.peek()) and token not in stops:
            if token == "}":  # unbalanced: shown nowhere, so that a stray brace cannot end the outer group
                self.at += 1
                continue
            out.append(self.scripted(depth))
        return [element for element in out if element]

    def group(self, depth: int) -> str:
        """One argument: a braced group or a single atom."""
        if self.peek() in ("", "}"):
            return "<mrow></mrow>"
        if self.peek() != "{":
            return self.atom(depth + 1)
        self.at += 1
        row = _row(self.sequence(depth + 1, stops=frozenset({"}"})))
        self.at += 1
        return row

    def raw(self) -> str:
        """The text of a braced group as it was written, spaces kept."""
        if self.peek() != "{":
            return self.take()
        self.at += 1
        level, start = 1, self.at
        while self.at < len(self.tokens):
            level += {"{": 1, "}": -1}.get(self.tokens[self.at], 0)
            self.at += 1
            if level == 0:
                return "".join(self.tokens[start : self.at - 1])
        return "".join(self.tokens[start:])

    def scripted(self, depth: int) -> str:
        """An atom with its primes, subscript and superscript."""
        large = self.peek().lstrip("\\")
        atom = self.atom(depth)
        below, above, primes = "", "", ""
        while (token := self.peek()) in ("_", "^", "'"):
            self.at += 1
            if token == "'":
                primes += "′"
            elif token == "_":
                below = self.group(depth)
            else:  # a second exponent is an error to TeX; here it follows the first one
                above = _row([above, self.group(depth)]) if above else self.group(depth)
        if primes and not (below or above):  # on its own the prime sits where the font has it
            atom = f'<mrow>{atom}<mo lspace="0em" rspace="0em">{primes}</mo></mrow>'
        elif primes:
            above = _row([f"<mo>{primes}</mo>", *([above] if above else [])])
        if large in _LIMITS and (below or above):
            atom = f'<mo movablelimits="true" lspace=".167em" rspace=".167em">{large}</mo>'
        over = large in _LARGE or large in _LIMITS
        tag = {(True, True): "munderover" if over else "msubsup", (True, False): "munder" if over else "msub",
               (False, True): "mover" if over else "msup"}.get((bool(below), bool(above)))  # fmt: skip
        scripted = atom if tag is None else f"<{tag}>{atom or '<mrow></mrow>'}{below}{above}</{tag}>"
        named = large in _NAMED or large in _LIMITS
        if named and self.peek() not in ("", "(", "[", "{", "\\left", ")", "}", ",", "|", "&", "\\\\"):
            scripted = f"<mrow>{scripted}{THIN}</mrow>"
        return scripted

    def atom(self, depth: int) -> str:
        if depth > _DEPTH:
            rest, self.at = "".join(self.tokens[self.at :]), len(self.tokens)
            return _text(rest)
        token = self.peek()
        if token in ("", "{"):
            return self.group(depth)
        self.at += 1
        if token[:1].isdigit():
            return f"<mn>{token}</mn>"
        if token.startswith("\\") and len(token) > 1:
            return self.command(token[1:], depth)
        if token.isalpha():
            return f"<mi>{_escaped(token)}</mi>"
        if token in "()[]":
            return f'<mo stretchy="false">{token}</mo>'
        if token == "|":
            return '<mo stretchy="false" lspace="0em" rspace="0em">|</mo>'
        if token == "~":
            return ""
        return f"<mo>{_escaped({'-': '−', '*': '∗'}.get(token, token))}</mo>"

    def command(self, name: str, depth: int) -> str:
        if name == "cdots":
            return f"<mo>{_LETTERS[name]}</mo>"
        if name in _LETTERS:
            return f"<mi>{_LETTERS[name]}</mi>"
        if name in _OPERATORS:
            return f"<mo>{_OPERATORS[name]}</mo>"
        if name in _FENCES:
            return f'<mo stretchy="false" lspace="0em" rspace="0em">{_FENCES[name]}</mo>'
        if name in _LARGE:
            return f"<mo>{_LARGE[name]}</mo>"
        if name in _LIMITS or name in _NAMED:
            return f"<mi>{name}</mi>"
        if name in _SPACES:
            return f'<mspace width="{_SPACES[name]}"></mspace>'
        if name in _UPRIGHT:
            return _text(self.raw().replace("\\", ""), mode=name)
        if name in _ALPHABETS:
            return "".join(_styled(character, _ALPHABETS[name]) for character in self.raw())
        if name in _ACCENTS:
            base = self.group(depth)
            return f'<mover accent="true">{base}<mo stretchy="false">{_ACCENTS[name]}</mo></mover>'
        if name in ("frac", "tfrac", "dfrac"):
            return f"<mfrac>{self.group(depth)}{self.group(depth)}</mfrac>"
        if name == "sqrt":
            return self.root(depth)
        if name == "left":
            return self.fenced(depth)
        if name == "begin":
            return self.table(depth)
        if name in (
            "right",
            "end",
            "displaystyle",
            "limits",
            "nolimits",
            "middle",
            "big",
            "Big",
            "bigl",
            "bigr",
        ):
            return ""
        return _text("\\" + name)

    def root(self, depth: int) -> str:
        if self.peek() != "[":
            return f"<msqrt>{self.group(depth)}</msqrt>"
        self.at += 1
        index = _row(self.sequence(depth + 1, stops=frozenset({"]"})))
        self.at += 1
        return f"<mroot>{self.group(depth)}{index}</mroot>"

    def fenced(self, depth: int) -> str:
        left = _fence(self.take())
        inner = self.sequence(depth + 1, stops=frozenset({"\\right"}))
        self.at += 1
        right = _fence(self.take())
        body = _row(inner)
        tall = TALL.search(body) is not None
        return f"<mrow>{_bar(left, 'prefix', tall=tall)}{body}{_bar(right, 'postfix', tall=tall)}</mrow>"

    def table(self, depth: int) -> str:
        kind = self.raw()
        if kind == "array":
            self.raw()  # the column specification
        left, right = _TABLES.get(kind, ("", ""))
        rows: list[list[str]] = [[]]
        while self.peek():
            cell = self.sequence(depth + 1, stops=frozenset({"&", "\\\\", "\\end"}))
            rows[-1].append(f"<mtd>{_row(cell)}</mtd>")
            end = self.take()
            if end == "\\\\":
                rows.append([])
            elif end != "&":
                self.raw()
                break
        body = "".join(f"<mtr>{''.join(row)}</mtr>" for row in rows if row != ["<mtd><mrow></mrow></mtd>"] and row)
        return f"<mrow>{_bar(left, 'prefix')}<mtable>{body}</mtable>{_bar(right, 'postfix')}</mrow>"


def _escaped(text: str) -> str:
    return escape(text, quote=False)


def _row(elements: list[str]) -> str:
    """Elements side by side, with TeX's thin space beside named functions and stretched fences."""
    if len(elements) == 1:
        return elements[0]
    spaced = elements[:1]
    for before, after in pairwise(elements):
        operands = (not before.startswith("<mo") or before.endswith(")</mo>")) and not after.startswith("<mo")
        named = NAMED_START.match(after) is not None
        if operands and not before.endswith(THIN + "</mrow>") and (named or FENCED.search(before)):
            spaced.append(THIN)
        spaced.append(after)
    return f"<mrow>{''.join(spaced)}</mrow>"


def _fence(token: str) -> str:
    if token.startswith("\\"):
        return _FENCES.get(token[1:], "")
    return "" if token == "." else token


def _bar(fence: str, form: str, *, tall: bool = True) -> str:
    stretchy = "true" if tall else "false"
    return f'<mo fence="true" form="{form}" stretchy="{stretchy}">{_escaped(fence)}</mo>' if fence else ""


def _text(text: str, *, mode: str = "text") -> str:
    word = text.strip() if mode.startswith(("operatorname", "mathrm", "mathsf")) else text
    if word.isalnum() and mode != "text":
        return f"<mi>{word}</mi>" if len(word) > 1 else f'<mi mathvariant="normal">{word}</mi>'
    return f"<mtext>{_escaped(text)}</mtext>"


def _styled(character: str, capital: int) -> str:
    """A letter of one of the mathematical alphabets (Unicode has them as characters of their own)."""
    if "A" <= character <= "Z":
        code = capital + ord(character) - ord("A")
        return f"<mi>{_HOLES.get(code, chr(code))}</mi>"
    if "a" <= character <= "z" and capital == _ALPHABETS["mathbf"]:
        return f"<mi>{chr(capital + 26 + ord(character) - ord('a'))}</mi>"
    return content(character)
