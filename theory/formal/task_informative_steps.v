(** What the total gradient of a contractive network says of one input: the steps of the proof.

    Two trajectories differ in one input only, that of step f = T - k, by z: a, h, S with that input, and a~,
    h~, S~ with its mean in its place. S_t = D_t (W S_{t-1} + V h_{t-1}) is the sensitivity of the state to W
    in the direction V. With gamma ||W|| <= eta < 1, for j >= 0,

      ||a_{f+j} - a~_{f+j}|| <= eta^j ||z||,    ||h_{f+j} - h~_{f+j}|| <= gamma eta^j ||z||,

      ||S_t - S~_t|| <= gamma_2 ||a_t - a~_t|| (||W|| ||S~_{t-1}|| + ||V|| ||h~_{t-1}||)
                        + gamma (||W|| ||S_{t-1} - S~_{t-1}|| + ||V|| ||h_{t-1} - h~_{t-1}||).

    The reference knows nothing of the target y* nor of z, and E ||S~_t|| <= gamma H ||V|| / (1 - eta). Hence

      E |y*| ||z|| (||W|| ||S~_t|| + ||V|| ||h~_t||) <= sigma_* sigma_B ||V|| H / (1 - eta),

    by the Cauchy-Schwarz inequality, and the bound of S_t - S~_t becomes a recursion of means. It gives

      E |y*| ||S_{f+j} - S~_{f+j}||
        <= sigma_* sigma_B ||V|| (j gamma^2 eta^(j-1) + (j+1) gamma_2 H eta^j / (1 - eta)).

    The means on the left are not supposed to exist: that of f is "at most x" if f is at most an integrable
    number, outcome by outcome, whose mean is at most x. *)

From mathcomp Require Import all_ssreflect all_algebra ring zify.
From errorflow Require Import vocabulary length spectral_norm norm_rules expectation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** * Bounds of means *)

Section AtMost.
Variables (R : rcfType) (Omega : Type) (E : expectation R Omega).
Implicit Types (f g h : Omega -> R) (c x y : R).

(** f is at most an integrable number whose mean is at most x. *)
Definition mean_at_most f x : Prop := exists g, [/\ integrable E g, forall o, f o <= g o & mean E g <= x].

Lemma at_most_integrable f x : integrable E f -> mean E f <= x -> mean_at_most f x.
Proof. by exists f. Qed.

Lemma at_most_mean f x : integrable E f -> mean_at_most f x -> mean E f <= x.
Proof. by move=> f_int [g [g_int fg g_le]]; apply: le_trans g_le; apply: mean_monotone. Qed.

Lemma at_most_constant x : mean_at_most (fun=> x) x.
Proof. by apply: at_most_integrable; [apply: integrable_constant | rewrite mean_constant]. Qed.

Lemma at_most_le f x y : mean_at_most f x -> x <= y -> mean_at_most f y.
Proof. by move=> [g [g_int fg g_le]] xy; exists g; split=> //; apply: le_trans xy. Qed.

Lemma at_most_combination c f g h x y :
  0 <= c -> (forall o, h o <= c * f o + g o) -> mean_at_most f x -> mean_at_most g y ->
  mean_at_most h (c * x + y).
Proof.
move=> c_ge0 h_le [f' [f_int f_le fx]] [g' [g_int g_le gy]]; exists (fun o => c * f' o + g' o); split.
- exact: integrable_combination.
- by move=> o; apply: le_trans (h_le o) _; rewrite ler_add ?ler_wpmul2l.
by rewrite mean_combination // ler_add // ler_wpmul2l.
Qed.

Lemma at_most_multiple c f h x :
  0 <= c -> (forall o, h o <= c * f o) -> mean_at_most f x -> mean_at_most h (c * x).
Proof.
move=> c_ge0 h_le f_x; rewrite -[c * x]addr0.
by apply: at_most_combination c_ge0 _ f_x (at_most_constant 0) => o; rewrite addr0.
Qed.

End AtMost.

Lemma norm_zero (R : rcfType) m n : norm (0 : 'M[R]_(m, n)) = 0.
Proof. by rewrite -(scale0r 0) norm_smul_abs normr0 mul0r. Qed.

(** Steps counted from an integer i on. *)
Lemma before_next (i : int) (j : nat) : i + j.+1%:Z - 1 = i + j%:Z.
Proof. by lia. Qed.

Lemma before_next_nat (j : nat) : j.+1%:Z - 1 = j%:Z.
Proof. by lia. Qed.

Lemma next_ge (i : int) (j : nat) : i + 1 <= i + j.+1%:Z.
Proof. by lia. Qed.

Lemma next_ge1 (i : int) (j : nat) : 1 <= i -> 1 <= i + j.+1%:Z.
Proof. by lia. Qed.

Lemma later_nat (i : int) (j : nat) : 1 <= i -> exists l : nat, i + j%:Z = l%:Z.
Proof. by move=> i_ge1; exists (absz (i + j%:Z)); lia. Qed.

Lemma earlier_nat (i : int) : 1 <= i -> exists l : nat, i - 1 = l%:Z.
Proof. by move=> i_ge1; exists (absz (i - 1)); lia. Qed.

Lemma multiple_of_sum_le (R : realDomainType) (g t p x q u : R) :
  0 <= g -> t <= p * x + q * u -> g * t <= g * p * x + g * q * u.
Proof. by move=> g_ge0 t_le; rewrite -!mulrA -mulrDr ler_wpmul2l. Qed.

(** * Two trajectories that differ in one input *)

Section Coupled.
Variables (R : rcfType) (Omega : Type) (E : expectation R Omega) (n : nat).
Variables (D Dt : int -> Omega -> 'M[R]_n) (W V : 'M[R]_n) (c : 'cV[R]_n).
Variables (a at_ h ht S St : int -> Omega -> 'cV[R]_n) (z : Omega -> 'cV[R]_n) (y : Omega -> R).
Variables (gamma eta gamma_2 H sigma_star sigma_B : R) (first : int).
Hypothesis gamma_ge0 : 0 <= gamma.
Hypothesis gamma_2_ge0 : 0 <= gamma_2.
Hypothesis D_diag : forall i o, is_diag_mx (D i o).
Hypothesis D_le : forall i o, max_abs (D i o) <= gamma.
Hypothesis Dt_diag : forall i o, is_diag_mx (Dt i o).
Hypothesis Dt_le : forall i o, max_abs (Dt i o) <= gamma.
Hypothesis contraction : gamma * norm W <= eta.
Hypothesis eta_lt1 : eta < 1.
Hypothesis lipschitz : forall i o, norm (h i o - ht i o) <= gamma * norm (a i o - at_ i o).
Hypothesis smooth : forall i o, norm (D i o - Dt i o) <= gamma_2 * norm (a i o - at_ i o).
Hypothesis same_state : forall o, h (first - 1) o = ht (first - 1) o.
Hypothesis same_sensitivity : forall o, S (first - 1) o = St (first - 1) o.
Hypothesis new_input : forall o, a first o - at_ first o = z o.
Hypothesis same_inputs : forall i o, first + 1 <= i -> a i o - at_ i o = W *m (h (i - 1) o - ht (i - 1) o).
Hypothesis S_step : forall i o, 1 <= i -> S i o = D i o *m (V *m h (i - 1) o + W *m S (i - 1) o).
Hypothesis St_step : forall i o, 1 <= i -> St i o = Dt i o *m (V *m ht (i - 1) o + W *m St (i - 1) o).
Hypothesis no_start : forall o, norm (St 0 o) = 0.
Hypothesis first_ge1 : 1 <= first.

Lemma eta_ge0 : 0 <= eta.
Proof. by apply: le_trans contraction; rewrite mulr_ge0 ?norm_ge0. Qed.

Lemma gap_gt0 : 0 < 1 - eta.
Proof. by rewrite subr_gt0. Qed.

(** What bounds ||W S~ + V h~||. *)
Definition moving i o : R := norm W * norm (St i o) + norm V * norm (ht i o).

Lemma moving_ge0 i o : 0 <= moving i o.
Proof. by rewrite addr_ge0 ?mulr_ge0 ?norm_ge0. Qed.

Lemma norm_moved_le (x u : 'cV[R]_n) : norm (V *m u + W *m x) <= norm W * norm x + norm V * norm u.
Proof. by apply: le_trans (norm_add_le _ _) _; rewrite addrC ler_add ?norm_mul_le. Qed.

Lemma diagonal_mul_le (A : 'M[R]_n) (x : 'cV[R]_n) :
  is_diag_mx A -> max_abs A <= gamma -> norm (A *m x) <= gamma * norm x.
Proof.
move=> A_diag A_le; apply: le_trans (norm_mul_le _ _) _.
by rewrite ler_wpmul2r ?norm_ge0 // norm_diag.
Qed.

Lemma distance_of_inputs (j : nat) o :
  norm (a (first + j%:Z) o - at_ (first + j%:Z) o) <= eta ^+ j * norm (z o).
Proof.
elim: j => [|j IHj]; first by rewrite addr0 new_input expr0 mul1r.
rewrite same_inputs ?next_ge // before_next.
apply: le_trans (norm_mul_le _ _) _; apply: le_trans (ler_wpmul2l (norm_ge0 W) (lipschitz _ _)) _.
rewrite mulrCA mulrA exprS -[eta * _ * _]mulrA.
by apply: ler_pmul => //; rewrite ?mulr_ge0 ?norm_ge0.
Qed.

Lemma distance_of_states (j : nat) o :
  norm (h (first + j%:Z) o - ht (first + j%:Z) o) <= gamma * (eta ^+ j * norm (z o)).
Proof. by apply: le_trans (lipschitz _ _) _; rewrite ler_wpmul2l // distance_of_inputs. Qed.

Lemma distance_of_sensitivities i o : 1 <= i ->
  norm (S i o - St i o) <= gamma_2 * norm (a i o - at_ i o) * moving (i - 1) o
    + gamma * (norm W * norm (S (i - 1) o - St (i - 1) o) + norm V * norm (h (i - 1) o - ht (i - 1) o)).
Proof.
move=> i_ge1; rewrite S_step // St_step //; set u := h _ o; set ut := ht _ o.
set x := S _ o; set xt := St _ o.
have -> : D i o *m (V *m u + W *m x) - Dt i o *m (V *m ut + W *m xt)
          = (D i o - Dt i o) *m (V *m ut + W *m xt) + D i o *m (V *m (u - ut) + W *m (x - xt)).
  rewrite mulmxBl addrAC -mulmxDr; congr (D i o *m _ - _).
  by rewrite !mulmxBr addrACA ![_ + (_ - _)]addrC !subrK.
apply: le_trans (norm_add_le _ _) _; apply: ler_add.
  apply: le_trans (norm_mul_le _ _) _.
  by apply: ler_pmul; rewrite ?norm_ge0 ?smooth ?norm_moved_le.
apply: le_trans (diagonal_mul_le _ (D_diag i o) (D_le i o)) _.
by rewrite ler_wpmul2l // norm_moved_le.
Qed.

(** At the step of the input, and after it. *)
Lemma distance_at_input o : norm (S first o - St first o) <= gamma_2 * norm (z o) * moving (first - 1) o.
Proof.
apply: le_trans (distance_of_sensitivities _ first_ge1) _.
by rewrite new_input same_state same_sensitivity !subrr norm_zero
    [X in gamma * (X + _)]mulr0 [X in gamma * (_ + X)]mulr0 addr0 mulr0 addr0.
Qed.

Lemma distance_after_input (j : nat) o :
  norm (S (first + j.+1%:Z) o - St (first + j.+1%:Z) o)
  <= gamma_2 * eta ^+ j.+1 * (norm (z o) * moving (first + j%:Z) o)
     + (eta * norm (S (first + j%:Z) o - St (first + j%:Z) o) + gamma ^+ 2 * norm V * eta ^+ j * norm (z o)).
Proof.
apply: le_trans (distance_of_sensitivities _ (next_ge1 j first_ge1)) _; rewrite before_next; apply: ler_add.
  rewrite -[gamma_2 * _ * _]mulrA -[gamma_2 * _ * _]mulrA ler_wpmul2l // mulrA.
  by rewrite ler_wpmul2r ?moving_ge0 // distance_of_inputs.
rewrite [gamma * (_ + _)]mulrDr; apply: ler_add.
  by rewrite [gamma * (_ * _)]mulrA; apply: ler_wpmul2r contraction; apply: norm_ge0.
have -> : gamma ^+ 2 * norm V * eta ^+ j * norm (z o) = gamma * (norm V * (gamma * (eta ^+ j * norm (z o)))).
  by rewrite expr2 -!mulrA; congr (_ * _); rewrite mulrCA.
apply: ler_wpmul2l gamma_ge0 _ _ _; apply: ler_wpmul2l (norm_ge0 V) _ _ _; exact: distance_of_states.
Qed.

(** * In the mean *)

Hypothesis ht_int : forall i, integrable E (fun o => norm (ht i o)).
Hypothesis ht_mean : forall i, mean E (fun o => norm (ht i o)) <= H.
Hypothesis y2_int : integrable E (fun o => `|y o| ^+ 2).
Hypothesis y2_mean : mean E (fun o => `|y o| ^+ 2) <= sigma_star ^+ 2.
Hypothesis z2_int : integrable E (fun o => norm (z o) ^+ 2).
Hypothesis z2_mean : mean E (fun o => norm (z o) ^+ 2) <= sigma_B ^+ 2.
Hypothesis sigma_star_ge0 : 0 <= sigma_star.
Hypothesis sigma_B_ge0 : 0 <= sigma_B.
Hypothesis y_ht_z_int : forall i, integrable E (fun o => `|y o| * norm (ht i o) * norm (z o)).
Hypothesis y_z_int : integrable E (fun o => `|y o| * norm (z o)).
Hypothesis y_ht_z_mean : forall i, mean E (fun o => `|y o| * norm (ht i o) * norm (z o))
  = mean E (fun o => `|y o| * norm (z o)) * mean E (fun o => norm (ht i o)).
Hypothesis y_St_z_int : forall i, integrable E (fun o => `|y o| * norm (St i o) * norm (z o)).
Hypothesis St_int : forall i, integrable E (fun o => norm (St i o)).
Hypothesis y_St_z_mean : forall i, mean E (fun o => `|y o| * norm (St i o) * norm (z o))
  = mean E (fun o => `|y o| * norm (z o)) * mean E (fun o => norm (St i o)).

Lemma H_ge0 : 0 <= H.
Proof. by apply: le_trans (ht_mean 0); apply: mean_ge0 => // o; apply: norm_ge0. Qed.

(** The sensitivity of the reference. *)
Lemma reference_mean (j : nat) : mean E (fun o => norm (St j%:Z o)) <= gamma * H * norm V / (1 - eta).
Proof.
have bound_ge0 : 0 <= gamma * H * norm V / (1 - eta).
  by rewrite divr_ge0 ?mulr_ge0 ?H_ge0 ?norm_ge0 ?(ltW gap_gt0).
elim: j => [|j IHj]; apply: at_most_mean => //.
  by exists (fun=> 0); split=> [|o|]; rewrite ?no_start ?mean_constant //; apply: integrable_constant.
have state_part := at_most_multiple (mulr_ge0 gamma_ge0 (norm_ge0 V)) (fun=> lexx _)
  (at_most_integrable (ht_int j) (ht_mean j)).
have derivative_part := at_most_integrable (St_int j) IHj.
apply: at_most_le (at_most_combination (mulr_ge0 gamma_ge0 (norm_ge0 W)) _ derivative_part state_part) _.
  move=> o; rewrite St_step // before_next_nat.
  apply: le_trans (diagonal_mul_le _ (Dt_diag _ _) (Dt_le _ _)) _.
  by apply: multiple_of_sum_le gamma_ge0 _; apply: norm_moved_le.
apply: (@le_trans _ _ (eta * (gamma * H * norm V / (1 - eta)) + gamma * norm V * H)).
  by rewrite ler_add2r ler_wpmul2r.
rewrite le_eqVlt; apply/orP; left; apply/eqP; field.
by rewrite gt_eqF ?gap_gt0.
Qed.

(** Target and input. *)
Lemma target_and_input : mean E (fun o => `|y o| * norm (z o)) <= sigma_star * sigma_B.
Proof. exact: mean_mul_le. Qed.

Lemma target_and_input_ge0 : 0 <= mean E (fun o => `|y o| * norm (z o)).
Proof. by apply: mean_ge0 => // o; rewrite mulr_ge0 ?norm_ge0. Qed.

(** Target, input and reference. *)
Lemma target_input_reference (j : nat) :
  mean_at_most E (fun o => `|y o| * (norm (z o) * moving j%:Z o))
    (sigma_star * sigma_B * (norm V * H / (1 - eta))).
Proof.
set m := mean E (fun o => `|y o| * norm (z o)).
have y_St_z_le :
    mean E (fun o => `|y o| * norm (St j%:Z o) * norm (z o)) <= m * (gamma * H * norm V / (1 - eta)).
  by rewrite y_St_z_mean ler_wpmul2l ?target_and_input_ge0 ?reference_mean.
have y_ht_z_le : mean E (fun o => `|y o| * norm (ht j%:Z o) * norm (z o)) <= m * H.
  by rewrite y_ht_z_mean ler_wpmul2l ?target_and_input_ge0.
have state_part := at_most_multiple (norm_ge0 V) (fun=> lexx _) (at_most_integrable (y_ht_z_int j) y_ht_z_le).
have derivative_part := at_most_integrable (y_St_z_int j) y_St_z_le.
apply: at_most_le (at_most_combination (norm_ge0 W) _ derivative_part state_part) _.
  by move=> o; rewrite /moving le_eqVlt; apply/orP; left; apply/eqP; ring.
have gap_neq0 : 1 - eta != 0 by rewrite gt_eqF ?gap_gt0.
have -> : norm W * (m * (gamma * H * norm V / (1 - eta))) + norm V * (m * H)
          = m * (norm V * H / (1 - eta)) * (gamma * norm W + (1 - eta)) by field.
have part_ge0 : 0 <= norm V * H / (1 - eta).
  by rewrite divr_ge0 ?mulr_ge0 ?H_ge0 ?norm_ge0 ?(ltW gap_gt0).
apply: le_trans (ler_wpmul2r part_ge0 target_and_input).
rewrite -[X in _ <= X]mulr1; apply: ler_wpmul2l; first by rewrite mulr_ge0 ?target_and_input_ge0.
by rewrite addrCA ger_addl subr_le0.
Qed.

(** The bound of E |y* | ||S - S~||, j steps after the input. *)
Definition known (j : nat) : R :=
  sigma_star * sigma_B * norm V
  * (j%:R * gamma ^+ 2 * eta ^+ j.-1 + (j%:R + 1) * gamma_2 * H * eta ^+ j / (1 - eta)).

Lemma known_next (j : nat) :
  gamma_2 * eta ^+ j.+1 * (sigma_star * sigma_B * (norm V * H / (1 - eta)))
  + (eta * known j + gamma ^+ 2 * norm V * eta ^+ j * (sigma_star * sigma_B)) = known j.+1.
Proof.
have gap_neq0 : 1 - eta != 0 by rewrite gt_eqF ?gap_gt0.
have shorter : j%:R * eta ^+ j = eta * (j%:R * eta ^+ j.-1).
  by case: (j) => [|i]; rewrite ?mul0r ?mulr0 // exprS mulrCA.
rewrite /known exprS mulrSr; move: shorter.
set p := eta ^+ j; set q := eta ^+ j.-1; set x := j%:R => shorter.
have -> : (x + 1) * gamma ^+ 2 * eta ^+ j.+1.-1 = gamma ^+ 2 * (eta * (x * q)) + gamma ^+ 2 * p.
  by rewrite -shorter /= -/p; ring.
by field.
Qed.

(** The informative part: at the input, then step by step. *)
Lemma informative_part (j : nat) :
  mean_at_most E (fun o => `|y o| * norm (S (first + j%:Z) o - St (first + j%:Z) o)) (known j).
Proof.
elim: j => [|j IHj].
  have [l before] := earlier_nat first_ge1; have at_input := target_input_reference l.
  apply: at_most_le (at_most_multiple gamma_2_ge0 _ at_input) _.
    by move=> o; rewrite -before addr0 mulrCA ler_wpmul2l // mulrA distance_at_input.
  by rewrite le_eqVlt /known expr0; apply/orP; left; apply/eqP; ring.
have eta_powers i : 0 <= eta ^+ i by rewrite exprn_ge0 ?eta_ge0.
have [l before] := later_nat j first_ge1; have reference := target_input_reference l.
have input := at_most_integrable y_z_int target_and_input.
have direct_ge0 : 0 <= gamma ^+ 2 * norm V * eta ^+ j by rewrite !mulr_ge0 ?sqr_ge0 ?norm_ge0.
have input_part := at_most_multiple direct_ge0 (fun=> lexx _) input.
have rest := at_most_combination eta_ge0 (fun=> lexx _) IHj input_part.
have slope_ge0 : 0 <= gamma_2 * eta ^+ j.+1 by rewrite mulr_ge0.
rewrite -known_next; apply: at_most_combination slope_ge0 _ reference rest => o.
rewrite -before; apply: le_trans (ler_wpmul2l (normr_ge0 (y o)) (distance_after_input j o)) _.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

(** From the last step to the gradient of the output; f is the number y* c^T S_T. *)
Lemma informative_bound (f : Omega -> R) (T k : int) :
  1 <= k -> T = first + k ->
  (forall o, f o = y o * number (c^T *m S T o)) -> integrable E f -> mean E y = 0 ->
  integrable E (fun o => y o * number (c^T *m St T o)) ->
  mean E (fun o => y o * number (c^T *m St T o)) = mean E y * mean E (fun o => number (c^T *m St T o)) ->
  `|mean E f| <= sigma_B * sigma_star * (k%:~R * eta ^ (k - 1) * gamma ^+ 2
    + H * gamma_2 * eta ^ k * (k%:~R + 1) / (1 - eta)) * norm V * norm c.
Proof.
case: k => // -[//|j] _ T_eq fE f_int y_mean g_int g_mean; set g := (fun o => _) in g_int g_mean.
rewrite y_mean mul0r in g_mean.
have difference o : `|f o - g o| <= norm c * (`|y o| * norm (S T o - St T o)).
  rewrite fE /g -mulrBr -numberB -mulmxBr normrM mulrCA ler_wpmul2l //.
  by rewrite mulrC; apply: abs_inner_le.
have part := informative_part j.+1; rewrite -T_eq in part.
have -> : sigma_B * sigma_star * (j.+1%:~R * eta ^ (j.+1%:Z - 1) * gamma ^+ 2
    + H * gamma_2 * eta ^ j.+1 * (j.+1%:~R + 1) / (1 - eta)) * norm V * norm c = norm c * known j.+1.
  have gap_neq0 : 1 - eta != 0 by rewrite gt_eqF ?gap_gt0.
  rewrite /known before_next_nat -pmulrn -!exprnP /=; set p := eta ^+ j; set q := eta ^+ j.+1.
  by field.
have zero_int := integrable_constant E 0.
rewrite ler_norml ler_oppl; apply/andP; split; last first.
  apply: at_most_mean => //; rewrite -[_ * _]addr0 -g_mean.
  apply: at_most_combination (norm_ge0 c) _ part (at_most_integrable g_int (lexx _)) => o.
  by rewrite -ler_subl_addr (le_trans (ler_norm _)).
have negative x : integrable E x -> mean E (fun o => -1 * x o + 0) = - mean E x.
  by move=> x_int; rewrite mean_combination // mean_constant addr0 mulN1r.
have minus_g_int := integrable_combination (-1) g_int zero_int.
rewrite -negative //; apply: at_most_mean; first exact: integrable_combination.
rewrite -[_ * _]addr0 -[X in _ + X]oppr0 -{2}g_mean -negative //.
apply: at_most_combination (norm_ge0 c) _ part (at_most_integrable minus_g_int (lexx _)) => o.
rewrite !addr0 !mulN1r -ler_subl_addr opprK addrC.
by rewrite (le_trans (ler_norm _)) // distrC.
Qed.

End Coupled.
