r"""The task-informative gradient theorem under a diagonal scaling: eta >= gamma ||L W L^-1||_2, which can be far below gamma ||W||.

With L diagonal and entries of at least 1 the scaled trajectories L h, L a, L S obey the equations of the setting with
W_L = L W L^-1 in place of W, V_L = L V L^-1, c_L = L^-T c and z_L = L z: D_t commutes with L; mean slopes do; and
|phi'(a) - phi'(a~)| <= gamma_2 max |a - a~| <= gamma_2 ||L (a - a~)||. So the proof is the one of
`errorflow.theory.theorems.task_informative.gradient` in other letters, once these equations are derived. sigma_B, H and ||V_L||
are taken in the scaled coordinates, and ||V_L|| <= kappa(L) ||V||.

Main statement: `task_informative_gradient_scaled`.
"""

from __future__ import annotations

import sympy as sp

from ...bounds.setting import D, L, W, gamma, i, scaling_diagonal
from ...calculus import (
    ALGEBRA,
    Calculation,
    Derivation,
    Diagonal,
    Fact,
    Letter,
    Line,
    eq,
    form,
    inverse,
    le,
    rules,
)
from ...calculus.derivation import Lemma
from ...calculus.mean import Mean
from ...calculus.renaming import renamed
from ...calculus.words import Word
from ...hypotheses import Hypothesis
from ...notation import curvature_sup, horizon
from ...quantities import max_abs, scaled_norm
from ...theorem import Theorem, Witness
from . import setting as plain
from .distances import distances
from .gradient import QUANTIFIERS, SMOOTH, conclusion, coupled, linear_unit
from .means import means
from .setting import AFTER_FIRST, D_mean, N, S, S_mean, V, a, a_mean, c, first, h, h_mean, input_deviation, target, z

W_L, V_L, c_L, z_L = map(Letter, ("W_L", "V_L", "c_L", "z_L"))
h_L, a_L, S_L, h_mean_L, a_mean_L, S_mean_L = map(Letter, ("h_L", "a_L", "S_L", "htilde_L", "atilde_L", "Stilde_L"))
M = Letter("M")
_NAMES = {
    h: "states",
    a: "pre-activations",
    S: "derivatives",
    h_mean: "reference states",
    a_mean: "reference pre-activations",
    S_mean: "reference derivatives",
}
VECTORS = {h: h_L, a: a_L, S: S_L, h_mean: h_mean_L, a_mean: a_mean_L, S_mean: S_mean_L}
LETTERS = {**VECTORS, W: W_L, V: V_L, c: c_L, z: z_L}
_from_start = (le(1, i),)


def _into(letter: Letter) -> Fact:
    return Fact(f"{_NAMES[letter]} in scaled coordinates", eq(VECTORS[letter][i], L @ letter[i]), over=(i,))


def _back(letter: Letter) -> Fact:
    return Fact(f"{_NAMES[letter]} from scaled coordinates", eq(letter[i], inverse(L) @ VECTORS[letter][i]), over=(i,))


into, back = {x: _into(x) for x in VECTORS}, {x: _back(x) for x in VECTORS}
entries = Fact("entries of the scaling are at least 1", le(max_abs(inverse(L)), 1))
mean_slopes = Fact("mean slopes", eq(h[i] - h_mean[i], M[i] @ (a[i] - a_mean[i])), over=(i,))
mean_diagonal = Fact("mean slopes are diagonal", Diagonal(M[i]), over=(i,))
mean_size = Fact("mean slopes are at most gamma", le(max_abs(M[i]), gamma), over=(i,))
smooth_entries = Fact(
    "every slope is Lipschitz",
    le(max_abs(D[i] - D_mean[i]), curvature_sup * max_abs(a[i] - a_mean[i])),
    over=(i,),
)
matrix = Fact("scaled recurrent matrix", eq(W_L, L @ W @ inverse(L)))
direction = Fact("scaled direction", eq(V_L, L @ V @ inverse(L)))
readout = Fact("scaled readout", eq(c_L.T, c.T @ inverse(L)))
new = Fact("scaled input", eq(z_L, L @ z))
own_input = Fact("the input differs from its mean, unscaled", eq(a[first] - a_mean[first], z))
own_inputs = Fact(
    "same inputs after it, unscaled", eq(a[i] - a_mean[i], W @ (h[i - 1] - h_mean[i - 1])), over=(i,), when=AFTER_FIRST
)
own_states = Fact("same states before the input, unscaled", eq(h[first - 1], h_mean[first - 1]))
own_derivatives = Fact("same derivatives before the input, unscaled", eq(S[first - 1], S_mean[first - 1]))
own_derivative = Fact(
    "derivative of the state, unscaled", eq(S[i], D[i] @ (W @ S[i - 1] + V @ h[i - 1])), over=(i,), when=_from_start
)
own_derivative_mean = Fact(
    "derivative of the reference, unscaled",
    eq(S_mean[i], D_mean[i] @ (W @ S_mean[i - 1] + V @ h_mean[i - 1])),
    over=(i,),
    when=_from_start,
)


def _gap(letter: Letter, mean: Letter, j: sp.Expr) -> tuple[Word, tuple[Line, ...]]:
    """x_L - x~_L at step j, and that it is L (x - x~)."""
    x, y = VECTORS[letter], VECTORS[mean]
    return x[j] - y[j], (
        Line("=", L @ letter[j] - y[j], into[letter].name),
        Line("=", L @ letter[j] - L @ mean[j], into[mean].name),
        Line("=", L @ (letter[j] - mean[j]), ALGEBRA),
    )


def _same(fact: Fact, own: Fact, letter: Letter, mean: Letter) -> Calculation:
    """x_L = x~_L at the step before the input."""
    at = first - 1
    lines = (
        Line("=", L @ letter[at], into[letter].name),
        Line("=", L @ mean[at], own.name),
        Line("=", VECTORS[mean][at], into[mean].name),
    )
    return Calculation(fact.name, VECTORS[letter][at], lines)


def _derived(fact: Fact, own: Fact, slope: Letter, state: Letter, sensitivity: Letter) -> Calculation:
    """S_L = D (W_L S_L + V_L h_L) one step before."""
    before, x, y = i - 1, VECTORS[sensitivity], VECTORS[state]
    unscaled = W @ sensitivity[before] + V @ state[before]
    half = W @ inverse(L) @ x[before] + V @ state[before]
    scaled = W @ inverse(L) @ x[before] + V @ inverse(L) @ y[before]
    lines = (
        Line("=", L @ sensitivity[i], into[sensitivity].name),
        Line("=", L @ slope[i] @ unscaled, own.name),
        Line("=", slope[i] @ L @ unscaled, rules.diagonals_commute),
        Line("=", slope[i] @ L @ half, back[sensitivity].name),
        Line("=", slope[i] @ L @ scaled, back[state].name),
        Line("=", slope[i] @ (L @ W @ inverse(L) @ x[before] + L @ V @ inverse(L) @ y[before]), ALGEBRA),
        Line("=", slope[i] @ (W_L @ x[before] + L @ V @ inverse(L) @ y[before]), matrix.name),
        Line("=", slope[i] @ (W_L @ x[before] + V_L @ y[before]), direction.name),
    )
    return Calculation(fact.name, x[i], lines, over=(i,), when=_from_start)


def _equations() -> tuple[Lemma, ...]:
    """The facts of the setting, in scaled coordinates."""
    dh, dh_lines = _gap(h, h_mean, i)
    da, da_lines = _gap(a, a_mean, i)
    da_first, first_lines = _gap(a, a_mean, first)
    before, before_mean = h_L[i - 1], h_mean_L[i - 1]
    gap = a[i] - a_mean[i]
    return (
        Calculation("distance of scaled states", dh, (
            *dh_lines,
            Line("=", L @ M[i] @ gap, mean_slopes.name),
            Line("=", M[i] @ L @ gap, rules.diagonals_commute),
        ), over=(i,)),
        Calculation("distance of scaled pre-activations", da, da_lines, over=(i,)),
        Calculation(plain.lipschitz.name, N(dh), (
            Line("=", N(M[i] @ L @ gap), "distance of scaled states"),
            Line("<=", N(M[i]) * N(L @ gap), rules.submultiplicative),
            Line("=", max_abs(M[i]) * N(L @ gap), rules.norm_of_diagonal),
            Line("<=", gamma * N(L @ gap), mean_size.name),
            Line("=", gamma * N(da), "distance of scaled pre-activations"),
        ), over=(i,)),
        Calculation("gap of pre-activations", gap, (
            Line("=", inverse(L) @ a_L[i] - a_mean[i], back[a].name),
            Line("=", inverse(L) @ a_L[i] - inverse(L) @ a_mean_L[i], back[a_mean].name),
            Line("=", inverse(L) @ da, ALGEBRA),
        ), over=(i,)),
        Calculation(plain.smooth.name, N(D[i] - D_mean[i]), (
            Line("=", max_abs(D[i] - D_mean[i]), rules.norm_of_diagonal),
            Line("<=", curvature_sup * max_abs(gap), smooth_entries.name),
            Line("=", curvature_sup * max_abs(inverse(L) @ da), "gap of pre-activations"),
            Line("<=", curvature_sup * max_abs(inverse(L)) * max_abs(da), rules.entries_of_scaled_rows),
            Line("<=", curvature_sup * max_abs(inverse(L)) * N(da), rules.entries_by_norm),
            Line("<=", curvature_sup * N(da), entries.name),
        ), over=(i,)),
        _same(plain.same_before, own_states, h, h_mean),
        _same(plain.same_derivative, own_derivatives, S, S_mean),
        Calculation(plain.new_input.name, da_first, (
            *first_lines, Line("=", L @ z, own_input.name), Line("=", z_L, new.name)
        )),
        Calculation(plain.same_inputs.name, da, (
            *da_lines,
            Line("=", L @ W @ (h[i - 1] - h_mean[i - 1]), own_inputs.name),
            Line("=", L @ W @ (inverse(L) @ before - h_mean[i - 1]), back[h].name),
            Line("=", L @ W @ (inverse(L) @ before - inverse(L) @ before_mean), back[h_mean].name),
            Line("=", L @ W @ inverse(L) @ (before - before_mean), ALGEBRA),
            Line("=", W_L @ (before - before_mean), matrix.name),
        ), over=(i,), when=AFTER_FIRST),
        _derived(plain.derivative, own_derivative, D, h, S),
        _derived(plain.derivative_mean, own_derivative_mean, D_mean, h_mean, S_mean),
    )  # fmt: skip


_DERIVED = {
    plain.lipschitz,
    plain.smooth,
    plain.same_before,
    plain.same_derivative,
    plain.new_input,
    plain.same_inputs,
    plain.derivative,
    plain.derivative_mean,
}
_GIVEN = (
    *(renamed(fact, LETTERS) for fact in plain.GIVEN if fact not in _DERIVED),
    scaling_diagonal,
    entries,
    *into.values(),
    *back.values(),
    mean_slopes,
    mean_diagonal,
    mean_size,
    smooth_entries,
    matrix,
    direction,
    readout,
    new,
    own_input,
    own_inputs,
    own_states,
    own_derivatives,
    own_derivative,
    own_derivative_mean,
)
_RANDOM = (*plain.RANDOM, M, *VECTORS.values(), z_L)


_BOUND = N(c_L) * plain.known(horizon).xreplace({N(V): N(V_L)})


def _output() -> tuple[Lemma, ...]:
    """The readout of the state is that of the scaled state."""
    own = form(c, S[horizon])
    return (
        Calculation(
            "readout in scaled coordinates",
            own,
            (
                Line("=", form(c, inverse(L) @ S_L[horizon]), back[S].name),
                Line("=", form(c_L, S_L[horizon]), readout.name),
            ),
        ),
        Calculation(
            "conclusion in the coordinates of the network",
            sp.Abs(Mean(target * own)),
            (
                Line("=", sp.Abs(Mean(target * form(c_L, S_L[horizon]))), "readout in scaled coordinates"),
                Line("<=", _BOUND, "conclusion"),
            ),
        ),
    )


def _lemmas() -> tuple[Lemma, ...]:
    core = (*distances(), *means(), *coupled(), *conclusion())
    return (*_equations(), *(renamed(lemma, LETTERS) for lemma in core), *_output())


def _scaled_unit(lag: int) -> Witness:
    """The linear unit in the coordinates 2 h: readout c/2, input 2 z, the same direction."""
    return linear_unit(lag, {V_L: [[1]], c_L: [["1/2"]], input_deviation: 2})


task_informative_gradient_scaled = Theorem(
    id="task_informative_gradient_scaled",
    title="What the total gradient says of an input, under a diagonal scaling",
    conclusion=le(sp.Abs(Mean(target * form(c, S[horizon]))), _BOUND),
    derivation=Derivation(_GIVEN, _lemmas(), _RANDOM),
    object="task_informative_gradient",
    norm="nuclear, of L^-1 E[y* dy/dW] L, over directions V with ||L V L^-1||_2 <= 1; kappa(L) times it bounds the nuclear and "
    "the Frobenius norm of E[y* dy/dW]",
    hypotheses=(
        Hypothesis(
            "contraction", sp.Lt(gamma * scaled_norm(W), 1, evaluate=False), "every step shrinks scaled distances"
        ),
        SMOOTH,
    ),
    quantifiers=f"{QUANTIFIERS}, and every diagonal L with entries of at least 1 in modulus",
    citation="errorflow2026",
    place="claim C9, weighted form",
    version="derived here; entries of L of at least 1",
    tightness="tight",
    non_vacuity=_scaled_unit(2),
    tightness_witness=_scaled_unit,
    words="The informative part of the total gradient falls like k eta^(k-1) wherever some diagonal scaling makes the network "
    "contract, with sigma_B, H and c in scaled coordinates.",
)
