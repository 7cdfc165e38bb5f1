(** The spectral norm and the smallest singular value are what their names say: the largest and the smallest
    factor by which a matrix stretches a vector, and some vector is stretched so.

    By the spectral theorem |A x|^2 is the sum of d_i (Q^T x)_i^2 with Q orthogonal, where the d_i are the
    eigenvalues of A^T A. It lies between the least d_i times |x|^2 and the largest d_i times |x|^2, and the
    columns of Q attain both. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.
From errorflow Require Import vocabulary spectral_theorem.
From errorflow Require Export length.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** The largest and the smallest member of a list. *)
Section Extremes.
Variable R : rcfType.

Lemma big_max_ge0 (s : seq R) : 0 <= \big[Num.max/0]_(z <- s) z.
Proof. by elim: s => [|y s IHs]; rewrite ?big_nil // big_cons le_maxr IHs orbT. Qed.

Lemma le_big_max (s : seq R) z : z \in s -> z <= \big[Num.max/0]_(y <- s) y.
Proof.
elim: s => // y s IHs; rewrite inE big_cons le_maxr => /orP[/eqP-> | /IHs ->]; first by rewrite lexx.
by rewrite orbT.
Qed.

Lemma big_max_mem (s : seq R) : s != [::] -> {in s, forall z, 0 <= z} -> \big[Num.max/0]_(z <- s) z \in s.
Proof.
elim: s => // y s IHs _ ge0; rewrite big_cons maxEle.
case: (leP y) => y_le; last by rewrite mem_head.
have [s0|s_neq0] := eqVneq s [::]; last first.
  by rewrite inE IHs ?orbT // => z zs; apply: ge0; rewrite inE zs orbT.
move: y_le; rewrite s0 big_nil inE => y_le.
by rewrite eq_le y_le ge0 // mem_head.
Qed.

Lemma big_min_ge0 (s : seq R) c : 0 <= c -> {in s, forall z, 0 <= z} -> 0 <= \big[Num.min/c]_(z <- s) z.
Proof.
move=> c_ge0; elim: s => [|y s IHs] ge0; first by rewrite big_nil.
rewrite big_cons minEle; case: ifP => _; first by rewrite ge0 // mem_head.
by apply: IHs => z zs; apply: ge0; rewrite inE zs orbT.
Qed.

Lemma big_min_le (s : seq R) c z : z \in s -> \big[Num.min/c]_(y <- s) y <= z.
Proof.
elim: s => // y s IHs; rewrite inE big_cons le_minl => /orP[/eqP-> | /IHs ->]; first by rewrite lexx.
by rewrite orbT.
Qed.

Lemma big_min_mem (s : seq R) c : c \in s -> \big[Num.min/c]_(z <- s) z \in s.
Proof.
suff min_mem t : {subset t <= s} -> c \in s -> \big[Num.min/c]_(z <- t) z \in s by apply: min_mem.
elim: t => [|y t IHt] ts cs; first by rewrite big_nil.
rewrite big_cons minEle; case: ifP => _; first by rewrite ts // mem_head.
by apply: IHt => // z zt; apply: ts; rewrite inE zt orbT.
Qed.

End Extremes.

(** The eigenvalues of A^T A. *)
Section Gram.
Variable R : rcfType.
Variables (m n : nat) (A : 'M[R]_(m, n)).
Local Notation gains := (rootsR (char_poly (A^T *m A))).

Lemma gram_spectral : exists (Q : 'M[R]_n) (d : 'rV[R]_n),
  [/\ Q^T *m Q = 1%:M, forall x, square (A *m x) = \sum_i d 0 i * (Q^T *m x) i 0 ^+ 2
    & forall z, (z \in gains) = [exists i, d 0 i == z]].
Proof.
have symS : (A^T *m A)^T = A^T *m A by rewrite trmx_mul trmxK.
have [Q [d [QQ SE]]] := spectral_theorem symS; exists Q, d; split=> //; last exact: mem_rootsR_spectral QQ SE.
by move=> x; rewrite -(form_spectral SE) /square trmx_mul !mulmxA.
Qed.

Lemma gains_neq0 : (0 < n)%N -> gains != [::].
Proof.
move=> n_gt0; have [Q [d [_ _ mem_gains]]] := gram_spectral.
have : d 0 (Ordinal n_gt0) \in gains by rewrite mem_gains; apply/existsP; exists (Ordinal n_gt0).
by apply: contraTneq => ->.
Qed.

(** Every one of them is the square by which some vector of length 1 is stretched. *)
Lemma gain_attained z : z \in gains -> exists x : 'cV[R]_n, square x = 1 /\ square (A *m x) = z.
Proof.
have [Q [d [QQ squareA mem_gains]]] := gram_spectral.
rewrite mem_gains => /existsP[i /eqP <-]; exists (Q *m delta_mx i 0); split.
  rewrite (square_orthogonal QQ) squareE (bigD1 i) //= mxE !eqxx expr1n.
  by rewrite big1 ?addr0 // => j /negPf ji; rewrite mxE ji expr0n.
rewrite squareA mulmxA QQ mul1mx (bigD1 i) //= mxE !eqxx expr1n mulr1.
by rewrite big1 ?addr0 // => j /negPf ji; rewrite mxE ji expr0n mulr0.
Qed.

Lemma gains_ge0 : {in gains, forall z, 0 <= z}.
Proof. by move=> z /gain_attained[x [_ <-]]; apply: square_ge0. Qed.

(** A bound on them is a bound on all vectors. *)
Lemma square_mul_le c (x : 'cV[R]_n) : {in gains, forall z, z <= c} -> square (A *m x) <= c * square x.
Proof.
have [Q [d [QQ squareA mem_gains]]] := gram_spectral; move=> le_c.
rewrite squareA -(square_orthogonal_tr QQ x) squareE mulr_sumr.
apply: ler_sum => i _; apply: ler_wpmul2r; first exact: sqr_ge0.
by apply: le_c; rewrite mem_gains; apply/existsP; exists i.
Qed.

Lemma le_square_mul c (x : 'cV[R]_n) : {in gains, forall z, c <= z} -> c * square x <= square (A *m x).
Proof.
have [Q [d [QQ squareA mem_gains]]] := gram_spectral; move=> c_le.
rewrite squareA -(square_orthogonal_tr QQ x) squareE mulr_sumr.
apply: ler_sum => i _; apply: ler_wpmul2r; first exact: sqr_ge0.
by apply: c_le; rewrite mem_gains; apply/existsP; exists i.
Qed.

Lemma norm_sqr : norm A ^+ 2 = \big[Num.max/0]_(z <- gains) z.
Proof. by rewrite sqr_sqrtr ?big_max_ge0. Qed.

Lemma norm_sqr_mem : (0 < n)%N -> norm A ^+ 2 \in gains.
Proof. by move=> n_gt0; rewrite norm_sqr big_max_mem ?gains_neq0 //; apply: gains_ge0. Qed.

End Gram.

Section Norm.
Variable R : rcfType.

Lemma norm_ge0 m n (A : 'M[R]_(m, n)) : 0 <= norm A.
Proof. exact: sqrtr_ge0. Qed.

(** ||A x|| <= ||A|| ||x||. *)
Lemma length_mul_le m n (A : 'M[R]_(m, n)) (x : 'cV[R]_n) : length (A *m x) <= norm A * length x.
Proof.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?mulr_ge0 ?length_ge0 ?norm_ge0 //.
rewrite exprMn !length_sqr; apply: square_mul_le => z zg.
by rewrite norm_sqr le_big_max.
Qed.

(** Some vector of length 1 is stretched by the norm. *)
Lemma norm_attained m n (A : 'M[R]_(m, n)) :
  (0 < n)%N -> exists x : 'cV[R]_n, length x = 1 /\ length (A *m x) = norm A.
Proof.
move=> n_gt0; have [x [x1 Ax]] := gain_attained (norm_sqr_mem A n_gt0).
exists x; split; first by rewrite /length x1 sqrtr1.
by rewrite /length Ax sqrtr_sqr ger0_norm ?norm_ge0.
Qed.

(** The norm is the least number that does so. *)
Lemma norm_le m n (A : 'M[R]_(m, n)) (c : R) :
  0 <= c -> (forall x : 'cV_n, length (A *m x) <= c * length x) -> norm A <= c.
Proof.
case: n A => [|k] A c_ge0 le_c.
  have [Q [d [_ _ mem_gains]]] := gram_spectral A.
  rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 // norm_sqr.
  case: (rootsR _) mem_gains => [|z s] mem_gains; first by rewrite big_nil exprn_ge0.
  by have := mem_gains z; rewrite mem_head => /esym/existsP[[]].
have [x [x1 <-]] := norm_attained A (ltn0Sn k).
by have := le_c x; rewrite x1 mulr1.
Qed.

(** The norm of a vector, as a matrix with one column, is its length. *)
Lemma norm_vector n (x : 'cV[R]_n) : norm x = length x.
Proof.
have lengthE (c : 'cV[R]_1) : length c = `|c 0 0| by rewrite /length squareE big_ord1 sqrtr_sqr.
apply/eqP; rewrite eq_le; apply/andP; split.
  apply: norm_le (length_ge0 x) _ => y.
  by rewrite [y]mx11_scalar mul_mx_scalar lengthZ lengthE mxE eqxx mulrC.
have := length_mul_le x (1%:M : 'cV[R]_1).
by rewrite mulmx1 lengthE mxE eqxx normr1 mulr1.
Qed.

Lemma smallest_gain_ge0 n (A : 'M[R]_n) : 0 <= smallest_gain A.
Proof. exact: sqrtr_ge0. Qed.

Lemma smallest_gain_sqr n (A : 'M[R]_n) :
  smallest_gain A ^+ 2 = \big[Num.min/norm A ^+ 2]_(z <- rootsR (char_poly (A^T *m A))) z.
Proof. by rewrite sqr_sqrtr // big_min_ge0 ?exprn_ge0 ?norm_ge0 //; apply: gains_ge0. Qed.

(** sigma_min(A) ||x|| <= ||A x||. *)
Lemma smallest_gain_mul_le n (A : 'M[R]_n) (x : 'cV[R]_n) : smallest_gain A * length x <= length (A *m x).
Proof.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?mulr_ge0 ?length_ge0 ?smallest_gain_ge0 //.
rewrite exprMn !length_sqr; apply: le_square_mul => z zg.
by rewrite smallest_gain_sqr big_min_le.
Qed.

(** Some vector of length 1 is stretched by sigma_min only. *)
Lemma smallest_gain_attained n (A : 'M[R]_n) :
  (0 < n)%N -> exists x : 'cV[R]_n, length x = 1 /\ length (A *m x) = smallest_gain A.
Proof.
move=> n_gt0; have := big_min_mem (norm_sqr_mem A n_gt0).
rewrite -smallest_gain_sqr => /gain_attained[x [x1 Ax]].
exists x; split; first by rewrite /length x1 sqrtr1.
by rewrite /length Ax sqrtr_sqr ger0_norm ?smallest_gain_ge0.
Qed.

(** It is the largest number that does so. *)
Lemma le_smallest_gain n (A : 'M[R]_n) (c : R) :
  (0 < n)%N -> (forall x : 'cV_n, c * length x <= length (A *m x)) -> c <= smallest_gain A.
Proof.
move=> n_gt0 c_le; have [x [x1 <-]] := smallest_gain_attained A n_gt0.
by have := c_le x; rewrite x1 mulr1.
Qed.

End Norm.
