(** Refutations: when the error flow grows or shrinks, judged by a norm of the recurrent matrix or by its
    entries. *)

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

(** False: a norm above 1 of the recurrent matrix makes the Jacobian of a linear network grow. Two steps
    give zero. *)
Theorem refutes_growth_from_norm_above_one :
  let W : 'M[R]_2 := mat2 0 2 0 0 in
  let lag := 2%N in
  [/\ norm W = 2, 1 < norm W, norm (W ^+ lag) = 0 & ~~ (1 <= norm (W ^+ lag))].
Proof.
move=> W lag.
have normW : norm W = 2 by apply: norm_mat2; ground.
have normW2 : norm (W ^+ lag) = 0 by rewrite expr2 -mulmxE mat2M; apply: norm_mat2; ground.
by split=> //; rewrite ?normW ?normW2 -?ltNge; ground.
Qed.

(** False: where all factors of the paths exceed 1 in modulus, the error flow grows with the lag. The four
    sums over two steps are zero. *)
Theorem refutes_growth_from_path_factors :
  let W : 'M[R]_2 := mat2 2 2 (-2) (-2) in
  let lag := 2%N in
  [/\ forall i j, 1 < `|W i j|, (2 <= lag)%N, max_abs (W ^+ lag) = 0 & ~~ (max_abs W < max_abs (W ^+ lag))].
Proof.
move=> W lag.
have W2 : W ^+ lag = 0 by rewrite expr2 -mulmxE mat2M [RHS]mat2_0; congr mat2; ground.
have max0 : max_abs (W ^+ lag) = 0.
  apply/le_anti/andP; split; last exact: max_abs_ge0.
  by apply: max_abs_le => // i j; rewrite W2 mxE normr0.
split=> // [i j|].
  by rewrite mxE; case: ifP; case: ifP => _ _; numerals; rewrite ?normrN ger0_norm; ground.
by rewrite max0 -leNgt max_abs_ge0.
Qed.

(** False: where ||M'|| > 1 nothing can be latched. M' = D W has the norm above 10 and the radius 1/2, and
    in the norm max(|x|, 40 |y|) one step leaves 3/4 of every perturbation at most. *)
Theorem refutes_norm_above_one_at_a_latch :
  let W : 'M[R]_2 := mat2 2 40 0 2 in
  let slopes := [:: row2 (1 / 4) (1 / 4)] in
  let M := jacobian W slopes in
  let size := fun v : 'cV[R]_2 => Num.max `|v 0 0| (40 * `|v 1 0|) in
  [/\ 10 <= norm M, slopes_of_tanh slopes, radius M = 1 / 2, ~~ (1 <= radius M)
    & forall v, size (M *m v) <= 3 / 4 * size v].
Proof.
move=> W slopes M size.
have ME : M = mat2 (1 / 2) 10 0 (1 / 2).
  by rewrite /M jacobian1 mat2_diag mat2M; congr mat2; ground.
have radiusM : radius M = 1 / 2.
  rewrite ME (@radius_mat2_real _ _ _ _ _ (1 / 2) (1 / 2)) ?maxxx ?ger0_norm //; ground.
split=> // [|||v].
- rewrite ME; apply: (@norm_ge _ _ _ _ (col2 0 1)); first by ground.
    by rewrite col2_neq0 ?oner_eq0 ?orbT.
  by rewrite mat2_col !square_col2; ground.
- by rewrite slopes_of_tanh1; apply/and4P; split; ground.
- by rewrite radiusM -ltNge; ground.
rewrite ME [v]col2E mat2_col /size !mxE /=; move: (v 0 0) (v 1 0) => x y; set s := Num.max `|x| (40 * `|y|).
have x_le : `|x| <= s by rewrite /s le_max lexx.
have y_le : 40 * `|y| <= s by rewrite /s le_max lexx orbT.
rewrite max_le; apply/andP; split.
  apply: le_trans (ler_norm_add _ _) _; rewrite (normrM (1 / 2)) (normrM 10).
  have -> : 3 / 4 * s = 1 / 2 * s + 1 / 4 * s by numerals; field.
  have -> : `|10 : R| * `|y| = 1 / 4 * (40 * `|y|).
    by rewrite [X in X * _]ger0_norm; [numerals; field | ground].
  by rewrite [X in X * `|x|]ger0_norm ?ler_add ?ler_wpmul2l //; ground.
rewrite mul0r add0r normrM ger0_norm; last by ground.
have -> : 40 * (1 / 2 * `|y|) = 1 / 2 * (40 * `|y|) by numerals; field.
have s_ge0 : 0 <= s by apply: le_trans x_le.
apply: le_trans (_ : 1 / 2 * s <= _); first by rewrite ler_wpmul2l //; ground.
by rewrite ler_wpmul2r //; ground.
Qed.

(** False: an orthogonal W keeps the gradient of a tanh network. With slopes 1/2 the norm over ten steps is
    2^-10. *)
Theorem refutes_gradient_through_orthogonal_weights :
  let W : 'M[R]_2 := mat2 (3 / 5) (4 / 5) (-4 / 5) (3 / 5) in
  let slopes := [:: row2 (1 / 2) (1 / 2)] in
  let repeats := 10%N in
  let J := jacobian W (repeated slopes repeats) in
  [/\ W^T *m W = 1%:M, slopes_of_tanh slopes, norm J = (1 / 2) ^+ 10 & ~~ (1 <= norm J)].
Proof.
move=> W slopes repeats J.
have orthogonal : W^T *m W = 1%:M by rewrite mat2T mat2M mat2_1; congr mat2; ground.
have normJ : norm J = (1 / 2) ^+ 10.
  have -> : J = (1 / 2) ^+ 10 *: (W ^+ 10).
    rewrite /J jacobian_repeated jacobian1 -exprZn; congr (_ ^+ _).
    by rewrite mat2_diag mat2M mat2Z; congr mat2; ground.
  by apply: norm_scaled_orthogonal; [ground | apply: orthogonalX].
split=> //; first by rewrite slopes_of_tanh1; apply/and4P; split; ground.
by rewrite normJ -ltNge; ground.
Qed.

(** False: twenty tanh units with weights in [-1/5, 1/5] are contractive. Equal weights have the norm 4. *)
Theorem refutes_contractive_at_small_initialization :
  let x : 'rV[R]_20 := const_mx (1 / 5) in
  let y : 'rV[R]_20 := const_mx 1 in
  let W := x^T *m y in
  [/\ forall i j, `|W i j| <= 1 / 5, norm W = 4 & ~~ (norm W < 1)].
Proof.
move=> x y W.
have WE : W = const_mx (1 / 5) by apply/matrixP => i j; rewrite mxE big_ord1 !mxE mulr1.
have normW : norm W = 4.
  rewrite /W -[y]trmxK norm_rank_one /length -sqrtrM ?square_ge0 // !squareE.
  under eq_bigr do rewrite !mxE; under [X in _ * X]eq_bigr do rewrite !mxE.
  rewrite !sumr_const !card_ord -mulr_natr -[X in _ * X]mulr_natr.
  by rewrite (_ : _ * _ = 4 ^+ 2) ?sqrtr_sqr ?ger0_norm //; ground.
split=> // [i j|]; first by rewrite WE mxE ger0_norm; ground.
by rewrite normW -leNgt; ground.
Qed.

End Refutations.
