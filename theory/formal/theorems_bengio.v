(** Contraction, the ball that noise cannot leave, latching, and vanishing (Bengio, Simard & Frasconi 1994).

    Two states that a step moves to phi(a) and phi(b), entry by entry, differ by S (a - b) with a diagonal
    S of mean slopes, so that x_i - y_i = S_i W (x_{i-1} - y_{i-1}): the distance of two trajectories
    shrinks by the factor gamma ||W|| in each step. Noise u_i of at most (1 - gamma ||W||) d does not make
    a distance of at most d larger than d, for (1 - gamma ||W||) d + gamma ||W|| d = d. A state is latched
    for the same reason where the mean slopes are at most gamma near a point that the step leaves in its
    place. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify ring.
From errorflow Require Import vocabulary spectral_norm ordered_products norm_rules theorems_scaling.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** What each of the steps t-k+1, ..., t keeps from the step before holds k steps later. *)
Lemma kept_over_steps (P : int -> Prop) (k t : int) :
  0 <= k -> (forall i, t - k + 1 <= i -> i <= t -> P (i - 1) -> P i) -> P (t - k) -> P t.
Proof.
case: k => // k _; elim: k => [|k IHk] step; first by rewrite subr0.
move=> start; apply: IHk => [i i_ge i_le|]; first by apply: step => //; lia.
have before : t - k%:Z - 1 = t - k.+1%:Z by lia.
by apply: step; rewrite ?before //; lia.
Qed.

(** A number that each of k steps multiplies by at most c is at most c^k times what it was before them. *)
Lemma geometric_over_steps (R : rcfType) (f : int -> R) (c : R) (k t : int) :
  0 <= k -> 0 <= c -> (forall i, t - k + 1 <= i -> i <= t -> f i <= c * f (i - 1)) ->
  f t <= c ^ k * f (t - k).
Proof.
case: k => // k _ c_ge0; elim: k => [|k IHk] step; first by rewrite expr0z mul1r subr0.
apply: le_trans (IHk _) _ => [i i_ge i_le|]; first by apply: step => //; lia.
rewrite -!exprnP exprSr -mulrA; apply: ler_wpmul2l; first exact: exprn_ge0.
have -> : t - k.+1%:Z = t - k%:Z - 1 by lia.
by apply: step; lia.
Qed.

(** What noise adds is what contraction takes away. *)
Lemma ball_sum (R : rcfType) (d c : R) : d * (1 - c) + c * d = d.
Proof. by ring. Qed.

(** The distance of two trajectories under the same inputs falls like (gamma ||W||)^k. *)
Theorem theorem_bengio1994_contraction (R : rcfType) (n m : nat) (S_ : int -> 'M[R]_n) (W : 'M[R]_n)
    (X Y : int -> 'M[R]_(n, m)) (gamma : R) (k t : int) :
  0 <= gamma ->
  0 <= k ->
  (forall i : int, t - k + 1 <= i -> i <= t -> is_diag_mx (S_ i)) ->
  (forall i : int, t - k + 1 <= i -> i <= t -> max_abs (S_ i) <= gamma) ->
  (forall i : int, t - k + 1 <= i -> i <= t -> X i - Y i = S_ i *m W *m (X (i - 1) - Y (i - 1))) ->
  0 <= gamma ->
  norm (X t - Y t) <= (gamma * norm W) ^ k * norm (X (t - k) - Y (t - k)).
Proof.
move=> gamma_ge0 k_ge0 S_diag S_le gap _.
have rate_ge0 : 0 <= gamma * norm W := mulr_ge0 gamma_ge0 (norm_ge0 W).
apply: (geometric_over_steps (f := fun i => norm (X i - Y i)) k_ge0 rate_ge0) => i i_ge i_le.
rewrite gap //; apply: le_trans (norm_mul_le _ _) _; apply: ler_wpmul2r; first exact: norm_ge0.
exact: norm_step_le (S_diag i i_ge i_le) (S_le i i_ge i_le) (lexx _).
Qed.

(** Noise of at most (1 - gamma ||W||) d keeps a state within d of the noiseless trajectory. *)
Theorem theorem_bengio1994_noise_ball (R : rcfType) (n m : nat) (S_ : int -> 'M[R]_n)
    (U : int -> 'M[R]_(n, m)) (W : 'M[R]_n) (X Y : int -> 'M[R]_(n, m)) (gamma d : R) (k t : int) :
  0 <= gamma ->
  0 <= k ->
  (forall i : int, t - k + 1 <= i -> i <= t -> is_diag_mx (S_ i)) ->
  (forall i : int, t - k + 1 <= i -> i <= t -> max_abs (S_ i) <= gamma) ->
  (forall i : int, t - k + 1 <= i -> i <= t -> X i - Y i = U i + S_ i *m W *m (X (i - 1) - Y (i - 1))) ->
  (forall i : int, t - k + 1 <= i -> i <= t -> norm (U i) <= d * (1 - gamma * norm W)) ->
  norm (X (t - k) - Y (t - k)) <= d ->
  0 <= gamma ->
  norm (X t - Y t) <= d.
Proof.
move=> gamma_ge0 k_ge0 S_diag S_le gap U_le near _.
apply: (kept_over_steps (P := fun i => norm (X i - Y i) <= d) k_ge0 _ near) => i i_ge i_le gap_le.
have moved_le : norm (S_ i *m W *m (X (i - 1) - Y (i - 1))) <= gamma * norm W * d.
  apply: le_trans (norm_mul_le _ _) _; apply: ler_pmul (norm_ge0 _) (norm_ge0 _) _ gap_le.
  exact: norm_step_le (S_diag i i_ge i_le) (S_le i i_ge i_le) (lexx _).
rewrite gap // -(ball_sum d (gamma * norm W)); apply: le_trans (norm_add_le _ _) _.
exact: ler_add (U_le i i_ge i_le) moved_le.
Qed.

(** Where steps contract towards a point, small inputs never carry the state out of the ball of radius d. *)
Theorem theorem_bengio1994_latching (R : rcfType) (n m : nat) (S_ : int -> 'M[R]_n) (X : int -> 'M[R]_(n, m))
    (y : 'M[R]_(n, m)) (N : int -> 'M[R]_(n, m)) (W : 'M[R]_n) (gamma d : R) (k t : int) :
  0 <= gamma ->
  0 <= k ->
  (forall i : int, t - k + 1 <= i -> i <= t -> is_diag_mx (S_ i)) ->
  (forall i : int, t - k + 1 <= i -> i <= t -> norm (X (i - 1) - y) <= d -> max_abs (S_ i) <= gamma) ->
  (forall i : int, t - k + 1 <= i -> i <= t -> X i - y = S_ i *m (N i + W *m (X (i - 1) - y))) ->
  (forall i : int, t - k + 1 <= i -> i <= t -> gamma * norm (N i) <= d * (1 - gamma * norm W)) ->
  norm (X (t - k) - y) <= d ->
  0 <= gamma ->
  norm (X t - y) <= d.
Proof.
move=> gamma_ge0 k_ge0 S_diag S_le gap N_le near _.
apply: (kept_over_steps (P := fun i => norm (X i - y) <= d) k_ge0 _ near) => i i_ge i_le {}near.
have pushed_le : norm (N i + W *m (X (i - 1) - y)) <= norm (N i) + norm W * d.
  apply: le_trans (norm_add_le _ _) _; rewrite ler_add2l.
  apply: le_trans (norm_mul_le _ _) _; apply: ler_wpmul2l; first exact: norm_ge0.
  exact: near.
rewrite gap //; apply: le_trans (norm_step_le (S_diag i i_ge i_le) (S_le i i_ge i_le near) pushed_le) _.
rewrite -[in leRHS](ball_sum d (gamma * norm W)) [gamma * (_ + _)]mulrDr mulrA ler_add2r.
exact: N_le.
Qed.

(** If no step Jacobian has a norm above lambda, the state Jacobian over k steps is at most lambda^k, for
    every cell. *)
Theorem theorem_bengio1994_vanishing (R : rcfType) (n : nat) (jacobian_norm : int -> R) (step_norm : R)
    (J : int -> 'M[R]_n) (k t : int) :
  (0 < n)%N ->
  0 <= k ->
  jacobian_norm k = norm (chain J (t - k + 1) t) ->
  (forall i : int, norm (J i) <= step_norm) ->
  jacobian_norm k <= step_norm ^ k.
Proof.
move=> n_gt0 k_ge0 -> J_le; rewrite -[k in step_norm ^ k](lag_count k t).
by apply: norm_chain_le J_le; rewrite ?lag_count.
Qed.
