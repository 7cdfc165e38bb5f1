(** Back-propagation through time: the gradient of shared parameters is a sum over its copies.

    S_i = dx_i/dtheta in one direction of the shared parameters obeys S_i = J_i S_(i-1) + B_i with S_0 = 0,
    where B_i is what copy i of the parameters alone contributes. With P_i = J_T ... J_(i+1) the number g^T
    P_i S_i grows by g^T P_i B_i in step i, hence g^T S_T is the sum of these numbers. For J_i = D_i W, a
    direction V of W and the errors e_(i-1) = W^T D_i e_i the number e_i^T S_i grows by (D_i e_i)^T V
    h_(i-1) in step i. *)

From mathcomp Require Import all_ssreflect all_algebra.
From errorflow Require Import vocabulary length ordered_products.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** A number F(i) that grows by G(i) in every step i = a + 1, ..., b grows by the sum of the G(i). *)
Lemma sum_over_increments (R : ringType) (F G : int -> R) (a b : int) :
  a <= b -> (forall i, a + 1 <= i -> i <= b -> F i = F (i - 1) + G i) ->
  F b = F a + sum_over G (a + 1) b.
Proof.
move=> ab grow; rewrite (@eq_sum_over _ G (fun i => F (i - 1 + 1) - F (i - 1))); last first.
  by move=> i /andP[ai ib]; rewrite subrK (grow i ai ib) addrC addKr.
rewrite -[in sum_over _ _ b](subrK 1 b) sum_over_shift.
rewrite (@eq_sum_over _ _ (fun i => F (i + 1) - F i)) => [|i _]; last by rewrite !addrK.
by rewrite sum_over_telescope ?subrK // addrC subrK.
Qed.

(** A diagonal matrix is symmetric. *)
Lemma diagonal_transpose (R : ringType) n (D : 'M[R]_n) : is_diag_mx D -> D^T = D.
Proof. by case/diag_mxP => d ->; rewrite tr_diag_mx. Qed.

(** In a step S_i = D_i (W S_(i-1) + V h_(i-1)), e_(i-1)^T = e_i^T D_i W the number e_i^T S_i grows by
    (D_i e_i)^T V h_(i-1). *)
Lemma backward_step (R : rcfType) (n m : nat) (D W : 'M[R]_n) (S S' e e' : 'cV[R]_n) (V : 'M[R]_(n, m))
    (h : 'cV[R]_m) :
  is_diag_mx D -> S = D *m (V *m h + W *m S') -> e'^T = e^T *m D *m W ->
  number (e^T *m S) = number (e'^T *m S') + number (e^T *m D^T *m V *m h).
Proof. by move=> diag -> ->; rewrite diagonal_transpose // !mulmxDr !mulmxA numberD addrC. Qed.

(** The gradient of the tied network is the sum over its untied copies: g^T S_T is the sum of the
    g^T P_j B_j. *)
Theorem theorem_bptt_identity (R : rcfType) (n : nat) (B : int -> 'cV[R]_n) (J : int -> 'M[R]_n)
    (S_ : int -> 'cV[R]_n)
    (P : int -> 'M[R]_n) (g : 'cV[R]_n) (T : int) :
  (0 < n)%N ->
  0 < T ->
  (forall i : int, 1 <= i -> i <= T -> S_ i = B i + J i *m S_ (i - 1)) ->
  (forall v : 'cV[R]_n, number (v^T *m S_ 0) = 0) ->
  (forall i : int, 1 <= i -> i <= T -> P (i - 1) = P i *m J i) ->
  P T = 1%:M ->
  number (g^T *m S_ T) = sum_over (fun j => number (g^T *m P j *m B j)) 1 T.
Proof.
move=> _ T_gt0 step start before last.
have := @sum_over_increments _ (fun i => number (g^T *m P i *m S_ i))
  (fun j => number (g^T *m P j *m B j)) 0 T.
rewrite add0r last mulmx1 -[P 0]trmxK -trmx_mul start add0r; apply; first exact: ltW.
by move=> i i_ge1 i_leT; rewrite before // {1}step // mulmxDr !mulmxA numberD addrC.
Qed.

(** The backward pass computes the tied gradient: g^T S_T = sum over j of (D_j e_j)^T V h_(j-1). *)
Theorem theorem_bptt_backward_pass (R : rcfType) (n m : nat) (D : int -> 'M[R]_n) (S_ : int -> 'cV[R]_n)
    (V : 'M[R]_(n, m)) (W : 'M[R]_n) (h : int -> 'cV[R]_m) (e : int -> 'cV[R]_n) (g : 'cV[R]_n) (T : int) :
  0 < T ->
  (forall i : int, is_diag_mx (D i)) ->
  (forall i : int, 1 <= i -> i <= T -> S_ i = D i *m (V *m h (i - 1) + W *m S_ (i - 1))) ->
  (forall v : 'cV[R]_n, number (v^T *m S_ 0) = 0) ->
  (forall i : int, 1 <= i -> i <= T -> (e (i - 1))^T = (e i)^T *m D i *m W) ->
  e T = g ->
  number (g^T *m S_ T) = sum_over (fun j => number ((e j)^T *m (D j)^T *m V *m h (j - 1))) 1 T.
Proof.
move=> T_gt0 diag step start error <-.
have := @sum_over_increments _ (fun i => number ((e i)^T *m S_ i))
          (fun j => number ((e j)^T *m (D j)^T *m V *m h (j - 1))) 0 T.
rewrite add0r start add0r; apply; first exact: ltW.
by move=> i i_ge1 i_leT; apply: backward_step (diag i) (step _ _ _) (error _ _ _).
Qed.
