(** The hierarchy of rates (theory, claim C4):

        rho(W) <= jsr <= omega(W) <= s(W) <= min(||W||, rho(|W|)),   rho(|W|) <= ||W||_inf <= n max |w_ij|.

    jsr is the joint spectral radius of the factors D W with masks D, s(W) the infimum of ||L W L^-1|| and
    omega(W) that of w(L W L^-1) over invertible diagonal L. Powers of W are masked products; the bounds of
    jsr are those of `joint_radius.v` for every L, and for every t > rho(|W|) a scaling by Perron vectors
    gives ||L W L^-1|| <= t.

    Several statements name scalings that come near an infimum, or masks by which a largest product is
    attained. The proofs use the defining properties of the numbers in place of these. *)

From mathcomp Require Import all_ssreflect all_algebra ring.
From errorflow Require Import vocabulary spectral_norm norm_rules ordered_products radius_rules
  numerical_range.
From errorflow Require Import masked_products order_rules joint_radius perron_scaling.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Links.
Variables (R : rcfType) (n : nat).
Hypothesis n_gt0 : (0 < n)%N.
Implicit Types (W L : 'M[R]_n) (w s omega : 'M[R]_n -> R).

(** A lower bound under every scaling is one of the infimum. *)
Lemma le_scaled_norm s W b : is_diagonal_scaling_norm s ->
  (forall L, is_diag_mx L -> L \in unitmx -> b <= norm (L *m W *m invmx L)) -> b <= s W.
Proof.
move=> is_s b_le; have [||_ greatest] := @is_s W.
- by exists (norm (1%:M *m W *m invmx 1%:M)), 1%:M; rewrite scalar_mx_is_diag unitmx1.
- by exists b => _ [L [diagL unitL ->]]; apply: b_le.
by apply: greatest => _ [L [diagL unitL ->]]; apply: b_le.
Qed.

Lemma le_scaled_radius w omega W b : is_numerical_radius w -> is_scaled_numerical_radius w omega ->
  (forall L, is_diag_mx L -> L \in unitmx -> b <= w (L *m W *m invmx L)) -> b <= omega W.
Proof.
move=> is_w is_omega b_le; have [||_ greatest] := @is_omega W.
- by exists (w (1%:M *m W *m invmx 1%:M)), 1%:M; rewrite scalar_mx_is_diag unitmx1.
- by exists b => _ [L [diagL unitL ->]]; apply: b_le.
by apply: greatest => _ [L [diagL unitL ->]]; apply: b_le.
Qed.

End Links.

(** rho(W) <= jsr: the powers of W are masked products. *)
Theorem theorem_hierarchy_radius_below_joint (R : rcfType) (n : nat)
    (largest_masked_product : 'M[R]_n -> int -> R) (joint_spectral_radius : 'M[R]_n -> R) (W : 'M[R]_n) :
  (0 < n)%N ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  radius W <= joint_spectral_radius W.
Proof.
move=> n_gt0 is_N is_jsr; apply: (le_joint_radius n_gt0 is_N is_jsr) => m m_ge1.
have m_ge0 : 0 <= m by apply: le_trans m_ge1.
rewrite -radius_pow //; apply: le_trans (radius_le_norm _ n_gt0) _.
case: m m_ge0 m_ge1 => // m _ _; have [upper _] := largest_masked n_gt0 is_N W m.
have -> : chain (fun=> W) 1 m = masked (fun=> 1%:M) W 1 m.
  by rewrite /chain /steps subrK /masked; elim: m {upper} => //= m ->; rewrite mul1mx.
by apply: upper => i; apply: unit_mask.
Qed.

(** jsr <= ||L W L^-1|| for every invertible diagonal L. *)
Theorem theorem_hierarchy_joint_below_any_norm (R : rcfType) (n : nat)
    (largest_masked_product : 'M[R]_n -> int -> R) (joint_spectral_radius : 'M[R]_n -> R)
    (S_ : int -> 'M[R]_n) (W L : 'M[R]_n) :
  archimedean R ->
  (0 < n)%N ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  (forall i : int, unit_interval (S_ i)) ->
  (forall j : int, 1 <= j ->
     largest_masked_product W j = norm (chain (fun l => S_ l *m W) (j ^+ 2 + 1) (j + j ^+ 2))) ->
  is_diag_mx L ->
  L \in unitmx ->
  joint_spectral_radius W <= norm (L *m W *m invmx L).
Proof.
move=> arch n_gt0 is_N is_jsr _ _ diagL unitL.
exact: (joint_radius_le_scaled_norm n_gt0 is_N is_jsr W arch diagL unitL).
Qed.

(** jsr <= w(L W L^-1) + epsilon for every invertible diagonal L and every epsilon > 0. *)
Theorem theorem_hierarchy_joint_below_any_radius (R : rcfType) (n : nat) (numerical_radius : 'M[R]_n -> R)
    (largest_masked_product : 'M[R]_n -> int -> R) (joint_spectral_radius : 'M[R]_n -> R)
    (S_ : int -> 'M[R]_n) (W L : 'M[R]_n) (epsilon : R) :
  archimedean R ->
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  (forall i : int, unit_interval (S_ i)) ->
  (forall j : int, 1 <= j ->
     largest_masked_product W j = norm (chain (fun l => S_ l *m W) (j ^+ 2 + 1) (j + j ^+ 2))) ->
  is_diag_mx L ->
  L \in unitmx ->
  0 < epsilon ->
  joint_spectral_radius W <= epsilon + numerical_radius (L *m W *m invmx L).
Proof.
move=> arch n_gt0 is_w is_N is_jsr _ _ diagL unitL epsilon_gt0.
apply: (joint_radius_le_scaled_radius n_gt0 is_N is_jsr arch is_w diagL unitL).
  by rewrite ltr_paddr // numerical_radius_ge0.
by rewrite ler_addr ltW.
Qed.

(** jsr <= s(W). *)
Theorem theorem_hierarchy_joint_below_scaled_norm (R : rcfType) (n : nat)
    (diagonal_scaling_norm : 'M[R]_n -> R) (largest_masked_product : 'M[R]_n -> int -> R)
    (joint_spectral_radius : 'M[R]_n -> R) (S_ : int -> 'M[R]_n) (W : 'M[R]_n) (L_s : int -> 'M[R]_n) :
  archimedean R ->
  (0 < n)%N ->
  is_diagonal_scaling_norm diagonal_scaling_norm ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  (forall i : int, unit_interval (S_ i)) ->
  (forall j : int, 1 <= j ->
     largest_masked_product W j = norm (chain (fun l => S_ l *m W) (j ^+ 2 + 1) (j + j ^+ 2))) ->
  (forall i : int, 0 <= i ->
     norm (L_s i *m W *m invmx (L_s i)) <= (i%:~R + 1)^-1 + diagonal_scaling_norm W) ->
  (forall i : int, is_diag_mx (L_s i)) ->
  (forall i : int, L_s i \in unitmx) ->
  joint_spectral_radius W <= diagonal_scaling_norm W.
Proof.
move=> arch n_gt0 is_s is_N is_jsr _ _ _ _ _; apply: (le_scaled_norm is_s) => L diagL unitL.
exact: (joint_radius_le_scaled_norm n_gt0 is_N is_jsr W arch diagL unitL).
Qed.

(** jsr <= omega(W). *)
Theorem theorem_hierarchy_joint_below_scaled_radius (R : rcfType) (n : nat)
    (numerical_radius scaled_numerical_radius : 'M[R]_n -> R) (largest_masked_product : 'M[R]_n -> int -> R)
    (joint_spectral_radius : 'M[R]_n -> R) (S_ : int -> 'M[R]_n) (W : 'M[R]_n) (L_omega : int -> 'M[R]_n) :
  archimedean R ->
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  is_scaled_numerical_radius numerical_radius scaled_numerical_radius ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  (forall i : int, unit_interval (S_ i)) ->
  (forall j : int, 1 <= j ->
     largest_masked_product W j = norm (chain (fun l => S_ l *m W) (j ^+ 2 + 1) (j + j ^+ 2))) ->
  (forall i : int, 0 <= i ->
     numerical_radius (L_omega i *m W *m invmx (L_omega i)) <= (i%:~R + 1)^-1 + scaled_numerical_radius W) ->
  (forall i : int, is_diag_mx (L_omega i)) ->
  (forall i : int, L_omega i \in unitmx) ->
  joint_spectral_radius W <= scaled_numerical_radius W.
Proof.
move=> arch n_gt0 is_w is_omega is_N is_jsr _ _ _ _ _; apply:
  (le_scaled_radius is_w is_omega) => L diagL unitL.
case: leP => // w_lt; have [w_lt_r r_lt] := midf_lt w_lt.
have r_gt0 := le_lt_trans (numerical_radius_ge0 n_gt0 is_w _) w_lt_r.
have := joint_radius_le_scaled_radius n_gt0 is_N is_jsr arch is_w diagL unitL r_gt0 (ltW w_lt_r).
by rewrite leNgt r_lt.
Qed.

(** omega(W) <= s(W), since a numerical radius is at most the norm. *)
Theorem theorem_hierarchy_scaled_radius_below_scaled_norm (R : rcfType) (n : nat)
    (numerical_radius diagonal_scaling_norm scaled_numerical_radius : 'M[R]_n -> R) (L_s : int -> 'M[R]_n)
    (W : 'M[R]_n) :
  archimedean R ->
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  is_diagonal_scaling_norm diagonal_scaling_norm ->
  is_scaled_numerical_radius numerical_radius scaled_numerical_radius ->
  (forall i : int, 0 <= i ->
     norm (L_s i *m W *m invmx (L_s i)) <= (i%:~R + 1)^-1 + diagonal_scaling_norm W) ->
  (forall i : int, is_diag_mx (L_s i)) ->
  (forall i : int, L_s i \in unitmx) ->
  scaled_numerical_radius W <= diagonal_scaling_norm W.
Proof.
move=> _ n_gt0 is_w is_s is_omega _ _ _; apply: (le_scaled_norm is_s) => L diagL unitL.
apply: le_trans (iInf_numerical_radius_conj_le W n_gt0 is_w is_omega diagL unitL) _.
exact: numerical_radius_le_norm.
Qed.

(** s(W) <= ||W||: the identity is a scaling. *)
Theorem theorem_hierarchy_scaled_norm_below_norm (R : rcfType) (n : nat)
    (diagonal_scaling_norm : 'M[R]_n -> R) (W : 'M[R]_n) :
  (0 < n)%N ->
  is_diagonal_scaling_norm diagonal_scaling_norm ->
  diagonal_scaling_norm W <= norm W.
Proof.
move=> n_gt0 is_s.
have := iInf_norm_conj_le W n_gt0 is_s (scalar_mx_is_diag _ 1) (unitmx1 _ _).
by rewrite mul1mx invmx1 mulmx1.
Qed.

(** s(W) <= rho(|W|), by Perron vectors. *)
Theorem theorem_hierarchy_scaled_norm_below_perron_radius (R : rcfType) (n : nat)
    (diagonal_scaling_norm : 'M[R]_n -> R) (L_a : int -> 'M[R]_n) (W : 'M[R]_n) :
  archimedean R ->
  (0 < n)%N ->
  is_diagonal_scaling_norm diagonal_scaling_norm ->
  (forall i : int, 0 <= i ->
     norm (L_a i *m absolute W *m invmx (L_a i)) <= (i%:~R + 1)^-1 + diagonal_scaling_norm (absolute W)) ->
  (forall i : int, is_diag_mx (L_a i)) ->
  (forall i : int, L_a i \in unitmx) ->
  (forall i : int, absolute (L_a i *m W *m invmx (L_a i)) = L_a i *m absolute W *m invmx (L_a i)) ->
  diagonal_scaling_norm W <= perron_radius W.
Proof.
move=> _ n_gt0 is_s _ _ _ _; case: leP => // radius_lt.
have [t_gt t_lt] := midf_lt radius_lt.
have [L [diagL unitL norm_le_t]] := perron_scaling t_gt.
have := le_trans (iInf_norm_conj_le W n_gt0 is_s diagL unitL) norm_le_t.
by rewrite leNgt t_lt.
Qed.

(** rho(|W|) <= ||W||_inf. *)
Theorem theorem_hierarchy_perron_radius_below_row_sum_norm (R : rcfType) (n : nat) (W : 'M[R]_n) :
  (0 < n)%N ->
  perron_radius W <= row_sum_norm W.
Proof.
move=> n_gt0; rewrite -row_sum_norm_abs.
exact: radius_le_row_sum_norm.
Qed.

(** ||W||_inf <= n max |w_ij|. *)
Theorem theorem_hierarchy_row_sum_norm_below_largest_weight (R : rcfType) (n : nat) (W : 'M[R]_n) :
  (0 < n)%N ->
  row_sum_norm W <= n%:R * max_abs W.
Proof.
exact: row_sum_norm_le_n_max_abs.
Qed.

(** ||W||/2 <= w(W): W is the sum of a symmetric and a skew part. *)
Theorem theorem_hierarchy_half_norm_below_numerical_radius (R : rcfType) (n : nat)
    (numerical_radius : 'M[R]_n -> R) (W : 'M[R]_n) :
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  norm W / 2%:R <= numerical_radius W.
Proof.
move=> n_gt0 is_w; rewrite ler_pdivr_mulr ?ltr0n // mulr_natr mulr2n.
have {1}-> : W = ((1 / 2%:R) *: W + (1 / 2%:R) *: W^T) + ((1 / 2%:R) *: W - (1 / 2%:R) *: W^T).
  by rewrite addrACA subrr addr0 -scalerDl; have -> : 1 / 2%:R + 1 / 2%:R = 1 :> R; [field | rewrite scale1r].
apply: le_trans (norm_add_le _ _) _; apply: ler_add.
  exact: norm_symmetric_part_le.
exact: norm_skew_part_le.
Qed.

(** The ends of the chain, rho(W) <= n max |w_ij|, for which row sums are enough; each link is a theorem
    above. *)
Theorem theorem_hierarchy (R : rcfType) (n : nat)
    (numerical_radius diagonal_scaling_norm scaled_numerical_radius : 'M[R]_n -> R)
    (largest_masked_product : 'M[R]_n -> int -> R) (S_ : int -> 'M[R]_n) (W : 'M[R]_n)
    (L_omega L_s L_a : int -> 'M[R]_n) :
  archimedean R ->
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  is_diagonal_scaling_norm diagonal_scaling_norm ->
  is_scaled_numerical_radius numerical_radius scaled_numerical_radius ->
  is_largest_masked_product largest_masked_product ->
  (forall i : int, unit_interval (S_ i)) ->
  (forall j : int, 1 <= j ->
     largest_masked_product W j = norm (chain (fun l => S_ l *m W) (j ^+ 2 + 1) (j + j ^+ 2))) ->
  (forall i : int, 0 <= i ->
     numerical_radius (L_omega i *m W *m invmx (L_omega i)) <= (i%:~R + 1)^-1 + scaled_numerical_radius W) ->
  (forall i : int, is_diag_mx (L_omega i)) ->
  (forall i : int, L_omega i \in unitmx) ->
  (forall i : int, 0 <= i ->
     norm (L_s i *m W *m invmx (L_s i)) <= (i%:~R + 1)^-1 + diagonal_scaling_norm W) ->
  (forall i : int, is_diag_mx (L_s i)) ->
  (forall i : int, L_s i \in unitmx) ->
  (forall i : int, 0 <= i ->
     norm (L_a i *m absolute W *m invmx (L_a i)) <= (i%:~R + 1)^-1 + diagonal_scaling_norm (absolute W)) ->
  (forall i : int, is_diag_mx (L_a i)) ->
  (forall i : int, L_a i \in unitmx) ->
  (forall i : int, absolute (L_a i *m W *m invmx (L_a i)) = L_a i *m absolute W *m invmx (L_a i)) ->
  radius W <= n%:R * max_abs W.
Proof.
move=> _ n_gt0 _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _.
apply: le_trans (radius_le_row_sum_norm W n_gt0) _.
exact: row_sum_norm_le_n_max_abs.
Qed.
