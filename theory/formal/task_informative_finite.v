(** The task-informative gradient theorem for chance with finitely many outcomes, where every mean exists.

    A trajectory h, with pre-activations a, slopes D and derivatives S in a direction V of the shared W, is
    compared with a reference h', in which the input of step T-k, on which alone the target y depends, is
    replaced by its mean. This is the theorem for any expectation, with the steps 0, 1, 2, ... *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify ring.
From errorflow Require Import vocabulary spectral_norm norm_rules finite_mean theorems_task_informative.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** The steps of the input, of the one before and of those after it, as integers and as natural numbers. *)
Lemma step_before (i : nat) : absz (i.+1%:Z - 1)%R = i.
Proof. by rewrite -addn1 PoszD addrK. Qed.

Lemma input_step (T k : nat) : (k < T)%N -> T%:Z - k%:Z = (T - k)%N.
Proof. by move=> /ltnW/subzn. Qed.

Lemma before_input (T k : nat) : (k < T)%N -> absz (T%:Z - k%:Z - 1)%R = (T - k).-1.
Proof. by lia. Qed.

Lemma after_input (r : nat) (i : int) : r%:Z + 1 <= i -> exists2 j, i = j.+1%:Z & (r <= j)%N.
Proof. by case: i => [i|i]; rewrite -PoszD addn1 // lez_nat; case: i => // j r_le; exists j. Qed.

(** For every lag k from 1 to T - 1, in a network in which every step shrinks distances, the part E[y dy_T/dW]
    of the expected total gradient that depends on a target y which knows the input of step T-k alone falls
    like k eta^(k-1) in every direction V of the shared W. *)
Theorem task_informative_gradient_finite (R : rcfType) (Omega : finType) (p : Omega -> R) (n : nat)
    (W V : 'M[R]_n) (c : 'cV[R]_n) (D D' : nat -> Omega -> 'M[R]_n)
    (h h' a a' S S' : nat -> Omega -> 'cV[R]_n)
    (z : Omega -> 'cV[R]_n) (y : Omega -> R) (gamma gamma2 eta H sigma_y sigma_B : R) (T k : nat) :
  let E := finite_mean p in
  chance p -> (0 < k < T)%N ->
  (* slopes of the trajectory and of the reference *)
  (forall i o, is_diag_mx (D i o)) -> (forall i o, max_abs (D i o) <= gamma) ->
  (forall i o, is_diag_mx (D' i o)) -> (forall i o, max_abs (D' i o) <= gamma) ->
  (* contraction; the activation and its slope are Lipschitz *)
  gamma * norm W <= eta -> eta < 1 -> 0 <= gamma2 ->
  (forall i o, norm (h i o - h' i o) <= gamma * norm (a i o - a' i o)) ->
  (forall i o, norm (D i o - D' i o) <= gamma2 * norm (a i o - a' i o)) ->
  (* the trajectories differ in the input of step T - k *)
  (forall o, h (T - k).-1 o = h' (T - k).-1 o) -> (forall o, S (T - k).-1 o = S' (T - k).-1 o) ->
  (forall o, a (T - k)%N o - a' (T - k)%N o = z o) ->
  (forall i o, (T - k < i)%N -> a i o - a' i o = W *m (h i.-1 o - h' i.-1 o)) ->
  (* derivatives in the direction V *)
  (forall i o, (0 < i)%N -> S i o = D i o *m (V *m h i.-1 o + W *m S i.-1 o)) ->
  (forall i o, (0 < i)%N -> S' i o = D' i o *m (V *m h' i.-1 o + W *m S' i.-1 o)) ->
  (forall o, norm (S' 0%N o) = 0) ->
  (* sizes in the mean *)
  (forall i, E (fun o => norm (h' i o)) <= H) ->
  E (fun o => `|y o| ^+ 2) <= sigma_y ^+ 2 -> E (fun o => norm (z o) ^+ 2) <= sigma_B ^+ 2 ->
  0 <= sigma_y -> 0 <= sigma_B -> E y = 0 ->
  (* target and input are independent of the reference *)
  E (fun o => y o * number (c^T *m S' T o)) = E y * E (fun o => number (c^T *m S' T o)) ->
  (forall i, E (fun o => `|y o| * norm (z o) * norm (h' i o))
             = E (fun o => `|y o| * norm (z o)) * E (fun o => norm (h' i o))) ->
  (forall i, E (fun o => `|y o| * norm (z o) * norm (S' i o))
             = E (fun o => `|y o| * norm (z o)) * E (fun o => norm (S' i o))) ->
  `|E (fun o => y o * number (c^T *m S T o))|
  <= sigma_y * sigma_B * norm c * norm V
     * (k%:R * gamma ^+ 2 * eta ^+ (k - 1) + k.+1%:R * gamma2 * H * eta ^+ k / (1 - eta)).
Proof.
move=> E p_chance /andP[k_gt0 k_lt] diag slopes diag' slopes' contraction eta_lt1 gamma2_ge0 lipschitz smooth.
move=> same_state same_derivative input same_inputs step step' start states target_square input_square.
move=> sigma_y_ge0 sigma_B_ge0 target_mean independent_output independent_states independent_derivatives.
have gamma_ge0 : 0 <= gamma.
  by have [o _] := outcome p_chance; rewrite (le_trans (norm_ge0 (D 0%N o))) // norm_diag.
have recursion (x x' : nat -> Omega -> 'cV[R]_n) (d : nat -> Omega -> 'M[R]_n) :
  (forall i o, (0 < i)%N -> x i o = d i o *m (V *m x' i.-1 o + W *m x i.-1 o)) ->
  forall (i : int) o, 1 <= i ->
    x (absz i) o = d (absz i) o *m (V *m x' (absz (i - 1)%R) o + W *m x (absz (i - 1)%R) o).
  by move=> x_step; case=> [[|i]|i] o // _; rewrite step_before; apply: x_step.
have := @theorem_task_informative_gradient R Omega (finite_expectation p_chance) n
  (fun i => D `|i|%N) (fun i => D' `|i|%N) W (fun i => a `|i|%N) (fun i => a' `|i|%N) (fun i => h `|i|%N)
  (fun i => h' `|i|%N) (fun i => S `|i|%N) (fun i => S' `|i|%N) z V c gamma eta gamma2 H
  sigma_y y sigma_B T k.
rewrite /= (before_input k_lt) (input_step k_lt) => bound.
have T_gt0 : 0 < T%:Z by rewrite ltz_nat (leq_ltn_trans _ k_lt).
have r_gt0 : 1 <= (T - k)%N%:Z by rewrite lez_nat subn_gt0.
have inputs (i : int) o : (T - k)%N%:Z + 1 <= i -> a (absz i) o - a' (absz i) o
    = W *m (h (absz (i - 1)%R) o - h' (absz (i - 1)%R) o).
  by move=> /after_input[j -> r_le]; rewrite step_before; apply: same_inputs.
have swap (f : nat -> Omega -> 'cV[R]_n) : (forall i, E (fun o => `|y o| * norm (z o) * norm (f i o))
       = E (fun o => `|y o| * norm (z o)) * E (fun o => norm (f i o))) ->
    forall i : int, E (fun o => `|y o| * norm (f (absz i) o) * norm (z o))
       = E (fun o => `|y o| * norm (z o)) * E (fun o => norm (f (absz i) o)).
  by move=> f_free i; apply: etrans (f_free _); apply: eq_finite_mean => o; apply: mulrAC.
have {bound} := bound gamma_ge0 gamma2_ge0 T_gt0 isT I (fun i => diag (absz i)) (fun i => slopes (absz i))
  (fun i => diag' (absz i)) (fun i => slopes' (absz i)) contraction eta_lt1 (fun i => lipschitz (absz i))
  (fun i => smooth (absz i)) gamma2_ge0 same_state same_derivative input inputs (recursion _ _ _ step)
  (recursion _ _ _ step') start k_gt0 r_gt0 (fun=> I) (fun i => states (absz i)) I target_square I
  input_square sigma_y_ge0 sigma_B_ge0 I target_mean I I independent_output (fun=> I) I
  (swap _ independent_states) (fun=> I) (fun=> I) (swap _ independent_derivatives).
move/le_trans; apply.
have -> : k%:Z - 1 = (k - 1)%N by rewrite subzn.
rewrite -!exprnP -pmulrn mulrSr le_eqVlt; apply/orP; left; apply/eqP.
by move: (eta ^+ (k - 1)) (eta ^+ k) (k%:R : R) ((1 - eta)^-1) => e1 e0 k1 gap; ring.
Qed.
