"""Cells that a user might write, each with its step in plain mpmath, written down without the cell language."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import mpmath
import pytest
import sympy as sp
from sympy.core.function import AppliedUndef

from errorflow.theory import notation, unrolled
from errorflow.theory.activations import Logistic, Relu, Tanh
from errorflow.theory.language import (
    Cell,
    bias,
    biases,
    inputs,
    let,
    matrices,
    matrix,
    ones,
    scalar,
    state,
    stop,
)

Columns = dict[str, list]


@dataclass(frozen=True)
class UserCell:
    """A cell, and ``step(p, x, u, held)``: its new states and named vectors by name, ``held`` what stop(...) holds."""

    cell: Cell
    step: Callable[..., tuple[Columns, Columns]]


def each(function, *vectors):
    """An elementwise function of vectors."""
    return [function(*entries) for entries in zip(*vectors, strict=True)]


def times(W, v):
    """Matrix times vector."""
    return [mpmath.fsum(W[i, j] * v[j] for j in range(W.cols)) for i in range(W.rows)]


def plus(*vectors):
    """The sum of vectors."""
    return each(lambda *entries: mpmath.fsum(entries), *vectors)


def product(a, b):
    """The Hadamard product."""
    return each(lambda x, y: x * y, a, b)


def sigma(v):
    """The logistic function of a vector."""
    return each(lambda x: 1 / (1 + mpmath.exp(-x)), v)


def tanh(v):
    """tanh of a vector."""
    return each(mpmath.tanh, v)


h, u, phi, gate = state("h"), inputs("u"), Tanh(), Logistic()


def affine(p, x, u, index=""):
    """W h + B u + b, of one gate if an index is given."""
    return plus(times(p["W" + index], x["h"]), times(p["B" + index], u), list(p["b" + index]))


def leaky() -> UserCell:
    """h' = alpha h + (1 - alpha) tanh(a)."""
    alpha = scalar("alpha")
    a = let("a", matrix("W") @ h + matrix("B", columns="m") @ u + bias("b"))

    def step(p, x, u, _):
        a, leak = affine(p, x, u), p["alpha"][0]
        return {"h": each(lambda old, new: leak * old + (1 - leak) * mpmath.tanh(new), x["h"], a)}, {"a": a}

    return UserCell(Cell("leaky", {"h": alpha * h + (1 - alpha) * phi(a)}), step)


def minimal_gated_unit() -> UserCell:
    """h' = (1 - f) h + f tanh(W_n (f h) + B_n u + b_n)."""
    gates = ("f", "n")
    W, B, b = matrices("W", gates), matrices("B", gates, columns="m"), biases("b", gates)
    f = let("f", gate(let("a_f", W["f"] @ h + B["f"] @ u + b["f"])))
    n = let("n", phi(let("a_n", W["n"] @ (f * h) + B["n"] @ u + b["n"])))

    def step(p, x, u, _):
        a_f = affine(p, x, u, "_f")
        f = sigma(a_f)
        a_n = affine(p, {"h": product(f, x["h"])}, u, "_n")
        n = tanh(a_n)
        new = each(lambda f, n, old: (1 - f) * old + f * n, f, n, x["h"])
        return {"h": new}, {"a_f": a_f, "f": f, "a_n": a_n, "n": n}

    return UserCell(Cell("minimal_gated_unit", {"h": (1 - f) * h + f * n}), step)


def coupled_lstm() -> UserCell:
    """The LSTM with input gate 1 - f."""
    gates, c = ("f", "g", "o"), state("c")
    W, B, b = matrices("W", gates), matrices("B", gates, columns="m"), biases("b", gates)
    a = {k: let(f"a_{k}", W[k] @ h + B[k] @ u + b[k]) for k in gates}
    f, o = let("f", gate(a["f"])), let("o", gate(a["o"]))
    c_new = let("c+", f * c + (1 - f) * phi(a["g"]))

    def step(p, x, u, _):
        a = {f"a_{k}": affine(p, x, u, f"_{k}") for k in gates}
        f, o = sigma(a["a_f"]), sigma(a["a_o"])
        c = each(lambda f, old, g: f * old + (1 - f) * mpmath.tanh(g), f, x["c"], a["a_g"])
        return {"h": product(o, tanh(c)), "c": c}, {**a, "f": f, "o": o, "c+": c}

    return UserCell(Cell("coupled_lstm", {"h": o * phi(c_new), "c": c_new}), step)


def ind_rnn() -> UserCell:
    """h' = relu(d h + B u + b) with a vector d."""
    a = let("a", bias("d") * h + matrix("B", columns="m") @ u + bias("b"))

    def step(p, x, u, _):
        a = plus(product(list(p["d"]), x["h"]), times(p["B"], u), list(p["b"]))
        return {"h": each(lambda v: max(v, mpmath.mpf(0)), a)}, {"a": a}

    return UserCell(Cell("ind_rnn", {"h": Relu()(a)}), step)


def linear() -> UserCell:
    """h' = -W h + B u, without any elementwise function."""
    cell = Cell("linear", {"h": -(matrix("W") @ h) + matrix("B", columns="m") @ u})
    return UserCell(cell, lambda p, x, u, _: ({"h": plus(times(-p["W"], x["h"]), times(p["B"], u))}, {}))


def three_states() -> UserCell:
    """Two layers and a memory that nothing writes, with digits in the names of states and vectors."""
    h1, h2, k = state("h_1"), state("h_2"), state("k")
    first = let("h_1+", phi(let("a_1", matrix("W_1") @ h1 + matrix("B", columns="m") @ u)))
    second = phi(let("a_1_2", matrix("W_2") @ h2 + matrix("V") @ first - k))

    def step(p, x, u, _):
        a = plus(times(p["W_1"], x["h_1"]), times(p["B"], u))
        first = tanh(a)
        b = plus(times(p["W_2"], x["h_2"]), times(p["V"], first), [-v for v in x["k"]])
        return {"h_1": first, "h_2": tanh(b), "k": x["k"]}, {"h_1+": first, "a_1": a, "a_1_2": b}

    return UserCell(Cell("three_states", {"h_1": first, "h_2": second, "k": k}), step)


def tangled() -> UserCell:
    """One vector on several paths, W with two operands, h*h, phi twice, a scaled sum, vectors named W and b."""
    beta, W = scalar("beta"), matrix("W")
    v = let("W", W @ h - 2 * h * h + 0.1)
    w = let("b", 3 * (v - beta * (v * phi(v) + W @ (v - h)) + bias("b")) - ones())
    new = phi(phi(w)) * v - sp.exp(-beta) * phi(w) + v + v

    def step(p, x, u, _):
        h, beta = x["h"], p["beta"][0]
        v = each(lambda a, b: a - 2 * b**2 + mpmath.mpf(1) / 10, times(p["W"], h), h)
        inner = plus(product(v, tanh(v)), times(p["W"], plus(v, [-e for e in h])))
        w = each(lambda v, i, b: 3 * (v - beta * i + b) - 1, v, inner, list(p["b"]))
        new = each(lambda v, w: mpmath.tanh(mpmath.tanh(w)) * v - mpmath.exp(-beta) * mpmath.tanh(w) + 2 * v, v, w)
        return {"h": new}, {"W": v, "b": w}

    return UserCell(Cell("tangled", {"h": new}), step)


def long_names() -> UserCell:
    """Gates and vectors with names of several letters and underscores; an input that is transformed before B."""
    gates = ("in", "out")
    W, B = matrices("Omega", gates), matrices("B", gates, columns="m")
    a = {k: let(f"a_{k}_2", W[k] @ h + B[k] @ (2 * u - u * phi(u))) for k in gates}
    pre = let("pre", gate(a["in"]) - phi(a["out"]))

    def step(p, x, u, _):
        v = each(lambda e: 2 * e - e * mpmath.tanh(e), u)
        a = {k: plus(times(p[f"Omega_{k}"], x["h"]), times(p[f"B_{k}"], v)) for k in gates}
        pre = plus(sigma(a["in"]), [-e for e in tanh(a["out"])])
        return {"h": product(pre, x["h"])}, {"a_in_2": a["in"], "a_out_2": a["out"], "pre": pre}

    return UserCell(Cell("long_names", {"h": pre * h}), step)


def truncated_lstm() -> UserCell:
    """The LSTM of 1997: no forget gate, and the gradient stopped where the hidden state enters gates and cell."""
    gates, c = ("i", "g", "o"), state("c")
    W, B, b = matrices("W", gates), matrices("B", gates, columns="m"), biases("b", gates)
    a = {k: let(f"a_{k}", W[k] @ stop(h) + B[k] @ u + b[k]) for k in gates}
    c_new = let("c+", c + gate(a["i"]) * phi(a["g"]))

    def step(p, x, u, held):
        a = {f"a_{k}": affine(p, {"h": held["h"]}, u, f"_{k}") for k in gates}
        c = plus(x["c"], product(sigma(a["a_i"]), tanh(a["a_g"])))
        return {"h": product(sigma(a["a_o"]), tanh(c)), "c": c}, {**a, "c+": c}

    return UserCell(Cell("truncated_lstm", {"h": gate(a["o"]) * phi(c_new), "c": c_new}), step)


USER_CELLS = {
    build.__name__: build
    for build in (
        leaky,
        minimal_gated_unit,
        coupled_lstm,
        ind_rnn,
        linear,
        three_states,
        tangled,
        long_names,
        truncated_lstm,
    )
}


@pytest.fixture(params=USER_CELLS)
def user_cell(request: pytest.FixtureRequest) -> UserCell:
    """Every cell of this file in turn."""
    return USER_CELLS[request.param]()


@pytest.fixture
def build_user_cell() -> Callable[[str], UserCell]:
    """One cell of this file by its name."""
    return lambda name: USER_CELLS[name]()


@pytest.fixture
def random_point() -> Callable[..., tuple[Any, Any, Any]]:
    """Parameters by block name, inputs by step and an initial state, all rational with entries below 1.2."""

    def draw_all(cell: Cell, *, n: int, m: int, steps: int, seed: int = 11):
        rng = random.Random(seed)

        def draw(rows: int, columns: int = 1) -> mpmath.matrix:
            return mpmath.matrix(rows, columns).apply(lambda _: mpmath.mpf(rng.randint(-99, 99)) / 83)

        def array(q) -> mpmath.matrix:
            return {"matrix": partial(draw, n, n if q.columns == "n" else m), "bias": partial(draw, n)}.get(
                q.kind, partial(draw, 1)
            )()

        p = {q.block_name(g): array(q) for q in cell.parameters for g in q.gates or (None,)}
        return p, [list(draw(m)) for _ in range(steps)], {name: list(draw(n)) for name in cell.states}

    return draw_all


@pytest.fixture
def differenced() -> Callable[..., mpmath.matrix]:
    """dx_T/dx_0 by central differences of the unrolled recursion; what stands behind stop(...) does not move.

    The step is a third of the digits at hand, which leaves two thirds of them.
    """

    def derivative(cell: Cell, p, inputs, initial) -> mpmath.matrix:
        step, copies = mpmath.mpf(10) ** -(mpmath.mp.dps // 3), [p] * len(inputs)
        stops: unrolled.Stops = {}
        unrolled.run(cell, copies, inputs, initial, stops=stops)
        columns = []
        for name, column in initial.items():
            for j in range(len(column)):
                ends = []
                for sign in (1, -1):
                    moved = {**initial, name: [v + sign * step * (i == j) for i, v in enumerate(column)]}
                    final = unrolled.run(cell, copies, inputs, moved, stops=stops)[-1]
                    ends.append([v for state in cell.states for v in final[notation.before_step(state)]])
                columns.append([(up - down) / (2 * step) for up, down in zip(*ends, strict=True)])
        return mpmath.matrix(columns).T

    return derivative


# The built-in functions and their slopes, written down here: x at most 0 is the case that holds at a kink.
HEADS = {
    "tanh": sp.tanh,
    "tanh'": lambda x: 1 - sp.tanh(x) ** 2,
    "logistic": lambda x: 1 / (1 + sp.exp(-x)),
    "logistic'": lambda x: sp.exp(-x) / (1 + sp.exp(-x)) ** 2,
    "relu": lambda x: sp.Piecewise((0, x <= 0), (x, True)),
    "relu'": lambda x: sp.Piecewise((0, x <= 0), (1, True)),
    "softplus": lambda x: sp.log(1 + sp.exp(x)),
    "softplus'": lambda x: 1 / (1 + sp.exp(-x)),
    "silu": lambda x: x / (1 + sp.exp(-x)),
    "silu'": lambda x: 1 / (1 + sp.exp(-x)) + x * sp.exp(-x) / (1 + sp.exp(-x)) ** 2,
    "gelu": lambda x: x * (1 + sp.erf(x / sp.sqrt(2))) / 2,
    "gelu'": lambda x: (1 + sp.erf(x / sp.sqrt(2))) / 2 + x * sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi),
    "identity": lambda x: x,
    "identity'": lambda x: 1,
}


@pytest.fixture
def written_out() -> Callable[[Any], Any]:
    """Formulas with phi and phi' written out: SymPy functions in place of the heads of activations."""

    def write(formula):
        return formula.replace(
            lambda e: isinstance(e, AppliedUndef), lambda e: HEADS[type(e).__name__](*map(write, e.args))
        )

    return write


@pytest.fixture
def number(written_out) -> Callable[..., mpmath.matrix]:
    """``number(matrix, values)``: a SymPy matrix as an mpmath matrix at the given values of all its symbols."""

    def evaluate(matrix, values):
        found = sorted(matrix.free_symbols, key=str)
        compiled = sp.lambdify(found, written_out(matrix), modules="mpmath", cse=True)
        return mpmath.matrix(compiled(*(values[symbol] for symbol in found)))

    return evaluate


COMMANDS = {"left", "right", "operatorname", "begin", "end", "frac", "partial", "sum", "top", "Big", "mathbf", "mathrm"}
COMMANDS |= {"tanh", "sigma", "qquad", "cdots", "alpha", "beta", "Omega", "lVert", "rVert", "rho", "gamma", "kappa"}
COMMANDS |= {"omega", "mathcal", "hat", "ell"}
COMMANDS |= {"sqrt", "max", "min", "sup", "inf", "infty", "geq", "leq", "tilde", "lambda", "phi", "\\", ","}
TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|[A-Za-z0-9]|\s+|.")


@pytest.fixture
def latex_fault() -> Callable[[str], str | None]:
    """What keeps a formula from being LaTeX: braces, fences, a second subscript, an unknown command; else None."""

    def fault(text: str) -> str | None:
        open_groups: list[str] = []
        scripts: list[set[str]] = [set()]  # the scripts that the last atom of each open group has already
        awaited = False  # a script or fence whose argument comes next
        for token in TOKEN.findall(text):
            name = token.removeprefix("\\")
            if token.startswith("\\") and name not in COMMANDS:
                return f"unknown command {token}"
            if token.isspace():
                continue
            if token in ("_", "^"):
                if token in scripts[-1]:
                    return f"two scripts {token} on one atom"
                scripts[-1].add(token)
                awaited = True
            elif token == "{" or name in ("left", "begin"):
                if not awaited:
                    scripts[-1] = set()
                open_groups.append(token)
                scripts.append(set())
                awaited = False
            elif token == "}" or name in ("right", "end"):
                partner = {"}": "{", r"\right": r"\left", r"\end": r"\begin"}[token]
                if not open_groups or open_groups.pop() != partner:
                    return f"{token} without {partner}"
                scripts.pop()
            else:
                if not awaited:
                    scripts[-1] = set()
                awaited = False
        return f"{open_groups[-1]} is not closed" if open_groups else None

    return fault
