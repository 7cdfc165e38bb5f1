(** Rules for matrices of blocks: replace every block of n times n entries by a bound of its norm. Then

      ||A(b) ... A(a)|| <= ||B(b) ... B(a)||    where    ||A(i)_pq|| <= B(i)_pq,

    with a factor sqrt n where B bounds the row sums of the blocks instead, and the same entry by entry. *)

From mathcomp Require Import all_ssreflect all_algebra.
From errorflow Require Import vocabulary spectral_norm ordered_products norm_rules.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Blocks.
Variables (R : rcfType) (m n : nat).
Implicit Types (A : 'M[R]_(m * n)) (C : 'M[R]_m) (x : 'cV[R]_(m * n)).

(** A sum over all indices is a sum over blocks of sums within a block. *)
Lemma sum_blocks (f : 'I_(m * n) -> R) : \sum_k f k = \sum_p \sum_i f (mxvec_index p i).
Proof. by rewrite (reindex _ (curry_mxvec_bij m n)) pair_bigA; apply: eq_bigr => -[]. Qed.

(** Matrices are multiplied block by block. *)
Lemma block_mul A A' p q : block (A *m A') p q = \sum_r block A p r *m block A' r q.
Proof.
apply/matrixP => i j; rewrite mxE mxE sum_blocks summxE; apply: eq_bigr => r _.
by rewrite mxE; apply: eq_bigr => k _; rewrite !mxE.
Qed.

Lemma block_one p q : block (1%:M : 'M[R]_(m * n)) p q = (p == q)%:R%:M.
Proof.
apply/matrixP => i j; rewrite !mxE.
have -> : (mxvec_index p i == mxvec_index q j) = (p == q) && (i == j).
  have [g gK _] := curry_mxvec_bij m n.
  apply/eqP/andP => [pq|[/eqP-> /eqP->]//].
  have [-> ->] : (p, i) = (q, j) by rewrite -(gK (p, i)) // -(gK (q, j)) //= pq.
  by split.
by case: (p == q); case: (i == j).
Qed.

(** Bounds of the blocks, in any norm that is submultiplicative and at most 1 for the identity, bound the
    blocks of a product over steps. *)
Lemma block_chain_le (N : 'M[R]_n -> R) (A : int -> 'M[R]_(m * n)) (B : int -> 'M[R]_m) (a b : int) :
  (forall M, 0 <= N M) -> N 0 = 0 -> N 1%:M <= 1 ->
  (forall M M', N (M + M') <= N M + N M') -> (forall M M', N (M *m M') <= N M * N M') ->
  (forall i p q, N (block (A i) p q) <= B i p q) ->
  forall p q, N (block (chain A a b) p q) <= chain B a b p q.
Proof.
move=> N_ge0 N0 N1 ND NM AB; move: a b; apply: steps_ind_last => a b ab.
  move=> p q; rewrite !chain_empty // block_one mxE; case: (p == q); first exact: N1.
  by rewrite raddf0 N0.
move=> IH p q; rewrite (chain_last A ab) (chain_last B ab) block_mul mxE.
apply: (big_ind2 (fun M c => N M <= c)) => [|M c M' c' Mc Mc'|r _].
- by rewrite N0.
- exact: le_trans (ND _ _) (ler_add Mc Mc').
- exact: le_trans (NM _ _) (ler_pmul (N_ge0 _) (N_ge0 _) (AB b p r) (IH r q)).
Qed.

(** Part p of a vector. *)
Definition part x (p : 'I_m) : 'cV[R]_n := \col_i x (mxvec_index p i) 0.

Lemma part_mul A x p : part (A *m x) p = \sum_q block A p q *m part x q.
Proof.
apply/colP => i; rewrite mxE mxE sum_blocks summxE; apply: eq_bigr => q _.
by rewrite mxE; apply: eq_bigr => j _; rewrite !mxE.
Qed.

(** A vector is as long as the vector of the lengths of its parts. *)
Lemma length_parts x : length (\col_p length (part x p)) = length x.
Proof.
rewrite /length !squareE sum_blocks; congr Num.sqrt; apply: eq_bigr => p _.
by rewrite mxE length_sqr squareE; apply: eq_bigr => i _; rewrite mxE.
Qed.

(** Bounds of the norms of the blocks make a matrix of no smaller norm. *)
Lemma norm_le_norm_blocks A C : block_norms A C -> norm A <= norm C.
Proof.
move=> AC; apply: norm_le => [|x]; first exact: norm_ge0.
rewrite -(length_parts x) -(length_parts (A *m x)).
apply: le_trans (length_mul_le _ _); apply: length_le => p; rewrite !mxE ger0_norm ?length_ge0 // part_mul.
apply: le_trans _ (ler_norm _).
apply: (big_ind2 (fun (y : 'cV[R]_n) c => length y <= c)) => [|y c y' c' yc yc'|q _].
- by rewrite (eqP (_ : length 0 == 0)) // length_eq0.
- exact: le_trans (length_add_le _ _) (ler_add yc yc').
- by rewrite mxE; apply: le_trans (length_mul_le _ _) _; rewrite ler_wpmul2r ?length_ge0 ?AC.
Qed.

End Blocks.

(** Norms of blocks: the norm of a product is at most that of the product of the matrices of bounds. *)
Theorem norm_prod_le_norm_prod_blocks (R : rcfType) (n m : nat) (A : int -> 'M[R]_(m * n))
    (B : int -> 'M[R]_m) (a b : int) :
  (0 < n)%N ->
  (forall i : int, block_norms (A i) (B i)) ->
  norm (chain A a b) <= norm (chain B a b).
Proof.
move=> n_gt0 AB; apply: norm_le_norm_blocks; apply: block_chain_le => //.
- by move=> M; apply: norm_ge0.
- by rewrite -(scale0r 0) norm_smul ?mul0r.
- by rewrite norm_one.
- by move=> M M'; apply: norm_add_le.
- by move=> M M'; apply: norm_mul_le.
Qed.

(** Row sums of blocks: the same with a factor sqrt n. *)
Theorem norm_prod_le_sqrt_norm_prod_row_sums (R : rcfType) (n m : nat) (A : int -> 'M[R]_(m * n))
    (B : int -> 'M[R]_m) (a b : int) :
  (0 < n)%N ->
  (forall i : int, block_row_sums (A i) (B i)) ->
  norm (chain A a b) <= Num.sqrt n%:R * norm (chain B a b).
Proof.
move=> n_gt0 AB; rewrite -norm_smul ?sqrtr_ge0 //; apply: norm_le_norm_blocks => p q.
apply: le_trans (norm_le_sqrt_row_sum _ n_gt0) _; rewrite [X in _ <= X]mxE ler_wpmul2l ?sqrtr_ge0 //.
apply: (@block_chain_le _ _ _ (@row_sum_norm R n n)) => //.
- by move=> M; apply: row_sum_norm_ge0.
- apply: le_anti; rewrite row_sum_norm_ge0 andbT; apply: row_sum_norm_le => // i.
  by rewrite big1 // => j _; rewrite mxE normr0.
- have := row_sum_norm_prod_le (fun=> 1%:M : 'M[R]_n) 1 0 n_gt0.
  by rewrite chain_empty // product_over_empty.
- by move=> M M'; apply: row_sum_norm_add_le.
- by move=> M M'; apply: row_sum_norm_mul_le.
Qed.

(** Larger entries than all absolute values make a matrix of no smaller norm. *)
Lemma norm_le_norm_majorant (R : rcfType) (m n : nat) (A M : 'M[R]_(m, n)) :
  majorized A M -> norm A <= norm M.
Proof.
move=> AM; apply: norm_le => [|x]; first exact: norm_ge0.
have -> : length x = length (\col_j `|x j 0|).
  by apply: le_anti; rewrite !length_le // => j; rewrite mxE normr_id.
apply: le_trans (length_mul_le _ _); apply: length_le => i; rewrite !mxE.
apply: le_trans (ler_norm_sum _ _ _) (le_trans _ (ler_norm _)).
by apply: ler_sum => j _; rewrite !mxE normrM ler_wpmul2r.
Qed.

(** Entries: the norm of a product is at most that of the product of the majorants. *)
Theorem norm_prod_le_norm_prod_majorant (R : rcfType) (n : nat) (A B : int -> 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  (forall i : int, majorized (A i) (B i)) ->
  norm (chain A a b) <= norm (chain B a b).
Proof.
move=> _ AB; apply: norm_le_norm_majorant; move: a b; apply: steps_ind_last => a b ab.
  by move=> i j; rewrite !chain_empty // mxE normr_nat.
move=> IH i j; rewrite (chain_last A ab) (chain_last B ab) !mxE.
apply: le_trans (ler_norm_sum _ _ _) _; apply: ler_sum => k _.
by rewrite normrM ler_pmul ?AB ?IH.
Qed.
