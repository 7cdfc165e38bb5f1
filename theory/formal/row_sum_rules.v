(** Rules for absolute values, entries, the largest absolute entry and the largest absolute row sum:

      |A B|_oo <= |A|_oo |B|_oo for row sums,      max_ij |(A B)_ij| <= n max |A| max |B| for entries,

    the same for products over steps, and what holds for diagonal matrices and masks. *)

From mathcomp Require Import all_ssreflect all_algebra complex zify.
From errorflow Require Import vocabulary spectral_radius ordered_products.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * Absolute values *)

(** The triangle inequality. *)
Theorem abs_add_le (R : rcfType) (c d : R) :
  `|c + d| <= `|c| + `|d|.
Proof. exact: ler_norm_add. Qed.

(** The same for complex numbers. *)
Theorem abs_add_le_complex (R : rcfType) (c d : R[i]) :
  modulus (c + d) <= modulus c + modulus d.
Proof. exact: modulus_add_le. Qed.

(** The absolute value of a product. *)
Theorem abs_mul (R : rcfType) (c d : R) :
  `|c * d| = `|c| * `|d|.
Proof. exact: normrM. Qed.

(** The same for complex numbers. *)
Theorem abs_mul_complex (R : rcfType) (c d : R[i]) :
  modulus (c * d) = modulus c * modulus d.
Proof. exact: modulusM. Qed.

(** A number is not less than the negative of its absolute value. *)
Theorem neg_abs_le (R : rcfType) (c : R) :
  - `|c| <= c.
Proof. by rewrite ler_oppl -normrN ler_norm. Qed.

(** * Entries *)

Section Entries.
Variables (R : ringType) (m n : nat).
Implicit Types A : 'M[R]_(m, n).

(** The row and the column of an entry, counted from 1. *)
Lemma entry_ord A (r : 'I_m) (c : 'I_n) : entry A (1 + r%:Z) (1 + c%:Z) = A r c.
Proof.
rewrite /entry; have index (k : nat) : absz (1 + k%:Z - 1)%R = k by lia.
have le1 (k : nat) : 1 <= 1 + k%:Z by lia.
by rewrite !index !valK !le1.
Qed.

Lemma entry_no_row A (i j : int) : (forall r : 'I_m, i <> 1 + r%:Z) -> entry A i j = 0.
Proof.
move=> no_row; rewrite /entry; case: insubP => // r _ r_i; case: insubP => // c _ _; case: ifP => //.
by case/andP => i_ge1 _; case: (no_row r); rewrite r_i; lia.
Qed.

Lemma entry_no_column A (i j : int) : (forall c : 'I_n, j <> 1 + c%:Z) -> entry A i j = 0.
Proof.
move=> no_column; rewrite /entry; case: insubP => // r _ _; case: insubP => // c _ c_j; case: ifP => //.
by case/andP => _ j_ge1; case: (no_column c); rewrite c_j; lia.
Qed.

Lemma row_or_not k (i : int) : (exists r : 'I_k, i = 1 + r%:Z) \/ (forall r : 'I_k, i <> 1 + r%:Z).
Proof.
have [/andP[i_ge1 i_lt]|out] := boolP ((1 <= i) && (absz (i - 1)%R < k)%N).
  by left; exists (Ordinal i_lt); rewrite /=; lia.
by right=> r i_r; move/negP: out; apply; rewrite i_r; have := ltn_ord r; lia.
Qed.

End Entries.

(** The entries of a product of two matrices. *)
Theorem mul_apply (R : rcfType) (n : nat) (A B : 'M[R]_n) (i' j' : int) :
  (0 < n)%N ->
  entry (A *m B) i' j' = sum_over (fun i => entry A i' i * entry B i j') 1 n.
Proof.
move=> _; rewrite /sum_over steps1_nat big_mkord.
have [[r ->]|no_row] := row_or_not n i'; last first.
  by rewrite entry_no_row // big1 // => k _; rewrite entry_no_row ?mul0r.
have [[c ->]|no_column] := row_or_not n j'; last first.
  by rewrite entry_no_column // big1 // => k _; rewrite [X in _ * X]entry_no_column ?mulr0.
by rewrite entry_ord mxE; apply: eq_bigr => k _; rewrite !entry_ord.
Qed.

Lemma diag_mul_entry (R : ringType) n m (D : 'M[R]_n) (A : 'M[R]_(n, m)) i j :
  is_diag_mx D -> (D *m A) i j = D i i * A i j.
Proof.
move=> /is_diag_mxP diagD; rewrite mxE (bigD1 i) //= big1 ?addr0 // => k /negPf k_i.
by rewrite diagD ?mul0r // eq_sym; apply/negbT; apply: k_i.
Qed.

(** A diagonal matrix multiplies every row by its number. *)
Theorem diag_mul_apply (R : rcfType) (n m : nat) (D : 'M[R]_n) (A : 'M[R]_(n, m)) (i' j' : int) :
  is_diag_mx D ->
  entry (D *m A) i' j' = entry A i' j' * entry D i' i'.
Proof.
move=> diagD.
have [[r ->]|no_row] := row_or_not n i'; last by rewrite !entry_no_row ?mul0r.
have [[c ->]|no_column] := row_or_not m j'; last by rewrite !(entry_no_column _ _ no_column) mul0r.
by rewrite !entry_ord diag_mul_entry // mulrC.
Qed.

(** Diagonal matrices commute. *)
Theorem diag_mul_comm (R : rcfType) (n : nat) (D E : 'M[R]_n) :
  is_diag_mx D ->
  is_diag_mx E ->
  D *m E = E *m D.
Proof.
move=> diagD diagE; apply/matrixP => i j; rewrite !diag_mul_entry //.
have [->|ij] := eqVneq i j; first exact: mulrC.
by rewrite ((is_diag_mxP diagE) i j ij) ((is_diag_mxP diagD) i j ij) !mulr0.
Qed.

(** * The largest entry and the largest row sum, as least upper bounds *)

Section Bounds.
Variables (R : rcfType) (m n : nat).
Implicit Types (A : 'M[R]_(m, n)) (c : R).

Lemma max_ge0 k (f : 'I_k -> R) : 0 <= \big[Num.max/0]_i f i.
Proof. by elim/big_rec: _ => // i x _ x_ge0; rewrite le_maxr x_ge0 orbT. Qed.

Lemma max_abs_ge0 A : 0 <= max_abs A.
Proof. exact: max_ge0. Qed.

Lemma row_sum_norm_ge0 A : 0 <= row_sum_norm A.
Proof. exact: max_ge0. Qed.

Lemma le_max_abs A i j : `|A i j| <= max_abs A.
Proof.
apply: le_trans (le_largest (fun i => \big[Num.max/0]_j `|A i j|) (mem_index_enum i)).
exact: (le_largest (fun j => `|A i j|) (mem_index_enum j)).
Qed.

Lemma max_abs_le A c : 0 <= c -> (forall i j, `|A i j| <= c) -> max_abs A <= c.
Proof. by move=> c_ge0 le_c; apply: largest_le => // i _; apply: largest_le. Qed.

Lemma le_row_sum_norm A i : \sum_j `|A i j| <= row_sum_norm A.
Proof. exact: (le_largest (fun i => \sum_j `|A i j|) (mem_index_enum i)). Qed.

Lemma row_sum_norm_le A c : 0 <= c -> (forall i, \sum_j `|A i j| <= c) -> row_sum_norm A <= c.
Proof. by move=> c_ge0 le_c; apply: largest_le. Qed.

Lemma entry_le_row_sum_norm A i j : `|A i j| <= row_sum_norm A.
Proof.
apply: le_trans (le_row_sum_norm A i); rewrite (bigD1 j) //= ler_addl.
by apply: sumr_ge0 => k _; apply: normr_ge0.
Qed.

End Bounds.

(** * Row sums *)

(** Row sums are submultiplicative. *)
Theorem row_sum_norm_mul_le (R : rcfType) (n m p : nat) (A : 'M[R]_(n, m)) (B : 'M[R]_(m, p)) :
  row_sum_norm (A *m B) <= row_sum_norm A * row_sum_norm B.
Proof.
apply: row_sum_norm_le => [|i]; first by rewrite mulr_ge0 ?row_sum_norm_ge0.
apply: (@le_trans _ _ (\sum_j \sum_k `|A i k| * `|B k j|)).
  apply: ler_sum => j _; rewrite mxE; apply: le_trans (ler_norm_sum _ _ _) _.
  by apply: ler_sum => k _; rewrite normrM.
rewrite exchange_big /=; apply: (@le_trans _ _ (\sum_k `|A i k| * row_sum_norm B)).
  by apply: ler_sum => k _; rewrite -mulr_sumr ler_wpmul2l ?le_row_sum_norm.
by rewrite -mulr_suml ler_wpmul2r ?row_sum_norm_ge0 ?le_row_sum_norm.
Qed.

(** Row sums obey the triangle inequality. *)
Theorem row_sum_norm_add_le (R : rcfType) (n m : nat) (A B : 'M[R]_(n, m)) :
  row_sum_norm (A + B) <= row_sum_norm A + row_sum_norm B.
Proof.
apply: row_sum_norm_le => [|i]; first by rewrite addr_ge0 ?row_sum_norm_ge0.
apply: (@le_trans _ _ (\sum_j (`|A i j| + `|B i j|))).
  by apply: ler_sum => j _; rewrite mxE ler_norm_add.
by rewrite big_split ler_add ?le_row_sum_norm.
Qed.

(** The absolute values have the same row sums. *)
Theorem row_sum_norm_abs (R : rcfType) (n m : nat) (A : 'M[R]_(n, m)) :
  row_sum_norm (absolute A) = row_sum_norm A.
Proof.
by apply: eq_bigr => i _; apply: eq_bigr => j _; rewrite mxE normr_id.
Qed.

(** The row sums of a product over steps are at most the product of those of its factors. *)
Theorem row_sum_norm_prod_le (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  row_sum_norm (chain A a b) <= product_over (fun i => row_sum_norm (A i)) a b.
Proof.
move=> _; move: a b; apply: steps_ind_last => a b ab.
  rewrite chain_empty // product_over_empty //; apply: row_sum_norm_le => [|i]; first exact: ler01.
  rewrite (bigD1 i) //= big1 => [|j /negPf ji]; rewrite mxE ?eqxx ?normr1 ?addr0 //.
  by rewrite eq_sym ji normr0.
move=> IH; rewrite (chain_last _ ab) (product_over_last _ ab) mulrC.
by apply: le_trans (row_sum_norm_mul_le _ _) _; rewrite ler_wpmul2l ?row_sum_norm_ge0.
Qed.

(** A row sum has n terms. *)
Theorem row_sum_norm_le_n_max_abs (R : rcfType) (n : nat) (A : 'M[R]_n) :
  (0 < n)%N ->
  row_sum_norm A <= n%:R * max_abs A.
Proof.
move=> _; apply: row_sum_norm_le => [|i]; first by rewrite mulr_ge0 ?ler0n ?max_abs_ge0.
apply: le_trans (ler_sum _ (fun j _ => le_max_abs A i j)) _.
by rewrite sumr_const card_ord mulr_natl.
Qed.

(** The row sums of a diagonal matrix are its absolute entries. *)
Theorem row_sum_norm_diag (R : rcfType) (n : nat) (D : 'M[R]_n) :
  is_diag_mx D ->
  row_sum_norm D = max_abs D.
Proof.
move=> /is_diag_mxP diagD; apply: le_anti; apply/andP; split.
  apply: row_sum_norm_le => [|i]; first exact: max_abs_ge0.
  rewrite (bigD1 i) //= big1 ?addr0 ?le_max_abs // => j ji.
  by rewrite diagD ?normr0 // eq_sym.
apply: max_abs_le => [|i j]; first exact: row_sum_norm_ge0.
exact: entry_le_row_sum_norm.
Qed.

(** * The largest absolute entry *)

(** Entries of a product over steps: n choices of an index between any two of the b - a + 1 factors. *)
Theorem entry_prod_le (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  a <= b ->
  max_abs (chain A a b) <= n%:R ^ (b - a) * product_over (fun i => max_abs (A i)) a b.
Proof.
move=> _; have [|[k ->] _] := no_steps_or a b; first by move=> ba ab; lia.
have -> : a + k%:Z - a = k by lia.
rewrite -exprnP; elim: k => [|k IHk].
  by rewrite addr0 chain_single product_over_single expr0 mul1r.
have ak : a <= a + k.+1%:Z by lia.
rewrite (chain_last _ ak) (product_over_last _ ak).
have -> : a + k.+1%:Z - 1 = a + k%:Z by lia.
set P := product_over _ _ _ in IHk *; set C := chain _ _ _ in IHk *; set M := A _.
have M_ge0 := max_abs_ge0 M; rewrite exprSr -mulrA [n%:R * _]mulrC !mulrA.
apply: max_abs_le => [|i j].
  by rewrite mulr_ge0 ?ler0n // mulr_ge0 // (le_trans _ IHk) ?max_abs_ge0.
rewrite mxE; apply: le_trans (ler_norm_sum _ _ _) _.
apply: (@le_trans _ _ (\sum_(k0 < n) n%:R ^+ k * P * max_abs M)); last first.
  by rewrite sumr_const card_ord mulr_natr.
apply: ler_sum => l _; rewrite normrM mulrC ler_pmul ?normr_ge0 ?le_max_abs //.
exact: le_trans (le_max_abs C l j) IHk.
Qed.

(** A diagonal matrix multiplies the largest entry at most by its own largest. *)
Theorem entry_diag_mul_le (R : rcfType) (n m : nat) (D : 'M[R]_n) (A : 'M[R]_(n, m)) :
  is_diag_mx D ->
  max_abs (D *m A) <= max_abs A * max_abs D.
Proof.
move=> diagD; apply: max_abs_le => [|i j]; first by rewrite mulr_ge0 ?max_abs_ge0.
by rewrite diag_mul_entry // normrM mulrC ler_pmul ?normr_ge0 ?le_max_abs.
Qed.

(** The entries of a mask are at most 1. *)
Theorem max_abs_mask_le_one (R : rcfType) (n : nat) (D : 'M[R]_n) :
  unit_interval D ->
  max_abs D <= 1.
Proof.
case=> /is_diag_mxP diagD D01; apply: max_abs_le => [|i j]; first exact: ler01.
have [<-|ij] := eqVneq i j; last by rewrite diagD // normr0.
by have /andP[D_ge0 D_le1] := D01 i; rewrite ger0_norm.
Qed.
