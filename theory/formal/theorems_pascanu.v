(** What the norm and the spectral radius of W say about the state Jacobian D_t W ... D_{t-k+1} W.

    If the diagonal slopes D_i are at most gamma in modulus, its norm is at most (gamma ||W||)^k:
    gamma ||W|| < 1 suffices to vanish, and gamma ||W|| > 1 is necessary to explode. In a linear network
    it is W^k. For rho(W) < r the powers of W / r are bounded, and ||W^k|| <= r^k sup_m ||(W / r)^m||.
    With r the mean of 1 and rho(W) that is why rho(W) < 1 suffices to vanish; with every r > 1 it is why
    growth at an exponential rate needs rho(W) > 1. And rho(W)^k = rho(W^k) <= ||W^k||, so that rho(W) > 1
    suffices to explode. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.
From errorflow Require Import vocabulary spectral_norm spectral_radius ordered_products norm_rules.
From errorflow Require Import radius_rules kreiss_rules theorems_scaling.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * Networks with slopes of at most gamma *)

(** The spectral norm bounds the state Jacobian by (gamma ||W||)^k. *)
Theorem theorem_pascanu2013_spectral_norm (R : rcfType) (n : nat) (jacobian_norm : int -> R)
    (D : int -> 'M[R]_n) (W : 'M[R]_n) (gamma : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  jacobian_norm k <= (gamma * norm W) ^ k.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 D_diag D_le ->; rewrite mulrC.
exact: theorem_untied_spectral_norm.
Qed.

(** If gamma ||W|| is at most 1 no state Jacobian has a norm above 1: explosion needs gamma ||W|| > 1. *)
Theorem theorem_pascanu2013_necessary (R : rcfType) (n : nat) (jacobian_norm : int -> R) (D : int -> 'M[R]_n)
    (W : 'M[R]_n) (gamma : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  gamma * norm W <= 1 ->
  jacobian_norm k <= 1.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 D_diag D_le jacobian rate_le1.
apply: le_trans (theorem_pascanu2013_spectral_norm n_gt0 gamma_ge0 k_ge0 D_diag D_le jacobian) _.
rewrite -(exp1rz _ k); apply: ler_wpexpz2r; rewrite ?nnegrE ?ler01 //.
by apply: mulr_ge0 => //; apply: norm_ge0.
Qed.

(** * Linear networks *)

(** The state Jacobian of a linear network is the power W^k. *)
Lemma linear_jacobian (R : rcfType) (n : nat) (W : 'M[R]_n) (k t : int) :
  (0 < n)%N -> chain (fun=> W) (t - k + 1) t = chain (fun=> W) 1 k.
Proof. by move=> n_gt0; rewrite prod_const_matrix // lag_count. Qed.

(** If the spectral radius is at most d, and d below r, then ||W^k|| is at most r^k times the largest norm
    of a power of W / r. *)
Lemma norm_power_le (R : rcfType) (n : nat) (power_supremum : 'M[R]_n -> R) (W : 'M[R]_n)
    (d r : R) (k : int) :
  (0 < n)%N -> 0 <= k -> is_power_supremum power_supremum -> radius W <= d -> d < r ->
  norm (chain (fun=> W) 1 k) <= r ^ k * power_supremum (r^-1 *: W).
Proof.
move=> n_gt0 k_ge0 supremum W_le d_lt.
have r_gt0 : 0 < r by apply: le_lt_trans d_lt; apply: le_trans W_le; apply: complex_radius_ge0.
have -> : chain (fun=> W) 1 k = r ^ k *: chain (fun=> r^-1 *: W) 1 k.
  have steps_k : k - 1 + 1 = k by rewrite subrK.
  rewrite -[in X in X *: _](steps_k) -prod_smul ?steps_k //.
  by apply: eq_chain => i _; rewrite scalerA divff ?scale1r // gt_eqF.
have rk_ge0 : 0 <= r ^ k by apply: exprz_ge0; apply: ltW.
rewrite norm_smul //; apply: ler_wpmul2l => //.
by apply: norm_pow_le_iSup => //; apply: radius_smul_lt_one d_lt.
Qed.

(** A spectral radius below 1 suffices to vanish: the state Jacobian of a linear network falls at least
    like ((1 + rho(W)) / 2)^k. *)
Theorem theorem_pascanu2013_linear (R : rcfType) (n : nat) (power_supremum : 'M[R]_n -> R)
    (jacobian_norm : int -> R) (W : 'M[R]_n) (k t : int) :
  (0 < n)%N ->
  0 <= k ->
  is_power_supremum power_supremum ->
  jacobian_norm k = norm (chain (fun=> W) (t - k + 1) t) ->
  radius W < 1 ->
  jacobian_norm k
  <= (radius W / 2%:R + 1 / 2%:R) ^ k * power_supremum ((radius W / 2%:R + 1 / 2%:R)^-1 *: W).
Proof.
move=> n_gt0 k_ge0 supremum -> radius_lt1; rewrite linear_jacobian //.
apply: norm_power_le (lexx (radius W)) _ => //.
by rewrite -mulrDl (midf_lt radius_lt1).
Qed.

(** Growth at an exponential rate needs a spectral radius above 1: if it is at most 1, the state Jacobian
    grows at most like r^k for every r > 1. *)
Theorem theorem_pascanu2013_linear_necessary (R : rcfType) (n : nat) (power_supremum : 'M[R]_n -> R)
    (jacobian_norm : int -> R) (W : 'M[R]_n) (r : R) (k t : int) :
  (0 < n)%N ->
  0 <= k ->
  is_power_supremum power_supremum ->
  jacobian_norm k = norm (chain (fun=> W) (t - k + 1) t) ->
  radius W <= 1 ->
  1 < r ->
  jacobian_norm k <= r ^ k * power_supremum (r^-1 *: W).
Proof.
move=> n_gt0 k_ge0 supremum -> radius_le1 r_gt1; rewrite linear_jacobian //.
exact: norm_power_le radius_le1 r_gt1.
Qed.

(** A spectral radius above 1 suffices for growth: the state Jacobian of a linear network is at least
    rho(W)^k. *)
Theorem theorem_pascanu2013_linear_growth (R : rcfType) (n : nat) (jacobian_norm : int -> R) (W : 'M[R]_n)
    (k t : int) :
  (0 < n)%N ->
  0 <= k ->
  jacobian_norm k = norm (chain (fun=> W) (t - k + 1) t) ->
  (radius W) ^ k <= jacobian_norm k.
Proof.
move=> n_gt0 k_ge0 ->; rewrite linear_jacobian // -radius_pow //.
exact: radius_le_norm.
Qed.
