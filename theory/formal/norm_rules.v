(** Rules for the spectral norm and the smallest singular value:

      ||A B|| <= ||A|| ||B||,   ||A + B|| <= ||A|| + ||B||,   ||c A|| = |c| ||A||,   ||A^T|| = ||A||,

    the same for products over steps and for complex matrices, and the comparison with the largest absolute
    entry and row sum. All follow from the definition of the norm as the largest factor of stretching. *)

From mathcomp Require Import all_ssreflect all_algebra complex.
From errorflow Require Import vocabulary spectral_norm spectral_radius ordered_products.
From errorflow Require Export row_sum_rules.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * Vectors *)

Section Vectors.
Variable R : rcfType.

Lemma square_le n m (x : 'cV[R]_n) (y : 'cV[R]_m) : (square x <= square y) = (length x <= length y).
Proof. by rewrite -!length_sqr ler_pexpn2r ?nnegrE ?length_ge0. Qed.

(** A vector is as long as a vector with larger entries at most. *)
Lemma length_le n (x y : 'cV[R]_n) : (forall i, `|x i 0| <= `|y i 0|) -> length x <= length y.
Proof.
move=> x_le; rewrite -square_le !squareE; apply: ler_sum => i _.
by rewrite -[x i 0 ^+ 2]real_normK ?num_real // -[y i 0 ^+ 2]real_normK ?num_real // ler_pexpn2r ?nnegrE.
Qed.

(** n entries of at most c. *)
Lemma length_le_sqrt n (x : 'cV[R]_n) c : 0 <= c -> (forall i, `|x i 0| <= c) ->
  length x <= Num.sqrt n%:R * c.
Proof.
move=> c_ge0 x_le; rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?mulr_ge0 ?length_ge0 ?sqrtr_ge0 //.
rewrite length_sqr exprMn sqr_sqrtr ?ler0n // squareE.
apply: (@le_trans _ _ (\sum_(i < n) c ^+ 2)); last by rewrite sumr_const card_ord mulr_natl.
by apply: ler_sum => i _; rewrite -[x i 0 ^+ 2]real_normK ?num_real // ler_pexpn2r ?nnegrE.
Qed.

Lemma entry_le_length n (x : 'cV[R]_n) i : `|x i 0| <= length x.
Proof.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?length_ge0 // real_normK ?num_real // length_sqr squareE (bigD1 i) //=.
by rewrite ler_addl; apply: sumr_ge0 => j _; apply: sqr_ge0.
Qed.

Lemma length_basis n (i : 'I_n) : length (delta_mx i 0 : 'cV[R]_n) = 1.
Proof.
rewrite /length squareE (bigD1 i) //= big1 ?addr0 => [|j /negPf ji]; rewrite mxE ?eqxx ?expr1n ?sqrtr1 //.
by rewrite ji expr0n.
Qed.

Lemma number_abs_le n (x y : 'cV[R]_n) : number (x^T *m y) <= length x * length y.
Proof. exact: le_trans (ler_norm _) (abs_number_le x y). Qed.

End Vectors.

(** The form x^T x is not negative. *)
Theorem form_self_nonneg (R : rcfType) (n : nat) (x : 'cV[R]_n) :
  0 <= number (x^T *m x).
Proof. exact: square_ge0. Qed.

(** The Cauchy-Schwarz inequality. *)
Theorem abs_inner_le (R : rcfType) (n : nat) (v' x : 'cV[R]_n) :
  `|number (x^T *m v')| <= norm v' * norm x.
Proof. by rewrite !norm_vector mulrC; apply: abs_number_le. Qed.

(** Two vectors with the same inner products are equal. *)
Theorem ext_inner (R : rcfType) (n : nat) (A E : 'cV[R]_n) :
  (forall v' : 'cV[R]_n, number (v'^T *m A) = number (v'^T *m E)) ->
  A = E.
Proof.
move=> AE; apply/eqP; rewrite -subr_eq0 -square_eq0 /square mulmxBr numberB AE subrr.
exact: eqxx.
Qed.

(** A mask lies in a sector: <D x, x - D x> >= 0. *)
Theorem sector_diag (R : rcfType) (n : nat) (D : 'M[R]_n) (x : 'cV[R]_n) :
  unit_interval D ->
  0 <= number (x^T *m D^T *m (x - D *m x)).
Proof.
case=> diagD D01; rewrite -trmx_mul numberE; apply: sumr_ge0 => i _; have /andP[D_ge0 D_le1] := D01 i.
have -> : (x - D *m x) i 0 = x i 0 - (D *m x) i 0 by rewrite [LHS]mxE; congr (_ + _); rewrite mxE.
rewrite diag_mul_entry // -[X in X - _]mul1r -mulrBl mulrACA.
by apply: mulr_ge0; [rewrite mulr_ge0 ?subr_ge0 | rewrite -expr2 sqr_ge0].
Qed.

(** * The norm of products, sums and multiples *)

(** The norm is not negative. *)
Theorem norm_nonneg (R : rcfType) (n m : nat) (A : 'M[R]_(n, m)) :
  0 <= norm A.
Proof. exact: norm_ge0. Qed.

(** The same for complex matrices. *)
Theorem norm_nonneg_complex (R : rcfType) (n m : nat) (A : 'M[R[i]]_(n, m)) :
  0 <= complex_norm A.
Proof. exact: norm_ge0. Qed.

(** The norm is submultiplicative. *)
Theorem norm_mul_le (R : rcfType) (n m p : nat) (A : 'M[R]_(n, m)) (B : 'M[R]_(m, p)) :
  norm (A *m B) <= norm A * norm B.
Proof.
apply: norm_le => [|x]; first by rewrite mulr_ge0 ?norm_ge0.
rewrite -mulmxA -mulrA; apply: le_trans (length_mul_le _ _) _.
by rewrite ler_wpmul2l ?norm_ge0 ?length_mul_le.
Qed.

(** The same for complex matrices. *)
Theorem norm_mul_le_complex (R : rcfType) (n m p : nat) (A : 'M[R[i]]_(n, m)) (B : 'M[R[i]]_(m, p)) :
  complex_norm (A *m B) <= complex_norm A * complex_norm B.
Proof. by rewrite /complex_norm as_realM norm_mul_le. Qed.

(** The triangle inequality. *)
Theorem norm_add_le (R : rcfType) (n m : nat) (A B : 'M[R]_(n, m)) :
  norm (A + B) <= norm A + norm B.
Proof.
apply: norm_le => [|x]; first by rewrite addr_ge0 ?norm_ge0.
by rewrite mulmxDl mulrDl; apply: le_trans (length_add_le _ _) _; rewrite ler_add ?length_mul_le.
Qed.

(** The same for complex matrices. *)
Theorem norm_add_le_complex (R : rcfType) (n m : nat) (A B : 'M[R[i]]_(n, m)) :
  complex_norm (A + B) <= complex_norm A + complex_norm B.
Proof. by rewrite /complex_norm as_realD norm_add_le. Qed.

(** A multiple has the multiple of the norm. *)
Theorem norm_smul_abs (R : rcfType) (n m : nat) (A : 'M[R]_(n, m)) (c : R) :
  norm (c *: A) = `|c| * norm A.
Proof.
have smul_le (d : R) (B : 'M[R]_(n, m)) : norm (d *: B) <= `|d| * norm B.
  apply: norm_le => [|x]; first by rewrite mulr_ge0 ?norm_ge0.
  by rewrite -scalemxAl lengthZ -mulrA ler_wpmul2l ?length_mul_le.
have [->|c_neq0] := eqVneq c 0.
  by apply: le_anti; rewrite smul_le normr0 mul0r norm_ge0.
apply: le_anti; rewrite smul_le /= -ler_pdivl_mull ?normr_gt0 // -normfV.
have smul := smul_le c^-1 (c *: A); rewrite scalerA (mulVf c_neq0) scale1r in smul.
exact: smul.
Qed.

(** The same where the factor is not negative. *)
Theorem norm_smul (R : rcfType) (n m : nat) (A : 'M[R]_(n, m)) (c : R) :
  0 <= c ->
  norm (c *: A) = c * norm A.
Proof. by move=> c_ge0; rewrite norm_smul_abs ger0_norm. Qed.

(** The same for complex matrices and factors. *)
Theorem norm_smul_abs_complex (R : rcfType) (n m : nat) (A : 'M[R[i]]_(n, m)) (c : R[i]) :
  complex_norm (c *: A) = modulus c * complex_norm A.
Proof. exact: complex_norm_scale. Qed.

(** The transposed matrix has the same norm. *)
Theorem norm_transpose (R : rcfType) (n m : nat) (A : 'M[R]_(n, m)) :
  norm A^T = norm A.
Proof.
have tr_le k l (B : 'M[R]_(k, l)) : norm B^T <= norm B.
  apply: norm_le => [|x]; first exact: norm_ge0.
  have [->|y_neq0] := eqVneq (length (B^T *m x)) 0; first by rewrite mulr_ge0 ?norm_ge0 ?length_ge0.
  have y_gt0 : 0 < length (B^T *m x) by rewrite lt_def y_neq0 length_ge0.
  rewrite -(ler_pmul2r y_gt0) -expr2 length_sqr /square trmx_mul trmxK -mulmxA.
  apply: le_trans (number_abs_le _ _) _; rewrite mulrC mulrAC.
  by rewrite ler_wpmul2r ?length_ge0 ?length_mul_le.
have A_le := tr_le _ _ A^T; rewrite trmxK in A_le.
by apply: le_anti; rewrite (tr_le _ _ A) A_le.
Qed.

(** A bound c^2 on the form of A^T A bounds the norm by c. *)
Theorem norm_le_of_forall (R : rcfType) (n m : nat) (A : 'M[R]_(m, n)) (c : R) :
  0 <= c ->
  (forall v' : 'cV[R]_n, number (v'^T *m A^T *m A *m v') <= c ^+ 2 * number (v'^T *m v')) ->
  norm A <= c.
Proof.
move=> c_ge0 le_c; apply: norm_le => // x.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?mulr_ge0 ?length_ge0 // exprMn !length_sqr.
by have := le_c x; rewrite /square trmx_mul !mulmxA.
Qed.

(** The identity has norm 1. *)
Theorem norm_one (R : rcfType) (n : nat) :
  (0 < n)%N ->
  norm (1%:M : 'M[R]_n) = 1 :> R.
Proof. by move=> n_gt0; have [x [x1 <-]] := norm_attained (1%:M : 'M[R]_n) n_gt0; rewrite mul1mx. Qed.

(** The norm of a product over steps is at most the product of the norms. *)
Theorem norm_prod_le (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  norm (chain A a b) <= product_over (fun i => norm (A i)) a b.
Proof.
move=> n_gt0; move: a b; apply: steps_ind_last => a b ab.
  by rewrite chain_empty // product_over_empty // norm_one.
move=> IH; rewrite (chain_last _ ab) (product_over_last _ ab) mulrC.
by apply: le_trans (norm_mul_le _ _) _; rewrite ler_wpmul2l ?norm_ge0.
Qed.

(** * The smallest singular value *)

(** The smallest singular values of two matrices bound that of their product from below. *)
Theorem gain_mul_ge (R : rcfType) (n : nat) (A B : 'M[R]_n) :
  (0 < n)%N ->
  smallest_gain A * smallest_gain B <= smallest_gain (A *m B).
Proof.
move=> n_gt0; apply: le_smallest_gain => // x; rewrite -mulmxA -mulrA.
apply: le_trans (smallest_gain_mul_le _ _).
by rewrite ler_wpmul2l ?smallest_gain_ge0 ?smallest_gain_mul_le.
Qed.

(** The same for a product over steps. *)
Theorem gain_prod_ge (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  product_over (fun i => smallest_gain (A i)) a b <= smallest_gain (chain A a b).
Proof.
move=> n_gt0; move: a b; apply: steps_ind_last => a b ab.
  rewrite chain_empty // product_over_empty //; apply: le_smallest_gain => // x.
  by rewrite mul1r mul1mx.
move=> IH; rewrite (chain_last _ ab) (product_over_last _ ab) mulrC.
by apply: le_trans (gain_mul_ge _ _ n_gt0); rewrite ler_wpmul2l ?smallest_gain_ge0.
Qed.

(** * Comparison with entries and row sums *)

(** No entry is larger than the norm. *)
Theorem max_abs_le_norm (R : rcfType) (n m : nat) (A : 'M[R]_(n, m)) :
  max_abs A <= norm A.
Proof.
apply: max_abs_le => [|i j]; first exact: norm_ge0.
have := length_mul_le A (delta_mx j 0); rewrite length_basis mulr1 -colE; apply: le_trans.
by have := entry_le_length (col j A) i; rewrite mxE.
Qed.

(** The norm of a diagonal matrix is its largest absolute entry. *)
Theorem norm_diag (R : rcfType) (n : nat) (D : 'M[R]_n) :
  is_diag_mx D ->
  norm D = max_abs D.
Proof.
move=> diagD; apply: le_anti; rewrite max_abs_le_norm andbT.
apply: norm_le => [|x]; first exact: max_abs_ge0.
rewrite -[X in X * _]ger0_norm ?max_abs_ge0 // -lengthZ; apply: length_le => i.
by rewrite diag_mul_entry // mxE !normrM (ger0_norm (max_abs_ge0 D)) ler_wpmul2r ?le_max_abs.
Qed.

(** The norm is at most sqrt n times the largest row sum. *)
Theorem norm_le_sqrt_row_sum (R : rcfType) (n : nat) (A : 'M[R]_n) :
  (0 < n)%N ->
  norm A <= Num.sqrt n%:R * row_sum_norm A.
Proof.
move=> _; apply: norm_le => [|x]; first by rewrite mulr_ge0 ?sqrtr_ge0 ?row_sum_norm_ge0.
rewrite -mulrA; apply: length_le_sqrt => [|i]; first by rewrite mulr_ge0 ?row_sum_norm_ge0 ?length_ge0.
rewrite mxE; apply: le_trans (ler_norm_sum _ _ _) _.
apply: (@le_trans _ _ (\sum_j `|A i j| * length x)).
  by apply: ler_sum => j _; rewrite normrM ler_wpmul2l ?entry_le_length.
by rewrite -mulr_suml ler_wpmul2r ?length_ge0 ?le_row_sum_norm.
Qed.

(** The norm is at most n times the largest absolute entry. *)
Theorem norm_le_n_max_abs (R : rcfType) (n : nat) (A : 'M[R]_n) :
  (0 < n)%N ->
  norm A <= n%:R * max_abs A.
Proof.
move=> _; apply: norm_le => [|x]; first by rewrite mulr_ge0 ?ler0n ?max_abs_ge0.
have nE : n%:R = Num.sqrt n%:R * Num.sqrt n%:R :> R by rewrite -expr2 sqr_sqrtr ?ler0n.
rewrite {1}nE -!mulrA; apply: length_le_sqrt => [|i].
  by rewrite !mulr_ge0 ?sqrtr_ge0 ?max_abs_ge0 ?length_ge0.
have -> : (A *m x) i 0 = number ((row i A)^T^T *m x).
  by rewrite trmxK /number !mxE; apply: eq_bigr => j _; rewrite !mxE.
apply: le_trans (abs_number_le _ _) _; rewrite mulrA ler_wpmul2r ?length_ge0 //.
by apply: length_le_sqrt => [|j]; rewrite ?max_abs_ge0 // !mxE le_max_abs.
Qed.

(** The absolute values have at least the norm of the matrix. *)
Theorem norm_le_norm_abs (R : rcfType) (n m : nat) (A : 'M[R]_(n, m)) :
  norm A <= norm (absolute A).
Proof.
apply: norm_le => [|x]; first exact: norm_ge0.
have -> : length x = length (\col_j `|x j 0|).
  by apply: le_anti; rewrite !length_le // => j; rewrite mxE normr_id.
apply: le_trans (length_mul_le _ _); apply: length_le => i; rewrite !mxE.
apply: le_trans (ler_norm_sum _ _ _) (le_trans _ (ler_norm _)).
by apply: ler_sum => j _; rewrite !mxE normrM.
Qed.
