(** What the total gradient says of the input k steps ago falls like k eta^(k-1), for finitely many outcomes.

    A trajectory h, with pre-activations a, slopes D and derivatives S in a direction V of the shared W, is
    compared with a reference h', in which the input of step T-k, on which alone the target y depends, is
    replaced by its mean. The pre-activations differ by at most eta^j ||z|| after j more steps, the states
    by gamma times that, and

      ||S_i - S'_i|| <= gamma_2 ||a_i - a'_i|| (||W|| ||S'_(i-1)|| + ||V|| ||h'_(i-1)||)
                        + gamma (||W|| ||S_(i-1) - S'_(i-1)|| + ||V|| ||h_(i-1) - h'_(i-1)||).

    With E |y| ||.|| this is a recursion of numbers, since target and input are independent of the
    reference. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify ring.
From errorflow Require Import vocabulary length spectral_norm norm_rules finite_mean.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Local Opaque norm.

Section Outcome.
Variables (R : rcfType) (n r : nat) (W V : 'M[R]_n) (gamma gamma2 eta : R).
Variables (D D' : nat -> 'M[R]_n) (h h' a a' S S' : nat -> 'cV[R]_n) (z : 'cV[R]_n).
Hypotheses (gamma_ge0 : 0 <= gamma) (gamma2_ge0 : 0 <= gamma2) (contraction : gamma * norm W <= eta).
Hypotheses (diag : forall i, is_diag_mx (D i)) (slopes : forall i, max_abs (D i) <= gamma).
Hypotheses (diag' : forall i, is_diag_mx (D' i)) (slopes' : forall i, max_abs (D' i) <= gamma).
Hypothesis lipschitz : forall i, norm (h i - h' i) <= gamma * norm (a i - a' i).
Hypothesis smooth : forall i, norm (D i - D' i) <= gamma2 * norm (a i - a' i).
Hypotheses (r_gt0 : (0 < r)%N) (same_state : h r.-1 = h' r.-1) (same_derivative : S r.-1 = S' r.-1).
Hypothesis input : a r - a' r = z.
Hypothesis same_inputs : forall i, (r <= i)%N -> a i.+1 - a' i.+1 = W *m (h i - h' i).
Hypothesis step : forall i, S i.+1 = D i.+1 *m (V *m h i + W *m S i).
Hypothesis step' : forall i, S' i.+1 = D' i.+1 *m (V *m h' i + W *m S' i).

Definition moving i := norm W * norm (S' i) + norm V * norm (h' i).

Lemma eta_ge0 : 0 <= eta.
Proof. by apply: le_trans contraction; rewrite mulr_ge0 ?norm_ge0. Qed.

(** The pre-activations: ||a - a'|| <= eta^j ||z|| at j steps after the input. *)
Lemma inputs_apart j : norm (a (r + j)%N - a' (r + j)%N) <= eta ^+ j * norm z.
Proof.
elim: j => [|j IHj]; first by rewrite addn0 input mul1r.
rewrite addnS same_inputs ?leq_addr //; apply: le_trans (norm_mul_le _ _) _.
apply: le_trans (ler_wpmul2l (norm_ge0 W) (lipschitz _)) _; rewrite mulrA [norm W * gamma]mulrC exprS -mulrA.
by apply: ler_pmul contraction IHj; [rewrite mulr_ge0 ?norm_ge0 | apply: norm_ge0].
Qed.

(** The states: ||h - h'|| <= gamma eta^j ||z||. *)
Lemma states_apart j : norm (h (r + j)%N - h' (r + j)%N) <= gamma * (eta ^+ j * norm z).
Proof. exact: le_trans (lipschitz _) (ler_wpmul2l gamma_ge0 (inputs_apart j)). Qed.

Lemma moving_le i : norm (V *m h' i + W *m S' i) <= moving i.
Proof.
apply: le_trans (norm_add_le _ _) _; rewrite addrC.
exact: ler_add (norm_mul_le _ _) (norm_mul_le _ _).
Qed.

(** The derivatives, one step. *)
Lemma derivatives_step i :
  norm (S i.+1 - S' i.+1) <= gamma2 * norm (a i.+1 - a' i.+1) * moving i
                             + gamma * (norm W * norm (S i - S' i) + norm V * norm (h i - h' i)).
Proof.
have -> : S i.+1 - S' i.+1 = (D i.+1 - D' i.+1) *m (V *m h' i + W *m S' i)
                             + D i.+1 *m (V *m (h i - h' i) + W *m (S i - S' i)).
  rewrite step step' mulmxBl !mulmxBr [V *m h i - _ + _]addrACA -opprD mulmxBr.
  by rewrite [RHS]addrC addrA subrK.
apply: le_trans (norm_add_le _ _) _; apply: ler_add.
  exact: le_trans (norm_mul_le _ _) (ler_pmul (norm_ge0 _) (norm_ge0 _) (smooth _) (moving_le i)).
apply: le_trans (norm_mul_le _ _) _.
apply: ler_pmul (norm_ge0 _) (norm_ge0 _) _ _; first by rewrite norm_diag.
apply: le_trans (norm_add_le _ _) _; rewrite addrC.
exact: ler_add (norm_mul_le _ _) (norm_mul_le _ _).
Qed.

(** The derivatives at the step of the input. *)
Lemma derivatives_apart0 : norm (S r - S' r) <= gamma2 * (norm z * moving r.-1).
Proof.
have zero m : norm (0 : 'cV[R]_m) = 0 by apply/eqP; rewrite norm_vector length_eq0.
have := derivatives_step r.-1; rewrite prednK // input same_state same_derivative !subrr !zero.
by move: (moving _) (norm W) (norm V) (norm z) => m w v x; rewrite !mulr0 addr0 mulr0 addr0 mulrA.
Qed.

(** The derivatives, one step after the input. *)
Lemma derivatives_apartS j :
  norm (S (r + j.+1)%N - S' (r + j.+1)%N) <= gamma2 * eta ^+ j.+1 * (norm z * moving (r + j))
    + (eta * norm (S (r + j)%N - S' (r + j)%N) + gamma ^+ 2 * norm V * eta ^+ j * norm z).
Proof.
rewrite addnS; apply: le_trans (derivatives_step _) _; apply: ler_add.
  rewrite -!mulrA; apply: ler_wpmul2l gamma2_ge0 _ _ _; rewrite mulrA; apply: ler_wpmul2r; last first.
    by rewrite -addnS inputs_apart.
  by rewrite addr_ge0 ?mulr_ge0 ?norm_ge0.
have expand (g w v x y : R) : g * (w * x + v * y) = g * w * x + g * (v * y) by ring.
rewrite expand; apply: ler_add.
  exact: ler_wpmul2r (norm_ge0 (S (r + j)%N - S' (r + j)%N)) _ _ contraction.
have -> : gamma ^+ 2 * norm V * eta ^+ j * norm z = gamma * (norm V * (gamma * (eta ^+ j * norm z))) by ring.
exact: ler_wpmul2l gamma_ge0 _ _ (ler_wpmul2l (norm_ge0 V) (states_apart j)).
Qed.

(** The reference, one step. *)
Lemma reference_step i : norm (S' i.+1) <= gamma * moving i.
Proof.
rewrite step'; apply: le_trans (norm_mul_le _ _) _.
by apply: ler_pmul (norm_ge0 _) (norm_ge0 _) _ (moving_le i); rewrite norm_diag.
Qed.

End Outcome.

Section Means.
Variables (R : rcfType) (Omega : finType) (p : Omega -> R) (n : nat) (W V : 'M[R]_n) (gamma gamma2 eta H : R).
Variables (h' S' : nat -> Omega -> 'cV[R]_n) (z : Omega -> 'cV[R]_n) (y : Omega -> R) (sigma_y sigma_B : R).
Local Notation E := (finite_mean p).
Hypotheses (p_chance : chance p) (gamma_ge0 : 0 <= gamma) (contraction : gamma * norm W <= eta)
  (eta_lt1 : eta < 1).
Hypothesis reference : forall i o, norm (S' i.+1 o) <= gamma * moving W V (h'^~ o) (S'^~ o) i.
Hypotheses (start : forall o, norm (S' 0%N o) = 0) (states : forall i, E (fun o => norm (h' i o)) <= H).
Hypotheses (target_square : E (fun o => `|y o| ^+ 2) <= sigma_y ^+ 2).
Hypotheses (input_square : E (fun o => norm (z o) ^+ 2) <= sigma_B ^+ 2).
Hypotheses (sigma_y_ge0 : 0 <= sigma_y) (sigma_B_ge0 : 0 <= sigma_B).
Hypothesis independent_states : forall i, E (fun o => `|y o| * norm (z o) * norm (h' i o))
  = E (fun o => `|y o| * norm (z o)) * E (fun o => norm (h' i o)).
Hypothesis independent_derivatives : forall i, E (fun o => `|y o| * norm (z o) * norm (S' i o))
  = E (fun o => `|y o| * norm (z o)) * E (fun o => norm (S' i o)).

Lemma gap_gt0 : 0 < 1 - eta. Proof. by rewrite subr_gt0. Qed.

Lemma H_ge0 : 0 <= H.
Proof. by apply: le_trans (states 0); apply: finite_mean_ge0 p_chance _ _ => o; apply: norm_ge0. Qed.

Lemma bound_ge0 : 0 <= H * norm V / (1 - eta).
Proof. exact: divr_ge0 (mulr_ge0 H_ge0 (norm_ge0 V)) (ltW gap_gt0). Qed.

Lemma bound_step : norm W * (gamma * (H * norm V / (1 - eta))) + norm V * H <= H * norm V / (1 - eta).
Proof.
have -> : norm W * (gamma * (H * norm V / (1 - eta))) = gamma * norm W * (H * norm V / (1 - eta)) by ring.
apply: le_trans (ler_add (ler_wpmul2r bound_ge0 contraction) (lexx _)) _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; field; rewrite gt_eqF ?gap_gt0.
Qed.

(** E ||S'_i|| <= gamma H ||V|| / (1 - eta). *)
Lemma reference_mean i : E (fun o => norm (S' i o)) <= gamma * (H * norm V / (1 - eta)).
Proof.
elim: i => [|i IHi].
  by rewrite (eq_finite_mean p start) finite_mean_constant // mulr_ge0 ?bound_ge0.
apply: le_trans (finite_mean_le p_chance (reference i)) _.
rewrite finite_meanZ; apply: ler_wpmul2l gamma_ge0 _ _ _.
rewrite /moving finite_mean_combination.
apply: le_trans (ler_add (ler_wpmul2l (norm_ge0 W) IHi) (ler_wpmul2l (norm_ge0 V) (states i))) _.
exact: bound_step.
Qed.

(** E |y| ||z|| <= sigma_y sigma_B. *)
Lemma target_and_input : E (fun o => `|y o| * norm (z o)) <= sigma_y * sigma_B.
Proof. exact: finite_mean_mul_le. Qed.

(** E |y| ||z|| (||W|| ||S'_i|| + ||V|| ||h'_i||) <= sigma_y sigma_B ||V|| H / (1 - eta). *)
Lemma target_input_reference i :
  E (fun o => `|y o| * norm (z o) * moving W V (h'^~ o) (S'^~ o) i)
  <= sigma_y * sigma_B * (H * norm V / (1 - eta)).
Proof.
have yz_ge0 : 0 <= E (fun o => `|y o| * norm (z o)).
  by apply: finite_mean_ge0 p_chance _ _ => o; rewrite mulr_ge0 ?norm_ge0.
have -> : E (fun o => `|y o| * norm (z o) * moving W V (h'^~ o) (S'^~ o) i)
          = norm W * E (fun o => `|y o| * norm (z o) * norm (S' i o))
            + norm V * E (fun o => `|y o| * norm (z o) * norm (h' i o)).
  by rewrite -finite_mean_combination; apply: eq_finite_mean => o; rewrite /moving; ring.
have factor (w v e s t : R) : w * (e * s) + v * (e * t) = e * (w * s + v * t) by ring.
have independent := congr2 (fun s t => norm W * s + norm V * t) (independent_derivatives i)
  (independent_states i).
rewrite (etrans independent (factor _ _ _ _ _)).
apply: le_trans (ler_wpmul2r bound_ge0 target_and_input); apply: ler_wpmul2l yz_ge0 _ _ _.
apply: le_trans (ler_add (ler_wpmul2l (norm_ge0 W) (reference_mean i)) _) bound_step.
exact: ler_wpmul2l (norm_ge0 V) _ _ (states i).
Qed.

End Means.

(** A number that starts at b and obeys x_(j+1) <= b eta^(j+1) + eta x_j + d eta^j is at most
    (j + 1) b eta^j + j d eta^(j-1). *)
Lemma recursion_le (R : realFieldType) (x : nat -> R) (b d eta : R) j :
  0 <= eta -> x 0%N <= b -> (forall i, x i.+1 <= b * eta ^+ i.+1 + (eta * x i + d * eta ^+ i)) ->
  x j <= j.+1%:R * b * eta ^+ j + j%:R * d * eta ^+ j.-1.
Proof.
move=> eta_ge0 x0 grow; elim: j => [|j IHj]; first by rewrite !mul0r addr0 mul1r mulr1.
apply: le_trans (grow j) _.
apply: le_trans (ler_add (lexx _) (ler_add (ler_wpmul2l eta_ge0 IHj) (lexx _))) _.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
case: j {IHj} => [|j] /=; first by ring.
by rewrite !mulrSr !exprS; ring.
Qed.

(** The task-informative gradient theorem. For every lag k from 1 to T - 1, in a network in which every step
    shrinks distances, the part E[y dy_T/dW] of the expected total gradient that depends on a target y which
    knows the input of step T-k alone falls like k eta^(k-1) in every direction V of the shared W. *)
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
pose r := (T - k)%N; have r_gt0 : (0 < r)%N by rewrite subn_gt0.
have rk : (r + k)%N = T by rewrite subnK // ltnW.
have inputs_after o i : (r <= i)%N -> a i.+1 o - a' i.+1 o = W *m (h i o - h' i o).
  by move=> r_le; rewrite same_inputs.
have stepS o i : S i.+1 o = D i.+1 o *m (V *m h i o + W *m S i o) by rewrite step.
have stepS' o i : S' i.+1 o = D' i.+1 o *m (V *m h' i o + W *m S' i o) by rewrite step'.
pose q := sigma_y * sigma_B * (H * norm V / (1 - eta)).
have q_le i : E (fun o => `|y o| * norm (z o) * moving W V (h'^~ o) (S'^~ o) i) <= q.
  apply: target_input_reference p_chance gamma_ge0 contraction eta_lt1 _ start states target_square
    input_square sigma_y_ge0 sigma_B_ge0 independent_states independent_derivatives i => i o.
  exact: reference_step (diag'^~ o) (slopes'^~ o) (stepS' o) i.
pose size j := E (fun o => `|y o| * norm (S (r + j)%N o - S' (r + j)%N o)).
have size0 : size 0%N <= gamma2 * q.
  apply: le_trans (ler_wpmul2l gamma2_ge0 (q_le r.-1)); rewrite -finite_meanZ.
  apply: finite_mean_le p_chance _ _ _ => o; rewrite addn0.
  have apart := derivatives_apart0 (diag^~ o) (slopes^~ o) (smooth^~ o) r_gt0 (same_state o)
    (same_derivative o) (input o) (stepS o) (stepS' o).
  by apply: le_trans (ler_wpmul2l (normr_ge0 _) apart) _; rewrite mulrCA -mulrA.
have sizeS j : size j.+1 <= gamma2 * q * eta ^+ j.+1
                            + (eta * size j + gamma ^+ 2 * norm V * (sigma_y * sigma_B) * eta ^+ j).
  have eta_pow i : 0 <= eta ^+ i by rewrite exprn_ge0 // (le_trans _ contraction) // mulr_ge0 ?norm_ge0.
  pose f o := `|y o| * norm (z o) * moving W V (h'^~ o) (S'^~ o) (r + j)%N.
  pose g o := `|y o| * norm (S (r + j)%N o - S' (r + j)%N o).
  pose yz o := `|y o| * norm (z o).
  have split o : `|y o| * norm (S (r + j.+1)%N o - S' (r + j.+1)%N o)
                 <= gamma2 * eta ^+ j.+1 * f o + (eta * g o + gamma ^+ 2 * norm V * eta ^+ j * yz o).
    have apart := derivatives_apartS gamma_ge0 gamma2_ge0 contraction (diag^~ o) (slopes^~ o) (lipschitz^~ o)
      (smooth^~ o) (input o) (inputs_after o) (stepS o) (stepS' o) j.
    apply: le_trans (ler_wpmul2l (normr_ge0 _) apart) _.
    by rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite /f /g /yz /r; ring.
  apply: le_trans (finite_mean_le p_chance split) _.
  rewrite finite_meanD finite_mean_combination finite_meanZ; apply: ler_add.
    by rewrite [leRHS]mulrAC; apply: ler_wpmul2l (q_le _); rewrite mulr_ge0.
  rewrite ler_add2l [leRHS]mulrAC; apply: ler_wpmul2l.
    by rewrite mulr_ge0 // mulr_ge0 ?norm_ge0 ?sqr_ge0.
  exact: target_and_input p_chance target_square input_square sigma_y_ge0 sigma_B_ge0.
have eta_ge0 : 0 <= eta by rewrite (le_trans _ contraction) // mulr_ge0 ?norm_ge0.
have size_le := recursion_le k eta_ge0 size0 sizeS.
have known : E (fun o => y o * number (c^T *m S T o)) = E (fun o => y o * number (c^T *m (S T o - S' T o))).
  have <- : E (fun o => y o * number (c^T *m (S T o - S' T o)) + y o * number (c^T *m S' T o))
            = E (fun o => y o * number (c^T *m S T o)).
    by apply: eq_finite_mean => o; rewrite -mulrDr -numberD -mulmxDr subrK.
  by rewrite [LHS]finite_meanD -/E independent_output target_mean mul0r addr0.
rewrite known; apply: le_trans (abs_finite_mean_le p_chance _) _.
have output o : `|y o * number (c^T *m (S T o - S' T o))| <= norm c * (`|y o| * norm (S T o - S' T o)).
  rewrite normrM mulrCA; apply: ler_wpmul2l (normr_ge0 _) _ _ _.
  by rewrite [norm c * _]mulrC; apply: abs_inner_le.
apply: le_trans (finite_mean_le p_chance output) _; rewrite finite_meanZ -rk.
apply: le_trans (ler_wpmul2l (norm_ge0 c) size_le) _.
rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite /q subn1.
by move: (eta ^+ k.-1) (eta ^+ k) (k.+1%:R : R) ((1 - eta)^-1) => e1 e0 k1 gap; ring.
Qed.
