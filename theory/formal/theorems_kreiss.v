(** The lower half of the Kreiss matrix theorem: the Kreiss constant is below the largest power.

    For the resolvent Z = (z I - W)^-1 one has Z = (I + W Z) / z, and with S = sup_t ||W^t|| the bound
    |z| ||W^j Z|| <= S + ||W^(j+1) Z||. So the excess of (|z| - 1) ||W^j Z|| over S is at most 1/|z| times
    that for j + 1, and |z|^m times the excess for j = 0 is at most (|z| - 1) S ||Z||, for every m. Were it
    positive, the powers of |z| > 1 would be bounded.

    That they are not needs no archimedean field: the matrix a I with a > 1 has the powers a^m I, and had they
    a supremum s, then s / a would be a bound, too. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf ring.
From errorflow Require Import vocabulary spectral_norm spectral_radius norm_rules bounded_powers kreiss_rules.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** Where all matrices with bounded powers have a supremum of them, the powers of a > 1 are unbounded. *)
Lemma unbounded_powers (R : rcfType) (n : nat) (power_supremum : 'M[R]_n -> R) (a b : R) :
  (0 < n)%N -> is_power_supremum power_supremum -> 1 < a -> ~ (forall m : nat, a ^+ m <= b).
Proof.
move=> n_gt0 /(_ (a *: 1%:M)); set s := power_supremum _ => is_supremum a_gt1 le_b.
have a_gt0 : 0 < a by apply: lt_trans a_gt1.
have powerE m : norm (power (a *: 1%:M : 'M[R]_n) m) = a ^+ m.
  have -> : power (a *: 1%:M : 'M[R]_n) m = a ^+ m *: 1%:M.
    by rewrite powerZ; congr (_ *: _); elim: m => // m IHm; rewrite powerS IHm mulmx1.
  by rewrite norm_smul ?norm_one ?mulr1 ?exprn_ge0 ?ltW.
have [||le_s s_le] := is_supremum.
- by exists (norm (chain (fun=> a *: 1%:M : 'M[R]_n) 1 0)), 0; split; first exact: lexx.
- by exists b => _ [k [k_ge0 ->]]; rewrite chain1_abs // powerE.
have power_le m : a ^+ m <= s by apply: le_s; exists m%:Z; rewrite chain1 powerE.
have s_gt0 : 0 < s by apply: lt_le_trans (power_le 0%N); rewrite expr0 ltr01.
suff : s <= s / a by apply/negP; rewrite -ltNge ltr_pdivr_mulr // ltr_pmulr.
apply: s_le => _ [k [k_ge0 ->]]; rewrite chain1_abs // powerE ler_pdivl_mulr // -exprSr.
exact: power_le.
Qed.

(** K(W) <= sup_t ||W^t||, over every field that has these suprema. *)
Lemma kreiss_constant_le (R : rcfType) (n : nat) (power_supremum : 'M[R]_n -> R)
    (kreiss_constant : 'M[R[i]]_n -> R) (W : 'M[R]_n) :
  (0 < n)%N ->
  is_power_supremum power_supremum ->
  is_kreiss_constant kreiss_constant ->
  radius W < 1 ->
  kreiss_constant (as_complex W) <= power_supremum W.
Proof.
move=> n_gt0 is_supremum is_kreiss W_lt1; set s := power_supremum W; set A := as_complex W.
apply: kreiss_le_complex => // z Z z_gt1 resolvent.
have z_gt0 : 0 < modulus z by apply: lt_trans z_gt1.
have margin_gt0 : 0 < modulus z - 1 by rewrite subr_gt0.
have power_le j : complex_norm (power A j) <= s.
  by rewrite -map_power complex_norm_real -chain1; apply: (norm_pow_le_iSup n_gt0 is_supremum).
have s_ge0 : 0 <= s by apply: le_trans (power_le 0%N); apply: norm_nonneg_complex.
pose excess j := (modulus z - 1) * complex_norm (power A j *m Z) - s.
have next j : modulus z * complex_norm (power A j *m Z) <= s + complex_norm (power A j.+1 *m Z).
  have -> : modulus z * complex_norm (power A j *m Z) = complex_norm (power A j + power A j.+1 *m Z).
    rewrite -complex_norm_scale scalemxAr {1}(resolvent_eq_complex n_gt0 resolvent z_gt0) -scalerDr scalerA.
    rewrite divff ?scale1r; last by rewrite -modulus_eq0 gt_eqF.
    by rewrite mulmxDr mulmx1 mulmxA -powerSr addrC.
  by apply: le_trans (norm_add_le_complex _ _) _; rewrite ler_add2r.
have step_le j : modulus z * excess j <= excess j.+1.
  rewrite -subr_ge0.
  have -> : excess j.+1 - modulus z * excess j = (modulus z - 1) *
      (s + complex_norm (power A j.+1 *m Z) - modulus z * complex_norm (power A j *m Z)).
    by rewrite /excess; ring.
  by rewrite mulr_ge0 ?(ltW margin_gt0) // subr_ge0 next.
have steps_le m : modulus z ^+ m * excess 0%N <= excess m.
  elim: m => [|m IHm]; first by rewrite expr0 mul1r.
  by rewrite exprS -mulrA; apply: le_trans (step_le m); rewrite ler_wpmul2l ?(ltW z_gt0).
have far m : excess m <= (modulus z - 1) * (s * complex_norm Z).
  rewrite ler_subl_addr ler_paddr // ler_wpmul2l ?(ltW margin_gt0) //.
  by apply: le_trans (norm_mul_le_complex _ _) _; rewrite ler_wpmul2r ?norm_nonneg_complex.
suff : excess 0%N <= 0 by rewrite subr_le0 mul1mx.
rewrite leNgt; apply/negP => excess_gt0.
apply: (unbounded_powers (b := (modulus z - 1) * (s * complex_norm Z) / excess 0%N) n_gt0 is_supremum z_gt1).
by move=> m; rewrite (ler_pdivl_mulr _ _ excess_gt0); exact: le_trans (steps_le m) (far m).
Qed.

(** The same as it is typeset: the Kreiss constant of W is at most the supremum of the norms of its powers. *)
Theorem theorem_kreiss1962_lower (R : rcfType) (n : nat) (power_supremum : 'M[R]_n -> R)
    (kreiss_constant : 'M[R[i]]_n -> R) (W : 'M[R]_n) :
  archimedean R ->
  (0 < n)%N ->
  is_power_supremum power_supremum ->
  is_kreiss_constant kreiss_constant ->
  radius W < 1 ->
  kreiss_constant (as_complex W) <= power_supremum W.
Proof. by move=> _; apply: kreiss_constant_le. Qed.
