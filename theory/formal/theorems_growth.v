(** Growth of the state Jacobian D_t W ... D_{t-k+1} W, and what keeps it from growing for all slopes.

    Smallest singular values multiply: with slopes of at least alpha every factor has one of at least
    alpha sigma_min(W), and the product one of at least (alpha sigma_min(W))^k.

    Slopes in [0, gamma] are gamma S with masks S of entries in [0, 1]. N(A, k) is the largest norm of a
    product of k factors S A, and the joint spectral radius jsr(A) is the largest c with c^k <= N(A, k) for
    every k >= 1. If S are masks of a largest product, the slopes gamma S make the state Jacobian at least
    (gamma jsr(W))^k. If gamma jsr(W) < r, no slopes make it larger than C r^k, where C is the supremum of
    N((gamma / r) W, k) over k. Inputs reach every pre-activation where the input matrix B has a right
    inverse. *)

From mathcomp Require Import all_ssreflect all_algebra ring.
From errorflow Require Import vocabulary spectral_norm ordered_products norm_rules order_rules.
From errorflow Require Import theorems_scaling.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** The smallest gain of a step bounds the growth of the state Jacobian from below. *)
Theorem theorem_smallest_gain (R : rcfType) (n : nat) (jacobian_gain : int -> R) (D : int -> 'M[R]_n)
    (W : 'M[R]_n) (alpha : R) (k t : int) :
  (0 < n)%N ->
  0 <= k ->
  (forall i : int, alpha <= smallest_gain (D i)) ->
  0 <= alpha ->
  jacobian_gain k = smallest_gain (chain (fun j => D j *m W) (t - k + 1) t) ->
  (alpha * smallest_gain W) ^ k <= jacobian_gain k.
Proof.
move=> n_gt0 k_ge0 D_ge alpha_ge0 ->; apply: le_trans (gain_prod_ge _ _ _ n_gt0).
rewrite -[in leLHS](lag_count k t) -prod_const ?lag_count //; apply: product_over_le => i _.
rewrite (mulr_ge0 alpha_ge0 (smallest_gain_ge0 W)) /=; apply: le_trans (gain_mul_ge _ _ n_gt0).
exact: ler_wpmul2r (smallest_gain_ge0 W) _ _ (D_ge i).
Qed.

(** A scalar c that is not negative leaves the norm of a product of k factors c A_i as c^k. *)
Lemma norm_chain_scale (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (c : R) (k t : int) :
  (0 < n)%N -> 0 <= k -> 0 <= c ->
  norm (chain (fun i => c *: A i) (t - k + 1) t) = c ^ k * norm (chain A (t - k + 1) t).
Proof.
move=> n_gt0 k_ge0 c_ge0; rewrite prod_smul // ?lag_count // norm_smul //.
exact: exprz_ge0.
Qed.

(** If S_i are masks of a product of k factors S_i W with the largest norm N(W, k), the slopes gamma S_i
    make the state Jacobian at least (gamma jsr(W))^k. *)
Theorem theorem_masked_growth (R : rcfType) (n : nat) (largest_masked_product : 'M[R]_n -> int -> R)
    (joint_spectral_radius : 'M[R]_n -> R) (jacobian_norm : int -> R) (D : int -> 'M[R]_n)
    (W : 'M[R]_n) (S_ : int -> 'M[R]_n) (gamma : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  1 <= k ->
  0 <= gamma ->
  largest_masked_product W k = norm (chain (fun j => S_ j *m W) (t - k + 1) t) ->
  (forall i : int, D i = gamma *: S_ i) ->
  (gamma * joint_spectral_radius W) ^ k <= jacobian_norm k.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 largest joint -> k_ge1 _ masks slopes.
rewrite (eq_chain (B := fun j => gamma *: (S_ j *m W))) => [|i _]; last by rewrite slopes -scalemxAl.
rewrite norm_chain_scale // -masks expfzMl; apply: ler_wpmul2l; first exact: exprz_ge0.
exact: joint_radius_pow_le largest joint k_ge1.
Qed.

(** If gamma jsr(W) is below r, the state Jacobian is at most C r^k for all slopes in [0, gamma], with one
    C for all slopes and lags. *)
Theorem theorem_uniform_vanishing (R : rcfType) (n : nat) (largest_masked_product : 'M[R]_n -> int -> R)
    (joint_spectral_radius masked_supremum : 'M[R]_n -> R) (jacobian_norm : int -> R)
    (D : int -> 'M[R]_n) (W : 'M[R]_n) (S_ : int -> 'M[R]_n) (gamma r C : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  is_masked_supremum largest_masked_product masked_supremum ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  (forall i : int, unit_interval (S_ i)) ->
  (forall i : int, D i = gamma *: S_ i) ->
  0 <= gamma ->
  gamma * joint_spectral_radius W < r ->
  C = masked_supremum ((gamma / r) *: W) ->
  jacobian_norm k <= C * r ^ k.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 largest joint supremum -> masks slopes _ rate_lt ->.
have joint_ge0 : 0 <= joint_spectral_radius W by case: (joint W).
have r_gt0 : 0 < r := le_lt_trans (mulr_ge0 gamma_ge0 joint_ge0) rate_lt.
rewrite (eq_chain (B := fun j => r *: (S_ j *m ((gamma / r) *: W)))) => [|i _]; last first.
  by rewrite slopes -scalemxAl -scalemxAr scalerA mulrC divfK // gt_eqF.
rewrite (norm_chain_scale _ _ n_gt0 k_ge0 (ltW r_gt0)) mulrC.
apply: ler_wpmul2r; first exact: exprz_ge0 (ltW r_gt0).
have first_le : t - k + 1 <= t + 1 by rewrite ler_add2r ger_addl oppr_le0.
have shrunk_lt1 := joint_radius_smul_lt_one n_gt0 largest joint gamma_ge0 rate_lt.
exact: norm_masked_prod_le_iSup largest joint supremum masks first_le shrunk_lt1.
Qed.

(** With a right inverse P of the input matrix B, the input P (a_t - b - W h_{t-1}) puts every
    pre-activation where it is wanted, and with it every slope that the activation has. *)
Theorem theorem_inputs_reach_every_slope (R : rcfType) (n m p : nat) (B : 'M[R]_(n, m)) (P : 'M[R]_(m, n))
    (W : 'M[R]_(n, p)) (a : int -> 'cV[R]_n) (b : 'cV[R]_n) (h : int -> 'cV[R]_p) (u : int -> 'cV[R]_m)
    (v : 'cV[R]_n) (t : int) :
  (0 < n)%N ->
  B *m P = 1%:M ->
  (forall i : int, u i = P *m (a i - b - W *m h (i - 1))) ->
  number (v^T *m (b + B *m u t + W *m h (t - 1))) = number (v^T *m a t).
Proof.
move=> _ BP input; rewrite input mulmxA BP mul1mx.
by rewrite -addrA subrK addrC subrK.
Qed.
