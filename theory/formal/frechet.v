(** Finite sums in normed spaces, and that a Frechet derivative is unique. *)

From Coq Require Import Reals Lia Lra ssreflect.
From Coquelicot Require Import Coquelicot.

Set Implicit Arguments.
Unset Strict Implicit.

(** f(0) + f(1) + ... + f(T-1). *)
Fixpoint sum_below {X : NormedModule R_AbsRing} (f : nat -> X) (T : nat) : X :=
  match T with
  | O => zero
  | S t => plus (sum_below f t) (f t)
  end.

Section Sums.
Context {X Y : NormedModule R_AbsRing}.

Lemma sum_ext (f g : nat -> X) T : (forall t, (t < T)%nat -> f t = g t) -> sum_below f T = sum_below g T.
Proof.
elim: T => [|T IH] //= fg.
rewrite IH => [|t tT]; first by rewrite fg; last lia.
by apply: fg; lia.
Qed.

Lemma linear_sum (l : X -> Y) (f : nat -> X) T :
  is_linear l -> l (sum_below f T) = sum_below (fun k => l (f k)) T.
Proof.
move=> lin; elim: T => [|T IH] /=; first exact: linear_zero.
by rewrite linear_plus // IH.
Qed.

Lemma sum_zero T : sum_below (fun _ => zero : X) T = zero.
Proof. by elim: T => [|T IH] //=; rewrite IH plus_zero_l. Qed.

(** A function has at most one derivative at a point. *)
Theorem derivative_unique (f : X -> Y) (x : X) (l m : X -> Y) :
  filterdiff f (locally x) l -> filterdiff f (locally x) m -> forall d, l d = m d.
Proof.
move=> fl fm d.
have : filterdiff (fun y => minus (f y) (f y)) (locally x) (fun d => minus (l d) (m d)).
  exact: filterdiff_minus_fct.
set n := fun d => minus (l d) (m d).
move=> [lin small].
suff : n d = zero.
  by move=> nd; apply: (plus_reg_r (opp (m d))); rewrite plus_opp_r.
apply: norm_eq_zero; apply: Rle_antisym; last exact: norm_ge_0.
apply: le_epsilon => e e0; rewrite Rplus_0_l.
have d1 : (0 < 1 + norm d)%R by have := norm_ge_0 d; lra.
have g0 : (0 < e / (1 + norm d))%R by exact: Rdiv_lt_0_compat.
have xlim : is_filter_lim (locally x) x by [].
have [r near] := small x xlim (mkposreal _ g0).
pose t := (r / 2 / (1 + norm d))%R.
have t0 : (0 < t)%R by apply: Rdiv_lt_0_compat => //; have := cond_pos r; lra.
have yx : minus (plus x (scal t d)) x = scal t d.
  by rewrite /minus (plus_comm x) -plus_assoc plus_opp_r plus_zero_r.
have abs_t : abs t = t by exact: (Rabs_pos_eq _ (Rlt_le _ _ t0)).
have td : (norm (scal t d) <= t * norm d)%R by rewrite -{2}abs_t; exact: norm_scal.
have /near : ball x r (plus x (scal t d)).
  apply: norm_compat1; rewrite yx.
  apply: Rle_lt_trans td _.
  have -> : (t * norm d = r * (norm d / (2 * (1 + norm d))))%R by rewrite /t; field; lra.
  rewrite -{2}(Rmult_1_r r); apply: Rmult_lt_compat_l; first exact: cond_pos.
  by apply/Rlt_div_l; have := norm_ge_0 d; lra.
rewrite !minus_eq_zero yx /= => small_t.
have nt : n d = scal (/ t)%R (n (scal t d)).
  rewrite (linear_scal _ lin) scal_assoc /mult /= Rinv_l; last lra.
  by rewrite (scal_one (n d)).
have {}small_t : (norm (n (scal t d)) <= e / (1 + norm d) * (t * norm d))%R.
  rewrite -norm_opp; apply: Rle_trans (Rmult_le_compat_l _ _ _ _ td); last exact: Rlt_le.
  by move: small_t; rewrite {1}/minus plus_zero_l.
rewrite nt; apply: Rle_trans (norm_scal _ _) _.
rewrite (_ : abs (/ t)%R = (/ t)%R); last first.
  by apply: Rabs_pos_eq; apply: Rlt_le; exact: Rinv_0_lt_compat.
apply: Rle_trans (Rmult_le_compat_l _ _ _ _ small_t) _.
  by apply: Rlt_le; exact: Rinv_0_lt_compat.
have -> : (/ t * (e / (1 + norm d) * (t * norm d)) = e * (norm d / (1 + norm d)))%R by field; lra.
rewrite -{2}(Rmult_1_r e); apply: Rmult_le_compat_l; first exact: Rlt_le.
by apply/Rle_div_l => //; lra.
Qed.

End Sums.
