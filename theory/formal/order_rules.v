(** Numbers of a matrix that are suprema and infima: what their definitions give.

    For each of them the numbers in question exist and have a bound, so that the supremum or infimum is one.
    Numerical values are bounded by the norm. Half of A + A^T and half of A - A^T have norms of at most
    w(A): the first, H, by 4 u^T H v = (u+v)^T A (u+v) - (u-v)^T A (u-v), the second because u^T A v - v^T A
    u is an imaginary part. Where the joint spectral radius is below 1, some N(A, k) is below 1, and then
    the supremum of all N(A, m) is one. *)

From mathcomp Require Import all_ssreflect all_algebra ring zify.
From errorflow Require Import vocabulary spectral_norm norm_rules numerical_range masked_products.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * Growth *)

Section Growth.
Variable R : rcfType.

(** Bernoulli's inequality. *)
Lemma bernoulli (x : R) k : 0 <= x -> 1 + k%:R * x <= (1 + x) ^+ k.
Proof.
move=> x_ge0; elim: k => [|k IHk]; first by rewrite mul0r addr0 expr0.
have x1_ge0 : 0 <= 1 + x by rewrite addr_ge0 ?ler01.
rewrite exprS; apply: le_trans (ler_wpmul2l x1_ge0 IHk).
rewrite -subr_ge0 mulrSr.
have -> : (1 + x) * (1 + k%:R * x) - (1 + (k%:R + 1) * x) = k%:R * x ^+ 2 by ring.
by rewrite mulr_ge0 ?ler0n ?sqr_ge0.
Qed.

(** Some multiple of a positive number exceeds e. *)
Lemma archimedean_bound (e d : R) : archimedean R -> 0 < d -> exists k : nat, e < k.+1%:R * d.
Proof.
move=> arch d_gt0; have [k e_le] := arch (e / d); exists k.
rewrite ler_pdivr_mulr // in e_le; apply: le_lt_trans e_le _.
by rewrite ltr_pmul2r // ltr_nat.
Qed.

End Growth.

(** * The numerical radius and the norm *)

(** A bound of a bilinear form is one of the norm. *)
Lemma norm_le_bilinear (R : rcfType) (n : nat) (A : 'M[R]_n) (c : R) : 0 <= c ->
  (forall u v : 'cV[R]_n, 2%:R * number (u^T *m A *m v) <= c * (square u + square v)) -> norm A <= c.
Proof.
move=> c_ge0 bilinear; apply: norm_le => // v.
have [/eqP|v_neq0] := eqVneq (length v) 0.
  by rewrite length_eq0 => /eqP->; rewrite mulmx0 /length squareE big1 ?sqrtr0 ?mulr0 // => i _;
    rewrite mxE expr0n.
have [->|Av_neq0] := eqVneq (length (A *m v)) 0; first by rewrite mulr_ge0 ?length_ge0.
have v_gt0 : 0 < length v by rewrite lt_def v_neq0 length_ge0.
have := bilinear ((length v / length (A *m v)) *: (A *m v)) v.
rewrite squareZ [(_ *: _)^T]linearZ /= -!scalemxAl -mulmxA numberZ -/(square _) -!length_sqr exprMn exprVn.
rewrite divfK ?sqrf_eq0 // -mulr2n.
have -> : 2%:R * (length v / length (A *m v) * length (A *m v) ^+ 2) = 2%:R * length v * length (A *m v).
  by field.
have -> : c * (length v ^+ 2 *+ 2) = 2%:R * length v * (c * length v) by ring.
by rewrite ler_pmul2l // mulr_gt0 ?ltr0n.
Qed.

(** The real and the imaginary part of z* A z are at most |z* A z|. *)
Lemma form_re_le (R : rcfType) (n : nat) (A : 'M[R]_n) x y : `|form_re A x y| <= form_abs A x y.
Proof. by rewrite -sqrtr_sqr ler_wsqrtr // ler_addl sqr_ge0. Qed.

Lemma form_im_le (R : rcfType) (n : nat) (A : 'M[R]_n) x y : `|form_im A x y| <= form_abs A x y.
Proof. by rewrite -sqrtr_sqr ler_wsqrtr // ler_addr sqr_ge0. Qed.

(** * The rules *)

(** w(A) <= ||A||. *)
Theorem numerical_radius_le_norm (R : rcfType) (n : nat) (numerical_radius : 'M[R]_n -> R) (A : 'M[R]_n) :
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  numerical_radius A <= norm A.
Proof.
move=> n_gt0 is_w; have [_ least] := numerical_radiusP n_gt0 is_w A.
by apply: least => x y xy1; apply: form_abs_le_norm.
Qed.

(** Where c^m <= e d^m for every m >= 1, c <= d. *)
Theorem le_of_forall_pow_le_mul_pow (R : rcfType) (d c e : R) :
  archimedean R ->
  0 <= d ->
  (forall m' : int, 1 <= m' -> c ^ m' <= e * d ^ m') ->
  c <= d.
Proof.
move=> arch d_ge0 growth; case: (leP c d) => // d_lt.
move: d_ge0; rewrite le_eqVlt => /orP[/eqP d0|d_gt0].
  by have := growth 1 isT; rewrite -d0 !expr1z mulr0 => /(lt_le_trans d_lt); rewrite -d0 ltxx.
pose x := c / d - 1; have x_gt0 : 0 < x by rewrite subr_gt0 ltr_pdivl_mulr // mul1r.
have [k e_lt] := archimedean_bound e arch x_gt0.
have cE : c = (1 + x) * d by rewrite addrC subrK divfK // gt_eqF.
have := growth k.+1 isT; rewrite -!exprnP cE exprMn ler_pmul2r ?exprn_gt0 // => /(le_trans (bernoulli _
  (ltW x_gt0))).
by rewrite leNgt (lt_trans e_lt) // ltr_addr ltr01.
Qed.

(** Where c <= d + e/(m+1) for every m >= 0, c <= d. *)
Theorem le_of_forall_le_add_div (R : rcfType) (c d e : R) :
  archimedean R ->
  (forall m' : int, 0 <= m' -> c <= d + e / (m'%:~R + 1)) ->
  c <= d.
Proof.
move=> arch excess; case: (leP c d) => // d_lt; rewrite -subr_gt0 in d_lt.
have [k e_lt] := archimedean_bound e arch d_lt.
have k_gt0 : 0 < k.+1%:R :> R by rewrite ltr0n.
have := excess k isT; rewrite -pmulrn -mulrSr -ler_subl_addl ler_pdivl_mulr // mulrC.
by rewrite leNgt e_lt.
Qed.

(** s(A) <= ||L A L^-1||. *)
Theorem iInf_norm_conj_le (R : rcfType) (n : nat) (diagonal_scaling_norm : 'M[R]_n -> R) (L A : 'M[R]_n) :
  (0 < n)%N ->
  is_diagonal_scaling_norm diagonal_scaling_norm ->
  is_diag_mx L ->
  L \in unitmx ->
  diagonal_scaling_norm A <= norm (L *m A *m invmx L).
Proof.
move=> n_gt0 is_s diagL unitL; have [||lower _] := @is_s A.
- by exists (norm (L *m A *m invmx L)), L.
- by exists 0 => _ [M [_ _ ->]]; apply: norm_ge0.
by apply: lower; exists L.
Qed.

(** omega(A) <= w(L A L^-1). *)
Theorem iInf_numerical_radius_conj_le (R : rcfType) (n : nat)
    (numerical_radius scaled_numerical_radius : 'M[R]_n -> R) (L A : 'M[R]_n) :
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  is_scaled_numerical_radius numerical_radius scaled_numerical_radius ->
  is_diag_mx L ->
  L \in unitmx ->
  scaled_numerical_radius A <= numerical_radius (L *m A *m invmx L).
Proof.
move=> n_gt0 is_w is_omega diagL unitL; have [||lower _] := @is_omega A.
- by exists (numerical_radius (L *m A *m invmx L)), L.
- by exists 0 => _ [M [_ _ ->]]; apply: numerical_radius_ge0.
by apply: lower; exists L.
Qed.

(** ||(A + A^T)/2|| <= w(A). *)
Theorem norm_symmetric_part_le (R : rcfType) (n : nat) (numerical_radius : 'M[R]_n -> R) (A : 'M[R]_n) :
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  norm ((1 / 2%:R) *: A + (1 / 2%:R) *: A^T) <= numerical_radius A.
Proof.
move=> n_gt0 is_w; apply: norm_le_bilinear => [|u v]; first exact: numerical_radius_ge0.
have square0 : square (0 : 'cV[R]_n) = 0 by apply/eqP; rewrite square_eq0.
have real_le x : `|number (x^T *m A *m x)| <= numerical_radius A * square x.
  have := le_trans (form_re_le A x 0) (form_abs_le n_gt0 is_w A x 0).
  by rewrite square0 addr0 /form_re mulmx0 /number [X in _ + X]mxE addr0.
have transpose : number (u^T *m A^T *m v) = number (v^T *m A *m u).
  by rewrite -mulmxA number_sym trmx_mul trmxK.
have -> : 2%:R * number (u^T *m ((1 / 2%:R) *: A + (1 / 2%:R) *: A^T) *m v)
          = (number ((u + v)^T *m A *m (u + v)) - number ((u - v)^T *m A *m (u - v))) / 2%:R.
  rewrite [(u + v)^T]linearD [(u - v)^T]linearB /= !(mulmxBr, mulmxBl, mulmxDr, mulmxDl).
  rewrite -!scalemxAr -!scalemxAl !(numberB, numberD, numberZ) transpose.
  move: (number (u^T *m A *m u)) (number (u^T *m A *m v)) (number (v^T *m A *m u)) (number (v^T *m A *m v)).
  by move=> p q s t; field.
rewrite ler_pdivr_mulr ?ltr0n //.
apply: le_trans (_ : numerical_radius A * square (u + v) + numerical_radius A * square (u - v) <= _).
  by apply: ler_add; apply: le_trans (ler_norm _) _; rewrite ?normrN real_le.
by rewrite squareD squareB le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

(** ||(A - A^T)/2|| <= w(A). *)
Theorem norm_skew_part_le (R : rcfType) (n : nat) (numerical_radius : 'M[R]_n -> R) (A : 'M[R]_n) :
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  norm ((1 / 2%:R) *: A - (1 / 2%:R) *: A^T) <= numerical_radius A.
Proof.
move=> n_gt0 is_w; apply: norm_le_bilinear => [|u v]; first exact: numerical_radius_ge0.
have transpose : number (u^T *m A^T *m v) = number (v^T *m A *m u).
  by rewrite -mulmxA number_sym trmx_mul trmxK.
have -> : 2%:R * number (u^T *m ((1 / 2%:R) *: A - (1 / 2%:R) *: A^T) *m v) = form_im A u v.
  rewrite mulmxBr mulmxBl -!scalemxAr -!scalemxAl numberB !numberZ transpose /form_im.
  by move: (number (u^T *m A *m v)) (number (v^T *m A *m u)) => p q; field.
apply: le_trans (ler_norm _) _; apply: le_trans (form_im_le _ _ _) _.
exact: form_abs_le.
Qed.

(** A product of masked factors is at most the largest one with as many factors. *)
Theorem norm_masked_prod_le (R : rcfType) (n : nat) (largest_masked_product : 'M[R]_n -> int -> R)
    (D : int -> 'M[R]_n) (A : 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  is_largest_masked_product largest_masked_product ->
  (forall i : int, unit_interval (D i)) ->
  a <= b ->
  norm (chain (fun i => D i *m A) a b) <= largest_masked_product A (b - a + 1).
Proof.
move=> n_gt0 is_N unitD a_le; rewrite /chain /steps.
have [k ->] : exists k : nat, b - a + 1 = k%:Z by exists (absz (b - a + 1)%R); lia.
by have [upper _] := largest_masked n_gt0 is_N A k; apply: upper.
Qed.

(** jsr^k <= N(A, k). *)
Theorem joint_radius_pow_le (R : rcfType) (n : nat) (largest_masked_product : 'M[R]_n -> int -> R)
    (joint_spectral_radius : 'M[R]_n -> R) (A : 'M[R]_n) (b : int) :
  (0 < n)%N ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  1 <= b ->
  (joint_spectral_radius A) ^ b <= largest_masked_product A b.
Proof.
move=> n_gt0 is_N is_jsr; case: b => // -[|k] // _.
exact: joint_radius_exp_le.
Qed.

(** The joint spectral radius is the largest number of which this holds. *)
Theorem le_joint_radius (R : rcfType) (n : nat) (largest_masked_product : 'M[R]_n -> int -> R)
    (joint_spectral_radius : 'M[R]_n -> R) (A : 'M[R]_n) (c : R) :
  (0 < n)%N ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  (forall m' : int, 1 <= m' -> c ^ m' <= largest_masked_product A m') ->
  c <= joint_spectral_radius A.
Proof.
move=> n_gt0 is_N is_jsr c_le; have [c_ge0|c_lt0] := leP 0 c; last first.
  exact: le_trans (ltW c_lt0) (joint_radius_ge0 is_jsr A).
have [upper _] := joint_radiusP n_gt0 is_N is_jsr A; apply: upper => // k.
exact: c_le k.+1 isT.
Qed.

(** If c jsr(A) < d, then (c/d) A has a joint spectral radius below 1. *)
Theorem joint_radius_smul_lt_one (R : rcfType) (n : nat) (largest_masked_product : 'M[R]_n -> int -> R)
    (joint_spectral_radius : 'M[R]_n -> R) (A : 'M[R]_n) (c d : R) :
  (0 < n)%N ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  0 <= c ->
  c * joint_spectral_radius A < d ->
  joint_spectral_radius ((c / d) *: A) < 1.
Proof.
move=> n_gt0 is_N is_jsr c_ge0 cd_lt.
have jsr_ge0 := joint_radius_ge0 is_jsr A.
have d_gt0 : 0 < d by apply: le_lt_trans cd_lt; apply: mulr_ge0.
have cd_ge0 : 0 <= c / d by apply: divr_ge0 => //; apply: ltW.
apply: le_lt_trans (_ : c / d * joint_spectral_radius A < 1); last by rewrite mulrAC ltr_pdivr_mulr // mul1r.
have [_ least] := joint_radiusP n_gt0 is_N is_jsr ((c / d) *: A); apply: least => e e_ge0 e_le.
have scaled_le k := largest_masked_smul n_gt0 is_N A k cd_ge0.
have [cd0|cd_neq0] := eqVneq (c / d) 0.
  by rewrite cd0 mul0r -[e]expr1; apply: le_trans (e_le 0%N) (le_trans (scaled_le 1%N) _); rewrite cd0 mul0r.
have cd_gt0 : 0 < c / d by rewrite lt_def cd_neq0.
have [upper _] := joint_radiusP n_gt0 is_N is_jsr A.
rewrite -ler_pdivr_mull //; apply: upper => [|k]; first by rewrite mulr_ge0 ?invr_ge0 // ltW.
rewrite exprMn exprVn ler_pdivr_mull ?exprn_gt0 //; exact: le_trans (e_le k) (scaled_le k.+1).
Qed.

(** If jsr(A) < 1, every product of masked factors is at most the supremum of all. *)
Theorem norm_masked_prod_le_iSup (R : rcfType) (n : nat) (largest_masked_product : 'M[R]_n -> int -> R)
    (joint_spectral_radius masked_supremum : 'M[R]_n -> R) (D : int -> 'M[R]_n) (A : 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  is_largest_masked_product largest_masked_product ->
  is_joint_spectral_radius largest_masked_product joint_spectral_radius ->
  is_masked_supremum largest_masked_product masked_supremum ->
  (forall i : int, unit_interval (D i)) ->
  a <= b + 1 ->
  joint_spectral_radius A < 1 ->
  norm (chain (fun i => D i *m A) a b) <= masked_supremum A.
Proof.
move=> n_gt0 is_N is_jsr is_M unitD a_le jsr_lt1; rewrite /chain /steps.
have [m ->] : exists m : nat, b - a + 1 = m%:Z by exists (absz (b - a + 1)%R); lia.
have [upper _] := largest_masked n_gt0 is_N A m; case: leP => // M_lt.
have N_gt1 k : 1 <= largest_masked_product A k.+1.
  case: leP => // N_lt1; have [||all_le _] := @is_M A.
  - by exists (largest_masked_product A 0), 0.
  - exists ((1 + norm A) ^+ k.+1) => _ [[l|l] [// _ ->]].
    exact: largest_masked_bounded (ltW N_lt1).
  move: M_lt; rewrite ltNge (le_trans (upper D a unitD)) //.
  by apply: all_le; exists m.
have [one_le _] := joint_radiusP n_gt0 is_N is_jsr A.
by move: jsr_lt1; rewrite ltNge one_le // => k; rewrite expr1n.
Qed.
