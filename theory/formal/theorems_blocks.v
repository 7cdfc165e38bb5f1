(** Bounds for any cell: the norms of the blocks of a step obey a small nonnegative comparison matrix C.

    ||J(t, t-k)|| <= ||C^k||, up to the factor sqrt(n) for row-sum norms, and C^k = L^-1 (L C L^-1)^k L for
    every invertible L, hence ||C^k|| <= ||L^-1|| ||L|| ||L C L^-1||^k. With the entrywise majorant in
    place of norms the comparison matrix is the majorant itself. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.
From mathcomp Require Import zify ring.
From errorflow Require Import vocabulary length spectral_norm ordered_products norm_rules block_rules.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ||C^k|| <= ||L C L^-1||^k ||L^-1|| ||L||. *)
Lemma norm_power_scaled (R : rcfType) (m : nat) (C L : 'M[R]_m) (k t : int) :
  0 <= k -> L \in unitmx ->
  norm (chain (fun=> C) (t - k + 1) t) <= norm (L *m C *m invmx L) ^ k * (norm (invmx L) * norm L).
Proof.
move=> k_ge0 L_unit; have [m_eq0|m_gt0] := posnP m.
  subst m; apply: norm_le => [|x]; last first.
    have /eqP length0 : length (0 : 'cV[R]_0) == 0 by rewrite length_eq0.
    by rewrite [x]flatmx0 mulmx0 length0 mulr0.
  by rewrite !mulr_ge0 ?norm_ge0 //; case: k k_ge0 => // k _; rewrite exprn_ge0 ?norm_ge0.
have stepsE : t - (t - k + 1) + 1 = k by ring.
rewrite (conj_prod (fun=> C) _ _ m_gt0 L_unit).
apply: le_trans (norm_mul_le _ _) _.
rewrite mulrA ler_wpmul2r ?norm_ge0 // mulrC.
apply: le_trans (norm_mul_le _ _) _.
rewrite ler_wpmul2l ?norm_ge0 //.
apply: le_trans (norm_prod_le _ _ _ m_gt0) _.
by rewrite prod_const stepsE.
Qed.
(** Row sums of the blocks: ||J(t, t-k)|| <= sqrt(n) ||L C L^-1||^k ||L^-1|| ||L||. *)
Theorem theorem_block_row_sum_norm (R : rcfType) (n m : nat) (jacobian_norm : int -> R)
    (perron_scaling_norm perron_condition : 'M[R]_m -> R) (J : int -> 'M[R]_(m * n)) (C L : 'M[R]_m)
    (k t : int) :
  (0 < n)%N ->
  0 <= k ->
  jacobian_norm k = norm (chain J (t - k + 1) t) ->
  (forall i : int, block_row_sums (J i) C) ->
  L \in unitmx ->
  absolute C = C ->
  perron_scaling_norm C = norm (L *m absolute C *m invmx L) ->
  perron_condition C = norm (invmx L) * norm L ->
  jacobian_norm k <= Num.sqrt n%:R * (perron_scaling_norm C) ^ k * perron_condition C.
Proof.
move=> n_gt0 k_ge0 -> below L_unit nonnegative -> ->; rewrite nonnegative -mulrA.
apply: le_trans (norm_prod_le_sqrt_norm_prod_row_sums _ _ n_gt0 below) _.
by rewrite ler_wpmul2l ?sqrtr_ge0 // norm_power_scaled.
Qed.

(** The largest weights of the blocks: row sums are at most n times them, so that the bound is that of row
    sums. *)
Theorem theorem_block_max_weight (R : rcfType) (n m : nat) (jacobian_norm : int -> R)
    (perron_scaling_norm perron_condition : 'M[R]_m -> R) (J : int -> 'M[R]_(m * n)) (C L : 'M[R]_m)
    (k t : int) :
  (0 < n)%N ->
  0 <= k ->
  jacobian_norm k = norm (chain J (t - k + 1) t) ->
  (forall i : int, block_row_sums (J i) C) ->
  L \in unitmx ->
  absolute C = C ->
  perron_scaling_norm C = norm (L *m absolute C *m invmx L) ->
  perron_condition C = norm (invmx L) * norm L ->
  jacobian_norm k <= Num.sqrt n%:R * (perron_scaling_norm C) ^ k * perron_condition C.
Proof.
exact: theorem_block_row_sum_norm.
Qed.

(** Spectral norms of the blocks: ||J(t, t-k)|| <= ||L C L^-1||^k ||L^-1|| ||L||. *)
Theorem theorem_block_spectral_norm (R : rcfType) (n m : nat) (jacobian_norm : int -> R)
    (perron_scaling_norm perron_condition : 'M[R]_m -> R) (J : int -> 'M[R]_(m * n)) (C L : 'M[R]_m)
    (k t : int) :
  (0 < n)%N ->
  0 <= k ->
  jacobian_norm k = norm (chain J (t - k + 1) t) ->
  (forall i : int, block_norms (J i) C) ->
  L \in unitmx ->
  absolute C = C ->
  perron_scaling_norm C = norm (L *m absolute C *m invmx L) ->
  perron_condition C = norm (invmx L) * norm L ->
  jacobian_norm k <= (perron_scaling_norm C) ^ k * perron_condition C.
Proof.
move=> n_gt0 k_ge0 -> below L_unit nonnegative -> ->; rewrite nonnegative.
apply: le_trans (norm_prod_le_norm_prod_blocks _ _ n_gt0 below) _.
exact: norm_power_scaled.
Qed.

(** A majorant M of the entries of every step: ||J(t, t-k)|| <= ||L M L^-1||^k ||L^-1|| ||L||. *)
Theorem theorem_block_perron_radius (R : rcfType) (n : nat) (jacobian_norm : int -> R)
    (perron_scaling_norm perron_condition : 'M[R]_n -> R) (J : int -> 'M[R]_n) (M L : 'M[R]_n)
    (k t : int) :
  (0 < n)%N ->
  0 <= k ->
  jacobian_norm k = norm (chain J (t - k + 1) t) ->
  (forall i : int, majorized (J i) M) ->
  L \in unitmx ->
  absolute M = M ->
  perron_scaling_norm M = norm (L *m absolute M *m invmx L) ->
  perron_condition M = norm (invmx L) * norm L ->
  jacobian_norm k <= (perron_scaling_norm M) ^ k * perron_condition M.
Proof.
move=> n_gt0 k_ge0 -> below L_unit nonnegative -> ->; rewrite nonnegative.
apply: le_trans (norm_prod_le_norm_prod_majorant _ _ n_gt0 below) _.
exact: norm_power_scaled.
Qed.
