(** Refutations: products of different Jacobians, of untied copies, in the wrong order, and transposed. *)

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

(** False: the sharp uniform bound 2 w^k holds for untied copies of numerical radius w. Both copies have
    |z* A z| <= |z|^2, and the norm of (A B)^m is 4^m. *)
Theorem refutes_sharp_bound_for_untied_copies :
  let first : 'M[R]_2 := mat2 0 2 0 0 in
  let second : 'M[R]_2 := mat2 0 0 2 0 in
  let repeats := 3%N in
  [/\ forall r, numerical_value first r -> r <= 1, forall r, numerical_value second r -> r <= 1,
     norm ((first *m second) ^+ repeats) = 64, ~~ (norm ((first *m second) ^+ repeats) <= 2)
    & forall m, norm ((first *m second) ^+ m.+1) = 4 ^+ m.+1].
Proof.
move=> first second repeats.
have bound (x1 x2 y1 y2 : R) : x1 ^+ 2 + x2 ^+ 2 + y1 ^+ 2 + y2 ^+ 2 = 1 ->
    (2%:R * (x1 * x2 + y1 * y2)) ^+ 2 + (2%:R * (x1 * y2 - x2 * y1)) ^+ 2 <= 1.
  move=> unit; rewrite -subr_ge0.
  have -> : 1 - ((2%:R * (x1 * x2 + y1 * y2)) ^+ 2 + (2%:R * (x1 * y2 - x2 * y1)) ^+ 2)
            = (x1 ^+ 2 + y1 ^+ 2 - (x2 ^+ 2 + y2 ^+ 2)) ^+ 2
              + (1 - (x1 ^+ 2 + x2 ^+ 2 + y1 ^+ 2 + y2 ^+ 2) ^+ 2).
    by ring.
  by rewrite unit expr1n subrr addr0 sqr_ge0.
have power m : norm ((first *m second) ^+ m.+1) = 4 ^+ m.+1.
  rewrite mat2M !mulr0 !addr0 !mul0r !add0r mat2_pow_diag expr0n /=.
  have -> : 2 * 2 = 4 :> R by ground.
  have four : 0 <= (4 ^+ m.+1 : R) by apply: exprn_ge0; ground.
  apply: norm_mat2 => //; last by ring.
  by rewrite !expr0n /= !addr0 mulr_natl mulr2n ler_addl sqr_ge0.
split=> // [r|r||].
- move=> /numerical_value_mat2 [x1 [x2 [y1 [y2 [unit ->]]]]].
  rewrite -[X in _ <= X]sqrtr1 ler_wsqrtr //; apply: le_trans (bound _ _ _ _ unit).
  by numerals; rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
- move=> /numerical_value_mat2 [x1 [x2 [y1 [y2 [unit ->]]]]].
  rewrite -[X in _ <= X]sqrtr1 ler_wsqrtr //; apply: le_trans (bound _ _ _ _ unit).
  by numerals; rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
- by rewrite power; ground.
by rewrite power -ltNge; ground.
Qed.

(** False: the Jacobian over several steps may be multiplied in the order of time, J_1 J_2. The norm of J_2
    J_1 is sqrt(17)/4, that of J_1 J_2 is sqrt(2)/4. *)
Theorem refutes_jacobians_in_forward_order :
  let W : 'M[R]_2 := mat2 1 0 1 0 in
  let slopes := [:: row2 1 1; row2 (1 / 4) 1] in
  [/\ slopes_of_tanh slopes, norm (jacobian W slopes) = Num.sqrt 17 / 4,
     norm (jacobian W (rev slopes)) = Num.sqrt 2 / 4
    & ~~ (norm (jacobian W slopes) == norm (jacobian W (rev slopes)))].
Proof.
move=> W slopes.
have root n : Num.sqrt n%:R ^+ 2 = n%:R :> R by rewrite sqr_sqrtr ?ler0n.
have normJ : norm (jacobian W slopes) = Num.sqrt 17 / 4.
  rewrite jacobian2 !mat2_diag !mat2M; numerals; apply: norm_mat2.
  - by rewrite mulr_ge0 ?sqrtr_ge0 ?invr_ge0 ?ler0n.
  - by rewrite exprMn root; ground.
  by rewrite exprMn root; ground.
have norm_rev : norm (jacobian W (rev slopes)) = Num.sqrt 2 / 4.
  rewrite jacobian2 !mat2_diag !mat2M; numerals; apply: norm_mat2.
  - by rewrite mulr_ge0 ?sqrtr_ge0 ?invr_ge0 ?ler0n.
  - by rewrite exprMn root; ground.
  by rewrite exprMn root; ground.
split=> //; first by rewrite slopes_of_tanh_cons !slopes_of_tanh1; do !(apply/andP; split); ground.
rewrite normJ norm_rev gt_eqF // ltr_pmul2r; last by ground.
by rewrite ltr_sqrt; ground.
Qed.

(** False: the one-step Jacobian of x_t = W phi(x_{t-1}) + u_t is W^T D. The norm of W D is 1/4, that of
    W^T D is 1. *)
Theorem refutes_transposed_jacobian :
  let W : 'M[R]_2 := mat2 0 1 0 0 in
  let slopes := [:: row2 1 (1 / 4)] in
  let D := diag_mx (head 0 slopes) in
  [/\ slopes_of_tanh slopes, norm (W *m D) = 1 / 4, norm (W^T *m D) = 1
    & ~~ (norm (W *m D) == norm (W^T *m D))].
Proof.
move=> W slopes D.
have normWD : norm (W *m D) = 1 / 4 by rewrite /D /= mat2_diag mat2M; apply: norm_mat2; ground.
have normWTD : norm (W^T *m D) = 1 by rewrite /D /= mat2_diag mat2T mat2M; apply: norm_mat2; ground.
split=> //; first by rewrite slopes_of_tanh1; apply/and4P; split; ground.
by rewrite normWD normWTD; ground.
Qed.

End Refutations.
