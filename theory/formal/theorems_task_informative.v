(** What the total gradient of a contractive network says of one input falls like k eta^(k-1).

    The network h_t = phi(a_t) has slopes D_t of at most gamma, Lipschitz with gamma_2, and contracts:
    gamma ||W|| <= eta < 1. The target y* has mean zero and knows the input of step T - k alone; z is what
    that input adds to a_{T-k} beyond its mean. In the direction V of the shared matrix W the state has the
    sensitivity S_t = D_t (W S_{t-1} + V h_{t-1}). Letters with a tilde belong to the reference, the
    trajectory with the mean of the input in its place; what is supposed of independence is written as
    product formulas for the means in question. Then

      |E[y* c^T S_T]|
        <= sigma_B sigma_* (k gamma^2 eta^(k-1) + (k+1) H gamma_2 eta^k / (1 - eta)) ||V|| ||c||,

    with sigma_*^2 >= E y*^2, sigma_B^2 >= E ||z||^2 and H >= E ||h~_t||. The steps of the proof are in
    task_informative_steps.v. *)

From mathcomp Require Import all_ssreflect all_algebra.
From errorflow Require Import vocabulary task_informative_steps.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** The part of the expected total gradient that knows the target falls like k eta^(k-1). *)
Theorem theorem_task_informative_gradient (R : rcfType) (Omega : Type) (E : expectation R Omega) (n : nat)
    (D Dtilde : int -> Omega -> 'M[R]_n) (W : 'M[R]_n)
    (a atilde h htilde S_ Stilde : int -> Omega -> 'cV[R]_n) (z : Omega -> 'cV[R]_n)
    (V : 'M[R]_n) (c : 'cV[R]_n) (gamma eta gamma_2 H sigma_star : R) (y_star : Omega -> R)
    (sigma_B : R) (T k : int) :
  0 <= gamma ->
  0 <= gamma_2 ->
  0 < T ->
  0 <= k ->
  integrable E (fun o => y_star o * number (c^T *m S_ T o)) ->
  (forall (i : int) (o : Omega), is_diag_mx (D i o)) ->
  (forall (i : int) (o : Omega), max_abs (D i o) <= gamma) ->
  (forall (i : int) (o : Omega), is_diag_mx (Dtilde i o)) ->
  (forall (i : int) (o : Omega), max_abs (Dtilde i o) <= gamma) ->
  gamma * norm W <= eta ->
  eta < 1 ->
  (forall (i : int) (o : Omega), norm (h i o - htilde i o) <= gamma * norm (a i o - atilde i o)) ->
  (forall (i : int) (o : Omega), norm (D i o - Dtilde i o) <= gamma_2 * norm (a i o - atilde i o)) ->
  0 <= gamma_2 ->
  (forall o : Omega, h (T - k - 1) o = htilde (T - k - 1) o) ->
  (forall o : Omega, S_ (T - k - 1) o = Stilde (T - k - 1) o) ->
  (forall o : Omega, a (T - k) o - atilde (T - k) o = z o) ->
  (forall (i : int) (o : Omega), T - k + 1 <= i ->
    a i o - atilde i o = W *m (h (i - 1) o - htilde (i - 1) o)) ->
  (forall (i : int) (o : Omega), 1 <= i ->
    S_ i o = D i o *m (V *m h (i - 1) o + W *m S_ (i - 1) o)) ->
  (forall (i : int) (o : Omega), 1 <= i ->
    Stilde i o = Dtilde i o *m (V *m htilde (i - 1) o + W *m Stilde (i - 1) o)) ->
  (forall o : Omega, norm (Stilde 0 o) = 0) ->
  1 <= k ->
  1 <= T - k ->
  (forall i : int, integrable E (fun o => norm (htilde i o))) ->
  (forall i : int, mean E (fun o => norm (htilde i o)) <= H) ->
  integrable E (fun o => `|y_star o| ^+ 2) ->
  mean E (fun o => `|y_star o| ^+ 2) <= sigma_star ^+ 2 ->
  integrable E (fun o => (norm (z o)) ^+ 2) ->
  mean E (fun o => (norm (z o)) ^+ 2) <= sigma_B ^+ 2 ->
  0 <= sigma_star ->
  0 <= sigma_B ->
  integrable E (fun o => y_star o) ->
  mean E (fun o => y_star o) = 0 ->
  integrable E (fun o => y_star o * number (c^T *m Stilde T o)) ->
  integrable E (fun o => number (c^T *m Stilde T o)) ->
  mean E (fun o => y_star o * number (c^T *m Stilde T o))
    = mean E (fun o => y_star o) * mean E (fun o => number (c^T *m Stilde T o)) ->
  (forall i : int, integrable E (fun o => `|y_star o| * norm (htilde i o) * norm (z o))) ->
  integrable E (fun o => `|y_star o| * norm (z o)) ->
  (forall i : int, mean E (fun o => `|y_star o| * norm (htilde i o) * norm (z o))
    = mean E (fun o => `|y_star o| * norm (z o)) * mean E (fun o => norm (htilde i o))) ->
  (forall i : int, integrable E (fun o => `|y_star o| * norm (Stilde i o) * norm (z o))) ->
  (forall i : int, integrable E (fun o => norm (Stilde i o))) ->
  (forall i : int, mean E (fun o => `|y_star o| * norm (Stilde i o) * norm (z o))
    = mean E (fun o => `|y_star o| * norm (z o)) * mean E (fun o => norm (Stilde i o))) ->
  `|mean E (fun o => y_star o * number (c^T *m S_ T o))|
  <= sigma_B * sigma_star * (k%:~R * eta ^ (k - 1) * gamma ^+ 2
    + H * gamma_2 * eta ^ k * (k%:~R + 1) / (1 - eta)) * norm V * norm c.
Proof.
move=> gamma_ge0 gamma_2_ge0 _ _ output_int D_diag D_le Dt_diag Dt_le contraction eta_lt1 lipschitz smooth _
  same_state same_sensitivity new_input same_inputs S_step St_step no_start k_ge1 first_ge1 ht_int ht_mean
  y2_int y2_mean z2_int z2_mean sigma_star_ge0 sigma_B_ge0 _ y_mean yt_int _ yt_mean y_ht_z_int y_z_int
  y_ht_z_mean y_St_z_int St_int y_St_z_mean.
exact: (informative_bound gamma_ge0 gamma_2_ge0 D_diag D_le Dt_diag Dt_le contraction eta_lt1 lipschitz smooth
  same_state same_sensitivity new_input same_inputs S_step St_step no_start first_ge1 ht_int ht_mean y2_int
  y2_mean z2_int z2_mean sigma_star_ge0 sigma_B_ge0 y_ht_z_int y_z_int y_ht_z_mean y_St_z_int St_int
  y_St_z_mean k_ge1 (esym (subrK k T)) (fun=> erefl) output_int y_mean yt_int yt_mean).
Qed.
