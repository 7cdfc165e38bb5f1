(** The powers of a matrix grow as the powers of its spectral radius, up to any larger rate.

    The spectral radius is at most the norm. The radius of A^k is the k-th power of the radius of A, that of
    c A is |c| times the radius of A. Where the radius is smaller than r, the norms ||A^k|| are at most b r^k
    for some b.

    The last needs no normal form. By the theorem of Cayley and Hamilton, the product of the A - z over the
    eigenvalues z is zero. Where C = (A - z) B, A^(k+1) B = z A^k B + A^k C; so if |z| < 1 and the norms
    ||A^k C|| are bounded, so are the norms ||A^k B||. From B = 0 back to B = I, one eigenvalue after the
    other. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf ring.
From errorflow Require Import vocabulary spectral_norm spectral_radius norm_rules.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * Powers *)

Section Powers.
Variable R : ringType.

(** A^k. *)
Definition power n (A : 'M[R]_n) (k : nat) : 'M[R]_n := iter k (mulmx A) 1%:M.

Lemma powerS n (A : 'M[R]_n) k : power A k.+1 = A *m power A k.
Proof. by []. Qed.

Lemma powerD n (A : 'M[R]_n) j k : power A (j + k) = power A j *m power A k.
Proof. by elim: j => [|j IHj]; rewrite ?mul1mx // addSn !powerS IHj mulmxA. Qed.

Lemma powerSr n (A : 'M[R]_n) k : power A k.+1 = power A k *m A.
Proof. by rewrite -addn1 powerD /= mulmx1. Qed.

Lemma powerM n (A : 'M[R]_n) j k : power A (j * k) = power (power A j) k.
Proof. by elim: k => [|k IHk]; rewrite ?muln0 // mulnS powerD IHk. Qed.

Lemma power_ring n (A : 'M[R]_n.+1) k : power A k = A ^+ k.
Proof. by elim: k => [|k IHk]; rewrite ?expr0 // powerS IHk exprS. Qed.

(** A product of k factors A is the power. *)
Lemma factors_const n (A : 'M[R]_n) a k : factors (fun=> A) a k = power A k.
Proof. by elim: k => //= k ->. Qed.

Lemma chain_power n (A : 'M[R]_n) a b : chain (fun=> A) a b = power A (steps a b).
Proof. exact: factors_const. Qed.

Lemma chain1 n (A : 'M[R]_n) (k : nat) : chain (fun=> A) 1 k = power A k.
Proof. by rewrite chain_power /steps subrK. Qed.

Lemma chain1_abs n (A : 'M[R]_n) (k : int) : 0 <= k -> chain (fun=> A) 1 k = power A `|k|%N.
Proof. by case: k => // k _; apply: chain1. Qed.

End Powers.

Lemma powerZ (R : comRingType) n (c : R) (A : 'M[R]_n) k : power (c *: A) k = c ^+ k *: power A k.
Proof.
elim: k => [|k IHk]; first by rewrite scale1r.
by rewrite !powerS IHk -scalemxAl -scalemxAr scalerA exprS.
Qed.

Lemma map_power (R S : ringType) (f : {rmorphism R -> S}) n (A : 'M[R]_n) k :
  map_mx f (power A k) = power (map_mx f A) k.
Proof. by elim: k => [|k IHk]; rewrite ?map_mx1 // !powerS map_mxM IHk. Qed.

(** * The norm is definite, and the modulus is the absolute value *)

Section Norms.
Variable R : rcfType.

Lemma norm_definite m n (A : 'M[R]_(m, n)) : (norm A == 0) = (A == 0).
Proof.
apply/eqP/eqP => [norm0|->].
  apply/matrixP => i j; rewrite [RHS]mxE.
  suff /colP/(_ i) : col j A = 0 by rewrite !mxE.
  apply/eqP; rewrite -length_eq0 eq_le length_ge0 andbT colE.
  by apply: le_trans (length_mul_le _ _) _; rewrite norm0 mul0r.
apply/eqP; rewrite eq_le norm_ge0 andbT; apply: norm_le => // x.
have /eqP length0 : length (0 : 'cV[R]_m) == 0 by rewrite length_eq0.
by rewrite mul0mx length0 mul0r.
Qed.

Lemma complex_norm_definite m n (A : 'M[R[i]]_(m, n)) : (complex_norm A == 0) = (A == 0).
Proof.
rewrite [LHS]norm_definite; apply/eqP/eqP => [|->].
  rewrite -[0](@block_mx0 R m m n n) => /eq_block_mx[/matrixP re0 _ /matrixP im0 _].
  apply/matrixP => i j; have := re0 i j; have := im0 i j; rewrite !mxE.
  by case: (A i j) => x y /= -> ->.
by rewrite /as_real !map_mx0 oppr0 block_mx0.
Qed.

Lemma modulus_of_real (x : R) : modulus (real_complex R x) = `|x|.
Proof. by rewrite /modulus /= expr0n addr0 sqrtr_sqr. Qed.

Lemma modulus1 : modulus (1 : R[i]) = 1.
Proof. by rewrite (modulus_of_real 1) normr1. Qed.

End Norms.

(** * The spectral radius *)

Section Radius.
Variable R : rcfType.

(** A bound of the modulus of each eigenvalue bounds the radius. *)
Lemma complex_radius_le n (A : 'M[R[i]]_n) c :
  0 <= c -> (forall z, eigenvalue A z -> modulus z <= c) -> complex_radius A <= c.
Proof.
by move=> c_ge0 le_c; apply: largest_le => // z; rewrite mem_eigenvalues; apply: le_c.
Qed.

(** Without rows, the radius is zero. *)
Lemma complex_radius_empty (A : 'M[R[i]]_0) : complex_radius A = 0.
Proof.
apply/eqP; rewrite eq_le complex_radius_ge0 andbT; apply: complex_radius_le => // z.
by move=> /eigenvalueP_column[v _]; rewrite flatmx0 eqxx.
Qed.

(** rho(A) <= ||A||. *)
Lemma complex_radius_le_norm n (A : 'M[R[i]]_n) : complex_radius A <= complex_norm A.
Proof.
apply: complex_radius_le => [|z /eigenvalueP_column[v Av v_neq0]]; first exact: norm_nonneg_complex.
have v_gt0 : 0 < complex_norm v by rewrite lt_neqAle eq_sym complex_norm_definite v_neq0 norm_nonneg_complex.
by rewrite -(ler_pmul2r v_gt0) -complex_norm_scale -Av norm_mul_le_complex.
Qed.

(** rho(c A) = |c| rho(A). *)
Lemma complex_radiusZ n (c : R[i]) (A : 'M[R[i]]_n) : complex_radius (c *: A) = modulus c * complex_radius A.
Proof.
case: n A => [|n] A; first by rewrite !complex_radius_empty mulr0.
have ge_scale (z : R[i]) (B : 'M_n.+1) : modulus z * complex_radius B <= complex_radius (z *: B).
  have [w /eigenvalueP_column[v Bv v_neq0] <-] := radius_attained B (ltn0Sn n).
  rewrite -modulusM; apply: modulus_le_radius; apply/eigenvalueP_column; exists v => //.
  by rewrite -scalemxAl Bv scalerA.
apply: le_anti; rewrite ge_scale andbT.
have [->|c_neq0] := eqVneq c 0.
  have modulus0 : modulus 0 = 0 :> R by apply/eqP; rewrite modulus_eq0.
  rewrite scale0r modulus0 mul0r; apply: complex_radius_le => // z /eigenvalueP_column[v].
  move/esym/eqP; rewrite mul0mx scaler_eq0 => /orP[/eqP->|/eqP->]; last by rewrite eqxx.
  by rewrite modulus0.
have modulus_gt0 : 0 < modulus c by rewrite lt_neqAle eq_sym modulus_eq0 c_neq0 modulus_ge0.
have modulusV : modulus c * modulus c^-1 = 1 by rewrite -modulusM (mulfV c_neq0) modulus1.
have := ge_scale c^-1 (c *: A); rewrite scalerA (mulVf c_neq0) scale1r.
by rewrite -(ler_pmul2l modulus_gt0) mulrA modulusV mul1r.
Qed.

Lemma radiusZ n (c : R) (A : 'M[R]_n) : radius (c *: A) = `|c| * radius A.
Proof. by rewrite /radius map_mxZ complex_radiusZ modulus_of_real. Qed.

(** rho(A / c) = rho(A) / c for positive c. *)
Lemma radius_div n (c : R) (A : 'M[R]_n) : 0 < c -> radius (c^-1 *: A) = radius A / c.
Proof. by move=> c_gt0; rewrite radiusZ gtr0_norm ?invr_gt0 // mulrC. Qed.

(** Where a product of factors A - z takes a row that is not zero to zero, some z is an eigenvalue. *)
Lemma eigenvalue_of_product n (A : 'M[R[i]]_n.+1) (s : seq R[i]) (v : 'rV_n.+1) :
  v != 0 -> v *m horner_mx A (\prod_(z <- s) ('X - z%:P)) = 0 -> exists2 z, z \in s & eigenvalue A z.
Proof.
elim: s v => [|z s IHs] v v_neq0; first by rewrite big_nil rmorph1 mulmx1 => /eqP; rewrite (negPf v_neq0).
rewrite big_cons rmorphM rmorphB /= horner_mx_X horner_mx_C mulmxA.
have [v_eq _|v'_neq0 /IHs[]//] := eqVneq (v *m (A - z%:M)) 0; last first.
  by move=> w w_s w_eigenvalue; exists w; rewrite // inE w_s orbT.
exists z; first exact: mem_head.
by apply/eigenvalueP; exists v => //; apply/eqP; rewrite -subr_eq0 -mul_mx_scalar -mulmxBr v_eq.
Qed.

(** rho(A^k) = rho(A)^k. *)
Lemma complex_radius_power n (A : 'M[R[i]]_n) k :
  (0 < n)%N -> complex_radius (power A k) = complex_radius A ^+ k.
Proof.
case: n A => [//|n] A _; case: k => [|k].
  have [z /eigenvalueP_column[v v_eq v_neq0] <-] := radius_attained (power A 0) (ltn0Sn n).
  move/eqP: v_eq; rewrite mul1mx -subr_eq0 -{1}[v]scale1r -scalerBl scaler_eq0 (negPf v_neq0) orbF.
  by rewrite subr_eq0 => /eqP<-; rewrite modulus1.
apply: le_anti; apply/andP; split.
  have [z /eigenvalueP[v v_eq v_neq0] <-] := radius_attained (power A k.+1) (ltn0Sn n).
  have [s] := closed_field_poly_normal ('X^k.+1 - z%:P).
  rewrite lead_coefDl ?lead_coefXn ?scale1r => [factored|]; last first.
    by rewrite size_opp size_polyC size_polyXn; case: eqP.
  have [w w_s w_eigenvalue] : exists2 w, w \in s & eigenvalue A w.
    apply: (eigenvalue_of_product v_neq0); rewrite -factored rmorphB rmorphX /= horner_mx_X horner_mx_C.
    by rewrite mulmxBr -power_ring v_eq mul_mx_scalar subrr.
  have /eqP <- : w ^+ k.+1 == z.
    by rewrite -subr_eq0 -[z](hornerC z w) -hornerXn -hornerN -hornerD -rootE factored root_prod_XsubC.
  by rewrite modulusX ler_expn2r ?nnegrE ?modulus_ge0 ?complex_radius_ge0 ?modulus_le_radius.
have [z /eigenvalueP_column[v v_eq v_neq0] <-] := radius_attained A (ltn0Sn n).
rewrite -modulusX; apply: modulus_le_radius; apply/eigenvalueP_column; exists v => //.
elim: k.+1 => [|j IHj]; first by rewrite mul1mx scale1r.
by rewrite powerS -mulmxA IHj -scalemxAr v_eq scalerA -exprSr.
Qed.

(** The same for real matrices. *)
Lemma radius_power n (A : 'M[R]_n) k : (0 < n)%N -> radius (power A k) = radius A ^+ k.
Proof. by move=> n_gt0; rewrite /radius map_power complex_radius_power. Qed.

(** rho(A)^k <= ||A^k||. *)
Lemma radius_exp_le_norm_power n (A : 'M[R]_n) k : (0 < n)%N -> radius A ^+ k <= norm (power A k).
Proof. by move=> n_gt0; rewrite -radius_power // -complex_norm_real complex_radius_le_norm. Qed.

End Radius.

(** * Bounded powers *)

Section Bounded.
Variable R : rcfType.

(** u(k+1) <= a u(k) + b with 0 <= a < 1 keeps u bounded. *)
Lemma bounded_recursion (u : nat -> R) (a b : R) :
  0 <= a -> a < 1 -> 0 <= b -> (forall k, u k.+1 <= a * u k + b) -> exists c, forall k, u k <= c.
Proof.
move=> a_ge0 a_lt1 b_ge0 u_le; have gap_gt0 : 0 < 1 - a by rewrite subr_gt0.
exists (`|u 0%N| + b / (1 - a)); elim=> [|k IHk].
  by rewrite (le_trans (ler_norm _)) // ler_addl divr_ge0 // ltW.
apply: le_trans (u_le k) _; apply: le_trans (ler_add (ler_wpmul2l a_ge0 IHk) (lexx b)) _.
rewrite -subr_ge0.
have -> : `|u 0%N| + b / (1 - a) - (a * (`|u 0%N| + b / (1 - a)) + b) = (1 - a) * `|u 0%N|.
  by field; rewrite lt0r_neq0.
by rewrite mulr_ge0 // ltW.
Qed.

(** Where a product of factors A - z with |z| < 1 takes B to zero, the norms ||A^k B|| are bounded. *)
Lemma bounded_orbit n (A B : 'M[R[i]]_n.+1) (s : seq R[i]) :
  {in s, forall z, modulus z < 1} -> horner_mx A (\prod_(z <- s) ('X - z%:P)) * B = 0 ->
  exists b, forall k, complex_norm (power A k *m B) <= b.
Proof.
elim: s B => [|z s IHs] B s_lt1.
  rewrite big_nil rmorph1 mul1r => ->; exists 0 => k.
  by rewrite mulmx0 le_eqVlt complex_norm_definite eqxx.
rewrite big_cons mulrC rmorphM -mulrA => product0.
have [|b le_b] := IHs _ _ product0; first by move=> w w_s; apply: s_lt1; rewrite inE w_s orbT.
apply: (@bounded_recursion _ (modulus z) b); first exact: modulus_ge0.
- by apply: s_lt1; rewrite mem_head.
- exact: le_trans (norm_nonneg_complex _) (le_b 0%N).
move=> k; rewrite powerSr -mulmxA.
have -> : A *m B = z *: B + horner_mx A ('X - z%:P) * B.
  by rewrite rmorphB /= horner_mx_X horner_mx_C mulrBl [_%:M * B]mul_scalar_mx addrC subrK.
rewrite mulmxDr -scalemxAr; apply: le_trans (norm_add_le_complex _ _) _.
by rewrite complex_norm_scale ler_add2l le_b.
Qed.

(** rho(A) < 1 makes the norms of the powers bounded. *)
Lemma complex_bounded_powers n (A : 'M[R[i]]_n) :
  complex_radius A < 1 -> exists b, forall k, complex_norm (power A k) <= b.
Proof.
case: n A => [|n] A A_lt1.
  by exists (complex_norm (1%:M : 'M[R[i]]_0)) => k; rewrite [power A k]flatmx0 [1%:M]flatmx0.
have [z||b le_b] := @bounded_orbit n A 1 (eigenvalues A).
- by rewrite mem_eigenvalues => /modulus_le_radius z_le; apply: le_lt_trans A_lt1.
- by rewrite -char_poly_eigenvalues Cayley_Hamilton mul0r.
by exists b => k; rewrite -[power A k]mulmx1.
Qed.

(** The same for real matrices. *)
Lemma bounded_powers n (A : 'M[R]_n) : radius A < 1 -> exists b, forall k, norm (power A k) <= b.
Proof.
move=> /complex_bounded_powers[b le_b]; exists b => k.
by rewrite -complex_norm_real map_power.
Qed.

(** For any rate r above the radius, ||A^k|| <= b r^k. *)
Lemma complex_power_rate n (A : 'M[R[i]]_n) (r : R) :
  complex_radius A < r -> exists b, forall k, complex_norm (power A k) <= b * r ^+ k.
Proof.
move=> radius_lt; have r_gt0 : 0 < r by apply: le_lt_trans radius_lt; apply: complex_radius_ge0.
pose c := real_complex R r^-1; have c_mod : modulus c = r^-1 by rewrite modulus_of_real gtr0_norm ?invr_gt0.
have [|b le_b] := @complex_bounded_powers n (c *: A).
  by rewrite complex_radiusZ c_mod mulrC ltr_pdivr_mulr // mul1r.
exists b => k; have := le_b k.
by rewrite powerZ complex_norm_scale modulusX c_mod exprVn mulrC ler_pdivr_mulr ?exprn_gt0.
Qed.

(** The same for real matrices. *)
Lemma power_rate n (A : 'M[R]_n) (r : R) :
  radius A < r -> exists b, forall k, norm (power A k) <= b * r ^+ k.
Proof.
move=> /complex_power_rate[b le_b]; exists b => k.
by rewrite -complex_norm_real map_power.
Qed.

End Bounded.
