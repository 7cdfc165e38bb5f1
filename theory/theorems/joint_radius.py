r"""The joint spectral radius of the masked family {D W} in the hierarchy (claim C4): rho(W) <= jsr <= omega(W) and s(W).

N_k is the largest norm of a product of k factors D W with diagonal D, entries in [0, 1]; the joint spectral radius is
the infimum over k of N_k^(1/k). W^k is such a product, so that rho(W)^k <= N_k for every k. Under any diagonal scaling L
every such product is at most kappa(L) ||L W L^-1||^k, since diagonal matrices commute, and at most
2 kappa(L) r^k for every r > w(L W L^-1), by `masked_product`; the k-th root of a constant tends to 1.
The infima over L need not be attained: scalings L_0, L_1, ... come as near to them as 1, 1/2, 1/3, ... .

S holds the masks of the largest products: those of length j at the steps j^2+1, ..., j^2+j.

Main statements: `radius_below_joint`, `joint_below_any_norm`, `joint_below_norm`, `joint_below_any_radius`,
`joint_below_radius`.
"""

from __future__ import annotations

import sympy as sp

from ..bounds.setting import L, W, i, scaling_diagonal, scaling_invertible
from ..calculus import (
    ALGEBRA,
    IDENTITY,
    STEP,
    Calculation,
    Derivation,
    Diagonal,
    Fact,
    Inference,
    Invertible,
    Letter,
    Line,
    chain,
    dot,
    eq,
    inverse,
    le,
    lt,
    order_rules,
    rules,
)
from ..calculus.words import Word
from ..notation import earlier as s
from ..notation import time as t
from ..quantities import (
    diagonal_scaling_norm,
    joint_spectral_radius,
    largest_masked_product,
    numerical_radius,
    scaled_numerical_radius,
    spectral_norm,
    spectral_radius,
)
from ..theorem import Theorem, Witness
from .masked_product import masked_product, masks, rate_above, rate_positive, sharp_masked_product
from .sharp_uniform import S, r

j = sp.Symbol("j", integer=True)
excess = sp.Symbol(r"\epsilon")
near_norm, near_radius = Letter("L_s"), Letter(r"L_\omega")
_EVERY = "for every real square matrix W"
_EXIST = "masks that attain the largest products are given, they exist"
_NEAR = "masks that attain the largest products, and scalings that come near the infimum, are given, they exist"
_EVEN = [["1/2", "1/2"], ["1/2", "1/2"]]
_I = [[1, 0], [0, 1]]
_joint, _largest = joint_spectral_radius(W), largest_masked_product(W, j)

_INFIMA = {
    diagonal_scaling_norm: "smallest scaled norm",
    scaled_numerical_radius: "smallest scaled numerical radius",
}


def scaled_by(scaling: Word) -> Word:
    """L W L^-1."""
    return dot(scaling, W, inverse(scaling))


def scalings_near(infimum: sp.Expr, reached: sp.Expr, scaling: Letter) -> tuple[Fact, Fact, Fact]:
    """Diagonal scalings L_0, L_1, ... under which a number comes as near to its infimum as 1/(i+1)."""
    (matrix,) = infimum.args
    name = f"the {_INFIMA[infimum.func]} of {matrix}"
    return (
        Fact(f"{name} is an infimum", le(reached, infimum + 1 / (i + 1)), over=(i,), when=(le(0, i),)),
        Fact(f"scalings for {name} are diagonal", Diagonal(scaling[i]), over=(i,)),
        Fact(f"scalings for {name} are invertible", Invertible(scaling[i]), over=(i,)),
    )


largest = Fact(
    "largest masked products",
    eq(_largest, spectral_norm(chain(S[STEP] @ W, j**2 + 1, j**2 + j))),
    over=(j,),
    when=(le(1, j),),
)
_excess = Fact("excess is positive", lt(0, excess))
_B = scaled_by(L)
_out, _in = spectral_norm(inverse(L)), spectral_norm(L)

radius_below_joint = Theorem(
    id="hierarchy_radius_below_joint",
    title="The spectral radius is below the joint spectral radius of the masked family",
    conclusion=le(spectral_radius(W), _joint),
    derivation=Derivation(
        (),
        (
            Calculation(
                "every length",
                spectral_radius(W) ** j,
                (
                    Line("=", spectral_radius(chain(W, 1, j)), rules.radius_of_power),
                    Line("<=", spectral_norm(chain(W, 1, j)), rules.radius_below_norm),
                    Line(
                        "<=",
                        _largest,
                        order_rules.masked_product_below_largest,
                        {order_rules.D: IDENTITY, order_rules.A: W, order_rules.a: 1, order_rules.b: j},
                    ),
                ),
                over=(j,),
                when=(le(1, j),),
            ),
            Inference("conclusion", le(spectral_radius(W), _joint), order_rules.joint_radius_is_greatest),
        ),
    ),
    object="matrix",
    quantifiers=_EVERY,
    citation="jungers2009",
    place="the powers of a member of a family are among its products",
    version="Springer 2009, recalled; for the family {D W} with entries of D in [0, 1]",
    tightness="tight",
    non_vacuity=Witness.of(_EVEN),
    tightness_witness=Witness.of(_EVEN),
    words="The spectral radius of W is at most the joint spectral radius of {D W}.",
)


def _growth(products: Fact, bound: sp.Expr, constant: sp.Expr) -> tuple[Calculation, Inference]:
    """From products of at most constant * bound^(t-s) to jsr <= bound."""
    values = {symbol: {s: j**2, t: j**2 + j, r: bound}[symbol] for symbol in products.over}
    length = Calculation(
        "every length",
        _joint**j,
        (
            Line("<=", _largest, order_rules.joint_radius_below_largest),
            Line("=", spectral_norm(chain(S[STEP] @ W, j**2 + 1, j**2 + j)), largest.name),
            Line("<=", constant * bound**j, products.name, values),
        ),
        over=(j,),
        when=(le(1, j),),
    )
    root = Inference("conclusion", le(_joint, bound), order_rules.root_of_growth, {order_rules.e: constant})
    return length, root


_products = Fact(
    "masked products", masked_product.conclusion, over=(s, t), when=(le(0, t - s),), theorem=masked_product
)

joint_below_any_norm = Theorem(
    id="hierarchy_joint_below_any_norm",
    title="The joint spectral radius is below the norm under any diagonal scaling",
    conclusion=le(_joint, spectral_norm(_B)),
    derivation=Derivation(
        (masks, largest, scaling_diagonal, scaling_invertible, _products),
        _growth(_products, spectral_norm(_B), _out * _in),
    ),
    object="matrix",
    quantifiers=f"{_EVERY} and every positive diagonal matrix L; {_EXIST}",
    citation="errorflow2026",
    place="claim C4: diagonal matrices commute",
    version="derived here; the scaling is that of diagonal Schur stability",
    tightness="tight",
    non_vacuity=Witness.of(_EVEN, {L: _I}),
    tightness_witness=Witness.of(_EVEN, {L: _I}),
    words="The joint spectral radius of {D W} is at most ||L W L^-1||_2 for every positive diagonal L.",
)

_sharp_products = Fact(
    "masked products, sharp",
    sharp_masked_product.conclusion,
    over=(s, t, r),
    when=(le(1, t - s), rate_positive.claim, rate_above.claim),
    theorem=sharp_masked_product,
)
_rate = numerical_radius(_B) + excess

joint_below_any_radius = Theorem(
    id="hierarchy_joint_below_any_radius",
    title="The joint spectral radius is below the numerical radius under any diagonal scaling",
    conclusion=le(_joint, _rate),
    derivation=Derivation(
        (masks, largest, scaling_diagonal, scaling_invertible, _excess, _sharp_products),
        _growth(_sharp_products, _rate, 2 * _out * _in),
    ),
    object="matrix",
    quantifiers=f"{_EVERY}, every positive diagonal matrix L and every epsilon > 0; {_EXIST}",
    citation="errorflow2026",
    place="claim C4, from claim C20",
    version="to our knowledge not stated for masked products",
    tightness="upper",
    non_vacuity=Witness.of(_EVEN, {L: _I, excess: "1/8"}),
    words="The joint spectral radius of {D W} is at most w(L W L^-1) + epsilon for every positive diagonal L and epsilon > 0.",
)

smallest_norm, smallest_radius = diagonal_scaling_norm(W), scaled_numerical_radius(W)
scalings_for_norm = scalings_near(smallest_norm, spectral_norm(scaled_by(near_norm[i])), near_norm)
scalings_for_radius = scalings_near(smallest_radius, numerical_radius(scaled_by(near_radius[i])), near_radius)

joint_below_norm = Theorem(
    id="hierarchy_joint_below_scaled_norm",
    title="The joint spectral radius is below the smallest scaled norm",
    conclusion=le(_joint, smallest_norm),
    derivation=Derivation(
        (
            masks,
            largest,
            *scalings_for_norm,
            Fact(
                "any scaling",
                joint_below_any_norm.conclusion,
                over=(L,),
                when=(Diagonal(L), Invertible(L)),
                theorem=joint_below_any_norm,
            ),
        ),
        (
            Calculation(
                "near the infimum",
                _joint,
                (
                    Line("<=", spectral_norm(scaled_by(near_norm[i])), "any scaling", {L: near_norm[i]}),
                    Line("<=", smallest_norm + 1 / (i + 1), scalings_for_norm[0].name),
                ),
                over=(i,),
                when=(le(0, i),),
            ),
            Inference(
                "conclusion", le(_joint, smallest_norm), order_rules.vanishing_excess, {order_rules.e: sp.Integer(1)}
            ),
        ),
    ),
    object="matrix",
    quantifiers=f"{_EVERY}; {_NEAR}",
    citation="errorflow2026",
    place="claim C4: diagonal matrices commute",
    version="derived here; the scaling is that of diagonal Schur stability",
    tightness="tight",
    non_vacuity=Witness.of(_EVEN),
    tightness_witness=Witness.of(_EVEN),
    words="The joint spectral radius of {D W} is at most s(W).",
)

joint_below_radius = Theorem(
    id="hierarchy_joint_below_scaled_radius",
    title="The joint spectral radius is below the smallest scaled numerical radius",
    conclusion=le(_joint, smallest_radius),
    derivation=Derivation(
        (
            masks,
            largest,
            *scalings_for_radius,
            Fact(
                "any scaling and excess",
                joint_below_any_radius.conclusion,
                over=(L, excess),
                when=(Diagonal(L), Invertible(L), lt(0, excess)),
                theorem=joint_below_any_radius,
            ),
        ),
        (
            Calculation(
                "near the infimum of numerical radii",
                _joint,
                (
                    Line(
                        "<=",
                        numerical_radius(scaled_by(near_radius[i])) + 1 / (i + 1),
                        "any scaling and excess",
                        {L: near_radius[i], excess: 1 / (i + 1)},
                    ),
                    Line("<=", smallest_radius + 1 / (i + 1) + 1 / (i + 1), scalings_for_radius[0].name),
                    Line("=", smallest_radius + 2 / (i + 1), ALGEBRA),
                ),
                over=(i,),
                when=(le(0, i),),
            ),
            Inference(
                "conclusion", le(_joint, smallest_radius), order_rules.vanishing_excess, {order_rules.e: sp.Integer(2)}
            ),
        ),
    ),
    object="matrix",
    quantifiers=f"{_EVERY}; {_NEAR}",
    citation="errorflow2026",
    place="claim C4, from claim C20",
    version="to our knowledge not stated for masked products",
    tightness="tight",
    non_vacuity=Witness.of(_EVEN),
    tightness_witness=Witness.of(_EVEN),
    words="The joint spectral radius of {D W} is at most omega(W).",
)
