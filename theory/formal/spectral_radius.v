(** The spectral radius is the largest modulus of an eigenvalue, and some eigenvalue has it. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf ring.
From errorflow Require Import vocabulary spectral_norm.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** The largest number of a list that is not empty, none of them negative: a bound of all, and one of them. *)
Section Largest.
Variables (R : realDomainType) (T : eqType) (f : T -> R).

Lemma le_largest (s : seq T) x : x \in s -> f x <= \big[Num.max/0]_(z <- s) f z.
Proof.
elim: s => [//|y s IHs]; rewrite big_cons inE le_maxr => /orP[/eqP->|/IHs->]; last exact: orbT.
by rewrite lexx.
Qed.

Lemma largest_le (s : seq T) c :
  0 <= c -> {in s, forall x, f x <= c} -> \big[Num.max/0]_(z <- s) f z <= c.
Proof.
move=> c_ge0 f_le; rewrite big_seq; elim/big_ind: _ => // x y x_le y_le.
by rewrite le_maxl x_le.
Qed.

Lemma largest_attained (s : seq T) :
  (forall x, 0 <= f x) -> (0 < size s)%N -> exists2 x, x \in s & f x = \big[Num.max/0]_(z <- s) f z.
Proof.
move=> f_ge0; elim: s => [//|y [_ _|z s IHs _]].
  by exists y; rewrite ?mem_head // big_cons big_nil max_l.
have [x x_s f_x] := IHs isT; rewrite big_cons -f_x.
have [x_le|y_le] := leP (f x) (f y); first by exists y; rewrite ?mem_head.
by exists x; rewrite // inE x_s orbT.
Qed.

End Largest.

Section Radius.
Variable R : rcfType.

Let abs_modulus (z : R[i]) : `|z| = real_complex R (modulus z).
Proof. exact: normc_def. Qed.

Let modulus_normc (z : R[i]) : modulus z = ComplexField.Normc.normc z.
Proof. by case: z. Qed.

Lemma modulus_ge0 (z : R[i]) : 0 <= modulus z.
Proof. exact: sqrtr_ge0. Qed.

Lemma modulusM (z w : R[i]) : modulus (z * w) = modulus z * modulus w.
Proof. by rewrite !modulus_normc ComplexField.Normc.normcM. Qed.

Lemma modulusX (z : R[i]) k : modulus (z ^+ k) = modulus z ^+ k.
Proof.
elim: k => [|k IHk]; last by rewrite !exprS modulusM IHk.
by rewrite !expr0 modulus_normc ComplexField.Normc.normc1.
Qed.

Lemma modulus_add_le (z w : R[i]) : modulus (z + w) <= modulus z + modulus w.
Proof. by rewrite -lecR -abs_modulus rmorphD /= -!abs_modulus ler_norm_add. Qed.

Lemma modulus_eq0 (z : R[i]) : (modulus z == 0) = (z == 0).
Proof. by rewrite -[RHS]normr_eq0 abs_modulus fmorph_eq0. Qed.

(** The characteristic polynomial is the product of the X - z over the eigenvalues z. *)
Lemma char_poly_eigenvalues n (A : 'M[R[i]]_n) : char_poly A = \prod_(z <- eigenvalues A) ('X - z%:P).
Proof.
rewrite /eigenvalues; case: (closed_field_poly_normal _) => s /= {1}->.
by rewrite (monicP (char_poly_monic A)) scale1r.
Qed.

Lemma mem_eigenvalues n (A : 'M[R[i]]_n) z : (z \in eigenvalues A) = eigenvalue A z.
Proof. by rewrite eigenvalue_root_char char_poly_eigenvalues root_prod_XsubC. Qed.

(** Eigenvectors as columns, which the library has as rows. *)
Lemma eigenvalueP_column n (A : 'M[R[i]]_n) z :
  reflect (exists2 v : 'cV_n, A *m v = z *: v & v != 0) (eigenvalue A z).
Proof.
have column_row v : (A *m v == z *: v) = (v^T *m (z%:M - A^T) == 0).
  rewrite mulmxBr mul_mx_scalar subr_eq0 eq_sym -trmx_mul -linearZ.
  by apply/eqP/eqP => [->|/trmx_inj].
have det_row : eigenvalue A z = (\det (z%:M - A^T) == 0).
  have -> : z%:M - A^T = (z%:M - A)^T by rewrite linearB /= tr_scalar_mx.
  rewrite det_tr; apply/eigenvalueP/det0P => [[v v_eq v_neq0]|[v v_neq0 v_eq]]; exists v => //.
    by rewrite mulmxBr v_eq mul_mx_scalar subrr.
  by apply/esym/eqP; rewrite -subr_eq0 -mul_mx_scalar -mulmxBr v_eq.
rewrite det_row; apply: (iffP det0P) => [[v v_neq0 v_row]|[v v_eq v_neq0]].
  exists v^T; last by rewrite trmx_eq0.
  by apply/eqP; rewrite column_row trmxK; apply/eqP.
by exists v^T; [rewrite trmx_eq0 | apply/eqP; rewrite -column_row; apply/eqP].
Qed.

Lemma complex_radius_ge0 n (A : 'M[R[i]]_n) : 0 <= complex_radius A.
Proof.
rewrite /complex_radius; elim/big_ind: _ => // [x y x_ge0 y_ge0|z _]; last exact: modulus_ge0.
by rewrite le_maxr x_ge0.
Qed.

Lemma modulus_le_radius n (A : 'M[R[i]]_n) z : eigenvalue A z -> modulus z <= complex_radius A.
Proof. by rewrite -mem_eigenvalues; apply: le_largest. Qed.

Lemma radius_attained n (A : 'M[R[i]]_n) :
  (0 < n)%N -> exists2 z, eigenvalue A z & modulus z = complex_radius A.
Proof.
move=> n_gt0; have size_gt0 : (0 < size (eigenvalues A))%N.
  by rewrite -ltnS -(size_prod_XsubC _ id) -char_poly_eigenvalues size_char_poly ltnS.
have [z] := largest_attained (@modulus_ge0) size_gt0.
by rewrite mem_eigenvalues; exists z.
Qed.

(** The complex norm stretches complex vectors as a norm does: as pairs of real ones. *)
Lemma as_realM m n p (A : 'M[R[i]]_(m, n)) (B : 'M[R[i]]_(n, p)) : as_real (A *m B) = as_real A *m as_real B.
Proof.
rewrite /as_real mulmx_block !mulNmx !mulmxN.
have ReM : map_mx (@complex.Re R) (A *m B)
           = map_mx (@complex.Re R) A *m map_mx (@complex.Re R) B
             - map_mx (@complex.Im R) A *m map_mx (@complex.Im R) B.
  apply/matrixP => i j; rewrite !mxE raddf_sum -sumrB; apply: eq_bigr => k _; rewrite !mxE.
  by case: (A i k) (B k j) => [a b] [c d].
have ImM : map_mx (@complex.Im R) (A *m B)
           = map_mx (@complex.Re R) A *m map_mx (@complex.Im R) B
             + map_mx (@complex.Im R) A *m map_mx (@complex.Re R) B.
  apply/matrixP => i j; rewrite !mxE raddf_sum -big_split; apply: eq_bigr => k _; rewrite !mxE.
  by case: (A i k) (B k j) => [a b] [c d].
by rewrite ReM ImM; congr block_mx; rewrite ?opprD // addrC.
Qed.

Lemma as_realD m n (A B : 'M[R[i]]_(m, n)) : as_real (A + B) = as_real A + as_real B.
Proof. by rewrite /as_real !map_mxD add_block_mx opprD. Qed.

Lemma as_real1 n : as_real (1%:M : 'M[R[i]]_n) = 1%:M.
Proof.
rewrite /as_real.
have -> : map_mx (@complex.Re R) (1%:M : 'M_n) = 1%:M by apply/matrixP => i j; rewrite !mxE; case: eqP.
have -> : map_mx (@complex.Im R) (1%:M : 'M_n) = 0 by apply/matrixP => i j; rewrite !mxE; case: eqP.
by rewrite oppr0 -scalar_mx_block.
Qed.

Let square_col m n (x : 'cV[R]_m) (y : 'cV[R]_n) : square (col_mx x y) = square x + square y.
Proof. by rewrite /square /number tr_col_mx mul_row_col mxE. Qed.

(** A real matrix has the same norm among the complex ones. *)
Lemma complex_norm_real m n (A : 'M[R]_(m, n)) : complex_norm (map_mx (real_complex R) A) = norm A.
Proof.
have as_realE : as_real (map_mx (real_complex R) A) = block_mx A 0 0 A.
  rewrite /as_real -!map_mx_comp.
  have -> : map_mx (@complex.Re R \o real_complex R) A = A by apply/matrixP => i j; rewrite !mxE.
  have -> : map_mx (@complex.Im R \o real_complex R) A = 0 by apply/matrixP => i j; rewrite !mxE.
  by rewrite oppr0.
rewrite /complex_norm as_realE; apply: le_anti; apply/andP; split.
  apply: norm_le => [|v]; first exact: norm_ge0.
  rewrite -[v]vsubmxK mul_block_col !mul0mx addr0 add0r.
  have sqr_le (x y : R) : 0 <= x -> 0 <= y -> (x ^+ 2 <= y ^+ 2) = (x <= y).
    by move=> x_ge0 y_ge0; rewrite ler_pexpn2r.
  rewrite -sqr_le ?mulr_ge0 ?length_ge0 ?norm_ge0 // exprMn !length_sqr !square_col mulrDr.
  by rewrite -!length_sqr -!exprMn ler_add // sqr_le ?mulr_ge0 ?length_ge0 ?norm_ge0 ?length_mul_le.
apply: norm_le => [|x]; first exact: norm_ge0.
have square0 k : square (0 : 'cV[R]_k) = 0 by apply/eqP; rewrite square_eq0.
have pad k (y : 'cV[R]_k) : length (col_mx y (0 : 'cV[R]_k)) = length y.
  by rewrite /length square_col square0 addr0.
have := length_mul_le (block_mx A 0 0 A) (col_mx x 0).
by rewrite mul_block_col !mul0mx mulmx0 !addr0 !pad.
Qed.

Lemma complex_norm_scale m n (c : R[i]) (A : 'M[R[i]]_(m, n)) :
  complex_norm (c *: A) = modulus c * complex_norm A.
Proof.
have stretch k (z : R[i]) (v : 'cV[R]_(k + k)) : length (as_real (z%:M : 'M_k) *m v) = modulus z * length v.
  have -> : as_real (z%:M : 'M_k)
            = block_mx (complex.Re z)%:M (- (complex.Im z)%:M) (complex.Im z)%:M (complex.Re z)%:M.
    have map_scalar (f : {additive R[i] -> R}) : map_mx f (z%:M : 'M_k) = (f z)%:M.
      by apply/matrixP => i j; rewrite !mxE raddfMn.
    by rewrite /as_real (map_scalar [additive of @complex.Re R]) (map_scalar [additive of @complex.Im R]).
  apply/eqP; rewrite -(@eqr_expn2 _ 2) ?mulr_ge0 ?length_ge0 ?modulus_ge0 // exprMn !length_sqr.
  rewrite sqr_sqrtr ?addr_ge0 ?sqr_ge0 // -[v]vsubmxK mul_block_col !mulNmx !mul_scalar_mx !square_col.
  rewrite !squareE -!big_split mulr_sumr; apply/eqP; apply: eq_bigr => i _; rewrite !mxE.
  by rewrite /=; ring.
have le_scale (z : R[i]) (B : 'M[R[i]]_(m, n)) : complex_norm (z *: B) <= modulus z * complex_norm B.
  apply: norm_le => [|v]; first by rewrite mulr_ge0 ?modulus_ge0 ?norm_ge0.
  by rewrite -mul_scalar_mx as_realM -mulmxA stretch -mulrA ler_wpmul2l ?modulus_ge0 ?length_mul_le.
have [->|c_neq0] := eqVneq c 0.
  have modulus0 : modulus 0 = 0 :> R by apply/eqP; rewrite modulus_eq0.
  apply: le_anti; rewrite le_scale modulus0 mul0r; exact: norm_ge0.
apply: le_anti; rewrite le_scale andTb.
have modulus_gt0 : 0 < modulus c by rewrite lt_neqAle eq_sym modulus_eq0 c_neq0 modulus_ge0.
have modulusV : modulus c^-1 = (modulus c)^-1 by rewrite !modulus_normc ComplexField.Normc.normcV.
rewrite -ler_pdivl_mull // -modulusV; apply: le_trans (le_scale _ _).
by rewrite scalerA (mulVf c_neq0) scale1r lexx.
Qed.

End Radius.
