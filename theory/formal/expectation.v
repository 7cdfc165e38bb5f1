(** Rules for expectations: the mean is linear, |E x| <= E |x|, and the Cauchy-Schwarz inequality

      E (x y) <= c d    where    E x^2 <= c^2    and    E y^2 <= d^2.

    The mean of a number depends on its values only; so the rules follow from linearity and monotony. *)

From mathcomp Require Import all_ssreflect all_algebra ring.
From errorflow Require Import vocabulary.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Mean.
Variables (R : rcfType) (Omega : Type) (E : expectation R Omega).
Implicit Types (x y : Omega -> R) (c : R).

(** Numbers with the same value for every outcome have the same mean. *)
Lemma mean_eq x y : integrable E x -> integrable E y -> (forall o, x o = y o) -> mean E x = mean E y.
Proof.
move=> x_int y_int xy; apply: le_anti; apply/andP.
by split; apply: mean_monotone => // o; rewrite xy lexx.
Qed.

(** A number that is never negative has a mean that is not negative. *)
Lemma mean_ge0 x : integrable E x -> (forall o, 0 <= x o) -> 0 <= mean E x.
Proof.
by move=> x_int x_ge0; rewrite -(mean_constant E 0); apply: mean_monotone => //; apply: integrable_constant.
Qed.

(** The mean of a quadratic form that is never negative: 2 s t x y <= s^2 x^2 + t^2 y^2. *)
Lemma mean_young x y (s t : R) :
  integrable E (fun o => x o ^+ 2) -> integrable E (fun o => y o ^+ 2) -> integrable E (fun o => x o * y o) ->
  (s * t) *+ 2 * mean E (fun o => x o * y o)
  <= s ^+ 2 * mean E (fun o => x o ^+ 2) + t ^+ 2 * mean E (fun o => y o ^+ 2).
Proof.
move=> xx_int yy_int xy_int.
pose zero : Omega -> R := fun=> 0.
have zero_int : integrable E zero by apply: integrable_constant.
have yy0_int := integrable_combination (t ^+ 2) yy_int zero_int.
rewrite -[X in _ <= X]addr0 -(mean_constant E 0) -/zero -addrA -(mean_combination _ yy_int zero_int).
rewrite -(mean_combination _ xx_int yy0_int) -[X in X <= _]addr0 -{1}(mean_constant E 0) -/zero.
rewrite -(mean_combination _ xy_int zero_int).
apply: mean_monotone; [exact: integrable_combination.. | move=> o; rewrite /zero !addr0 -subr_ge0].
have -> : s ^+ 2 * x o ^+ 2 + t ^+ 2 * y o ^+ 2 - (s * t) *+ 2 * (x o * y o)
          = (s * x o - t * y o) ^+ 2 by ring.
exact: sqr_ge0.
Qed.

End Mean.

(** The mean of a sum. *)
Theorem mean_add (R : rcfType) (Omega : Type) (E : expectation R Omega) (x y : Omega -> R) :
  integrable E (fun o => x o + y o) ->
  integrable E (fun o => x o) ->
  integrable E (fun o => y o) ->
  mean E (fun o => x o + y o) = mean E (fun o => x o) + mean E (fun o => y o).
Proof.
move=> sum_int x_int y_int; rewrite -[X in X + _]mul1r -mean_combination //.
by apply: mean_eq => // [|o]; [apply: integrable_combination | rewrite mul1r].
Qed.

(** The mean of a multiple. *)
Theorem mean_mul_const (R : rcfType) (Omega : Type) (E : expectation R Omega) (c : R) (x : Omega -> R) :
  integrable E (fun o => c * x o) ->
  integrable E (fun o => x o) ->
  mean E (fun o => c * x o) = c * mean E (fun o => x o).
Proof.
move=> cx_int x_int; have zero_int := integrable_constant E 0.
rewrite -[RHS]addr0 -(mean_constant E 0) -mean_combination //.
by apply: mean_eq => // [|o]; [apply: integrable_combination | rewrite addr0].
Qed.

(** The mean of a number that does not depend on chance. *)
Theorem mean_const (R : rcfType) (Omega : Type) (E : expectation R Omega) (c : R) :
  integrable E (fun=> c) ->
  mean E (fun=> c) = c.
Proof. by move=> _; apply: mean_constant. Qed.

(** The mean's absolute value is at most the mean of the absolute value. *)
Theorem abs_mean_le (R : rcfType) (Omega : Type) (E : expectation R Omega) (x : Omega -> R) :
  integrable E (fun o => x o) ->
  integrable E (fun o => `|x o|) ->
  `|mean E (fun o => x o)| <= mean E (fun o => `|x o|).
Proof.
move=> x_int abs_int; have zero_int := integrable_constant E 0.
rewrite ler_norml; apply/andP; split; last by apply: mean_monotone => // o; apply: ler_norm.
rewrite -mulN1r -[X in X <= _]addr0 -(mean_constant E 0) -mean_combination //.
apply: mean_monotone => // [|o]; first exact: integrable_combination.
by rewrite addr0 mulN1r ler_oppl -normrN ler_norm.
Qed.

(** The Cauchy-Schwarz inequality. *)
Theorem mean_mul_le (R : rcfType) (Omega : Type) (E : expectation R Omega) (c d : R) (x y : Omega -> R) :
  integrable E (fun o => x o * y o) ->
  0 <= c ->
  0 <= d ->
  integrable E (fun o => (x o) ^+ 2) ->
  mean E (fun o => (x o) ^+ 2) <= c ^+ 2 ->
  integrable E (fun o => (y o) ^+ 2) ->
  mean E (fun o => (y o) ^+ 2) <= d ^+ 2 ->
  mean E (fun o => x o * y o) <= c * d.
Proof.
move=> xy_int c_ge0 d_ge0 xx_int xx_le yy_int yy_le.
set m := mean E (fun o => x o * y o).
(* 2 s t m <= s^2 c^2 + t^2 d^2 for all s and t. Where c d > 0 take s = d, t = c; where c or d is 0, a
   positive m would contradict it for a suitable choice. *)
have young (s t : R) : (s * t) *+ 2 * m <= s ^+ 2 * c ^+ 2 + t ^+ 2 * d ^+ 2.
  apply: le_trans (mean_young s t xx_int yy_int xy_int) _.
  by rewrite ler_add // ler_wpmul2l ?sqr_ge0.
have [c0|c_neq0] := eqVneq c 0; last first.
  have [d0|d_neq0] := eqVneq d 0; last first.
    have cd_gt0 : 0 < (d * c) *+ 2 by rewrite pmulrn_lgt0 // mulr_gt0 // lt_def ?c_neq0 ?d_neq0.
    rewrite -(ler_pmul2l cd_gt0); apply: le_trans (young d c) _.
    by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
  rewrite d0 mulr0 leNgt; apply/negP => m_gt0.
  have := young m (c ^+ 2); rewrite d0 leNgt => /negP; apply.
  have c2_gt0 : 0 < c ^+ 2 by rewrite exprn_gt0 // lt_def c_neq0.
  have -> : (m * c ^+ 2) *+ 2 * m = (m ^+ 2 * c ^+ 2 + c ^+ 2 ^+ 2 * 0 ^+ 2) + m ^+ 2 * c ^+ 2 by ring.
  by rewrite ltr_addl mulr_gt0 // exprn_gt0.
rewrite c0 mul0r leNgt; apply/negP => m_gt0.
have := young (d ^+ 2 + 1) m; rewrite c0 leNgt => /negP; apply.
have -> : ((d ^+ 2 + 1) * m) *+ 2 * m
          = ((d ^+ 2 + 1) ^+ 2 * 0 ^+ 2 + m ^+ 2 * d ^+ 2) + m ^+ 2 * (d ^+ 2 + 1 + 1) by ring.
by rewrite ltr_addl mulr_gt0 ?exprn_gt0 // !ltr_paddl ?addr_ge0 ?sqr_ge0 ?ler01 ?ltr01.
Qed.
