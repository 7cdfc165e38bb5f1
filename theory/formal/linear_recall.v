(** Linear recall: what the total gradient of a linear network says of an input, exactly.

    h_t = W h_(t-1) + b u_t with h_0 = 0 and white inputs, E u_s u_t = 1 where s = t and 0 elsewhere;
    readout y = c^T h_T, target y' = u_(T-d). For the loss (y - y')^2 the only part of the expected total
    gradient that depends on the target is -2 E[y' dy/dW], and in every direction V of the shared W

      E[y' dy/dW[V]] = c^T W^0 V W^(d-1) b + c^T W^1 V W^(d-2) b + ... + c^T W^(d-1) V W^0 b,

    at most d ||W||^(d-1) ||c|| ||b|| ||V|| in modulus.

    The mean is linear: E[y' h_t] and E[y' S_t] are the state and the derivative for the inputs E[y' u_t],
    a single impulse at step T-d. The answer to an impulse is W^k b after k steps, and its derivative is
    the sum of the W^j V W^(k-1-j) b. *)

From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify ring.
From errorflow Require Import vocabulary length spectral_norm norm_rules bounded_powers finite_mean.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section LinearNetwork.
Variables (R : rcfType) (n : nat) (b : 'cV[R]_n).
Implicit Types (W V : 'M[R]_n) (u : nat -> R).

(** The state after t steps: h_0 = 0, h_(t+1) = W h_t + b u_(t+1). *)
Fixpoint state W u (t : nat) : 'cV[R]_n := if t is s.+1 then W *m state W u s + u t *: b else 0.

(** Its derivative in the direction V: S_0 = 0, S_(t+1) = V h_t + W S_t. *)
Fixpoint derivative W V u (t : nat) : 'cV[R]_n :=
  if t is s.+1 then V *m state W u s + W *m derivative W V u s else 0.

(** What is left of a step e in the direction V, divided by e^2. *)
Fixpoint remainder W V u (e : R) (t : nat) : 'cV[R]_n :=
  if t is s.+1 then V *m derivative W V u s + (W + e *: V) *m remainder W V u e s else 0.

Lemma state_expansion W V u e t :
  state (W + e *: V) u t = state W u t + e *: derivative W V u t + e ^+ 2 *: remainder W V u e t.
Proof.
elim: t => [|t IHt] /=; first by rewrite !scaler0 !addr0.
rewrite {1}IHt [LHS]addrC mulmxDr -[in LHS]scalemxAr mulmxDr 2!mulmxDl -!scalemxAl -!scalemxAr.
rewrite !scalerDr !scalerA -expr2 [W *m state W u t + _]addrC -!addrA.
by rewrite [X in _ + X = _]addrCA [LHS]addrCA.
Qed.

(** The mean of a state is the state for the mean inputs. *)
Lemma mean_state (Omega : finType) (q : Omega -> R) (u : nat -> Omega -> R) W t :
  \sum_o q o *: state W (u^~ o) t = state W (fun s => \sum_o q o * u s o) t.
Proof.
elim: t => [|t IHt] /=; first by rewrite big1 // => o _; rewrite scaler0.
rewrite -IHt mulmx_sumr scaler_suml -big_split /=; apply: eq_bigr => o _.
by rewrite scalerDr scalemxAr scalerA.
Qed.

Lemma mean_derivative (Omega : finType) (q : Omega -> R) (u : nat -> Omega -> R) W V t :
  \sum_o q o *: derivative W V (u^~ o) t = derivative W V (fun s => \sum_o q o * u s o) t.
Proof.
elim: t => [|t IHt] /=; first by rewrite big1 // => o _; rewrite scaler0.
rewrite -IHt -mean_state !mulmx_sumr -big_split /=; apply: eq_bigr => o _.
by rewrite scalerDr !scalemxAr.
Qed.

(** Inputs up to step t determine the state and its derivative. *)
Lemma eq_state W u u' t : (forall s, (0 < s <= t)%N -> u s = u' s) -> state W u t = state W u' t.
Proof.
elim: t => [//|t IHt] uu /=; rewrite uu ?leqnn // IHt // => s /andP[s_gt0 s_le].
by rewrite uu // s_gt0 ltnW.
Qed.

Lemma eq_derivative W V u u' t :
  (forall s, (0 < s <= t)%N -> u s = u' s) -> derivative W V u t = derivative W V u' t.
Proof.
elim: t => [//|t IHt] uu /=; have uu_t s : (0 < s <= t)%N -> u s = u' s.
  by move=> /andP[s_gt0 s_le]; rewrite uu // s_gt0 ltnW.
by rewrite (@eq_state W u u') // IHt.
Qed.

(** The answer to an impulse at step r. *)
Section Impulse.
Variables (W V : 'M[R]_n) (r : nat).
Hypothesis r_gt0 : (0 < r)%N.
Local Notation impulse := (fun s => (s == r)%:R).

Lemma state_before t : (t < r)%N -> state W impulse t = 0.
Proof.
elim: t => [//|t IHt] t_lt /=; rewrite IHt ?(ltnW t_lt) // mulmx0 add0r.
by rewrite ltn_eqF // scale0r.
Qed.

Lemma state_impulse k : state W impulse (r + k)%N = power W k *m b.
Proof.
elim: k => [|k IHk]; last by rewrite addnS /= IHk gtn_eqF ?ltnS ?leq_addr // scale0r addr0 mulmxA.
rewrite addn0 mul1mx; case: r r_gt0 state_before => // s _ before /=.
by rewrite before // mulmx0 add0r eqxx scale1r.
Qed.

Lemma derivative_before t : (t <= r)%N -> derivative W V impulse t = 0.
Proof.
elim: t => [//|t IHt] t_lt /=.
by rewrite state_before // IHt ?(ltnW t_lt) // !mulmx0 addr0.
Qed.

Lemma derivative_impulse k :
  derivative W V impulse (r + k)%N = \sum_(0 <= j < k) power W j *m V *m power W (k - 1 - j) *m b.
Proof.
elim: k => [|k IHk]; first by rewrite addn0 derivative_before // big_geq.
rewrite addnS /= IHk state_impulse big_nat_recl // mulmx_sumr; congr (_ + _).
  by rewrite mul1mx subn1 subn0 mulmxA.
apply: eq_bigr => j _; rewrite !mulmxA.
by have -> : (k.+1 - 1 - j.+1 = k - 1 - j)%N by lia.
Qed.

End Impulse.
End LinearNetwork.

(** ||W^k|| <= ||W||^k. *)
Lemma norm_power_le (R : rcfType) (n : nat) (W : 'M[R]_n) (k : nat) : norm (power W k) <= norm W ^+ k.
Proof.
elim: k => [|k IHk]; first by apply: norm_le => [|x]; rewrite ?ler01 // mul1mx mul1r.
by rewrite powerS exprS; apply: le_trans (norm_mul_le _ _) _; rewrite ler_wpmul2l ?norm_ge0.
Qed.

(** The remainder is bounded for small steps, so that S_T is the derivative of h_T in the direction V:
    ||h_T(W + e V) - h_T(W) - e S_T|| <= a e^2 for |e| <= 1. *)
Theorem derivative_of_state (R : rcfType) (n : nat) (W V : 'M[R]_n) (b : 'cV[R]_n) (u : nat -> R) (T : nat) :
  exists a, forall e : R, `|e| <= 1 ->
    norm (state b (W + e *: V) u T - state b W u T - e *: derivative b W V u T) <= a * e ^+ 2.
Proof.
have [a le_a] : exists a, forall e : R, `|e| <= 1 -> norm (remainder b W V u e T) <= a.
  elim: T => [|T [a le_a]]; first by exists (norm (0 : 'cV[R]_n)).
  exists (norm V * norm (derivative b W V u T) + (norm W + norm V) * a) => e e_le1 /=.
  apply: le_trans (norm_add_le _ _) _; apply: ler_add (norm_mul_le _ _) _.
  apply: le_trans (norm_mul_le _ _) _; apply: ler_pmul (norm_ge0 _) (norm_ge0 _) _ (le_a e e_le1).
  apply: le_trans (norm_add_le _ _) _; rewrite ler_add2l norm_smul_abs.
  by rewrite -[leRHS]mul1r ler_wpmul2r ?norm_ge0.
exists a => e e_le1; rewrite state_expansion -[_ - _ - _]addrA -opprD addrC addKr norm_smul_abs mulrC.
by rewrite ger0_norm ?sqr_ge0 // ler_wpmul2r ?sqr_ge0 // le_a.
Qed.

(** The inputs of the steps 1, ..., T are white: E u_s u_t = 1 where s = t, and 0 elsewhere. *)
Definition white (R : rcfType) (Omega : finType) (p : Omega -> R) (u : nat -> Omega -> R) (T : nat) : Prop :=
  forall s t, (0 < s <= T)%N -> (0 < t <= T)%N -> finite_mean p (fun o => u s o * u t o) = (s == t)%:R.

(** What the total gradient of a linear network says of the input d steps ago, for every lag d < T. *)
Theorem linear_recall_finite (R : rcfType) (Omega : finType) (p : Omega -> R) (n : nat) (W V : 'M[R]_n)
    (b c : 'cV[R]_n) (u : nat -> Omega -> R) (T d : nat) :
  chance p -> white p u T -> (d < T)%N ->
  finite_mean p (fun o => u (T - d)%N o * number (c^T *m derivative b W V (u^~ o) T))
  = \sum_(0 <= j < d) number (c^T *m power W j *m V *m power W (d - 1 - j) *m b).
Proof.
move=> _ u_white d_lt; set q := fun o => p o * u (T - d)%N o.
have -> : finite_mean p (fun o => u (T - d)%N o * number (c^T *m derivative b W V (u^~ o) T))
          = number (c^T *m \sum_o q o *: derivative b W V (u^~ o) T).
  rewrite mulmx_sumr /number summxE; apply: eq_bigr => o _.
  by rewrite -scalemxAr [in RHS]mxE mulrA.
rewrite mean_derivative (@eq_derivative _ _ _ _ _ _ (fun s => (s == T - d)%N%:R)) => [|s s_T]; last first.
  rewrite eq_sym -u_white //; last by rewrite subn_gt0 d_lt leq_subr.
  by apply: eq_bigr => o _; rewrite -mulrA.
rewrite -[X in derivative _ _ _ _ X](subnK (ltnW d_lt)) derivative_impulse ?subn_gt0 //.
rewrite mulmx_sumr /number summxE; apply: eq_bigr => j _.
by rewrite !mulmxA.
Qed.

(** The expected gradient of the loss (y - y')^2 depends on the target through these terms alone. *)
Theorem linear_recall_gradient_finite (R : rcfType) (Omega : finType) (p : Omega -> R) (n : nat)
    (W V : 'M[R]_n) (b c : 'cV[R]_n) (u : nat -> Omega -> R) (T d : nat) :
  chance p -> white p u T -> (d < T)%N ->
  let y o := number (c^T *m state b W (u^~ o) T) in
  let dy o := number (c^T *m derivative b W V (u^~ o) T) in
  finite_mean p (fun o => 2%:R * (y o - u (T - d)%N o) * dy o)
  = 2%:R * finite_mean p (fun o => y o * dy o)
    - 2%:R * \sum_(0 <= j < d) number (c^T *m power W j *m V *m power W (d - 1 - j) *m b).
Proof.
move=> p_chance u_white d_lt y dy; rewrite -(linear_recall_finite W V b c p_chance u_white d_lt) -mulNr.
rewrite -!finite_meanZ -finite_meanD; apply: eq_finite_mean => o; rewrite /dy.
by ring.
Qed.

(** It is at most d ||W||^(d-1) ||c|| ||b|| ||V|| in modulus; ||W||^0 is 1, and for d = 0 the bound is 0. *)
Theorem linear_recall_bound_finite (R : rcfType) (Omega : finType) (p : Omega -> R) (n : nat) (W V : 'M[R]_n)
    (b c : 'cV[R]_n) (u : nat -> Omega -> R) (T d : nat) :
  chance p -> white p u T -> (d < T)%N ->
  `|finite_mean p (fun o => u (T - d)%N o * number (c^T *m derivative b W V (u^~ o) T))|
  <= d%:R * norm W ^+ (d - 1) * norm c * norm b * norm V.
Proof.
move=> p_chance u_white d_lt; rewrite linear_recall_finite // big_mkord.
apply: le_trans (ler_norm_sum _ _ _) _.
rewrite -[X in X%:R * _]card_ord -!mulrA mulr_natl -sumr_const; apply: ler_sum => -[j /= j_lt] _.
rewrite -!mulmxA; apply: le_trans (abs_inner_le _ _) _.
have -> : norm W ^+ (d - 1) * (norm c * (norm b * norm V))
          = norm W ^+ j * (norm V * (norm W ^+ (d - 1 - j) * norm b)) * norm c.
  by rewrite -[in LHS](@subnKC j (d - 1)) ?exprD; [ring | lia].
apply: ler_wpmul2r; first exact: norm_ge0.
apply: le_trans (norm_mul_le _ _) _; apply: ler_pmul (norm_ge0 _) (norm_ge0 _) (norm_power_le W j) _.
apply: le_trans (norm_mul_le _ _) _; apply: ler_wpmul2l (norm_ge0 V) _ _ _.
exact: le_trans (norm_mul_le _ _) (ler_wpmul2r (norm_ge0 b) (norm_power_le W (d - 1 - j))).
Qed.
