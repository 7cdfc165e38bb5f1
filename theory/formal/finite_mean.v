(** Chance with finitely many outcomes: the mean of f is the sum of p(o) f(o) over the outcomes o.

    The mean is linear and monotone, |E f| <= E |f|, and E f g <= c d where E f^2 <= c^2 and E g^2 <= d^2. *)

From mathcomp Require Import all_ssreflect all_algebra.
From errorflow Require Import vocabulary expectation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section FiniteMean.
Variables (R : rcfType) (Omega : finType).
Implicit Types (p f g : Omega -> R).

(** Weights of the outcomes: not negative, of sum 1. *)
Definition chance p : Prop := (forall o, 0 <= p o) /\ \sum_o p o = 1.

(** The mean of f. *)
Definition finite_mean p f : R := \sum_o p o * f o.

Variable p : Omega -> R.
Local Notation E := (finite_mean p).

Lemma eq_finite_mean f g : f =1 g -> E f = E g.
Proof. by move=> fg; apply: eq_bigr => o _; rewrite fg. Qed.

Lemma finite_meanD f g : E (fun o => f o + g o) = E f + E g.
Proof. by rewrite /finite_mean -big_split; apply: eq_bigr => o _; rewrite mulrDr. Qed.

Lemma finite_meanZ (c : R) f : E (fun o => c * f o) = c * E f.
Proof. by rewrite /finite_mean mulr_sumr; apply: eq_bigr => o _; rewrite mulrCA. Qed.

Lemma finite_mean_combination (c d : R) f g : E (fun o => c * f o + d * g o) = c * E f + d * E g.
Proof. by rewrite finite_meanD !finite_meanZ. Qed.

Hypothesis p_chance : chance p.

Lemma finite_mean_constant (c : R) : E (fun=> c) = c.
Proof. by rewrite /finite_mean -mulr_suml (proj2 p_chance) mul1r. Qed.

Lemma finite_mean_le f g : (forall o, f o <= g o) -> E f <= E g.
Proof. by move=> fg; apply: ler_sum => o _; apply: ler_wpmul2l (fg o); apply: (proj1 p_chance). Qed.

Lemma finite_mean_ge0 f : (forall o, 0 <= f o) -> 0 <= E f.
Proof. by move=> f_ge0; rewrite -(finite_mean_constant 0); apply: finite_mean_le. Qed.

(** Some outcome exists. *)
Lemma outcome : exists o : Omega, true.
Proof.
case: (pickP (@predT Omega)) => [o _|none]; first by exists o.
have := proj2 p_chance; rewrite big1 => [/eqP|o _]; last by have := none o.
by rewrite eq_sym oner_eq0.
Qed.

(** Every number has this mean. *)
Definition finite_expectation : expectation R Omega.
Proof.
exists (fun=> True) E => // [c|c f g _ _|f g _ _]; first exact: finite_mean_constant.
- by rewrite finite_meanD finite_meanZ.
- exact: finite_mean_le.
Defined.

Lemma abs_finite_mean_le f : `|E f| <= E (fun o => `|f o|).
Proof. exact: (@abs_mean_le _ _ finite_expectation). Qed.

(** The Cauchy-Schwarz inequality. *)
Lemma finite_mean_mul_le (c d : R) f g :
  0 <= c -> 0 <= d -> E (fun o => f o ^+ 2) <= c ^+ 2 -> E (fun o => g o ^+ 2) <= d ^+ 2 ->
  E (fun o => f o * g o) <= c * d.
Proof. by move=> c_ge0 d_ge0 f_le g_le; apply: (@mean_mul_le _ _ finite_expectation). Qed.

End FiniteMean.
