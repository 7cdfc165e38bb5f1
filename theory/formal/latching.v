(** The smallest latch: x_t = tanh(w x_{t-1} + h_t) with w > 1 keeps one bit, the sign of its state.

    The critical state is X = sqrt(1 - 1/w), where the slope w (1 - x^2) of the update is 1. The critical
    input is h* = sqrt(w (w - 1)) - arcosh(sqrt w), with arcosh(sqrt w) = ln(sqrt w + sqrt(w - 1)). Inputs
    of at least -h* keep a state of at least X there for ever, and the gradient never grows on the way. An
    input below -h* makes every state in [0, 1) fall, so that h* cannot be improved. *)

From Coq Require Import Reals Lra ssreflect.
From Coquelicot Require Import Coquelicot.
From errorflow Require Import slopes.

Local Open Scope R_scope.

Definition critical_state (w : R) : R := sqrt (1 - 1 / w).
Definition critical_input (w : R) : R := sqrt (w * (w - 1)) - ln (sqrt w + sqrt (w - 1)).

Section Latch.
Variable w : R.
Hypothesis gain : 1 < w.

Let a := sqrt w.
Let b := sqrt (w - 1).

Lemma roots : 0 < b /\ 0 < a /\ a * a = w /\ b * b = w - 1.
Proof.
by rewrite /a /b; repeat split; try (by apply: sqrt_lt_R0; lra); apply: sqrt_sqrt; lra.
Qed.

(** With a = sqrt w and b = sqrt(w - 1): X = b / a and w X = a b. *)
Lemma critical_state_quotient : critical_state w = b / a.
Proof.
have [b0 [a0 [aa bb]]] := roots.
rewrite /critical_state (_ : 1 - 1 / w = (b / a) * (b / a)).
  by apply: sqrt_square; apply: Rlt_le; exact: Rdiv_lt_0_compat.
have -> : b / a * (b / a) = (b * b) / (a * a) by field; lra.
by rewrite bb aa; field; lra.
Qed.

Lemma critical_input_product : critical_input w = w * critical_state w - ln (a + b).
Proof.
have [b0 [a0 [aa bb]]] := roots.
rewrite critical_state_quotient /critical_input sqrt_mult -/a -/b; try lra.
have -> : w * (b / a) = a * b; last by [].
by rewrite -[X in X * _]aa; field; lra.
Qed.

Lemma critical_state_bounds : 0 < critical_state w < 1.
Proof.
have [b0 [a0 [aa bb]]] := roots; rewrite critical_state_quotient.
by split; [exact: Rdiv_lt_0_compat | apply/Rlt_div_l => //; nra].
Qed.

Lemma critical_state_square : critical_state w ^ 2 = 1 - 1 / w.
Proof. by rewrite pow2_sqrt //; have : 1 / w < 1; [apply/Rlt_div_l; lra | lra]. Qed.

(** Under the constant input -h* the state X is at rest. *)
Theorem latch_rest : tanh (w * critical_state w - critical_input w) = critical_state w.
Proof.
have [b0 [a0 [aa bb]]] := roots.
rewrite critical_input_product (_ : _ - (_ - _) = ln (a + b)); last ring.
rewrite tanh_ln; last lra.
rewrite critical_state_quotient (_ : (a + b) ^ 2 - 1 = b * (2 * (a + b))); last nra.
rewrite (_ : (a + b) ^ 2 + 1 = a * (2 * (a + b))); last nra.
by field; nra.
Qed.

(** Inputs of at least -h* keep a state of at least X there. *)
Theorem latch_kept x h : critical_state w <= x -> - critical_input w <= h ->
  critical_state w <= tanh (h + w * x).
Proof.
move=> Xx hh; rewrite -{1}latch_rest; apply: tanh_grows.
by have : w * critical_state w <= w * x; [apply: Rmult_le_compat_l; lra | lra].
Qed.

(** The same with the roots and the logarithm written out. *)
Corollary latch_kept_explicit x h :
  sqrt (1 - 1 / w) <= x -> - sqrt (w * (w - 1)) + ln (sqrt w + sqrt (w - 1)) <= h ->
  sqrt (1 - 1 / w) <= tanh (h + w * x).
Proof. by move=> Xx hh; apply: latch_kept => //; rewrite /critical_input; lra. Qed.

(** The state of the latch after the inputs h_0, ..., h_{T-1}. *)
Fixpoint latch (h : nat -> R) (x0 : R) (T : nat) : R :=
  match T with
  | O => x0
  | S t => tanh (h t + w * latch h x0 t)
  end.

(** The bit is kept for any number of steps. *)
Theorem latch_kept_forever h x0 T :
  critical_state w <= x0 -> (forall t, - critical_input w <= h t) -> critical_state w <= latch h x0 T.
Proof. by move=> start inputs; elim: T => [|T IH] //=; exact: latch_kept. Qed.

(** The slope of a step, from the new state x_t: w (1 - x_t^2). *)
Theorem latch_slope h x : is_derive (fun x => tanh (h + w * x)) x (w * (1 - tanh (h + w * x) ^ 2)).
Proof.
have dh := tanh_derivative (h + w * x).
have ex : ex_derive tanh (h + w * x) by exists (1 - tanh (h + w * x) ^ 2).
auto_derive => //.
by rewrite (is_derive_unique _ _ _ dh); ring.
Qed.

(** A step shrinks gradients exactly where the new state is beyond X or -X. *)
Theorem latch_critical_state x : w * (1 - x ^ 2) < 1 <-> critical_state w ^ 2 < x ^ 2.
Proof.
rewrite critical_state_square.
have -> : w * (1 - x ^ 2) = w * (1 - 1 / w - x ^ 2) + 1 by field; lra.
by split=> side; nra.
Qed.

(** The derivative of x_T with respect to x_0: the product of the slopes. *)
Fixpoint latch_gradient (h : nat -> R) (x0 : R) (T : nat) : R :=
  match T with
  | O => 1
  | S t => w * (1 - latch h x0 (S t) ^ 2) * latch_gradient h x0 t
  end.

Theorem latch_derivative h x0 T : is_derive (fun x => latch h x T) x0 (latch_gradient h x0 T).
Proof.
elim: T => [|T IH] /=; first exact: is_derive_id.
rewrite Rmult_comm.
exact: (is_derive_comp (fun x => tanh (h T + w * x)) (fun x => latch h x T) x0 _ _ (latch_slope _ _) IH).
Qed.

(** A latch that keeps its bit does not explode: the gradient lies in [0, 1]. *)
Theorem latched_gradient h x0 T :
  critical_state w <= x0 -> (forall t, - critical_input w <= h t) -> 0 <= latch_gradient h x0 T <= 1.
Proof.
move=> start inputs; elim: T => [|T IH]; first by rewrite /=; lra.
have X0 := critical_state_bounds.
have kept := latch_kept_forever h x0 (S T) start inputs.
have below : latch h x0 (S T) ^ 2 <= 1 by have := tanh_bounds (h T + w * latch h x0 T); rewrite /=; nra.
have slope : 0 <= w * (1 - latch h x0 (S T) ^ 2) <= 1.
  split; first by apply: Rmult_le_pos; lra.
  apply: Rnot_lt_le => above.
  suff : latch h x0 (S T) ^ 2 < critical_state w ^ 2 by nra.
  by rewrite critical_state_square; apply: (Rmult_lt_reg_l w); [lra | field_simplify; lra].
cbn [latch_gradient]; move: slope; set m := w * _ => slope.
by split; [apply: Rmult_le_pos; lra | nra].
Qed.

(** An input below -h* makes every state in [0, 1) fall. *)
Theorem latch_lost x h : 0 <= x < 1 -> h < - critical_input w -> tanh (h + w * x) < x.
Proof.
move=> x01 hh.
pose r y := sqrt ((1 + y) / (1 - y)).
have quotient y : 0 <= y < 1 -> 0 < (1 + y) / (1 - y) by move=> y01; apply: Rdiv_lt_0_compat; lra.
have tanh_r y : 0 <= y < 1 -> tanh (ln (r y)) = y.
  move=> y01; have q := quotient y y01; rewrite tanh_ln; last exact: sqrt_lt_R0.
  by rewrite pow2_sqrt; [field; lra | lra].
pose f y := ln ((1 + y) / (1 - y)) / 2 - w * y.
have half y : 0 <= y < 1 -> ln (r y) = ln ((1 + y) / (1 - y)) / 2.
  move=> y01; have q := quotient y y01; have q' := sqrt_lt_R0 _ q.
  have <- : r y * r y = (1 + y) / (1 - y) by exact: sqrt_sqrt _ (Rlt_le _ _ q).
  by rewrite ln_mult //; field.
have df y : 0 <= y < 1 -> is_derive f y (1 / (1 - y ^ 2) - w).
  move=> y01; have q := quotient y y01; rewrite /f; auto_derive; first by repeat split => //; lra.
  by field; repeat split; nra.
have X0 := critical_state_bounds; have XX := critical_state_square.
have wX : w * (1 - critical_state w ^ 2) = 1 by rewrite XX; field; lra.
have least : f (critical_state w) <= f x.
  case: (Rle_lt_dec x (critical_state w)) => side.
  - apply: (falls f (fun y => 1 / (1 - y ^ 2) - w)) => // y xyX; first by apply: df; lra.
    have y2 : y ^ 2 <= critical_state w ^ 2 by apply: pow_incr; lra.
    have : 1 / (1 - y ^ 2) <= w; last lra.
    by apply/Rle_div_l; [nra | rewrite -wX; apply: Rmult_le_compat_l; lra].
  - apply: (rises f (fun y => 1 / (1 - y ^ 2) - w)) => [|y xyX|y xyX]; [lra | by apply: df; lra |].
    have y2 : critical_state w ^ 2 <= y ^ 2 by apply: pow_incr; lra.
    have : w <= 1 / (1 - y ^ 2); last lra.
    by apply/Rle_div_r; [nra | rewrite -wX; apply: Rmult_le_compat_l; lra].
have rest : f (critical_state w) = - critical_input w.
  rewrite critical_input_product /f -half; last lra.
  suff -> : r (critical_state w) = a + b by ring.
  have [b0 [a0 [aa bb]]] := roots; rewrite /r critical_state_quotient.
  have -> : (1 + b / a) / (1 - b / a) = (a + b) * (a + b).
    by apply: (Rmult_eq_reg_r (a - b)); [field_simplify; [nra | nra..] | nra].
  by apply: sqrt_square; lra.
rewrite -{2}(tanh_r x x01); apply: tanh_lt; rewrite half //.
by move: least; rewrite rest /f; lra.
Qed.

End Latch.
