(** Identities and moments: overshooting, inflation, the initialization interval, and one linear unit.

    - Overshooting: a network runs on for K more steps, and the errors of its outputs come back to step t as
      one vector v_t; a change x of the state k steps before changes the loss by v_t^T J(t, t-k) x.
    - Inflation: if W takes x_0 to x_1, x_1 to x_2, ..., all of norm 1, then ||W^K|| >= 1.
    - Random numbers as vectors, with the inner product u^T v = E u v. A weight that is uniform on [-r, r]
      and kept with probability c has n E w^2 = 1 for c n r^2 = 3. The stationary state of a unit with white
      input, h_t = lambda h_(t-1) + x_t, has E h^2 = 1 / (1 - lambda^2) and
      E (dh/dlambda)^2 = (1 + lambda^2) / (1 - lambda^2)^3. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify ring.
From errorflow Require Import vocabulary length spectral_norm ordered_products norm_rules theorems_bptt.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** The errors of overshooting come back as one vector: their sum is v_t^T J(t, t-k) x. *)
Theorem theorem_overshooting (R : rcfType) (n m p : nat) (D : int -> 'M[R]_(n, m)) (W : 'M[R]_(m, n))
    (X : int -> 'cV[R]_n)
    (x : 'cV[R]_n) (M : int -> 'M[R]_n) (C : 'M[R]_(p, n)) (e : int -> 'cV[R]_p)
    (v : int -> 'cV[R]_n) (K k t : int) :
  (0 < n)%N ->
  0 <= k ->
  0 <= K ->
  X t = chain (fun j => D j *m W) (t - k + 1) t *m x ->
  (forall i : int, t + 1 <= i -> i <= K + t + 1 -> X i = M i *m X (i - 1)) ->
  (forall i : int, t + 1 <= i -> i <= K + t + 1 -> (v (i - 1))^T = (e (i - 1))^T *m C + (v i)^T *m M i) ->
  number ((v (K + t + 1))^T *m X (K + t + 1)) = 0 ->
  sum_over (fun j => number ((e (j - 1))^T *m C *m X (j - 1))) (t + 1) (K + t + 1) =
    number ((v t)^T *m chain (fun j => D j *m W) (t - k + 1) t *m x).
Proof.
move=> _ _ K_ge0 change step_on step_back no_error; rewrite -mulmxA -change.
have := @sum_over_increments _ (fun i => - number ((v i)^T *m X i))
          (fun j => number ((e (j - 1))^T *m C *m X (j - 1))) t (K + t + 1).
rewrite no_error oppr0 => sumE; apply/esym/eqP.
rewrite -subr_eq0 -oppr_eq0 opprB addrC -sumE //; first by lia.
move=> i i_gt i_le; rewrite step_back // {1}step_on // mulmxDl numberD mulmxA.
by rewrite opprD addrAC addNr add0r.
Qed.

(** A bound on the state Jacobian bounds the gradient of every horizon of overshooting. *)
Theorem theorem_overshooting_bound (R : rcfType) (n m p : nat) (jacobian_norm : int -> R)
    (D : int -> 'M[R]_(n, m)) (W : 'M[R]_(m, n))
    (X : int -> 'cV[R]_n) (x : 'cV[R]_n) (M : int -> 'M[R]_n) (C : 'M[R]_(p, n))
    (e : int -> 'cV[R]_p) (v : int -> 'cV[R]_n) (K k t : int) :
  (0 < n)%N ->
  0 <= k ->
  0 <= K ->
  X t = chain (fun j => D j *m W) (t - k + 1) t *m x ->
  (forall i : int, t + 1 <= i -> i <= K + t + 1 -> X i = M i *m X (i - 1)) ->
  (forall i : int, t + 1 <= i -> i <= K + t + 1 -> (v (i - 1))^T = (e (i - 1))^T *m C + (v i)^T *m M i) ->
  number ((v (K + t + 1))^T *m X (K + t + 1)) = 0 ->
  jacobian_norm k = norm (chain (fun j => D j *m W) (t - k + 1) t) ->
  `|sum_over (fun j => number ((e (j - 1))^T *m C *m X (j - 1))) (t + 1) (K + t + 1)| <=
    jacobian_norm k * norm (v t) * norm x.
Proof.
move=> n_gt0 k_ge0 K_ge0 change step_on step_back no_error ->.
rewrite (theorem_overshooting n_gt0 k_ge0 K_ge0 change step_on step_back no_error) -mulmxA.
set A := chain _ _ _; apply: le_trans (abs_inner_le (A *m x) (v t)) _.
by rewrite mulrAC; apply: ler_wpmul2r (norm_ge0 (v t)) _ _ (norm_mul_le A x).
Qed.

(** A chain of units that hand a value on keeps ||W^K|| at one or more over its whole length. *)
Theorem theorem_inflation_shift (R : rcfType) (n m : nat) (W : 'M[R]_n) (x : int -> 'M[R]_(n, m)) (K : int) :
  (0 < n)%N ->
  0 <= K ->
  (forall i : int, 1 <= i -> i <= K -> x i = W *m x (i - 1)) ->
  (forall i : int, 0 <= i -> i <= K -> norm (x i) = 1) ->
  1 <= norm (chain (fun=> W) 1 K).
Proof.
move=> n_gt0; case: K => // K _ handed_on norms.
have reached (k : nat) : (k <= K)%N -> chain (fun=> W) 1 k *m x 0 = x k.
  elim: k => [|k IHk] k_leK; first by rewrite mul1mx.
  have kE : k.+1%:Z - 1 = k%:Z by lia.
  by rewrite (handed_on k.+1) // prod_last // kE -mulmxA IHk // ltnW.
have := norm_mul_le (chain (fun=> W) 1 K) (x 0).
by rewrite reached // !norms // mulr1.
Qed.

(** Weights uniform on [-r, r], r^2 = 3/(c n), of which a share c is kept, have a variance of exactly 1/n. *)
Theorem theorem_initialization_variance (R : rcfType) (n m p : nat) (w : 'cV[R]_m) (z : 'cV[R]_p) (c r : R) :
  (0 < n)%N ->
  number (w^T *m w) = c * number (z^T *m z) ->
  number (z^T *m z) = r ^+ 2 / 3%:R ->
  c * n%:R * r ^+ 2 = 3%:R ->
  n%:R * number (w^T *m w) = 1.
Proof.
move=> _ -> -> interval; have three : 3%:R != 0 :> R by rewrite pnatr_eq0.
transitivity (c * n%:R * r ^+ 2 / 3%:R); first by ring.
by rewrite interval divff.
Qed.

(** The inner product of two combinations a + c b and a' + c b'. *)
Lemma number_combinations (R : rcfType) (n : nat) (c : R) (x y x' y' : 'cV[R]_n) :
  number ((x + c *: y)^T *m (x' + c *: y'))
  = number (x^T *m x') + c * (number (x^T *m y') + number (y^T *m x')) + c ^+ 2 * number (y^T *m y').
Proof.
rewrite [(x + c *: y)^T]linearD linearZ /= mulmxDl !mulmxDr -!scalemxAl -!scalemxAr.
by rewrite !(numberD, numberZ) mulrDr expr2 !addrA mulrA.
Qed.

(** A linear unit of weight lambda with white input has the variance 1 / (1 - lambda^2). One step whose second
    moments are those of the step before is enough. *)
Theorem theorem_scalar_moments_variance (R : rcfType) (n : nat) (h x : int -> 'cV[R]_n) (lambda E_h_2 : R)
    (t : int) :
  h t = x t + lambda *: h (t - 1) ->
  number ((x t)^T *m x t) = 1 ->
  number ((x t)^T *m h (t - 1)) = 0 ->
  number ((h t)^T *m h t) = E_h_2 ->
  number ((h (t - 1))^T *m h (t - 1)) = E_h_2 ->
  lambda ^+ 2 < 1 ->
  E_h_2 = (1 - lambda ^+ 2)^-1.
Proof.
move=> state unit new var_now var_before contraction.
have gap : 1 - lambda ^+ 2 != 0 by rewrite gt_eqF // subr_gt0.
have varianceE : E_h_2 = 1 + lambda ^+ 2 * E_h_2.
  rewrite -{1}var_now state number_combinations unit var_before [number ((h _)^T *m x _)]number_sym.
  by rewrite new addr0 mulr0 addr0.
by rewrite -[LHS](mulfK gap) mulrBr mulr1 {1}varianceE mulrC -addrA [_ * E_h_2]mulrC subrr addr0 mulr1.
Qed.

(** A shared weight lambda moves a linear unit by (1 + lambda^2) / (1 - lambda^2)^3 in the mean square. *)
Theorem theorem_scalar_moments (R : rcfType) (n : nat) (h x s : int -> 'cV[R]_n)
    (lambda E_h_2 E_h_h' E_h'_2 : R) (t : int) :
  h t = x t + lambda *: h (t - 1) ->
  s t = h (t - 1) + lambda *: s (t - 1) ->
  number ((x t)^T *m x t) = 1 ->
  number ((x t)^T *m h (t - 1)) = 0 ->
  number ((x t)^T *m s (t - 1)) = 0 ->
  number ((h t)^T *m h t) = E_h_2 ->
  number ((h (t - 1))^T *m h (t - 1)) = E_h_2 ->
  number ((h t)^T *m s t) = E_h_h' ->
  number ((h (t - 1))^T *m s (t - 1)) = E_h_h' ->
  number ((s t)^T *m s t) = E_h'_2 ->
  number ((s (t - 1))^T *m s (t - 1)) = E_h'_2 ->
  lambda ^+ 2 < 1 ->
  E_h'_2 = (lambda ^+ 2 + 1) / (1 - lambda ^+ 2) ^+ 3.
Proof.
move=> state derivative unit new new_s var_now var_h cov_now cov sen_now var_s contraction.
have gap : 1 - lambda ^+ 2 != 0 by rewrite gt_eqF // subr_gt0.
have varE := theorem_scalar_moments_variance state unit new var_now var_h contraction.
have covE : E_h_h' = lambda * E_h_2 + lambda ^+ 2 * E_h_h'.
  by rewrite -{1}cov_now state derivative number_combinations new new_s cov var_h !add0r.
have senE : E_h'_2 = E_h_2 + 2%:R * lambda * E_h_h' + lambda ^+ 2 * E_h'_2.
  rewrite -{1}sen_now derivative number_combinations [number ((s _)^T *m h _)]number_sym var_h cov var_s.
  by ring.
have covV : E_h_h' = lambda * E_h_2 / (1 - lambda ^+ 2).
  by apply: (mulIf gap); rewrite mulfVK // mulrBr mulr1 {1}covE mulrC; ring.
apply: (mulIf gap); rewrite mulrBr mulr1 {1}senE covV varE.
by field.
Qed.
