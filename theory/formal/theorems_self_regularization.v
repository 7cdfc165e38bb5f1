(** How one step of gradient descent moves an eigenvalue, and the spectral radius: an equality.

    Let W move with the derivative V = -G. A right eigenvector v moves with it, W v = lambda v has the
    derivative V v + W v' = lambda v' + lambda' v, and with the left eigenvector u, u^T W = lambda u^T, the
    terms in v' cancel: lambda' u^T v = - u^T G v. For a complex eigenvalue a + i b with right and left
    eigenvectors x + i y and p + i q the two equations are four in real vectors, and the derivative of the
    modulus rho is (a a' + b b') / rho. *)

From mathcomp Require Import all_ssreflect all_algebra complex polyrcf.
From mathcomp Require Import ring.
From errorflow Require Import vocabulary length.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma numberN (R : rcfType) (A : 'M[R]_1) : number (- A) = - number A.
Proof. by rewrite /number mxE. Qed.

(** u^T (V v + W v') with a row u^T W = r^T, written with G = -V. *)
Lemma along_left_vector (R : rcfType) (n : nat) (G W : 'M[R]_n) (u r v v' : 'cV[R]_n) :
  u^T *m W = r^T -> number (u^T *m (- G *m v + W *m v')) = number (r^T *m v') - number (u^T *m G *m v).
Proof. by move=> <-; rewrite mulmxDr !mulmxA mulmxN mulNmx addrC numberB. Qed.

(** One step of gradient descent moves a simple eigenvalue by - u^T G v / (u^T v) per unit of the rate. *)
Theorem theorem_eigenvalue_derivative (R : rcfType) (n : nat) (G V W : 'M[R]_n) (v v' u : 'cV[R]_n)
    (lambda lambda' : R) :
  V = - G ->
  V *m v + W *m v' = lambda *: v' + lambda' *: v ->
  u^T *m W = lambda *: u^T ->
  lambda' * number (u^T *m v) = - number (u^T *m G *m v).
Proof.
move=> -> right left; have left_row : u^T *m W = (lambda *: u)^T by rewrite left linearZ.
have := along_left_vector G v v' left_row.
rewrite right mulmxDr -!scalemxAr linearZ /= -scalemxAl !(numberD, numberZ).
by move/addrI.
Qed.

(** Four linear equations in the derivatives a' and b' of the parts of an eigenvalue; primes are inner
    products with the derivative of the eigenvector, and pGx stands for p^T G x. *)
Section Parts.
Variables (R : comRingType) (a a' b b' px px' py py' qx qx' qy qy' pGx pGy qGx qGy : R).
Hypotheses (unit_re : px - qy = 1) (unit_im : py + qx = 0).

Lemma real_part :
  a * px' + a' * px - b * py' - b' * py = a * px' - b * qx' - pGx ->
  a * qy' + a' * qy + b * qx' + b' * qx = a * qy' + b * py' - qGy -> a' = - (pGx - qGy).
Proof.
move=> p_eq q_eq; have -> : a' = a' * (px - qy) - b' * (py + qx) by rewrite unit_re unit_im mulr1 mulr0 subr0.
apply/eqP; rewrite -subr_eq0; apply/eqP.
transitivity ((a * px' + a' * px - b * py' - b' * py - (a * px' - b * qx' - pGx))
              - (a * qy' + a' * qy + b * qx' + b' * qx - (a * qy' + b * py' - qGy))); first by ring.
by rewrite p_eq q_eq !subrr.
Qed.

Lemma imaginary_part :
  a * py' + a' * py + b * px' + b' * px = a * py' - b * qy' - pGy ->
  a * qx' + a' * qx - b * qy' - b' * qy = a * qx' + b * px' - qGx -> b' = - (pGy + qGx).
Proof.
move=> p_eq q_eq; have -> : b' = a' * (py + qx) + b' * (px - qy) by rewrite unit_re unit_im mulr1 mulr0 add0r.
apply/eqP; rewrite -subr_eq0; apply/eqP.
transitivity ((a * py' + a' * py + b * px' + b' * px - (a * py' - b * qy' - pGy))
              + (a * qx' + a' * qx - b * qy' - b' * qy - (a * qx' + b * px' - qGx))); first by ring.
by rewrite p_eq q_eq !subrr addr0.
Qed.

End Parts.

(** One step of gradient descent moves the spectral radius by - Re(conj(lambda) u^T G v) / rho; u^T v = 1. *)
Theorem theorem_radius_derivative (R : rcfType) (n : nat) (G V W : 'M[R]_n) (x x' y y' p q : 'cV[R]_n)
    (a a' b b' rho' : R) :
  (0 < n)%N ->
  V = - G ->
  V *m x + W *m x' = a *: x' + a' *: x - b *: y' - b' *: y ->
  V *m y + W *m y' = a *: y' + a' *: y + b *: x' + b' *: x ->
  p^T *m W = a *: p^T - b *: q^T ->
  q^T *m W = a *: q^T + b *: p^T ->
  number (p^T *m x) - number (q^T *m y) = 1 ->
  number (p^T *m y) + number (q^T *m x) = 0 ->
  rho' * radius W = a * a' + b * b' ->
  rho' * radius W =
    - a * (number (p^T *m G *m x) - number (q^T *m G *m y))
    - b * (number (p^T *m G *m y) + number (q^T *m G *m x)).
Proof.
move=> _ -> right_x right_y left_p left_q unit_re unit_im ->.
have row_p : p^T *m W = (a *: p - b *: q)^T by rewrite left_p linearB !linearZ.
have row_q : q^T *m W = (a *: q + b *: p)^T by rewrite left_q linearD !linearZ.
have := along_left_vector G x x' row_p; have := along_left_vector G y y' row_p.
have := along_left_vector G x x' row_q; have := along_left_vector G y y' row_q.
rewrite right_x right_y [(a *: p - b *: q)^T]linearB [(a *: q + b *: p)^T]linearD !linearZ /=.
rewrite !(mulmxBr, mulmxDr, mulmxBl, mulmxDl) -!scalemxAl -!scalemxAr !(numberB, numberD, numberZ)
  !(mulmxN, mulNmx) !numberN !mulrN.
move=> qy qx py px.
by rewrite (real_part unit_re unit_im px qy) (imaginary_part unit_re unit_im py qx) !mulrN mulNr.
Qed.
