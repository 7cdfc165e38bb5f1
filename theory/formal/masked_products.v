(** Products of masked factors D A: their largest norms N(A, k) and the joint spectral radius.

    Masks have norms of at most 1, so that a product of k masked factors is bounded by ||A||^k, and N(A, j +
    k) is at most N(A, j) N(A, k). The joint spectral radius is the largest c >= 0 with c^k <= N(A, k) for
    all k >= 1: the supremum is one of these numbers, since a power is continuous. If N(A, k) <= 1 for some
    k >= 1, all N(A, m) have a common bound. *)

From mathcomp Require Import all_ssreflect all_algebra polyrcf ring zify.
From errorflow Require Import vocabulary spectral_norm norm_rules.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Masked.
Variables (R : rcfType) (n : nat).
Implicit Types (A : 'M[R]_n) (D : int -> 'M[R]_n).

(** A product of k masked factors, from step a on. *)
Definition masked D A a k : 'M[R]_n := factors (fun i => D i *m A) a k.

Lemma masked_shift D A a k : masked D A a k = masked (fun i => D (i + (a - 1))) A 1 k.
Proof.
rewrite /masked; elim: k => //= k ->; congr (D _ *m _ *m _).
by ring.
Qed.

(** Two products make one of all their factors. *)
Lemma masked_add D A a j k : masked D A a (j + k) = masked D A (a + j%:Z) k *m masked D A a j.
Proof.
rewrite /masked; elim: k => [|k IHk]; first by rewrite addn0 mul1mx.
by rewrite addnS /= IHk PoszD addrA mulmxA.
Qed.

Lemma norm_masked_le_exp D A a k : (0 < n)%N -> (forall i, unit_interval (D i)) ->
  norm (masked D A a k) <= norm A ^+ k.
Proof.
move=> n_gt0 unitD; rewrite /masked; elim: k => [|k IHk] /=; first by rewrite norm_one.
apply: le_trans (norm_mul_le _ _) _; rewrite exprS.
apply: ler_pmul; rewrite ?norm_ge0 //; apply: le_trans (norm_mul_le _ _) _.
have [diagD _] := unitD (a + k%:Z).
by rewrite ler_pimull ?norm_ge0 // norm_diag // max_abs_mask_le_one.
Qed.

Lemma masked_smul D A c a k : masked D (c *: A) a k = c ^+ k *: masked D A a k.
Proof.
rewrite /masked; elim: k => [|k IHk] /=; first by rewrite scale1r.
by rewrite IHk -!scalemxAr -!scalemxAl scalerA mulrC -exprS.
Qed.

(** The same product in other coordinates: a diagonal matrix commutes with the masks. *)
Lemma masked_conj D (L L' W : 'M[R]_n) a k :
  is_diag_mx L -> (forall i, unit_interval (D i)) -> L' *m L = 1%:M ->
  masked D W a k = L' *m masked D (L *m W *m L') a k *m L.
Proof.
move=> diagL unitD LL'; rewrite /masked; elim: k => [|k IHk] /=; first by rewrite mulmx1.
have DL := diag_mul_comm (proj1 (unitD (a + k%:Z))) diagL.
by rewrite IHk -!mulmxA [D _ *m (L *m _)]mulmxA DL -mulmxA [L' *m (L *m _)]mulmxA LL' mul1mx.
Qed.

Lemma unit_mask : unit_interval (1%:M : 'M[R]_n).
Proof. by split=> [|i]; rewrite ?scalar_mx_is_diag // mxE eqxx ler01 lexx. Qed.

Variable N : 'M[R]_n -> int -> R.
Hypotheses (n_gt0 : (0 < n)%N) (is_N : is_largest_masked_product N).

(** N(A, k) as a supremum, with the factors at any steps. *)
Lemma largest_masked A (k : nat) :
  (forall D a, (forall i, unit_interval (D i)) -> norm (masked D A a k) <= N A k) /\
  (forall b, (forall D, (forall i, unit_interval (D i)) -> norm (masked D A 1 k) <= b) -> N A k <= b).
Proof.
have chainE D : chain (fun i => D i *m A) 1 k = masked D A 1 k by rewrite /chain /steps subrK.
have [||upper least] := @is_N A k.
- by exists (norm (masked (fun=> 1%:M) A 1 k)), (fun=> 1%:M); rewrite chainE; split=> // i; apply: unit_mask.
- by exists (norm A ^+ k) => _ [D [unitD ->]]; rewrite chainE; apply: norm_masked_le_exp.
split=> [D a unitD | b b_ge]; last by apply: least => _ [D [unitD ->]]; rewrite chainE; apply: b_ge.
by rewrite masked_shift; apply: upper; exists (fun i => D (i + (a - 1))); rewrite chainE.
Qed.

Lemma largest_masked_ge0 A (k : nat) : 0 <= N A k.
Proof.
have [upper _] := largest_masked A k.
by apply: le_trans (norm_ge0 _) (upper (fun=> 1%:M) 1 _) => i; apply: unit_mask.
Qed.

Lemma largest_masked_le_norm A (k : nat) : N A k <= norm A ^+ k.
Proof. by have [_ least] := largest_masked A k; apply: least => D unitD; apply: norm_masked_le_exp. Qed.

Lemma largest_masked_add A (j k : nat) : N A (j + k)%N <= N A k * N A j.
Proof.
have [_ least] := largest_masked A (j + k); apply: least => D unitD.
have [upper_j _] := largest_masked A j; have [upper_k _] := largest_masked A k.
rewrite masked_add; apply: le_trans (norm_mul_le _ _) _.
by apply: ler_pmul; [apply: norm_ge0 | apply: norm_ge0 | apply: upper_k | apply: upper_j].
Qed.

Lemma largest_masked_smul A c (k : nat) : 0 <= c -> N (c *: A) k <= c ^+ k * N A k.
Proof.
move=> c_ge0; have [_ least] := largest_masked (c *: A) k; apply: least => D unitD.
rewrite masked_smul norm_smul ?exprn_ge0 // ler_wpmul2l ?exprn_ge0 //.
by have [upper _] := largest_masked A k; apply: upper.
Qed.

(** Where one of the numbers is at most 1, they have a common bound. *)
Lemma largest_masked_bounded A (k m : nat) : (0 < k)%N -> N A k <= 1 -> N A m <= (1 + norm A) ^+ k.
Proof.
move=> k_gt0 N_le1; have [q] := ubnP m; elim: q m => // q IHq m m_le.
have norm1_ge1 : 1 <= 1 + norm A by rewrite ler_addl norm_ge0.
have [k_le|m_lt] := leqP k m; last first.
  apply: le_trans (largest_masked_le_norm _ _) _.
  apply: le_trans (_ : (1 + norm A) ^+ m <= _); last by rewrite ler_weexpn2l // ltnW.
  by rewrite ler_expn2r ?nnegrE ?norm_ge0 ?addr_ge0 ?ler01 ?norm_ge0 // ler_addr ler01.
have -> : m = ((m - k) + k)%N by rewrite subnK.
apply: le_trans (largest_masked_add _ _ _) _; apply: le_trans (IHq (m - k)%N _); last by lia.
by rewrite ler_pimull ?largest_masked_ge0.
Qed.

Variable jsr : 'M[R]_n -> R.
Hypothesis is_jsr : is_joint_spectral_radius N jsr.

Lemma joint_radius_ge0 A : 0 <= jsr A.
Proof. by have [] := is_jsr A. Qed.

(** jsr(A) as a supremum. *)
Lemma joint_radiusP A :
  (forall c, 0 <= c -> (forall k : nat, c ^+ k.+1 <= N A k.+1) -> c <= jsr A) /\
  (forall b, (forall c, 0 <= c -> (forall k : nat, c ^+ k.+1 <= N A k.+1) -> c <= b) -> jsr A <= b).
Proof.
have [_ [||upper least]] := is_jsr A.
- exists 0; split=> // -[[|k]|k] // _.
  by rewrite -exprnP expr0n; apply: largest_masked_ge0.
- by exists (N A 1) => c [_ c_le]; rewrite -[c]expr1z; apply: c_le.
split=> [c c_ge0 c_le | b b_ge].
  by apply: upper; split=> // -[[|k]|k] // _; apply: c_le.
by apply: least => c [c_ge0 c_le]; apply: b_ge => // k; apply: (c_le k.+1).
Qed.

(** jsr^k <= N(A, k): a smaller number would bound the others too. *)
Lemma joint_radius_exp_le A k : jsr A ^+ k.+1 <= N A k.+1.
Proof.
have [_ least] := joint_radiusP A; set c := jsr A in least *; case: leP => // N_lt.
have N_ge0 := largest_masked_ge0 A k.+1.
have c_gt0 : 0 < c.
  rewrite lt_def joint_radius_ge0 andbT; apply: contraTneq (le_lt_trans N_ge0 N_lt) => ->.
  by rewrite expr0n ltxx.
have gap_gt0 : 0 < c ^+ k.+1 - N A k.+1 by rewrite subr_gt0.
have [d d_gt0 d_near] := poly_cont c 'X^(k.+1) gap_gt0.
pose b := Num.max (c - d / 2%:R) (c / 2%:R).
have half_gt0 (x : R) : 0 < x -> 0 < x / 2%:R by move=> x_gt0; rewrite divr_gt0 ?ltr0n.
have half_lt (x : R) : 0 < x -> x / 2%:R < x.
  by move=> x_gt0; rewrite ltr_pdivr_mulr ?ltr0n // ltr_pmulr // ltr1n.
have b_lt : b < c by rewrite lt_maxl half_lt // ltr_subl_addr ltr_addl half_gt0.
have b_gt0 : 0 < b by rewrite lt_maxr half_gt0 // orbT.
have N_le_b : N A k.+1 <= b ^+ k.+1.
  have /d_near : `|b - c| < d.
    rewrite distrC gtr0_norm ?subr_gt0 // ltr_subl_addl -ltr_subl_addr.
    by rewrite lt_maxr ltr_add2l ltr_opp2 half_lt.
  rewrite !hornerXn distrC => /(le_lt_trans (ler_norm _)).
  by rewrite ltr_add2l ltr_opp2 => /ltW.
suff : c <= b by rewrite leNgt b_lt.
apply: least => e e_ge0 e_le.
by rewrite -(@ler_pexpn2r _ k.+1) ?nnegrE ?(ltW b_gt0) // (le_trans (e_le k)).
Qed.

End Masked.
