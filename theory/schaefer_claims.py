"""The sentences of Schaefer, Udluft and Zimmermann, one for each object that they may be about.

Only the abstracts of both texts were read, and they do not tell the readings apart; what is not in an abstract is recalled.
No number of their tables is asserted here.

Main definition: `schaefer`.
"""

from __future__ import annotations

from .claim import Claim, holds, refuted

ABSTRACT = "Neurocomputing 71, 2008; only the abstract was read"
ICANN = "ICANN 2006; only the abstract was read"
RECALLED = f"{ABSTRACT}, this part is recalled"


def schaefer() -> tuple[Claim, ...]:
    """The claims, from the total gradient to the enlargement of the network.

    >>> [claim.id for claim in schaefer()][:2]
    ['shared_weights_sum', 'total_gradient_is_kept']
    """
    return (*_gradient(), *_learning(), *_construction())


def _gradient() -> tuple[Claim, ...]:
    return (
        holds(
            id="shared_weights_sum",
            sentence="With weights shared over the unfolding the problem of a vanishing gradient does not apply, read as a "
            "statement about the total gradient alone: it is a sum over all copies of the weights, and its parts of short "
            "lag remain.",
            citation="schaefer2008",
            place="abstract, in the reading for the total gradient",
            version=ABSTRACT,
            judged_by="bptt_identity",
        ),
        holds(
            id="total_gradient_is_kept",
            sentence="With weights shared over the unfolding the total gradient of a contractive network is at least its part of "
            "lag 0 minus a number that is the same for all horizons, which keeps it from vanishing where that is positive.",
            citation="schaefer2006",
            place="abstract, in the reading for the total gradient",
            version=f"{ICANN}; the bound is ours, and positive where eta is small",
            judged_by="total_gradient_stays",
        ),
        refuted(
            id="total_gradient_never_zero",
            sentence="With weights shared over the unfolding the total gradient cannot vanish.",
            citation="schaefer2008",
            place="abstract, in the strongest reading for the total gradient",
            version=f"{ABSTRACT}; a reading, the abstract does not say never",
            judged_by="total_gradient_never_vanishes",
        ),
        refuted(
            id="shared_weights_credit",
            sentence="With weights shared over the unfolding the problem of a vanishing gradient does not apply, read as a "
            "statement about what the gradient says of the far past.",
            citation="schaefer2008",
            place="abstract, in the reading for the parts of long lag",
            version=f"{ABSTRACT}, and it does not tell the readings apart",
            judged_by="long_range_from_nonzero_gradient",
        ),
        holds(
            id="tail_of_the_shared_gradient",
            sentence="Shared weights do not lift the bound on the far past: what the lags from K on add to the total gradient "
            "decays like (gamma ||W||_2)^K, for every horizon.",
            citation="hochreiter2001",
            place="the discussion of long-term and short-term influences",
            version="2001, read in part; the bound on the sum of all long lags is ours",
            judged_by="shared_tail",
        ),
        holds(
            id="credit_for_the_far_past",
            sentence="Shared weights do not lift the bound on the credit: what the expected total gradient says of an input d "
            "steps ago is at most a constant times d eta^(d-1) in a contractive network, although the total gradient stays.",
            citation="hochreiter2001",
            place="the discussion of long-term and short-term influences",
            version="2001, read in part; the bound on the expected gradient is ours",
            judged_by="task_informative_gradient",
        ),
    )


def _learning() -> tuple[Claim, ...]:
    return (
        refuted(
            id="long_lags_are_learnt",
            sentence="Lags of one hundred steps and more are learnt, hence errors flow back over them.",
            citation="schaefer2008",
            place="abstract, the lags that are learnt, with an inference that we add",
            version=f"{ABSTRACT}; a reading: that a lag was learnt is not disputed, that it shows error flow is refuted",
            judged_by="learnt_lag_from_error_flow",
        ),
        holds(
            id="training_moves_the_error_flow",
            sentence="Training adapts the error flow: one step of gradient descent moves the spectral radius, up or down by the "
            "sign of one number that can be computed.",
            citation="schaefer2008",
            place="abstract, self-regularization of the error flow",
            version=f"{ABSTRACT}; made precise for a simple dominant eigenvalue",
            judged_by="radius_derivative",
        ),
        refuted(
            id="training_always_repairs",
            sentence="Training regulates the error flow by itself: while a lag is not learnt, it raises a spectral radius below "
            "one.",
            citation="schaefer2008",
            place="abstract, self-regularization of the error flow",
            version=f"{ABSTRACT}; a reading, for every network",
            judged_by="descent_always_raises_the_radius",
        ),
        holds(
            id="overshooting_injects_errors",
            sentence="Overshooting adds the errors of later steps to the gradient: it changes the vector that is injected, and "
            "every bound on the state Jacobian bounds the gradient of every length of overshooting at the same rate.",
            citation="schaefer2008",
            place="overshooting, the autonomous continuation of the unfolding",
            version=f"{RECALLED}; the consequence is ours",
            judged_by="overshooting_bound",
        ),
    )


def _construction() -> tuple[Claim, ...]:
    return (
        holds(
            id="initialization_interval",
            sentence="Weights uniform on [-r, r] with r = sqrt(3/(c n)), a share c of them kept, have a variance of 1/n.",
            citation="schaefer2008",
            place="the optimal weight initialization",
            version=RECALLED,
            judged_by="initialization_variance",
        ),
        refuted(
            id="initialization_radius",
            sentence="Weights uniform on [-r, r] with r = sqrt(3/(c n)), a share c of them kept, have the spectral radius one.",
            citation="schaefer2008",
            place="the optimal weight initialization",
            version=f"{RECALLED}; conditional: read for every draw; for many units it is right in the limit (circular law)",
            judged_by="unit_radius_at_initialization",
        ),
        holds(
            id="inflation_lengthens_memory",
            sentence="Enlarging the network (inflation) lengthens its memory: a chain of p added units holds a value for p - 1 "
            "steps.",
            citation="schaefer2008",
            place="inflation, the enlargement of the network",
            version=f"{ABSTRACT}; how the network is enlarged is recalled, the chain of units is ours",
            judged_by="inflation_shift",
        ),
    )
