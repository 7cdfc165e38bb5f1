"""The published sentences, each tied to the theorem or the refutation that judges it.

A sentence is given in our words, with the place and the version of its text. Judged by a theorem, it holds in the form
that the theorem states; judged by a refutation, it is false in the reading given, and the refutation says what holds
instead. Where one sentence has a right and a wrong reading, both are listed.

Main definitions: `all`; `errorflow.theory.claim.Claim`.
"""

from __future__ import annotations

from .claim import Claim
from .claim import holds as _holds
from .claim import refuted as _refuted
from .schaefer_claims import schaefer

LSTM_PAPER = "Neural Computation 9(8), 1997, read; first in the thesis of 1991, which was not read"
BENGIO = "IEEE 1994; the summary was read, the wording of the theorems is recalled"
ICML = "ICML 2013, read"


def all() -> tuple[Claim, ...]:
    """Every published sentence that the library judges, in the order in which they are shown.

    >>> [(claim.judge, claim.judged_by) for claim in all()][:1]
    [('theorem', 'hochreiter1991_max_weight')]
    """
    return (*_hochreiter(), *_bengio(), *_pascanu(), *_others(), *schaefer(), *_beliefs())


def _hochreiter() -> tuple[Claim, ...]:
    return (
        _holds(
            id="small_weights_vanish",
            sentence="In a logistic network with all |w_ij| <= w_max < 4/n the error flow decays exponentially in the "
            "lag.",
            citation="hochreiter1997",
            place="section 3, the bound for w_max < 4/n",
            version=LSTM_PAPER,
            judged_by="hochreiter1991_max_weight",
        ),
        _holds(
            id="error_flow_is_a_path_sum",
            sentence="The error flow between two units over q steps is a sum over n^(q-1) paths of products f' w.",
            citation="hochreiter1997",
            place="section 3, local error flow",
            version=LSTM_PAPER,
            judged_by="hochreiter1991_path_sum",
        ),
        _holds(
            id="entry_bound",
            sentence="An entry of the error flow over q steps is at most n tau^q with "
            "tau = gamma n w_max, gamma = 1/4 for the logistic function.",
            citation="hochreiter1997",
            place="section 3, the bound for w_max < 4/n",
            version=f"{LSTM_PAPER}; the sharp bound is tau^q / n",
            judged_by="hochreiter1991_printed",
        ),
        _holds(
            id="row_sum_bound",
            sentence="An entry of the error flow over q steps is at most n (f'_max ||W||)^q with the row-sum norm of W.",
            citation="hochreiter1997",
            place="section 3, global error flow",
            version=LSTM_PAPER,
            judged_by="hochreiter1991_row_sum",
            decides=False,
        ),
        _refuted(
            id="entry_bound_attained",
            sentence="The bound n tau^q on an entry of the error flow is attained.",
            citation="hochreiter1997",
            place="section 3, the bound for w_max < 4/n",
            version=f"{LSTM_PAPER}; a reading, the text calls it an upper bound",
            judged_by="printed_constant_attained",
        ),
        _refuted(
            id="row_of_the_error_flow",
            sentence="||e_u W|| <= ||W|| ||e_u|| with the operator norm of W on columns, for every vector norm.",
            citation="hochreiter1997",
            place="section 3, the norm of the first row of the error flow",
            version=f"{LSTM_PAPER}; a reading, for a unit row and the maximum norm the step is right",
            judged_by="row_vector_with_column_norm",
        ),
        _refuted(
            id="path_factors_above_one",
            sentence="Where all factors f' w along the paths exceed 1 in modulus, the error flow grows with the lag.",
            citation="hochreiter1997",
            place="section 3, the prose on exploding error flow",
            version=f"{LSTM_PAPER}; a reading, the text speaks of the largest product",
            judged_by="growth_from_path_factors",
        ),
        _holds(
            id="learning_rate",
            sentence="A higher learning rate does not change the ratio of long-range to short-range error flow: "
            "it multiplies every lag's part of the gradient by the same number.",
            citation="hochreiter1997",
            place="section 3, after the bound",
            version=f"{LSTM_PAPER}; for one update of plain gradient descent",
            judged_by="bptt_identity",
        ),
        _refuted(
            id="constant_error_flow",
            sentence="The cell of an LSTM without forget gate keeps the error flow constant.",
            citation="hochreiter1997",
            place="section 4, constant error carousel",
            version=f"{LSTM_PAPER}; right for the truncated gradient that the paper uses, read here for the full one",
            judged_by="lstm_constant_error_flow",
        ),
    )


def _bengio() -> tuple[Claim, ...]:
    return (
        _holds(
            id="latching_needs_attraction",
            sentence="A bit is latched robustly where the state stays in the reduced attracting set of a hyperbolic "
            "attractor.",
            citation="bengio1994",
            place="the section on robust latching",
            version=BENGIO,
            judged_by="bengio1994_latching",
        ),
        _holds(
            id="contraction_in_the_attracting_set",
            sentence="Where |M'| <= lambda < 1 on a ball, the distance of two trajectories in it shrinks by lambda per step.",
            citation="bengio1994",
            place="the theorem on states inside the reduced attracting set",
            version=BENGIO,
            judged_by="bengio1994_contraction",
        ),
        _holds(
            id="noise_ball",
            sentence="Where |M'| <= lambda < 1, inputs of at most (1 - lambda) d keep the state within d of the "
            "autonomous trajectory.",
            citation="bengio1994",
            place="the theorem on bounded inputs",
            version=BENGIO,
            judged_by="bengio1994_noise_ball",
        ),
        _holds(
            id="latching_implies_vanishing",
            sentence="A system that latches robustly for all t, with |M'| <= lambda < 1, has da_t/da_0 -> 0.",
            citation="bengio1994",
            place="the theorem that robust latching makes the state Jacobian vanish",
            version=BENGIO,
            judged_by="bengio1994_vanishing",
        ),
        _refuted(
            id="latching_without_a_uniform_bound",
            sentence="|M'(a_t)| < 1 at every step is enough for da_t/da_0 -> 0.",
            citation="bengio1994",
            place="the theorem that robust latching makes the state Jacobian vanish",
            version=f"{BENGIO}; conditional: the reading without one bound for all steps",
            judged_by="contraction_at_every_step",
        ),
        _refuted(
            id="eigenvalues_on_the_attractor",
            sentence="A cycle is attracting where the eigenvalues of M' are inside the unit circle at each of its points.",
            citation="bengio1994",
            place="the definition of a hyperbolic attractor",
            version=f"{BENGIO}; conditional: the reading point by point, for an attractor that is not a fixed point",
            judged_by="eigenvalues_along_a_cycle",
        ),
        _refuted(
            id="no_latching_with_norm_above_one",
            sentence="Where |M'| > 1 the state cannot be latched.",
            citation="bengio1994",
            place="the theorem on states outside the reduced attracting set",
            version=f"{BENGIO}; conditional: the reading with |M'| a norm of a matrix",
            judged_by="norm_above_one_at_a_latch",
        ),
    )


def _pascanu() -> tuple[Claim, ...]:
    return (
        _holds(
            id="linear_sufficient",
            sentence="In a linear network rho(W) < 1 is sufficient for the long-term components to vanish.",
            citation="pascanu2013",
            place="section 2.1, linear model",
            version=ICML,
            judged_by="pascanu2013_linear",
        ),
        _holds(
            id="linear_necessary",
            sentence="In a linear network rho(W) > 1 is necessary for the gradient to explode.",
            citation="pascanu2013",
            place="section 2.1, linear model",
            version=f"{ICML}, with explode for growth at an exponential rate",
            judged_by="pascanu2013_linear_necessary",
        ),
        _refuted(
            id="linear_necessary_to_be_unbounded",
            sentence="In a linear network rho(W) > 1 is necessary for the gradient to be unbounded in the lag.",
            citation="pascanu2013",
            place="section 2.1, linear model",
            version=f"{ICML}; a reading, with explode for unbounded",
            judged_by="growth_needs_radius_above_one",
        ),
        _holds(
            id="nonlinear_sufficient",
            sentence="A largest singular value below 1/gamma is sufficient for the long-term components to vanish.",
            citation="pascanu2013",
            place="section 2.1, nonlinear model",
            version=ICML,
            judged_by="pascanu2013_spectral_norm",
        ),
        _refuted(
            id="nonlinear_sufficient_eigenvalue",
            sentence="A largest eigenvalue below 1/gamma in modulus is sufficient for the long-term components of a "
            "nonlinear network to vanish.",
            citation="pascanu2013",
            place="section 2.1, nonlinear model",
            version="copies with 'largest eigenvalue'; the ICML text has the largest singular value and is right",
            judged_by="vanishing_below_unit_radius",
        ),
        _holds(
            id="nonlinear_necessary",
            sentence="A largest singular value above 1/gamma is necessary for the gradient to explode.",
            citation="pascanu2013",
            place="section 2.1, nonlinear model",
            version=ICML,
            judged_by="pascanu2013_necessary",
        ),
        _refuted(
            id="equation_5",
            sentence="The one-step Jacobian of x_t = W phi(x_{t-1}) + ... is W^T diag(phi'(x_{t-1})).",
            citation="pascanu2013",
            place="eq. (5)",
            version=ICML,
            judged_by="transposed_jacobian",
        ),
        _refuted(
            id="equations_9_and_10",
            sentence="Eq. (9), with a ratio of norms, and eq. (10) with the code are one regularizer.",
            citation="pascanu2013",
            place="eq. (9) and (10)",
            version=ICML,
            judged_by="squared_norm_ratio",
        ),
    )


def _others() -> tuple[Claim, ...]:
    return (
        _holds(
            id="total_gradient_is_a_sum",
            sentence="The total gradient is the sum of long-term and short-term influences.",
            citation="hochreiter2001",
            place="the discussion of long-term and short-term influences",
            version="2001, read in part, this sentence included",
            judged_by="bptt_identity",
        ),
        _holds(
            id="short_term_dominates",
            sentence="Where the error flow vanishes, the short-term influences dominate the total gradient.",
            citation="hochreiter2001",
            place="the discussion of long-term and short-term influences",
            version="2001, read in part, this sentence included; for gamma ||W||_2 < 1 and bounded states the part of "
            "lag k is at most a constant times (gamma ||W||_2)^k",
            judged_by="pascanu2013_spectral_norm",
        ),
        _holds(
            id="echo_state_norm",
            sentence="A largest singular value of W below 1 is sufficient for the states of a tanh network to forget "
            "their start.",
            citation="yildiz2012",
            place="the known sufficient condition",
            version="Neural Networks 35, 2012, read",
            judged_by="bengio1994_contraction",
        ),
        _holds(
            id="echo_state_diagonal_stability",
            sentence="Diagonal Schur stability of W is sufficient for the states of a tanh network to forget their "
            "start.",
            citation="yildiz2012",
            place="the new sufficient condition",
            version="Neural Networks 35, 2012, read",
            judged_by="diagonal_scaling",
        ),
        _refuted(
            id="radius_sufficient_to_forget",
            sentence="A spectral radius of W below 1 is sufficient for the states of a tanh network to forget their "
            "start.",
            citation="yildiz2012",
            place="the recipe that the paper corrects: rho(W) < 1 is not sufficient",
            version="Neural Networks 35, 2012, read; the refuted sentence is the recipe, the paper is right",
            judged_by="one_attractor_below_unit_radius",
        ),
        _refuted(
            id="antisymmetric_stability",
            sentence="An antisymmetric network is stable where |1 + eps lambda| < 1 for every eigenvalue lambda of the "
            "Jacobian at every step.",
            citation="chang2019",
            place="the stability criterion for the Euler step",
            version="wording recalled; conditional: the criterion read as sufficient along a trajectory",
            judged_by="radius_of_antisymmetric_steps",
        ),
        _refuted(
            id="radius_necessary_to_fade",
            sentence="A spectral radius of W below 1 is necessary for small changes of the state of a tanh network to "
            "fade.",
            citation="yildiz2012",
            place="the recipe that the paper corrects: rho(W) < 1 is not necessary",
            version="Neural Networks 35, 2012, read; the refuted sentence is the recipe, here for the state Jacobian "
            "along one input sequence",
            judged_by="growth_from_radius_above_one",
        ),
    )


_BELIEFS = (
    ("radius_explodes", "A spectral radius above 1 explodes.", "growth_from_radius_above_one"),
    ("norm_explodes", "A norm above 1 is explosion.", "growth_from_norm_above_one"),
    ("radius_decays_at_once", "A spectral radius below 1 makes every step decay.", "radius_without_transient"),
    ("orthogonal_keeps", "Orthogonal weights keep gradients despite tanh.", "gradient_through_orthogonal_weights"),
    ("euler_step", "What is stable in continuous time is stable in Euler steps.", "logarithmic_norm_of_euler_step"),
    ("copies_of_radius_one", "The sharp uniform bound needs no shared weights.", "sharp_bound_for_untied_copies"),
    ("radius_is_memory", "A spectral radius of zero leaves no memory.", "zero_radius_without_memory"),
    (
        "small_weights_contract",
        "Twenty tanh units with weights in [-0.2, 0.2] are contractive.",
        "contractive_at_small_initialization",
    ),
    ("largest_slope", "A bound on |phi'| alone gives the sharp uniform bound.", "largest_slope_alone"),
    ("nonzero_gradient", "A gradient that is not zero is long-range learning.", "long_range_from_nonzero_gradient"),
    ("order_of_jacobians", "Jacobians may be multiplied in the order of time.", "jacobians_in_forward_order"),
    ("slope_of_tanh", "The slope of tanh is (1 - h)^2.", "slope_as_squared_difference"),
    ("slope_of_the_state", "The slope of tanh is 1 - tanh(h)^2 with the state h.", "tanh_applied_twice"),
)


def _beliefs() -> tuple[Claim, ...]:
    return tuple(
        _refuted(
            id=identifier,
            sentence=sentence,
            citation=None,
            place="common belief",
            version="no text",
            judged_by=judged_by,
        )
        for identifier, sentence, judged_by in _BELIEFS
    )
