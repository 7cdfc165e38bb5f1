(** Products of masked steps D_i W_i, with one matrix for each step or the same one, and under a diagonal
    scaling.

    A product of k factors of norm at most c has a norm of at most c^k. With diagonal slopes D_i, at most
    gamma in modulus, and copies W_i of norm at most w, every factor is at most gamma w. Diagonal matrices
    commute, so that L D_i W L^-1 = D_i (L W L^-1): under a diagonal scaling L the product is at most
    ||L^-1|| (gamma ||L W L^-1||)^k ||L||, which may fall where gamma ||W|| is above 1. *)

From mathcomp Require Import all_ssreflect all_algebra.
From errorflow Require Import vocabulary spectral_norm ordered_products norm_rules.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * Factors of norm at most c *)

(** There are k steps from t - k + 1 to t. *)
Lemma lag_count (k t : int) : t - (t - k + 1) + 1 = k.
Proof. by rewrite opprD opprB addrA addrCA subrr addr0 subrK. Qed.

Lemma norm_chain_le (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (c : R) (a b : int) :
  (0 < n)%N -> 0 <= b - a + 1 -> (forall i, norm (A i) <= c) -> norm (chain A a b) <= c ^ (b - a + 1).
Proof.
move=> n_gt0 k_ge0 A_le; apply: le_trans (norm_prod_le _ _ _ n_gt0) _; rewrite -prod_const //.
by apply: product_over_le => i _; rewrite norm_ge0 A_le.
Qed.

Lemma row_sum_norm_chain_le (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (c : R) (a b : int) :
  (0 < n)%N -> 0 <= b - a + 1 -> (forall i, row_sum_norm (A i) <= c) ->
  row_sum_norm (chain A a b) <= c ^ (b - a + 1).
Proof.
move=> n_gt0 k_ge0 A_le; apply: le_trans (row_sum_norm_prod_le _ _ _ n_gt0) _; rewrite -prod_const //.
by apply: product_over_le => i _; rewrite row_sum_norm_ge0 A_le.
Qed.

(** A step D W with diagonal D of at most gamma. *)
Lemma norm_step_le (R : rcfType) (n m : nat) (D : 'M[R]_n) (W : 'M[R]_(n, m)) (gamma w : R) :
  is_diag_mx D -> max_abs D <= gamma -> norm W <= w -> norm (D *m W) <= gamma * w.
Proof.
move=> D_diag D_le W_le; apply: le_trans (norm_mul_le _ _) _.
by rewrite ler_pmul ?norm_ge0 // norm_diag.
Qed.

Lemma row_sum_norm_step_le (R : rcfType) (n m : nat) (D : 'M[R]_n) (W : 'M[R]_(n, m)) (gamma w : R) :
  is_diag_mx D -> max_abs D <= gamma -> row_sum_norm W <= w -> row_sum_norm (D *m W) <= gamma * w.
Proof.
move=> D_diag D_le W_le; apply: le_trans (row_sum_norm_mul_le _ _) _.
by rewrite ler_pmul ?row_sum_norm_ge0 // row_sum_norm_diag.
Qed.

(** * One matrix for each step *)

(** Copies of norm at most w and slopes of at most gamma bound the state Jacobian by (w gamma)^k: the bound
    by the spectral norm does not ask whether the copies are equal. *)
Theorem theorem_untied_spectral_norm (R : rcfType) (n : nat) (D W : int -> 'M[R]_n)
    (gamma w : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  (forall i : int, norm (W i) <= w) ->
  norm (chain (fun j => D j *m W j) (t - k + 1) t) <= (w * gamma) ^ k.
Proof.
move=> n_gt0 _ k_ge0 D_diag D_le W_le; rewrite -[in leRHS](lag_count k t) mulrC.
by apply: norm_chain_le; rewrite ?lag_count // => i; apply: norm_step_le.
Qed.

(** Likewise for the largest absolute row sum. *)
Theorem theorem_untied_row_sum_norm (R : rcfType) (n : nat) (D W : int -> 'M[R]_n)
    (gamma w : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  (forall i : int, row_sum_norm (W i) <= w) ->
  row_sum_norm (chain (fun j => D j *m W j) (t - k + 1) t) <= (w * gamma) ^ k.
Proof.
move=> n_gt0 _ k_ge0 D_diag D_le W_le; rewrite -[in leRHS](lag_count k t) mulrC.
by apply: row_sum_norm_chain_le; rewrite ?lag_count // => i; apply: row_sum_norm_step_le.
Qed.

(** * Diagonal scaling *)

(** The product of the steps D_i W under a diagonal scaling L: L commutes with every D_i. *)
Lemma scaled_chain_le (R : rcfType) (n : nat) (D : int -> 'M[R]_n) (W L : 'M[R]_n) (gamma : R) (a b : int) :
  (0 < n)%N -> 0 <= b - a + 1 -> (forall i, is_diag_mx (D i)) -> (forall i, max_abs (D i) <= gamma) ->
  is_diag_mx L -> L \in unitmx ->
  norm (chain (fun j => D j *m W) a b)
  <= (gamma * norm (L *m W *m invmx L)) ^ (b - a + 1) * norm (invmx L) * norm L.
Proof.
move=> n_gt0 k_ge0 D_diag D_le L_diag L_unit; rewrite (conj_prod _ _ _ n_gt0 L_unit).
have -> : chain (fun i => L *m (D i *m W) *m invmx L) a b = chain (fun i => D i *m (L *m W *m invmx L)) a b.
  by apply: eq_chain => i _; rewrite !mulmxA (diag_mul_comm L_diag (D_diag i)).
apply: le_trans (norm_mul_le _ _) _; apply: ler_wpmul2r; first exact: norm_ge0.
apply: le_trans (norm_mul_le _ _) _; rewrite mulrC; apply: ler_wpmul2r; first exact: norm_ge0.
by apply: norm_chain_le => // i; apply: norm_step_le.
Qed.

(** A diagonal scaling L replaces ||W|| by ||L W L^-1||, at the price of the condition number
    ||L^-1|| ||L||. *)
Theorem theorem_scaled_product (R : rcfType) (n : nat) (jacobian_norm : int -> R) (D : int -> 'M[R]_n)
    (W L : 'M[R]_n) (gamma : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  is_diag_mx L ->
  L \in unitmx ->
  jacobian_norm k <= (gamma * norm (L *m W *m invmx L)) ^ k * norm (invmx L) * norm L.
Proof.
move=> n_gt0 _ k_ge0 D_diag D_le -> L_diag L_unit; rewrite -[k in (_ * _) ^ k](lag_count k t).
by apply: scaled_chain_le; rewrite ?lag_count.
Qed.

(** A larger number in the rate gives a larger bound. *)
Lemma rate_le (R : rcfType) (gamma x y : R) (k : int) :
  0 <= gamma -> 0 <= k -> 0 <= x -> x <= y -> (gamma * x) ^ k <= (gamma * y) ^ k.
Proof.
move=> gamma_ge0 k_ge0 x_ge0 x_le_y; have y_ge0 := le_trans x_ge0 x_le_y.
by apply: ler_wpexpz2r; rewrite ?nnegrE ?mulr_ge0 // ler_wpmul2l.
Qed.

(** The scaling by the Perron vector of |W|: where scaling and absolute values commute, the norm of the
    scaled |W| bounds the state Jacobian. *)
Theorem theorem_perron_radius (R : rcfType) (n : nat) (jacobian_norm : int -> R)
    (perron_scaling_norm perron_condition : 'M[R]_n -> R) (D : int -> 'M[R]_n) (W L : 'M[R]_n)
    (gamma : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  is_diag_mx L ->
  L \in unitmx ->
  perron_scaling_norm W = norm (L *m absolute W *m invmx L) ->
  perron_condition W = norm (invmx L) * norm L ->
  absolute (L *m W *m invmx L) = L *m absolute W *m invmx L ->
  jacobian_norm k <= (gamma * perron_scaling_norm W) ^ k * perron_condition W.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 D_diag D_le jacobian L_diag L_unit -> -> <-; rewrite mulrA.
apply: le_trans (theorem_scaled_product n_gt0 gamma_ge0 k_ge0 D_diag D_le jacobian L_diag L_unit) _.
do 2![apply: ler_wpmul2r; first exact: norm_ge0].
exact: rate_le gamma_ge0 k_ge0 (norm_ge0 _) (norm_le_norm_abs _).
Qed.

(** The same with names for the two numbers of a scaling L, the scaled norm ||L W L^-1|| and the condition
    number ||L^-1|| ||L||: any scaling will do, the best one among them. *)
Theorem theorem_diagonal_scaling (R : rcfType) (n : nat) (jacobian_norm : int -> R)
    (scaled_norm scaling_condition : 'M[R]_n -> R) (D : int -> 'M[R]_n) (W L : 'M[R]_n)
    (gamma : R) (k t : int) :
  (0 < n)%N ->
  0 <= gamma ->
  0 <= k ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, max_abs (D i) <= gamma) ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  is_diag_mx L ->
  L \in unitmx ->
  scaled_norm W = norm (L *m W *m invmx L) ->
  scaling_condition W = norm (invmx L) * norm L ->
  jacobian_norm k <= (gamma * scaled_norm W) ^ k * scaling_condition W.
Proof.
move=> n_gt0 gamma_ge0 k_ge0 D_diag D_le jacobian L_diag L_unit -> ->; rewrite mulrA.
exact: theorem_scaled_product jacobian L_diag L_unit.
Qed.

(** A product of masked steps S_i W with masks in [0, 1], from step s + 1 to step t. *)
Theorem theorem_masked_product (R : rcfType) (n : nat) (S_ : int -> 'M[R]_n) (L W : 'M[R]_n) (s t : int) :
  (0 < n)%N ->
  (forall i : int, unit_interval (S_ i)) ->
  is_diag_mx L ->
  L \in unitmx ->
  0 <= t - s ->
  norm (chain (fun j => S_ j *m W) (s + 1) t)
  <= (norm (L *m W *m invmx L)) ^ (t - s) * norm (invmx L) * norm L.
Proof.
move=> n_gt0 S_unit L_diag L_unit k_ge0.
have steps_ts : t - (s + 1) + 1 = t - s by rewrite opprD addrA subrK.
rewrite -[norm (L *m W *m invmx L)]mul1r -steps_ts.
apply: scaled_chain_le; rewrite ?steps_ts // => i; first by case: (S_unit i).
exact: max_abs_mask_le_one.
Qed.
