r"""The bound of the task-informative gradient on a network at hand, in certified numbers, with its hypotheses answered.

The theorem, with eta = gamma ||W||_2 < 1, d >= 1, Lipschitz slopes (gamma_2) and states of norm at most H, says of the nuclear
norm, which no Frobenius norm exceeds,

    || E[y* dy_T/dW] ||_* <= sigma_* sigma_B ||c||_2 {d gamma^2 eta^(d-1) + (d+1) gamma_2 H eta^d / (1-eta)},

sigma_*^2 >= E y*^2 and sigma_B^2 >= tr(B Cov(u) B^T). At d = 0, where it is not about an earlier step, it holds as well: only
the slopes of step T differ, by gamma_2 ||z|| times the motion ||W|| ||S~|| + ||V|| ||h~|| <= ||V|| H/(1-eta).

*Scaled*, it has eta = gamma ||L W L^-1||_2 for the diagonal L that was found, with entries l_i >= 1, sigma_B of L B and
L^-1 c; its H is at most (sum l_i^2)^(1/2) h_max, and its largest direction ||L V L^-1||_2 <= kappa(L) ||V||_2.

Main definitions: `InformativeBound`, `informative_bound`, `log_of`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from ...theory import notation, theorems
from ...theory.bounds import setting
from ...theory.hypotheses import Hypothesis
from ...theory.quantities import scaled_norm, scaling_condition, spectral_norm
from ...theory.theorems.task_informative import scaled as coordinates
from ...theory.theorems.task_informative.setting import N, V, c, input_deviation, rate, state_mean
from ...theory.theorems.task_informative.setting import target_deviation as deviation
from ..axes import Array
from ..certify import norm_of_vector_above
from ..enclosure import Enclosure, exact
from ..evaluate import Answer, Environment, answer, environment, evaluate
from ..functionals import scaling
from ..network import Network
from .arguments import nonnegative, one_network, real_array, whole_lags
from .coupled import layer

IN_RANGE = 1e-250  # enclosures above it have lost nothing to underflow
readout_norm, direction_norm = sp.symbols("|c| |V|", nonnegative=True)


@dataclass(frozen=True, eq=False)
class InformativeBound:
    """The bound at ``lags``: natural logs rounded up; with what it rests on.

    They are +inf where a hypothesis is not met, and also, if it `holds`, where a factor of the bound, or a product of some,
    is beyond the range of doubles, as with a readout or an input matrix near 1e308: no number is claimed then.

    ``rate`` encloses eta, ``condition`` kappa(L), 1 without a scaling. ``answers`` are the hypotheses with their answers.
    """

    lags: tuple[int, ...]
    log_values: Array
    rate: Enclosure
    condition: Enclosure
    answers: tuple[tuple[Hypothesis, Answer], ...]
    evidence: str

    @property
    def holds(self) -> bool:
        """Whether every hypothesis is met."""
        return all(found.status == "met" for _, found in self.answers)

    @property
    def reason(self) -> str:
        """The hypotheses that are not met, each with how far it is off; empty if all are."""
        failed = [(h, found) for h, found in self.answers if found.status != "met"]
        return "; ".join(
            f"{h.words}: {h.statement} is {'not met' if found.status == 'not_met' else 'not known'}"
            + (f", short by {0.0 - found.margin:.4g}" if math.isfinite(found.margin) else "")
            for h, found in failed
        )


def informative_bound(
    network: Network,
    *,
    readout: ArrayLike,
    lags: Sequence[int],
    input_scale: float = 1.0,
    target_deviation: float = 1.0,
    initial_sup: float = 0.0,
    scaled: bool = False,
) -> InformativeBound:
    """log of the bound of ||E[y* dy_T/dW]||_F at each lag d >= 0, for every horizon T > d, certified.

    The covariance of the input of step T-d is input_scale^2 I, the standard deviation of y* ``target_deviation``, no entry
    of h_0 exceeds ``initial_sup`` in modulus; ``scaled`` takes the diagonal scaling found. Raises TypeError for arguments of
    another type, ValueError for a network that is not one tied network h = phi(W h + B u + b) and arguments that do not fit.

    >>> from errorflow.theory import cells
    >>> net = Network(cells.get("elman"), {"W": np.array([[0.5]]), "B": np.ones((1, 1)), "b": np.zeros(1)})
    >>> found = informative_bound(net, readout=[1.0], lags=[1, 10, 1000])
    >>> found.holds, found.evidence, found.log_values.round(3).tolist()
    (True, 'certified', [0.932, -3.322, -684.975])
    >>> informative_bound(net.replace(W=np.array([[1.5]])), readout=[1.0], lags=[1]).reason
    'every step shrinks distances: gamma*spectral_norm(W) < 1 is not met, short by 0.5'
    """
    one_network(network)
    layer(network.cell)
    out, chosen = real_array("readout", readout, (network.n,)), whole_lags(lags)
    scale, spread = nonnegative("input_scale", input_scale), nonnegative("target_deviation", target_deviation)
    start = nonnegative("initial_sup", initial_sup)
    theorem = theorems.get("task_informative_gradient_scaled" if scaled else "task_informative_gradient")
    where = environment(network)
    matrices = {p.columns: network.parameters[p.name] for p in network.cell.parameters if p.kind == "matrix"}
    L = scaling(matrices["n"]).diagonal if scaled else np.ones(network.n)
    L = L / L.min()
    with np.errstate(over="ignore"):  # inf is no bound
        into = L[:, None] * matrices["m"]
    norm, condition = (
        scaled_norm if scaled else spectral_norm,
        scaling_condition(setting.W) if scaled else sp.Integer(1),
    )
    largest = evaluate(notation.value_sup, where).maximum(exact(start))
    values = {
        rate: evaluate(notation.slope_sup * norm(setting.W), where),
        state_mean: largest * _length(L),
        readout_norm: _length(out / L),
        direction_norm: evaluate(condition, where),
        deviation: exact(spread),
        input_deviation: exact(scale) * _length(into),
    }
    answers = tuple((condition, _answer(condition, where)) for condition in (*theorem.hypotheses, BOUNDED))
    holds = all(found.status == "met" for _, found in answers)
    letters = {N(c): readout_norm, N(coordinates.c_L): readout_norm}
    letters |= {N(V): direction_norm, N(coordinates.V_L): direction_norm}
    formula, own = theorem.conclusion.rhs.xreplace(letters), dataclasses.replace(where, values=values, known={})
    found = [log_of(formula.xreplace({notation.lag: sp.Integer(lag)}), own) for lag in chosen] if holds else []
    return InformativeBound(
        chosen,
        np.array([number.upper for number in found] or [math.inf] * len(chosen)),
        values[rate],
        values[direction_norm],
        answers,
        values[rate].resting_on(*found).evidence,
    )


BOUNDED = Hypothesis(
    "bounded_states",
    sp.Lt(notation.curvature_sup * notation.value_sup, sp.oo, evaluate=False),
    "the states are bounded, or the slope is constant",
)


def _length(vectors: Array) -> Enclosure:
    """At least the 2-norm of the exact numbers whose products and quotients were rounded to these; inf beyond doubles."""
    largest = float(np.abs(vectors).max(initial=0.0))
    if not math.isfinite(largest):
        return Enclosure(0.0, math.inf)
    unit = math.ldexp(1.0, max(math.frexp(largest)[1] - 1, -1000))  # a power of two, by which the division is exact
    return exact(norm_of_vector_above(vectors / unit)) * exact(unit) * exact(1 + 2.0**-50) + exact(2.0**-1060)


def _answer(condition: Hypothesis, where: Environment) -> Answer:
    """The answer, with the margin infinity or -infinity where the condition is that a number is finite."""
    found = answer(condition, where)
    if math.isfinite(condition.relation.rhs) or found.status == "met":
        return found
    return dataclasses.replace(found, margin=-math.inf)


def log_of(expression: sp.Expr, where: Environment) -> Enclosure:
    """The enclosure of the logarithm of a nonnegative expression, also where its value is too small for a float.

    >>> x = sp.Symbol("x", positive=True)
    >>> where = environment(W=np.eye(1), values={x: 1e-200})
    >>> round(log_of(3 * x**7, where).upper / math.log(10), 6)  # 10^-1400 times 3
    -1399.522879
    """
    if expression.is_Rational:
        return exact(expression).log()
    whole = evaluate(expression, where)
    if whole.lower > IN_RANGE or whole.upper == 0.0:
        return whole.log()
    if expression.is_Mul:
        factors = [log_of(factor, where) for factor in expression.args]
        if any(factor.upper == -math.inf for factor in factors):  # 0 times no bound is 0
            return exact(-math.inf).resting_on(*factors)
        total = exact(0)
        for factor in factors:
            total = total + factor
        return total
    if expression.is_Pow:
        return evaluate(expression.exp, where) * log_of(expression.base, where)
    if expression.is_Add and not any(term.could_extract_minus_sign() for term in expression.args):
        terms = [log_of(term, where) for term in expression.args]
        top = max(term.upper for term in terms)
        if not math.isfinite(top):
            return terms[0].maximum(top).resting_on(*terms)
        total = exact(0)
        for term in terms:
            total = total + (term - top).exp()
        return total.log() + top
    return whole.log()
