(** The words of the formal statements: what a norm, a product over steps, a spectral radius is.

    Everything is stated for every real closed field R, the real numbers among them, and proved without
    axioms. The numbers of a matrix that need completeness (a supremum over all vectors, an infimum over all
    scalings) are not constructed: a statement about one of them is about every function that has its defining
    property. Over the real numbers there is one. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * Steps: products and sums over a, a + 1, ..., b; empty where b < a *)

(** The number of steps from a to b. *)
Definition steps (a b : int) : nat := if (b - a + 1)%R is Posz m then m else 0%N.

Section Ranges.
Variable R : ringType.

(** f(a) f(a+1) ... f(b). *)
Definition product_over (f : int -> R) (a b : int) : R := \prod_(0 <= j < steps a b) f (a + j%:Z).

(** f(a) + f(a+1) + ... + f(b). *)
Definition sum_over (f : int -> R) (a b : int) : R := \sum_(0 <= j < steps a b) f (a + j%:Z).

(** A(a+k-1) ... A(a+1) A(a), k factors, the latest on the left. *)
Fixpoint factors n (A : int -> 'M[R]_n) (a : int) (k : nat) : 'M[R]_n :=
  if k is j.+1 then A (a + j%:Z) *m factors A a j else 1%:M.

(** A(b) ... A(a+1) A(a). *)
Definition chain n (A : int -> 'M[R]_n) (a b : int) : 'M[R]_n := factors A a (steps a b).

(** The number that a one-by-one matrix is. *)
Definition number (M : 'M[R]_1) : R := M 0 0.

(** The entry in row i and column j, counted from 1; zero outside of the matrix. *)
Definition entry m n (A : 'M[R]_(m, n)) (i j : int) : R :=
  if (insub `|i - 1|%N : option 'I_m, insub `|j - 1|%N : option 'I_n, (1 <= i) && (1 <= j))
    is (Some r, Some c, true) then A r c else 0.

End Ranges.

(** * Norms and numbers of a real matrix *)

Section Numbers.
Variable R : rcfType.

(** The squared Euclidean length of a vector, and its length. *)
Definition square n (x : 'cV[R]_n) : R := number (x^T *m x).
Definition length n (x : 'cV[R]_n) : R := Num.sqrt (square x).

(** The largest absolute entry. *)
Definition max_abs m n (A : 'M[R]_(m, n)) : R := \big[Num.max/0]_i \big[Num.max/0]_j `|A i j|.

(** The largest absolute row sum. *)
Definition row_sum_norm m n (A : 'M[R]_(m, n)) : R := \big[Num.max/0]_i \sum_j `|A i j|.

(** The spectral norm, the largest singular value: the root of the largest eigenvalue of A^T A. *)
Definition norm m n (A : 'M[R]_(m, n)) : R :=
  Num.sqrt (\big[Num.max/0]_(z <- rootsR (char_poly (A^T *m A))) z).

(** The smallest singular value: the root of the smallest eigenvalue of A^T A. *)
Definition smallest_gain n (A : 'M[R]_n) : R :=
  Num.sqrt (\big[Num.min/norm A ^+ 2]_(z <- rootsR (char_poly (A^T *m A))) z).

(** The matrix of absolute values. *)
Definition absolute m n (A : 'M[R]_(m, n)) : 'M[R]_(m, n) := \matrix_(i, j) `|A i j|.

(** A diagonal matrix with entries in [0, 1]: a mask. *)
Definition unit_interval n (D : 'M[R]_n) : Prop := is_diag_mx D /\ forall i, 0 <= D i i <= 1.

(** The modulus of a complex number. *)
Definition modulus (z : R[i]) : R := Num.sqrt (complex.Re z ^+ 2 + complex.Im z ^+ 2).

(** The complex eigenvalues, each as often as it is a root of the characteristic polynomial. *)
Definition eigenvalues n (A : 'M[R[i]]_n) : seq R[i] := sval (closed_field_poly_normal (char_poly A)).

(** The spectral radius, the largest modulus of a complex eigenvalue. *)
Definition complex_radius n (A : 'M[R[i]]_n) : R := \big[Num.max/0]_(z <- eigenvalues A) modulus z.
Definition radius n (A : 'M[R]_n) : R := complex_radius (map_mx (real_complex R) A).

Definition as_complex m n (A : 'M[R]_(m, n)) : 'M[R[i]]_(m, n) := map_mx (real_complex R) A.

(** The spectral radius of the matrix of absolute values. *)
Definition perron_radius n (A : 'M[R]_n) : R := radius (absolute A).

(** The spectral norm of a complex matrix X + i Y: that of the real matrix by which it acts on pairs. *)
Definition as_real m n (A : 'M[R[i]]_(m, n)) : 'M[R]_(m + m, n + n) :=
  let X := map_mx (@complex.Re R) A in let Y := map_mx (@complex.Im R) A in block_mx X (- Y) Y X.
Definition complex_norm m n (A : 'M[R[i]]_(m, n)) : R := norm (as_real A).

(** * Comparison of matrices, entry by entry and block by block *)

(** Block (p, q), of n times n entries, of a matrix of m times m blocks. *)
Definition block m n (A : 'M[R]_(m * n)) (p q : 'I_m) : 'M[R]_n :=
  \matrix_(i, j) A (mxvec_index p i) (mxvec_index q j).

Definition block_norms m n (A : 'M[R]_(m * n)) (C : 'M[R]_m) : Prop :=
  forall p q, norm (block A p q) <= C p q.
Definition block_row_sums m n (A : 'M[R]_(m * n)) (C : 'M[R]_m) : Prop :=
  forall p q, row_sum_norm (block A p q) <= C p q.
Definition majorized m n (A M : 'M[R]_(m, n)) : Prop := forall i j, `|A i j| <= M i j.

(** * Numbers with a defining property *)

(** There are no infinitely large numbers. *)
Definition archimedean : Prop := forall x : R, exists k : nat, x <= k%:R.

(** s is the supremum of the numbers in S, wherever S has a number and an upper bound. *)
Definition supremum (S : R -> Prop) (s : R) : Prop :=
  (exists x, S x) -> (exists b, forall x, S x -> x <= b) ->
  (forall x, S x -> x <= s) /\ (forall b, (forall x, S x -> x <= b) -> s <= b).

(** s is the infimum of the numbers in S, wherever S has a number and a lower bound. *)
Definition infimum (S : R -> Prop) (s : R) : Prop :=
  (exists x, S x) -> (exists b, forall x, S x -> b <= x) ->
  (forall x, S x -> s <= x) /\ (forall b, (forall x, S x -> b <= x) -> b <= s).

(** The numbers |z* A z| for complex vectors z = x + i y of length 1. *)
Definition numerical_value n (A : 'M[R]_n) (r : R) : Prop :=
  exists x y : 'cV[R]_n,
    square x + square y = 1 /\
    r = Num.sqrt ((number (x^T *m A *m x) + number (y^T *m A *m y)) ^+ 2
                  + (number (x^T *m A *m y) - number (y^T *m A *m x)) ^+ 2).
Definition is_numerical_radius n (w : 'M[R]_n -> R) : Prop := forall A, supremum (numerical_value A) (w A).

(** s(A), the infimum of ||L A L^-1|| over invertible diagonal L. *)
Definition is_diagonal_scaling_norm n (s : 'M[R]_n -> R) : Prop :=
  forall A, infimum (fun c => exists L, [/\ is_diag_mx L, L \in unitmx & c = norm (L *m A *m invmx L)]) (s A).

(** omega(A), the infimum of w(L A L^-1) over invertible diagonal L, for a numerical radius w. *)
Definition is_scaled_numerical_radius n (w omega : 'M[R]_n -> R) : Prop :=
  forall A,
  infimum (fun c => exists L, [/\ is_diag_mx L, L \in unitmx & c = w (L *m A *m invmx L)]) (omega A).

(** N(A, k), the largest norm of a product of k masked factors D A. *)
Definition is_largest_masked_product n (N : 'M[R]_n -> int -> R) : Prop :=
  forall A k, supremum (fun c => exists D : int -> 'M[R]_n, (forall i, unit_interval (D i)) /\
                                 c = norm (chain (fun i => D i *m A) 1 k)) (N A k).

(** The joint spectral radius of the family D A: the largest number c >= 0 with c^k <= N(A, k) for every
    k >= 1. *)
Definition is_joint_spectral_radius n (N : 'M[R]_n -> int -> R) (jsr : 'M[R]_n -> R) : Prop :=
  forall A, 0 <= jsr A /\ supremum (fun c => 0 <= c /\ forall k : int, 1 <= k -> c ^ k <= N A k) (jsr A).

(** The supremum over k >= 0 of N(A, k). *)
Definition is_masked_supremum n (N : 'M[R]_n -> int -> R) (M : 'M[R]_n -> R) : Prop :=
  forall A, supremum (fun c => exists k : int, 0 <= k /\ c = N A k) (M A).

(** The supremum over k >= 0 of ||A^k||. *)
Definition is_power_supremum n (S : 'M[R]_n -> R) : Prop :=
  forall A, supremum (fun c => exists k : int, 0 <= k /\ c = norm (chain (fun=> A) 1 k)) (S A).
Definition is_complex_power_supremum n (S : 'M[R[i]]_n -> R) : Prop :=
  forall A, supremum (fun c => exists k : int, 0 <= k /\ c = complex_norm (chain (fun=> A) 1 k)) (S A).

(** The Kreiss constant, the supremum of (|z| - 1) ||(z I - A)^-1|| over complex |z| > 1. *)
Definition is_kreiss_constant n (K : 'M[R[i]]_n -> R) : Prop :=
  forall A, supremum (fun c => exists z Z, [/\ 1 < modulus z, (z%:M - A) *m Z = 1%:M
                                             & c = (modulus z - 1) * complex_norm Z]) (K A).

End Numbers.

Arguments archimedean : clear implicits.

(** * Chance *)

(** Expectation: which numbers that depend on the outcome have one, and a mean that is linear, monotone, and
    the number itself where it does not depend on chance. *)
Record expectation (R : rcfType) (Omega : Type) := Expectation {
  integrable : (Omega -> R) -> Prop;
  mean : (Omega -> R) -> R;
  integrable_constant : forall c, integrable (fun=> c);
  integrable_combination : forall c f g, integrable f -> integrable g -> integrable (fun o => c * f o + g o);
  mean_constant : forall c, mean (fun=> c) = c;
  mean_combination : forall c f g, integrable f -> integrable g ->
    mean (fun o => c * f o + g o) = c * mean f + mean g;
  mean_monotone : forall f g, integrable f -> integrable g -> (forall o, f o <= g o) -> mean f <= mean g
}.
