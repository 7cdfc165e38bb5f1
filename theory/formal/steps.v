(** Products over steps: A(b) ... A(a+1) A(a), the latest factor on the left, and the products f(a) ... f(b)
    and sums f(a) + ... + f(b) of numbers. A product over no steps, b < a, is 1, and a sum over none is 0.

    What holds over every ring: the number of steps, induction on it, the first and the last factor, a product
    cut in two, equality and comparison factor by factor, constant factors. *)

From mathcomp Require Import all_ssreflect all_algebra complex zify.
From errorflow Require Import vocabulary.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * The number of steps *)

Lemma steps_lt (a b : int) : b < a -> steps a b = 0%N.
Proof. by rewrite /steps; case E : (b - a + 1) => [k|k] //; lia. Qed.

Lemma steps_le (a b : int) : a <= b -> steps a b = `|b - a|%N.+1.
Proof. by rewrite /steps; case E : (b - a + 1) => [k|k]; lia. Qed.

(** The number of steps is b - a + 1, where that is not negative. *)
Lemma steps_int (a b : int) : 0 <= b - a + 1 -> (steps a b)%:Z = b - a + 1.
Proof. by rewrite /steps; case: (b - a + 1). Qed.

Lemma steps_eq (a b : int) (k : nat) : b - a + 1 = k%:Z -> steps a b = k.
Proof. by rewrite /steps => ->. Qed.

Lemma steps_shift (a b c : int) : steps (a + c) (b + c) = steps a b.
Proof. by rewrite /steps; have -> : b + c - (a + c) + 1 = b - a + 1 by lia. Qed.

Lemma steps1 (k : int) : steps 1 k = if k is Posz j then j else 0%N.
Proof. by rewrite /steps subrK. Qed.

Lemma steps1_nat (k : nat) : steps 1 k = k.
Proof. by rewrite steps1. Qed.

Lemma steps_last (a b : int) : a <= b -> steps a b = (steps a (b - 1)).+1.
Proof. by move=> ab; rewrite steps_le // (@steps_eq _ _ `|b - a|%N) //; lia. Qed.

Lemma steps_first (a b : int) : a <= b -> steps a b = (steps (a + 1) b).+1.
Proof. by move=> ab; rewrite steps_le // (@steps_eq _ _ `|b - a|%N) //; lia. Qed.

(** Either there is no step from a to b, or b is a + k for a natural number k. *)
Lemma no_steps_or (a b : int) : b < a \/ exists k : nat, b = a + k%:Z.
Proof. by have [ab|] := leP a b; [right; exists `|b - a|%N; lia | left]. Qed.

(** Induction on the number of steps, by the last or by the first. *)
Lemma steps_ind_last (P : int -> int -> Prop) :
  (forall a b, b < a -> P a b) -> (forall a b, a <= b -> P a (b - 1) -> P a b) -> forall a b, P a b.
Proof.
move=> P0 P1 a b; have [/P0//|[k ->]] := no_steps_or a b.
elim: k => [|k IHk]; apply: P1; [lia | by apply: P0; lia | lia |].
by have -> : a + k.+1%:Z - 1 = a + k%:Z by lia.
Qed.

Lemma steps_ind_first (P : int -> int -> Prop) :
  (forall a b, b < a -> P a b) -> (forall a b, a <= b -> P (a + 1) b -> P a b) -> forall a b, P a b.
Proof.
move=> P0 P1 a b; have [/P0//|[k ->]] := no_steps_or a b.
elim: k a => [|k IHk] a; apply: P1; [lia | by apply: P0; lia | lia |].
by have -> : a + k.+1%:Z = a + 1 + k%:Z by lia.
Qed.

(** An integral power with an exponent that is not negative is a natural power. *)
Lemma exprz_nat (R : unitRingType) (c : R) (k : int) : 0 <= k -> c ^ k = c ^+ `|k|%N.
Proof. by case: k. Qed.

(** * Products of matrices *)

Section Chains.
Variables (R : ringType) (n : nat).
Implicit Types (A B : int -> 'M[R]_n) (a b c : int).

Lemma chain_empty A a b : b < a -> chain A a b = 1%:M.
Proof. by move=> ba; rewrite /chain steps_lt. Qed.

Lemma chain_last A a b : a <= b -> chain A a b = A b *m chain A a (b - 1).
Proof.
move=> ab; rewrite /chain steps_last //=.
by have -> : a + (steps a (b - 1))%:Z = b by rewrite steps_int; lia.
Qed.

Lemma factors_first A a k : factors A a k.+1 = factors A (a + 1) k *m A a.
Proof.
elim: k => [|k IHk]; first by rewrite /= addr0 mul1mx mulmx1.
rewrite [LHS]/= -/(factors A a k.+1) IHk mulmxA /=.
by have -> : a + k.+1%:Z = a + 1 + k%:Z by lia.
Qed.

Lemma chain_first A a b : a <= b -> chain A a b = chain A (a + 1) b *m A a.
Proof. by move=> ab; rewrite /chain steps_first // factors_first. Qed.

Lemma chain_single A a : chain A a a = A a.
Proof. by rewrite chain_last // chain_empty ?mulmx1 //; lia. Qed.

(** A product cut after step c. *)
Lemma chain_split A a b c : a <= c + 1 -> c <= b -> chain A a b = chain A (c + 1) b *m chain A a c.
Proof.
have [|[k ->]] := no_steps_or c b; first by lia.
elim: k => [|k IHk] ac cb; first by rewrite addr0 (@chain_empty A (c + 1)) ?mul1mx //; lia.
rewrite chain_last; last by lia.
rewrite (@chain_last A (c + 1)) -?mulmxA; last by lia.
have -> : c + k.+1%:Z - 1 = c + k%:Z by lia.
by rewrite IHk //; lia.
Qed.

Lemma eq_chain A B a b : (forall i, a <= i <= b -> A i = B i) -> chain A a b = chain B a b.
Proof.
move: a b; apply: steps_ind_last => a b ab; first by rewrite !chain_empty.
move=> IH AB; rewrite (chain_last A ab) (chain_last B ab) AB ?ab ?lexx // IH // => i i_ab; apply: AB; lia.
Qed.

Lemma chain_shift A a b c : chain A (a + c) (b + c) = chain (fun i => A (i + c)) a b.
Proof.
rewrite /chain steps_shift; elim: (steps a b) => //= k ->.
by have -> : a + c + k%:Z = a + k%:Z + c by lia.
Qed.

(** Equal factors depend on the number of steps only. *)
Lemma chain_const_steps (M : 'M[R]_n) a b c d :
  steps a b = steps c d -> chain (fun=> M) a b = chain (fun=> M) c d.
Proof. by rewrite /chain => ->; elim: (steps c d) => //= k ->. Qed.

Lemma chain_const (M : 'M[R]_n) a b : chain (fun=> M) a b = chain (fun=> M) 1 (b - a + 1).
Proof. by apply: chain_const_steps; rewrite /steps subrK. Qed.

Lemma chain_const_last (M : 'M[R]_n) (k : nat) : chain (fun=> M) 1 k.+1 = M *m chain (fun=> M) 1 k.
Proof. by rewrite /chain !steps1_nat. Qed.

Lemma chain_const_first (M : 'M[R]_n) (k : nat) : chain (fun=> M) 1 k.+1 = chain (fun=> M) 1 k *m M.
Proof. by rewrite /chain !steps1_nat factors_first; congr (_ *m M); elim: k => //= k ->. Qed.

Lemma chain_const_add (M : 'M[R]_n) (j k : nat) :
  chain (fun=> M) 1 (j + k)%N = chain (fun=> M) 1 j *m chain (fun=> M) 1 k.
Proof. by rewrite /chain !steps1_nat; elim: j => [|j IHj]; rewrite ?mul1mx // addSn /= IHj mulmxA. Qed.

(** Both sides of a congruence pass through a product: L A(i) = B(i) L. *)
Lemma chain_intertwine (L : 'M[R]_n) A B a b :
  (forall i, a <= i <= b -> L *m A i = B i *m L) -> L *m chain A a b = chain B a b *m L.
Proof.
move: a b; apply: steps_ind_last => a b ab; first by rewrite !chain_empty // mul1mx mulmx1.
move=> IH LA; rewrite (chain_last A ab) (chain_last B ab) mulmxA LA ?ab ?lexx //.
by rewrite -!mulmxA IH // => i i_ab; apply: LA; lia.
Qed.

End Chains.

(** For a matrix of size n + 1, an element of a ring, the product of k equal factors is its power. *)
Lemma chain_const_expr (R : ringType) (n : nat) (M : 'M[R]_n.+1) (a b : int) :
  chain (fun=> M) a b = M ^+ steps a b.
Proof. by rewrite /chain; elim: (steps a b) => [|k IHk]; rewrite ?expr0 // exprS /= IHk. Qed.

(** * Products and sums of numbers *)

Section Numbers.
Variable R : ringType.
Implicit Types (f g : int -> R) (a b c : int).

Lemma product_over_empty f a b : b < a -> product_over f a b = 1.
Proof. by move=> ba; rewrite /product_over steps_lt // big_geq. Qed.

Lemma product_over_last f a b : a <= b -> product_over f a b = product_over f a (b - 1) * f b.
Proof.
move=> ab; rewrite /product_over steps_last // big_nat_recr //=.
by have -> : a + (steps a (b - 1))%:Z = b by rewrite steps_int; lia.
Qed.

Lemma product_over_first f a b : a <= b -> product_over f a b = f a * product_over f (a + 1) b.
Proof.
move=> ab; rewrite /product_over steps_first // big_nat_recl // addr0; congr (_ * _).
by apply: eq_bigr => j _; congr f; lia.
Qed.

Lemma product_over_single f a : product_over f a a = f a.
Proof. by rewrite product_over_last // product_over_empty ?mul1r //; lia. Qed.

Lemma product_over_split f a b c : a <= c + 1 -> c <= b ->
  product_over f a b = product_over f a c * product_over f (c + 1) b.
Proof.
have [|[k ->]] := no_steps_or c b; first by lia.
elim: k => [|k IHk] ac cb; first by rewrite addr0 (@product_over_empty f (c + 1)) ?mulr1 //; lia.
rewrite product_over_last; last by lia.
rewrite (@product_over_last f (c + 1)) ?mulrA; last by lia.
have -> : c + k.+1%:Z - 1 = c + k%:Z by lia.
by rewrite IHk //; lia.
Qed.

Lemma eq_product_over f g a b :
  (forall i, a <= i <= b -> f i = g i) -> product_over f a b = product_over g a b.
Proof.
move: a b; apply: steps_ind_last => a b ab; first by rewrite !product_over_empty.
move=> IH fg; rewrite (product_over_last f ab) (product_over_last g ab) fg ?ab ?lexx //.
by rewrite IH // => i i_ab; apply: fg; lia.
Qed.

Lemma product_over_shift f a b c : product_over f (a + c) (b + c) = product_over (fun i => f (i + c)) a b.
Proof. by rewrite /product_over steps_shift; apply: eq_bigr => j _; congr f; lia. Qed.

Lemma product_over_const (x : R) a b : product_over (fun=> x) a b = x ^+ steps a b.
Proof. by rewrite /product_over big_const_nat subn0; elim: (steps a b) => //= k ->; rewrite exprS. Qed.

Lemma sum_over_empty f a b : b < a -> sum_over f a b = 0.
Proof. by move=> ba; rewrite /sum_over steps_lt // big_geq. Qed.

Lemma sum_over_last f a b : a <= b -> sum_over f a b = sum_over f a (b - 1) + f b.
Proof.
move=> ab; rewrite /sum_over steps_last // big_nat_recr //=.
by have -> : a + (steps a (b - 1))%:Z = b by rewrite steps_int; lia.
Qed.

Lemma sum_over_first f a b : a <= b -> sum_over f a b = f a + sum_over f (a + 1) b.
Proof.
move=> ab; rewrite /sum_over steps_first // big_nat_recl // addr0; congr (_ + _).
by apply: eq_bigr => j _; congr f; lia.
Qed.

Lemma sum_over_single f a : sum_over f a a = f a.
Proof. by rewrite sum_over_last // sum_over_empty ?add0r //; lia. Qed.

Lemma sum_over_split f a b c : a <= c + 1 -> c <= b -> sum_over f a b = sum_over f a c + sum_over f (c + 1) b.
Proof.
have [|[k ->]] := no_steps_or c b; first by lia.
elim: k => [|k IHk] ac cb; first by rewrite addr0 (@sum_over_empty f (c + 1)) ?addr0 //; lia.
rewrite sum_over_last; last by lia.
rewrite (@sum_over_last f (c + 1)) ?addrA; last by lia.
have -> : c + k.+1%:Z - 1 = c + k%:Z by lia.
by rewrite IHk //; lia.
Qed.

Lemma eq_sum_over f g a b : (forall i, a <= i <= b -> f i = g i) -> sum_over f a b = sum_over g a b.
Proof.
move: a b; apply: steps_ind_last => a b ab; first by rewrite !sum_over_empty.
move=> IH fg; rewrite (sum_over_last f ab) (sum_over_last g ab) fg ?ab ?lexx //.
by rewrite IH // => i i_ab; apply: fg; lia.
Qed.

Lemma sum_over_shift f a b c : sum_over f (a + c) (b + c) = sum_over (fun i => f (i + c)) a b.
Proof. by rewrite /sum_over steps_shift; apply: eq_bigr => j _; congr f; lia. Qed.

Lemma sum_over_const (x : R) a b : sum_over (fun=> x) a b = x *+ steps a b.
Proof. by rewrite /sum_over sumr_const_nat subn0. Qed.

Lemma sum_overD f g a b : sum_over (fun i => f i + g i) a b = sum_over f a b + sum_over g a b.
Proof. by rewrite /sum_over big_split. Qed.

Lemma sum_over_mull (x : R) f a b : sum_over (fun i => x * f i) a b = x * sum_over f a b.
Proof. by rewrite /sum_over mulr_sumr. Qed.

Lemma sum_over_mulr (x : R) f a b : sum_over (fun i => f i * x) a b = sum_over f a b * x.
Proof. by rewrite /sum_over mulr_suml. Qed.

(** A sum of differences. *)
Lemma sum_over_telescope f a b : a <= b + 1 -> sum_over (fun i => f (i + 1) - f i) a b = f (b + 1) - f a.
Proof.
move: a b; apply: steps_ind_last => a b ab; last move=> IH _.
  by move=> ab1; have -> : a = b + 1; [lia | rewrite subrr sum_over_empty //; lia].
by rewrite (sum_over_last _ ab) IH ?subrK // addrC addrA subrK.
Qed.

End Numbers.

Section Comparison.
Variable R : realDomainType.
Implicit Types (f g : int -> R) (a b : int).

Lemma product_over_ge0 f a b : (forall i, a <= i <= b -> 0 <= f i) -> 0 <= product_over f a b.
Proof.
move: a b; apply: steps_ind_last => a b ab; first by rewrite product_over_empty ?ler01.
move=> IH f0; rewrite (product_over_last _ ab); apply: mulr_ge0; last by apply: f0; lia.
by apply: IH => i i_ab; apply: f0; lia.
Qed.

Lemma product_over_gt0 f a b : (forall i, a <= i <= b -> 0 < f i) -> 0 < product_over f a b.
Proof.
move: a b; apply: steps_ind_last => a b ab; first by rewrite product_over_empty ?ltr01.
move=> IH f0; rewrite (product_over_last _ ab); apply: mulr_gt0; last by apply: f0; lia.
by apply: IH => i i_ab; apply: f0; lia.
Qed.

Lemma product_over_le f g a b :
  (forall i, a <= i <= b -> 0 <= f i <= g i) -> product_over f a b <= product_over g a b.
Proof.
move: a b; apply: steps_ind_last => a b ab; first by rewrite !product_over_empty.
move=> IH fg; have /andP[fb0 fb] : 0 <= f b <= g b by rewrite fg ?ab ?lexx.
have fg1 i : a <= i <= b - 1 -> 0 <= f i <= g i by move=> i_ab; apply: fg; lia.
rewrite (product_over_last f ab) (product_over_last g ab); apply: ler_pmul => //; last exact: IH.
by apply: product_over_ge0 => i /fg1/andP[].
Qed.

Lemma sum_over_ge0 f a b : (forall i, a <= i <= b -> 0 <= f i) -> 0 <= sum_over f a b.
Proof.
move: a b; apply: steps_ind_last => a b ab; first by rewrite sum_over_empty ?lexx.
move=> IH f0; rewrite (sum_over_last _ ab); apply: addr_ge0; last by apply: f0; lia.
by apply: IH => i i_ab; apply: f0; lia.
Qed.

Lemma sum_over_le f g a b : (forall i, a <= i <= b -> f i <= g i) -> sum_over f a b <= sum_over g a b.
Proof.
move: a b; apply: steps_ind_last => a b ab; first by rewrite !sum_over_empty.
move=> IH fg; rewrite (sum_over_last f ab) (sum_over_last g ab); apply: ler_add; last by apply: fg; lia.
by apply: IH => i i_ab; apply: fg; lia.
Qed.

End Comparison.
