(** SiLU and GELU: smooth activations whose slopes leave [0, 1].

    The slope of SiLU, a logistic(a), lies in [(2 - r)/4, (2 + r)/4] with r tanh(r/2) = 2 and takes both
    ends: -0.0998... and 1.0998... The slope of GELU, a Phi(a), lies in [1 - M, M], where M = 1.1289... is
    the slope at sqrt(2). In both cases the slope at -a is 1 minus the slope at a, and its derivative
    changes sign once on the positive numbers. *)

From Coq Require Import Reals Lra ssreflect.
From Coquelicot Require Import Coquelicot.
From Interval Require Tactic.
From Interval Require Import Specific_stdz Specific_ops.
From errorflow Require Import slopes.

Local Open Scope R_scope.

(** Interval arithmetic on exact integers: no machine numbers, and none of the axioms about them. *)
Module Numbers := SpecificFloat StdZRadix2.
Module Intervals := Tactic.IntervalTactic Numbers.
Import Intervals.

(** * SiLU *)

Definition silu (a : R) : R := a * logistic a.
Definition silu_slope (a : R) : R := logistic a + a * (logistic a * (1 - logistic a)).

Theorem silu_derivative a : is_derive silu a (silu_slope a).
Proof.
have ds := logistic_derivative a.
have ex : ex_derive logistic a by exists (logistic a * (1 - logistic a)).
rewrite /silu; auto_derive => //.
by rewrite (is_derive_unique _ _ _ ds) /silu_slope; ring.
Qed.

Lemma silu_slope_opp a : silu_slope (- a) = 1 - silu_slope a.
Proof. by rewrite /silu_slope logistic_opp; ring. Qed.

(** The slope rises while a tanh(a/2) < 2 and falls after it. *)
Lemma silu_second_derivative a :
  is_derive silu_slope a (logistic a * (1 - logistic a) * (2 - a * tanh (a / 2))).
Proof.
have ds := logistic_derivative a.
have ex : ex_derive logistic a by exists (logistic a * (1 - logistic a)).
rewrite /silu_slope; auto_derive => //.
rewrite (is_derive_unique _ _ _ ds) tanh_is_logistic (_ : 2 * (a / 2) = a); last field.
by ring.
Qed.

Lemma silu_argument_grows a b : 0 <= a <= b -> a * tanh (a / 2) <= b * tanh (b / 2).
Proof.
move=> ab; apply: Rmult_le_compat; try lra; first by apply: tanh_nonneg; lra.
by apply: tanh_grows; lra.
Qed.

Lemma silu_slope_peak r : 0 < r -> r * tanh (r / 2) = 2 -> silu_slope r = (2 + r) / 4.
Proof.
move=> r0; rewrite tanh_is_logistic (_ : 2 * (r / 2) = r); last field.
move=> peak; rewrite /silu_slope.
have ratio : 2 / r = 2 * logistic r - 1.
  by apply: (Rmult_eq_reg_r r); [rewrite /Rdiv Rmult_assoc Rinv_l | ]; lra.
have -> : logistic r = (1 + 2 / r) / 2 by lra.
by field; lra.
Qed.

(** The slope of SiLU lies in [(2 - r)/4, (2 + r)/4], r the positive number with r tanh(r/2) = 2, and
    takes both ends. *)
Theorem silu_slope_range r : 0 < r -> r * tanh (r / 2) = 2 ->
  (forall a, (2 - r) / 4 <= silu_slope a <= (2 + r) / 4) /\
  silu_slope r = (2 + r) / 4 /\ silu_slope (- r) = (2 - r) / 4.
Proof.
move=> r0 peak; have top := silu_slope_peak r r0 peak.
have r2 : 2 < r by have := tanh_bounds (r / 2); nra.
have positive a : 0 <= a -> 0 <= silu_slope a <= (2 + r) / 4.
  move=> a0; split.
    by rewrite /silu_slope; have := logistic_bounds a; have := logistic_slope a; nra.
  rewrite -top; case: (Rle_lt_dec a r) => ar.
  - apply: (rises _ _ _ _ ar (fun x _ => silu_second_derivative x)) => x axr.
    by have := logistic_slope x; have := silu_argument_grows x r; nra.
  - apply: (falls _ _ r a _ (fun x _ => silu_second_derivative x)) => [|x rxa]; first lra.
    by have := logistic_slope x; have := silu_argument_grows r x; nra.
split; last by rewrite silu_slope_opp top; split=> //; field.
move=> a; case: (Rle_lt_dec 0 a) => a0; first by have := positive a a0; lra.
by have := positive (- a); rewrite silu_slope_opp; lra.
Qed.

(** There is such a number, 2.399... *)
Lemma silu_peak_exists : exists r, 2.3993 <= r <= 2.3994 /\ r * tanh (r / 2) = 2.
Proof.
have smooth x : ex_derive (fun x => x * tanh (x / 2)) x.
  by auto_derive; exists (1 - tanh (x / 2) ^ 2); exact: tanh_derivative.
case: (IVT_gen (fun x => x * tanh (x / 2)) 2.3993 2.3994 2).
- by move=> x; apply/continuity_pt_filterlim/ex_derive_continuous.
- rewrite Rmin_left ?Rmax_right; try by apply: silu_argument_grows; lra.
  by split; rewrite /tanh /sinh /cosh; interval with (Tactic.i_prec 40).
- by move=> r; rewrite Rmin_left ?Rmax_right; try lra; exists r.
Qed.

(** For every a, the slope of SiLU is between -0.0999 and 1.0999; -0.0998 and 1.0998 are exceeded. *)
Theorem silu_slope_bounds :
  (forall a, -0.0999 < silu_slope a < 1.0999) /\ silu_slope (-2.4) < -0.0998 /\ 1.0998 < silu_slope 2.4.
Proof.
have [r [rI peak]] := silu_peak_exists; split.
  by move=> a; have [/(_ a) range _] := silu_slope_range r ltac:(lra) peak; lra.
suff : 1.0998 < silu_slope 2.4 by rewrite (_ : -2.4 = - (2.4)) ?silu_slope_opp; lra.
by rewrite /silu_slope /logistic; interval with (Tactic.i_prec 40).
Qed.

(** * GELU *)

(** The density of the standard normal distribution, its distribution function Phi, and GELU. *)
Definition density (t : R) : R := / sqrt (2 * PI) * exp (- t ^ 2 / 2).
Definition Phi (a : R) : R := 1 / 2 + RInt density 0 a.
Definition gelu (a : R) : R := a * Phi a.
Definition gelu_slope (a : R) : R := Phi a + a * density a.

Lemma root_2PI_pos : 0 < sqrt (2 * PI).
Proof. by apply: sqrt_lt_R0; have := PI_RGT_0; lra. Qed.

Lemma density_pos t : 0 < density t.
Proof. by apply: Rmult_lt_0_compat; [apply: Rinv_0_lt_compat; exact: root_2PI_pos | exact: exp_pos]. Qed.

Lemma density_opp t : density (- t) = density t.
Proof. by rewrite /density; congr (_ * exp _); field. Qed.

Lemma density_derivative t : is_derive density t (- t * density t).
Proof.
have q := root_2PI_pos; rewrite /density; auto_derive => //.
by rewrite (_ : - (t * (t * 1)) * / 2 = - t ^ 2 / 2); field; lra.
Qed.

Lemma density_continuous t : continuous density t.
Proof. by apply: ex_derive_continuous; exists (- t * density t); exact: density_derivative. Qed.

Lemma density_integrable a b : ex_RInt density a b.
Proof. by apply: ex_RInt_continuous => t _; exact: density_continuous. Qed.

Lemma Phi_derivative a : is_derive Phi a (density a).
Proof.
have dI : is_derive (RInt density 0) a (density a).
  apply: (is_derive_RInt density _ 0); last exact: density_continuous.
  by exists (mkposreal 1 Rlt_0_1) => b _; apply: RInt_correct; exact: density_integrable.
rewrite /Phi -[density a]Rplus_0_l.
by apply: (is_derive_plus (fun _ => 1 / 2) (RInt density 0)) => //; exact: is_derive_const.
Qed.

Lemma Phi_opp a : Phi (- a) = 1 - Phi a.
Proof.
suff : RInt density 0 (- a) = - RInt density 0 a by rewrite /Phi; lra.
apply: is_RInt_unique.
have := is_RInt_comp_opp density 0 (- a) (RInt density 0 a).
rewrite Ropp_0 Ropp_involutive => /(_ (RInt_correct _ _ _ (density_integrable _ _))) flipped.
have := is_RInt_opp _ _ _ _ flipped; apply: is_RInt_ext => t _.
by rewrite opp_opp density_opp.
Qed.

Theorem gelu_derivative a : is_derive gelu a (gelu_slope a).
Proof.
have dP := Phi_derivative a.
have ex : ex_derive Phi a by exists (density a).
rewrite /gelu; auto_derive => //.
by rewrite (is_derive_unique _ _ _ dP) /gelu_slope; ring.
Qed.

Lemma gelu_slope_opp a : gelu_slope (- a) = 1 - gelu_slope a.
Proof. by rewrite /gelu_slope Phi_opp density_opp; ring. Qed.

(** The slope rises up to sqrt(2) and falls after it. *)
Lemma gelu_second_derivative a : is_derive gelu_slope a ((2 - a ^ 2) * density a).
Proof.
have dP := Phi_derivative a; have dd := density_derivative a.
have exP : ex_derive Phi a by exists (density a).
have exd : ex_derive density a by exists (- a * density a).
rewrite /gelu_slope; auto_derive => //.
by rewrite (is_derive_unique _ _ _ dP) (is_derive_unique _ _ _ dd); ring.
Qed.

(** The slope of GELU lies between those at -sqrt(2) and at sqrt(2). *)
Theorem gelu_slope_range a : gelu_slope (- sqrt 2) <= gelu_slope a <= gelu_slope (sqrt 2).
Proof.
have q2 : sqrt 2 * sqrt 2 = 2 by apply: sqrt_sqrt; lra.
have q0 : 0 < sqrt 2 by apply: sqrt_lt_R0; lra.
have half : gelu_slope 0 = 1 / 2 by rewrite /gelu_slope /Phi RInt_point /zero /=; ring.
have up x y : 0 <= x -> x <= y -> y <= sqrt 2 -> gelu_slope x <= gelu_slope y.
  move=> x0 xy y2; apply: (rises _ _ _ _ xy (fun x _ => gelu_second_derivative x)) => t xty.
  by apply: Rmult_le_pos; [nra | exact/Rlt_le/density_pos].
have positive b : 0 <= b -> 1 / 2 <= gelu_slope b <= gelu_slope (sqrt 2).
  move=> b0; case: (Rle_lt_dec b (sqrt 2)) => b2.
    by rewrite -half; split; apply: up; lra.
  split; last first.
    apply: (falls _ _ (sqrt 2) b _ (fun x _ => gelu_second_derivative x)) => [|t rtb]; first lra.
    have d0 := density_pos t; have t2 : 2 <= t ^ 2 by nra.
    by nra.
  have : Phi 0 <= Phi b.
    by apply: (rises _ _ _ _ b0 (fun x _ => Phi_derivative x)) => t _; exact/Rlt_le/density_pos.
  rewrite {1}/Phi RInt_point /zero /= /gelu_slope.
  by have := Rmult_le_pos _ _ b0 (Rlt_le _ _ (density_pos b)); lra.
rewrite gelu_slope_opp; have := positive (sqrt 2).
case: (Rle_lt_dec 0 a) => a0; first by have := positive a a0; lra.
by have := positive (- a); rewrite gelu_slope_opp; lra.
Qed.

Lemma gelu_peak : 1.1289 < gelu_slope (sqrt 2) < 1.1290.
Proof.
have -> : gelu_slope (sqrt 2) =
    1 / 2 + / sqrt (2 * PI) * RInt (fun t => exp (- t ^ 2 / 2)) 0 (sqrt 2)
    + sqrt 2 * (/ sqrt (2 * PI) * exp (- sqrt 2 ^ 2 / 2)).
  rewrite /gelu_slope /Phi; congr (_ + _ + _).
  apply: (RInt_scal (fun t => exp (- t ^ 2 / 2))).
  by apply: ex_RInt_continuous => t _; apply: ex_derive_continuous; auto_derive.
by split; integral with (Tactic.i_prec 40).
Qed.

(** For every a, the slope of GELU is between -0.1290 and 1.1290; -0.1289 and 1.1289 are exceeded. *)
Theorem gelu_slope_bounds :
  (forall a, -0.1290 < gelu_slope a < 1.1290) /\
  gelu_slope (- sqrt 2) < -0.1289 /\ 1.1289 < gelu_slope (sqrt 2).
Proof.
have peak := gelu_peak; split; last by rewrite gelu_slope_opp; lra.
by move=> a; have := gelu_slope_range a; rewrite gelu_slope_opp; lra.
Qed.
