(** The Euclidean length of a vector: definiteness, homogeneity, the Cauchy-Schwarz inequality and the
    triangle inequality, over every real closed field. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From errorflow Require Import vocabulary.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Length.
Variable R : rcfType.

(** The inner product of two vectors, as a sum. *)
Lemma numberE n (x y : 'cV[R]_n) : number (x^T *m y) = \sum_i x i 0 * y i 0.
Proof. by rewrite /number mxE; apply: eq_bigr => i _; rewrite mxE. Qed.

(** The inner product is symmetric and linear. *)
Lemma number_sym n (x y : 'cV[R]_n) : number (x^T *m y) = number (y^T *m x).
Proof. by rewrite !numberE; apply: eq_bigr => i _; rewrite mulrC. Qed.

Lemma numberD (A B : 'M[R]_1) : number (A + B) = number A + number B.
Proof. by rewrite /number mxE. Qed.

Lemma numberZ (c : R) (A : 'M[R]_1) : number (c *: A) = c * number A.
Proof. by rewrite /number mxE. Qed.

Lemma numberB (A B : 'M[R]_1) : number (A - B) = number A - number B.
Proof. by rewrite /number !mxE. Qed.

(** The square of a vector, of a sum, of a difference, of a multiple. *)
Lemma squareE n (x : 'cV[R]_n) : square x = \sum_i x i 0 ^+ 2.
Proof. by rewrite /square numberE; apply: eq_bigr => i _; rewrite expr2. Qed.

Lemma squareD n (x y : 'cV[R]_n) : square (x + y) = square x + 2%:R * number (x^T *m y) + square y.
Proof.
rewrite /square [(x + y)^T]linearD /= mulmxDl !mulmxDr !numberD (number_sym y x).
by ring.
Qed.

Lemma squareB n (x y : 'cV[R]_n) : square (x - y) = square x - 2%:R * number (x^T *m y) + square y.
Proof.
rewrite /square [(x - y)^T]linearB /= mulmxBl !mulmxBr !numberB (number_sym y x).
by ring.
Qed.

Lemma squareZ n (c : R) (x : 'cV[R]_n) : square (c *: x) = c ^+ 2 * square x.
Proof. by rewrite /square [(c *: x)^T]linearZ /= -scalemxAl -scalemxAr !numberZ mulrA expr2. Qed.

(** The square is non-negative, and zero for the zero vector only. *)
Lemma square_ge0 n (x : 'cV[R]_n) : 0 <= square x.
Proof. by rewrite squareE; apply: sumr_ge0 => i _; apply: sqr_ge0. Qed.

Lemma square_eq0 n (x : 'cV[R]_n) : (square x == 0) = (x == 0).
Proof.
apply/idP/eqP => [|->]; last first.
  by rewrite squareE big1 // => i _; rewrite mxE expr0n.
rewrite squareE psumr_eq0 => [/allP sx0 | i _]; last exact: sqr_ge0.
apply/colP => i; rewrite mxE.
by apply/eqP; rewrite -sqrf_eq0; apply: sx0; rewrite mem_index_enum.
Qed.

(** The length is non-negative, zero for the zero vector only, and homogeneous. *)
Lemma length_ge0 n (x : 'cV[R]_n) : 0 <= length x.
Proof. exact: sqrtr_ge0. Qed.

Lemma length_sqr n (x : 'cV[R]_n) : length x ^+ 2 = square x.
Proof. by rewrite sqr_sqrtr ?square_ge0. Qed.

Lemma length_eq0 n (x : 'cV[R]_n) : (length x == 0) = (x == 0).
Proof. by rewrite -sqrf_eq0 length_sqr square_eq0. Qed.

Lemma lengthZ n (c : R) (x : 'cV[R]_n) : length (c *: x) = `|c| * length x.
Proof. by rewrite /length squareZ sqrtrM ?sqr_ge0 // sqrtr_sqr. Qed.

(** The Cauchy-Schwarz inequality. *)
Lemma abs_number_le n (x y : 'cV[R]_n) : `|number (x^T *m y)| <= length x * length y.
Proof.
set d := number _.
have [/eqP|sy_neq0] := eqVneq (square y) 0.
  rewrite square_eq0 => /eqP y0.
  by rewrite /d y0 mulmx0 /number mxE normr0 mulr_ge0 ?length_ge0.
have sy_gt0 : 0 < square y by rewrite lt_def sy_neq0 square_ge0.
have: 0 <= square (square y *: x + (- d) *: y) by apply: square_ge0.
rewrite squareD !squareZ [(square y *: x)^T]linearZ /= -scalemxAl -scalemxAr !numberZ -/d.
have -> : square y ^+ 2 * square x + 2%:R * (square y * (- d * d)) + (- d) ^+ 2 * square y
          = square y * (square x * square y - d ^+ 2) by ring.
rewrite pmulr_rge0 // subr_ge0 => d2_le.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?mulr_ge0 ?length_ge0 ?normr_ge0 //.
by rewrite exprMn !length_sqr real_normK ?num_real.
Qed.

(** The triangle inequality. *)
Lemma length_add_le n (x y : 'cV[R]_n) : length (x + y) <= length x + length y.
Proof.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?addr_ge0 ?length_ge0 //.
rewrite length_sqr squareD sqrrD !length_sqr ler_add2r ler_add2l mulr_natl ler_pmuln2r //.
exact: le_trans (ler_norm _) (abs_number_le x y).
Qed.

End Length.
