(** Refutations: what the spectral radius of the recurrent matrix does not decide.

    Every theorem gives the example of the claim, its premises, the number that the claim is about, and the
    failure of the claimed relation; then, where it says more, that the powers of the Jacobian grow. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.
From mathcomp Require Import ring zify.
From errorflow Require Import vocabulary spectral_norm spectral_radius refutations_common refutations_numbers.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Refutations.
Variable R : rcfType.

(** False: rho(W) < 1 makes the state Jacobian of a nonlinear network vanish. W^2 = 0, but with the slopes
    1 and 1/100 the Jacobian J over four steps has the radius (99/50)^4, and its powers grow. *)
Theorem refutes_vanishing_below_unit_radius :
  let W : 'M[R]_2 := mat2 2 4 (-1) (-2) in
  let slopes := [:: row2 1 (1 / 100)] in
  let repeats := 4%N in
  let J := jacobian W (repeated slopes repeats) in
  [/\ radius W < 1, slopes_of_tanh slopes, radius J = (99 / 50) ^+ 4, ~~ (radius J < 1)
    & forall m, (99 / 50) ^+ (4 * m) <= norm (J ^+ m)].
Proof.
move=> W slopes repeats J.
have radiusJ : radius J = (99 / 50) ^+ 4.
  rewrite /J jacobian_repeated jacobian1 mat2_diag mat2M mat2_pow_singular; last by ground.
  rewrite mat2Z (@radius_mat2_real _ _ _ _ _ ((99 / 50) ^+ 4) 0); [|by ground|by ground].
  by rewrite normr0 ger0_norm ?max_l //; ground.
split=> [||//||m].
- by rewrite (@radius_nilpotent _ _ _ 2) ?ltr01 // expr2 -mulmxE mat2M [RHS]mat2_0; congr mat2; ground.
- by rewrite slopes_of_tanh1; apply/and4P; split; ground.
- by rewrite radiusJ -leNgt; ground.
by rewrite exprM -radiusJ radius_power_le_norm.
Qed.

(** False: rho(W) < 1 makes the gradient of a linear network shrink at every lag. At lag 9 its norm is
    above 38. *)
Theorem refutes_radius_without_transient :
  let W : 'M[R]_2 := mat2 (9 / 10) 10 0 (9 / 10) in
  let lag := 9%N in
  [/\ radius W = 9 / 10, radius W < 1, ~~ (norm (W ^+ lag) <= 1) & 38 < norm (W ^+ lag)].
Proof.
move=> W lag.
have radiusW : radius W = 9 / 10.
  rewrite (@radius_mat2_real _ _ _ _ _ (9 / 10) (9 / 10)); [|by ground|by ground].
  by rewrite maxxx ger0_norm //; ground.
have large : 387 / 10 <= norm (W ^+ lag).
  apply: (@norm_ge _ _ _ _ (col2 0 1)); first by ground.
    by rewrite col2_neq0 ?oner_eq0 ?orbT.
  by rewrite mat2_pow_jordan mat2_col !square_col2; ground.
split=> //; first by rewrite radiusW; ground.
  by rewrite -ltNge; apply: lt_le_trans large; ground.
by apply: lt_le_trans large; ground.
Qed.

(** False: eigenvalues of modulus below one at every point of a cycle make the cycle attract. Both
    Jacobians of a cycle of two points have the radius 1/2, and their product has the radius 9. *)
Theorem refutes_eigenvalues_along_a_cycle :
  let W : 'M[R]_2 := mat2 0 3 3 0 in
  let slopes := [:: row2 1 (1 / 36); row2 (1 / 36) 1] in
  let J := jacobian W slopes in
  [/\ forall d, d \in slopes -> radius (jacobian W [:: d]) < 1, slopes_of_tanh slopes, radius J = 9,
     ~~ (radius J < 1) & forall m, 9 ^+ m <= norm (J ^+ m)].
Proof.
move=> W slopes J.
have radiusJ : radius J = 9.
  rewrite /J jacobian2 !mat2_diag !mat2M (@radius_mat2_real _ _ _ _ _ (9 / 36 ^+ 2) 9);
    [|by ground|by ground].
  by rewrite !ger0_norm ?max_r //; ground.
split=> [d||//||m].
- rewrite !inE jacobian1 => /orP [] /eqP ->; rewrite mat2_diag mat2M;
    rewrite (@radius_mat2_real _ _ _ _ _ (1 / 2) (- (1 / 2))); try by ground.
    by rewrite normrN maxxx ger0_norm; ground.
  by rewrite normrN maxxx ger0_norm; ground.
- by rewrite slopes_of_tanh_cons !slopes_of_tanh1; do !(apply/andP; split); ground.
- by rewrite radiusJ -leNgt; ground.
by rewrite -radiusJ radius_power_le_norm.
Qed.

(** False: rho(W) > 1 makes the state Jacobian of a saturating network grow. Slopes of 1/4 halve it at
    every step. *)
Theorem refutes_growth_from_radius_above_one :
  let W : 'M[R]_1 := mat1 2 in
  let slopes := repeated [:: row1 (1 / 4)] 10 in
  let J := jacobian W slopes in
  [/\ 1 < radius W, slopes_of_tanh slopes, norm J = (1 / 2) ^+ 10 & ~~ (1 <= norm J)].
Proof.
move=> W slopes J.
have normJ : norm J = (1 / 2) ^+ 10.
  rewrite /J jacobian_repeated jacobian1 mat1_diag mat1M mat1X norm_mat1 ger0_norm; ground.
split=> //.
- by rewrite radius_mat1 ger0_norm; ground.
- by apply: slopes_of_tanh_repeated; rewrite slopes_of_tanh_row1; apply/andP; split; ground.
by rewrite normJ -ltNge; ground.
Qed.

(** False: the powers of W are unbounded only if rho(W) > 1. Here rho(W) = 1, and W^t has the norm t at
    least. *)
Theorem refutes_growth_needs_radius_above_one :
  let W : 'M[R]_2 := mat2 1 1 0 1 in
  [/\ radius W = 1, ~~ (1 < radius W), forall t, (W ^+ t) 0 1 = t%:R & forall t, t%:R <= norm (W ^+ t)].
Proof.
move=> W.
have radiusW : radius W = 1.
  by rewrite (@radius_mat2_real _ _ _ _ _ 1 1) ?normr1 ?maxxx //; ground.
split=> // [|t|t]; first by rewrite radiusW ltxx.
  by rewrite mat2_pow_jordan mxE /= expr1n !mulr1.
apply: (@norm_ge _ _ _ _ (col2 0 1)) => //; first by rewrite col2_neq0 ?oner_eq0 ?orbT.
rewrite mat2_pow_jordan mat2_col !square_col2 !expr1n !(mulr0, mulr1, add0r) expr0n /= add0r mulr1.
by rewrite ler_addl sqr_ge0.
Qed.

(** False: weights in [-r, r] with r = sqrt(3/(c n)), a share c of them kept, have the spectral radius one.
    Here c = 1 and n = 2, and the radius is zero. *)
Theorem refutes_unit_radius_at_initialization :
  let W : 'M[R]_2 := mat2 1 (-1) 1 (-1) in
  [/\ forall i j, W i j != 0, forall i j, `|W i j| <= Num.sqrt (3 / (1 * 2)), radius W = 0
    & ~~ (radius W == 1)].
Proof.
move=> W.
have radiusW : radius W = 0.
  by rewrite (@radius_nilpotent _ _ _ 2) // expr2 -mulmxE mat2M [RHS]mat2_0; congr mat2; ground.
have modulus i j : `|W i j| = 1.
  by rewrite mxE; case: ifP; case: ifP => _ _; numerals; rewrite ?normrN normr1.
split=> // [i j|i j|]; first by rewrite -normr_eq0 modulus oner_eq0.
  by rewrite modulus -[X in X <= _]sqrtr1 ler_wsqrtr //; ground.
by rewrite radiusW eq_sym oner_eq0.
Qed.

(** False: a network whose weights have the spectral radius zero has no memory. A shift of five units has
    the radius zero, and its fourth power has the norm one. *)
Theorem refutes_zero_radius_without_memory :
  let W : 'M[R]_5 := shift R 5 in
  let lag := 4%N in
  [/\ W ^+ 5 = 0, radius W = 0, norm (W ^+ lag) = 1 & ~~ (norm (W ^+ lag) < 1)].
Proof.
move=> W lag.
have W5 : W ^+ 5 = 0.
  apply/matrixP => i j; rewrite shiftX mxE; case: eqP => // ij.
  by have := ltn_ord i; rewrite ij ltnNge leq_addl.
have W4 : W ^+ lag = delta_mx ord_max ord0.
  apply/matrixP => i j; rewrite shiftX mxE; congr (_%:R); congr nat_of_bool; rewrite -!val_eqE /= /lag.
  by have := ltn_ord i; have := ltn_ord j; lia.
have norm1 : norm (W ^+ lag) = 1.
  have -> : W ^+ lag = (delta_mx ord_max 0 : 'cV_5) *m (delta_mx ord0 0 : 'cV_5)^T.
    by rewrite W4 trmx_delta mul_delta_mx.
  by rewrite norm_rank_one !length_delta mulr1.
split=> //; first exact: radius_nilpotent W5.
by rewrite norm1 ltxx.
Qed.

End Refutations.
