(** Refutations in the real numbers: wrong formulas for the slope of tanh, the slopes of SiLU, an LSTM
    whose error flow doubles, and a network of two units that keeps a state although its spectral radius is
    below one. *)

From Coq Require Import Reals Lra ssreflect.
From Coquelicot Require Import Coquelicot.
From errorflow Require Import slopes slopes_above_one.

Local Open Scope R_scope.

Lemma tanh_at_log2 : tanh (ln 2) = 3 / 5.
Proof. by rewrite /tanh /sinh /cosh exp_Ropp exp_ln; [field | lra]. Qed.

Lemma tanh_slope_at_log2 : is_derive tanh (ln 2) (16 / 25).
Proof.
have -> : 16 / 25 = 1 - tanh (ln 2) ^ 2 by rewrite tanh_at_log2; field.
exact: tanh_derivative.
Qed.

(** False: tanh'(a) = (1 - h)^2 with h = tanh(a). At h = 3/5 the slope is 16/25, and (1 - h)^2 is 4/25. *)
Theorem refutes_slope_as_squared_difference :
  let h := 3 / 5 in
  -1 < h /\ h < 1 /\ exists a, tanh a = h /\ is_derive tanh a (16 / 25) /\ ~ is_derive tanh a ((1 - h) ^ 2).
Proof.
move=> h; split; [by rewrite /h; lra | split; first by rewrite /h; lra].
exists (ln 2); split; [exact: tanh_at_log2 | split; first exact: tanh_slope_at_log2].
move=> wrong; have := is_derive_unique _ _ _ wrong.
by rewrite (is_derive_unique _ _ _ tanh_slope_at_log2) /h; lra.
Qed.

(** exp(3) <= 27 < 2^5. *)
Lemma log2_above : 3 / 5 < ln 2.
Proof.
apply: exp_lt_inv; rewrite exp_ln; last by lra.
have e_pos := exp_pos (3 / 5); have e1 := exp_le_3; have e1_pos := exp_pos 1.
have five : exp (3 / 5) ^ 5 = exp 1 ^ 3.
  by rewrite /= !Rmult_1_r -!exp_plus; congr exp; field.
apply: Rnot_le_lt => large.
have : 2 ^ 5 <= exp (3 / 5) ^ 5 by apply: pow_incr; lra.
have : exp 1 ^ 3 <= 3 ^ 3 by apply: pow_incr; lra.
by rewrite five; lra.
Qed.

(** False: the slope of tanh at a is 1 - tanh(h)^2 with the state h = tanh(a). At a = log 2 it is 16/25,
    and the formula gives more. *)
Theorem refutes_tanh_applied_twice :
  let a := ln 2 in
  let h := tanh a in
  is_derive tanh a (16 / 25) /\ 16 / 25 < 1 - tanh h ^ 2 /\ ~ is_derive tanh a (1 - tanh h ^ 2).
Proof.
move=> a h.
have small : tanh h < 3 / 5.
  by rewrite -tanh_at_log2; apply: tanh_lt; rewrite /h /a tanh_at_log2; exact: log2_above.
have positive : 0 <= tanh h by apply: tanh_nonneg; rewrite /h /a tanh_at_log2; lra.
have large : 16 / 25 < 1 - tanh h ^ 2 by nra.
split; [exact: tanh_slope_at_log2 | split=> // wrong].
by have := is_derive_unique _ _ _ wrong; rewrite (is_derive_unique _ _ _ tanh_slope_at_log2); lra.
Qed.

(** The slopes 109/100 and -9/100 by which the uniform bound for slopes in [0, gamma] is refuted are slopes
    of SiLU, and 11/10 is an upper bound of all slopes of SiLU in modulus. *)
Theorem slopes_of_largest_slope_alone :
  (exists a, silu_slope a = 109 / 100 /\ silu_slope (- a) = -9 / 100) /\
  forall a, Rabs (silu_slope a) <= 11 / 10.
Proof.
have [bounds [_ top]] := silu_slope_bounds.
split; last by move=> a; apply: Rabs_le; have := bounds a; lra.
have middle : silu_slope 0 = 1 / 2 by have := silu_slope_opp 0; rewrite Ropp_0; lra.
case: (IVT_gen silu_slope 0 2.4 (109 / 100)).
- move=> x; apply/continuity_pt_filterlim; apply: ex_derive_continuous.
  by eexists; exact: silu_second_derivative.
- by rewrite middle Rmin_left ?Rmax_right; lra.
- by move=> a [_ at_a]; exists a; rewrite silu_slope_opp at_a; split; lra.
Qed.

(** (h, c) of an LSTM with one unit after t steps from (0, c0), without inputs: gates i, f and o that read
    nothing, and a cell input that reads h through the weight w. *)
Fixpoint lstm (i f o w c0 : R) (t : nat) : R * R :=
  if t is S s then
    let before := lstm i f o w c0 s in
    let c := f * snd before + i * tanh (w * fst before) in (o * tanh c, c)
  else (0, c0).

(** The refutation of constant error flow, in the network itself: with i = o = 1/2, f = 1 and w = 4 the
    derivative of c_T with respect to c_0 = 0 is 2^(T-1), hence 512 after ten steps, although the forget
    gate is one. *)
Theorem lstm_error_flow_doubles T :
  is_derive (fun c0 => snd (lstm (1 / 2) 1 (1 / 2) 4 c0 (S T))) 0 (2 ^ T).
Proof.
have tanh0 : tanh 0 = 0 by rewrite /tanh sinh_0 /Rdiv Rmult_0_l.
have chain (f : R -> R) l : f 0 = 0 -> is_derive f 0 l -> is_derive (fun x => tanh (f x)) 0 l.
  move=> f0 df; have := is_derive_comp tanh f 0 _ l (tanh_derivative (f 0)) df.
  by rewrite f0 tanh0 /scal /= /mult /= (_ : l * _ = l) //; ring.
pose h t c0 := fst (lstm (1 / 2) 1 (1 / 2) 4 c0 t); pose c t c0 := snd (lstm (1 / 2) 1 (1 / 2) 4 c0 t).
have rest t : h t 0 = 0 /\ c t 0 = 0.
  elim: t => [|t [ht ct]] //; rewrite /h /c /= -/(h t 0) -/(c t 0) ht ct.
  by rewrite !Rmult_0_r tanh0 !Rmult_0_r Rplus_0_r tanh0 Rmult_0_r.
have step t dh dc : is_derive (h t) 0 dh -> is_derive (c t) 0 dc ->
    is_derive (h (S t)) 0 (1 / 2 * (dc + 2 * dh)) /\ is_derive (c (S t)) 0 (dc + 2 * dh).
  move=> derive_h derive_c; have [ht _] := rest t; have [_ ct] := rest (S t).
  have derive : is_derive (c (S t)) 0 (dc + 2 * dh).
    have -> : dc + 2 * dh = 1 * dc + 1 / 2 * (4 * dh) by field.
    apply: (is_derive_plus (fun x => 1 * c t x) (fun x => 1 / 2 * tanh (4 * h t x))).
      exact: is_derive_scal.
    by apply: is_derive_scal; apply: chain; [rewrite ht; ring | exact: is_derive_scal].
  by split=> //; apply: is_derive_scal; apply: chain.
suff [_ //] : is_derive (h (S T)) 0 (1 / 2 * 2 ^ T) /\ is_derive (c (S T)) 0 (2 ^ T).
elim: T => [|T [derive_h derive_c]].
  have [] := step 0%nat 0 1; [exact: is_derive_const | exact: is_derive_id |].
  by rewrite (_ : 1 + 2 * 0 = 1); [rewrite /= | ring].
have [] := step (S T) _ _ derive_h derive_c.
by rewrite (_ : 2 ^ T + 2 * (1 / 2 * 2 ^ T) = 2 ^ S T); [| rewrite /=; field].
Qed.

(** A matrix with two rows, one after the other, and its action on real and on complex pairs. *)
Definition matrix : Type := (R * R) * (R * R).
Definition apply (W : matrix) (h : R * R) : R * R :=
  (fst (fst W) * fst h + snd (fst W) * snd h, fst (snd W) * fst h + snd (snd W) * snd h).
Definition eigenvalue (W : matrix) (z : C) : Prop :=
  exists x y : C, (x <> 0 \/ y <> 0)%C /\
    (RtoC (fst (fst W)) * x + RtoC (snd (fst W)) * y = z * x)%C /\
    (RtoC (fst (snd W)) * x + RtoC (snd (snd W)) * y = z * y)%C.

(** h_t = tanh(W h_{t-1}). *)
Fixpoint orbit (W : matrix) (start : R * R) (t : nat) : R * R :=
  if t is S s then let a := apply W (orbit W start s) in (tanh (fst a), tanh (snd a)) else start.

(** tanh(7/12) >= 1/2, for exp(1/12) >= 13/12 and (13/12)^14 >= 3. *)
Lemma tanh_above_half : 1 / 2 <= tanh (7 / 12).
Proof.
have e := exp_ineq1_le (1 / 12); have pos := exp_pos (7 / 12).
have power : exp (7 / 12) * exp (7 / 12) = exp (1 / 12) ^ 14.
  by rewrite /= Rmult_1_r -!exp_plus; congr exp; field.
have : (13 / 12) ^ 14 <= exp (1 / 12) ^ 14 by apply: pow_incr; lra.
rewrite -power => three.
have -> : tanh (7 / 12) = 1 - 2 / (exp (7 / 12) * exp (7 / 12) + 1).
  by rewrite /tanh /sinh /cosh exp_Ropp; field; split; nra.
suff : 2 / (exp (7 / 12) * exp (7 / 12) + 1) <= 2 / 4 by lra.
by apply: Rmult_le_compat_l; [lra | apply: Rinv_le_contravar; lra].
Qed.

(** False: if rho(W) < 1, every orbit of h_t = tanh(W h_{t-1}) decays to zero. All complex eigenvalues of W
    are inside the unit circle, and from the state (1, 1) on the second unit stays above 1/2 for ever. *)
Theorem refutes_one_attractor_below_unit_radius :
  let W := ((0, 4), (-1 / 6, 3 / 2)) in
  let c := 1 / 2 in
  (forall z, eigenvalue W z -> Cmod z < 1) /\ 0 < c < 1 /\ forall t, c <= snd (orbit W (1, 1) t).
Proof.
move=> W c; split; [|split; first by rewrite /c; lra].
- case=> a b [[x1 x2] [[y1 y2] [nonzero [first second]]]].
  move: first second; rewrite /W /= => -[first1 first2] [second1 second2].
  rewrite /Cmod /= -[X in _ < X]sqrt_1; apply: sqrt_lt_1_alt; split.
    by have := Rle_0_sqr a; have := Rle_0_sqr b; rewrite /Rsqr; lra.
  have y1E : y1 = (a * x1 - b * x2) / 4 by lra.
  have y2E : y2 = (a * x2 + b * x1) / 4 by lra.
  subst y1 y2.
  have real : (a * a - b * b - 3 / 2 * a + 2 / 3) * x1 - (2 * a * b - 3 / 2 * b) * x2 = 0 by lra.
  have imaginary : (a * a - b * b - 3 / 2 * a + 2 / 3) * x2 + (2 * a * b - 3 / 2 * b) * x1 = 0 by lra.
  have x_pos : 0 < x1 * x1 + x2 * x2.
    have := Rle_0_sqr x1; have := Rle_0_sqr x2; rewrite /Rsqr => s1 s2.
    have [//|none] := Rlt_le_dec 0 (x1 * x1 + x2 * x2).
    have x10 : x1 = 0 by apply: Rsqr_0_uniq; rewrite /Rsqr; lra.
    have x20 : x2 = 0 by apply: Rsqr_0_uniq; rewrite /Rsqr; lra.
    have zero u v : u = 0 -> v = 0 -> (u, v) = RtoC 0 by move=> -> ->.
    by case: nonzero; case; apply: zero; rewrite ?x10 ?x20; lra.
  set p := a * a - b * b - _ + _ in real imaginary; set q := 2 * a * b - _ in real imaginary.
  have p0 : p = 0.
    apply: (Rmult_eq_reg_r (x1 * x1 + x2 * x2)); last by lra.
    have -> : p * (x1 * x1 + x2 * x2) = x1 * (p * x1 - q * x2) + x2 * (p * x2 + q * x1) by ring.
    by rewrite real imaginary; ring.
  have q0 : q = 0.
    apply: (Rmult_eq_reg_r (x1 * x1 + x2 * x2)); last by lra.
    have -> : q * (x1 * x1 + x2 * x2) = x1 * (p * x2 + q * x1) - x2 * (p * x1 - q * x2) by ring.
    by rewrite real imaginary; ring.
  have [b0|a0] : b = 0 \/ 2 * a - 3 / 2 = 0 by apply: Rmult_integral; rewrite -q0 /q; ring.
    by have := Rle_0_sqr (a - 3 / 4); move: p0; rewrite /p b0 /Rsqr; lra.
  have aE : a = 3 / 4 by lra.
  by move: p0; rewrite /p aE; lra.
suff box t : -1 <= fst (orbit W (1, 1) t) <= 1 /\ c <= snd (orbit W (1, 1) t) by move=> t; case: (box t).
elim: t => [|t [h1 h2]]; first by rewrite /c /=; lra.
rewrite /=; split; first by have := tanh_bounds (fst (apply W (orbit W (1, 1) t))) => /=; lra.
apply: Rle_trans tanh_above_half _; apply: tanh_grows.
by move: h1 h2; rewrite /c; case: (orbit W (1, 1) t) => u v /=; lra.
Qed.
