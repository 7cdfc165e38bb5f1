r"""The task-informative gradient theorem (claim C9): what the total shared gradient says of the input of k steps ago.

h_t = phi(W h_{t-1} + B u_t + b), |phi'| <= gamma, phi' Lipschitz with gamma_2, eta >= gamma ||W||_2 with eta < 1, readout
y = c^T h_T and loss (y - y*)^2/2. The target y* is a number of mean zero that depends on u_{T-k} alone, and u_{T-k} is
independent of the start and of all other inputs. Then the loss has the expected gradient E[y dy/dW] - E[y* dy/dW], of
which the last term alone knows the target, and in every direction V of W

    |E[y* dy/dW[V]]| <= sigma_* sigma_B ||c|| ||V||_2 {k gamma^2 eta^(k-1) + (k+1) gamma_2 H eta^k / (1-eta)},

sigma_*^2 >= E y*^2, sigma_B^2 >= E ||z||^2 with z = B (u_{T-k} - E u), H >= E ||h~_t||. The largest value over ||V||_2 <= 1
is the nuclear norm of the matrix E[y* dy/dW], so that its Frobenius norm obeys the bound as well. Two tasks whose targets
differ by y* have expected total gradients that differ by no more.

Proof, by the coupled trajectory h~ in which u_{T-k} is replaced by its mean, so that h~ knows nothing of y*. S_t = dh_t/dW[V]
obeys S_t = D_t (W S_{t-1} + V h_{t-1}). The pre-activations differ by at most eta^(t-T+k) ||z|| from step T-k on, the states by
gamma times that, and S_t - S~_t = (D_t - D~_t)(W S~_{t-1} + V h~_{t-1}) + D_t (W (S - S~)_{t-1} + V (h - h~)_{t-1}). Taking
E |y*| ||.|| makes this a recursion of numbers, since z and y* are independent of S~ and h~, whose means are at most
gamma H ||V|| / (1-eta) and H. Going forward in time instead of back gives (k+1) where the two passes over delta and h give
k + 1/(1-eta). For one linear unit it is an equality: k w^(k-1) |c b|.

Main definitions: the letters, the facts that are given (`GIVEN`), what depends on chance (`RANDOM`), `known`.
"""

from __future__ import annotations

import sympy as sp

from ...bounds.setting import D, W, diagonal, gamma, i, k, slopes
from ...calculus import Diagonal, Fact, Letter, Line, eq, form, le, lt, mean_rules
from ...calculus.mean import Mean
from ...calculus.words import Word
from ...notation import curvature_sup, horizon
from ...quantities import max_abs, spectral_norm

V, c, z = map(Letter, ("V", "c", "z"))
h, a, S = map(Letter, ("h", "a", "S"))
h_mean, a_mean, S_mean, D_mean = map(Letter, ("htilde", "atilde", "Stilde", "Dtilde"))  # with the mean of u_{T-k}
target = sp.Symbol("y^{*}")
rate = sp.Symbol(r"\eta")
target_deviation, input_deviation, state_mean = sp.Symbol(r"\sigma_{*}"), sp.Symbol(r"\sigma_B"), sp.Symbol("H")
N = spectral_norm
first = horizon - k  # the step whose input the target depends on
weight = sp.Abs(target)
FROM_FIRST, AFTER_FIRST = (le(first, i),), (le(first + 1, i),)


def apart(j: sp.Expr) -> tuple[Word, Word, Word]:
    """The differences of the two trajectories in a, h and S at step j."""
    return a[j] - a_mean[j], h[j] - h_mean[j], S[j] - S_mean[j]


def moving(before: sp.Expr) -> sp.Expr:
    """||W|| ||S~|| + ||V|| ||h~|| at one step, which bounds ||W S~ + V h~||."""
    return N(W) * N(S_mean[before]) + N(V) * N(h_mean[before])


da, dh, dS = apart(i)
da_before, dh_before, dS_before = apart(i - 1)
moved, moved_mean = W @ S[i - 1] + V @ h[i - 1], W @ S_mean[i - 1] + V @ h_mean[i - 1]
spread = W @ dS_before + V @ dh_before

diagonal_mean = Fact("reference slopes are diagonal", Diagonal(D_mean[i]), over=(i,))
slopes_mean = Fact("reference slopes are at most gamma", le(max_abs(D_mean[i]), gamma), over=(i,))
contraction = Fact("contraction", le(gamma * N(W), rate))
below_one = Fact("eta is below 1", lt(rate, 1))
lipschitz = Fact("the activation is Lipschitz", le(N(dh), gamma * N(da)), over=(i,))
smooth = Fact("the slope is Lipschitz", le(N(D[i] - D_mean[i]), curvature_sup * N(da)), over=(i,))
curved = Fact("gamma_2 is not negative", le(0, curvature_sup))
same_before = Fact("same states before the input", eq(h[first - 1], h_mean[first - 1]))
same_derivative = Fact("same derivatives before the input", eq(S[first - 1], S_mean[first - 1]))
new_input = Fact("the input differs from its mean", eq(a[first] - a_mean[first], z))
same_inputs = Fact("same inputs after it", eq(da, W @ dh_before), over=(i,), when=AFTER_FIRST)
derivative = Fact("derivative of the state", eq(S[i], D[i] @ moved), over=(i,), when=(le(1, i),))
derivative_mean = Fact(
    "derivative of the reference", eq(S_mean[i], D_mean[i] @ moved_mean), over=(i,), when=(le(1, i),)
)
no_start = Fact("the start is given", eq(N(S_mean[0]), 0))
lag_positive = Fact("the lag", le(1, k))
inside = Fact("the input is inside of the horizon", le(1, first))
states = Fact("states in the mean", le(Mean(N(h_mean[i])), state_mean), over=(i,))
target_square = Fact("square of the target", le(Mean(weight**2), target_deviation**2))
input_square = Fact("square of the input", le(Mean(N(z) ** 2), input_deviation**2))
target_positive = Fact("the target deviation is not negative", le(0, target_deviation))
input_positive = Fact("the input deviation is not negative", le(0, input_deviation))
target_mean = Fact("the target has mean zero", eq(Mean(target), 0))
output_mean = form(c, S_mean[horizon])
independent_output = Fact(
    "the target is independent of the reference",
    eq(Mean(target * output_mean), Mean(target) * Mean(output_mean)),
)
independent_states = Fact(
    "target and input are independent of the reference states",
    eq(Mean(weight * N(z) * N(h_mean[i])), Mean(weight * N(z)) * Mean(N(h_mean[i]))),
    over=(i,),
)
independent_derivatives = Fact(
    "target and input are independent of the reference derivatives",
    eq(Mean(weight * N(z) * N(S_mean[i])), Mean(weight * N(z)) * Mean(N(S_mean[i]))),
    over=(i,),
)

power, earlier = rate ** (i - first), rate ** (i - 1 - first)
reference = gamma * state_mean * N(V) / (1 - rate)
moving_bound = N(V) * state_mean / (1 - rate)
sigma = target_deviation * input_deviation


def known(j: sp.Expr) -> sp.Expr:
    """The bound of E |y*| ||S_j - S~_j||, for j after the input."""
    steps = j - first
    direct = steps * gamma**2 * rate ** (steps - 1)
    return sigma * N(V) * (direct + (steps + 1) * curvature_sup * state_mean * rate**steps / (1 - rate))


def size(j: sp.Expr) -> sp.Expr:
    """E |y*| ||S_j - S~_j||."""
    return Mean(weight * N(apart(j)[2]))


def leaving(factors: tuple[sp.Expr, ...], number: sp.Expr, rest: sp.Expr) -> tuple[Line, ...]:
    """E[f_1 ... f_m x] + rest = f_1 ... f_m E[x] + rest, one factor after another."""
    inside = [sp.Mul(*factors[j:], number) for j in range(1, len(factors) + 1)]
    outside = [sp.Mul(*factors[:j]) for j in range(1, len(factors) + 1)]
    return tuple(
        Line("=", f * Mean(x) + rest, mean_rules.mean_of_multiple) for f, x in zip(outside, inside, strict=True)
    )


GIVEN = (
    diagonal,
    slopes,
    diagonal_mean,
    slopes_mean,
    contraction,
    below_one,
    lipschitz,
    smooth,
    curved,
    same_before,
    same_derivative,
    new_input,
    same_inputs,
    derivative,
    derivative_mean,
    no_start,
    lag_positive,
    inside,
    states,
    target_square,
    input_square,
    target_positive,
    input_positive,
    target_mean,
    independent_output,
    independent_states,
    independent_derivatives,
)

RANDOM = (D, D_mean, h, h_mean, a, a_mean, S, S_mean, z, target)
