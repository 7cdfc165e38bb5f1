(** What the spectral radius is compared with: norms, powers, the numerical radius.

    An eigenvector v of A, A v = z v, is stretched by |z| in every norm, so that |z| is at most the spectral
    norm and at most the largest absolute row sum. For v of length 1 the number z is v* A v, so that |z| is at
    most the numerical radius. That the radius of A^b is the power of that of A, and the radius of A / c the
    quotient, is shown with the powers of a matrix. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf ring.
From errorflow Require Import vocabulary spectral_norm spectral_radius norm_rules bounded_powers.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** rho(A) <= ||A||. *)
Theorem radius_le_norm (R : rcfType) (n : nat) (A : 'M[R]_n) :
  (0 < n)%N ->
  radius A <= norm A.
Proof. by move=> _; rewrite -complex_norm_real complex_radius_le_norm. Qed.

(** rho(A) is at most the largest absolute row sum: look at the row where the eigenvector is largest. *)
Theorem radius_le_row_sum_norm (R : rcfType) (n : nat) (A : 'M[R]_n) :
  (0 < n)%N ->
  radius A <= row_sum_norm A.
Proof.
move=> _; have row_sum_ge0 : 0 <= row_sum_norm A.
  rewrite /row_sum_norm; elim/big_ind: _ => // [x y x_ge0 y_ge0|i _]; last exact: sumr_ge0.
  by rewrite le_maxr x_ge0.
apply: complex_radius_le => // z /eigenvalueP_column[v Av v_neq0].
have [i v_i] : exists i, v i 0 != 0 by apply/cV0Pn.
pose j := [arg max_(k > i) modulus (v k 0)]%O.
have j_max k : modulus (v k 0) <= modulus (v j 0) by rewrite /j; case: arg_maxP => // k' _; apply.
have v_j : 0 < modulus (v j 0).
  by apply: lt_le_trans (j_max i); rewrite lt_neqAle eq_sym modulus_eq0 v_i modulus_ge0.
rewrite -(ler_pmul2r v_j) -modulusM; have /colP/(_ j) := Av; rewrite !mxE => <-.
have modulus_sum (f : 'I_n -> R[i]) : modulus (\sum_k f k) <= \sum_k modulus (f k).
  elim/big_rec2: _ => [|k y x _ xy]; first by rewrite (modulus_of_real 0) normr0.
  by apply: le_trans (modulus_add_le _ _) _; rewrite ler_add2l.
apply: le_trans (modulus_sum _) _.
apply: (@le_trans _ _ ((\sum_k `|A j k|) * modulus (v j 0))).
  by rewrite mulr_suml; apply: ler_sum => k _; rewrite modulusM mxE modulus_of_real ler_wpmul2l.
by rewrite ler_wpmul2r ?modulus_ge0 // (le_largest (fun j => \sum_k `|A j k|)) ?mem_index_enum.
Qed.

(** rho(A^b) = rho(A)^b. *)
Theorem radius_pow (R : rcfType) (n : nat) (A : 'M[R]_n) (b : int) :
  (0 < n)%N ->
  0 <= b ->
  radius (chain (fun=> A) 1 b) = (radius A) ^ b.
Proof. by case: b => // b n_gt0 _; rewrite chain1 radius_power. Qed.

(** An eigenvector x + i y of length 1 of a real matrix, to p + i q: A x = p x - q y and A y = q x + p y. *)
Lemma unit_eigenvector (R : rcfType) (n : nat) (A : 'M[R]_n) (z : R[i]) :
  eigenvalue (as_complex A) z ->
  exists x y : 'cV[R]_n, [/\ square x + square y = 1,
    A *m x = complex.Re z *: x - complex.Im z *: y & A *m y = complex.Im z *: x + complex.Re z *: y].
Proof.
move=> /eigenvalueP_column[v Av v_neq0].
pose x := map_mx (@complex.Re R) v; pose y := map_mx (@complex.Im R) v.
have Re_sum (f : 'I_n -> R[i]) : complex.Re (\sum_k f k) = \sum_k complex.Re (f k) by rewrite raddf_sum.
have Im_sum (f : 'I_n -> R[i]) : complex.Im (\sum_k f k) = \sum_k complex.Im (f k) by rewrite raddf_sum.
have Ax : A *m x = complex.Re z *: x - complex.Im z *: y.
  apply/colP => k; have /colP/(_ k)/(congr1 (@complex.Re R)) := Av; rewrite !mxE Re_sum.
  case: z {Av} => p q; case: (v k 0) => s t /= <-; apply: eq_bigr => j _.
  by rewrite !mxE; case: (v j 0) => a b /=; ring.
have Ay : A *m y = complex.Im z *: x + complex.Re z *: y.
  apply/colP => k; have /colP/(_ k)/(congr1 (@complex.Im R)) := Av; rewrite !mxE Im_sum.
  case: z {Av Ax} => p q; case: (v k 0) => s t /=; rewrite addrC => <-; apply: eq_bigr => j _.
  by rewrite !mxE; case: (v j 0) => a b /=; ring.
have l_gt0 : 0 < square x + square y.
  rewrite lt_neqAle eq_sym addr_ge0 ?square_ge0 // andbT.
  rewrite paddr_eq0 ?square_ge0 // !square_eq0; apply: contra v_neq0 => /andP[/eqP x0 /eqP y0].
  apply/eqP/colP => k; have /colP/(_ k) := x0; have /colP/(_ k) := y0; rewrite !mxE.
  by case: (v k 0) => a b /= -> ->.
pose c := (Num.sqrt (square x + square y))^-1.
exists (c *: x), (c *: y); split.
- rewrite !squareZ -mulrDr /c exprVn sqr_sqrtr ?(ltW l_gt0) // mulVf //.
  by rewrite gt_eqF.
- by rewrite -scalemxAr Ax scalerBr !scalerA (mulrC c) (mulrC c).
- by rewrite -scalemxAr Ay scalerDr !scalerA (mulrC c) (mulrC c).
Qed.

(** The numbers |z* A z| are bounded: a coarse bound, which makes the numerical radius a supremum. *)
Lemma numerical_value_bounded (R : rcfType) (n : nat) (A : 'M[R]_n) r :
  numerical_value A r -> r <= 4%:R * norm A.
Proof.
move=> [x [y [xy1 ->]]]; have length_le1 (u v : 'cV[R]_n) : square u + square v = 1 -> length u <= 1.
  by move=> uv1; rewrite -sqrtr1 ler_wsqrtr // -uv1 ler_addl square_ge0.
have form_le (u v : 'cV[R]_n) : length u <= 1 -> length v <= 1 -> `|number (u^T *m A *m v)| <= norm A.
  move=> u_le1 v_le1; rewrite -mulmxA; apply: le_trans (abs_number_le _ _) _.
  rewrite -[norm A]mul1r ler_pmul ?length_ge0 //; apply: le_trans (length_mul_le _ _) _.
  by rewrite -[X in _ <= X]mulr1 ler_wpmul2l ?norm_ge0.
have x_le1 : length x <= 1 by apply: (length_le1 x y).
have y_le1 : length y <= 1 by apply: (length_le1 y x); rewrite addrC.
have sqrt_le (p q : R) : Num.sqrt (p ^+ 2 + q ^+ 2) <= `|p| + `|q|.
  have sum_ge0 : 0 <= `|p| + `|q| by rewrite addr_ge0.
  rewrite -(ger0_norm sum_ge0) -(sqrtr_sqr (`|p| + `|q|)) ler_wsqrtr // sqrrD !real_normK ?num_real //.
  by rewrite ler_add2r ler_addl mulrn_wge0 // mulr_ge0.
apply: le_trans (sqrt_le _ _) _.
have -> : 4%:R * norm A = (norm A + norm A) + (norm A + norm A) by ring.
apply: ler_add; first by apply: le_trans (ler_norm_add _ _) _; rewrite ler_add ?form_le.
by apply: le_trans (ler_norm_sub _ _) _; rewrite ler_add ?form_le.
Qed.

(** rho(A) <= w(A): the number v* A v is the eigenvalue, where v is an eigenvector of length 1. *)
Theorem radius_le_numerical_radius (R : rcfType) (n : nat) (numerical_radius : 'M[R]_n -> R) (A : 'M[R]_n) :
  (0 < n)%N ->
  is_numerical_radius numerical_radius ->
  radius A <= numerical_radius A.
Proof.
move=> n_gt0 /(_ A) is_supremum.
have [z z_eigenvalue modulus_z] := radius_attained (as_complex A) n_gt0.
have [x [y [xy1 Ax Ay]]] := unit_eigenvector z_eigenvalue.
have value : numerical_value A (modulus z).
  exists x, y; split=> //; rewrite -!mulmxA Ax Ay !mulmxDr !mulmxN -!scalemxAr.
  rewrite !numberD -!scaleN1r !numberZ -/(square x) -/(square y) (number_sym y x).
  have -> : square y = 1 - square x by rewrite -xy1 addrC addKr.
  rewrite /modulus !mulN1r; congr Num.sqrt.
  by move: (complex.Re z) (complex.Im z) (square x) (number _) => p q l d; ring.
have [||le_w _] := is_supremum; last by rewrite /radius -[complex_radius _]modulus_z; apply: le_w.
  by exists (modulus z).
by exists (4%:R * norm A) => r; apply: numerical_value_bounded.
Qed.

(** rho(|A|) is what its name says. *)
Theorem perron_radius_eq (R : rcfType) (n : nat) (A : 'M[R]_n) :
  (0 < n)%N ->
  perron_radius A = radius (absolute A).
Proof. by []. Qed.

(** rho(A) < c makes rho(A / c) < 1. *)
Theorem radius_smul_lt_one (R : rcfType) (n : nat) (A : 'M[R]_n) (d c : R) :
  (0 < n)%N ->
  radius A <= d ->
  d < c ->
  radius (c^-1 *: A) < 1.
Proof.
move=> _ le_d lt_c; have radius_lt : radius A < c by apply: le_lt_trans lt_c.
have c_gt0 : 0 < c by apply: le_lt_trans radius_lt; apply: complex_radius_ge0.
by rewrite radius_div // ltr_pdivr_mulr // mul1r.
Qed.
