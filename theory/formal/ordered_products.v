(** Rules for products over steps A(b) ... A(a+1) A(a): equal factors, the first and the last factor, the
    empty product, scalars, and a change of coordinates. *)

From mathcomp Require Import all_ssreflect all_algebra complex zify.
From errorflow Require Import vocabulary.
From errorflow Require Export steps.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** A product of b - a + 1 equal numbers is a power. *)
Theorem prod_const (R : rcfType) (c : R) (a b : int) :
  0 <= b - a + 1 ->
  product_over (fun=> c) a b = c ^ (b - a + 1).
Proof. by move=> ab; rewrite product_over_const -steps_int. Qed.

(** A product of products, term by term. *)
Theorem prod_mul (R : rcfType) (c d : int -> R) (a b : int) :
  product_over (fun i => c i * d i) a b = product_over c a b * product_over d a b.
Proof. by rewrite /product_over big_split. Qed.

(** A product of equal matrices depends on the number of steps only: it is the power A^(b - a + 1). *)
Theorem prod_const_matrix (R : rcfType) (n : nat) (A : 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  chain (fun=> A) a b = chain (fun=> A) 1 (b - a + 1).
Proof. by move=> _; apply: chain_const. Qed.

(** The same for complex matrices. *)
Theorem prod_const_matrix_complex (R : rcfType) (n : nat) (A : 'M[R[i]]_n) (a b : int) :
  (0 < n)%N ->
  chain (fun=> A) a b = chain (fun=> A) 1 (b - a + 1).
Proof. by move=> _; apply: chain_const. Qed.

(** The last factor stands on the left. *)
Theorem prod_last (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  a <= b ->
  chain A a b = A b *m chain A a (b - 1).
Proof. by move=> _; apply: chain_last. Qed.

(** The first factor stands on the right. *)
Theorem prod_first (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  a <= b ->
  chain A a b = chain A (a + 1) b *m A a.
Proof. by move=> _; apply: chain_first. Qed.

(** The same for complex matrices. *)
Theorem prod_first_complex (R : rcfType) (n : nat) (A : int -> 'M[R[i]]_n) (a b : int) :
  (0 < n)%N ->
  a <= b ->
  chain A a b = chain A (a + 1) b *m A a.
Proof. by move=> _; apply: chain_first. Qed.

(** A product over no steps is the identity. *)
Theorem prod_empty (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (a : int) :
  (0 < n)%N ->
  chain A a (a - 1) = 1%:M.
Proof. by move=> _; apply: chain_empty; lia. Qed.

(** The same for complex matrices. *)
Theorem prod_empty_complex (R : rcfType) (n : nat) (A : int -> 'M[R[i]]_n) (a : int) :
  (0 < n)%N ->
  chain A a (a - 1) = 1%:M.
Proof. by move=> _; apply: chain_empty; lia. Qed.

(** A scalar in every factor leaves the product as a power. *)
Theorem prod_smul (R : rcfType) (n : nat) (A : int -> 'M[R]_n) (c : R) (a b : int) :
  (0 < n)%N ->
  0 <= b - a + 1 ->
  chain (fun i => c *: A i) a b = c ^ (b - a + 1) *: chain A a b.
Proof.
move=> _ ab; rewrite -steps_int // /chain; elim: (steps a b) => [|k IHk] /=; first by rewrite expr0z scale1r.
by rewrite IHk -scalemxAl -scalemxAr scalerA -exprnP -exprS.
Qed.

(** The inverse undoes the matrix. *)
Theorem inv_mul (R : rcfType) (n : nat) (L : 'M[R]_n) :
  (0 < n)%N ->
  L \in unitmx ->
  invmx L *m L = 1%:M.
Proof. by move=> _ Lu; apply: mulVmx. Qed.

(** A change of coordinates passes through a product. *)
Theorem conj_prod (R : rcfType) (n : nat) (L : 'M[R]_n) (A : int -> 'M[R]_n) (a b : int) :
  (0 < n)%N ->
  L \in unitmx ->
  chain A a b = invmx L *m chain (fun i => L *m A i *m invmx L) a b *m L.
Proof.
move=> _ Lu; rewrite -mulmxA -(@chain_intertwine _ _ L A) => [|i _]; last by rewrite mulmxKV.
by rewrite mulKmx.
Qed.
