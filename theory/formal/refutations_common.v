(** Small matrices written out, and the Jacobian of a network with given slopes: what the refutations are
    about.

    A refutation is a false claim with an exact counterexample. Its theorem writes the example down with
    the numbers of the claim, shows that every premise holds for it, and that the conclusion does not. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.
From mathcomp Require Import ring zify.
From errorflow Require Import vocabulary.
From errorflow Require Export refutations_ground.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * Matrices with two rows or two columns *)

Section Entries.
Variable R : ringType.

Definition mat2 (a b c d : R) : 'M[R]_2 :=
  \matrix_(i, j) if i == 0 then (if j == 0 then a else b) else (if j == 0 then c else d).
Definition mat1 (a : R) : 'M[R]_1 := a%:M.
Definition row1 (a : R) : 'rV[R]_1 := a%:M.
Definition row2 (a b : R) : 'rV[R]_2 := \row_j if j == 0 then a else b.
Definition col2 (a b : R) : 'cV[R]_2 := \col_i if i == 0 then a else b.

(** The shift of n units: the sender j reaches the receiver j + 1. *)
Definition shift n : 'M[R]_n := \matrix_(i, j) (i == j.+1 :> nat)%:R.

Lemma ord2 (i : 'I_2) : i = 0 \/ i = 1.
Proof. by case: i => [[|[|//]] lt_i2]; [left | right]; apply: val_inj. Qed.

Lemma eq_mat2 (A B : 'M[R]_2) :
  A 0 0 = B 0 0 -> A 0 1 = B 0 1 -> A 1 0 = B 1 0 -> A 1 1 = B 1 1 -> A = B.
Proof. by move=> e00 e01 e10 e11; apply/matrixP => i j; case: (ord2 i) => ->; case: (ord2 j) => ->. Qed.

Lemma mat2E (A : 'M[R]_2) : A = mat2 (A 0 0) (A 0 1) (A 1 0) (A 1 1).
Proof. by apply: eq_mat2; rewrite mxE. Qed.

Lemma col2E (x : 'cV[R]_2) : x = col2 (x 0 0) (x 1 0).
Proof. by apply/matrixP => i j; rewrite (ord1 j); case: (ord2 i) => ->; rewrite mxE. Qed.

Lemma sum2 (f : 'I_2 -> R) : \sum_i f i = f 0 + f 1.
Proof. by rewrite big_ord_recl big_ord1; congr (_ + f _); apply: val_inj. Qed.

Lemma mat2M (a b c d a' b' c' d' : R) :
  mat2 a b c d *m mat2 a' b' c' d' =
  mat2 (a * a' + b * c') (a * b' + b * d') (c * a' + d * c') (c * b' + d * d').
Proof. by apply: eq_mat2; rewrite !mxE sum2 !mxE. Qed.

Lemma mat2D (a b c d a' b' c' d' : R) :
  mat2 a b c d + mat2 a' b' c' d' = mat2 (a + a') (b + b') (c + c') (d + d').
Proof. by apply: eq_mat2; rewrite !mxE. Qed.

Lemma mat2N (a b c d : R) : - mat2 a b c d = mat2 (- a) (- b) (- c) (- d).
Proof. by apply: eq_mat2; rewrite !mxE. Qed.

Lemma mat2Z (k a b c d : R) : k *: mat2 a b c d = mat2 (k * a) (k * b) (k * c) (k * d).
Proof. by apply: eq_mat2; rewrite !mxE. Qed.

Lemma mat2T (a b c d : R) : (mat2 a b c d)^T = mat2 a c b d.
Proof. by apply: eq_mat2; rewrite !mxE. Qed.

Lemma mat2_1 : 1%:M = mat2 1 0 0 1.
Proof. by apply: eq_mat2; rewrite !mxE. Qed.

Lemma mat2_0 : 0 = mat2 0 0 0 0.
Proof. by apply: eq_mat2; rewrite !mxE. Qed.

Lemma mat2_diag (a b : R) : diag_mx (row2 a b) = mat2 a 0 0 b.
Proof. by apply: eq_mat2; rewrite !mxE. Qed.

Lemma mat2_col (a b c d x y : R) : mat2 a b c d *m col2 x y = col2 (a * x + b * y) (c * x + d * y).
Proof. by rewrite [LHS]col2E !mxE !sum2 !mxE. Qed.

Lemma col2_neq0 (a b : R) : (a != 0) || (b != 0) -> col2 a b != 0.
Proof.
move=> ab; apply: contraTneq ab => /matrixP eq0; move: (eq0 0 0) (eq0 1 0).
by rewrite !mxE /= => -> ->; rewrite eqxx.
Qed.

Lemma mat1M (a b : R) : mat1 a *m mat1 b = mat1 (a * b).
Proof. by rewrite -scalar_mxM. Qed.

Lemma mat1_diag (a : R) : diag_mx (row1 a) = mat1 a.
Proof. by apply/matrixP => i j; rewrite !ord1 !mxE. Qed.

Lemma mat1X (a : R) k : mat1 a ^+ k = mat1 (a ^+ k).
Proof. by elim: k => [|k IH] //; rewrite exprS IH -mulmxE mat1M -exprS. Qed.

(** k shifts reach k units further. *)
Lemma shiftX n k (i j : 'I_n.+1) : (shift n.+1 ^+ k) i j = (i == (j + k)%N :> nat)%:R.
Proof.
elim: k i j => [|k IH] i j; first by rewrite expr0 mxE addn0.
rewrite exprSr -mulmxE mxE; case: (ltnP j.+1 n.+1) => [lt_jn | ge_jn].
  rewrite (bigD1 (Ordinal lt_jn)) //= IH mxE eqxx mulr1 addSnnS big1 ?addr0 // => l.
  by rewrite -val_eqE mxE /= => /negPf ->; rewrite mulr0.
rewrite big1 => [|l _]; last first.
  by rewrite mxE [X in _ * X](_ : _ = 0) ?mulr0 // ltn_eqF // (leq_trans (ltn_ord l)).
by rewrite ltn_eqF // (leq_trans (ltn_ord i)) // -addSnnS (leq_trans ge_jn) ?leq_addr.
Qed.

End Entries.

Lemma mat2_map (R S : ringType) (f : {rmorphism R -> S}) (a b c d : R) :
  map_mx f (mat2 a b c d) = mat2 (f a) (f b) (f c) (f d).
Proof. by apply: eq_mat2; rewrite !mxE. Qed.

Lemma mat2_pow_diag (R : ringType) (a b : R) k : mat2 a 0 0 b ^+ k = mat2 (a ^+ k) 0 0 (b ^+ k).
Proof.
elim: k => [|k IH]; first by rewrite !expr0 -mat2_1.
by rewrite exprS IH -mulmxE mat2M !mulr0 !mul0r !addr0 !add0r -!exprS.
Qed.

(** W^k = a^k I + k a^(k-1) b N for W = a I + b N, N^2 = 0. *)
Lemma mat2_pow_jordan (R : comRingType) (a b : R) k :
  mat2 a b 0 a ^+ k = mat2 (a ^+ k) (k%:R * a ^+ k.-1 * b) 0 (a ^+ k).
Proof.
elim: k => [|k IH]; first by rewrite !expr0 !mul0r -mat2_1.
rewrite exprS IH -mulmxE mat2M -exprS.
congr mat2; [by ring | case: k {IH} => [|k] | by ring | by rewrite exprS; ring].
  by rewrite /= !expr0; ring.
by rewrite /= exprS; ring.
Qed.

(** The powers of a matrix without inverse are multiples of it: (a + d)^(k-1) times. *)
Lemma mat2_pow_singular (R : comRingType) (a b c d : R) k :
  a * d = b * c -> mat2 a b c d ^+ k.+1 = (a + d) ^+ k *: mat2 a b c d.
Proof.
move=> singular; elim: k => [|k IH]; first by rewrite expr1 expr0 scale1r.
rewrite exprS IH -mulmxE -scalemxAr mat2M exprSr -scalerA; congr (_ *: _).
rewrite mat2Z; congr mat2; [rewrite -singular | | | rewrite [c * b]mulrC -singular]; ring.
Qed.

Lemma det_mat2 (R : comRingType) (a b c d : R) : \det (mat2 a b c d) = a * d - b * c.
Proof.
rewrite (expand_det_row _ 0) sum2 /cofactor !det_mx11 !mxE /=.
by rewrite !addn0 expr0 expr1 mul1r mulN1r mulrN.
Qed.

(** * The Jacobian over several steps *)

Section Jacobian.
Variable R : rcfType.

(** D_k W ... D_1 W for the slopes D_1, ..., D_k of the steps, a row each: the Jacobian of h_t = phi(W
    h_{t-1} + u_t). *)
Fixpoint jacobian n (W : 'M[R]_n) (slopes : seq 'rV[R]_n) : 'M[R]_n :=
  if slopes is first :: later then jacobian W later *m (diag_mx first *m W) else 1%:M.

(** The slopes one after the other, several times. *)
Definition repeated n (slopes : seq 'rV[R]_n) (times : nat) : seq 'rV[R]_n := flatten (nseq times slopes).

(** Every slope is in (0, 1]: what tanh can have, and all that it can. *)
Definition slopes_of_tanh n (slopes : seq 'rV[R]_n) : bool :=
  all (fun d : 'rV[R]_n => [forall i, 0 < d 0 i <= 1]) slopes.

Lemma jacobian_cat n (W : 'M[R]_n) s t : jacobian W (s ++ t) = jacobian W t *m jacobian W s.
Proof. by elim: s => [|d s IH] /=; [rewrite mulmx1 | rewrite IH [RHS]mulmxA]. Qed.

Lemma jacobian_repeated n (W : 'M[R]_n.+1) s k : jacobian W (repeated s k) = jacobian W s ^+ k.
Proof. by elim: k => [|k IH] //; rewrite /repeated /= jacobian_cat exprSr -IH. Qed.

Lemma jacobian1 n (W : 'M[R]_n) d : jacobian W [:: d] = diag_mx d *m W.
Proof. by rewrite /= mul1mx. Qed.

Lemma jacobian2 n (W : 'M[R]_n) d e : jacobian W [:: d; e] = diag_mx e *m W *m (diag_mx d *m W).
Proof. by rewrite /= mul1mx. Qed.

Lemma slopes_of_tanh_repeated n (slopes : seq 'rV[R]_n) k :
  slopes_of_tanh slopes -> slopes_of_tanh (repeated slopes k).
Proof. by move=> good; elim: k => [|k IH] //; rewrite /slopes_of_tanh all_cat; apply/andP. Qed.

Lemma slopes_of_tanh_cons n (d : 'rV[R]_n) slopes :
  slopes_of_tanh (d :: slopes) = slopes_of_tanh [:: d] && slopes_of_tanh slopes.
Proof. by rewrite /slopes_of_tanh /= andbT. Qed.

Lemma slopes_of_tanh1 (a b : R) : slopes_of_tanh [:: row2 a b] = [&& 0 < a, a <= 1, 0 < b & b <= 1].
Proof.
rewrite /slopes_of_tanh /= andbT; apply/forallP/and4P => [good | [a0 a1 b0 b1] i].
  by move: (good 0) (good 1); rewrite !mxE => /andP [-> ->] /andP [-> ->].
by case: (ord2 i) => ->; rewrite !mxE /= ?a0 ?a1 ?b0 ?b1.
Qed.

Lemma slopes_of_tanh_row1 (a : R) : slopes_of_tanh [:: row1 a] = (0 < a <= 1).
Proof.
rewrite /slopes_of_tanh /= andbT; apply/forallP/idP => [good | good i]; last by rewrite ord1 mxE.
by move: (good 0); rewrite mxE.
Qed.

End Jacobian.
