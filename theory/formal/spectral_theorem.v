(** The spectral theorem: every real symmetric matrix is Q diag(d) Q^T with Q orthogonal, and the entries of
    d are the real roots of its characteristic polynomial. Over every real closed field R.

    A complex eigenvalue of a symmetric matrix is real, and the real or the imaginary part of its eigenvector
    is a real eigenvector. A reflection moves this vector to the first axis; what remains is a symmetric
    matrix with one row and one column less. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.
From mathcomp Require Import ring.
From errorflow Require Import vocabulary length.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section RealEigenvector.
Variable R : rcfType.

(** The real and the imaginary part of v A, for a complex row v and a real matrix A. *)
Lemma real_part_mul m n (v : 'rV[R[i]]_m) (A : 'M[R]_(m, n)) :
  map_mx (@complex.Re R) (v *m map_mx (real_complex R) A) = map_mx (@complex.Re R) v *m A.
Proof.
apply/rowP => j; rewrite !mxE raddf_sum; apply: eq_bigr => k _; rewrite !mxE.
by case: (v 0 k) => a b /=; rewrite mulr0 subr0.
Qed.

Lemma imaginary_part_mul m n (v : 'rV[R[i]]_m) (A : 'M[R]_(m, n)) :
  map_mx (@complex.Im R) (v *m map_mx (real_complex R) A) = map_mx (@complex.Im R) v *m A.
Proof.
apply/rowP => j; rewrite !mxE raddf_sum; apply: eq_bigr => k _; rewrite !mxE.
by case: (v 0 k) => a b /=; rewrite mulr0 add0r.
Qed.

(** A pair of real columns for every complex eigenvector of a symmetric matrix; there is one where n > 0. *)
Lemma complex_eigenpair n (S : 'M[R]_n) : (0 < n)%N -> S^T = S ->
  exists (a b : R) (x y : 'cV[R]_n),
    [/\ S *m x = a *: x - b *: y, S *m y = a *: y + b *: x & (x != 0) || (y != 0)].
Proof.
move=> n_gt0 symS; pose C := map_mx (real_complex R) S.
have /closed_rootP [l] : size (char_poly C) != 1%N by rewrite size_char_poly eqSS -lt0n.
rewrite -eigenvalue_root_char => /eigenvalueP [v vC v_neq0].
exists (complex.Re l), (complex.Im l), (map_mx (@complex.Re R) v)^T, (map_mx (@complex.Im R) v)^T; split.
- rewrite -symS -trmx_mul -real_part_mul -/C vC.
  by apply/colP => i; rewrite !mxE; case: (l) (v 0 i) => [a b] [x y].
- rewrite -symS -trmx_mul -imaginary_part_mul -/C vC.
  by apply/colP => i; rewrite !mxE; case: (l) (v 0 i) => [a b] [x y].
- apply: contraNT v_neq0; rewrite negb_or !negbK => /andP[/eqP x0 /eqP y0].
  apply/eqP/rowP => i; rewrite mxE; apply/eqP; rewrite eq_complex /=.
  move/colP/(_ i): x0; rewrite !mxE => ->.
  by move/colP/(_ i): y0; rewrite !mxE => ->; rewrite eqxx.
Qed.

(** A symmetric matrix has a real eigenvector, of length 1. *)
Lemma real_eigenvector n (S : 'M[R]_n) : (0 < n)%N -> S^T = S ->
  exists (a : R) (x : 'cV[R]_n), square x = 1 /\ S *m x = a *: x.
Proof.
move=> n_gt0 symS; have [a [b [x [y [Sx Sy xy_neq0]]]]] := complex_eigenpair n_gt0 symS.
have symxy : number (x^T *m (S *m y)) = number (y^T *m (S *m x)).
  by rewrite mulmxA -{1}symS -trmx_mul number_sym.
have b0 : b = 0.
  move: symxy; rewrite Sx Sy -scaleNr !mulmxDr -!scalemxAr !numberD !numberZ.
  rewrite (number_sym y x) -!/(square _) => eq_ab.
  have /eqP : b * (square x + square y) = 0.
    by move: eq_ab => /addrI; rewrite mulNr mulrDr => ->; rewrite addNr.
  rewrite mulf_eq0 paddr_eq0 ?square_ge0 // !square_eq0 -[X in _ || X]negbK negb_and xy_neq0 orbF.
  by move/eqP.
have unit_vector (z : 'cV[R]_n) : S *m z = a *: z -> z != 0 ->
    exists (a : R) (x : 'cV[R]_n), square x = 1 /\ S *m x = a *: x.
  move=> Sz z_neq0; exists a, ((length z)^-1 *: z); split.
    by rewrite squareZ -length_sqr -exprMn mulVf ?expr1n // length_eq0.
  by rewrite -scalemxAr Sz !scalerA mulrC.
case/orP: xy_neq0; apply: unit_vector.
  by rewrite Sx b0 scale0r subr0.
by rewrite Sy b0 scale0r addr0.
Qed.

End RealEigenvector.

Section Diagonalization.
Variable R : rcfType.

(** A one-by-one matrix is a number. *)
Lemma number_scalar (M : 'M[R]_1) : M = (number M)%:M.
Proof. exact: mx11_scalar. Qed.

(** A reflection moves a vector to any other one of the same length. *)
Lemma reflection n (e u : 'cV[R]_n) : square e = square u ->
  exists H : 'M[R]_n, [/\ H^T = H, H *m H = 1%:M & H *m e = u].
Proof.
move=> eu; have [/eqP e_u|e_u] := eqVneq (e - u) 0.
  exists 1%:M; split; rewrite ?trmx1 ?mul1mx //.
  by apply/eqP; rewrite -subr_eq0.
set v := e - u; pose c := 2%:R / square v.
have v_neq0 : square v != 0 by rewrite square_eq0.
have ve : number (v^T *m e) = square v / 2%:R.
  have half (s p : R) : s - p = (s - 2%:R * p + s) / 2%:R by field.
  by rewrite squareB -eu -half /v linearB /= mulmxBl numberB (number_sym u e).
exists (1%:M - c *: (v *m v^T)); split.
- by rewrite linearB /= trmx1 linearZ /= trmx_mul trmxK.
- have VV : (v *m v^T) *m (v *m v^T) = square v *: (v *m v^T).
    by rewrite mulmxA -[v *m v^T *m v]mulmxA [v^T *m v]number_scalar mul_mx_scalar -scalemxAl.
  rewrite mulmxBl mul1mx mulmxBr mulmx1 -scalemxAl -scalemxAr VV !scalerA -mulrA.
  have -> : c * square v = 2%:R by rewrite /c divfK.
  by rewrite mulr_natr mulr2n scalerDl opprB addrK subrK.
- rewrite mulmxBl mul1mx -scalemxAl -mulmxA [v^T *m e]number_scalar ve mul_mx_scalar scalerA.
  have -> : c * (square v / 2%:R) = 1 by rewrite /c; field.
  by rewrite scale1r /v opprB addrC subrK.
Qed.

(** One more diagonal entry. *)
Lemma diagonal_block n (a : R) (B Q : 'M[R]_n) (d : 'rV[R]_n) :
  Q^T *m Q = 1%:M -> B = Q *m diag_mx d *m Q^T ->
  exists (P : 'M[R]_(1 + n)) (f : 'rV[R]_(1 + n)),
    P^T *m P = 1%:M /\ block_mx a%:M 0 0 B = P *m diag_mx f *m P^T.
Proof.
move=> QQ BE; exists (block_mx 1%:M 0 0 Q), (row_mx a%:M d).
have -> : diag_mx (row_mx a%:M d) = block_mx a%:M 0 0 (diag_mx d) :> 'M[R]_(1 + n).
  rewrite diag_mx_row; congr block_mx.
  by apply/matrixP => i j; rewrite !ord1 !mxE eqxx.
rewrite tr_block_mx !trmx0 trmx1 !mulmx_block !(mulmx0, mul0mx, mulmx1, mul1mx) !(addr0, add0r).
by rewrite mul0mx QQ -scalar_mx_block -BE.
Qed.

(** The spectral theorem. *)
Theorem spectral_theorem n (S : 'M[R]_n) : S^T = S ->
  exists (Q : 'M[R]_n) (d : 'rV[R]_n), Q^T *m Q = 1%:M /\ S = Q *m diag_mx d *m Q^T.
Proof.
elim: n S => [|n IHn] S symS.
  by exists 1%:M, 0; split; rewrite ?trmx1 ?mul1mx //; apply/matrixP; case.
have [a [u [u1 Su]]] := real_eigenvector (ltn0Sn n) symS.
pose e : 'cV[R]_(1 + n) := col_mx 1%:M 0.
have e1 : square e = square u.
  by rewrite u1 /square /e tr_col_mx mul_row_col trmx1 mul1mx mulmx0 addr0 /number mxE.
have [H [symH HH He]] := reflection e1.
pose T : 'M[R]_(1 + n) := H *m S *m H.
have Te : T *m e = a *: e by rewrite /T -mulmxA He -mulmxA Su -scalemxAr -He mulmxA HH mul1mx.
have symT : T^T = T by rewrite /T !trmx_mul symH symS mulmxA.
have ST : S = H *m T *m H by rewrite /T !mulmxA HH mul1mx -mulmxA HH mulmx1.
move: (ulsubmx T) (ursubmx T) (dlsubmx T) (drsubmx T) (submxK T) => t11 t12 t21 B defT.
move: Te; rewrite -{1}defT mul_block_col !mulmx0 !addr0 !mulmx1 scale_col_mx scaler0.
rewrite scalemx1; case/eq_col_mx => t11E t21E.
move: symT; rewrite -defT tr_block_mx t21E trmx0 => /eq_block_mx[_ /esym t12E _ symB].
have [Q [d [QQ BE]]] := IHn B symB.
have [P [f [PP TE]]] := diagonal_block a QQ BE.
exists (H *m P), f; split.
  by rewrite trmx_mul symH mulmxA -[_ *m H *m H]mulmxA HH mulmx1.
rewrite {1}ST -defT t11E t21E t12E TE trmx_mul symH.
by rewrite !mulmxA.
Qed.

(** What follows holds for every such Q and d. *)
Variables (n : nat) (S Q : 'M[R]_n) (d : 'rV[R]_n).
Hypotheses (QQ : Q^T *m Q = 1%:M) (SE : S = Q *m diag_mx d *m Q^T).

(** The characteristic polynomial is the product of the X - d_i. *)
Theorem char_poly_spectral : char_poly S = \prod_i ('X - (d 0 i)%:P).
Proof.
pose P := map_mx (@polyC R) Q; pose PT := map_mx (@polyC R) Q^T.
have PPT : PT *m P = 1%:M by rewrite -map_mxM QQ map_mx1.
have PTP : P *m PT = 1%:M by apply: mulmx1C.
have -> : char_poly S = char_poly (diag_mx d).
  have cSE : char_poly_mx S = P *m char_poly_mx (diag_mx d) *m PT.
    rewrite /char_poly_mx mulmxBr mulmxBl SE !map_mxM; congr (_ - _).
    by rewrite mul_mx_scalar -scalemxAl PTP scalemx1.
  by rewrite /char_poly cSE !det_mulmx mulrAC -det_mulmx PTP det1 mul1r.
rewrite char_poly_trig ?diag_mx_is_trig //.
by apply: eq_bigr => i _; rewrite mxE eqxx.
Qed.

(** The d_i are the real roots of the characteristic polynomial. *)
Theorem mem_rootsR_spectral z : (z \in rootsR (char_poly S)) = [exists i, d 0 i == z].
Proof.
rewrite -roots_on_rootsR ?monic_neq0 ?char_poly_monic // in_itv /=.
rewrite char_poly_spectral rootE horner_prod.
apply/prodf_eq0/existsP => [[i _] | [i zi]]; last first.
  by exists i; rewrite // hornerXsubC subr_eq0 eq_sym.
by rewrite hornerXsubC subr_eq0 eq_sym; exists i.
Qed.

(** The quadratic form of S is the sum of the d_i times the squared coordinates in the columns of Q. *)
Lemma form_spectral (x : 'cV[R]_n) :
  number (x^T *m S *m x) = \sum_i d 0 i * (Q^T *m x) i 0 ^+ 2.
Proof.
have -> : x^T *m S *m x = (Q^T *m x)^T *m (diag_mx d *m (Q^T *m x)) by rewrite SE trmx_mul trmxK !mulmxA.
rewrite numberE; apply: eq_bigr => i _.
by rewrite mul_diag_mx !mxE expr2 mulrCA.
Qed.

(** Q preserves length, and so does Q^T. *)
Lemma square_orthogonal (x : 'cV[R]_n) : square (Q *m x) = square x.
Proof. by rewrite /square trmx_mul mulmxA -[_ *m _ *m Q]mulmxA QQ mulmx1. Qed.

Lemma square_orthogonal_tr (x : 'cV[R]_n) : square (Q^T *m x) = square x.
Proof. by rewrite /square trmx_mul trmxK mulmxA -[_ *m _ *m Q^T]mulmxA (mulmx1C QQ) mulmx1. Qed.

End Diagonalization.
