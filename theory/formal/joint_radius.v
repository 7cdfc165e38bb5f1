(** The joint spectral radius is at most the norm and the numerical radius under any diagonal scaling.

    A diagonal L commutes with the masks, so that a product of k factors D W is L^-1 times the product of
    the factors D (L W L^-1) times L. The latter is at most ||L W L^-1||^k, and at most 2 r^k for r >= w(L W
    L^-1). What the coordinates cost does not depend on k, so that jsr(W) is at most the rate: where no
    number is infinitely large, a power of a number above 1 exceeds every constant. *)

From mathcomp Require Import all_ssreflect all_algebra ring.
From errorflow Require Import vocabulary spectral_norm norm_rules numerical_range masked_products.
From errorflow Require Import order_rules theorems_sharp.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Growth.
Variables (R : rcfType) (n : nat) (N : 'M[R]_n -> int -> R) (jsr : 'M[R]_n -> R).
Hypotheses (n_gt0 : (0 < n)%N) (is_N : is_largest_masked_product N) (is_jsr : is_joint_spectral_radius N jsr).

(** N(W, k) <= ||L^-1|| c ||L||, where c bounds the masked products in the coordinates of L. *)
Lemma largest_masked_conj_le (W L L' : 'M[R]_n) (k : nat) c :
  is_diag_mx L -> L' *m L = 1%:M ->
  (forall D, (forall i, unit_interval (D i)) -> norm (masked D (L *m W *m L') 1 k) <= c) ->
  N W k <= norm L' * c * norm L.
Proof.
move=> diagL LL' c_ge; have [_ least] := largest_masked n_gt0 is_N W k; apply: least => D unitD.
rewrite (masked_conj W 1 k diagL unitD LL').
apply: le_trans (norm_mul_le _ _) _; rewrite ler_wpmul2r ?norm_ge0 //.
by apply: le_trans (norm_mul_le _ _) _; rewrite ler_wpmul2l ?norm_ge0 // c_ge.
Qed.

Lemma largest_masked_conj_le_exp (W L L' : 'M[R]_n) (k : nat) :
  is_diag_mx L -> L' *m L = 1%:M -> N W k <= norm L' * norm (L *m W *m L') ^+ k * norm L.
Proof.
by move=> diagL LL'; apply: largest_masked_conj_le => // D unitD; apply: norm_masked_le_exp.
Qed.

(** From growth to the joint spectral radius. *)
Lemma joint_radius_le_rate (W : 'M[R]_n) (d e : R) : archimedean R -> 0 <= d ->
  (forall k, N W k.+1 <= e * d ^+ k.+1) -> jsr W <= d.
Proof.
move=> arch d_ge0 growth; apply: (le_of_forall_pow_le_mul_pow arch d_ge0 (e := e)) => -[[|k]|k] // _.
exact: le_trans (joint_radius_exp_le n_gt0 is_N is_jsr W k) (growth k).
Qed.

(** jsr(W) <= ||L W L^-1||. *)
Lemma joint_radius_le_scaled_norm (W L : 'M[R]_n) :
  archimedean R -> is_diag_mx L -> L \in unitmx -> jsr W <= norm (L *m W *m invmx L).
Proof.
move=> arch diagL unitL.
apply: (joint_radius_le_rate (e := norm (invmx L) * norm L)) => // [|k]; first exact: norm_ge0.
by rewrite mulrAC; apply: largest_masked_conj_le_exp => //; apply: mulVmx.
Qed.

(** jsr(W) <= r for every r > 0 with w(L W L^-1) <= r. *)
Lemma joint_radius_le_scaled_radius (w : 'M[R]_n -> R) (W L : 'M[R]_n) r :
  archimedean R -> is_numerical_radius w -> is_diag_mx L -> L \in unitmx ->
  0 < r -> w (L *m W *m invmx L) <= r -> jsr W <= r.
Proof.
move=> arch is_w diagL unitL r_gt0 w_le.
apply: (joint_radius_le_rate (e := 2%:R * norm (invmx L) * norm L)) => // [|k]; first exact: ltW.
have -> : 2%:R * norm (invmx L) * norm L * r ^+ k.+1 = norm (invmx L) * (2%:R * r ^+ k.+1) * norm L by ring.
apply: (largest_masked_conj_le diagL (mulVmx unitL)) => D unitD.
exact: norm_masked_le is_w unitD r_gt0 w_le.
Qed.

End Growth.
