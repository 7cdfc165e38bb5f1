(** The task-informative gradient theorem for a network, with finitely many outcomes.

    h_t = phi(W h_(t-1) + x_t), entry by entry, from a start h_0 that does not depend on W. Its derivative in
    the direction V is S_t = D_t (V h_(t-1) + W S_(t-1)), D_t the diagonal matrix of the slopes psi of phi at
    the pre-activations; |psi| <= gamma, phi and psi are Lipschitz with constants gamma and gamma_2. An
    outcome is a pair of two independent ones: the first decides the input of step T-k and the target, the
    second the start and all other inputs. The reference is the same network with the mean of that input in
    its place. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From errorflow Require Import vocabulary length spectral_norm norm_rules finite_mean task_informative_finite.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Network.
Variables (R : rcfType) (n : nat) (phi psi : R -> R) (W V : 'M[R]_n).
Implicit Types (x : nat -> 'cV[R]_n).

(** The state after t steps, where x_0 is the start and x_t what enters in step t. *)
Fixpoint net x (t : nat) : 'cV[R]_n := if t is s.+1 then map_mx phi (W *m net x s + x t) else x 0%N.

(** The pre-activation of step t, and the diagonal matrix of the slopes at it. *)
Definition activation x (t : nat) : 'cV[R]_n := if t is s.+1 then W *m net x s + x t else x 0%N.
Definition slopes x (t : nat) : 'M[R]_n := diag_mx (map_mx psi (activation x t))^T.

(** The derivative of the state in the direction V: S_0 = 0, S_t = D_t (V h_(t-1) + W S_(t-1)). *)
Fixpoint net_derivative x (t : nat) : 'cV[R]_n :=
  if t is s.+1 then slopes x t *m (V *m net x s + W *m net_derivative x s) else 0.

Variables (gamma gamma2 : R).
Hypothesis slope_le : forall s, `|psi s| <= gamma.
Hypothesis lipschitz : forall s t, `|phi s - phi t| <= gamma * `|s - t|.
Hypothesis smooth : forall s t, `|psi s - psi t| <= gamma2 * `|s - t|.

Lemma gamma_ge0 : 0 <= gamma.
Proof. exact: le_trans (normr_ge0 _) (slope_le 0). Qed.

Lemma gamma2_ge0 : 0 <= gamma2.
Proof. by have := le_trans (normr_ge0 _) (smooth 1 0); rewrite subr0 normr1 mulr1. Qed.

Lemma slopes_diag x t : is_diag_mx (slopes x t).
Proof. exact: diag_mx_is_diag. Qed.

Lemma slopes_le x t : max_abs (slopes x t) <= gamma.
Proof.
apply: max_abs_le gamma_ge0 _ => i j; rewrite !mxE.
by case: eqP => _; rewrite ?mulr1n ?slope_le // mulr0n normr0 gamma_ge0.
Qed.

(** Entry-wise, the activation is Lipschitz. *)
Lemma map_lipschitz (a a' : 'cV[R]_n) : norm (map_mx phi a - map_mx phi a') <= gamma * norm (a - a').
Proof.
rewrite !norm_vector -[gamma](ger0_norm gamma_ge0) -lengthZ; apply: length_le => i; rewrite !mxE.
by rewrite normrM (ger0_norm gamma_ge0) lipschitz.
Qed.

(** So is the matrix of slopes. *)
Lemma slopes_smooth x x' t :
  norm (slopes x t - slopes x' t) <= gamma2 * norm (activation x t - activation x' t).
Proof.
have size_ge0 : 0 <= gamma2 * norm (activation x t - activation x' t).
  by rewrite mulr_ge0 ?norm_ge0 ?gamma2_ge0.
rewrite /slopes -linearB /= norm_diag ?diag_mx_is_diag //; apply: (max_abs_le size_ge0) => i j; rewrite !mxE.
case: eqP => _; last by rewrite mulr0n normr0.
rewrite [_ *+ true]mulr1n; apply: le_trans (smooth _ _) _.
apply: ler_wpmul2l gamma2_ge0 _ _ _; rewrite norm_vector.
by have := entry_le_length (activation x t - activation x' t) i; rewrite !mxE.
Qed.

(** What enters up to step t determines the state and the derivative. *)
Lemma eq_net x x' t : (forall s, (s <= t)%N -> x s = x' s) -> net x t = net x' t.
Proof.
elim: t => [|t IHt] xx /=; first exact: xx.
by rewrite xx ?leqnn // IHt // => s s_le; rewrite xx // ltnW.
Qed.

Lemma eq_net_derivative x x' t :
  (forall s, (s <= t)%N -> x s = x' s) -> net_derivative x t = net_derivative x' t.
Proof.
elim: t => [//|t IHt] xx; have xx_t s : (s <= t)%N -> x s = x' s by move=> s_le; rewrite xx // ltnW.
by rewrite /= /slopes /= xx ?leqnn // (IHt xx_t) (eq_net xx_t).
Qed.

End Network.

(** The remainder of second order, entry by entry. *)
Lemma second_order (R : rcfType) (n : nat) (phi psi : R -> R) (u u' : 'cV[R]_n) (kappa : R) :
  0 <= kappa -> (forall s t, `|phi s - phi t - psi t * (s - t)| <= kappa * `|s - t| ^+ 2) ->
  norm (map_mx phi u - map_mx phi u' - diag_mx (map_mx psi u')^T *m (u - u'))
  <= kappa * (norm (u - u') * norm (u - u')).
Proof.
move=> kappa_ge0 remainder; rewrite mulrA.
rewrite [norm (_ - _ - _)]norm_vector [X in _ <= _ * X]norm_vector.
rewrite -[kappa * _]ger0_norm ?mulr_ge0 ?norm_ge0 // -lengthZ; apply: length_le => i.
have -> : (map_mx phi u - map_mx phi u' - diag_mx (map_mx psi u')^T *m (u - u')) i 0
          = phi (u i 0) - phi (u' i 0) - psi (u' i 0) * (u i 0 - u' i 0).
  have := diag_mul_entry (u - u') i 0 (diag_mx_is_diag (map_mx psi u')^T).
  by move: (_ *m _) => Du DuE; rewrite !mxE DuE !mxE eqxx mulr1n.
apply: le_trans (remainder _ _) _.
have entry : `|u i 0 - u' i 0| <= norm (u - u').
  by rewrite norm_vector; have := entry_le_length (u - u') i; rewrite !mxE.
rewrite !mxE normrM [`|kappa * _|]ger0_norm ?mulr_ge0 ?norm_ge0 // expr2 mulrA.
by rewrite ler_wpmul2r // ler_wpmul2l.
Qed.

(** Where psi is the derivative of phi, with a remainder of second order, S_T is the derivative of h_T in the
    direction V: ||h_T(W + e V) - h_T(W) - e S_T|| <= b e^2 for |e| <= 1. *)
Theorem derivative_of_net (R : rcfType) (n : nat) (phi psi : R -> R) (W V : 'M[R]_n) (x : nat -> 'cV[R]_n)
    (gamma kappa : R) (T : nat) :
  (forall s, `|psi s| <= gamma) ->
  (forall s t, `|phi s - phi t - psi t * (s - t)| <= kappa * `|s - t| ^+ 2) ->
  exists b, forall e : R, `|e| <= 1 ->
    norm (net phi (W + e *: V) x T - net phi W x T - e *: net_derivative phi psi W V x T) <= b * `|e| ^+ 2.
Proof.
move=> slope_le remainder.
have kappa_ge0 : 0 <= kappa.
  by have := le_trans (normr_ge0 _) (remainder 1 0); rewrite subr0 normr1 expr1n mulr1.
suff [b [_ le_b]] : exists b, 0 <= b /\ forall e : R, `|e| <= 1 ->
    norm (net phi (W + e *: V) x T - net phi W x T - e *: net_derivative phi psi W V x T) <= b * `|e| ^+ 2.
  by exists b.
elim: T => [|t [b [b_ge0 le_b]]].
  exists 0; split=> // e _; rewrite /= subrr scaler0 subr0 mul0r le_eqVlt; apply/orP; left.
  by rewrite norm_vector length_eq0.
pose S := net_derivative phi psi W V x t; pose h := net phi W x t.
pose b1 := b + norm S; pose b2 := (norm W + norm V) * b1 + norm V * norm h.
have b1_ge0 : 0 <= b1 by rewrite addr_ge0 ?norm_ge0.
have b2_ge0 : 0 <= b2 by rewrite addr_ge0 // mulr_ge0 ?addr_ge0 ?norm_ge0.
have gamma_ge0 : 0 <= gamma := gamma_ge0 slope_le.
exists (kappa * b2 ^+ 2 + gamma * (norm W * b + norm V * b1)); split.
  by rewrite addr_ge0 ?mulr_ge0 ?sqr_ge0 // addr_ge0 // mulr_ge0 ?norm_ge0.
move=> e e_le1; pose d := net phi (W + e *: V) x t - h.
have d_le : norm d <= b1 * `|e|.
  have -> : d = (d - e *: S) + e *: S by rewrite subrK.
  apply: le_trans (norm_add_le _ _) _; rewrite norm_smul_abs mulrDl [norm S * _]mulrC ler_add2r.
  apply: le_trans (le_b e e_le1) _; apply: ler_wpmul2l b_ge0 _ _ _.
  by rewrite expr2 -[leRHS]mulr1 ler_wpmul2l.
pose u := activation phi (W + e *: V) x t.+1; pose u0 := activation phi W x t.+1.
have uE : u - u0 = W *m d + e *: (V *m d) + e *: (V *m h).
  rewrite /u /u0 /= opprD addrACA subrr addr0 -/h -[net phi (W + e *: V) x t](subrK h) -/d.
  by rewrite mulmxDl 2![_ *m (d + h)]mulmxDr -!scalemxAl [LHS]addrAC addrK addrA.
have dS_le : norm (d - e *: S) <= b * `|e| ^+ 2 := le_b e e_le1.
clearbody d.
have u_le : norm (u - u0) <= b2 * `|e|.
  rewrite uE; apply: le_trans (norm_add_le _ _) _; rewrite [leRHS]mulrDl; apply: ler_add; last first.
    by rewrite norm_smul_abs mulrC ler_wpmul2r // norm_mul_le.
  apply: le_trans (norm_add_le _ _) _; rewrite norm_smul_abs -mulrA mulrDl; apply: ler_add.
    exact: le_trans (norm_mul_le _ _) (ler_wpmul2l (norm_ge0 W) d_le).
  apply: le_trans (ler_wpmul2r (norm_ge0 (V *m d)) e_le1) _; rewrite mul1r.
  exact: le_trans (norm_mul_le _ _) (ler_wpmul2l (norm_ge0 V) d_le).
pose D := slopes phi psi W x t.+1.
have tailE : - (e *: (D *m (V *m h + W *m S)))
             = - (D *m (u - u0)) + D *m (W *m (d - e *: S) + e *: (V *m d)).
  rewrite -mulmxN -mulmxDr scalemxAr -mulmxN uE; congr (D *m _).
  rewrite mulmxBr -scalemxAr scalerDr.
  move: (W *m d) (e *: (V *m d)) (e *: (V *m h)) (e *: (W *m S)) => wd vd vh ws.
  have cancel (q r s w : R) : - (s + w) = - (q + r + s) + (q - w + r) by ring.
  by apply/matrixP => i j; rewrite !mxE; apply: cancel.
have r_le : norm (map_mx phi u - map_mx phi u0 - D *m (u - u0)) <= kappa * b2 ^+ 2 * `|e| ^+ 2.
  apply: le_trans (second_order u u0 kappa_ge0 remainder) _.
  have -> : kappa * b2 ^+ 2 * `|e| ^+ 2 = kappa * (b2 * `|e| * (b2 * `|e|)) by ring.
  by rewrite ler_wpmul2l // ler_pmul ?norm_ge0.
change (norm (map_mx phi u - map_mx phi u0 - e *: (D *m (V *m h + W *m S)))
        <= (kappa * b2 ^+ 2 + gamma * (norm W * b + norm V * b1)) * `|e| ^+ 2).
rewrite tailE addrA mulrDl; apply: le_trans (norm_add_le _ _) _; apply: ler_add r_le _; rewrite -mulrA.
apply: le_trans (norm_mul_le _ _) _; apply: ler_pmul (norm_ge0 _) (norm_ge0 _) _ _.
  by rewrite norm_diag ?slopes_diag // slopes_le.
apply: le_trans (norm_add_le _ _) _; rewrite mulrDl; apply: ler_add.
  by apply: le_trans (norm_mul_le _ _) _; rewrite -mulrA ler_wpmul2l ?norm_ge0.
rewrite norm_smul_abs; have -> : norm V * b1 * `|e| ^+ 2 = `|e| * (norm V * (b1 * `|e|)) by ring.
apply: ler_wpmul2l (normr_ge0 e) _ _ _.
exact: le_trans (norm_mul_le _ _) (ler_wpmul2l (norm_ge0 V) d_le).
Qed.

(** * Pairs of independent outcomes *)

Section Pairs.
Variables (R : rcfType) (A B : finType) (pA : A -> R) (pB : B -> R).
Hypotheses (pA_chance : chance pA) (pB_chance : chance pB).

(** The weights of pairs. *)
Definition pairs (o : A * B) : R := pA o.1 * pB o.2.

(** The mean of a product of a number of the first outcome and one of the second. *)
Lemma mean_pairs f g : finite_mean pairs (fun o => f o.1 * g o.2) = finite_mean pA f * finite_mean pB g.
Proof.
rewrite /finite_mean big_distrl /=; under [RHS]eq_bigr do rewrite big_distrr /=.
by rewrite pair_bigA; apply: eq_bigr => o _; rewrite mulrACA.
Qed.

Lemma mean_first f : finite_mean pairs (fun o => f o.1) = finite_mean pA f.
Proof.
rewrite -[RHS]mulr1 -(finite_mean_constant pB_chance 1) -mean_pairs.
by apply: eq_finite_mean => o; rewrite mulr1.
Qed.

Lemma mean_second g : finite_mean pairs (fun o => g o.2) = finite_mean pB g.
Proof.
rewrite -[RHS]mul1r -(finite_mean_constant pA_chance 1) -mean_pairs.
by apply: eq_finite_mean => o; rewrite mul1r.
Qed.

Lemma chance_pairs : chance pairs.
Proof.
split=> [o|]; first by rewrite mulr_ge0 ?(proj1 pA_chance) ?(proj1 pB_chance).
have := mean_first (fun=> 1); rewrite (finite_mean_constant pA_chance) => <-.
by apply: eq_bigr => o _; rewrite mulr1.
Qed.

End Pairs.

(** * The theorem *)

(** For every lag k from 1 to T - 1: the mean of y dy_T/dW, in every direction V, falls like k eta^(k-1). *)
Theorem task_informative_network_finite (R : rcfType) (A B : finType) (pA : A -> R) (pB : B -> R) (n : nat)
    (phi psi : R -> R) (W V : 'M[R]_n) (c : 'cV[R]_n) (input : A -> 'cV[R]_n) (mean_input : 'cV[R]_n)
    (others : B -> nat -> 'cV[R]_n) (y : A -> R) (gamma gamma2 eta H sigma_y sigma_B : R) (T k : nat) :
  let enters (o : A * B) (t : nat) := if (t == T - k)%N then input o.1 else others o.2 t in
  let reference (b : B) (t : nat) := if (t == T - k)%N then mean_input else others b t in
  chance pA -> chance pB -> (0 < k < T)%N ->
  (forall s, `|psi s| <= gamma) ->
  (forall s t, `|phi s - phi t| <= gamma * `|s - t|) ->
  (forall s t, `|psi s - psi t| <= gamma2 * `|s - t|) ->
  gamma * norm W <= eta -> eta < 1 ->
  (forall t, finite_mean pB (fun b => norm (net phi W (reference b) t)) <= H) ->
  finite_mean pA (fun a => y a ^+ 2) <= sigma_y ^+ 2 ->
  finite_mean pA (fun a => norm (input a - mean_input) ^+ 2) <= sigma_B ^+ 2 ->
  0 <= sigma_y -> 0 <= sigma_B -> finite_mean pA y = 0 ->
  `|finite_mean (pairs pA pB) (fun o => y o.1 * number (c^T *m net_derivative phi psi W V (enters o) T))|
  <= sigma_y * sigma_B * norm c * norm V
     * (k%:R * gamma ^+ 2 * eta ^+ (k - 1) + k.+1%:R * gamma2 * H * eta ^+ k / (1 - eta)).
Proof.
move=> enters reference pA_chance pB_chance k_range slope_le lipschitz smooth contraction eta_lt1 states.
move=> target_square input_square sigma_y_ge0 sigma_B_ge0 target_mean.
have [k_gt0 k_lt] := andP k_range; have r_gt0 : (0 < T - k)%N by rewrite subn_gt0.
have before (o : A * B) s : (s < T - k)%N -> enters o s = reference o.2 s.
  by move=> s_lt; rewrite /enters /reference ltn_eqF.
pose x' (o : A * B) := reference o.2.
have product_mean f g : finite_mean (pairs pA pB) (fun o => f o.1 * g o.2)
  = finite_mean (pairs pA pB) (fun o => f o.1) * finite_mean (pairs pA pB) (fun o => g o.2).
  by rewrite mean_pairs mean_first // mean_second.
apply: (task_informative_gradient_finite (chance_pairs pA_chance pB_chance) k_range
  (W := W) (D := fun i o => slopes phi psi W (enters o) i) (D' := fun i o => slopes phi psi W (x' o) i)
  (h := fun i o => net phi W (enters o) i) (h' := fun i o => net phi W (x' o) i)
  (a := fun i o => activation phi W (enters o) i) (a' := fun i o => activation phi W (x' o) i)
  (S := fun i o => net_derivative phi psi W V (enters o) i)
  (S' := fun i o => net_derivative phi psi W V (x' o) i)
  (z := fun o => input o.1 - mean_input)) => //.
- by move=> i o; apply: slopes_diag.
- by move=> i o; apply: slopes_le.
- by move=> i o; apply: slopes_diag.
- by move=> i o; apply: slopes_le.
- exact: gamma2_ge0 smooth.
- case=> [|i] o; last exact: map_lipschitz slope_le lipschitz _ _.
  rewrite /= before // /x' subrr; have -> : norm (0 : 'cV[R]_n) = 0.
    by apply/eqP; rewrite norm_vector length_eq0.
  by rewrite mulr0.
- by move=> i o; apply: slopes_smooth.
- by move=> o; apply: eq_net => s s_le; apply: before; rewrite -(prednK r_gt0) ltnS.
- by move=> o; apply: eq_net_derivative => s s_le; apply: before; rewrite -(prednK r_gt0) ltnS.
- move=> o; rewrite -(prednK r_gt0) /= prednK // (@eq_net _ _ _ _ (enters o) (x' o)) => [|s s_le]; last first.
    by apply: before; rewrite -(prednK r_gt0) ltnS.
  by rewrite /enters /x' /reference eqxx opprD addrACA subrr add0r.
- case=> [//|i] o i_gt /=; have -> : enters o i.+1 = x' o i.+1 by rewrite /enters /x' /reference gtn_eqF.
  by rewrite opprD addrACA subrr addr0 mulmxBr.
- by case=> [//|i] o _.
- by case=> [//|i] o _.
- by move=> o /=; apply/eqP; rewrite norm_vector length_eq0.
- by move=> i; rewrite (mean_second pB pA_chance (fun b => norm (net phi W (reference b) i))) states.
- rewrite (mean_first pA pB_chance (fun a => `|y a| ^+ 2)).
  by rewrite (eq_finite_mean pA (fun a => real_normK (num_real (y a)))).
- by rewrite (mean_first pA pB_chance (fun a => norm (input a - mean_input) ^+ 2)).
- by rewrite (mean_first pA pB_chance y).
- set g := fun b => number (c^T *m net_derivative phi psi W V (reference b) T).
  exact: (product_mean y g).
- move=> i; set f := fun a => `|y a| * norm (input a - mean_input).
  set g := fun b => norm (net phi W (reference b) i).
  exact: (product_mean f g).
- move=> i; set f := fun a => `|y a| * norm (input a - mean_input).
  set g := fun b => norm (net_derivative phi psi W V (reference b) i).
  exact: (product_mean f g).
Qed.
